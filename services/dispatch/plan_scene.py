"""What there is to plan in a region now: its work, its crews, who waits for what, and all drives; from the stage's state."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from schemas.events import OrderState
from services.dispatch.demands import LINE, demands_of
from services.dispatch.eligibility import Standing
from services.dispatch.entities import NEEDS_CREW, ON_SITE, UNDER_WAY, Duty, Job, Order
from services.dispatch.fairness import Hardship, fairer
from services.dispatch.plan import WEIGHED, CrewAt, Group, Scene, Visit, left_s
from services.dispatch.reasons import Reason
from services.dispatch.roster import Roster
from services.dispatch.rules import Rules
from services.network.places import Place

HAZARD_GOAL_MS = 30 * 60_000
"""A crew of any skill is to be at a danger within this time of its report."""
_LEAVING_S = 5 * 60
"""How long a crew stays at work that it has reported repaired."""
SWITCHED_S = 15 * 60
"""How long after its arrival a crew has switched over those who can be fed another way."""
_FIRST = 20_000
"""As how many customers more work counts that a dispatcher wants done first: more than any other work has."""


@dataclasses.dataclass(frozen=True, slots=True)
class Region:
    """The state that a plan is made from: jobs that are not over, active orders by id, duty of each crew, who each crew is.

    `hardship`: whose customers were out longest in the last year, None where nothing is known.
    """

    roster: Roster
    region: str
    rules: Rules
    jobs: Sequence[Job]
    orders: Mapping[str, Order]
    duties: Mapping[str, Duty]
    now: int
    hardship: Hardship | None = None

    def standing(self, crew: str) -> Standing:
        """Return a crew as it stands now."""
        known = self.roster.crews_of(self.region)[crew]
        return Standing(known, self.duties.get(crew) or Duty(id=crew), self.roster, self.now, self.rules)


def scene_of(region: Region, standings: Mapping[str, Standing]) -> Scene:
    """Return the scene: work that waits and is not held, work under way and on site; crews that work or could.

    Who has a break, is off duty or was not heard of makes no visit. `can` holds all rules but one: the order that a crew has.
    """
    orders = {order.crew: order for order in region.orders.values()}
    jobs = [job for job in region.jobs if _is_planned(job, region)]
    columns = {job.id: number for number, job in enumerate(jobs)}
    dangers = {job.about: job.id for job in reversed(jobs) if job.hazard is not None}
    all_jobs = {job.id: job for job in region.jobs}
    crews = [name for name in standings if set(standings[name].reasons) <= {Reason.BUSY}]
    visits = [_visit(region, job, number, dangers) for number, job in enumerate(jobs)]
    ats = [_crew_at(region, name, orders.get(name), all_jobs, columns) for name in crews]
    places = [job.place for job in jobs]
    starts = [_start(region, name, orders.get(name)) for name in crews]
    travel = region.roster.travel
    drive = _seconds(travel.matrix(starts, places), len(crews), len(jobs))
    home = _seconds(travel.matrix([region.roster.home(name).place for name in crews], places), len(crews), len(jobs))
    for row, name in enumerate(crews):
        order = orders.get(name)
        if order is not None and order.state in UNDER_WAY and order.job in columns:
            drive[row, columns[order.job]] = max(0, order.arrival_estimate - region.now) // 1000
    can = np.zeros((len(crews), len(jobs)), np.bool_)
    past = np.zeros_like(can)
    lasts = np.maximum(drive, home) + np.array([visit.site_s for visit in visits], np.int64)
    for row, (name, at) in enumerate(zip(crews, ats, strict=True)):
        standing = standings[name]
        ends = region.now + 1000 * (at.free_s + lasts[row])
        can[row] = [
            (job.held_by is None or at.doing == job.id) and not standing.kept_from(job, end)
            for job, end in zip(jobs, ends.tolist(), strict=True)
        ]
        past[row] = standing.shift is not None and ends > standing.shift.end
    return Scene(
        visits,
        ats,
        _groups(region, jobs),
        drive,
        _seconds(travel.matrix(places, places), len(jobs), len(jobs)),
        can,
        home,
        past,
    )


def _is_planned(job: Job, region: Region) -> bool:
    if job.state == "waiting":
        return job.held_by is None
    order = None if job.order is None else region.orders.get(job.order)
    return job.state == "ordered" and order is not None and order.state in UNDER_WAY | ON_SITE


def _visit(region: Region, job: Job, place: int, dangers: Mapping[str | None, str]) -> Visit:
    expected = demands_of(job, region.rules).expected_ms // 1000
    order = None if job.order is None else region.orders.get(job.order)
    first = dangers.get(job.incident) if job.incident is not None and job.assists is None else None
    due = None if job.hazard is None else (job.started_at + HAZARD_GOAL_MS - region.now) // 1000
    if order is None or order.state not in ON_SITE:
        return Visit(job.id, place, expected, due, first)
    return Visit(job.id, place, expected, due, first, crew=order.crew, left_s=_left(order, expected, region.now))


def _left(order: Order, expected_s: int, now: int) -> int:
    if order.state is OrderState.REPAIRED:
        return _LEAVING_S
    if order.completion_estimate is not None and order.completion_estimate > now:
        return (order.completion_estimate - now) // 1000
    return left_s(expected_s, (now - (order.arrived_at or order.changed_at)) // 1000)


def _crew_at(
    region: Region, name: str, order: Order | None, jobs: Mapping[str, Job], planned: Mapping[str, int]
) -> CrewAt:
    crew, home = region.roster.crews_of(region.region)[name], region.roster.home(name)
    line = LINE in crew.skills
    if order is None:
        return CrewAt(name, home.id, line)
    if order.state in ON_SITE:
        job = jobs.get(order.job)
        expected = 0 if job is None else demands_of(job, region.rules).expected_ms // 1000
        return CrewAt(name, home.id, line, free_s=_left(order, expected, region.now), on_site=True)
    return CrewAt(name, home.id, line, doing=order.job if order.job in planned else None, pinned=order.pinned)


def _start(region: Region, name: str, order: Order | None) -> Place:
    if order is not None and order.state in ON_SITE:
        return order.place
    duty = region.duties.get(name)
    return region.roster.home(name).place if duty is None or duty.place is None else duty.place


def _groups(region: Region, jobs: Sequence[Job]) -> list[Group]:
    """Return who waits for what: the customers of an incident for its repair and for those between it and the supply."""
    known = {job.id: job for job in region.jobs if job.hazard is None and job.assists is None}
    planned = {job.id for job in jobs}
    groups = []
    for job in jobs:
        if job.hazard is not None:
            continue
        chain, above, seen = [job.id], job.upstream, {job.id}
        while above is not None and above in known and above not in seen:
            seen.add(above)
            if above in planned and known[above].standing in NEEDS_CREW:
                chain.append(above)
            above = known[above].upstream
        weight = weight_of(job, region)
        switched = min(switchable_weight(job, region), weight)
        if switched:
            groups.append(Group(switched, tuple(chain), SWITCHED_S))
        groups.append(Group(weight - switched, tuple(chain)))
    return groups


def weight_of(job: Job, region: Region) -> int:
    """Return what a second of this outage counts, times `WEIGHED`: its customers, by tier and fairness, one at least."""
    weight = _weighed((max(1, job.customers), job.life_support, job.important), job, region)
    return weight + (first_weight() if job.first else 0)


def switchable_weight(job: Job, region: Region) -> int:
    """Return what a second counts, times `WEIGHED`, of the customers who can be fed another way before the repair."""
    return _weighed(job.switchable, job, region)


def _weighed(out: tuple[int, int, int], job: Job, region: Region) -> int:
    (customers, life_support, important), rules = out, region.rules
    more = (rules.weight_life_support - 1) * life_support + (rules.weight_important - 1) * important
    return fairer(WEIGHED * (customers + more), job.device, region.hardship, rules.fairness_per_mille)


def first_weight() -> int:
    """Return what a second more counts of work that a dispatcher wants done first, times `WEIGHED`."""
    return WEIGHED * _FIRST


def _seconds(
    milliseconds: np.ndarray[tuple[int, int], np.dtype[np.int64]], rows: int, columns: int
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.ascontiguousarray(milliseconds // 1000).reshape(rows, columns)
