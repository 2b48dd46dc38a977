"""The product's dispatch before its judge: a translation between the judge's words and ours, no rule of its own.

    python ../shared/judge/dispatch.py --policy tests.benchmarks.judged_dispatch:plan --seeds 1000-1019
    python ../shared/judge/dispatch.py --policy tests.benchmarks.judged_dispatch:nearest_depot --seeds 1000-1019

The judge speaks of minutes and kilometres on a plane, the product of whole seconds. A danger comes as a visit to make safe, and the
repair that will follow it is foreseen. As in the product a repair has one name from its report to its end: that of its incident.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from services.dispatch import nearest_depot as literal
from services.dispatch.plan import WEIGHED, CrewAt, Group, Scene, Visit, get_ready, left_s
from services.dispatch.plan_moves import Decision, Policy, decide, policy_of
from services.dispatch.rules import DEFAULTS

LINE = "line"
DEPOT = "depot"
Decide = Callable[[Scene, dict[str, tuple[str, ...]], Policy, int, int], Decision]


class Judged:
    """A policy as the judge asks for it; `decides` is the product's. What does not change is translated once."""

    split_hazards = True

    def __init__(self, world: Any, decides: Decide, policy: Policy) -> None:
        self._world, self._decides, self._policy = world, decides, policy
        self._routes: dict[str, tuple[str, ...]] = {}
        self._basis, self._heard = 0, 0.0
        homes = {depot.id: (depot.x_km, depot.y_km) for depot in world.depots}
        self._drives = Drives(
            60 * world.road_factor / world.speed_km_per_min,
            [homes[crew.depot_id] for crew in world.crews],
        )
        self._line = np.array([LINE in crew.skills for crew in world.crews], np.bool_)
        self._repairs: dict[int, tuple[Visit, bool]] = {}
        self._groups: dict[tuple[int, ...], Group] = {}
        self._idle = [CrewAt(str(crew.id), str(crew.depot_id), LINE in crew.skills) for crew in world.crews]
        get_ready()

    def decide(self, situation: Any) -> list[tuple[int, int | str]]:
        """Return the judge's orders for the product's moves."""
        if situation.trigger.kind == "reported":
            self._heard = situation.now_min
        if situation.trigger.kind in {"reported", "finished"}:
            self._basis = 0
        jobs: dict[str, int] = {}
        scene = self._scene(situation, jobs)
        quiet_s = round(60 * (situation.now_min - self._heard))
        decision = self._decides(scene, self._routes, self._policy, quiet_s, self._basis)
        self._routes, self._basis = dict(decision.plan.routes), decision.basis
        home = {crew.id for crew in situation.crews if crew.to_depot}
        return [
            (int(move.crew), DEPOT if move.visit is None else jobs[move.visit])
            for move in decision.moves
            if move.visit is not None or int(move.crew) not in home
        ]

    def _scene(self, situation: Any, jobs: dict[str, int]) -> Scene:
        """Return the scene, and fill in which job each of its visits is."""
        now, on_site = situation.now_min, {crew.job_id: crew for crew in situation.crews if crew.state == "onsite"}
        visits: list[Visit] = []
        asks_line: list[bool] = []
        names: dict[int, str] = {}
        left: dict[int, int] = {}
        for job in (*situation.open_jobs, *situation.assigned_jobs):
            repair, for_line = self._repairs.get(job.incident_id) or self._repair(job)
            working = None if job.crew_id is None else on_site.get(job.id)
            if working is not None:
                left[working.id] = self._left(working, job, now)
            if job.kind == "make_safe":
                due = round(60 * (job.reported_min + self._world.hazard_goal_minutes - now))
                safe = Visit(f"safe {job.incident_id}", repair.place, round(60 * job.expected_minutes), due)
                foreseen = Visit(repair.id, repair.place, repair.site_s, first=safe.id, open=False)
                visits += [_at_work(safe, working, left), foreseen]
                asks_line += [job.skill == LINE, for_line]
                names[job.id] = safe.id
            else:
                visits.append(_at_work(repair, working, left))
                asks_line.append(for_line)
                names[job.id] = repair.id
        jobs.update(zip(names.values(), names, strict=True))
        slots = np.array([visit.place for visit in visits], np.int64)
        drive, home = self._drives.to(slots, [(crew.x_km, crew.y_km) for crew in situation.crews])
        can = self._line[:, None] | ~np.array(asks_line, np.bool_)
        crews = [self._crew(crew, names, left) for crew in situation.crews]
        groups = [self._group(segment) for segment in situation.segments]
        return Scene(visits, crews, groups, drive, self._drives.table, can, home, np.zeros_like(can))

    def _repair(self, job: Any) -> tuple[Visit, bool]:
        """Return the repair that a job is or will be followed by, and whether it asks for a line crew."""
        slot = self._drives.slot((job.x_km, job.y_km))
        visit = Visit(str(job.incident_id), slot, round(60 * job.repair_minutes))
        found = self._repairs[job.incident_id] = visit, job.repair_skill == LINE
        return found

    def _crew(self, crew: Any, names: dict[int, str], left: dict[int, int]) -> CrewAt:
        idle: CrewAt = self._idle[crew.id]
        if crew.job_id is None:
            return idle
        if crew.state == "onsite":
            return CrewAt(idle.id, idle.depot, idle.line, left[crew.id], on_site=True)
        return CrewAt(idle.id, idle.depot, idle.line, doing=names[crew.job_id])

    def _left(self, crew: Any, job: Any, now: float) -> int:
        lasted = job.expected_minutes - (crew.expected_free_min - now)
        return left_s(round(60 * job.expected_minutes), round(60 * lasted))

    def _group(self, segment: Any) -> Group:
        counts = segment.counts
        extra = (DEFAULTS.weight_life_support - 1) * counts.critical + (DEFAULTS.weight_large - 1) * counts.large
        weight = WEIGHED * (counts.customers + extra)
        known = self._groups.get(segment.incident_ids)
        if known is None or known.weight != weight:
            known = Group(weight, tuple(str(each) for each in segment.incident_ids))
            self._groups[segment.incident_ids] = known
        return known


