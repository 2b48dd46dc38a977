"""The SQL of learning: what is known of past incidents, and every learning with what came of it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import msgspec

from schemas import cloudevents
from schemas.codec import encode
from schemas.topics import OUTAGE_ESTIMATES
from services.engine import outbox
from services.estimates.measuring import Past, PastOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.events import EstimatesLearnt
    from services.engine.taking import Connection
    from services.estimates.learning import Lesson

MOST_INCIDENTS = 20_000
"""It is learnt from so many incidents at most, the latest; older ones tell of another network and other crews."""
SOURCE = "estimates"
LOCK = 5_770_030
"""Only one process learns at a time: the key of an advisory lock."""
_OVER = """
    SELECT id, area, device_class, opened_at_ms, coalesce(restored_at_ms, changed_at_ms) AS over_at_ms
    FROM incident WHERE state IN ('restored', 'closed', 'merged', 'dismissed') AND device_class IS NOT NULL
    ORDER BY opened_at_ms DESC, id LIMIT $1"""


async def pasts(connection: Connection) -> list[Past]:
    """Return the incidents that are over, with what the ledger and the orders say of them."""
    orders: dict[str, list[PastOrder]] = {}
    for row in await connection.fetch(
        f"""SELECT o.incident, o.crew, o.sent_at_ms, o.arrival_estimate_ms, o.enroute_at_ms, o.arrived_at_ms, o.cause
            FROM crew_order o JOIN ({_OVER}) i ON i.id = o.incident
            WHERE o.work = 'repair' ORDER BY o.sent_at_ms, o."order\"""",  # noqa: S608 - the module's own text
        MOST_INCIDENTS,
    ):
        orders.setdefault(row["incident"], []).append(
            PastOrder(
                crew=row["crew"],
                sent_at=row["sent_at_ms"],
                arrival=row["arrival_estimate_ms"],
                enroute_at=row["enroute_at_ms"],
                arrived_at=row["arrived_at_ms"],
                cause=row["cause"],
            )
        )
    planned: dict[str, list[tuple[int, int]]] = {}
    for row in await connection.fetch(
        f"""SELECT p.incident, p.said_at_ms, p.arrival_ms FROM planned_arrival p JOIN ({_OVER}) i ON i.id = p.incident
            ORDER BY p.said_at_ms""",  # noqa: S608 - the module's own text
        MOST_INCIDENTS,
    ):
        planned.setdefault(row["incident"], []).append((row["said_at_ms"], row["arrival_ms"]))
    rows = await connection.fetch(
        f"""SELECT i.*, held.back_at_ms, coalesce(held.customers, 0) AS customers,
                   EXISTS (SELECT FROM hazard h WHERE h.incident = i.id) AS endangered
            FROM ({_OVER}) i
            LEFT JOIN (SELECT holder, max(end_ms) AS back_at_ms, count(*) AS customers
                       FROM interruption WHERE NOT voided AND NOT planned GROUP BY holder) held ON held.holder = i.id""",  # noqa: S608 - as above
        MOST_INCIDENTS,
    )
    return [
        Past(
            id=row["id"],
            area=row["area"],
            device_class=row["device_class"],
            opened_at=row["opened_at_ms"],
            over_at=row["over_at_ms"],
            back_at=row["back_at_ms"],
            size=row["customers"],
            hazard=row["endangered"],
            orders=tuple(orders.get(row["id"], ())),
            planned=tuple(planned.get(row["id"], ())),
        )
        for row in rows
    ]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """A learning as it was kept: when (milliseconds), from how many incidents, why so, what it measured and how well it did."""

    id: str
    at_ms: int
    incidents: int
    reason: str
    measured: dict[str, int]
    covered_permille: int | None


async def last(connection: Connection) -> Learning | None:
    """Return the latest learning, None when there was none."""
    row = await connection.fetchrow(
        """SELECT id, at_ms, incidents, reason, measured, covered_permille FROM estimate_learning
           ORDER BY at_ms DESC, id LIMIT 1"""
    )
    return None if row is None else Learning(**{**row, "measured": json.loads(row["measured"])})


async def keep(connection: Connection, learning: Learning, lesson: Lesson) -> None:
    """Keep a learning."""
    body = {"bounds": lesson.bounds, "parts": lesson.parts, "paces": lesson.paces}
    await connection.execute(
        """INSERT INTO estimate_learning (id, at_ms, until_ms, incidents, reason, measured, covered_permille, body)
           VALUES ($1, $2, $2, $3, $4, $5, $6, $7)""",
        learning.id,
        learning.at_ms,
        learning.incidents,
        learning.reason,
        json.dumps(learning.measured),
        learning.covered_permille,
        msgspec.json.encode(body, order="deterministic"),
    )


async def tell(connection: Connection, events: Sequence[EstimatesLearnt]) -> None:
    """Publish what was learnt, to each area."""
    for event in events:
        await outbox.write(
            connection,
            event_id=event.id,
            stage=SOURCE,
            shard="",
            topic=OUTAGE_ESTIMATES.name,
            key=event.area,
            headers=cloudevents.headers(event, SOURCE),
            body=encode(event),
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where it is learnt: the time (milliseconds) of the installation's clock, the supply areas, the utility's time zone."""

    now_ms: int
    areas: tuple[str, ...]
    time_zone: str | None


async def site(connection: Connection) -> Site | None:
    """Return where it is learnt; None as long as no clock runs."""
    now_ms = await connection.fetchval("SELECT now_ms FROM tick()")
    if now_ms is None:
        return None
    areas = await connection.fetch("SELECT shard FROM turns WHERE stage = 'correlate' ORDER BY shard")
    zone = await connection.fetchval("SELECT time_zone FROM utility_version WHERE current")
    return Site(now_ms=now_ms, areas=tuple(row["shard"] for row in areas), time_zone=zone)


async def lock(connection: Connection) -> bool:
    """Answers whether this transaction may learn: no other one does just now."""
    may: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK)
    return may
