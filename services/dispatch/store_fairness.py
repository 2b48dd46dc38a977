"""The SQL of fairness: whose customers were out longest, as a fact of the next turn of their region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from services.dispatch.fairness import HardshipSet, Minutes
from services.engine.turn import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.engine.taking import Connection

_FACT = "shard, tick, at_ms, minutes"


async def regions_and_now(connection: Connection) -> tuple[list[str], int] | None:
    """Return the regions that crews are sent in, and the time of the installation's clock (ms); None as long as none runs."""
    now_ms = await connection.fetchval("SELECT now_ms FROM tick()")
    if now_ms is None:
        return None
    rows = await connection.fetch("SELECT shard FROM turns WHERE stage = 'dispatch' ORDER BY shard")
    return [row["shard"] for row in rows], now_ms


async def set_hardship(connection: Connection, minutes: Mapping[str, Minutes]) -> list[str]:
    """Tell regions, from their next turn on, whose customers were out longest; return those to which that is news."""
    rows = await connection.fetch(
        """WITH now AS (SELECT coalesce((SELECT n FROM tick()), 0) AS n, coalesce((SELECT now_ms FROM tick()), 0) AS now_ms)
           INSERT INTO dispatch_hardship_set (shard, tick, at_ms, minutes)
           SELECT s.shard, now.n, now.now_ms, s.minutes::jsonb FROM now, unnest($1::text[], $2::text[]) AS s (shard, minutes)
           LEFT JOIN LATERAL (
               SELECT d.minutes FROM dispatch_hardship_set d WHERE d.shard = s.shard ORDER BY d.tick DESC LIMIT 1) last ON true
           WHERE coalesce(last.minutes, '[]') <> s.minutes::jsonb
           ON CONFLICT (shard, tick) DO UPDATE SET minutes = excluded.minutes WHERE dispatch_hardship_set.decided IS NULL
           RETURNING shard""",
        list(minutes),
        [msgspec.json.encode(each).decode() for each in minutes.values()],
    )
    return sorted(row["shard"] for row in rows)


async def take_hardship(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Mark what a region was told before this tick as decided by it, and return it."""
    rows = await connection.fetch(
        f"""UPDATE dispatch_hardship_set SET decided = $2 WHERE shard = $1 AND decided IS NULL AND tick < $2
            RETURNING {_FACT}""",  # noqa: S608 (the columns are the ones above)
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


async def decided_hardship(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Return what this tick decided of whose customers were out longest."""
    rows = await connection.fetch(
        f"SELECT {_FACT} FROM dispatch_hardship_set WHERE shard = $1 AND decided = $2",  # noqa: S608 (as above)
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


def _fact(row: Any) -> Fact:
    said = HardshipSet(minutes=msgspec.json.decode(row["minutes"], type=Minutes))
    return Fact(row["at_ms"], f"hardship:{row['shard']}:{row['tick']:012}", said)
