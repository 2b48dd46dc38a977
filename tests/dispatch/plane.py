"""A plane on which a drive takes as many minutes as it is long, along and then across; crews and work for plans on it."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from services.dispatch.plan import WEIGHED, CrewAt, Group, Scene, Visit

if TYPE_CHECKING:
    from services.dispatch.plan_search import Ints

Spot = tuple[int, int]


class Plane:
    """Crews and work as a script says them. All times are said in minutes."""

    def __init__(self) -> None:
        self._crews: list[CrewAt] = []
        self._visits: list[Visit] = []
        self._groups: list[Group] = []
        self._at: dict[str, Spot] = {}
        self._homes: dict[str, Spot] = {}
        self._cannot: set[tuple[str, str]] = set()

    def crew(self, name: str, *at: int, line: bool = True, depot: str = "west", free: int = 0, **given: Any) -> Plane:
        """Put a crew at a spot, which is its depot too."""
        self._crews.append(CrewAt(name, depot, line, free_s=60 * free, **given))
        self._at[name] = self._homes[name] = _spot(at)
        return self

    def work(
        self, name: str, *at: int, customers: int = 10, takes: int = 40, within: tuple[str, ...] = (), **given: Any
    ) -> Plane:
        """Put an outage at a spot, of customers of its own, `within` others that must be repaired too before these are back."""
        self._put(name, at, takes, **given)
        if customers:
            self._groups.append(Group(customers * WEIGHED, (name, *within)))
        return self

    def danger(self, name: str, *at: int, due: int = 30, takes: int = 30, **given: Any) -> Plane:
        """Put a danger at a spot, where somebody is to be within so many minutes."""
        self._put(name, at, takes, due_s=60 * due, **given)
        return self

    def cannot(self, crew: str, *works: str) -> Plane:
        """Have rules keep a crew from work."""
        self._cannot |= {(crew, work) for work in works}
        return self

    def scene(self) -> Scene:
        """Return the scene."""
        crews, visits = [crew.id for crew in self._crews], [visit.id for visit in self._visits]
        can = [[(crew, visit) not in self._cannot for visit in visits] for crew in crews]
        ends = [self._at[visit] for visit in visits]
        return Scene(
            self._visits,
            self._crews,
            self._groups,
            _drives([self._at[crew] for crew in crews], ends),
            _drives(ends, ends),
            np.array(can, np.bool_).reshape(len(crews), len(visits)),
            _drives([self._homes[crew] for crew in crews], ends),
            np.zeros((len(crews), len(visits)), np.bool_),
        )

    def _put(self, name: str, at: tuple[int, ...], takes: int, *, left: int = 0, **given: Any) -> None:
        self._visits.append(Visit(name, len(self._visits), 60 * takes, left_s=60 * left, **given))
        self._at[name] = _spot(at)


def _spot(at: tuple[int, ...]) -> Spot:
    x, y = (*at, 0, 0)[:2]
    return x, y


def _drives(starts: list[Spot], ends: list[Spot]) -> Ints:
    minutes = [[abs(a - c) + abs(b - d) for c, d in ends] for a, b in starts]
    return 60 * np.array(minutes, np.int64).reshape(len(starts), len(ends))


def any_plane(seed: int, crews: int, works: int, dangers: int) -> Plane:
    """Return a plane by chance: outages within others, dangers before repairs, crews under way, pinned, on site, kept from work."""
    chance = random.Random(seed)
    plane = Plane()
    names = [f"work-{number}" for number in range(works)]
    risky = [f"danger-{number}" for number in range(dangers)]
    idle = list(names)
    chance.shuffle(idle)
    for number in range(crews):
        given: dict[str, Any] = {}
        kind = chance.randrange(5)
        if kind == 0 and idle:
            given = {"doing": idle.pop(), "pinned": chance.random() < 0.4}
        elif kind == 1:
            given = {"on_site": True, "free": chance.randrange(90)}
        plane.crew(f"crew-{number}", *_any(chance), line=chance.random() < 0.7, depot=chance.choice("ab"), **given)
    at_work = idle.pop() if idle and chance.random() < 0.3 else None
    for number, name in enumerate(names):
        given = {"customers": chance.randrange(400), "takes": chance.randrange(10, 90)}
        given["within"] = tuple(chance.sample(names[:number], min(number, chance.choice((0, 0, 1, 2)))))
        given["first"] = risky[number] if number < dangers and chance.random() < 0.7 else None
        if name == at_work:
            given |= {"crew": "somebody", "left": chance.randrange(1, 60)}
        plane.work(name, *_any(chance), **given)
    for name in risky:
        plane.danger(name, *_any(chance), due=chance.randrange(-20, 60))
    for number in range(crews):
        plane.cannot(f"crew-{number}", *(name for name in (*names, *risky) if chance.random() < 0.15))
    return plane


def _any(chance: random.Random) -> Spot:
    return chance.randrange(60), chance.randrange(60)


@dataclasses.dataclass(frozen=True)
class Times:
    """When each visit is reached and finished, and what the groups' waiting costs, reckoned from the routes alone."""

    reached: dict[str, int]
    finished: dict[str, int]
    waiting: int


def reckoned(scene: Scene, routes: dict[str, tuple[str, ...]], grades: Ints | None = None) -> Times:
    """Reckon a plan anew, the plain way: again and again until no time changes. Raises AssertionError where that has no end."""
    visits = {visit.id: visit for visit in scene.visits}
    column = {visit.id: number for number, visit in enumerate(scene.visits)}
    reached: dict[str, int] = {}
    finished: dict[str, int] = {}
    for _ in range(len(visits) + 2):
        before = dict(finished)
        for row, crew in enumerate(scene.crews):
            time, last = crew.free_s, None
            for name in routes.get(crew.id, ()):
                visit = visits[name]
                if last is None:
                    drive = int(scene.drive_s[row, column[name]])
                else:
                    drive = int(scene.table_s[visits[last].place, visit.place])
                reached[name] = time + drive
                first = None if crew.pinned and crew.doing == name else visits.get(visit.first or "")
                safe = 0 if first is None else first.left_s if first.crew is not None else finished.get(first.id, 0)
                time = finished[name] = max(reached[name], safe) + visit.site_s
                last = name
        if finished == before:
            break
    else:
        raise AssertionError("work that waits for itself")
    waiting = 0
    for group in scene.groups:
        ends = [finished[name] for name in group.visits if name in finished]
        left = [visits[name].left_s for name in group.visits if visits[name].crew is not None]
        if ends:
            waiting += group.weight * _graded(max(*ends, *left, 0), grades)
    return Times(reached, finished, waiting)


def _graded(time: int, grades: Ints | None) -> int:
    if grades is None:
        return time
    whole, rest = divmod(time, 60)
    at = [int(each) for each in grades]
    return at[whole] + (at[whole + 1] - at[whole]) * rest // 60
