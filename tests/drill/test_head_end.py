"""The whole way of a ping in a drill: a due effect, the sender, HTTP to the head-end, a fact for the world."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import httpx
import msgspec
import pytest

from services.database import databases
from services.database.pool import create_pool
from services.drill import operator_store
from services.drill.asking import Asked, By
from services.drill.operator import serve
from services.drill.prepare import STARTS_AT_MS
from services.drill.smpp_pdu import Submit
from services.drill.store import WorldStore
from services.engine.deathpoints import DeathPoints
from services.engine.turn import Fact
from services.notices.gateways.routes import Routes
from services.outages.questions import PingBody
from streams import gateways
from streams.sender import Sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.settings import Settings

Connection: TypeAlias = "asyncpg.Connection[Any]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A drill at tick 3 whose operator listens, and one of its customers."""

    connection: Connection
    dsn: str
    pings: str
    customer: str
    meter: str


@pytest.fixture
async def drill(utility: Connection, server_dsn: str) -> AsyncIterator[Drill]:
    """A drill with the example utility; the operator is served over real sockets."""
    await utility.execute("UPDATE clock SET n = 3")
    await utility.execute(
        """INSERT INTO drill.scenario (storm, seed, utility, starts_at_ms, made) VALUES ('tiny', 7, 'example', $1, '{}')""",
        STARTS_AT_MS,
    )
    customer, meter = await utility.fetchrow(
        "SELECT customer, meter FROM current_customer WHERE meter <> '' AND active ORDER BY customer LIMIT 1"
    )
    dsn = databases.named(server_dsn, await utility.fetchval("SELECT current_database()"))
    ready = asyncio.Event()
    task = asyncio.create_task(serve(dsn, system_id="lamplighter", password="secret", announce=ready.set))
    await asyncio.wait_for(ready.wait(), 20)
    port = await utility.fetchval("SELECT http_port FROM drill.operator")
    yield Drill(connection=utility, dsn=dsn, pings=f"http://127.0.0.1:{port}/pings", customer=customer, meter=meter)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_due_ping_is_asked_once_and_becomes_a_fact_of_the_world(drill: Drill, settings: Settings) -> None:
    connection = drill.connection
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body)
           VALUES ('k', 'ping', 'correlate', 'A1', 1, $1, $2)""",
        STARTS_AT_MS,
        msgspec.json.encode(PingBody(customer=drill.customer, meter=drill.meter)).decode(),
    )
    pool = await create_pool(drill.dsn, 2)
    gateway = await gateways.pings(settings.model_copy(update={"exercise": True}), pool)
    assert gateway is not None
    await gateway.start()
    try:
        routes = Routes([gateway])
        routes.connected(gateway)
        sender = Sender(routes, pool, DeathPoints(None))
        assert await sender.send_due() == 1
        await sender.drained()
        assert await sender.send_due() == 0
    finally:
        await gateway.stop()
        await pool.close()
    row = await connection.fetchrow("SELECT state, reason, gateway FROM effects")
    assert row is not None
    assert tuple(row) == ("done", "accepted", "drill:pings")
    assert [tuple(r) for r in await connection.fetch("SELECT * FROM undecided")] == [("world", "world", 3)]
    world, fact = WorldStore(), Fact(STARTS_AT_MS, "k", Asked(customer=drill.customer, by=By.METER))
    assert await world.facts(connection, "world", 3) == [], "a fact taken at a tick is decided later"
    for read in (world.facts, world.decided):
        (found,) = await read(connection, "world", 4)
        assert (found, found.what) == (fact, fact.what)
    assert await connection.fetch("SELECT * FROM undecided") == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"id": "p", "exercise": True}, 202),
        ({"id": "p", "exercise": True, "meter": "M-nobody's"}, 404),
        ({"id": "p", "exercise": False}, 422),
        ({"id": "p"}, 422),
    ],
)
async def test_the_head_end_takes_pings_of_an_exercise_and_of_meters_that_there_are(
    drill: Drill, content: dict[str, object], status: int
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        asked = {"meter": drill.meter, **content}
        answers = [(await client.post(drill.pings, json=asked)).status_code for _ in range(2)]
        assert (await client.post(drill.pings, content=b"[]")).status_code == 422
    assert answers == [status, 200 if status == 202 else status]
    assert await drill.connection.fetchval("SELECT count(*) FROM drill.asked") == (status == 202)


async def test_a_question_on_a_handset_of_one_premise_is_a_fact_of_the_world_and_other_texts_are_not(
    drill: Drill,
) -> None:
    await drill.connection.executemany(
        """INSERT INTO customer_phone (version, customer, phone, rank)
           SELECT version, $1, $2, 9 FROM utility_version WHERE current""",
        [
            (customer, phone)
            for customer, phone in zip(
                [
                    r["customer"]
                    for r in await drill.connection.fetch("SELECT customer FROM current_customer ORDER BY 1 LIMIT 3")
                ],
                ["+99900000001", "+99900000002", "+99900000002"],
                strict=True,
            )
        ],
    )
    texts = [
        ("r1", "+99900000001", "EXERCISE: Is your power on? Answer Y or N."),
        ("r2", "+99900000001", "EXERCISE: Power is out at your address."),
        ("r3", "+99900000002", "EXERCISE: Is your power on? Answer Y or N."),
        ("r4", "+99900000990", "EXERCISE: Is your power on? Answer Y or N."),
    ]
    submits = [
        Submit(sender="L", phone=phone, words=words, reference=reference, esm_class=0)
        for reference, phone, words in texts
    ]
    await operator_store.take_texts(drill.connection, 7, submits)
    rows = await drill.connection.fetch("SELECT customer, by, tick FROM drill.asked")
    first = await drill.connection.fetchval("SELECT min(customer) FROM current_customer")
    assert [tuple(row) for row in rows] == [(first, "text", 3)]
