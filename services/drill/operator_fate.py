"""What becomes of a text or a call in a drill: by the last two digits of the number, or drawn from the seed.

Magic numbers, for whoever wants to see a certain outcome. With any number the ending

    90 undeliverable    91 expired    92 throttled for half a minute    93 refused    94 answered with a code of the operator's own

and with a number of 15 digits, which no customer of a drill has,

    80 its handset answers each text with STATUS                81 the receipt comes three quarters of an hour late
    82 the receipt comes twice                                  83 a receipt for a text that nobody sent comes as well
    84 taken, no receipt; whoever asks is told                  85 taken, no receipt, and nobody can tell
    86 taken, no answer                                         87 not taken at first, no answer
    88 taken, and the link is cut before the answer             89 not taken at first, and the link is cut
    95 taken, no answer, and look-ups cannot tell either: only its receipt says that it went out
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Final

from schemas.events import TextOutcome
from schemas.ids import drawn
from services.drill.smpp_pdu import Status

ANSWER_AFTER_MS: Final = 20_000
"""How long after a call is placed it is known what became of it."""

BUSY_MS: Final = 30_000
"""How long the operator is too busy for a text to a number of that kind: two attempts, if they lie 20 s apart.

A stretch of time and not a count of attempts, so that an attempt repeated after a crash changes nothing."""

LATE_MS: Final = 45 * 60_000
"""By how much a receipt is later than others that comes late."""
AGAIN_MS: Final = 2_000
"""How long after the first one a receipt comes again."""
ANSWERS_AFTER_MS: Final = 10_000
"""How long after a text its handset answers it, if it does."""

ACKNOWLEDGES: Final = 0.6
"""The share of calls that a contact acknowledges."""
SURELY_FROM: Final = 5
"""The number of the call of an outage from which on every contact does."""

_EARLIEST_RECEIPT_MS, _LATEST_RECEIPT_MS = 5_000, 30_000
_LONG: Final = 16
"""Characters of a number of 15 digits with its plus sign."""


class Answers(enum.Enum):
    """What the operator does when it has, or has not, taken a text."""

    AT_ONCE = enum.auto()
    NOT_AT_ALL = enum.auto()
    BY_CUTTING = enum.auto()


class Receipts(enum.Enum):
    """Which receipts come."""

    ONE = enum.auto()
    LATE = enum.auto()
    TWICE = enum.auto()
    AND_A_STRANGE_ONE = enum.auto()
    NONE = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    ending: str = ""
    status: Status = Status.OK
    outcome: TextOutcome = TextOutcome.DELIVERED
    long: bool = False
    answers: Answers = Answers.AT_ONCE
    taken_at_first: bool = True
    receipts: Receipts = Receipts.ONE
    can_tell: bool = True
    says: str = ""


class Fate(enum.Enum):
    """What becomes of a text, the answer to it, and what its receipt says if it is taken."""

    DELIVERED = _Ways()
    UNDELIVERABLE = _Ways(ending="90", outcome=TextOutcome.FAILED)
    EXPIRED = _Ways(ending="91", outcome=TextOutcome.EXPIRED)
    THROTTLED = _Ways(ending="92", status=Status.THROTTLED)
    REFUSED = _Ways(ending="93", status=Status.INVALID_NUMBER, outcome=TextOutcome.FAILED)
    OWN_CODE = _Ways(ending="94", status=Status.OUR_OWN, outcome=TextOutcome.FAILED)
    ANSWERING = _Ways(ending="80", long=True, says="STATUS")
    LATE_RECEIPT = _Ways(ending="81", long=True, receipts=Receipts.LATE)
    TWO_RECEIPTS = _Ways(ending="82", long=True, receipts=Receipts.TWICE)
    STRANGE_RECEIPT = _Ways(ending="83", long=True, receipts=Receipts.AND_A_STRANGE_ONE)
    TOLD_WHEN_ASKED = _Ways(ending="84", long=True, receipts=Receipts.NONE)
    NEVER_TOLD = _Ways(ending="85", long=True, receipts=Receipts.NONE, can_tell=False)
    SILENT = _Ways(ending="86", long=True, answers=Answers.NOT_AT_ALL)
    SILENT_NOT_TAKEN = _Ways(ending="87", long=True, answers=Answers.NOT_AT_ALL, taken_at_first=False)
    CUT = _Ways(ending="88", long=True, answers=Answers.BY_CUTTING)
    CUT_NOT_TAKEN = _Ways(ending="89", long=True, answers=Answers.BY_CUTTING, taken_at_first=False)
    MUTE = _Ways(ending="95", long=True, answers=Answers.NOT_AT_ALL, can_tell=False)

    @property
    def status(self) -> Status:
        """Return the command status of the answer."""
        return self.value.status

    @property
    def outcome(self) -> TextOutcome:
        """Return what its receipt says."""
        return self.value.outcome

    @property
    def ways(self) -> _Ways:
        """Return all that is special about it."""
        return self.value


_BY_ENDING: Final = {fate.ways.ending: fate for fate in Fate if fate.ways.ending and not fate.ways.long}
_BY_ENDING_OF_LONG: Final = {**_BY_ENDING, **{fate.ways.ending: fate for fate in Fate if fate.ways.long}}


def fate_of(phone: str) -> Fate:
    """Return what becomes of texts to this number."""
    return (_BY_ENDING_OF_LONG if len(phone) == _LONG else _BY_ENDING).get(phone[-2:], Fate.DELIVERED)


def still_throttled(since: int, now: int) -> bool:
    """Say whether a text that was refused first at `since` is refused at `now` (ms)."""
    return now < since + BUSY_MS


def receipt_delay_ms(seed: int, operator_id: str) -> int:
    """Return how long after a text was taken its receipt comes, in milliseconds."""
    span = _LATEST_RECEIPT_MS - _EARLIEST_RECEIPT_MS
    return _EARLIEST_RECEIPT_MS + int(drawn(seed, "receipt", operator_id) * span)


def receipts_at_ms(seed: int, fate: Fate, operator_id: str) -> list[int]:
    """Return how long after a text was taken its receipts come, in milliseconds."""
    delay = receipt_delay_ms(seed, operator_id)
    match fate.ways.receipts:
        case Receipts.NONE:
            return []
        case Receipts.LATE:
            return [LATE_MS + delay]
        case Receipts.TWICE:
            return [delay, delay + AGAIN_MS]
        case _:
            return [delay]


def acknowledges(seed: int, outage: str, contact: str, number: int) -> bool:
    """Say whether a contact acknowledges the call with this number (from 1) of an outage.

    The first call nobody does; then each contact as it is drawn, and from `SURELY_FROM` on everybody.
    """
    return number >= SURELY_FROM or (number > 1 and drawn(seed, "ack", outage, contact, number) < ACKNOWLEDGES)
