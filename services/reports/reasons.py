"""Why a report was located as it was."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """Reason codes of intake; what becomes of a located report later has its reason from the inference."""

    CUSTOMER_NAMED = "customerNamed"
    """It names a customer there is."""
    METER_NAMED = "meterNamed"
    """It names a meter there is, and so whose it is."""
    METER_SPEAKS = "meterSpeaks"
    """It names a meter there is, which goes before the customer named beside it."""
    NO_SUCH_CUSTOMER = "noSuchCustomer"
    """The utility has no such customer."""
    NO_SUCH_METER = "noSuchMeter"
    """The utility has no such meter."""
    NOBODY_NAMED = "nobodyNamed"
    """It names neither customer nor meter."""
    ACCOUNT_CLOSED = "accountClosed"
    """The customer has no supply contract any more."""
    OLDER_THAN_A_DAY = "olderThanADay"
    """What it tells of is too long ago to take part in an inference."""
