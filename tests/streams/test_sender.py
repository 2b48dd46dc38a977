"""The sender: one at a time on a kind, each effect once, what has no known outcome is asked for and not repeated."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import asyncpg
import pytest

from services.database.pool import Wakeups, create_pool
from services.engine import clock
from services.engine.deathpoints import DeathPoints
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.routes import Routes
from services.settings import Settings
from streams import sender
from streams.sender import LOCKS, Sender

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

NOW = 1_772_388_000_000
DONE = Result(state="done", reason="accepted", reference="R")
LOST = Result(state="unknown", reason="linkLost", ask=True)
NOBODY_KNOWS = Result(state="unknown", reason="noLookUp")


class Provider:
    """A provider that answers as the test says, and remembers what it was asked to do. A key in `held` waits for its event."""

    kind = "text"

    def __init__(self, *answers: Result | GatewayAway, has: Result | None = None, name: str = "drill:test") -> None:
        self.name = name
        self.answers = list(answers)
        self.has = has
        self.done: list[str] = []
        self.asked: list[str] = []
        self.held: dict[str, asyncio.Event] = {}
        self.away = False
        self.started = asyncio.Event()

    async def start(self) -> None:
        if self.away:
            raise GatewayAway("still")
        self.started.set()

    async def stop(self) -> None:
        self.started.clear()

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 (the port's form)
        if self.away:
            raise GatewayAway("cut")
        self.done.append(key)
        if key in self.held:
            await self.held[key].wait()
        answer = self.answers.pop(0) if self.answers else DONE
        if isinstance(answer, GatewayAway):
            raise answer
        return answer

    async def look_up(self, key: str) -> Result | None:
        self.asked.append(key)
        return self.has


async def _put(
    connection: Connection, key: str, *, priority: int = 5, body: str = "{}", expires: int | None = None
) -> None:
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, priority, expires_at_ms)
           VALUES ($1, 'text', 'notify', 'A1', 1, $2, $3, $4, $5)""",
        key,
        NOW,
        body,
        priority,
        expires,
    )


@pytest.fixture
async def house(connection: Connection) -> Connection:
    """A database whose clock stands at tick 3."""
    await clock.set_lockstep(connection, now_ms=NOW)
    await connection.execute("UPDATE clock SET n = 3")
    return connection


@pytest.fixture
async def due(house: Connection) -> Connection:
    """A database with one text that is due."""
    await _put(house, "k")
    return house


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    made = await create_pool(dsn, 2)
    yield made
    await made.close()


def _sender(pool: Pool, *providers: Provider, per_s: float = 1_000.0) -> Sender:
    """Return a sender whose providers are connected."""
    routes = Routes(providers)
    for provider in providers:
        routes.connected(provider)
    return Sender(routes, pool, DeathPoints(None), per_s=per_s)


async def _send(one: Sender) -> int:
    """Do what is due to its end; return how many attempts were made."""
    begun = await one.send_due()
    await one.drained()
    return begun


async def _look(one: Sender) -> None:
    await one.look_into_stuck()
    await one.drained()


async def _states(connection: Connection) -> dict[str, tuple[str, str | None]]:
    return {row["key"]: (row["state"], row["reason"]) for row in await connection.fetch("SELECT * FROM effects")}


async def _state(connection: Connection) -> tuple[str, str | None]:
    return (await _states(connection))["k"]


async def test_what_is_due_is_done_once(due: Connection, pool: Pool) -> None:
    provider = Provider(DONE)
    one = _sender(pool, provider)
    assert (await _send(one), await _send(one)) == (1, 0)
    assert provider.done == ["k"]
    assert await _state(due) == ("done", "accepted")


async def test_a_provider_that_is_away_leaves_it_due(due: Connection, pool: Pool) -> None:
    provider = Provider(GatewayAway("cut"), DONE)
    routes = Routes([provider])
    routes.connected(provider)
    one = Sender(routes, pool, DeathPoints(None))
    await _send(one)
    assert await _state(due) == ("due", "notHandedOver")
    assert not routes.is_connected(provider)
    async with asyncio.timeout(10):
        await provider.started.wait()  # it is connected again, by itself
        while not await _send(one):
            await asyncio.sleep(0)
    assert await _state(due) == ("done", "accepted")


