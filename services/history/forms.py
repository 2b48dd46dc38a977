"""The forms of files that outages of the past come in, told apart by their columns, and how their cells are read.

- A list of outages: when each began, where, how many customers, why; the cause as words or as a code and words.
- The readings of an outage map: what the map showed at each reading; and, in a file beside, when it was read and how many
  outages it said it had.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import re
import zoneinfo
from pathlib import Path
from typing import Any, NamedTuple

from services.utility.cells import RefusedCell, identifier, latitude, longitude, shown, whole, words
from services.utility.columns import Column, FileForm, optional
from services.utility.problems import Code, Problem
from services.utility.reading import Reading, read_file

_MOST = 999_999_999
_ZONES_H = {
    "UTC": 0, "GMT": 0, "Z": 0, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
"""The zones that North American records write behind a time, as hours from UTC."""
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?) ?([A-Z]{1,4}|[+-][0-9]{2}:[0-9]{2})?"
)


class Written(NamedTuple):
    """A time as it is written: on some clock, in a zone or in one that is not said."""

    clock: dt.datetime
    zone: dt.timezone | None

    def ms(self, unsaid: dt.tzinfo) -> int:
        """Return the time, milliseconds UTC; `unsaid` is the zone where none is written."""
        return round(self.clock.replace(tzinfo=self.zone or unsaid).timestamp() * 1000)


def written(text: str) -> Written:
    """Return a time of the forms 2018-08-19T12:14:36, 2026-07-07 11:10:34 MST or with an offset such as -07:00."""
    try:
        match = _TIME.fullmatch(text)
        day, time, zone = match.groups() if match else ("", "", None)
        clock = dt.datetime.fromisoformat(f"{day}T{time}")
        if zone is None or zone in _ZONES_H:
            return Written(clock, None if zone is None else dt.timezone(dt.timedelta(hours=_ZONES_H[zone])))
        offset = dt.datetime.strptime(zone, "%z").utcoffset()
        assert offset is not None
        return Written(clock, dt.timezone(offset))
    except ValueError:
        raise RefusedCell(Code.BAD_TIME, f"{shown(text)} is no time such as 2026-07-07 11:10:34 MST.") from None


class Listed(NamedTuple):
    """An outage of a list."""

    start: Written
    substation: str
    feeder: str
    customers: int
    cause: str
    lon: float | None = None
    lat: float | None = None


class Shown(NamedTuple):
    """An outage as a map showed it at one reading."""

    utility: str
    at: Written
    incident: str
    lat: float
    lon: float
    customers: int
    cause: str
    comment: str
    start: Written
    estimate: Written | None
    area: str


class MapReading(NamedTuple):
    """When a map was read, and how many outages and customers it said it had; None where it did not say."""

    utility: str
    at: Written
    outages: int
    customers: int | None
    served: int | None


def _may_be_empty(name: str, parse: Any, empty: object) -> Column:
    return Column(name, lambda text: parse(text) if text else empty, may_be_empty=True)


_LIST = (
    Column("start_local", written),
    _may_be_empty("substation", words, ""),
    _may_be_empty("feeder", words, ""),
    Column("customers_affected", whole(0, _MOST, "customers")),
)
LIST: FileForm[Listed] = FileForm(
    name="",
    row=Listed,
    columns=(
        *_LIST,
        _may_be_empty("cause", words, ""),
        optional("lon", lambda text: longitude(text) if text else None),
        optional("lat", lambda text: latitude(text) if text else None),
    ),
    unique=(),
)
CODED_LIST: FileForm[Listed] = FileForm(
    name="", row=Listed, columns=(*_LIST, _may_be_empty("cause_code_and_text", words, "")), unique=()
)
MAP: FileForm[Shown] = FileForm(
    name="",
    row=Shown,
    columns=(
        Column("utility", identifier),
        Column("snapshot_local", written),
        _may_be_empty("incident", words, ""),
        Column("lat", latitude),
        Column("lon", longitude),
        Column("customers", whole(0, _MOST, "customers")),
        _may_be_empty("cause", words, ""),
        _may_be_empty("comment", words, ""),
        Column("start_local", written),
        _may_be_empty("etr_local", written, None),
        _may_be_empty("area", words, ""),
    ),
    unique=(),
)
MAP_READINGS: FileForm[MapReading] = FileForm(
    name="",
    row=MapReading,
    columns=(
        Column("utility", identifier),
        Column("snapshot_local", written),
        Column("outages", whole(0, _MOST, "outages")),
        optional("customers_affected", lambda text: whole(0, _MOST, "customers")(text) if text else None),
        optional("customers_served", lambda text: whole(0, _MOST, "customers")(text) if text else None),
    ),
    unique=(),
)
_FORMS: tuple[FileForm[Any], ...] = (LIST, CODED_LIST, MAP, MAP_READINGS)


@dataclasses.dataclass(frozen=True, slots=True)
class Files:
    """What was read: the files of each form with their rows, and all that was wrong or remarked."""

    lists: tuple[Reading[Listed], ...]
    maps: tuple[Reading[Shown], ...]
    readings: tuple[Reading[MapReading], ...]
    problems: tuple[Problem, ...]

    @property
    def refused(self) -> bool:
        """Answers whether something stands in the way of taking the files in."""
        return not all(problem.warning for problem in self.problems)

    def zones_assumed(self) -> tuple[Problem, ...]:
        """Return a remark on every file whose times name no zone."""
        times = [(each.form.name, row.start) for each in self.lists for row in each.rows]
        times += [(each.form.name, time) for each in self.maps for row in each.rows for time in (row.at, row.start)]
        times += [(each.form.name, row.at) for each in self.readings for row in each.rows]
        sentence = "The times name no zone and were taken as UTC."
        return tuple(
            _problem(file, Code.DEFAULTED, sentence, warning=True)
            for file in sorted({file for file, time in times if time.zone is None})
        )


def read_files(path: Path) -> Files:
    """Read a file, or every CSV file of a folder. Raises OSError when there is no such file or folder."""
    paths = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    problems: list[Problem] = []
    if not paths:
        problems.append(_problem(path.name, Code.MISSING_FILE, "The folder has no CSV file.", warning=False))
    found: dict[str, list[Reading[Any]]] = {form.row.__name__: [] for form in _FORMS}
    for each in paths:
        form = _form_of(each)
        if form is None:
            sentence = "The columns are those of no list of outages and of no map's readings: it was not read."
            problems.append(_problem(each.name, Code.UNKNOWN_VALUE, sentence, warning=path.is_dir()))
            continue
        reading = read_file(each.parent, dataclasses.replace(form, name=each.name))
        problems += reading.problems
        found[form.row.__name__].append(reading)
    taken = Files(tuple(found["Listed"]), tuple(found["Shown"]), tuple(found["MapReading"]), tuple(problems))
    if not taken.refused and not (taken.lists or taken.maps):
        nothing = _problem(path.name, Code.NO_ROWS, "There is no list of outages and no map's outages.", warning=False)
        return dataclasses.replace(taken, problems=(*problems, nothing))
    return taken


def _problem(file: str, code: Code, sentence: str, *, warning: bool) -> Problem:
    return Problem(file=file, line=None, column=None, code=code, sentence=sentence, warning=warning)


def _form_of(path: Path) -> FileForm[Any] | None:
    """Return the form that has all its columns in the header; of several the one with the most."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header = {cell.strip() for cell in next(csv.reader(file), [])}
    except csv.Error:
        return None
    fitting = [form for form in _FORMS if {column.name for column in form.columns if column.required} <= header]
    return max(fitting, key=lambda form: len(form.columns), default=None)


def zone_named(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the time zone of this name; None when there is no such zone."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
