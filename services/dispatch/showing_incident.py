"""What the console shows of the orders about one incident, and what of crews and their orders needs a person."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec

from services.dispatch.entities import Job
from services.dispatch.oddities import LATE_MS, SILENT_MS
from services.dispatch.rules import DEFAULTS
from services.dispatch.showing_live import ShownOrder
from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GivenOrder:
    """An order as it stands. Times are milliseconds."""

    order: str
    crew: str
    state: str
    reason: str
    work: str
    priority: str
    attempt: int
    assists: str | None
    pinned: bool
    sent_at_ms: int
    accepted_at_ms: int | None
    enroute_at_ms: int | None
    arrived_at_ms: int | None
    ended_at_ms: int | None
    arrival_ms: int | None
    completion_ms: int | None
    found: str | None
    cause: str | None
    incident: str | None
    hazard: str | None
    region: str
    device: str | None
    lon: float
    lat: float
    clearance: str = "notNeeded"


_SHOWN = ", ".join(f'"{field.name}"' for field in dataclasses.fields(ShownOrder))
_GIVEN = """SELECT "order", crew, state, reason, work, priority, attempt, assists, pinned, sent_at_ms, accepted_at_ms,
       enroute_at_ms, arrived_at_ms, ended_at_ms, arrival_estimate_ms AS arrival_ms, completion_estimate_ms AS completion_ms,
       found, cause, incident, hazard, region, device, lon, lat, clearance
FROM dispatch_order o"""


async def orders_of(connection: Connection, incident: str | None, hazards: Sequence[str] = ()) -> list[GivenOrder]:
    """Return every order that was ever given about an incident (None: about none) and dangers, the oldest first."""
    rows = await connection.fetch(
        f'{_GIVEN} WHERE incident = $1 OR hazard = ANY ($2::text[]) ORDER BY sent_at_ms, attempt, "order"',
        incident,
        list(hazards),
    )
    return [GivenOrder(**row) for row in rows]


async def order_named(connection: Connection, order: str) -> GivenOrder | None:
    """Return one order; None when there is none of this id."""
    row = await connection.fetchrow(f'{_GIVEN} WHERE "order" = $1', order)
    return None if row is None else GivenOrder(**row)


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """The job about an incident or danger: waiting, ordered, done or over; whether it is held; its active order.

    `forbidden` are the crews that a dispatcher forbids it, `first` and `second`: he wants it first, and a second crew.
    """

    region: str
    state: str
    held: bool
    order: str | None
    held_for_safety: bool = False
    forbidden: tuple[str, ...] = ()
    first: bool = False
    second: bool = False


async def work_on(connection: Connection, job: str) -> Work | None:
    """Return the job of this id (an incident's is the incident, a danger's `hazard:` and its id); None: none is known."""
    row = await connection.fetchrow(
        """SELECT j.region, j.state, j.held, j."order", j.held_for_safety, e.body
           FROM dispatch_job j JOIN entity e ON e.stage = 'dispatch' AND e.shard = j.region AND e.kind = 'job' AND e.id = j.job
           WHERE j.job = $1""",
        job,
    )
    if row is None:
        return None
    whole = msgspec.json.decode(row["body"], type=Job)
    return Work(
        region=row["region"],
        state=row["state"],
        held=row["held"],
        order=row["order"],
        held_for_safety=row["held_for_safety"],
        forbidden=whole.forbidden,
        first=whole.first,
        second=whole.second_by is not None,
    )


async def jobs_of(connection: Connection, incident: str | None, hazards: Sequence[str]) -> list[Job]:
    """Return all jobs about an incident and its dangers, those to help its crews among them, by id."""
    rows = await connection.fetch(
        """SELECT body FROM entity WHERE stage = 'dispatch' AND kind = 'job'
               AND (body ->> 'incident' = $1 OR body ->> 'hazard' = ANY ($2::text[])) ORDER BY id""",
        incident,
        list(hazards),
    )
    return [msgspec.json.decode(row["body"], type=Job) for row in rows]


async def shown_orders(connection: Connection, incident: str | None, hazards: Sequence[str]) -> list[ShownOrder]:
    """Return every order about an incident and its dangers, as the sheets take them."""
    rows = await connection.fetch(
        f"SELECT {_SHOWN} FROM dispatch_order WHERE incident = $1 OR hazard = ANY ($2::text[])",  # noqa: S608 (the fields)
        incident,
        list(hazards),
    )
    return [ShownOrder(**row) for row in rows]


async def region_of_crew(connection: Connection, crew: str) -> str | None:
    """Return the region of a crew; None when there is no such crew."""
    found: str | None = await connection.fetchval("SELECT region FROM crew_duty WHERE crew = $1 LIMIT 1", crew)
    return found


# ----------------------------------------------------------------------------------------------------- what needs a person


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """Something odd about a crew: `id` names this very occurrence, so that the next one is another. Milliseconds."""

    id: str
    at_ms: int
    reason: str
    crew: str
    order: str | None
    order_state: str | None
    incident: str | None
    hazard: str | None
    lon: float | None
    lat: float | None


ODD = """
WITH said AS (
    SELECT j.id, j.now_ms AS at_ms, j.reason, j.subject_kind, j.subject
    FROM journal j
    WHERE j.stage = 'dispatch' AND j.reason IN
              ('outOfOrder', 'orderOver', 'unknownOrder', 'notItsOrder', 'orderActive', 'placeTooFar', 'crewJumped')
      AND j.now_ms > $1::bigint - 86400000 AND (j.subject_kind = 'order' OR (j.subject_kind = 'crew' AND j.reason <> 'crewJumped'))
      AND NOT EXISTS (SELECT FROM attention_handled h WHERE h.id = 'crew:' || j.id)
      AND NOT EXISTS (SELECT FROM person_action a WHERE a.event_id = ANY (j.facts))
    ORDER BY j.now_ms DESC, j.id LIMIT 500),
