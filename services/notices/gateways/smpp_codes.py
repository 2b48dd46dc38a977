"""What an SMPP operator's codes mean to us: command statuses of submit_sm_resp, and states in receipts.

A code that stands in neither table is unknown: whoever meets it raises an alarm and does not guess.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Final

from schemas.events import TextOutcome

RETRY_MS: Final = 20_000
"""When to try again after the operator was too busy, in the clock's time."""


class Blame(enum.StrEnum):
    """Whose fault a refusal is, and so whether another attempt can help."""

    OURS = "ours"
    """We sent what cannot be right: settings or code must be mended; the same text fails again."""
    TEMPORARY = "temporary"
    """The operator cannot take it now."""
    PERMANENT = "permanent"
    """This text or number never goes through."""


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text was not taken: whose fault, and a stable reason code."""

    blame: Blame
    reason: str


ACCEPTED: Final = 0x00

# SMPP 3.4, 5.1.3
REFUSALS: Final = {
    0x01: Refusal(Blame.OURS, "invalidLength"),
    0x02: Refusal(Blame.OURS, "invalidCommandLength"),
    0x03: Refusal(Blame.OURS, "invalidCommand"),
    0x04: Refusal(Blame.TEMPORARY, "notBound"),
    0x06: Refusal(Blame.OURS, "invalidPriority"),
    0x07: Refusal(Blame.OURS, "invalidRegisteredDelivery"),
    0x08: Refusal(Blame.TEMPORARY, "operatorError"),
    0x0A: Refusal(Blame.OURS, "invalidSender"),
    0x0B: Refusal(Blame.PERMANENT, "invalidNumber"),
    0x14: Refusal(Blame.TEMPORARY, "operatorQueueFull"),
    0x15: Refusal(Blame.OURS, "invalidServiceType"),
    0x43: Refusal(Blame.OURS, "invalidClass"),
    0x45: Refusal(Blame.PERMANENT, "submitFailed"),
    0x48: Refusal(Blame.OURS, "invalidSender"),
    0x49: Refusal(Blame.OURS, "invalidSender"),
    0x50: Refusal(Blame.OURS, "invalidNumberType"),
    0x51: Refusal(Blame.OURS, "invalidNumberType"),
    0x58: Refusal(Blame.TEMPORARY, "throttled"),
    0x61: Refusal(Blame.OURS, "invalidSchedule"),
    0x62: Refusal(Blame.OURS, "invalidValidity"),
    0x64: Refusal(Blame.TEMPORARY, "receiverBusy"),
    0x65: Refusal(Blame.PERMANENT, "receiverRefuses"),
    0x66: Refusal(Blame.PERMANENT, "receiverRefuses"),
    0xC0: Refusal(Blame.OURS, "invalidOption"),
    0xC1: Refusal(Blame.OURS, "optionNotAllowed"),
    0xC2: Refusal(Blame.OURS, "invalidOptionLength"),
    0xC3: Refusal(Blame.OURS, "optionMissing"),
    0xC4: Refusal(Blame.OURS, "invalidOptionValue"),
    0xFE: Refusal(Blame.PERMANENT, "deliveryFailure"),
}

# SMPP 3.4, appendix B: the word after `stat:`
OUTCOMES: Final = {
    "DELIVRD": TextOutcome.DELIVERED,
    "EXPIRED": TextOutcome.EXPIRED,
    "UNDELIV": TextOutcome.FAILED,
    "REJECTD": TextOutcome.FAILED,
    "DELETED": TextOutcome.FAILED,
}
ON_THE_WAY: Final = frozenset({"ENROUTE", "ACCEPTD"})
"""States that are not final: acknowledged, and no fact."""

# SMPP 3.4, 5.2.28 message_state, for receipts whose words say nothing
STATES: Final = {1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 8: "REJECTD"}
