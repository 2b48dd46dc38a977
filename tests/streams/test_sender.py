"""The sender: one at a time on a kind, each effect once, what has no known outcome is asked for and not repeated."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import asyncpg
import pytest

from services.database.pool import create_pool
from services.engine import clock
from services.engine.deathpoints import DeathPoints
from services.engine.gateway import GatewayAway, Result
from services.settings import Settings
from streams import sender
from streams.sender import LOCKS, Sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW = 1_772_388_000_000
DONE = Result(state="done", reason="accepted", reference="R")


class Provider:
    """A provider that answers as the test says, and remembers what it was asked to do."""

    kind = "text"
    name = "drill:test"

    def __init__(self, *answers: Result | GatewayAway, has: Result | None = None) -> None:
        self.answers = list(answers)
        self.has = has
        self.done: list[str] = []
        self.asked: list[str] = []
        self.started = asyncio.Event()

    async def start(self) -> None:
        self.started.set()

    async def stop(self) -> None:
        self.started.clear()

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 (the port's form)
        self.done.append(key)
        answer = self.answers.pop(0)
        if isinstance(answer, GatewayAway):
            raise answer
        return answer

    async def look_up(self, key: str) -> Result | None:
        self.asked.append(key)
        return self.has


@pytest.fixture
async def due(connection: asyncpg.Connection[asyncpg.Record]) -> asyncpg.Connection[asyncpg.Record]:
    """A database with one text that is due."""
    await clock.set_lockstep(connection, now_ms=NOW)
    await connection.execute("UPDATE clock SET n = 3")
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body)
           VALUES ('k', 'text', 'notify', 'A1', 1, $1, '{}')""",
        NOW,
    )
    return connection


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    made = await create_pool(dsn, 2)
    yield made
    await made.close()


async def _state(connection: asyncpg.Connection[asyncpg.Record]) -> tuple[str, str | None]:
    row = await connection.fetchrow("SELECT state, reason FROM effects")
    assert row is not None
    return row["state"], row["reason"]


async def test_what_is_due_is_done_once(
    due: asyncpg.Connection[asyncpg.Record], pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    provider = Provider(DONE)
    one = Sender(provider, pool, DeathPoints(None))
    assert (await one.send_due(), await one.send_due()) == (1, 0)
    assert provider.done == ["k"]
    assert await _state(due) == ("done", "accepted")


async def test_a_provider_that_is_away_leaves_it_due(
    due: asyncpg.Connection[asyncpg.Record], pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    provider = Provider(GatewayAway("cut"), DONE)
    one = Sender(provider, pool, DeathPoints(None))
    with pytest.raises(GatewayAway):
        await one.send_due()
    assert await _state(due) == ("due", None)
    await one.send_due()
    assert await _state(due) == ("done", "accepted")


@pytest.mark.parametrize(
    ("has", "then"), [(DONE, ("done", "accepted")), (None, ("due", None))], ids=["it has it", "it never got it"]
)
async def test_an_unknown_outcome_is_looked_into(
    due: asyncpg.Connection[asyncpg.Record],
    pool: asyncpg.Pool[asyncpg.Record],
    has: Result | None,
    then: tuple[str, str | None],
) -> None:
    provider = Provider(Result(state="unknown", reason="linkLost", ask=True), has=has)
    await Sender(provider, pool, DeathPoints(None)).send_due()
    assert (provider.done, provider.asked) == (["k"], ["k"])
    assert await _state(due) == then


async def test_an_answer_that_nobody_understands_is_not_repeated(
    due: asyncpg.Connection[asyncpg.Record], pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    provider = Provider(Result(state="unknown", reason="operatorCode0x401"))
    one = Sender(provider, pool, DeathPoints(None))
    assert (await one.send_due(), await one.send_due()) == (1, 0)
    assert provider.asked == []
    assert await _state(due) == ("unknown", "operatorCode0x401")


async def test_a_second_sender_touches_nothing_while_the_first_is_at_work(
    connection: asyncpg.Connection[asyncpg.Record],
    dsn: str,
    pool: asyncpg.Pool[asyncpg.Record],
    settings: Settings,
) -> None:
    await clock.set_lockstep(connection, now_ms=NOW)
    first, second = Provider(), Provider()
    tasks = [asyncio.create_task(sender.send(settings, dsn, "text", first, pool))]
    try:
        async with asyncio.timeout(30):
            await first.started.wait()
        gc.collect()
        assert not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCKS["text"])
        tasks.append(asyncio.create_task(sender.send(settings, dsn, "text", second, pool)))
        tasks[0].cancel()
        async with asyncio.timeout(30):
            await second.started.wait()
        assert not first.started.is_set()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
