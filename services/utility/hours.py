"""Hours of the week and moments of the utility's time zone: lines of a folder become rows, and hours are compared."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any

from services.utility.cells import WEEKDAYS
from services.utility.problems import Code
from services.utility.rows import RosterRow, ShiftRow, WindowRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.utility.account_files import RosterLine
    from services.utility.crew_files import ShiftLine, WindowLine
    from services.utility.reading import Reading

_DAY_MIN = 24 * 60
_WEEK_MIN = 7 * _DAY_MIN


def shifts(reading: Reading[ShiftLine]) -> list[ShiftRow]:
    """Return one row for each weekday of each line; shifts of one crew that overlap are noted."""
    found = [
        (line, ShiftRow(row.crew, weekday, row.starts, row.ends, row.kind))
        for row, line in zip(reading.rows, reading.lines, strict=True)
        for weekday in row.weekdays
    ]
    _refuse_overlaps(reading, found, lambda row: row.crew)
    return [row for _, row in found]


def rosters(reading: Reading[RosterLine]) -> list[RosterRow]:
    """Return one row for each weekday of each line; hours of one contact that overlap are noted."""
    found = [
        (line, RosterRow(row.account, row.contact, weekday, row.starts, row.ends))
        for row, line in zip(reading.rows, reading.lines, strict=True)
        for weekday in row.weekdays
    ]
    _refuse_overlaps(reading, found, lambda row: f"{row.account} {row.contact}")
    return [row for _, row in found]


def windows(reading: Reading[WindowLine], time_zone: str) -> list[WindowRow]:
    """Return the windows in UTC; times that the zone does not have or has twice, and ends before the start, are noted."""
    zone = zoneinfo.ZoneInfo(time_zone)
    found = []
    for row, line in zip(reading.rows, reading.lines, strict=True):
        starts, ends = (_moment(reading, line, column, getattr(row, column), zone) for column in ("starts", "ends"))
        if starts is None or ends is None:
            continue
        if ends <= starts:
            reading.note(line, "ends", Code.EMPTY_SPAN, f"Window {row.window} does not end after its start.")
        found.append(WindowRow(row.window, tuple(sorted(row.isolates)), starts, ends, row.work))
    return found


def _moment(
    reading: Reading[WindowLine], line: int, column: str, said: dt.datetime, zone: zoneinfo.ZoneInfo
) -> dt.datetime | None:
    if said.tzinfo is not None:
        return said.astimezone(dt.UTC)
    first, second = (said.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first != second:
        there = "twice" if first < second else "not at all"
        sentence = f"{said.isoformat(timespec='minutes')} is there {there} in {zone.key}: say it with its offset."
        reading.note(line, column, Code.BAD_TIME, sentence)
        return None
    return first


def uncovered(rows: Iterable[RosterRow]) -> str | None:
    """Return the first moment of the week that none of these hours cover, in words; None when there is none."""
    spans = sorted(_span(row) for row in rows)
    # Whatever runs over the end of the week covers its beginning.
    reached = max([start + length - _WEEK_MIN for start, length in spans], default=0)
    for start, length in spans:
        if start > max(reached, 0):
            break
        reached = max(reached, start + length)
    reached = max(reached, 0)
    if reached >= _WEEK_MIN:
        return None
    return f"{WEEKDAYS[reached // _DAY_MIN]} {reached % _DAY_MIN // 60:02}:{reached % 60:02}"


def _span(row: Any) -> tuple[int, int]:
    """Return when in the week the row's hours begin, and how long they last, in minutes."""
    starts, ends = (time.hour * 60 + time.minute for time in (row.starts, row.ends))
    return (row.weekday - 1) * _DAY_MIN + starts, (ends - starts) % _DAY_MIN or _DAY_MIN


def _refuse_overlaps(reading: Reading[Any], found: list[tuple[int, Any]], whose: Any) -> None:
    by_owner: dict[str, list[tuple[int, int, int]]] = {}
    for line, row in found:
        by_owner.setdefault(whose(row), []).append((*_span(row), line))
    for owner, spans in by_owner.items():
        spans.sort()
        first = spans[0]
        for (start, length, line), (following, _, other) in zip(
            spans, [*spans[1:], (first[0] + _WEEK_MIN, *first[1:])], strict=True
        ):
            if following < start + length and len(spans) > 1:
                sentence = f"These hours of {owner} overlap with those of line {min(line, other)}."
                reading.note(max(line, other), "starts", Code.OVERLAP, sentence)
