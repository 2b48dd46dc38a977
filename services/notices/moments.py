"""The moments at which a customer is told something, how long each notice is worth sending, and what a text carries.

In quiet hours every notice waits for their end, and what is told then is what holds then; nothing waits for a customer who
depends on power to live, and no warning of danger. Answers to somebody who has just written do not wait either.
"""

from __future__ import annotations

import enum
from typing import Final

from services.engine.turn import EffectBody, Record

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS

EFFECT_KIND: Final = "text"
"""The kind of effect that a text is."""


class Priority(enum.IntEnum):
    """What goes out before what, when more waits than a gateway takes at once: the lowest first."""

    SAFETY = 0
    ANSWER = 1
    FIRST = 2
    """Of the first who are told something of an outage: so those of a small one do not wait behind all those of a large one."""
    OUTAGE = 3
    PLANNED = 6
    BROADCAST = 7


class Moment(enum.StrEnum):
    """When somebody is told something: of an outage, of planned work, of danger; is asked something; is answered."""

    POWER_OUT = "powerOut"
    INITIAL_ETR = "initialEtr"
    ETR_CHANGE = "etrChange"
    INFORM_DISPATCHED = "informDispatched"
    POWER_RESTORED = "powerRestored"
    STILL_OUT = "stillOut"
    PLANNED_ANNOUNCED = "plannedAnnounced"
    PLANNED_REMINDER = "plannedReminder"
    PLANNED_CHANGED = "plannedChanged"
    PLANNED_CANCELLED = "plannedCancelled"
    PLANNED_OVER = "plannedOver"
    SAFETY = "safety"
    QUESTION = "question"
    ANSWER = "answer"
    LINK = "link"
    BROADCAST = "broadcast"


class Kind(enum.StrEnum):
    """The kinds of notice, by which a contact may choose and quiet hours may differ."""

    OUTAGE = "outage"
    ESTIMATE = "estimate"
    RESTORED = "restored"
    PLANNED = "planned"
    SAFETY = "safety"
    QUESTION = "question"
    BROADCAST = "broadcast"


KIND_OF: Final = {
    Moment.POWER_OUT: Kind.OUTAGE,
    Moment.INFORM_DISPATCHED: Kind.OUTAGE,
    Moment.STILL_OUT: Kind.OUTAGE,
    Moment.INITIAL_ETR: Kind.ESTIMATE,
    Moment.ETR_CHANGE: Kind.ESTIMATE,
    Moment.POWER_RESTORED: Kind.RESTORED,
    Moment.PLANNED_ANNOUNCED: Kind.PLANNED,
    Moment.PLANNED_REMINDER: Kind.PLANNED,
    Moment.PLANNED_CHANGED: Kind.PLANNED,
    Moment.PLANNED_CANCELLED: Kind.PLANNED,
    Moment.PLANNED_OVER: Kind.PLANNED,
    Moment.SAFETY: Kind.SAFETY,
    Moment.QUESTION: Kind.QUESTION,
    Moment.BROADCAST: Kind.BROADCAST,
}
"""The kind of each moment but of answers and codes, which go to whoever has just written."""


class Channel(enum.StrEnum):
    """How a notice travels."""

    TEXT = "text"
    EMAIL = "email"
    WEBHOOK = "webhook"
    VOICE = "voice"


EFFECT_OF: Final = {
    Channel.TEXT: EFFECT_KIND,
    Channel.EMAIL: "email",
    Channel.WEBHOOK: "webhook",
    Channel.VOICE: "voiceNotice",
}
"""The kind of effect by which a channel's notices are sent."""

