"""From what was read to outages: readings joined, ends found, what is no outage told apart. Pure."""

from __future__ import annotations

import bisect
import dataclasses
import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from schemas.ids import derived
from services.history.causes import Cause, cause_of, is_asked_for
from services.history.forms import Files, Shown

LONGEST_GAP_MS = 12 * 3_600_000
"""An outage that is gone from the map is over only if the map was read again, whole, within this time."""
STANDING_MS = 7 * 86_400_000
"""Planned work that a map shows for longer than this is a disconnection that stands, not an outage."""
LEAST_CUT = 50
"""No feed is cut at fewer outages than this."""


class Kind(enum.StrEnum):
    """What a record is: an outage, one whose end was never seen, or none."""

    OUTAGE = "outage"
    UNFINISHED = "unfinished"
    NO_OUTAGE = "noOutage"


class Why(enum.StrEnum):
    """Why a record is no outage, or why the end of one is not known."""

    NO_CUSTOMERS = "noCustomers"
    ASKED_FOR = "askedFor"
    NOT_BEGUN = "notBegun"
    STANDING = "standing"
    STILL_SHOWN = "stillShown"
    NOT_READ = "notRead"
    FEED_CUT = "feedCut"
    NOT_RECORDED = "notRecorded"


class StartBasis(enum.StrEnum):
    """Where the start of an outage is from: as written, written in UTC though it says otherwise, or the first reading."""

    WRITTEN = "written"
    WRITTEN_IN_UTC = "writtenInUtc"
    FIRST_READING = "firstReading"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One outage of the past, or a record that is none; times are milliseconds UTC.

    `customers` are the most that were shown. `seen_from_ms` and `seen_until_ms` are the first and last reading that
    shows it, None in a list. `end_ms` is the first whole reading that shows it no more: the end is after
    `seen_until_ms` and not after `end_ms`. `cause_known`: the spelling is in the table of causes.
    """

    id: str
    utility: str
    kind: Kind
    why: Why | None
    incident: str
    substation: str
    feeder: str
    area: str
    lon: float | None
    lat: float | None
    start_ms: int
    start_basis: StartBasis
    end_ms: int | None
    seen_from_ms: int | None
    seen_until_ms: int | None
    readings: int
    customers: int
    cause_written: str
    cause: Cause
    cause_known: bool
    planned: bool
    file: str
    line: int


def outages_in(files: Files, *, utility: str, time_zone: dt.tzinfo) -> tuple[Outage, ...]:
    """Return the outages of the files, by utility, start and id.

    `utility` is whose the lists are (a map names its own), `time_zone` that of times in which none is written.
    """
    found = [*_of_lists(files, utility, time_zone), *_of_maps(files, time_zone)]
    return tuple(sorted(found, key=lambda outage: (outage.utility, outage.start_ms, outage.id)))


def _of_lists(files: Files, utility: str, time_zone: dt.tzinfo) -> Iterable[Outage]:
    """Return what the lists hold; rows with the same start, substation, feeder and customers are one outage."""
    found: dict[str, Outage] = {}
    for reading in files.lists:
        for row, line in zip(reading.rows, reading.lines, strict=True):
            start = row.start.ms(time_zone)
            name = derived("history", utility, start, row.substation, row.feeder, row.customers)
            cause, known, planned = _cause(row.cause, "")
            kind, why = Kind.OUTAGE, Why.NOT_RECORDED
            if row.customers == 0:
                kind, why = Kind.NO_OUTAGE, Why.NO_CUSTOMERS
            elif is_asked_for(row.cause):
                kind, why = Kind.NO_OUTAGE, Why.ASKED_FOR
            outage = Outage(
                id=name,
                utility=utility,
                kind=kind,
                why=why,
                incident="",
                substation=row.substation,
                feeder=row.feeder,
                area="",
                lon=row.lon,
                lat=row.lat,
                start_ms=start,
                start_basis=StartBasis.WRITTEN,
                end_ms=None,
                seen_from_ms=None,
                seen_until_ms=None,
                readings=0,
                customers=row.customers,
                cause_written=row.cause,
                cause=cause,
                cause_known=known,
                planned=planned,
                file=reading.form.name,
                line=line,
            )
            found.setdefault(name, outage)
    return found.values()


@dataclasses.dataclass(frozen=True, slots=True)
class _Sighting:
    """A row of a map, when it was read, and where the row stands."""

    at_ms: int
    row: Shown
    file: str
    line: int


_Key = tuple[str, ...]
"""What names an outage of a map: its number or, where it has none, its start and place as they are written."""


def _of_maps(files: Files, time_zone: dt.tzinfo) -> Iterable[Outage]:
    sightings: dict[str, dict[_Key, list[_Sighting]]] = {}
    shown: dict[str, dict[int, int]] = {}
    for reading in files.maps:
        for row, line in zip(reading.rows, reading.lines, strict=True):
            at = row.at.ms(time_zone)
            key = (row.incident,) if row.incident else (row.start.clock.isoformat(), str(row.lon), str(row.lat))
            sighting = _Sighting(at, row, reading.form.name, line)
            sightings.setdefault(row.utility, {}).setdefault(key, []).append(sighting)
            counts = shown.setdefault(row.utility, {})
            counts[at] = counts.get(at, 0) + 1
    said = {(row.utility, row.at.ms(time_zone)): row.outages for reading in files.readings for row in reading.rows}
    for utility, at in said:
        shown.setdefault(utility, {}).setdefault(at, 0)
    for utility, by_key in sorted(sightings.items()):
        cut = _cut_counts(shown[utility].values())
        whole = {
            at: count not in cut and said.get((utility, at), count) == count for at, count in shown[utility].items()
        }
        yield from _of_a_map(utility, _joined(by_key), whole, time_zone)


def _cut_counts(counts: Iterable[int]) -> set[int]:
    """Return the numbers of outages at which a map may have been cut: full hundreds, and a most that it shows again."""
    times = Counter(counts)
    most = max(times)
    hundreds = {count for count in times if count and count % 100 == 0}
    return hundreds | ({most} if most >= LEAST_CUT and times[most] > 1 else set())


def _joined(by_key: Mapping[_Key, list[_Sighting]]) -> dict[_Key, list[_Sighting]]:
    """Return the sightings of each outage in the order of time, under the first key that it had.

    Maps give outages new numbers: a number that is first shown after another of the same start and place was shown
    last is the same outage. Two that are shown at once are two.
    """
    groups = [(key, sorted(group, key=lambda each: (each.at_ms, each.line))) for key, group in by_key.items()]
    groups.sort(key=lambda each: (each[1][0].at_ms, each[0]))
    joined: dict[_Key, list[_Sighting]] = {}
    last_at: dict[tuple[str, float, float], _Key] = {}
    for key, group in groups:
        row = group[0].row
        place = (row.start.clock.isoformat(), row.lon, row.lat)
        known = last_at.get(place)
        if known is not None and joined[known][-1].at_ms < group[0].at_ms:
            joined[known] += group
        else:
            joined[key], last_at[place] = group, key
    return joined


def _of_a_map(
    utility: str, by_key: Mapping[_Key, Sequence[_Sighting]], whole: Mapping[int, bool], time_zone: dt.tzinfo
) -> Iterable[Outage]:
    """Return the outages of one map. `whole` says of each of its readings whether all that it had is known."""
    in_utc = _writes_utc(list(by_key.values()), time_zone)
    for key, group in by_key.items():
        first, last = group[0], group[-1]
        written = last.row
        start_ms = _as_utc(written) if in_utc else written.start.ms(time_zone)
        basis = StartBasis.WRITTEN_IN_UTC if in_utc else StartBasis.WRITTEN
        cause, known, planned = _cause(written.cause, written.comment)
        if start_ms > first.at_ms and not planned:
            start_ms, basis = first.at_ms, StartBasis.FIRST_READING
        customers = max(each.row.customers for each in group)
        end, why = _end(last.at_ms, whole)
        kind = Kind.OUTAGE if end is not None else Kind.UNFINISHED
        none = _no_outage(written, planned, customers, start_ms, last.at_ms)
        if none is not None:
            kind, why, end = Kind.NO_OUTAGE, none, None
        yield Outage(
            id=derived("history", utility, *key),
            utility=utility,
            kind=kind,
            why=why,
            incident=written.incident,
            substation="",
            feeder="",
            area=written.area,
            lon=written.lon,
            lat=written.lat,
            start_ms=start_ms,
            start_basis=basis,
            end_ms=end,
            seen_from_ms=first.at_ms,
            seen_until_ms=last.at_ms,
            readings=len({each.at_ms for each in group}),
            customers=customers,
            cause_written=written.cause,
            cause=cause,
            cause_known=known,
            planned=planned,
            file=first.file,
            line=first.line,
        )


def _writes_utc(groups: Sequence[Sequence[_Sighting]], time_zone: dt.tzinfo) -> bool:
    """Answers whether a map writes the starts in UTC whatever zone it names.

    It does when more than half of its outages would begin after they were first shown, and read as UTC none does.
    """
    firsts = [group[0] for group in groups]
    late = sum(each.row.start.ms(time_zone) > each.at_ms for each in firsts)
    return 2 * late > len(firsts) and all(_as_utc(each.row) <= each.at_ms for each in firsts)


def _as_utc(row: Shown) -> int:
    """Return the start as if it were written in UTC."""
    return row.start._replace(zone=dt.UTC).ms(dt.UTC)


def _end(seen_until_ms: int, whole: Mapping[int, bool]) -> tuple[int | None, Why | None]:
    """Return the first whole reading after the last that shows an outage, or why there is none soon enough."""
    times = sorted(whole)
    later = times[bisect.bisect_right(times, seen_until_ms) :]
    if not later:
        return None, Why.STILL_SHOWN
    soon = [at for at in later if at - seen_until_ms <= LONGEST_GAP_MS]
    if not soon:
        return None, Why.NOT_READ
    end = next((at for at in soon if whole[at]), None)
    return end, None if end is not None else Why.FEED_CUT


def _cause(written: str, comment: str) -> tuple[Cause, bool, bool]:
    """Return the cause, whether its spelling is known, and whether the work was planned, which a comment may say."""
    found = cause_of(written)
    planned = found is Cause.PLANNED or cause_of(comment) is Cause.PLANNED
    cause = found or Cause.UNKNOWN
    return Cause.PLANNED if planned and cause is Cause.UNKNOWN else cause, found is not None, planned


def _no_outage(row: Shown, planned: bool, customers: int, start_ms: int, seen_until_ms: int) -> Why | None:
    if customers == 0:
        return Why.NO_CUSTOMERS
    if is_asked_for(row.cause):
        return Why.ASKED_FOR
    if planned and start_ms > seen_until_ms:
        return Why.NOT_BEGUN
    if planned and seen_until_ms - start_ms > STANDING_MS:
        return Why.STANDING
    return None
