"""Work that one process at a time may do: the lock lasts as long as the block, and its loss is told at once."""

from __future__ import annotations

import asyncio
import gc

import asyncpg

from services.database.pool import exclusively

LOCK = 77


async def _free(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    """Say whether nobody holds the lock."""
    if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
        return True
    return False


async def test_the_lock_is_held_for_the_block_and_free_after_it(
    connection: asyncpg.Connection[asyncpg.Record], dsn: str
) -> None:
    lost: list[str] = []
    async with exclusively(dsn, LOCK, on_wait=lambda: lost.append("waited"), on_lost=lambda: lost.append("lost")):
        gc.collect()  # a connection that nobody refers to would be ended here, and the lock with it
        assert not await _free(connection)
    assert await _free(connection)
    assert lost == []


async def test_a_second_one_waits_until_the_first_is_gone(dsn: str) -> None:
    order: list[str] = []
    waits = asyncio.Event()

    async def second() -> None:
        async with exclusively(dsn, LOCK, on_wait=waits.set, on_lost=lambda: order.append("lost")):
            order.append("second")

    async with exclusively(dsn, LOCK, on_wait=lambda: None, on_lost=lambda: order.append("lost")):
        task = asyncio.create_task(second())
        async with asyncio.timeout(30):
            await waits.wait()
        order.append("first")
    async with asyncio.timeout(30):
        await task
    assert order == ["first", "second"]


async def test_whoever_loses_the_connection_is_told_at_once(
    connection: asyncpg.Connection[asyncpg.Record], dsn: str
) -> None:
    lost = asyncio.Event()
    async with exclusively(dsn, LOCK, on_wait=lambda: None, on_lost=lost.set) as holder:
        await connection.execute("SELECT pg_terminate_backend($1)", holder.get_server_pid())
        async with asyncio.timeout(30):
            await lost.wait()
        assert await _free(connection)
