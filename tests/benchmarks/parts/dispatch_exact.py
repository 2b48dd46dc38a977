"""Small cases of a plan, solved exactly by somebody else: OR-Tools' CP-SAT over a model of its own.

A case has two or three crews and six to eight visits; outages may lie within others, a danger is made safe before it is repaired.
`cost_of` says what routes cost by the meaning of the plan's cost, without the product's search; the solver minimises the same.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from services.dispatch.plan import WEIGHED, CrewAt, Group, Scene, Search, Visit, replan

TIME_LIMIT_S = 30.0
WORKERS = 4
KM = 40.0
S_PER_KM = 104
"""Seconds by road for a kilometre of straight line."""
REPAIRS_S = (2_400, 3_600, 5_200, 7_500)
DANGER_DUE_S = 1_800
SAFE_S = 960
DAY_S = 24 * 3_600


@dataclasses.dataclass(frozen=True, slots=True)
class Solved:
    """A case: what the product's plan costs, and what the best costs."""

    seed: int
    plan: int
    optimum: int

    @property
    def ratio(self) -> float:
        """Return how many times the best the product's plan costs."""
        return self.plan / self.optimum


def case(seed: int) -> Scene:
    """Return a small scene, the same for the same seed."""
    rng = random.Random(seed)
    crews = rng.randint(2, 3)
    line = [True, *(rng.random() < 0.5 for _ in range(crews - 1))]
    wanted = rng.randint(6, 8)
    visits: list[Visit] = []
    groups: list[Group] = []
    places: list[tuple[float, float]] = []
    needs_line: list[bool] = []
    while len(visits) < wanted:
        place, name, site = _somewhere(rng), f"v{len(visits)}", rng.choice(REPAIRS_S)
        above = rng.choice(groups).visits if groups and rng.random() < 0.4 else ()
        if wanted - len(visits) >= 2 and rng.random() < 0.2:
            due = DANGER_DUE_S - 60 * rng.randint(0, 10)
            visits.append(Visit(f"{name} made safe", len(visits), SAFE_S, due))
            visits.append(Visit(name, len(visits), site, first=f"{name} made safe", open=False))
            places += [place, place]
            needs_line += [False, rng.random() < 0.6]
        else:
            visits.append(Visit(name, len(visits), site))
            places.append(place)
            needs_line.append(rng.random() < 0.6)
        groups.append(Group(WEIGHED * rng.choice((1, 3, 12, 40, 150, 600)), (name, *above)))
    starts = [_somewhere(rng) for _ in range(crews)]
    drive = np.array([[_drive_s(start, place) for place in places] for start in starts], np.int64)
    table = np.array([[_drive_s(one, other) for other in places] for one in places], np.int64)
    can = np.array([[able or not asked for asked in needs_line] for able in line], np.bool_)
    ats = [_crew(f"c{number}", able, rng) for number, able in enumerate(line)]
    return Scene(visits, ats, groups, drive, table, can, drive, np.zeros_like(can))


def _crew(name: str, line: bool, rng: random.Random) -> CrewAt:
    on_site = rng.random() < 0.3
    return CrewAt(name, "d", line, free_s=rng.randint(300, 3_000) if on_site else 0, on_site=on_site)


def _somewhere(rng: random.Random) -> tuple[float, float]:
    return rng.uniform(0, KM), rng.uniform(0, KM)


def _drive_s(a: tuple[float, float], b: tuple[float, float]) -> int:
    return int(S_PER_KM * math.dist(a, b))


def cost_of(scene: Scene, routes: Mapping[str, Sequence[str]], how: Search) -> int:
    """Return what routes cost, reckoned visit by visit.

    Raises ValueError when a visit is in no route, or waits for one that never comes.
    """
    reached: dict[str, int] = {}
    sure: dict[str, int] = {}
    done: dict[str, int] = {}
    column = {visit.id: number for number, visit in enumerate(scene.visits)}
    left = {crew.id: list(routes.get(crew.id, ())) for crew in scene.crews}
    at: dict[str, int | None] = dict.fromkeys(left)
    time = {crew.id: crew.free_s for crew in scene.crews}
    while any(left.values()):
        before = len(done)
        for row, crew in enumerate(scene.crews):
            while left[crew.id]:
                goal, last = column[left[crew.id][0]], at[crew.id]
                visit = scene.visits[goal]
                if visit.first is not None and visit.first not in done:
                    break
                drive = scene.drive_s[row, goal] if last is None else scene.table_s[last, goal]
                reached[visit.id] = time[crew.id] + int(drive)
                sure[visit.id] = reached[visit.id] + how.doubt_permille * time[crew.id] // 1000
                begins = max(reached[visit.id], 0 if visit.first is None else done[visit.first])
                time[crew.id] = done[visit.id] = begins + visit.site_s
                at[crew.id] = goal
                left[crew.id].pop(0)
        if len(done) == before:
            raise ValueError(f"these wait for each other: {left}")
    if len(done) < len(scene.visits):
        raise ValueError(f"in no route: {sorted(set(column) - set(done))}")
    cost = sum(group.weight * max(done[name] for name in group.visits) for group in scene.groups)
    for visit in scene.visits:
        cost += how.each_visit * done[visit.id]
        if visit.due_s is not None:
            late = max(0, sure[visit.id] - visit.due_s)
            cost += how.early_per_s * reached[visit.id] + how.late_per_s * late + (how.late_once if late else 0)
    return cost


