"""What people are shown of a region's plan: each crew's route, what waits and why, and what a plan would be under a change.

Times are milliseconds. The sentences are made of the numbers that were kept with the decision (`dispatch_planned`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from services.dispatch.demands import demands_of
from services.dispatch.entities import ON_SITE, Duty, Job, Order, hazard_job
from services.dispatch.fairness import Hardship
from services.dispatch.plan_scene import Region
from services.dispatch.planned import Planned
from services.dispatch.reasons import Reason
from services.dispatch.showing import ORDER_BODY, Crews, as_order, read_crews, until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.engine.taking import Connection


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan said last of a piece of work, and the numbers that it rested on.

    `customers` have power again at `done_ms`; `ahead` is the work that the crew does before, `behind` what it does after: the
    `others` customers of the nearer of these have it at `others_done_ms`. `others_incident` and `others_hazard` say what that is.
    """

    at_ms: int
    crew: str
    rank: int
    arrival_ms: int
    done_ms: int
    customers: int
    reason: str
    ahead: str | None
    behind: str | None
    others: int | None
    others_done_ms: int | None
    others_incident: str | None
    others_hazard: str | None


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work of a crew: `drive_ms` is when its drive there begins (None: it is there), then arrival and end.

    `state` is that of its order; None: it is planned only. `pinned`: a dispatcher sent it.
    """

    job: str
    incident: str | None
    hazard: str | None
    device: str | None
    work: str
    customers: int
    state: str | None
    pinned: bool
    first: bool
    drive_ms: int | None
    arrival_ms: int
    done_ms: int
    because: Because | None


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A crew and its work in order. `kept`: the rule that keeps it from any work now (None: none does, or it has an order)."""

    crew: str
    depot: str
    state: str
    kept: str | None
    stops: list[Stop]


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """Work that waits: which crew is planned for it and when (None: none), why nobody is sent, and what a dispatcher said of it."""

    job: str
    incident: str | None
    hazard: str | None
    device: str | None
    work: str
    customers: int
    since_ms: int
    crew: str | None
    arrival_ms: int | None
    done_ms: int | None
    why: list[str]
    held: bool
    first: bool
    second: bool
    forbidden: list[str]
    because: Because | None


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """Who would be sent where, in the mode that only advises."""

    crew: str
    job: str
    incident: str | None
    hazard: str | None
    device: str | None
    customers: int
    arrival_ms: int
    done_ms: int


