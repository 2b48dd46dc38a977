"""The SQL of asking: how much may be asked, as a fact of each area, and who was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.engine.turn import Fact
from services.outages.questions import AskingSet, Mode, QuestionRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.engine.taking import Connection

_FACT = "shard, tick, at_ms, mode, pings_per_minute, texts_per_hour"


async def set_asking(connection: Connection, shards: Sequence[str], rules: AskingSet) -> None:
    """Let so much be asked in these areas from their next turn on; where it is so already nothing is written."""
    await connection.execute(
        """WITH now AS (SELECT coalesce((SELECT n FROM tick()), 0) AS n, coalesce((SELECT now_ms FROM tick()), 0) AS now_ms)
           INSERT INTO asking_set (shard, tick, at_ms, mode, pings_per_minute, texts_per_hour)
           SELECT s, now.n, now.now_ms, $2, $3, $4 FROM now, unnest($1::text[]) AS s
           LEFT JOIN LATERAL (SELECT * FROM asking_set a WHERE a.shard = s ORDER BY a.tick DESC LIMIT 1) last ON true
           WHERE (last.mode, last.pings_per_minute, last.texts_per_hour) IS DISTINCT FROM ($2, $3::integer, $4::integer)
           ON CONFLICT (shard, tick) DO UPDATE SET mode = excluded.mode, pings_per_minute = excluded.pings_per_minute,
               texts_per_hour = excluded.texts_per_hour WHERE asking_set.decided IS NULL""",
        list(shards),
        rules.mode,
        rules.pings_per_minute,
        rules.texts_per_hour,
    )


async def take_asking(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Mark what was set of asking in an area before this tick as decided by it, and return it."""
    rows = await connection.fetch(
        f"UPDATE asking_set SET decided = $2 WHERE shard = $1 AND decided IS NULL AND tick < $2 RETURNING {_FACT}",  # noqa: S608 (the columns are the ones above)
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


async def decided_asking(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Return what this tick decided of how much may be asked."""
    rows = await connection.fetch(
        f"SELECT {_FACT} FROM asking_set WHERE shard = $1 AND decided = $2",  # noqa: S608 (as above)
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


def _fact(row: Any) -> Fact:
    rules = AskingSet(
        mode=Mode(row["mode"]), pings_per_minute=row["pings_per_minute"], texts_per_hour=row["texts_per_hour"]
    )
    return Fact(row["at_ms"], f"asking:{row['shard']}:{row['tick']:012}", rules)


async def save_questions(
    connection: Connection, shard: str, tick: int, now: int, questions: Sequence[QuestionRow]
) -> None:
    """Write who was asked in a turn."""
    if questions:
        await connection.executemany(
            """INSERT INTO question (area, tick, at_ms, key, incident, customer, by, meter, device, other)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
            [(shard, tick, now, q.key, q.incident, q.customer, q.by, q.meter, q.device, q.other) for q in questions],
        )
