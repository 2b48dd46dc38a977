"""How long until power is back, as a distribution: what is left of the parts of the work, from what the past says of each. Pure.

A distribution is a sequence of equally likely values, ascending. Parts that do not depend on each other are added by adding every
value of one to every value of the other; a part that has lasted for a while goes on as the values beyond that do. All is integers.
"""

from __future__ import annotations

import bisect
import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import msgspec
from msgspec.structs import replace

from schemas.events.estimates import Part
from services.engine.turn import Entity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.events import EstimatesLearnt

Spread: TypeAlias = "Sequence[int]"
"""Equally likely values, ascending: seconds, or thousandths of what was foreseen."""

MINUTE_MS = 60_000
QUARTER_MS = 15 * MINUTE_MS
LOW, MEDIAN, HIGH = 100, 500, 900
"""The interval that is stated holds eight cases of ten; thousandths of the distribution."""
FORGIVEN_S = 30 * 60
"""A promise is kept if power is back no later than this after it, seconds."""
KEPT = 925
"""So many of a thousand promises are to be kept: of all that are made nine in ten then are, since one that will hardly be kept is
made anew and both count."""
UNLIKELY = 600
"""A promise that is kept with less than this probability (thousandths) is worth changing for a later one."""
EARLIER_MS = 90 * MINUTE_MS
"""A promise is worth changing for one that is earlier by this much, and by a third of the time that is left."""
UNKNOWN_CAUSE = "UNKNOWN"
LEAST_POINTS = 3
"""With fewer values left than this the tail of a distribution goes on in proportion to how long it has lasted."""
TAIL = (40, 90, 150, 220, 300, 420, 600, 900)
"""How a repair goes on that has outlasted all of which is known: thousandths of what it has lasted."""
REPAIRED_S = (60, 60, 120, 180, 240, 300, 420, 600, 900, 1_500)
"""From the crew's word that it has repaired to power back, seconds; no utility's record stands behind it."""
PLANNED_PERMILLE = (500, 700, 800, 900, 950, 1_000, 1_050, 1_100, 1_200, 1_300, 1_500, 1_800, 2_200, 3_000)
"""When a crew comes that a plan foresaw, thousandths of the time until then, as long as no record stands behind it."""
HOUR_MS, LATELY_H = 3_600_000, 12
"""How bad the weather is shows in how many incidents opened within so many hours."""
REPAIRS_AT_LEAST, REPAIRS_AT_MOST = 5, 60
"""So many repairs of the last hours say how repairs go, and no more are kept."""
VALUES_AT_MOST, CELLS_AT_MOST = 100, 20_000
"""What is learnt holds no more than this."""
FIRST_HOUR, LAST_HOUR = 21, 6
"""From when until when it is night."""


class Stage(enum.StrEnum):
    """How far the work on an incident has come."""

    WAITING = "waiting"
    PLANNED = "planned"
    ORDERED = "ordered"
    ON_SITE = "onSite"
    REPAIRED = "repaired"


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The order that is to repair an incident, as it stands. Times are milliseconds; `arrival` is what the order foresees."""

    order: str
    crew: str
    sent_at: int
    arrival: int
    under_way: bool = False
    arrived_at: int | None = None
    repaired_at: int | None = None
    cause: str | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """When a plan expects a crew at an incident, and when it said so. Milliseconds."""

    said_at: int
    arrival: int


class Experience(Entity, frozen=True, kw_only=True):
    """What an area's estimates rest on; `id` is the area. `learning` names where it comes from, `incidents` how many it rests on.

    `bounds` are where bands meet, by name; `parts` distributions by circumstances; `measured` from how many measurements;
    `paces` crews' times in thousandths of the usual.
    """

    kind: ClassVar[str] = "experience"
    learning: str
    incidents: int
    utc_offset_s: int
    bounds: dict[str, tuple[int, ...]]
    parts: dict[str, dict[str, tuple[int, ...]]]
    measured: dict[str, int]
    paces: dict[str, int]

    def band(self, name: str, value: int) -> int | None:
        """Return in which band a count or a time lies, counted from 0; None where nothing was learnt by bands of this name."""
        bounds = self.bounds.get(name)
        return None if bounds is None else bisect.bisect_right(bounds, value)

    def is_night(self, now: int) -> int:
        """Return 1 if it is night at the utility, else 0."""
        hour = (now // 1_000 + self.utc_offset_s) // 3_600 % 24
        return int(hour >= FIRST_HOUR or hour < LAST_HOUR)

    def knows(self, part: Part, *of: str | int | None) -> Spread | None:
        """Return the distribution of a part under these circumstances; None where nothing was learnt of them."""
        return self.parts.get(part, {}).get(cell(*of))


class Lately(Entity, frozen=True, kw_only=True):
    """What went on lately in an area, which is its `id`, by hours since the epoch.

    `opened`: how many incidents opened; `repairs`: how long each repair took that ended, thousandths of what is usual.
    """

    kind: ClassVar[str] = "lately"
    opened: tuple[tuple[int, int], ...] = ()
    repairs: tuple[tuple[int, int], ...] = ()

    def count(self, now: int) -> int:
        """Return how many opened within the last hours."""
        return sum(count for hour, count in self.opened if hour > now // HOUR_MS - LATELY_H)

    def one_more(self, now: int) -> Lately:
        """Return the same with one that opens now, and without what is no longer lately."""
        hour = now // HOUR_MS
        kept = {each: count for each, count in self.opened if each > hour - LATELY_H}
        kept[hour] = kept.get(hour, 0) + 1
        return replace(self, opened=tuple(sorted(kept.items())))

    def repaired(self, now: int, permille: int) -> Lately:
        """Return the same with a repair that ended now, and without those that did not end lately."""
        kept = [each for each in self.repairs if each[0] > now // HOUR_MS - LATELY_H]
        return replace(self, repairs=tuple(sorted([*kept, (now // HOUR_MS, permille)])[-REPAIRS_AT_MOST:]))

    def pace(self, now: int) -> int | None:
        """Return how long the repairs of the last hours took, thousandths of what is usual; None for too few of them."""
        return pace([permille for hour, permille in self.repairs if hour > now // HOUR_MS - LATELY_H])


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of an incident beside its work. `size` is how many customers are out under it. `open` counts the incidents that
    are open besides, `before` those of them that no crew was sent to and that have as many customers or more, `lately` those that
    opened within the last hours. `since` is when it opened, milliseconds; `pace` how long the repairs of the last hours took,
    thousandths of what is usual.
    """

    device_class: str
    since: int
    size: int
    open: int
    before: int
    lately: int
    hazard: bool
    pace: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """When power is expected back, milliseconds: eight cases of ten lie from `low` to `high`; `promise` is what may be told.

    `stage` is how far the work has come, `rests_on` how many measurements of the past this comes from, `left` what is left in
    seconds, equally likely each.
    """

    low: int
    median: int
    high: int
    promise: int
    stage: Stage
    rests_on: int
    left: Spread


