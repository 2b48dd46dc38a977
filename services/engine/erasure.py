"""What was erased as personal data, as far as the mechanism must know of it: up to which tick, and the state before it.

Of some stages the facts lose what a decision rested on. Their turns before the tick of the last erasure are not decided again;
the state that they left is kept instead, shard by shard.
"""

from __future__ import annotations

import msgspec

from schemas.topics import (
    DEAD_LETTERS,
    HOTLINE_REPORTS,
    NOTICE_ACTIONS,
    NOTICE_CONSENTS,
    NOTICE_INBOUND,
    OUTAGE_REPORTS,
)
from services.engine.deciding import Entities
from services.engine.taking import Connection
from services.engine.turn import Stage

EFFECT_WORDS = ("words", "say")
"""The fields of the bodies of effects that are erased."""

PERSONAL_TOPICS = frozenset(
    {
        OUTAGE_REPORTS.name,
        HOTLINE_REPORTS.name,
        NOTICE_INBOUND.name,
        NOTICE_CONSENTS.name,
        NOTICE_ACTIONS.name,
        DEAD_LETTERS.name,
    }
)
"""The topics of which the messages are erased."""

_kept = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_encoder = msgspec.json.Encoder(order="deterministic")


async def until_tick(connection: Connection) -> int:
    """Return the tick before which facts may have been erased; 0: nothing ever was."""
    return int(await connection.fetchval("SELECT coalesce(max(until_tick), 0) FROM erasure"))


async def uncompared(connection: Connection) -> int:
    """Return how many turns are not decided again, because what they rested on was erased."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM ticks t JOIN erased_state e USING (stage, shard) WHERE t.n < e.until_tick"
        )
    )


async def state_left(connection: Connection, stage: Stage, shard: str) -> tuple[int, Entities]:
    """Return from which tick on a shard can be decided again, and its state before that; 0 and none: from the first."""
    row = await connection.fetchrow(
        "SELECT until_tick, entities FROM erased_state WHERE stage = $1 AND shard = $2", stage.name, shard
    )
    if row is None:
        return 0, {}
    kinds = {kind.kind: kind for kind in stage.entities}
    return row["until_tick"], {
        kind: {entity_id: msgspec.json.decode(body, type=kinds[kind]) for entity_id, body in of_kind.items()}
        for kind, of_kind in _kept.decode(row["entities"]).items()
    }


async def keep_state(connection: Connection, stage: str, shard: str, until: int, entities: Entities) -> None:
    """Keep the state of a shard before this tick, in the place of an earlier one."""
    await connection.execute(
        """INSERT INTO erased_state (stage, shard, until_tick, entities) VALUES ($1, $2, $3, $4)
           ON CONFLICT (stage, shard) DO UPDATE SET until_tick = excluded.until_tick, entities = excluded.entities""",
        stage,
        shard,
        until,
        _encoder.encode(entities).decode(),
    )
