"""The plan of a region: which visits each crew makes, in which order; repaired by local search whenever something changes.

`replan` is a pure function: the same scene, the plan before and the same settings give the same plan. Times are whole seconds from
now. The cost of a plan is in customer-seconds times `WEIGHED`.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from services.dispatch.plan_search import (
    AFTER,
    AT,
    BEFORE,
    CREW,
    DONE,
    DOUBT,
    DUE,
    EACH_VISIT,
    EARLIEST,
    EARLY_PER_S,
    FIRST,
    FIXED,
    LATE_ONCE,
    LATE_PER_S,
    NEVER,
    REACHED,
    SITE,
    THEN,
    TURN,
    Flags,
    Ints,
    search,
)

WEIGHED = 8
"""The weight of one ordinary customer in a group: smaller things can weigh less."""


@dataclasses.dataclass(frozen=True, slots=True)
class Visit:
    """Work at a place. `place` is its row and column in the table of drives, `site_s` the expected time on site.

    `due_s`: a danger, at which a crew should be by then. `first`: the visit to be finished before. One that is not `open` is
    foreseen only: nobody can be sent yet. `crew`: who works there already, for `left_s` more; no plan moves it.
    """

    id: str
    place: int
    site_s: int
    due_s: int | None = None
    first: str | None = None
    open: bool = True
    crew: str | None = None
    left_s: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class CrewAt:
    """A crew as it is now. `free_s`: when it is free; `doing`: the visit that it drives to; `pinned`: it stays so.

    `depot` is where it belongs; `line`: it can do every work of its trade, a service crew only some.
    """

    id: str
    depot: str
    line: bool
    free_s: int = 0
    doing: str | None = None
    pinned: bool = False
    on_site: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Customers who have power when all these visits are finished; `weight`: `WEIGHED` for each ordinary one of them.

    `switched_s`: their crews feed them from elsewhere so long after they arrive, before the repair is finished.
    """

    weight: int
    visits: tuple[str, ...]
    switched_s: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """What there is to plan: `drive_s[crew, visit]` from where a crew is (or will be free), `table_s` between places.

    `can[crew, visit]`: no rule keeps the crew from it. `home_s[crew, visit]`: from the crew's depot. `past_shift[crew, visit]`: its
    shift would end before the work.
    """

    visits: Sequence[Visit]
    crews: Sequence[CrewAt]
    groups: Sequence[Group]
    drive_s: Ints
    table_s: Ints
    can: Flags
    home_s: Ints
    past_shift: Flags


@dataclasses.dataclass(frozen=True, slots=True)
class Search:
    """How a plan is searched for and what it costs, all integers; the defaults are those that did best before the judge.

    `moves`: tries in all. `early_per_s`: per second until a danger is reached. `late_per_s`, `late_once`: one reached late, or that
    would be if what its crew does before took `doubt_permille` longer. `each_visit`: per second until any visit is finished.
    `turn`: what the plan must gain more than by turning a crew away from where it drives. `fades_min`: after so many minutes a
    second of waiting counts e times less, down to `lasting_permille` of it: what is far ahead will be planned anew.
    """

    moves: int = 10_000
    early_per_s: int = 3_750
    late_per_s: int = 60_000
    late_once: int = 300_000_000
    doubt_permille: int = 500
    each_visit: int = 8
    turn: int = 600_000
    fades_min: int = 600
    lasting_permille: int = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """The visits of each crew in order, when each is reached and finished, and what it all costs."""

    routes: Mapping[str, tuple[str, ...]]
    reached_s: Mapping[str, int]
    finished_s: Mapping[str, int]
    waiting: int = 0
    tried: int = 0
    kept: int = 0

    @property
    def customer_s(self) -> int:
        """Return the weighed customer-seconds of waiting that are ahead."""
        return self.waiting // WEIGHED


NO_PLAN = Plan({}, {}, {})


