from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clock import from_ms, to_ms, wall_ms


def test_milliseconds_are_counted_from_the_epoch_in_utc() -> None:
    assert to_ms(datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC)) == 1000
    two_hours_east = timezone(timedelta(hours=2))
    assert to_ms(datetime(2026, 7, 1, 2, tzinfo=two_hours_east)) == to_ms(datetime(2026, 7, 1, tzinfo=UTC))
    assert from_ms(-1) == datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)


def test_a_naive_datetime_names_no_moment() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        to_ms(datetime(2026, 7, 1))  # noqa: DTZ001 (that is the point)


@given(st.integers(to_ms(datetime.min.replace(tzinfo=UTC)), to_ms(datetime.max.replace(tzinfo=UTC))))
def test_there_and_back(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms
    assert from_ms(ms).tzinfo is UTC


def test_the_wall_clock_is_the_systems() -> None:
    before = to_ms(datetime.now(UTC))
    assert before <= wall_ms() <= to_ms(datetime.now(UTC))
