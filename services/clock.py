"""The only place that reads the wall clock, and the conversions between its milliseconds and aware datetimes.

Rules never call this: `now` reaches them as an argument, in milliseconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def wall_ms() -> int:
    """Return the wall clock's milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Return the milliseconds since the epoch of an aware datetime, rounded down.

    Raises ValueError for a naive one: it names no moment.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return (moment - EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return the aware UTC datetime of milliseconds since the epoch.

    Raises OverflowError outside of the years 1 to 9999.
    """
    return EPOCH + timedelta(milliseconds=ms)
