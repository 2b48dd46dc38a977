"""The SQL of what is expected: when plans expected crews."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.engine.taking import Connection
    from services.outages.records import PlannedRow


async def save_planned(connection: Connection, rows: Sequence[PlannedRow]) -> None:
    """Keep when a plan expected crews; of what it said at one time the last word stands."""
    if rows:
        await connection.executemany(
            """INSERT INTO planned_arrival (incident, said_at_ms, arrival_ms, crew) VALUES ($1, $2, $3, $4)
               ON CONFLICT (incident, said_at_ms) DO UPDATE SET arrival_ms = excluded.arrival_ms, crew = excluded.crew""",
            [(row.incident, row.said_at, row.arrival, row.crew) for row in rows],
        )
