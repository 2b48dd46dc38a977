"""A rule that reckons for long keeps its session, and so does who waits behind it; one that is short runs at once."""

from __future__ import annotations

import asyncio
import threading
import time

import asyncpg
import pytest

from services.engine.ruling import MANY, ruled
from services.engine.turn import Fact, Turn
from tests.engine.toy import START_MS, said

HALTED_MS, LONG_S = 300, 1.0
"""After so long without a word a session of these tests is ended; so long takes a long rule."""


def turn(facts: int) -> Turn:
    return Turn(
        shard="left", now=START_MS, facts=[Fact(START_MS, f"f{n}", said("A", 1)) for n in range(facts)], entities={}
    )


@pytest.fixture
async def sessions(dsn: str) -> list[asyncpg.Connection[asyncpg.Record]]:
    """Sessions that PostgreSQL ends when they are halted within a transaction."""
    settings = {"idle_in_transaction_session_timeout": str(HALTED_MS)}
    return [await asyncpg.connect(dsn, server_settings=settings) for _ in range(2)]


async def test_a_long_rule_and_who_waits_behind_it_keep_their_sessions(
    sessions: list[asyncpg.Connection[asyncpg.Record]],
) -> None:
    ran: list[str] = []
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def long(_: Turn) -> None:
        loop.call_soon_threadsafe(began.set)
        time.sleep(LONG_S)
        ran.append("long" if threading.current_thread() is not threading.main_thread() else "in the loop")

    def short(_: Turn) -> None:
        ran.append("short")

    async def first() -> None:
        async with sessions[0].transaction():
            await ruled(sessions[0], long, turn(MANY + 1), says_so_s=0.1)
            assert await sessions[0].fetchval("SELECT 1") == 1

    async def second() -> None:
        await began.wait()
        async with sessions[1].transaction():
            await ruled(sessions[1], short, turn(1), says_so_s=0.1)
            assert await sessions[1].fetchval("SELECT 1") == 1

    await asyncio.gather(first(), second())
    assert ran == ["long", "short"], "one rule at a time"
    for session in sessions:
        await session.close()


async def test_a_session_that_is_ended_meanwhile_is_told_and_nothing_stays_locked(
    sessions: list[asyncpg.Connection[asyncpg.Record]], connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    with pytest.raises((asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.InterfaceError, ConnectionError)):
        async with sessions[0].transaction():
            await ruled(sessions[0], lambda _: time.sleep(LONG_S), turn(MANY + 1), says_so_s=2 * HALTED_MS / 1_000)
    ran: list[bool] = []
    await ruled(connection, lambda _: ran.append(True), turn(1))
    assert ran == [True]
    await sessions[1].close()


async def test_what_a_rule_raises_goes_through(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    def wrong(_: Turn) -> None:
        raise LookupError("wrong")

    for facts in (1, MANY + 1):
        with pytest.raises(LookupError, match="wrong"):
            await ruled(connection, wrong, turn(facts))
