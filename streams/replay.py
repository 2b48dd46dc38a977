"""Replay of a whole database: every stage, every shard, without Kafka."""

from __future__ import annotations

from services.engine.replaying import Difference, replay_shard
from services.engine.taking import Connection
from streams.rules import STAGES, build


async def replay(connection: Connection, *, exercise: bool) -> tuple[int, list[Difference]]:
    """Decide every stored turn again; return how many turns, and where decisions differ from what is stored."""
    names = (*STAGES, "world") if exercise else STAGES
    house = await build(connection, names)
    turns, differences = 0, []
    for name in names:
        ruled = house.stages[name]
        for shard in ruled.stage.shards():
            count, found = await replay_shard(connection, ruled.stage, ruled.store, shard, exercise=exercise)
            turns += count
            differences += found
    return turns, differences