def cell(*of: str | int | None) -> str:
    """Return the name of circumstances."""
    return "/".join(str(each) for each in of)


def experience_of(event: EstimatesLearnt) -> Experience | None:
    """Return what an event says was learnt; None for one that says what cannot be: distributions that do not ascend, or empty."""
    cells = [each for part in event.parts for each in part.cells]
    rows = [(each.at, 0) for each in event.bounds] + [(each.values, 1) for each in cells]
    if len(cells) > CELLS_AT_MOST or any(
        not least <= len(values) <= VALUES_AT_MOST or list(values) != sorted(values) for values, least in rows
    ):
        return None
    return Experience(
        id=event.area,
        learning=event.learning,
        incidents=event.incidents,
        utc_offset_s=event.utc_offset_s,
        bounds={each.of: tuple(each.at) for each in event.bounds},
        parts={part.part.value: {each.of: tuple(each.values) for each in part.cells} for part in event.parts},
        measured={part.part.value: part.measured for part in event.parts},
        paces={each.crew: each.permille for each in event.paces},
    )


def estimate(
    known: Experience, of: Circumstances, work: Work | None, planned: Planned | None, now: int
) -> Estimate | None:
    """Return when power is expected back; None where too little is known of such incidents."""
    stage, left = _left(known, of, work, planned, now)
    if not left:
        return None
    part = Part.REACH if stage is Stage.WAITING else Part.REPAIR
    return Estimate(
        low=now + quantile(left, LOW) * 1_000,
        median=now + quantile(left, MEDIAN) * 1_000,
        high=now + quantile(left, HIGH) * 1_000,
        promise=promise(left, now),
        stage=stage,
        rests_on=known.measured.get(part, 0),
        left=left,
    )


