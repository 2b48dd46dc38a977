"""The panel of an exercise: what it shows, and that what is done on it takes the way of everything else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from schemas.codec import decode
from schemas.events import HotlineReported, OutageAcknowledged, OutageReported
from schemas.topics import TOPICS
from services.drill import operator_store, panel_store
from services.drill.messages import Texted
from services.drill.prepare import STARTS_AT_MS, prepare
from services.engine import clock

if TYPE_CHECKING:
    from schemas.events import Event
    from services.engine.taking import Connection


@pytest.fixture
async def exercise(utility: Connection) -> Connection:
    """A prepared storm with a clock that runs."""
    await prepare(utility, storm="tiny", seed=1, utility="example", starts_at_ms=STARTS_AT_MS)
    await clock.set_running(utility, now_ms=STARTS_AT_MS, speed=30.0, step_s=0.25)
    return utility


async def said(connection: Connection, topic: str) -> list[Event]:
    rows = await connection.fetch(
        "SELECT body FROM drill.schedule WHERE topic = $1 AND channel = 'kafka' AND NOT sent ORDER BY at_ms DESC", topic
    )
    return [decode(row["body"], TOPICS[topic]) for row in rows]


async def test_it_says_which_storm_is_played_and_compares_the_world_with_what_is_known(exercise: Connection) -> None:
    await exercise.execute(
        """INSERT INTO drill.outage (customer, from_ms) SELECT customer, $1 FROM current_customer ORDER BY 1 LIMIT 3""",
        STARTS_AT_MS,
    )
    found = await panel_store.exercise(exercise)
    assert found is not None
    assert (found.storm, found.seed, found.utility, found.speed) == ("tiny", 1, "example", 30.0)
    assert (found.compared.customers_out_true, found.compared.customers_out_known) == (3, 0)
    assert found.compared.faults > 0


async def test_a_database_without_a_storm_has_no_panel(utility: Connection) -> None:
    assert await panel_store.exercise(utility) is None


async def test_a_clock_that_stands_counts_ticks_and_no_time(exercise: Connection) -> None:
    await panel_store.set_speed(exercise, 0)
    before = await exercise.fetchrow("SELECT * FROM tick()")
    assert before is not None
    async with asyncio.timeout(30):
        while (after := await exercise.fetchrow("SELECT * FROM tick()")) is None or after["n"] == before["n"]:
            await asyncio.sleep(0.05)
    assert after["now_ms"] == before["now_ms"]
    shown = await panel_store.exercise(exercise)
    assert shown is not None
    assert shown.speed == 0
    await panel_store.set_speed(exercise, 240)
    async with asyncio.timeout(30):
        while (later := await exercise.fetchval("SELECT now_ms FROM tick()")) == after["now_ms"]:
            await asyncio.sleep(0.05)
    assert later > after["now_ms"]


async def test_what_is_typed_on_a_handset_comes_to_us_by_the_operator(exercise: Connection) -> None:
    phone: str = await exercise.fetchval("SELECT phone FROM current_phone ORDER BY phone LIMIT 1")
    assert await panel_store.type_text(exercise, phone, "STOP")
    due = await operator_store.receipts_due(exercise, 10)
    assert [what for _, _, what in due] == [Texted(phone=phone, words="STOP")]
    assert [(text.ours, text.words) for text in await panel_store.messages(exercise, phone, 10)] == [(False, "STOP")]
    assert await exercise.fetchval("SELECT phone FROM drill.opted_out") == phone
    assert not await panel_store.type_text(exercise, "+99900", "STOP")


async def test_handsets_are_found_by_number_and_customer(exercise: Connection) -> None:
    row = await exercise.fetchrow("SELECT phone, customer FROM current_phone ORDER BY phone LIMIT 1")
    assert row is not None
    for words in (row["phone"][-6:], row["customer"].lower()):
        assert row["phone"] in {found.phone for found in await panel_store.handsets(exercise, words, 50)}
    assert await panel_store.handsets(exercise, "nobody's", 50) == []


async def test_customers_call_and_accounts_report_and_acknowledge(exercise: Connection) -> None:
    row = await exercise.fetchrow("SELECT account, customer FROM current_premise ORDER BY 1, 2 LIMIT 1")
    assert row is not None
    account, customer = row["account"], row["customer"]
    assert await panel_store.call_in(exercise, customer)
    assert not await panel_store.call_in(exercise, "nobody")
    (call,) = [
        each
        for each in await said(exercise, "outage.reports")
        if isinstance(each, OutageReported) and each.customer == customer
    ]
    assert call.exercise
    assert await panel_store.account_reports(exercise, account, customer)
    assert not await panel_store.account_reports(exercise, account, "nobody")
    reported = [each for each in await said(exercise, "hotline.reports") if isinstance(each, HotlineReported)]
    assert customer in {each.customer for each in reported}
    await exercise.execute(
        """INSERT INTO entity (stage, kind, id, shard, body)
           VALUES ('escalate', 'escalation', 'O-1', $1, json_build_object('account', $1::text, 'customer', $2::text,
                   'out_since', 1, 'state', 'calling', 'calls', 1))""",
        account,
        customer,
    )
    assert await panel_store.account_acknowledges(exercise, account, "O-1")
    assert not await panel_store.account_acknowledges(exercise, account, "O-2")
    (answer,) = await said(exercise, "hotline.answers")
    assert isinstance(answer, OutageAcknowledged)
    shown = {each.account: each for each in await panel_store.accounts(exercise)}[account]
    assert [(each.outage, each.state) for each in shown.outages] == [("O-1", "calling")]


async def test_the_truth_holds_what_has_struck_and_no_more(exercise: Connection) -> None:
    await exercise.execute("UPDATE drill.fault SET strikes_at_ms = $1", STARTS_AT_MS + 86_400_000)
    first: str = await exercise.fetchval("SELECT min(id) FROM drill.fault")
    await exercise.execute("UPDATE drill.fault SET strikes_at_ms = $1 WHERE id = $2", STARTS_AT_MS, first)
    found = await panel_store.truth(exercise)
    assert [(each.fault, each.repaired_at_ms, each.incident) for each in found.faults] == [(first, None, None)]


async def test_what_a_person_breaks_is_asked_of_the_supervisor_once(exercise: Connection) -> None:
    assert not await panel_store.wish(exercise, "kill", "worker-1")
    await panel_store.write_parts(exercise, {"worker-1": ("ready", 0)})
    assert await panel_store.wish(exercise, "kill", "worker-1")
    ((number, kind, part, state, _),) = await panel_store.open_breakages(exercise)
    assert (kind, part, state) == ("kill", "worker-1", "wished")
    await panel_store.mark_breakage(exercise, number, "mended")
    assert await panel_store.open_breakages(exercise) == []
    assert await panel_store.intervened(exercise)
    await panel_store.write_parts(exercise, {"worker-1": ("ready", 1)})
    shown = await panel_store.exercise(exercise)
    assert shown is not None
    assert [(each.part, each.state, each.restarts) for each in shown.parts] == [("worker-1", "ready", 1)]
    assert [(each.kind, each.state) for each in shown.breakages] == [("kill", "mended")]