busy AS (
    SELECT o.*, CASE
        WHEN CASE WHEN o.state IN ('sent', 'accepted', 'enroute') THEN o.arrival_estimate_ms ELSE o.completion_estimate_ms END
             < $1::bigint - $2::bigint THEN 'overdue'
        WHEN o.state <> 'sent' AND greatest(o.changed_at_ms, d.place_at_ms, o.completion_estimate_ms)
             < $1::bigint - $3::bigint THEN 'silent' END AS odd
    FROM dispatch_order o LEFT JOIN crew_duty d ON d."order" = o."order" WHERE o.ended_at_ms IS NULL),
found AS (
    SELECT * FROM (
        SELECT DISTINCT ON (crew, reason) 'crew:' || s.id AS id, s.at_ms, s.reason,
               coalesce(o.crew, CASE s.subject_kind WHEN 'crew' THEN s.subject END) AS crew,
               o."order", o.state AS order_state, o.incident, o.hazard, o.lon, o.lat
        FROM said s LEFT JOIN dispatch_order o ON s.subject_kind = 'order' AND o."order" = s.subject
        ORDER BY crew, reason, s.at_ms DESC, s.id) latest
    WHERE NOT EXISTS (SELECT FROM dispatch_order n
                      WHERE n.crew = latest.crew AND greatest(n.sent_at_ms, n.changed_at_ms) > latest.at_ms)
    UNION ALL
    SELECT 'crew:unreachable:' || d.crew || ':' || coalesce(o.changed_at_ms, 0), coalesce(o.changed_at_ms, $1::bigint),
           'unreachable', d.crew, o."order", o.state, o.incident, o.hazard, d.lon, d.lat
    FROM crew_duty d LEFT JOIN LATERAL (
        SELECT * FROM dispatch_order x WHERE x.crew = d.crew AND x.ended_at_ms IS NOT NULL
        ORDER BY x.sent_at_ms DESC LIMIT 1) o ON true
    WHERE d.state = 'unreachable'
    UNION ALL
    SELECT 'crew:' || odd || ':' || "order" || ':' || changed_at_ms, changed_at_ms, odd, crew, "order",
           state, incident, hazard, lon, lat
    FROM busy WHERE odd IS NOT NULL)