def _thousandths(model: Any, time: Any, permille: int) -> Any:
    share = model.new_int_var(0, DAY_S, "")
    model.add_division_equality(share, permille * time, 1000)
    return share


def optimum(scene: Scene, how: Search) -> int | None:
    """Return what the best routes cost, None when the solver has not proven any to be the best within its time."""
    cp_model = importlib.import_module("ortools.sat.python.cp_model")
    model, visits = cp_model.CpModel(), range(len(scene.visits))
    reached = [model.new_int_var(0, DAY_S, f"reached {number}") for number in visits]
    done = [model.new_int_var(0, DAY_S, f"done {number}") for number in visits]
    sure = [model.new_int_var(0, 2 * DAY_S, f"sure {number}") for number in visits]
    doubt = [_thousandths(model, each, how.doubt_permille) for each in done]
    column = {visit.id: number for number, visit in enumerate(scene.visits)}
    made: list[list[Any]] = [[] for _ in visits]
    for row, crew in enumerate(scene.crews):
        idle = model.new_bool_var("")
        arcs = [(0, 0, idle)]
        for here in visits:
            goes = model.new_bool_var("")
            made[here].append(goes)
            arcs += [(here + 1, here + 1, ~goes), (here + 1, 0, model.new_bool_var(""))]
            model.add_implication(goes, ~idle)
            if not scene.can[row, here]:
                model.add(goes == 0)
            first = model.new_bool_var("")
            arcs.append((0, here + 1, first))
            model.add(reached[here] >= crew.free_s + int(scene.drive_s[row, here])).only_enforce_if(first)
            late_by = how.doubt_permille * crew.free_s // 1000
            model.add(sure[here] >= reached[here] + late_by).only_enforce_if(first)
            for there in visits:
                if there != here:
                    follows = model.new_bool_var("")
                    arcs.append((here + 1, there + 1, follows))
                    drive = int(scene.table_s[here, there])
                    model.add(reached[there] >= done[here] + drive).only_enforce_if(follows)
                    model.add(sure[there] >= reached[there] + doubt[here]).only_enforce_if(follows)
        model.add_circuit(arcs)
    terms = []
    for number, visit in enumerate(scene.visits):
        model.add_exactly_one(made[number])
        model.add(done[number] >= reached[number] + visit.site_s)
        if visit.first is not None:
            model.add(done[number] >= done[column[visit.first]] + visit.site_s)
        terms.append(how.each_visit * done[number])
        if visit.due_s is not None:
            late, is_late = model.new_int_var(0, DAY_S, ""), model.new_bool_var("")
            model.add(late >= sure[number] - visit.due_s)
            model.add(late == 0).only_enforce_if(~is_late)
            terms += [how.early_per_s * reached[number], how.late_per_s * late, how.late_once * is_late]
    for group in scene.groups:
        back = model.new_int_var(0, DAY_S, "")
        model.add_max_equality(back, [done[column[name]] for name in group.visits])
        terms.append(group.weight * back)
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = TIME_LIMIT_S
    solver.parameters.num_workers = WORKERS
    return round(solver.objective_value) if solver.solve(model) == cp_model.OPTIMAL else None


def solved(seeds: Sequence[int], say: Callable[[str], None] = lambda _: None) -> Iterator[Solved]:
    """Yield each case that the solver has proven the best of. Raises ImportError where there is no solver."""
    how = Search()
    for seed in seeds:
        scene = case(seed)
        best = optimum(scene, how)
        if best is None:
            say(f"  case {seed}: not proven within {TIME_LIMIT_S:.0f} s")
            continue
        yield Solved(seed, cost_of(scene, replan(scene, {}, how, seed).routes, how), best)
