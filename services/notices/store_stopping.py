"""The SQL of the switch that stops texts: when and by whom, and taking back what has not left."""

from __future__ import annotations

import dataclasses
from typing import Final

from services.engine.effects import NOTICES
from services.engine.taking import Connection

ALL: Final = "all"
"""The scope of a stop of all texts; any other scope is the id of an incident."""
RETOLD: Final = ("powerOut", "initialEtr", "etrChange", "informDispatched", "powerRestored", "stillOut")
"""Moments of which the stage tells again what holds, once texts go on."""
_SPENT: Final = ("answer", "question")
"""Moments that nobody waits for when texts go on: an answer of an hour ago may be wrong by then, and may be asked for again."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop that holds now: of an incident or (`scope` is `ALL`) of all texts, since when (ms), by whom, why."""

    id: str
    scope: str
    area: str
    since_ms: int
    by: str
    why: str
    recalled: int


async def stops(connection: Connection) -> list[Stop]:
    """Return every stop that holds now, the one of all texts first."""
    rows = await connection.fetch(
        """SELECT s.id, s.scope, s.area, s.since_ms, coalesce(u.name, s.by_user) AS by, s.why, s.recalled
           FROM notice_stop s LEFT JOIN app_user u ON u.user_id = s.by_user
           WHERE s.until_ms IS NULL ORDER BY s.scope <> $1, s.since_ms, s.id""",
        ALL,
    )
    return [Stop(**row) for row in rows]


async def stop_of(connection: Connection, scope: str) -> Stop | None:
    """Return the stop of a scope that holds now; None: there is none."""
    return next((stop for stop in await stops(connection) if stop.scope == scope), None)


async def begin(connection: Connection, stop: str, scope: str, area: str, *, now_ms: int, by: str, why: str) -> None:
    """Stop the texts of a scope: from the end of the caller's transaction on nothing of `ALL` is handed over."""
    await connection.execute(
        "INSERT INTO notice_stop (id, scope, area, since_ms, by_user, why) VALUES ($1, $2, $3, $4, $5, $6)",
        stop,
        scope,
        area,
        now_ms,
        by,
        why,
    )


async def count(connection: Connection, stop: str, recalled: int) -> None:
    """Keep how many texts a stop took back."""
    await connection.execute("UPDATE notice_stop SET recalled = $2 WHERE id = $1", stop, recalled)


async def end(connection: Connection, stop: str, *, now_ms: int, by: str) -> None:
    """End a stop."""
    await connection.execute(
        """UPDATE notice_stop SET until_ms = $2, ended_by = $3, wall_until = clock_timestamp()
           WHERE id = $1 AND until_ms IS NULL""",
        stop,
        now_ms,
        by,
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """A notice that never left and will not: its area, moment, customers, and when it was decided on (ms)."""

    notice: str
    area: str
    moment: str
    customers: list[str]
    decided_ms: int


async def take_back(connection: Connection, scope: str, now_ms: int) -> list[TakenBack]:
    """Supersede the texts of a scope that wait to be handed over, and return those whose customers have to be told anew.

    Texts of danger, of planned work and of dispatchers are left alone: they wait, as long as they are worth sending.
    """
    rows = await connection.fetch(
        """UPDATE effects e SET state = 'superseded', reason = 'textsStopped', done_at_ms = $2
           FROM notice_decided n
           WHERE n.key = e.key AND e.state = 'due' AND e.kind = ANY ($3::text[]) AND n.moment = ANY ($4::text[])
             AND ($1 = 'all' OR n.incident = $1)
           RETURNING n.key AS notice, n.area, n.moment, n.customers, n.decided_at_ms AS decided_ms""",
        scope,
        now_ms,
        list(NOTICES),
        list(RETOLD),
    )
    if scope == ALL:
        await connection.execute(
            """UPDATE effects SET state = 'superseded', reason = 'textsStopped', done_at_ms = $1
               WHERE state = 'due' AND kind = 'text' AND body ->> 'moment' = ANY ($2::text[])
                 AND NOT EXISTS (SELECT FROM inbound_answer a WHERE a.key = effects.key)""",
            now_ms,
            list(_SPENT),
        )
    found = [TakenBack(**row) for row in rows]
    return sorted(found, key=lambda each: (each.area, each.decided_ms, each.notice))
