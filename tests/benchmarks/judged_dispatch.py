"""The product's dispatch before its judge: a translation between the judge's words and ours, no rule of its own.

    python ../shared/judge/dispatch.py --policy tests.benchmarks.judged_dispatch:plan --seeds 1000-1019
    python ../shared/judge/dispatch.py --policy tests.benchmarks.judged_dispatch:nearest_depot --seeds 1000-1019

The judge speaks of minutes and kilometres on a plane, the product of whole seconds. A danger comes as a visit to make safe, and the
repair that will follow it is foreseen.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from services.dispatch import nearest_depot as literal
from services.dispatch.plan import WEIGHED, CrewAt, Group, Scene, Visit, left_s
from services.dispatch.plan_moves import Decision, Policy, decide, policy_of
from services.dispatch.rules import DEFAULTS

LINE = "line"
DEPOT = "depot"
Decide = Callable[[Scene, dict[str, tuple[str, ...]], Policy, int, int], Decision]


class Judged:
    """A policy as the judge asks for it; `decides` is the product's."""

    split_hazards = True

    def __init__(self, world: Any, decides: Decide, policy: Policy) -> None:
        self._world, self._decides, self._policy = world, decides, policy
        self._routes: dict[str, tuple[str, ...]] = {}
        self._asked, self._heard = 0, 0.0
        self._homes = {depot.id: (depot.x_km, depot.y_km) for depot in world.depots}
        self._drives = Drives(60 * world.road_factor / world.speed_km_per_min)

    def decide(self, situation: Any) -> list[tuple[int, int | str]]:
        """Return the judge's orders for the product's moves."""
        self._asked += 1
        if situation.trigger.kind == "reported":
            self._heard = situation.now_min
        scene = self._scene(situation)
        quiet_s = round(60 * (situation.now_min - self._heard))
        decision = self._decides(scene, self._routes, self._policy, quiet_s, self._asked)
        self._routes = dict(decision.plan.routes)
        home = {crew.id for crew in situation.crews if crew.to_depot}
        return [
            (int(move.crew), DEPOT if move.visit is None else int(move.visit))
            for move in decision.moves
            if move.visit is not None or int(move.crew) not in home
        ]

    def _scene(self, situation: Any) -> Scene:
        working = {crew.job_id: crew for crew in situation.crews if crew.state == "onsite"}
        visits: list[Visit] = []
        places: list[tuple[float, float]] = []
        skills: list[str] = []
        repairs: dict[int, str] = {}

        def add(job: Any, visit: Visit, skill: str) -> None:
            visits.append(visit)
            places.append((job.x_km, job.y_km))
            skills.append(skill)

        for job in (*situation.open_jobs, *situation.assigned_jobs):
            crew = working.get(job.id)
            left = 0 if crew is None else self._left(crew, job, situation.now_min)
            at_work = None if crew is None else str(crew.id)
            due = round(60 * (job.reported_min + self._world.hazard_goal_minutes - situation.now_min))
            to_make_safe = job.kind == "make_safe"
            due = due if to_make_safe else None
            visit = Visit(str(job.id), len(visits), round(60 * job.expected_minutes), due, crew=at_work, left_s=left)
            add(job, visit, job.skill)
            repairs[job.incident_id] = str(job.id)
            if to_make_safe:
                later = f"after {job.id}"
                repair = Visit(later, len(visits), round(60 * job.repair_minutes), first=str(job.id), open=False)
                add(job, repair, job.repair_skill)
                repairs[job.incident_id] = later
        crews = [self._crew(crew, situation) for crew in situation.crews]
        jobs = {job.id: (job.x_km, job.y_km) for job in situation.assigned_jobs}
        starts = [jobs[crew.job_id] if crew.state == "onsite" else (crew.x_km, crew.y_km) for crew in situation.crews]
        line = np.array([skill == LINE for skill in skills], np.bool_)
        can = np.array([~line | (LINE in crew.skills) for crew in situation.crews])
        slots, table = self._drives.between(places)
        return Scene(
            [_placed(visit, slot) for visit, slot in zip(visits, slots, strict=True)],
            crews,
            [self._group(segment, repairs) for segment in situation.segments],
            self._drives.to(starts, places),
            table,
            can,
            self._drives.to([self._homes[crew.depot_id] for crew in situation.crews], places),
            np.zeros_like(can),
        )

    def _crew(self, crew: Any, situation: Any) -> CrewAt:
        on_site = crew.state == "onsite"
        free = self._left(crew, _job(situation, crew.job_id), situation.now_min) if on_site else 0
        doing = None if on_site or crew.job_id is None else str(crew.job_id)
        return CrewAt(str(crew.id), str(crew.depot_id), LINE in crew.skills, free, doing, on_site=on_site)

    def _left(self, crew: Any, job: Any, now: float) -> int:
        lasted = job.expected_minutes - (crew.expected_free_min - now)
        return left_s(round(60 * job.expected_minutes), round(60 * lasted))

    def _group(self, segment: Any, repairs: dict[int, str]) -> Group:
        counts = segment.counts
        extra = (DEFAULTS.weight_life_support - 1) * counts.critical + (DEFAULTS.weight_large - 1) * counts.large
        return Group(WEIGHED * (counts.customers + extra), tuple(repairs[each] for each in segment.incident_ids))


class Drives:
    """Seconds between places on the plane; places that were met before are not reckoned again."""

    def __init__(self, s_per_km: float) -> None:
        self._s_per_km = s_per_km
        self._slots: dict[tuple[float, float], int] = {}
        self._xy = np.zeros((64, 2))
        self._table = np.zeros((64, 64), np.int64)

    def between(self, places: list[tuple[float, float]]) -> tuple[list[int], Any]:
        """Return the row of each place, and the table."""
        for place in places:
            if place not in self._slots:
                self._add(place)
        return [self._slots[place] for place in places], self._table

    def to(self, starts: list[tuple[float, float]], ends: list[tuple[float, float]]) -> Any:
        """Return the seconds from each start to each end."""
        a, b = np.array(starts).reshape(-1, 1, 2), np.array(ends).reshape(1, -1, 2)
        return self._seconds(a, b)

    def _add(self, place: tuple[float, float]) -> None:
        slot = self._slots[place] = len(self._slots)
        if slot >= len(self._xy):
            self._xy = np.pad(self._xy, ((0, len(self._xy)), (0, 0)))
            self._table = np.pad(self._table, (0, len(self._table)))
        self._xy[slot] = place
        row = self._seconds(self._xy[slot], self._xy[: slot + 1])
        self._table[slot, : slot + 1] = self._table[: slot + 1, slot] = row

    def _seconds(self, a: Any, b: Any) -> Any:
        return (np.hypot(a[..., 0] - b[..., 0], a[..., 1] - b[..., 1]) * self._s_per_km).astype(np.int64)


def _job(situation: Any, job_id: int) -> Any:
    return next(job for job in situation.assigned_jobs if job.id == job_id)


def _placed(visit: Visit, slot: int) -> Visit:
    return Visit(visit.id, slot, visit.site_s, visit.due_s, visit.first, visit.open, visit.crew, visit.left_s)


plan = functools.partial(Judged, decides=decide, policy=policy_of(DEFAULTS))
nearest_depot = functools.partial(Judged, decides=literal.decide, policy=policy_of(DEFAULTS))
