"""What the answers, states and error codes of an HTTP provider mean to us, as Twilio numbers them (others took that over).

A code that stands in no table raises an alarm and is not guessed.
"""

from __future__ import annotations

from typing import Final

from schemas.events import TextOutcome
from services.notices.gateways.smpp_codes import Blame, Refusal

RETRY_MS: Final = 20_000
"""When to try again after an answer that asks for patience without saying how much, milliseconds."""

NOT_LET_IN: Final = frozenset({401, 403})
"""Answers by which nothing was taken, nor will be before the account is put right."""
PATIENCE: Final = {429: "throttled", 503: "providerBusy"}
"""Answers by which the text was not taken now. Every other 5xx leaves open whether it was."""

# https://www.twilio.com/docs/api/errors: refused at once, in `code` of an answer 4xx
REFUSALS: Final = {
    14107: Refusal(Blame.TEMPORARY, "throttled"),
    20003: Refusal(Blame.OURS, "notLetIn"),
    20404: Refusal(Blame.OURS, "noSuchAddress"),
    20429: Refusal(Blame.TEMPORARY, "throttled"),
    21211: Refusal(Blame.PERMANENT, "invalidNumber"),
    21212: Refusal(Blame.OURS, "invalidSender"),
    21266: Refusal(Blame.PERMANENT, "invalidNumber"),
    21408: Refusal(Blame.OURS, "countryNotAllowed"),
    21602: Refusal(Blame.OURS, "noWords"),
    21603: Refusal(Blame.OURS, "invalidSender"),
    21604: Refusal(Blame.OURS, "noNumber"),
    21605: Refusal(Blame.OURS, "tooLong"),
    21606: Refusal(Blame.OURS, "invalidSender"),
    21608: Refusal(Blame.OURS, "trialAccount"),
    21609: Refusal(Blame.OURS, "invalidCallback"),
    21610: Refusal(Blame.PERMANENT, "receiverRefuses"),
    21611: Refusal(Blame.TEMPORARY, "operatorQueueFull"),
    21612: Refusal(Blame.PERMANENT, "noRoute"),
    21614: Refusal(Blame.PERMANENT, "noMobileNumber"),
    21617: Refusal(Blame.OURS, "tooLong"),
    21659: Refusal(Blame.OURS, "invalidSender"),
    21660: Refusal(Blame.OURS, "invalidSender"),
    63038: Refusal(Blame.TEMPORARY, "throttled"),
}

# the same page: why a text that was taken did not arrive, in `ErrorCode` of a status callback
FAILURES: Final = {
    30001: Refusal(Blame.TEMPORARY, "operatorQueueFull"),
    30002: Refusal(Blame.OURS, "accountSuspended"),
    30003: Refusal(Blame.TEMPORARY, "telephoneOff"),
    30004: Refusal(Blame.PERMANENT, "receiverRefuses"),
    30005: Refusal(Blame.PERMANENT, "invalidNumber"),
    30006: Refusal(Blame.PERMANENT, "noMobileNumber"),
    30007: Refusal(Blame.OURS, "filtered"),
    30008: Refusal(Blame.TEMPORARY, "deliveryFailure"),
    30009: Refusal(Blame.TEMPORARY, "partMissing"),
    30010: Refusal(Blame.OURS, "tooDear"),
    30022: Refusal(Blame.TEMPORARY, "throttled"),
    30023: Refusal(Blame.TEMPORARY, "dayIsSpent"),
    30032: Refusal(Blame.OURS, "senderNotVerified"),
    30034: Refusal(Blame.OURS, "senderNotRegistered"),
    30036: Refusal(Blame.TEMPORARY, "pastValidity"),
    30410: Refusal(Blame.TEMPORARY, "operatorTimedOut"),
}
EXPIRED: Final = frozenset({30036})
"""Failures that say that the time of the text was over."""

OUTCOMES: Final = {
    "delivered": TextOutcome.DELIVERED,
    "read": TextOutcome.DELIVERED,
    "undelivered": TextOutcome.FAILED,
    "failed": TextOutcome.FAILED,
    "canceled": TextOutcome.FAILED,
}
ON_THE_WAY: Final = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})
"""States that are not final, and resolve an attempt of unknown outcome."""
