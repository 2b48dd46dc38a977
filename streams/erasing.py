"""Erasing what is personal: the state that rests on it is decided once more and kept, then it goes.

As a process, started by `streams.daily`, it erases once and ends: python -m streams.erasing
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping

from services.access import erasing
from services.database.pool import LOST, connect
from services.engine import erasure, replaying
from services.engine.taking import Connection
from services.engine.turn import Stage, Store
from services.logs import configure_logs, get_logger
from services.settings import Settings, load_settings
from services.utility.store import is_exercise
from streams.leaving import leave
from streams.processes import addresses
from streams.rules import House, build_as_of

log = get_logger(__name__)

RESTS_ON_PERSONS = "notify"
"""The stage whose decisions rest on phone numbers and on what customers wrote."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was erased, or would be: what is older than `until_ms`, and how many rows of which table."""

    until_ms: int
    rows: Mapping[str, int]


async def erase(connection: Connection, settings: Settings, *, apply: bool = True) -> Erasure | None:
    """Erase what is older than the retention, or with `apply` false only count it.

    None: for ever is kept, no clock runs yet, or another process is erasing just now.
    """
    limit = await erasing.limit_of(connection, settings.personal_retention_days)
    if limit is None:
        return None
    if not apply:
        return Erasure(until_ms=limit.until_ms, rows=await erasing.counted(connection, limit))
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", erasing.LOCK):
        return None
    try:
        rows = await erasing.counted(connection, limit)
        if rows:
            await _keep_state(connection, limit.until_tick, exercise=await is_exercise(connection))
            await erasing.erase(connection, limit, rows)
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", erasing.LOCK)
    return Erasure(until_ms=limit.until_ms, rows=rows)


async def _keep_state(connection: Connection, until_tick: int, *, exercise: bool) -> None:
    """Keep the state that the turns before this tick left, shard by shard, all at once."""
    houses: dict[int | None, House] = {}

    async def as_of(version: int | None) -> tuple[Stage, Store]:
        if version not in houses:
            houses[version] = await build_as_of(connection, (RESTS_ON_PERSONS,), version)
        ruled = houses[version].stages[RESTS_ON_PERSONS]
        return ruled.stage, ruled.store

    shards = await replaying.shards(connection, RESTS_ON_PERSONS)
    if not shards:
        return
    stage, store = await as_of(None)
    left = {
        shard: await replaying.state_before(connection, stage, store, shard, until_tick, exercise=exercise, as_of=as_of)
        for shard in shards
    }
    async with connection.transaction():
        for shard, entities in left.items():
            if entities is None:
                continue
            await erasure.keep_state(connection, RESTS_ON_PERSONS, shard, until_tick, entities)


async def _once(settings: Settings, dsn: str) -> None:
    connection = await connect(dsn)
    try:
        done = await erase(connection, settings)
    finally:
        await connection.close()
    if done is not None and done.rows:
        log.info("personal.erased", until_ms=done.until_ms, rows=sum(done.rows.values()))


def main() -> None:
    """Erase once. Exit code 70 when the database is away."""
    settings = load_settings()
    configure_logs(settings, "erasing")
    dsn, _ = addresses(settings)
    try:
        asyncio.run(_once(settings, dsn))
    except LOST as error:
        leave("personal.database_lost", error=type(error).__name__)


if __name__ == "__main__":
    main()