@pytest.mark.parametrize(
    ("has", "then"),
    [(DONE, ("done", "accepted")), (None, ("due", "notHandedOver"))],
    ids=["it has it", "it never got it"],
)
async def test_an_unknown_outcome_is_looked_into(
    due: Connection, pool: Pool, has: Result | None, then: tuple[str, str | None]
) -> None:
    provider = Provider(LOST, has=has)
    one = _sender(pool, provider)
    await _send(one)
    assert await _state(due) == ("attempting", None)
    await _look(one)
    assert (provider.done, provider.asked) == (["k"], ["k"])
    assert await _state(due) == then


async def test_an_answer_that_nobody_understands_is_not_repeated(due: Connection, pool: Pool) -> None:
    provider = Provider(Result(state="unknown", reason="operatorCode0x401"))
    one = _sender(pool, provider)
    assert (await _send(one), await _send(one)) == (1, 0)
    assert provider.asked == []
    assert await _state(due) == ("unknown", "operatorCode0x401")


async def test_only_what_speaks_of_danger_is_repeated_when_nobody_knows_and_is_marked_so(
    house: Connection, pool: Pool
) -> None:
    await _put(house, "danger", body='{"safety":true,"words":"wire down"}')
    await _put(house, "estimate", body='{"safety":false,"words":"\\"safety\\":true"}')
    provider = Provider(LOST, LOST, has=NOBODY_KNOWS)
    one = _sender(pool, provider)
    await _send(one)
    await _look(one)
    assert await _states(house) == {"danger": ("due", "repeatedForSafety"), "estimate": ("unknown", "noLookUp")}
    await _send(one)
    assert provider.done.count("danger") == 2
    assert await _states(house) == {"danger": ("done", "repeatedForSafety"), "estimate": ("unknown", "noLookUp")}


async def test_danger_is_not_repeated_for_ever(house: Connection, pool: Pool) -> None:
    await _put(house, "k", body='{"safety":true}')
    provider = Provider(*[NOBODY_KNOWS] * 9)
    one = _sender(pool, provider)
    while await _send(one):
        pass
    assert provider.done == ["k"] * sender.REPEATS
    assert await _state(house) == ("unknown", "noLookUp")


async def test_an_attempt_is_looked_up_at_the_provider_that_made_it(due: Connection, pool: Pool) -> None:
    first, second = Provider(name="drill:a"), Provider(name="drill:b", has=DONE)
    await due.execute("UPDATE effects SET state = 'attempting', gateway = 'drill:b', attempts = 1")
    await _look(_sender(pool, first, second))
    assert (first.asked, second.asked) == ([], ["k"])
    assert await _state(due) == ("done", "accepted")


async def test_an_attempt_of_a_gateway_that_is_gone_is_unknown(due: Connection, pool: Pool) -> None:
    provider = Provider()
    await due.execute("UPDATE effects SET state = 'attempting', gateway = 'drill:old', attempts = 1")
    await _look(_sender(pool, provider))
    assert await _state(due) == ("unknown", "gatewayGone")


async def test_nothing_waits_for_the_slowest_and_what_is_under_way_is_bounded(house: Connection, pool: Pool) -> None:
    for number in range(600):
        await _put(house, f"k{number:03}")
    provider = Provider()
    provider.held["k000"] = asyncio.Event()
    one = _sender(pool, provider)
    async with asyncio.timeout(30):
        while len(provider.done) < 600:
            await one.send_due()
            await one.settle()
            under_way = await house.fetchval("SELECT count(*) FROM effects WHERE state = 'attempting'")
            assert under_way <= 400
            await asyncio.sleep(0.01)
        while await house.fetchval("SELECT count(*) FROM effects WHERE state = 'done'") < 599:
            await one.settle()
            await asyncio.sleep(0)
    assert (await _states(house))["k000"][0] == "attempting"
    provider.held["k000"].set()
    await one.drained()
    assert {state for state, _ in (await _states(house)).values()} == {"done"}


