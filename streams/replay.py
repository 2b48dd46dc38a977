"""Replay of a whole database: every stage, every shard, without Kafka."""

from __future__ import annotations

from services.engine.replaying import Difference, replay_shard, shards
from services.engine.taking import Connection
from services.engine.turn import Stage, Store
from streams.rules import RECLOSING_S, STAGES, House, build_as_of


async def replay(
    connection: Connection, *, exercise: bool, reclosing_s: float = RECLOSING_S
) -> tuple[int, list[Difference]]:
    """Decide every stored turn again; return how many turns, and where decisions differ from what is stored."""
    names = (*STAGES, "world") if exercise else STAGES
    houses: dict[int | None, House] = {}

    async def house(version: int | None) -> House:
        if version not in houses:
            houses[version] = await build_as_of(connection, names, version, reclosing_s)
        return houses[version]

    turns, differences = 0, []
    for name in names:

        async def as_of(version: int | None, name: str = name) -> tuple[Stage, Store]:
            ruled = (await house(version)).stages[name]
            return ruled.stage, ruled.store

        stage, store = await as_of(None)
        for shard in await shards(connection, name):
            count, found = await replay_shard(connection, stage, store, shard, exercise=exercise, as_of=as_of)
            turns += count
            differences += found
    return turns, differences
