"""How long each round of lockstep took, kept for the report; durations are real time and decide nothing."""

from __future__ import annotations

from collections.abc import Sequence

from services.engine.taking import Connection


async def keep(connection: Connection, rounds: Sequence[tuple[int, int, float]]) -> None:
    """Write rounds: tick, drill time (milliseconds), duration (milliseconds of real time)."""
    await connection.execute(
        """INSERT INTO drill.round (n, now_ms, took_ms)
           SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::double precision[]) ON CONFLICT DO NOTHING""",
        [n for n, _, _ in rounds],
        [now for _, now, _ in rounds],
        [took for _, _, took in rounds],
    )


async def durations(connection: Connection) -> list[float]:
    """Return the durations of all rounds in order, in milliseconds."""
    return [row["took_ms"] for row in await connection.fetch("SELECT took_ms FROM drill.round ORDER BY n")]
