"""Shifts: hours of the utility's week as stretches of time. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from services.clock import from_ms, to_ms
from services.drill.plans import Shift

if TYPE_CHECKING:
    from collections.abc import Iterable


class ShiftRow(NamedTuple):
    """A shift of each week: weekday 1 is Monday; an end not after the start lies on the next day."""

    crew: str
    weekday: int
    starts: dt.time
    ends: dt.time


def shifts(rows: Iterable[ShiftRow], zone: dt.tzinfo, from_at: int, until: int) -> tuple[Shift, ...]:
    """Return the shifts that touch a stretch of time (milliseconds), by crew and time."""
    first, last = (from_ms(at).astimezone(zone).date() for at in (from_at, until))
    days = [first + dt.timedelta(days=number) for number in range(-1, (last - first).days + 2)]
    found = []
    for row in rows:
        for day in days:
            if day.isoweekday() != row.weekday:
                continue
            next_day = day if row.ends > row.starts else day + dt.timedelta(days=1)
            starts_at = to_ms(dt.datetime.combine(day, row.starts, zone))
            ends_at = to_ms(dt.datetime.combine(next_day, row.ends, zone))
            if ends_at > from_at and starts_at < until:
                found.append(Shift(crew=row.crew, starts_at=starts_at, ends_at=ends_at))
    return tuple(sorted(found, key=lambda shift: (shift.crew, shift.starts_at, shift.ends_at)))