class PlanShown(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a region as it stands. `chosen`: a dispatcher chose the mode, not the settings."""

    now_ms: int
    region: str
    mode: str
    storm: bool
    crews: list[Route]
    waiting: list[Waits]
    proposals: list[Proposal]


class NoSuchRegion(Exception):
    """The utility has no such region."""


async def read_region(connection: Connection, crews: Crews, region: str, now: int) -> tuple[Region, Planned]:
    """Return the state that a plan of this region is made from, and the plan that stands. Raises `NoSuchRegion`."""
    if region not in crews.roster.regions:
        raise NoSuchRegion(region)
    jobs, standing, hardship = [], Planned(id=region), None
    for row in await connection.fetch(
        "SELECT kind, body FROM entity WHERE stage = 'dispatch' AND shard = $1 AND kind = ANY ($2::text[]) ORDER BY id",
        region,
        [Job.kind, Planned.kind, Hardship.kind],
    ):
        if row["kind"] == Planned.kind:
            standing = msgspec.json.decode(row["body"], type=Planned)
            continue
        if row["kind"] == Hardship.kind:
            hardship = msgspec.json.decode(row["body"], type=Hardship)
            continue
        job = msgspec.json.decode(row["body"], type=Job)
        if job.state in {"waiting", "ordered"}:
            jobs.append(job)
    orders = [as_order(row) for row in await connection.fetch(_ACTIVE_OF, region)]
    own = crews.roster.crews_of(region)
    duties = {name: crews.duty(name) for name in own}
    state = Region(
        crews.driving(region),
        region,
        crews.rules_of(region),
        jobs,
        {order.id: order for order in orders if order.crew in own},
        duties,
        now,
        hardship,
    )
    return state, standing


async def shown_plan(connection: Connection, region: str, now: int) -> PlanShown:
    """Return the plan of a region. Raises `NoSuchRegion`."""
    crews = await read_crews(connection)
    state, standing = await read_region(connection, crews, region, now)
    jobs = {job.id: job for job in state.jobs}
    because = await _because(connection, list(jobs), jobs)
    expected = {each.job: each for each in standing.expected}
    routes: list[Route] = []
    of_crew = {order.crew: order for order in state.orders.values()}
    planned = dict(standing.routes)
    for name in crews.roster.crews_of(region):
        stops: list[Stop] = []
        order = of_crew.get(name)
        if order is not None:
            stops.append(_under_way(jobs.get(order.job), order, because, now))
        free_at = stops[-1].done_ms if stops else now
        for job_id in planned.get(name, ()):
            job, due = jobs.get(job_id), expected.get(job_id)
            if job is None or due is None or job.state != "waiting":
                continue
            arrival, done = max(due.arrival, free_at), max(due.done, free_at)
            stops.append(_planned(job, free_at, arrival, done, because))
            free_at = done
        kept = next((reason for reason in state.standing(name).reasons if reason is not Reason.BUSY), None)
        home, duty = crews.roster.home(name), state.duties[name]
        routes.append(Route(crew=name, depot=home.id, state=duty.state, kept=kept, stops=stops))
    coming = {job: crew for crew, route in standing.routes for job in route}
    waiting = [_waits(job, coming.get(job.id), expected, because) for job in state.jobs if job.state == "waiting"]
    waiting.sort(key=lambda each: (each.hazard is None, -each.customers, each.since_ms, each.job))
    return PlanShown(
        now_ms=now,
        region=region,
        mode=state.rules.mode,
        storm=standing.storm,
        crews=routes,
        waiting=waiting,
        proposals=_proposals(standing, jobs, state.duties),
    )


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why a crew goes to an incident or danger, or why it waits: the reasons now, and the plan's last word with its numbers.

    `state` is that of the work. `arrival_ms` and `done_ms` are the plan's; `forbidden`, `first` and `second` a dispatcher's word.
    """

    now_ms: int
    region: str
    job: str
    state: str
    crew: str | None
    arrival_ms: int | None
    done_ms: int | None
    why: list[str]
    held: bool
    first: bool
    second: bool
    forbidden: list[str]
    because: Because | None


class NoSuchWork(Exception):
    """The dispatch stage knows no such incident or hazard."""


async def why_of(connection: Connection, now: int, *, incident: str | None = None, hazard: str | None = None) -> Why:
    """Return why a crew goes to an incident or a danger, or why none does. Raises `NoSuchWork`."""
    name = incident if hazard is None else hazard_job(hazard)
    row = await connection.fetchrow(
        """SELECT j.shard, j.body, p.body AS planned FROM entity j
           LEFT JOIN entity p ON p.stage = j.stage AND p.shard = j.shard AND p.kind = 'plan' AND p.id = j.shard
           WHERE j.stage = 'dispatch' AND j.kind = 'job' AND j.id = $1""",
        name,
    )
    if row is None:
        raise NoSuchWork(name)
    job = msgspec.json.decode(row["body"], type=Job)
    standing = Planned(id=row["shard"]) if row["planned"] is None else msgspec.json.decode(row["planned"], type=Planned)
    coming = (
        next((crew for crew, route in standing.routes if job.id in route), None) if job.state == "waiting" else None
    )
    because = await _because(connection, [job.id], {})
    waits = _waits(job, coming, {each.job: each for each in standing.expected}, because)
    return Why(
        now_ms=now,
        region=row["shard"],
        job=job.id,
        state=job.state,
        crew=waits.crew,
        arrival_ms=waits.arrival_ms,
        done_ms=waits.done_ms,
        why=waits.why if job.state == "waiting" else [],
        held=waits.held,
        first=job.first,
        second=job.second_by is not None,
        forbidden=list(job.forbidden),
        because=waits.because,
    )


async def _because(connection: Connection, names: list[str], jobs: Mapping[str, Job]) -> dict[str, Because]:
    rows = await connection.fetch(_LATEST, names)
    others = [row["ahead"] or row["behind"] for row in rows]
    missing = [name for name in others if name is not None and name not in jobs]
    about = {job.id: (job.incident, job.hazard) for job in jobs.values()}
    for each in await connection.fetch("SELECT job, incident, hazard FROM dispatch_job WHERE job = ANY ($1)", missing):
        about[each["job"]] = each["incident"], each["hazard"]
    found = {}
    for row, other in zip(rows, others, strict=True):
        incident, hazard = about.get(other, (None, None))
        kept = {name: row[name] for name in _KEPT}
        found[row["job"]] = Because(**kept, others_incident=incident, others_hazard=hazard)
    return found


def _under_way(job: Job | None, order: Order, because: Mapping[str, Because], now: int) -> Stop:
    there = order.state in ON_SITE
    expected = None if job is None else demands_of(job).expected_ms
    end = until(order, expected)
    return Stop(
        job=order.job,
        incident=order.incident,
        hazard=order.hazard,
        device=order.device,
        work=order.work,
        customers=0 if job is None else job.customers,
        state=order.state,
        pinned=order.pinned,
        first=job is not None and job.first,
        drive_ms=None if there else order.enroute_at or order.sent_at,
        arrival_ms=(order.arrived_at or order.changed_at) if there else max(order.arrival_estimate, now),
        done_ms=max(now, now if end is None else end),
        because=because.get(order.job),
    )


def _planned(job: Job, free_at: int, arrival: int, done: int, because: Mapping[str, Because]) -> Stop:
    return Stop(
        job=job.id,
        incident=job.incident,
        hazard=job.hazard,
        device=job.device,
        work=job.work,
        customers=job.customers,
        state=None,
        pinned=False,
        first=job.first,
        drive_ms=free_at,
        arrival_ms=arrival,
        done_ms=done,
        because=because.get(job.id),
    )


def _waits(job: Job, crew: str | None, expected: Mapping[str, Any], because: Mapping[str, Because]) -> Waits:
    due = None if crew is None else expected.get(job.id)
    return Waits(
        job=job.id,
        incident=job.incident,
        hazard=job.hazard,
        device=job.device,
        work=job.work,
        customers=job.customers,
        since_ms=job.started_at,
        crew=crew,
        arrival_ms=None if due is None else due.arrival,
        done_ms=None if due is None else due.done,
        why=list(job.told),
        held=job.held_by is not None,
        first=job.first,
        second=job.second_by is not None,
        forbidden=list(job.forbidden),
        because=because.get(job.id),
    )


def _proposals(standing: Planned, jobs: Mapping[str, Job], duties: Mapping[str, Duty]) -> list[Proposal]:
    expected = {each.job: each for each in standing.expected}
    found = []
    for crew, name in standing.proposed:
        job, due = jobs.get(name), expected.get(name)
        if job is None or due is None or job.state != "waiting" or crew not in duties:
            continue
        found.append(
            Proposal(
                crew=crew,
                job=name,
                incident=job.incident,
                hazard=job.hazard,
                device=job.device,
                customers=job.customers,
                arrival_ms=due.arrival,
                done_ms=due.done,
            )
        )
    return sorted(found, key=lambda each: (each.hazard is None, -each.customers, each.job))


_ACTIVE_OF = f"SELECT {ORDER_BODY} AS body FROM dispatch_order o WHERE o.ended_at_ms IS NULL AND o.region = $1"  # noqa: S608 - our own words
_KEPT = tuple(name for name in Because.__struct_fields__ if name not in {"others_incident", "others_hazard"})
_LATEST = f"""
SELECT p.job, {", ".join(f"p.{name}" for name in _KEPT)}
FROM unnest($1::text[]) AS w (job)
CROSS JOIN LATERAL (SELECT * FROM dispatch_planned d WHERE d.job = w.job ORDER BY d.at_ms DESC LIMIT 1) p
"""  # noqa: S608 - our own words