SELECT * FROM found f WHERE NOT EXISTS (SELECT FROM attention_handled h WHERE h.id = f.id)"""
"""What is odd about crews at $1, late by $2 and silent for $3, milliseconds. A jump is noted of order and crew, told once.

An answer that did not fit is odd until an order of that crew moves on, or it gets another: then both know again where they are. Of
several of a kind only the last is told.
"""


async def odd_crews(connection: Connection, now_ms: int, limit: int) -> list[Odd]:
    """Return what is odd about crews and nobody has seen yet, the newest first.

    That is: answers of the last day that did not fit the order's state and after which no order of that crew moved, crews that
    cannot be reached, and crews that should have arrived, or be done, or say nothing (`services/dispatch/oddities.py`).
    """
    rows = await connection.fetch(f"{ODD} ORDER BY at_ms DESC, id LIMIT $4", now_ms, LATE_MS, SILENT_MS, limit)
    return [Odd(**row) for row in rows]


async def odd_crew(connection: Connection, now_ms: int, odd: str) -> Odd | None:
    """Return one odd thing that nobody has seen yet; None when there is none of this id."""
    row = await connection.fetchrow(f"{ODD} AND f.id = $4", now_ms, LATE_MS, SILENT_MS, odd)
    return None if row is None else Odd(**row)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """An order that its crew did not answer, or refused, and after which nobody was sent: `active` while it still binds it."""

    order: str
    crew: str
    region: str
    incident: str | None
    hazard: str | None
    device: str | None
    priority: str
    state: str
    reason: str
    active: bool
    sent_at_ms: int
    at_ms: int
    lon: float
    lat: float


_UNANSWERED = """
SELECT o."order", o.crew, o.region, o.incident, o.hazard, o.device, o.priority, o.state, o.reason, o.ended_at_ms IS NULL AS active,
       o.sent_at_ms, coalesce(o.ended_at_ms, o.sent_at_ms) AS at_ms, o.lon, o.lat
FROM dispatch_order o
WHERE ((o.ended_at_ms IS NULL AND o.state = 'sent' AND coalesce(o.answer_until_ms, o.sent_at_ms + $2::bigint) < $1::bigint)
       OR (o.ended_at_ms > $1::bigint - 86400000 AND o.reason IN ('unanswered', 'crewRefused')
           AND NOT EXISTS (SELECT FROM dispatch_order n WHERE n.job = o.job AND n.incident IS NOT DISTINCT FROM o.incident
                                                          AND n.sent_at_ms >= o.sent_at_ms AND n.attempt > o.attempt)
           AND EXISTS (SELECT FROM dispatch_job j WHERE j.job = o.job AND j.state = 'waiting')))"""


async def unanswered(connection: Connection, now_ms: int, limit: int) -> list[Unanswered]:
    """Return the orders without an answer, or refused, of which nobody has taken care, the newest first."""
    rows = await connection.fetch(
        f"""{_UNANSWERED} AND NOT EXISTS (SELECT FROM attention_handled h WHERE h.id = 'order:' || o."order")
            ORDER BY at_ms DESC, o."order" LIMIT $3""",
        now_ms,
        DEFAULTS.answer_within_ms,
        limit,
    )
    return [Unanswered(**row) for row in rows]


async def unanswered_one(connection: Connection, now_ms: int, order: str) -> Unanswered | None:
    """Return one order without an answer, or refused; None when there is none of this id, or somebody was sent since."""
    row = await connection.fetchrow(
        f'{_UNANSWERED} AND o."order" = $3',
        now_ms,
        DEFAULTS.answer_within_ms,
        order,
    )
    return None if row is None else Unanswered(**row)