def replan(scene: Scene, before: Mapping[str, Sequence[str]], how: Search, seed: int) -> Plan:
    """Return the plan before without what is over, with what is new, and repaired by so many moves."""
    columns = [number for number, visit in enumerate(scene.visits) if visit.crew is None]
    if not columns or not scene.crews:
        return NO_PLAN
    visits = [scene.visits[number] for number in columns]
    if len(columns) < len(scene.visits):
        drive, can = np.take(scene.drive_s, columns, 1), np.take(scene.can, columns, 1)
        scene = dataclasses.replace(scene, drive_s=drive, can=can)
    index = {visit.id: number for number, visit in enumerate(visits)}
    routes, fixed = _laid(scene, visits, index, before)
    waiting, tried, kept = search(
        seed,
        how.moves,
        _visits(scene, visits, index, fixed),
        _crews(scene, index),
        scene.drive_s,
        scene.can,
        scene.table_s,
        *_groups(scene, index),
        graded(how.fades_min, how.lasting_permille),
        routes,
        _prices(how),
    )
    after = routes[AFTER].tolist()
    found: dict[str, tuple[str, ...]] = {}
    for number, crew in enumerate(scene.crews):
        route, node = [], after[len(visits) + number]
        while node >= 0:
            route.append(visits[node].id)
            node = after[node]
        found[crew.id] = tuple(route)
    crew_of, reached, done = (routes[row].tolist() for row in (CREW, REACHED, DONE))
    planned = [number for number in range(len(visits)) if crew_of[number] >= 0]
    return Plan(
        found,
        {visits[number].id: reached[number] for number in planned},
        {visits[number].id: done[number] for number in planned},
        int(waiting),
        int(tried),
        int(kept),
    )


def basis_of(scene: Scene, *, holding: bool = False) -> int:
    """Return a number that stands for what there is to plan: the same work, crews, customers and rules give the same.

    Neither the time nor what a plan itself has led to is part of it: where crews are, to where they drive unless they are pinned.
    `holding`: crews are held back for dangers.
    """
    work = [(visit.id, visit.open, visit.crew, visit.first, visit.due_s is None) for visit in scene.visits]
    crews = [(crew.id, crew.on_site, crew.doing if crew.pinned else None) for crew in scene.crews]
    waiting = [(group.weight, group.visits, group.switched_s) for group in scene.groups]
    told = hashlib.blake2b(repr((work, crews, waiting, holding)).encode(), digest_size=6)
    told.update(scene.can.tobytes())
    return int.from_bytes(told.digest())


def get_ready() -> None:
    """Compile the search, or load it compiled: some seconds once on a machine, which no first decision should wait for."""
    one = np.zeros((1, 1), np.int64)
    can = np.ones((1, 1), np.bool_)
    scene = Scene(
        [Visit("work", 0, 1)], [CrewAt("crew", "depot", line=True)], [Group(1, ("work",))], one, one, can, one, ~can
    )
    replan(scene, {}, Search(moves=1), 1)


def _laid(
    scene: Scene, visits: Sequence[Visit], index: Mapping[str, int], before: Mapping[str, Sequence[str]]
) -> tuple[Ints, set[int]]:
    """Return the routes of the plan before, each beginning with where its crew drives to, and which visits stay where they are."""
    many = len(visits)
    after, previous, whose = ([-1] * (many + len(scene.crews)) for _ in range(3))
    fixed = set()
    bound = {crew.doing for crew in scene.crews if crew.doing is not None}
    for number, crew in enumerate(scene.crews):
        node = many + number
        can = scene.can[number].tolist()
        rest = [name for name in before.get(crew.id, ()) if name not in bound]
        for name in rest if crew.doing is None else [crew.doing, *rest]:
            visit = index.get(name, -1)
            if visit >= 0 and whose[visit] < 0 and (can[visit] or name == crew.doing):
                after[node], previous[visit], whose[visit] = visit, node, number
                node = visit
        if crew.pinned and crew.doing is not None and crew.doing in index:
            fixed.add(index[crew.doing])
    routes = np.zeros((6, many + len(scene.crews)), np.int64)
    routes[AFTER], routes[BEFORE], routes[CREW] = after, previous, whose
    return routes, fixed