def promise(left: Spread, now: int) -> int:
    """Return what may be promised, milliseconds: at least the median, kept as often as `KEPT` says, at a full quarter hour."""
    ahead_s = max(quantile(left, MEDIAN), quantile(left, KEPT) - FORGIVEN_S)
    return -(-(now + ahead_s * 1_000) // QUARTER_MS) * QUARTER_MS


def is_worth_changing(standing: int, new: Estimate, now: int, *, news: bool) -> bool:
    """Answers whether a standing promise (milliseconds) is worth changing for a new one.

    It is when it has passed, when it will hardly be kept, and, if there is `news` and not only time that went by, when power may
    be promised much earlier.
    """
    if standing <= now:
        return True
    if new.promise > standing:
        return kept(new.left, (standing - now) // 1_000) < UNLIKELY and new.promise - standing >= QUARTER_MS
    return news and standing - new.promise >= max(EARLIER_MS, (standing - now) // 3)


def kept(left: Spread, ahead_s: int) -> int:
    """Return how likely a promise so many seconds ahead is kept, thousandths."""
    return 1_000 * bisect.bisect_right(left, ahead_s + FORGIVEN_S) // len(left)


def quantile(spread: Spread, permille: int) -> int:
    """Return a quantile of a distribution, between its values in proportion; beyond the first and last value these."""
    at = permille * len(spread) - 500
    below, share = divmod(max(0, min(at, 1_000 * (len(spread) - 1))), 1_000)
    value = spread[below]
    return value if not share else value + (spread[below + 1] - value) * share // 1_000


def lasting(spread: Spread, lasted: int) -> list[int]:
    """Return what is left of something that has lasted for so long and is not over."""
    left = [value - lasted for value in spread[bisect.bisect_right(spread, lasted) :]]
    return left if len(left) >= LEAST_POINTS else [max(1, lasted * share // 1_000) for share in TAIL]


def added(one: Spread, other: Spread) -> list[int]:
    """Return the distribution of the sum of two parts that do not depend on each other."""
    return sorted(a + b for a in one for b in other)


def times(spread: Spread, permille: int) -> list[int]:
    """Return a distribution in which everything lasts so many thousandths of what it did."""
    return [value * permille // 1_000 for value in spread]


# --------------------------------------------------------------------------------------------------- what is left
def _left(
    known: Experience, of: Circumstances, work: Work | None, planned: Planned | None, now: int
) -> tuple[Stage, Spread]:
    if work is not None and work.repaired_at is not None:
        return Stage.REPAIRED, lasting(REPAIRED_S, max(0, now - work.repaired_at) // 1_000)
    repair = _repair(known, of, work, now)
    if work is not None and work.arrived_at is not None:
        return Stage.ON_SITE, [] if repair is None else lasting(repair, max(0, now - work.arrived_at) // 1_000)
    if work is not None:
        stage, coming = Stage.ORDERED, _arrival(known, of, work, now)
    elif planned is not None:
        stage, coming = Stage.PLANNED, _planned(known, of, planned, now)
    else:
        stage, coming = Stage.WAITING, _reach(known, of, now)
    return stage, [] if repair is None or coming is None else added(coming, repair)


def _repair(known: Experience, of: Circumstances, work: Work | None, now: int) -> Spread | None:
    """Return how long a repair takes; of what is learnt too seldom of a cause or of dangers, without them."""
    lately, night = known.band("lately", of.lately), known.is_night(now)
    cause = UNKNOWN_CAUSE if work is None or work.cause is None else work.cause
    ways = [(each, int(of.hazard)) for each in (cause, UNKNOWN_CAUSE)] + [(cause, 0), (UNKNOWN_CAUSE, 0)]
    found = (known.knows(Part.REPAIR, of.device_class, why, lately, night, danger) for why, danger in ways)
    spread = next((each for each in found if each is not None), None)
    if spread is None:
        return None
    by_crew = 1_000 if work is None else pace_of(known.paces, work.crew)
    by_day = None if of.pace is None else known.knows(Part.LATELY, known.band("pace", of.pace))
    return times(spread, by_crew * (1_000 if by_day is None else by_day[0]) // 1_000)


def usual_s(known: Experience, device_class: str, cause: str | None) -> int | None:
    """Return what half of such repairs take at most, seconds; None where nothing was learnt of them."""
    found = (known.knows(Part.USUAL, device_class, why) for why in (cause or UNKNOWN_CAUSE, UNKNOWN_CAUSE))
    return next((each[0] for each in found if each is not None), None)


def pace(permilles: Sequence[int]) -> int | None:
    """Return the middle one of these, None for too few."""
    return None if len(permilles) < REPAIRS_AT_LEAST else sorted(permilles)[len(permilles) // 2]


def pace_of(paces: Mapping[str, int], crew: str) -> int:
    """Return how long a crew takes, thousandths of the usual; a crew of another utility is taken as all of these are."""
    return paces.get(crew, paces.get(VISITING, 1_000) if crew.startswith("visit.") else 1_000)


VISITING = "visit"
"""Stands for all crews of other utilities."""


def _arrival(known: Experience, of: Circumstances, work: Work, now: int) -> Spread | None:
    foreseen_s = max(60, (work.arrival - work.sent_at) // 1_000)
    spread = known.knows(
        Part.ARRIVAL, int(work.under_way), known.band("drive", foreseen_s), known.band("open", of.open)
    )
    return None if spread is None else lasting(times(spread, foreseen_s), max(0, now - work.sent_at) // 1_000)


def _planned(known: Experience, of: Circumstances, planned: Planned, now: int) -> Spread:
    foreseen_s = max(60, (planned.arrival - planned.said_at) // 1_000)
    waited_s = max(0, planned.said_at - of.since) // 1_000
    spread = known.knows(
        Part.PLANNED,
        known.band("lead", foreseen_s),
        known.band("size", of.size),
        known.band("lately", of.lately),
        known.band("waiting", waited_s),
    )
    return lasting(times(spread or PLANNED_PERMILLE, foreseen_s), max(0, now - planned.said_at) // 1_000)


def _reach(known: Experience, of: Circumstances, now: int) -> Spread | None:
    waited_s = max(0, now - of.since) // 1_000
    return known.knows(
        Part.REACH,
        known.band("before", of.before),
        known.band("size", of.size),
        known.band("lately", of.lately),
        known.band("waited", waited_s),
    )
