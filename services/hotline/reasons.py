"""Why a call was placed, or not; every step of an escalation names one."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """The reason codes of the hotline room, as they stand in the journal."""

    CUSTOMER_OUT = "customerOut"
    """A customer with a hotline account lost power: its contact is called."""
    NO_ANSWER = "noAnswer"
    """The last call was not acknowledged in time: the contact is called again."""
    NOT_ACKNOWLEDGED = "notAcknowledged"
    """Nobody acknowledged the call: the contact is called again soon."""
    ACKNOWLEDGED = "acknowledged"
    """A contact acknowledged: no further call."""
    POWER_BACK = "powerBack"
    """The customer's power is back: no further call."""
    BACK_BEFORE_CALL = "backBeforeCall"
    """The customer's power was back before the contact could be called: no call at all."""
    ALREADY_ESCALATED = "alreadyEscalated"
    """The outage is known already; only what explains it may be new."""
    ALREADY_OVER = "alreadyOver"
    """An answer that changes nothing: the outage is acknowledged, or over."""
    EARLIER_CALL = "earlierCall"
    """Nobody acknowledged an earlier call; a later one has been placed since."""
    UNKNOWN_CALL = "unknownCall"
    """An answer to a call that was never placed about this outage: it proves nothing."""
    OLDER_THAN_OUTAGE = "olderThanOutage"
    """Power is said to have come back before it was lost: that is no end of this outage."""
    UNKNOWN_OUTAGE = "unknownOutage"
    """Something about an outage that was never made known."""