async def test_what_is_urgent_overtakes_what_waits(house: Connection, pool: Pool) -> None:
    for number in range(900):
        await _put(house, f"k{number:03}", priority=7)
    provider = Provider()
    one = _sender(pool, provider)
    await one.send_due()
    ahead = len(provider.done)
    await _put(house, "urgent", priority=0)
    async with asyncio.timeout(30):
        while "urgent" not in provider.done:
            await one.send_due()
            await one.settle()
            await asyncio.sleep(0.01)
    await one.drained()
    assert provider.done.index("urgent") < ahead + 450, "only what was handed over already goes before it"


async def test_a_provider_that_answers_slowly_has_little_under_way(house: Connection, pool: Pool) -> None:
    for number in range(300):
        await _put(house, f"k{number:03}")
    provider = Provider()
    one = _sender(pool, provider, per_s=40)
    assert await one.send_due() == 10, "a quarter of a second's worth"
    await one.drained()


async def test_the_second_gateway_takes_over_and_the_first_is_tried_with_one(house: Connection, pool: Pool) -> None:
    for number in range(40):
        await _put(house, f"k{number:02}")
    first, second = Provider(name="drill:a"), Provider(name="drill:b")
    routes = Routes([first, second], rest_s=0.0)
    routes.connected(second)
    one = Sender(routes, pool, DeathPoints(None))
    first.away = True
    routes.connected(first)
    await _send(one)  # the first one says that it is away: nothing of it left
    assert first.done == []
    first.away = False
    async with asyncio.timeout(10):
        await first.started.wait()
        while not routes.is_connected(first):
            await asyncio.sleep(0)
        await one.send_due()
    await one.drained()
    rows = await house.fetch("SELECT gateway, count(*) AS n FROM effects WHERE state = 'done' GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in rows] == [("drill:a", 1), ("drill:b", 39)]


async def _running(dsn: str, pool: Pool, provider: Provider, work: Callable[[], object]) -> None:
    wakeups = await Wakeups.listen(dsn, "clock")
    one = Sender(Routes([provider]), pool, DeathPoints(None), wake=wakeups.wake)
    task = asyncio.create_task(one.run(wakeups))
    try:
        result = work()
        assert asyncio.iscoroutine(result)
        async with asyncio.timeout(20):
            await result
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await one.close()
        await wakeups.close()


async def test_it_runs_by_itself_and_what_an_earlier_one_left_is_looked_up(
    due: Connection, dsn: str, pool: Pool
) -> None:
    await _put(due, "left")
    await due.execute("UPDATE effects SET state = 'attempting', attempts = 1 WHERE key = 'left'")
    provider = Provider(has=Result(state="done", reason="foundByLookUp"))

    async def all_done() -> None:
        while await due.fetchval("SELECT count(*) FROM effects WHERE state <> 'done'"):
            await asyncio.sleep(0.02)

    await _running(dsn, pool, provider, all_done)
    assert (provider.done, provider.asked) == (["k"], ["left"])


async def test_what_is_under_way_at_the_end_is_written(due: Connection, dsn: str, pool: Pool) -> None:
    provider = Provider()
    provider.held["k"] = asyncio.Event()

    async def begun() -> None:
        while not provider.done:
            await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.2, provider.held["k"].set)

    await _running(dsn, pool, provider, begun)
    assert await _state(due) == ("done", "accepted")


async def test_a_second_sender_touches_nothing_while_the_first_is_at_work(
    connection: Connection, dsn: str, pool: Pool, settings: Settings
) -> None:
    await clock.set_lockstep(connection, now_ms=NOW)
    first, second = Provider(), Provider()
    tasks = [asyncio.create_task(sender.send(settings, dsn, Routes([first]), pool))]
    try:
        async with asyncio.timeout(30):
            await first.started.wait()
        gc.collect()
        assert not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCKS["text"])
        tasks.append(asyncio.create_task(sender.send(settings, dsn, Routes([second]), pool)))
        tasks[0].cancel()
        async with asyncio.timeout(30):
            await second.started.wait()
        assert not first.started.is_set()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
