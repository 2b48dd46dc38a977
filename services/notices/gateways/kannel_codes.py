"""What Kannel's answers and receipts mean to us. What stands in no table raises an alarm and is not guessed.

Kannel passes the operator's own code on in a receipt; that is looked up in the operator's table (`smpp_codes`).
"""

from __future__ import annotations

import enum
import re
from typing import Final

from schemas.events import TextOutcome
from services.notices.gateways.smpp_codes import OUTCOMES, REFUSALS, Blame, Refusal

RETRY_MS: Final = 20_000
"""When to try again after Kannel was too busy, in the clock's time."""

ACCEPTED: Final = 202
QUEUED: Final = "3:"
"""How the answer begins when no operator was there to take the text: Kannel keeps it."""

LOGIN_REFUSED: Final = 403

# Kannel 1.4.5, User's Guide, "Using the HTTP interface to send SMS messages": the answers of sendsms
ANSWERS: Final = {
    400: Refusal(Blame.OURS, "requestRefused"),
    404: Refusal(Blame.OURS, "noSuchAddress"),
    413: Refusal(Blame.OURS, "tooLong"),
    503: Refusal(Blame.TEMPORARY, "kannelBusy"),
}


class Kind(enum.IntEnum):
    """What a receipt of Kannel tells (`%d`), in its five lowest bits; 1.4.5 sets further ones, as 34 for what expired."""

    DELIVERED = 1
    FAILED = 2
    BUFFERED = 4
    TAKEN = 8
    REFUSED = 16


MASK: Final = Kind.DELIVERED | Kind.FAILED | Kind.TAKEN | Kind.REFUSED
"""Which receipts are asked for: that a text waits for a telephone which is off is no news."""

_KINDS: Final = {int(kind): kind for kind in Kind}
_FIVE_BITS: Final = 0b11111
_NACK = re.compile(r"\ANACK/0x([0-9a-fA-F]{1,8})")
_STATE, _ERROR = re.compile(r"\bstat:\s*([A-Za-z]+)"), re.compile(r"\berr:\s*([0-9A-Za-z]{1,8})")


def kind_in(said: bytes) -> Kind | None:
    """Return what a receipt tells; None for a number that tells nothing known."""
    return _KINDS.get(int(said) & _FIVE_BITS) if said.isdigit() and len(said) < len("00000") else None


def refusal_in(reply: str) -> tuple[str, Refusal | None]:
    """Return the code with which the operator refused a text, and what it means; None: it stands in no table."""
    found = _NACK.match(reply)
    if found is None:
        return "NACK", None
    status = int(found[1], 16)
    return f"NACK:{status:#04x}", REFUSALS.get(status)


def outcome_in(kind: Kind, reply: str) -> tuple[str, TextOutcome | None]:
    """Return the operator's code in a receipt that is final, and the outcome; None: its state stands in no table.

    Where the operator's own words are missing, what Kannel made of them holds.
    """
    state, error = _STATE.search(reply), _ERROR.search(reply)
    if state is None:
        return kind.name.lower(), TextOutcome.DELIVERED if kind is Kind.DELIVERED else TextOutcome.FAILED
    word = state[1].upper()
    return f"{word}:{error[1]}" if error else word, OUTCOMES.get(word)