LIFETIME_MS: Final = {
    Moment.POWER_OUT: 2 * _HOUR_MS,
    Moment.INITIAL_ETR: 1 * _HOUR_MS,
    Moment.ETR_CHANGE: 1 * _HOUR_MS,
    Moment.INFORM_DISPATCHED: 1 * _HOUR_MS,
    Moment.POWER_RESTORED: 4 * _HOUR_MS,
    Moment.STILL_OUT: 2 * _HOUR_MS,
    Moment.PLANNED_ANNOUNCED: 24 * _HOUR_MS,
    Moment.PLANNED_REMINDER: 8 * _HOUR_MS,
    Moment.PLANNED_CHANGED: 8 * _HOUR_MS,
    Moment.PLANNED_CANCELLED: 8 * _HOUR_MS,
    Moment.PLANNED_OVER: 4 * _HOUR_MS,
    Moment.SAFETY: 2 * _HOUR_MS,
    Moment.QUESTION: 30 * _MINUTE_MS,
    Moment.ANSWER: 1 * _HOUR_MS,
    Moment.LINK: 15 * _MINUTE_MS,
    Moment.BROADCAST: 4 * _HOUR_MS,
}
"""How long after its decision a notice is still news; a text later than that is not sent, and not delivered.

What is told of planned work before it begins expires when it begins, if that is sooner.
"""


def priority_of(moment: Moment, *, first: bool = False) -> Priority:
    """Return what a notice goes before, and after; `first`: it is one of the first of an outage that are sent now."""
    match moment:
        case Moment.SAFETY:
            return Priority.SAFETY
        case Moment.ANSWER | Moment.LINK:
            return Priority.ANSWER
        case Moment.BROADCAST:
            return Priority.BROADCAST
        case _:
            if KIND_OF[moment] is Kind.PLANNED:
                return Priority.PLANNED
            return Priority.FIRST if first else Priority.OUTAGE


ETR_MOVED_MS: Final = 30 * _MINUTE_MS
"""By how much an estimate must differ from what a customer was last told to be told anew."""

ETR_PAUSE_MS: Final = 30 * _MINUTE_MS
"""How long after an estimate was told a change of it waits: an estimate that wavers is told once."""


class TextBody(EffectBody, frozen=True, kw_only=True):
    """What a gateway sends: final words, to a number that it looks up at that time.

    It goes to the address of `contact` (a row of `current_notice_contact`); else to the phone `linked` (a row of `linked_phone`);
    else, an answer, to the number from which the text `inbound` came; else to the first phone of `customer`. `subject` is a
    letter's. `safety`: of danger, so that it is sent again when nobody can say whether it went out.
    """

    moment: Moment
    words: str
    customer: str = ""
    inbound: str = ""
    contact: str = ""
    subject: str = ""
    linked: str = ""
    safety: bool = False


class NoticeDecided(Record, frozen=True, kw_only=True):
    """A notice that was decided on, for all these premises of one phone or address (at least one).

    `key` is that of its effect, `handle` that of the phone or address, `contact` the row of the utility's that holds it, empty for
    a first phone. `incident` is what it tells of: an incident, planned work, a hazard; `revision` which one of it. `estimate` is
    the estimated restoration that it names; times are milliseconds. `segments` are those of a text, else 0.
    """

    key: str
    handle: str
    incident: str
    customers: tuple[str, ...]
    moment: Moment
    estimate: int | None
    expires_at: int
    channel: Channel = Channel.TEXT
    contact: str = ""
    segments: int = 1
    revision: int = 0


class NoticeReceipted(Record, frozen=True, kw_only=True):
    """What the operator's receipt says of a notice; `at` is in milliseconds."""

    key: str
    outcome: str
    operator_code: str
    at: int


class InboundState(enum.StrEnum):
    """What became of a text that somebody sent us."""

    STOPPED = "stopped"
    STARTED = "started"
    HELPED = "helped"
    REPORTED = "reported"
    ASKED = "asked"
    ANSWERED = "answered"
    WARNED = "warned"
    UNREAD = "unread"
    LINKING = "linking"
    LINKED = "linked"
    UNLINKED = "unlinked"
    SPOKEN = "spoken"
    PASSED_ON = "passedOn"


class InboundTaken(Record, frozen=True, kw_only=True):
    """A text that somebody sent us, what became of it and why; `answer` is the key of the answer's effect, empty: none."""

    id: str
    phone: str
    handle: str
    words: str
    at: int
    state: InboundState
    reason: str
    answer: str


class ConsentTaken(Record, frozen=True, kw_only=True):
    """What a phone said of wanting texts: the event's id, its time (ms)."""

    id: str
    phone: str
    handle: str
    consents: bool
    at: int
