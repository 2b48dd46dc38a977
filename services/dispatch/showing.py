"""What the console shows of crews: the board, with every crew's standing, its order and its route. Times are milliseconds."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from services.dispatch.closures import Closure, driving_around
from services.dispatch.demands import demands_of
from services.dispatch.eligibility import Standing
from services.dispatch.entities import ON_SITE, Duty, Job, Order
from services.dispatch.hours import HOUR_MS
from services.dispatch.oddities import oddities
from services.dispatch.reasons import Reason
from services.dispatch.roster import Roster
from services.dispatch.rules import DEFAULTS, Rules
from services.dispatch.store import read_roster
from services.dispatch.store_rules import read_rules
from services.dispatch.travel import ClosedRoad
from services.dispatch.visitors import Visitor, with_visitors

if TYPE_CHECKING:
    from services.engine.taking import Connection

ROUTE_MS = 12 * HOUR_MS
"""How far back a crew's route is shown."""

OFF = frozenset({Reason.OFF_DUTY, Reason.OFF_SHIFT})


class RouteJob(msgspec.Struct, frozen=True, kw_only=True):
    """One job of a crew's route. `until_ms` is its end, while it lasts when it is expected to end; None: not known."""

    order: str
    incident: str | None
    hazard: str | None
    device: str | None
    work: str
    state: str
    from_ms: int
    arrived_at_ms: int | None
    until_ms: int | None


class CrewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A crew on the board, as `CrewRow` of the console's types."""

    id: str
    depot: str | None
    region: str
    state: str
    reason: str
    order: str | None
    order_state: str | None
    incident: str | None
    hazard: str | None
    device: str | None
    work: str | None
    goal_lon: float | None
    goal_lat: float | None
    lon: float
    lat: float
    place_at_ms: int | None
    arrival_ms: int | None
    until_ms: int | None
    on_duty_since_ms: int | None
    shift_ends_ms: int | None
    hours_left_ms: int | None
    skills: list[str]
    certificates: list[str]
    kit: list[str]
    members: int
    visiting: bool
    home: str
    guide: str | None
    odd: list[str]
    route: list[RouteJob]


@dataclasses.dataclass(frozen=True, slots=True)
class Crews:
    """The crews that there are: the roster with all who visit, what each is doing, how many people each has, their rules.

    `closed` are the roads that are closed, by region.
    """

    roster: Roster
    duties: dict[str, Duty]
    visitors: dict[str, Visitor]
    members: dict[str, int]
    rules: dict[str, Rules]
    closed: dict[str, frozenset[ClosedRoad]]

    def driving(self, region: str) -> Roster:
        """Return the roster as its crews drive in a region now."""
        closed = self.closed.get(region)
        return driving_around(self.roster, closed) if closed else self.roster

    def duty(self, crew: str) -> Duty:
        """Return what a crew is doing."""
        return self.duties.get(crew) or Duty(id=crew)

    def rules_of(self, region: str) -> Rules:
        """Return what a region dispatches by."""
        return self.rules.get(region, DEFAULTS)


async def crew_rows(connection: Connection, now_ms: int) -> list[CrewRow]:
    """Return a row for every crew, own and visiting, sorted by id. Some 10 ms for 200 crews."""
    crews = await read_crews(connection)
    names = list(crews.roster.crews)
    states = [crews.duty(name).state for name in names]
    reasons = {row["crew"]: row["reason"] for row in await connection.fetch(_LAST_REASON, names, states)}
    routes: dict[str, list[tuple[Order, int | None]]] = {}
    for row in await connection.fetch(_ORDERS, now_ms - ROUTE_MS):
        job = None if row["job_body"] is None else msgspec.json.decode(row["job_body"], type=Job)
        order = as_order(row)
        routes.setdefault(order.crew, []).append((order, None if job is None else demands_of(job).expected_ms))
    return [_row(crews, crew, routes.get(crew, []), reasons.get(crew, ""), now_ms) for crew in names]


async def read_crews(connection: Connection, *, visitors: bool = True) -> Crews:
    """Return the crews that there are, as the stage has them, with those who visit unless they are left out.

    The roster is read again when the utility has another version.
    """
    roster, members = await _own(connection)
    of_kind: dict[str, list[tuple[str, str]]] = {Duty.kind: [], Visitor.kind: [], Closure.kind: []}
    for row in await connection.fetch(
        "SELECT kind, shard, body FROM entity WHERE stage = 'dispatch' AND kind = ANY ($1::text[])", list(of_kind)
    ):
        of_kind[row["kind"]].append((row["shard"], row["body"]))
    here: dict[str, list[Visitor]] = {}
    for shard, body in of_kind[Visitor.kind] if visitors else ():
        here.setdefault(shard, []).append(msgspec.json.decode(body, type=Visitor))
    for region, those in sorted(here.items()):
        roster = with_visitors(roster, region, tuple(sorted(those, key=lambda visitor: visitor.id)))
    duties = {}
    for shard, body in of_kind[Duty.kind]:
        duty = msgspec.json.decode(body, type=Duty)
        if duty.id in roster.crews and roster.region_of(duty.id) == shard:
            duties[duty.id] = duty
    visiting = {each.id: each for those in here.values() for each in those}
    closed: dict[str, frozenset[ClosedRoad]] = {}
    for shard, body in of_kind[Closure.kind]:
        closed[shard] = closed.get(shard, frozenset()) | {msgspec.json.decode(body, type=Closure).road}
    return Crews(roster, duties, visiting, members, await read_rules(connection), closed)


def as_order(row: Any) -> Order:
    """Return a row of `dispatch_order` as the order that it is."""
    return msgspec.json.decode(row["body"], type=Order)


