"""What a plan says of when work will be done: kept with its numbers where it changes, and told to the incidents that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import WorkPlanned
from schemas.ids import derived
from schemas.topics import CREW_ASSIGNMENTS
from services.clock import from_ms
from services.dispatch.entities import Job
from services.dispatch.planned import Expected, Planned, PlannedRow
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from services.dispatch.plan_moves import Decision
    from services.dispatch.plan_scene import Region
    from services.engine.turn import Turn

WORTH_KEEPING_MS = 5 * 60_000
"""What is expected is kept anew when its arrival moves by so much, or its crew or its place in the route changes."""
WORTH_TELLING_MS = 15 * 60_000
"""An incident that waits is told of another arrival when it moves by so much."""


def keep_plan(
    turn: Turn, region: Region, standing: Planned, decision: Decision, proposed: tuple[tuple[str, str], ...]
) -> None:
    """Write the plan and what has changed of it; begin or end the storm; tell the incidents that wait when a crew is expected."""
    expected = _expected(region, decision)
    known = {each.job: each for each in standing.expected}
    kept = tuple(_kept(known.get(each.job), each) for each in expected)
    jobs = {job.id: job for job in region.jobs}
    by_job = {each.job: each for each in expected}
    for each in kept:
        if each != known.get(each.job):
            turn.record(_row(turn, jobs, by_job, each, decision))
    waiting = [job.id for job in turn.all(Job, lambda job: job.state == "waiting")]
    plan = Planned(
        id=turn.shard,
        routes=tuple(sorted((crew, route) for crew, route in decision.plan.routes.items() if route)),
        expected=kept,
        spoken=_tell(turn, jobs, standing, [each for each in kept if each.job in waiting]),
        proposed=tuple(sorted(proposed)),
        storm=decision.storm,
        basis=decision.basis,
    )
    turn.put(plan)
    if plan.storm != standing.storm:
        now, reason = ("storm", Reason.STORM_BEGINS) if plan.storm else ("calm", Reason.STORM_OVER)
        turn.note(plan, now, reason, waiting)


def _expected(region: Region, decision: Decision) -> list[Expected]:
    found = []
    for crew, route in decision.plan.routes.items():
        for rank, job in enumerate(route):
            arrival = region.now + 1000 * decision.plan.reached_s[job]
            done = region.now + 1000 * decision.plan.finished_s[job]
            ahead, behind = (route[0] if rank else None), (route[rank + 1] if rank + 1 < len(route) else None)
            found.append(
                Expected(job=job, crew=crew, rank=rank, arrival=arrival, done=done, ahead=ahead, behind=behind)
            )
    return sorted(found, key=lambda each: each.job)


def _kept(known: Expected | None, fresh: Expected) -> Expected:
    same = known is not None and (known.crew, known.rank, known.ahead, known.behind) == (
        fresh.crew,
        fresh.rank,
        fresh.ahead,
        fresh.behind,
    )
    return known if known is not None and same and abs(known.arrival - fresh.arrival) < WORTH_KEEPING_MS else fresh


def _row(
    turn: Turn, jobs: dict[str, Job], expected: dict[str, Expected], each: Expected, decision: Decision
) -> PlannedRow:
    job, other = jobs[each.job], each.ahead or each.behind
    standing = turn.get(Job, each.job)
    moved = next((move.reason for move in decision.moves if move.visit == each.job), None)
    return PlannedRow(
        job=each.job,
        incident=job.incident,
        hazard=job.hazard,
        crew=each.crew,
        rank=each.rank,
        arrival=each.arrival,
        done=each.done,
        customers=job.customers,
        reason=moved or Reason.PLANNED_LATER,
        order=None if standing is None else standing.order,
        ahead=each.ahead,
        behind=each.behind,
        others=jobs[other].customers if other is not None else None,
        others_done=expected[other].done if other is not None else None,
    )


def _tell(turn: Turn, jobs: dict[str, Job], standing: Planned, waiting: list[Expected]) -> tuple[tuple[str, int], ...]:
    spoken, told = dict(standing.spoken), []
    for each in waiting:
        job = jobs[each.job]
        before = spoken.get(each.job)
        if before is not None and abs(before - each.arrival) < WORTH_TELLING_MS:
            told.append((each.job, before))
            continue
        told.append((each.job, each.arrival))
        if job.incident is not None and job.assists is None:
            event = WorkPlanned(
                id=derived("workPlanned", each.job, each.crew, each.arrival, turn.now),
                at=from_ms(turn.now),
                exercise=turn.exercise,
                region=turn.shard,
                area=job.area,
                incident=job.incident,
                crew=each.crew,
                arrival=from_ms(each.arrival),
                reason=Reason.PLANNED_LATER,
            )
            turn.emit(CREW_ASSIGNMENTS, job.area, event)
    return tuple(told)
