"""The SMPP gateway against the drill's operator: real sockets, a real database, every way in which a text can end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from schemas.events import TextOutcome
from services.drill.operator import serve
from services.engine.gateway import GatewayAway, Result

if TYPE_CHECKING:
    from services.notices.gateways.smpp import SmppGateway
    from tests.notices.conftest import Exchange

SECOND_MS = 1_000


async def all_receipts_taken(exchange: Exchange, expected: int) -> None:
    """Move the clock past the last receipt and wait until each was acknowledged."""
    await exchange.move_clock(await exchange.connection.fetchval("SELECT now_ms + 60000 FROM clock"))
    await exchange.until(
        "SELECT count(*) = $1 FROM drill.schedule WHERE channel = 'smpp' AND sent "
        "HAVING count(*) = (SELECT count(*) FROM drill.schedule WHERE channel = 'smpp')",
        expected,
    )


async def perform_or_none(gateway: SmppGateway, exchange: Exchange) -> Result | None:
    try:
        return await gateway.perform("key-1", "A1", exchange.body())
    except GatewayAway:
        return None


async def facts(exchange: Exchange) -> list[tuple[str, str]]:
    rows = await exchange.connection.fetch(
        "SELECT convert_from(body, 'UTF8')::json ->> 'notice' AS notice, convert_from(body, 'UTF8')::json ->> 'outcome' "
        "AS outcome FROM outbox ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]


async def test_a_text_arrives_with_its_words_and_our_key_and_its_receipt_becomes_one_fact(
    exchange: Exchange, gateway: SmppGateway
) -> None:
    await exchange.decided("key-1")
    result = await gateway.perform("key-1", "A1", exchange.body())
    await exchange.settle("key-1", result)
    assert (result.state, result.reason) == ("done", "accepted")
    assert await exchange.handset() == [("key-1", "+99900000001", "The power is back at your address. {[€]} àé")]
    assert exchange.receipts == []
    await all_receipts_taken(exchange, 1)
    assert exchange.receipts == [(result.reference, TextOutcome.DELIVERED, "DELIVRD:000")]
    assert await facts(exchange) == [("key-1", "delivered")]


@pytest.mark.parametrize(
    ("ending", "outcome", "code"),
    [("90", TextOutcome.FAILED, "UNDELIV:027"), ("91", TextOutcome.EXPIRED, "EXPIRED:000")],
)
async def test_a_receipt_says_what_became_of_a_text(
    exchange: Exchange, gateway: SmppGateway, ending: str, outcome: TextOutcome, code: str
) -> None:
    exchange.phones["C1"] = f"+999000000{ending}"
    await exchange.decided("key-1")
    result = await gateway.perform("key-1", "A1", exchange.body())
    await exchange.settle("key-1", result)
    await all_receipts_taken(exchange, 1)
    assert exchange.receipts == [(result.reference, outcome, code)]


async def test_a_busy_operator_is_tried_again_and_takes_the_text_then(exchange: Exchange, gateway: SmppGateway) -> None:
    exchange.phones["C1"] = "+99900000092"
    busy = Result(state="later", reason="throttled", retry_after_ms=20 * SECOND_MS)
    start = await exchange.connection.fetchval("SELECT now_ms FROM clock")
    assert await gateway.perform("key-1", "A1", exchange.body()) == busy
    assert await gateway.perform("key-1", "A1", exchange.body()) == busy  # repeated in the same instant: counts nothing
    await exchange.move_clock(start + 20 * SECOND_MS)
    assert await gateway.perform("key-1", "A1", exchange.body()) == busy
    await exchange.move_clock(start + 40 * SECOND_MS)
    assert (await gateway.perform("key-1", "A1", exchange.body())).state == "done"
    assert len(await exchange.handset()) == 1


async def test_a_refused_number_is_not_tried_again(exchange: Exchange, gateway: SmppGateway) -> None:
    exchange.phones["C1"] = "+99900000093"
    result = await gateway.perform("key-1", "A1", exchange.body())
    assert result == Result(state="failed", reason="invalidNumber")
    assert await exchange.handset() == []


async def test_a_code_nobody_knows_raises_an_alarm_and_leaves_the_link_alone(
    exchange: Exchange, gateway: SmppGateway
) -> None:
    exchange.phones["C1"] = "+99900000094"
    with structlog.testing.capture_logs() as logs:
        result = await gateway.perform("key-1", "A1", exchange.body())
    assert result == Result(state="unknown", reason="operatorCode0x401")
    assert [(line["event"], line["code"], line["log_level"]) for line in logs] == [
        ("notices.operator_code_unknown", "0x401", "error")
    ]
    assert (await gateway.perform("key-2", "A1", exchange.body("C2"))).state == "done"


async def test_a_customer_without_a_number_is_a_failure_of_ours(exchange: Exchange, gateway: SmppGateway) -> None:
    exchange.phones["C1"] = None
    assert await gateway.perform("key-1", "A1", exchange.body()) == Result(state="failed", reason="noPhone")


async def test_a_link_cut_in_mid_submit_leaves_an_unknown_outcome_that_the_operator_clears_up(
    exchange: Exchange, gateway: SmppGateway
) -> None:
    await exchange.decided("key-1")
    exchange.cable.holding = True
    attempt = asyncio.create_task(gateway.perform("key-1", "A1", exchange.body()))
    await exchange.cable.held.wait()
    exchange.cable.cut()
    assert await attempt == Result(state="unknown", reason="linkLost", ask=True)
    found = await gateway.look_up("key-1")
    assert found is not None
    assert (found.state, found.reason) == ("done", "foundByLookUp")
    await exchange.settle("key-1", found)
    assert (await exchange.attempt(gateway, "key-2", "C2")).state == "done"  # a new link was made
    assert [reference for reference, _, _ in await exchange.handset()] == ["key-1", "key-2"]


async def test_a_text_that_never_reached_the_operator_is_not_known_there(gateway: SmppGateway) -> None:
    assert await gateway.look_up("key-1") is None


async def test_while_there_is_no_link_nothing_is_handed_over(exchange: Exchange, gateway: SmppGateway) -> None:
    await exchange.stop_operator()
    exchange.cable.cut()
    # Until the gateway has seen the link die an attempt may still meet it, and then does not know.
    while (met := await perform_or_none(gateway, exchange)) is not None:
        assert met.state == "unknown"
    with pytest.raises(GatewayAway):
        await gateway.look_up("key-1")
    await exchange.start_operator()
    assert (await exchange.attempt(gateway, "key-2")).state == "done"
    assert [reference for reference, _, _ in await exchange.handset()] == ["key-2"]


async def test_a_receipt_that_was_not_stored_comes_again_and_is_one_fact(
    exchange: Exchange, gateway: SmppGateway
) -> None:
    await exchange.decided("key-1")
    result = await gateway.perform("key-1", "A1", exchange.body())
    exchange.refuse_receipts = 2
    await exchange.settle("key-1", result)
    with structlog.testing.capture_logs() as logs:
        await all_receipts_taken(exchange, 1)
    assert len(exchange.receipts) == 3
    assert [line["event"] for line in logs].count("notices.delivery_not_stored") == 1
    assert await facts(exchange) == [("key-1", "delivered")]


async def test_a_receipt_waits_until_the_attempt_of_its_text_is_settled(
    exchange: Exchange, gateway: SmppGateway
) -> None:
    await exchange.decided("key-1")
    result = await gateway.perform("key-1", "A1", exchange.body())
    await exchange.move_clock(await exchange.connection.fetchval("SELECT now_ms + 60000 FROM clock"))
    async with asyncio.timeout(10):
        while not exchange.receipts:  # it came, and no row holds its reference
            await exchange.moved.wait(0.05)
    assert await facts(exchange) == []
    await exchange.settle("key-1", result)
    await all_receipts_taken(exchange, 1)
    assert await facts(exchange) == [("key-1", "delivered")]


async def test_receipts_of_an_earlier_process_reach_the_next_one(exchange: Exchange, gateway: SmppGateway) -> None:
    for number in range(20):
        await exchange.decided(f"key-{number:02}", f"C{number}")
        result = await gateway.perform(f"key-{number:02}", "A1", exchange.body(f"C{number}"))
        await exchange.settle(f"key-{number:02}", result)
    await gateway.stop()
    following = exchange.gateway()
    await following.start()
    await all_receipts_taken(exchange, 20)
    await following.stop()
    assert await facts(exchange) == [(f"key-{number:02}", "delivered") for number in range(20)]


async def test_an_exercise_binds_to_no_real_operator_and_a_real_one_to_no_drill(exchange: Exchange) -> None:
    with pytest.raises(GatewayAway, match="onlyADrill"):
        await exchange.gateway(exercise=False).start()

    async def real_operator(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(16)
        await reader.readexactly(int.from_bytes(head[:4]) - 16)
        name = b"CARRIER\0"
        writer.write((16 + len(name)).to_bytes(4) + b"\x80\0\0\x09" + bytes(4) + head[12:16] + name)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(real_operator, "127.0.0.1", 0)
    await exchange.cable.close()
    exchange.cable.upstream = server.sockets[0].getsockname()[1]
    await exchange.cable.open()
    with pytest.raises(GatewayAway, match="notTheDrill"):
        await exchange.gateway().start()
    exchange.cable.cut()
    server.close()
    await server.wait_closed()


async def test_a_wrong_password_is_said_at_start(exchange: Exchange) -> None:
    await exchange.stop_operator()
    await exchange.connection.execute("UPDATE drill.operator SET password = 'other'")
    ready = asyncio.Event()
    other = asyncio.create_task(serve(exchange.dsn, system_id="lamplighter", password="other", announce=ready.set))
    await ready.wait()
    with pytest.raises(GatewayAway, match="bindRefused"):
        await exchange.gateway().start()
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)


async def test_a_killed_operator_forgets_nothing_that_it_acknowledged(exchange: Exchange) -> None:
    await exchange.stop_operator()
    process = await _operator_process(exchange)
    gateway = exchange.gateway()
    await gateway.start()
    before = [await _send(exchange, gateway, number) for number in range(10)]
    attempts = [asyncio.create_task(_send(exchange, gateway, number)) for number in range(10, 300)]
    await exchange.until("SELECT count(*) >= 20 FROM drill.handset_text")
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    outcomes = await asyncio.gather(*attempts)
    process = await _operator_process(exchange)
    for number, result in enumerate([*before, *outcomes]):
        if result is None or result.state == "unknown":
            known = await gateway.look_up(f"key-{number:03}")
            if known is None:
                known = await exchange.attempt(gateway, f"key-{number:03}", f"C{number}")
            await exchange.settle(f"key-{number:03}", known)
        else:
            await exchange.settle(f"key-{number:03}", result)
    assert [reference for reference, _, _ in await exchange.handset()] == [f"key-{number:03}" for number in range(300)]
    await all_receipts_taken(exchange, 300)
    assert await facts(exchange) == [(f"key-{number:03}", "delivered") for number in range(300)]
    await gateway.stop()
    process.terminate()
    await process.wait()


async def _send(exchange: Exchange, gateway: SmppGateway, number: int) -> Result | None:
    await exchange.decided(f"key-{number:03}", f"C{number}")
    try:
        return await gateway.perform(f"key-{number:03}", "A1", exchange.body(f"C{number}"))
    except GatewayAway:
        return None


async def _operator_process(exchange: Exchange) -> asyncio.subprocess.Process:
    program = (
        "import asyncio, sys\nfrom services.drill.operator import serve\n"
        "asyncio.run(serve(sys.argv[1], system_id='lamplighter', password='secret',"
        " announce=lambda: print('READY', flush=True)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, exchange.dsn,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    while await process.stdout.readline() != b"READY\n":
        assert process.returncode is None
    exchange.cable.upstream = await exchange.connection.fetchval("SELECT smpp_port FROM drill.operator")
    return process