class Drives:
    """Seconds between places on the plane; what was reckoned before is not reckoned again: each place has a slot in `table`."""

    def __init__(self, s_per_km: float, homes: list[tuple[float, float]]) -> None:
        self._s_per_km = s_per_km
        self._slots: dict[tuple[float, float], int] = {}
        self._xy = np.zeros((64, 2))
        self.table = np.zeros((64, 64), np.int64)
        self._at, self._homes = np.array(homes), np.array(homes)
        self._from_at, self._from_home = (np.zeros((len(homes), 64), np.int64) for _ in range(2))

    def slot(self, place: tuple[float, float]) -> int:
        """Return the slot of a place, which it gets if it has none."""
        if place not in self._slots:
            self._add(place)
        return self._slots[place]

    def to(self, slots: Any, positions: list[tuple[float, float]]) -> tuple[Any, Any]:
        """Return the seconds from each crew's position, and from its depot, to the places of these slots."""
        at, many = np.array(positions), len(self._slots)
        moved = np.flatnonzero((at != self._at).any(axis=1))
        self._from_at[moved, :many] = self._seconds(at[moved, None], self._xy[None, :many])
        self._at = at
        return np.take(self._from_at, slots, 1), np.take(self._from_home, slots, 1)

    def _add(self, place: tuple[float, float]) -> None:
        slot = self._slots[place] = len(self._slots)
        if slot >= len(self._xy):
            more = len(self._xy)
            self._xy = np.pad(self._xy, ((0, more), (0, 0)))
            self.table = np.pad(self.table, (0, more))
            self._from_at, self._from_home = (
                np.pad(each, ((0, 0), (0, more))) for each in (self._from_at, self._from_home)
            )
        self._xy[slot] = place
        self.table[slot, : slot + 1] = self.table[: slot + 1, slot] = self._seconds(
            self._xy[slot], self._xy[: slot + 1]
        )
        self._from_at[:, slot] = self._seconds(self._at, self._xy[slot])
        self._from_home[:, slot] = self._seconds(self._homes, self._xy[slot])

    def _seconds(self, a: Any, b: Any) -> Any:
        return (np.sqrt((a[..., 0] - b[..., 0]) ** 2 + (a[..., 1] - b[..., 1]) ** 2) * self._s_per_km).astype(np.int64)


def _at_work(visit: Visit, crew: Any, left: dict[int, int]) -> Visit:
    """Return the visit as one at which a crew works, if one does."""
    if crew is None:
        return visit
    return Visit(visit.id, visit.place, visit.site_s, visit.due_s, visit.first, visit.open, str(crew.id), left[crew.id])


plan = functools.partial(Judged, decides=decide, policy=policy_of(DEFAULTS))
nearest_depot = functools.partial(Judged, decides=literal.decide, policy=policy_of(DEFAULTS))
