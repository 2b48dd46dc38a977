"""Lockstep: the clock moves only when nothing is under way, and every kind of open work is seen by the one query."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from schemas.events import OutageReported, ReportKind
from schemas.topics import OUTAGE_REPORTS
from services.clock import from_ms
from services.drill import store
from services.drill.messages import report_by_call, unreadable
from services.engine import clock
from services.engine.taking import Connection as Database
from services.engine.taking import Fenced
from services.reports.locating import Located
from services.reports.reasons import Reason
from services.reports.states import ReportState
from services.reports.store import insert

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = 1_772_388_000_000
LATER = NOW + 60_000
N = 1


@pytest.fixture
async def database(connection: Database) -> Database:  # the name of the fixture shared by all tests means the DSN
    await clock.set_lockstep(connection, now_ms=NOW)
    return connection


async def write(database: Database, table: str, **columns: object) -> None:
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join(f"${n + 1}" for n in range(len(columns)))
    await database.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *columns.values())


async def fact(database: Database, tick: int, decided: int | None = None) -> None:
    await write(
        database,
        "inbox",
        stage="dispatch",
        id="E1",
        shard="R1",
        at_ms=NOW,
        tick=tick,
        topic="t",
        body=b"",
        decided=decided,
    )


async def report(database: Database, tick: int, *, state: str = "located") -> None:
    event = OutageReported(id="R1", at=from_ms(NOW), kind=ReportKind.CALL, customer="C1", exercise=True)
    where: dict[str, Any] = {"customer": "C1", "device": "D1", "area": "A1"} if state == "located" else {}
    located = Located(state=ReportState(state), reason=Reason.CUSTOMER_NAMED, at=NOW, **where)
    await insert(database, [(event, located)], tick)


async def effect(database: Database, *, state: str, due: int, tick: int) -> None:
    await write(
        database,
        "effects",
        key="K",
        kind="text",
        stage="notify",
        shard="A1",
        tick=tick,
        due_at_ms=due,
        body="{}",
        state=state,
    )


async def event(database: Database, *, sent: bool) -> None:
    await write(
        database, "outbox", id="E1", stage="dispatch", shard="R1", tick=N, topic="crew.assignments", key="A1", headers="[]",
        body=b"{}", sent=sent,
    )  # fmt: skip


async def said(database: Database, channel: str, at: int, *, sent: bool = False) -> None:
    await write(
        database,
        "drill.schedule",
        id=f"{channel}{at}",
        at_ms=at,
        channel=channel,
        topic="t",
        key="k",
        body=b"",
        sent=sent,
    )


async def unsettled(database: Database) -> Sequence[str]:
    return (await store.settled(database)).unsettled


async def test_an_empty_database_is_settled_and_nothing_will_ever_be_due(database: Database) -> None:
    found = await store.settled(database)
    assert found == store.Settled(n=N, now_ms=NOW, target_ms=None, unsettled=(), open_now=False, next_at_ms=None)
    assert found.settled


async def test_a_database_without_a_clock_was_not_prepared(connection: Database) -> None:
    with pytest.raises(LookupError):
        await store.settled(connection)


async def test_an_event_in_the_outbox_is_under_way_until_it_is_published(database: Database) -> None:
    await event(database, sent=False)
    assert await unsettled(database) == ("an event is not published",)
    await database.execute("UPDATE outbox SET sent = true")
    assert await unsettled(database) == ()


async def test_a_message_is_under_way_until_every_consumer_of_its_topic_has_taken_it(database: Database) -> None:
    await write(database, "heads", topic="outage.incidents", part=1, end_offset=3)
    assert await unsettled(database) == ("a message is not taken",)
    await write(database, "progress", stage="dispatch", topic="outage.incidents", part=1, next_offset=3)
    assert await unsettled(database) == ("a message is not taken",), "notify was never heard of: it has taken nothing"
    await write(database, "progress", stage="notify", topic="outage.incidents", part=1, next_offset=2)
    assert await unsettled(database) == ("a message is not taken",)
    await database.execute("UPDATE progress SET next_offset = 3")
    assert await unsettled(database) == ()


async def test_nobody_has_to_take_a_dead_letter(database: Database) -> None:
    await write(database, "heads", topic="dead.letters", part=0, end_offset=3)
    assert await unsettled(database) == ()


@pytest.mark.parametrize("put", [fact, report])
async def test_a_fact_of_an_earlier_tick_must_be_decided_one_of_this_tick_waits_for_the_next(
    database: Database, put: Any
) -> None:
    await put(database, N)
    found = await store.settled(database)
    assert (found.unsettled, found.open_now) == ((), True)
    await store.advance(database, N, NOW)
    found = await store.settled(database)
    assert (found.unsettled, found.open_now) == (("a fact is not decided",), True)
    await database.execute("UPDATE inbox SET decided = 2")
    await database.execute("UPDATE report_batch SET decided = 2")
    found = await store.settled(database)
    assert (found.unsettled, found.open_now) == ((), False)


async def test_a_report_that_has_no_place_awaits_nobody(database: Database) -> None:
    await report(database, 0, state="unknown")
    found = await store.settled(database)
    assert (found.unsettled, found.open_now) == ((), False)


async def test_a_wake_up_that_is_due_must_have_its_turn(database: Database) -> None:
    await write(database, "turns", stage="world", shard="world", ticked_to=0, wake_at_ms=NOW)
    assert await unsettled(database) == ("a turn was not woken",)
    await database.execute("UPDATE turns SET ticked_to = $1, wake_at_ms = $2", N, LATER)
    found = await store.settled(database)
    assert (found.unsettled, found.next_at_ms) == ((), LATER)


async def test_an_effect_of_an_earlier_tick_must_be_done_one_of_this_tick_waits_for_the_next(
    database: Database,
) -> None:
    await effect(database, state="due", due=NOW, tick=N)
    found = await store.settled(database)
    assert (found.unsettled, found.open_now) == ((), True)
    await store.advance(database, N, NOW)
    assert await unsettled(database) == ("an effect is due",)
    await database.execute("UPDATE effects SET state = 'attempting'")
    assert await unsettled(database) == ("an effect is being attempted",)
    await database.execute("UPDATE effects SET state = 'done'")
    found = await store.settled(database)
    assert (found.unsettled, found.open_now, found.next_at_ms) == ((), False, None)


async def test_an_effect_that_is_due_later_is_what_comes_next(database: Database) -> None:
    await effect(database, state="due", due=LATER, tick=0)
    found = await store.settled(database)
    assert (found.unsettled, found.open_now, found.next_at_ms) == ((), False, LATER)


@pytest.mark.parametrize("state", ["done", "failed", "expired", "superseded", "unknown"])
async def test_an_effect_that_is_over_is_not_waited_for(database: Database, state: str) -> None:
    await effect(database, state=state, due=NOW, tick=0)
    found = await store.settled(database)
    assert (found.unsettled, found.open_now, found.next_at_ms) == ((), False, None)


async def test_a_receipt_must_be_delivered_when_the_clock_is_there_or_on_its_way(database: Database) -> None:
    await said(database, "smpp", LATER)
    found = await store.settled(database)
    assert (found.unsettled, found.next_at_ms) == ((), LATER)
    await store.set_target(database, LATER)
    assert await unsettled(database) == ("a receipt or a text to us is not delivered",)
    await database.execute("UPDATE drill.schedule SET sent = true")
    found = await store.settled(database)
    assert (found.unsettled, found.next_at_ms) == ((), None)


async def test_what_the_world_will_say_comes_next_and_nobody_waits_for_it(database: Database) -> None:
    await said(database, "kafka", LATER)
    await said(database, "kafka", LATER + 5, sent=False)
    await said(database, "kafka", NOW - 5, sent=True)
    found = await store.settled(database)
    assert (found.unsettled, found.next_at_ms) == ((), LATER)


async def test_all_that_is_under_way_is_named(database: Database) -> None:
    await event(database, sent=False)
    await fact(database, 0)
    await effect(database, state="due", due=NOW, tick=0)
    assert await unsettled(database) == ("an event is not published", "a fact is not decided", "an effect is due")


async def test_messages_are_published_in_the_order_of_their_arrival_and_only_once(database: Database) -> None:
    messages = [report_by_call("C1", NOW, NOW + 2), report_by_call("C2", NOW, NOW + 1), unreadable("R9", "C3", NOW + 1)]
    late = report_by_call("C4", NOW, LATER + 1)
    await store.WorldStore().save(database, "world", N, NOW, [*messages, late])
    await said(database, "smpp", LATER)
    found = await store.unpublished(database, LATER)
    by_time = sorted(messages, key=lambda one: (one.at, one.id))
    assert [one.id for one in found] == [one.id for one in by_time]
    assert [one.body for one in found] == [one.body for one in by_time]
    headers = {dict(one.headers)["ce_id"].decode() for one in found}
    assert headers == {one.report for one in messages}, "also the one that nobody can read says its id"
    await store.mark_published(database, [one.id for one in found], {(OUTAGE_REPORTS.name, 2): 3})
    assert await store.unpublished(database, LATER) == []
    assert await unsettled(database) == ("a message is not taken",)
    await store.mark_published(database, [], {(OUTAGE_REPORTS.name, 2): 1})
    assert await database.fetchval("SELECT end_offset FROM heads") == 3, "an end never falls back"


async def test_a_target_is_kept_until_it_is_reached(database: Database) -> None:
    await store.set_target(database, LATER)
    await store.set_target(database, LATER)
    with pytest.raises(Fenced):
        await store.set_target(database, LATER + 1)
    assert (await store.settled(database)).target_ms == LATER
    await store.advance(database, N, LATER)
    found = await store.settled(database)
    assert (found.n, found.now_ms, found.target_ms) == (N + 1, LATER, None)
    with pytest.raises(Fenced):
        await store.set_target(database, LATER)
    await store.set_target(database, LATER + 1)


async def test_the_clock_moves_once_from_a_tick_and_never_back(database: Database) -> None:
    await store.advance(database, N, LATER)
    with pytest.raises(Fenced):
        await store.advance(database, N, LATER)
    with pytest.raises(Fenced):
        await store.advance(database, N + 1, NOW)


async def test_whoever_waits_is_woken(database: Database, dsn: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(dsn)
    try:
        for channel in ("clock", "target", "moved"):
            await listener.add_listener(channel, lambda *notice: heard.put_nowait(notice[2]))
        await store.set_target(database, LATER)
        await store.mark_published(database, [], {})
        await store.advance(database, N, LATER)
        async with asyncio.timeout(10):
            assert [await heard.get() for _ in range(3)] == ["target", "moved", "clock"]
    finally:
        await listener.close()


async def test_the_look_for_undecided_facts_keeps_its_index(database: Database) -> None:
    await database.execute(
        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body, decided)
           SELECT 'dispatch', 'E' || g, 'R1', 1, 0, 't', '', 1 FROM generate_series(1, 50000) g;
           INSERT INTO drill.schedule (id, at_ms, channel, topic, key, body, sent)
           SELECT 'S' || g, g, 'kafka', 't', 'k', '', true FROM generate_series(1, 50000) g;
           ANALYZE inbox; ANALYZE drill.schedule"""
    )
    plan = await database.fetch("EXPLAIN " + store.SETTLED, [], [])
    lines = "\n".join(row[0] for row in plan)
    assert "Seq Scan on inbox" not in lines
    assert "Seq Scan on schedule" not in lines
