"""The moments at which a customer is told something, how long each notice is worth sending, and what a text carries.

In quiet hours every notice waits for their end, and what is told then is what holds then; nothing waits for a customer who
depends on power to live. Answers to somebody who has just written do not wait either.
"""

from __future__ import annotations

import enum
from typing import Final

from services.engine.turn import EffectBody, Record

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS

EFFECT_KIND: Final = "text"
"""The kind of effect that a text is."""


class Moment(enum.StrEnum):
    """When somebody is told something, five moments of an outage; is asked something; or is answered."""

    POWER_OUT = "powerOut"
    INITIAL_ETR = "initialEtr"
    ETR_CHANGE = "etrChange"
    INFORM_DISPATCHED = "informDispatched"
    POWER_RESTORED = "powerRestored"
    QUESTION = "question"
    ANSWER = "answer"


LIFETIME_MS: Final = {
    Moment.POWER_OUT: 2 * _HOUR_MS,
    Moment.INITIAL_ETR: 1 * _HOUR_MS,
    Moment.ETR_CHANGE: 1 * _HOUR_MS,
    Moment.INFORM_DISPATCHED: 1 * _HOUR_MS,
    Moment.POWER_RESTORED: 4 * _HOUR_MS,
    Moment.QUESTION: 30 * _MINUTE_MS,
    Moment.ANSWER: 1 * _HOUR_MS,
}
"""How long after its decision a notice is still news; a text later than that is not sent, and not delivered."""

ETR_MOVED_MS: Final = 30 * _MINUTE_MS
"""By how much an estimate must differ from what a customer was last told to be told anew."""

ETR_PAUSE_MS: Final = 30 * _MINUTE_MS
"""How long after an estimate was told a change of it waits: an estimate that wavers is told once."""


class TextBody(EffectBody, frozen=True, kw_only=True):
    """What a gateway sends: final words, to a number that it looks up at that time.

    It is the number of `customer`, or, for an answer, the one from which the text `inbound` came.
    """

    moment: Moment
    words: str
    customer: str = ""
    inbound: str = ""


class NoticeDecided(Record, frozen=True, kw_only=True):
    """A notice that was decided on, for all these premises of one phone (at least one).

    `key` is that of its effect, `handle` that of the phone; `estimate` is the estimated restoration that it names; times
    are milliseconds.
    """

    key: str
    handle: str
    incident: str
    customers: tuple[str, ...]
    moment: Moment
    estimate: int | None
    expires_at: int


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
