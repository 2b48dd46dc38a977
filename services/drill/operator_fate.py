"""What becomes of a text or a call in a drill: by the last two digits of the number, or drawn from the seed."""

from __future__ import annotations

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

ACKNOWLEDGES: Final = 0.6
"""The share of calls that a contact acknowledges."""
SURELY_FROM: Final = 5
"""The number of the call of an outage from which on every contact does."""

_EARLIEST_RECEIPT_MS, _LATEST_RECEIPT_MS = 5_000, 30_000


class Fate(enum.Enum):
    """What becomes of a text, the answer to it, and what its receipt says if it is taken."""

    DELIVERED = ("", Status.OK, TextOutcome.DELIVERED)
    UNDELIVERABLE = ("90", Status.OK, TextOutcome.FAILED)
    EXPIRED = ("91", Status.OK, TextOutcome.EXPIRED)
    THROTTLED = ("92", Status.THROTTLED, TextOutcome.DELIVERED)
    REFUSED = ("93", Status.INVALID_NUMBER, TextOutcome.FAILED)
    OWN_CODE = ("94", Status.OUR_OWN, TextOutcome.FAILED)

    def __init__(self, ending: str, status: Status, outcome: TextOutcome) -> None:
        self.ending = ending
        self.status = status
        self.outcome = outcome


_BY_ENDING: Final = {fate.ending: fate for fate in Fate if fate.ending}


def fate_of(phone: str) -> Fate:
    """Return what becomes of texts to this number."""
    return _BY_ENDING.get(phone[-2:], Fate.DELIVERED)


def still_throttled(since: int, now: int) -> bool:
    """Say whether a text that was refused first at `since` is refused at `now` (ms)."""
    return now < since + BUSY_MS


def receipt_delay_ms(seed: int, operator_id: str) -> int:
    """Return how long after a text was taken its receipt comes, in milliseconds."""
    span = _LATEST_RECEIPT_MS - _EARLIEST_RECEIPT_MS
    return _EARLIEST_RECEIPT_MS + int(drawn(seed, "receipt", operator_id) * span)


def acknowledges(seed: int, outage: str, contact: str, number: int) -> bool:
    """Say whether a contact acknowledges the call with this number (from 1) of an outage.

    The first call nobody does; then each contact as it is drawn, and from `SURELY_FROM` on everybody.
    """
    return number >= SURELY_FROM or (number > 1 and drawn(seed, "ack", outage, contact, number) < ACKNOWLEDGES)