def _visits(scene: Scene, visits: Sequence[Visit], index: Mapping[str, int], fixed: set[int]) -> Ints:
    left = {visit.id: visit.left_s for visit in scene.visits if visit.crew is not None}
    # Whom a dispatcher sends begins at once.
    then = {visit.first: n for n, visit in enumerate(visits) if visit.first is not None and n not in fixed}
    firsts = [None if number in fixed else visit.first for number, visit in enumerate(visits)]
    rows = np.zeros((7, len(visits)), np.int64)
    rows[AT] = [visit.place for visit in visits]
    rows[SITE] = [visit.site_s for visit in visits]
    rows[EARLIEST] = [0 if first is None else left.get(first, 0) for first in firsts]
    rows[DUE] = [NEVER if visit.due_s is None else visit.due_s for visit in visits]
    rows[FIRST] = [-1 if first is None else index.get(first, -1) for first in firsts]
    rows[THEN] = [then.get(visit.id, -1) for visit in visits]
    rows[FIXED, list(fixed)] = 1
    return rows


def _prices(how: Search) -> Ints:
    prices = np.zeros(6, np.int64)
    prices[EARLY_PER_S], prices[LATE_PER_S], prices[LATE_ONCE] = how.early_per_s, how.late_per_s, how.late_once
    prices[DOUBT], prices[EACH_VISIT], prices[TURN] = how.doubt_permille, how.each_visit, how.turn
    return prices


def _crews(scene: Scene, index: Mapping[str, int]) -> Ints:
    rows = [(crew.free_s, -1 if crew.doing is None else index.get(crew.doing, -1)) for crew in scene.crews]
    return np.ascontiguousarray(np.array(rows, np.int64).T)


def _groups(scene: Scene, index: Mapping[str, int]) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    left = {visit.id: visit.left_s for visit in scene.visits if visit.crew is not None}
    ends, of_group, weights, floors, switched = [0], [], [], [], []
    for group in scene.groups:
        its = [index[name] for name in group.visits if name in index]
        if its:
            of_group += its
            ends.append(len(of_group))
            weights.append(group.weight)
            floors.append(0 if len(its) == len(group.visits) else _floor(group, left))
            switched.append(-1 if group.switched_s is None else group.switched_s)
    facts, starts, members = np.array([weights, floors, switched], np.int64), _ints(ends), _ints(of_group)
    by_visit = np.argsort(members, kind="stable")
    starts_of_visit = np.zeros(len(index) + 1, np.int64)
    np.cumsum(np.bincount(members, minlength=len(index)), out=starts_of_visit[1:])
    of_visit = np.repeat(np.arange(len(weights), dtype=np.int64), np.diff(starts))[by_visit]
    return facts, starts, members, starts_of_visit, of_visit


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, np.int64)


def _floor(group: Group, left: Mapping[str, int]) -> int:
    """Return before when a group has no power, as far as crews that are on site already decide that."""
    at_work = max(left.get(name, 0) for name in group.visits)
    return at_work if group.switched_s is None else min(at_work, group.switched_s)


@functools.lru_cache(maxsize=32)
def graded(fades_min: int, lasting_permille: int) -> Ints:
    """Return how much waiting until each minute counts, in seconds: the later ones less."""
    lasting = lasting_permille / 1000
    slopes = (lasting + (1 - lasting) * math.exp(-(minute + 0.5) / fades_min) for minute in range(2880))
    return np.cumsum(np.array([0, *(round(60 * slope) for slope in slopes)], np.int64))


SPREAD = 0.5
"""How far times on site spread: the standard deviation of their logarithm, between those of small and of large repairs."""


@functools.lru_cache(maxsize=4096)
def _left_permille(lasted_percent: int) -> int:
    """Return the mean of what is left of a log-normal time of mean 1000, of which so many per cent of the mean have passed."""
    if lasted_percent <= 0:
        return 1000
    lasted = lasted_percent / 100
    z = (math.log(lasted) + SPREAD * SPREAD / 2) / SPREAD
    longer = math.erfc(z / math.sqrt(2)) / 2
    mean_of_longer = math.erfc((z - SPREAD) / math.sqrt(2)) / 2
    return round(1000 * (mean_of_longer / longer - lasted)) if longer > 1e-9 else round(300 * lasted)  # noqa: PLR2004


def left_s(expected_s: int, lasted_s: int) -> int:
    """Return how much longer work is expected to take that has lasted so long already, seconds.

    Work that has outlasted its mean is not done "now": the longer it has lasted, the longer it will (log-normal, `SPREAD`).
    """
    return expected_s * _left_permille(lasted_s * 100 // max(1, expected_s)) // 1000