def until(order: Order, expected_ms: int | None) -> int | None:
    """Return when an active order's work is expected to end: by its crew's word, else by what such work takes."""
    if order.completion_estimate is not None or expected_ms is None:
        return order.completion_estimate
    return (order.arrived_at or order.arrival_estimate) + expected_ms


def hours(crews: Crews, crew: str, now_ms: int) -> tuple[int | None, int | None, int | None]:
    """Return since when a crew is on duty, when its shift ends, and how long it still may work; None for what is not so."""
    rules = crews.rules_of(crews.roster.region_of(crew))
    standing = Standing(crews.roster.crews[crew], crews.duty(crew), crews.roster, now_ms, rules)
    shift_ends = None if standing.shift is None else standing.shift.end
    if not OFF.isdisjoint(standing.reasons):
        return None, shift_ends, None
    since = standing.since if standing.since < now_ms else None
    return since, shift_ends, max(0, standing.until - now_ms)


def _row(crews: Crews, name: str, route: list[tuple[Order, int | None]], reason: str, now_ms: int) -> CrewRow:
    crew, duty, visitor = crews.roster.crews[name], crews.duty(name), crews.visitors.get(name)
    base = crews.roster.home(name)
    active, expected = next(((each, ms) for each, ms in route if each.id == duty.order), (None, None))
    since, shift_ends, left = hours(crews, name, now_ms)
    place = duty.place or base.place
    return CrewRow(
        id=name,
        depot=crew.depot if visitor is None else visitor.depot,
        region=base.region,
        state=duty.state,
        reason=reason,
        order=duty.order,
        order_state=None if active is None else active.state,
        incident=None if active is None else active.incident,
        hazard=None if active is None else active.hazard,
        device=None if active is None else active.device,
        work=None if active is None else active.work,
        goal_lon=None if active is None else active.place.lon,
        goal_lat=None if active is None else active.place.lat,
        lon=place.lon,
        lat=place.lat,
        place_at_ms=duty.place_at,
        arrival_ms=None if active is None or active.state in ON_SITE else active.arrival_estimate,
        until_ms=None if active is None else until(active, expected),
        on_duty_since_ms=since,
        shift_ends_ms=shift_ends,
        hours_left_ms=left,
        skills=sorted(crew.skills),
        certificates=sorted(crew.certificates),
        kit=sorted(crew.kit),
        members=crews.members.get(name, 0) if visitor is None else visitor.members,
        visiting=visitor is not None,
        home="" if visitor is None else visitor.home,
        guide=None if visitor is None else visitor.guide,
        odd=list(oddities(duty, active, now_ms)),
        route=[_job(order, ms) for order, ms in route],
    )


def _job(order: Order, expected_ms: int | None) -> RouteJob:
    return RouteJob(
        order=order.id,
        incident=order.incident,
        hazard=order.hazard,
        device=order.device,
        work=order.work,
        state=order.state,
        from_ms=order.sent_at,
        arrived_at_ms=order.arrived_at,
        until_ms=until(order, expected_ms) if order.ended_at is None else order.ended_at,
    )


_kept: dict[tuple[str, dt.datetime], tuple[Roster, dict[str, int]]] = {}


async def _own(connection: Connection) -> tuple[Roster, dict[str, int]]:
    """Return the utility's own roster and the members of its crews; both are kept as long as the version is current."""
    row = await connection.fetchrow("SELECT digest, imported_at FROM utility_version WHERE current")
    if row is None:
        return Roster((), ()), {}
    key = (row["digest"], row["imported_at"])
    if key not in _kept:
        found = await connection.fetch("SELECT crew, members FROM current_crew")
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = await read_roster(connection), {each["crew"]: each["members"] for each in found}
    return _kept[key]


_MOST_KEPT = 4
# A row as the stage's entity has it: the names of its columns say that times are milliseconds, those of its fields do not.
ORDER_BODY = """json_build_object(
    'id', o."order", 'crew', o.crew, 'job', o.job, 'incident', o.incident, 'hazard', o.hazard, 'area', o.area,
    'device', o.device, 'place', json_build_object('lon', o.lon, 'lat', o.lat), 'region', o.region, 'work', o.work,
    'priority', o.priority, 'assists', o.assists, 'attempt', o.attempt, 'skills', o.skills,
    'on_duty_since', o.on_duty_since_ms, 'sent_at', o.sent_at_ms, 'arrival_estimate', o.arrival_estimate_ms,
    'state', o.state, 'reason', o.reason, 'changed_at', o.changed_at_ms, 'pinned', o.pinned,
    'accepted_at', o.accepted_at_ms, 'enroute_at', o.enroute_at_ms, 'arrived_at', o.arrived_at_ms,
    'ended_at', o.ended_at_ms, 'completion_estimate', o.completion_estimate_ms, 'found', o.found, 'cause', o.cause,
    'answer_until', o.answer_until_ms, 'called_again_at', o.called_again_at_ms, 'clearance', o.clearance)"""
_ORDERS = f"""
SELECT {ORDER_BODY} AS body, j.body AS job_body
FROM dispatch_order o
LEFT JOIN entity j ON j.stage = 'dispatch' AND j.shard = o.region AND j.kind = 'job' AND j.id = o.job AND o.ended_at_ms IS NULL
WHERE o.ended_at_ms IS NULL OR o.sent_at_ms > $1
ORDER BY o.sent_at_ms, o."order"
"""  # noqa: S608 - the module's own words
_LAST_REASON = """
SELECT c.crew, j.reason
FROM unnest($1::text[], $2::text[]) AS c (crew, state)
CROSS JOIN LATERAL (
    SELECT reason FROM journal
    WHERE stage = 'dispatch' AND subject_kind = 'crew' AND subject = c.crew AND became = c.state
    ORDER BY now_ms DESC, tick DESC, id LIMIT 1
) j
"""
