"""Every outcome that the drill's operator has a number for, as the gateway and the sender meet it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import structlog

from schemas.events import TextOutcome
from services.engine.deathpoints import DeathPoints
from services.engine.gateway import Result
from services.notices.gateways.routes import Routes
from services.notices.gateways.smpp import DRILL_NAME, SmppGateway
from services.notices.reconciling import Fate
from streams.receipts import Receipts
from streams.sender import Sender

if TYPE_CHECKING:
    from tests.notices.conftest import Exchange

MAGIC = "+9991234567890"
"""With an ending of two digits it has fifteen."""
SILENT = 0.3
"""How long these gateways wait for an answer, seconds."""


@pytest.fixture
async def gateway(exchange: Exchange) -> AsyncIterator[SmppGateway]:
    """A bound gateway that does not wait long for answers; its receipts are taken as the product takes them."""
    receipts = Receipts(exchange.pool, DRILL_NAME, exercise=True, deaths=DeathPoints(None))
    made = SmppGateway(
        endpoint=exchange.endpoint,
        sender="LAMPLIGHT",
        exercise=True,
        phone_of=exchange.phone_of,
        on_receipt=receipts.take,
        on_inbound=exchange.on_inbound,
        answer_s=SILENT,
    )
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def sender(exchange: Exchange, gateway: SmppGateway) -> Sender:
    """A sender whose only gateway it is."""
    routes = Routes([gateway])
    routes.connected(gateway)
    return Sender(routes, exchange.pool, DeathPoints(None))


async def due(exchange: Exchange, key: str, ending: str) -> None:
    """Have a text due that goes to a number with this ending; the number is its customer's."""
    number = MAGIC + ending
    exchange.phones[key] = number
    async with exchange.pool.acquire() as connection:
        version = await connection.fetchval(
            """INSERT INTO utility_version (digest, name, time_zone, attribution, languages, quiet_from, quiet_until, current)
               VALUES ('d', 'n', 'UTC', '', '{en}', '00:00', '00:00', true)
               ON CONFLICT (digest) DO UPDATE SET current = true RETURNING version"""
        )
        await connection.execute("SET session_replication_role = replica")  # a customer's grid is no matter here
        await connection.execute(
            "INSERT INTO customer_phone (version, customer, phone, rank) VALUES ($1, $2, $3, 1)", version, key, number
        )
        await connection.execute("SET session_replication_role = DEFAULT")
        await connection.execute(
            """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body)
               SELECT $1, 'text', 'notify', 'A1', 0, now_ms, $2 FROM clock""",
            key,
            exchange.body(key).decode(),
        )


async def sent(exchange: Exchange, sender: Sender, key: str) -> tuple[str, str | None]:
    """Send what is due, look into what has no outcome, until it has one; return the text's state and reason."""
    async with asyncio.timeout(20):
        while True:
            await sender.send_due()
            await sender.drained()
            await sender.look_into_stuck()
            await sender.drained()
            state = await state_of(exchange, key)
            if state[0] not in {"due", "attempting"}:
                return state
            await asyncio.sleep(0.02)


async def state_of(exchange: Exchange, key: str) -> tuple[str, str | None]:
    row = await exchange.connection.fetchrow("SELECT state, reason FROM effects WHERE key = $1", key)
    assert row is not None
    return row["state"], row["reason"]


async def receipts_done(exchange: Exchange, after_ms: int = 60_000) -> list[tuple[str, str]]:
    """Move the clock on, wait until the operator has no more to deliver, and return the facts that came of it."""
    await exchange.move_clock(await exchange.connection.fetchval("SELECT now_ms + $1 FROM clock", after_ms))
    await exchange.until(
        "SELECT NOT EXISTS (SELECT FROM drill.schedule s, clock c WHERE NOT s.sent AND s.at_ms <= c.now_ms)"
    )
    rows = await exchange.connection.fetch(
        """SELECT convert_from(body, 'UTF8')::json ->> 'notice' AS notice, convert_from(body, 'UTF8')::json ->> 'outcome' AS what
           FROM outbox WHERE topic = 'notice.receipts' ORDER BY 1, 2"""
    )
    return [tuple(row) for row in rows]


async def handset(exchange: Exchange) -> list[str]:
    return [reference for reference, _, _ in await exchange.handset()]


@pytest.mark.parametrize("ending", ["86", "88"], ids=["no answer", "link cut"])
async def test_a_text_that_was_taken_without_an_answer_is_found_and_not_sent_again(
    exchange: Exchange, sender: Sender, ending: str
) -> None:
    await due(exchange, "k", ending)
    assert await sent(exchange, sender, "k") == ("done", "foundByLookUp")
    assert await handset(exchange) == ["k"]
    assert await receipts_done(exchange) == [("k", "delivered")]


@pytest.mark.parametrize("ending", ["87", "89"], ids=["no answer", "link cut"])
async def test_a_text_that_was_not_taken_and_not_answered_is_sent_again_once(
    exchange: Exchange, sender: Sender, ending: str
) -> None:
    await due(exchange, "k", ending)
    assert await sent(exchange, sender, "k") == ("done", "accepted")
    assert await handset(exchange) == ["k"]
    assert await receipts_done(exchange) == [("k", "delivered")]


async def test_a_text_that_nobody_can_tell_of_stays_unknown_until_its_receipt_comes(
    exchange: Exchange, sender: Sender
) -> None:
    await due(exchange, "k", "95")
    await due(exchange, "other", "01")
    assert await sent(exchange, sender, "k") == ("unknown", "noLookUp")
    assert await receipts_done(exchange) == [("k", "delivered"), ("other", "delivered")]
    assert await state_of(exchange, "k") == ("done", "foundByReceipt")
    assert sorted(await handset(exchange)) == ["k", "other"]


async def test_of_two_unknown_texts_to_one_number_a_receipt_says_nothing(exchange: Exchange, sender: Sender) -> None:
    await due(exchange, "k", "95")
    await exchange.connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body)
           SELECT 'second', kind, stage, shard, tick, due_at_ms, body FROM effects"""
    )
    for key in ("k", "second"):
        assert await sent(exchange, sender, key) == ("unknown", "noLookUp")
    with structlog.testing.capture_logs() as logs:
        assert await receipts_done(exchange) == []
    assert [line["event"] for line in logs].count("notices.receipt_of_no_notice") == 2
    assert await state_of(exchange, "k") == ("unknown", "noLookUp")


async def test_two_receipts_are_one_fact(exchange: Exchange, sender: Sender) -> None:
    await due(exchange, "k", "82")
    await sent(exchange, sender, "k")
    assert await receipts_done(exchange) == [("k", "delivered")]


async def test_a_receipt_for_a_text_that_nobody_sent_is_acknowledged_and_said(
    exchange: Exchange, sender: Sender
) -> None:
    await due(exchange, "k", "83")
    await sent(exchange, sender, "k")
    with structlog.testing.capture_logs() as logs:
        assert await receipts_done(exchange) == [("k", "delivered")]
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["notices.receipt_of_no_notice"]


async def test_a_receipt_of_an_unknown_name_comes_again_while_an_attempt_is_open(
    exchange: Exchange, gateway: SmppGateway
) -> None:
    await exchange.decided("open")
    result = await gateway.perform("open", "A1", exchange.body())
    await exchange.move_clock(await exchange.connection.fetchval("SELECT now_ms + 60000 FROM clock"))
    with structlog.testing.capture_logs() as logs:
        async with asyncio.timeout(10):
            while not any(line["event"] == "notices.delivery_not_stored" for line in logs):
                await asyncio.sleep(0.02)
    await exchange.settle("open", result)
    assert await receipts_done(exchange) == [("open", "delivered")]
    assert not any(line["event"] == "notices.receipt_of_no_notice" for line in logs)


async def test_a_late_receipt_is_as_good(exchange: Exchange, sender: Sender) -> None:
    await due(exchange, "k", "81")
    await sent(exchange, sender, "k")
    assert await receipts_done(exchange) == []
    assert await receipts_done(exchange, 3_600_000) == [("k", "delivered")]


async def test_a_handset_may_answer(exchange: Exchange, sender: Sender) -> None:
    await due(exchange, "k", "80")
    await sent(exchange, sender, "k")
    await receipts_done(exchange)
    assert [(part.phone, part.body) for part in exchange.inbound] == [(MAGIC + "80", b"STATUS")]


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("84", Fate(TextOutcome.DELIVERED, "DELIVRD:000")),
        ("90", Fate(None, "ENROUTE:000")),
        ("85", None),
    ],
    ids=["no receipt", "on its way", "nobody can tell"],
)
async def test_the_operator_is_asked_by_its_own_name_for_a_text(
    exchange: Exchange, gateway: SmppGateway, ending: str, expected: Fate | None
) -> None:
    exchange.phones["C1"] = MAGIC + ending
    result = await gateway.perform("k", "A1", exchange.body())
    assert result.reference is not None
    assert await gateway.fate_of(result.reference) == expected
    assert await gateway.fate_of("nobody's") is None


async def test_a_text_of_several_segments_arrives_whole(exchange: Exchange, gateway: SmppGateway) -> None:
    words = "Unwetter über Wiesen: Ihr Anschluß ist ohne Strom. " * 6
    body = exchange.body().replace(
        b'"The power is back at your address. {[\xe2\x82\xac]} \xc3\xa0\xc3\xa9"', f'"{words}"'.encode()
    )
    assert (await gateway.perform("k", "A1", body)).state == "done"
    assert await exchange.connection.fetchval("SELECT words FROM drill.handset_text") == words


async def test_a_peer_that_is_dead_is_found_though_the_line_stands(exchange: Exchange) -> None:
    gateway = exchange.gateway(enquire_s=0.3)
    await gateway.start()
    exchange.cable.holding = True
    assert await gateway.perform("k", "A1", exchange.body()) == Result(state="unknown", reason="linkLost", ask=True)
    exchange.cable.cut()
    assert (await exchange.attempt(gateway, "other")).state == "done"
    await gateway.stop()
