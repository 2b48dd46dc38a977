"""How much may be asked is a fact of each area, taken once; who was asked is a row that people are shown."""

from __future__ import annotations

from typing import Any, TypeAlias

import asyncpg
import pytest

from services.engine import clock
from services.outages.asking import By
from services.outages.questions import AskingSet, Mode, QuestionRow
from services.outages.showing_asked import asked_about
from services.outages.store_asking import decided_asking, save_questions, set_asking, take_asking
from services.telling import store as telling

Connection: TypeAlias = "asyncpg.Connection[Any]"
NOW = 1_772_388_000_000
LOW = AskingSet(mode=Mode.LOW, pings_per_minute=6, texts_per_hour=12)
STORM = AskingSet(mode=Mode.STORM, pings_per_minute=60, texts_per_hour=120)


@pytest.fixture
async def ticking(connection: Connection) -> Connection:
    """A database whose clock stands at tick 3."""
    await clock.set_lockstep(connection, now_ms=NOW)
    await connection.execute("UPDATE clock SET n = 3")
    return connection


async def test_how_much_may_be_asked_is_a_fact_of_the_next_turn_and_said_once(ticking: Connection) -> None:
    for _ in range(2):
        await set_asking(ticking, ["A1", "A2"], LOW)
    assert await take_asking(ticking, "A1", 3) == [], "a fact taken at a tick is decided later"
    (fact,) = await take_asking(ticking, "A1", 4)
    assert (fact.at, fact.what) == (NOW, LOW)
    assert await take_asking(ticking, "A1", 5) == []
    assert [each.what for each in await decided_asking(ticking, "A1", 4)] == [LOW]


async def test_only_what_changes_is_said_again_and_the_last_word_comes_last(ticking: Connection) -> None:
    await set_asking(ticking, ["A1", "A2"], LOW)
    await take_asking(ticking, "A1", 4)
    await ticking.execute("UPDATE clock SET n = 9")
    await set_asking(ticking, ["A1", "A2"], LOW)
    await set_asking(ticking, ["A1", "A2"], STORM)
    assert [each.what for each in await take_asking(ticking, "A1", 10)] == [STORM]
    assert [each.what for each in sorted(await take_asking(ticking, "A2", 10))] == [LOW, STORM]


async def test_before_the_clock_is_set_it_can_be_said_too(connection: Connection) -> None:
    await set_asking(connection, ["A1"], LOW)
    assert [each.what for each in await take_asking(connection, "A1", 1)] == [LOW]


async def test_who_was_asked_is_shown_with_the_reason(ticking: Connection) -> None:
    rows = [
        QuestionRow(key=key, incident="I", customer="C-1", meter="M-1", by=by, device="L1", other=other)
        for key, by, other in (("k1", By.METER, "T11"), ("k2", By.TEXT, None))
    ]
    await save_questions(ticking, "A1", 4, NOW, rows)
    for row in rows:
        await ticking.execute(
            """INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
               VALUES ($1, 'correlate', 'A1', 4, $2, 'question', $1, 'asked', $3, '{I}')""",
            row.key,
            NOW,
            "tellsApart" if row.other else "tellsWhether",
        )
    shown = await asked_about(ticking, "I")
    assert [(q.key, q.by, q.meter, q.device, q.other, q.reason) for q in shown] == [
        ("k1", "meter", "M-1", "L1", "T11", "tellsApart"),
        ("k2", "text", "M-1", "L1", None, "tellsWhether"),
    ]
    assert await asked_about(ticking, "J") == []


async def test_questions_of_a_day_are_counted_by_what_became_of_them(ticking: Connection) -> None:
    minute = 60_000
    asked = {"answered": 30, "silent": 20, "open": 5, "late": 40, "long ago": 25 * 60}
    for customer, ago in asked.items():
        row = QuestionRow(
            key=customer, incident="I", customer=customer, meter="M", by=By.METER, device="L1", other=None
        )
        await save_questions(ticking, "A1", 4, NOW - ago * minute, [row])
    for customer, kind, ago in (
        ("answered", "powerRestored", 29),
        ("open", "call", 4),
        ("silent", "noAnswer", 20),
        ("late", "powerRestored", 50),
    ):
        await ticking.execute(
            """INSERT INTO report (id, kind, customer, device, shard, at_ms, state, reason, exercise, tick)
               VALUES ($1, $2, $1, 'L1', 'A1', $3, 'answered', 'r', false, 3)""",
            customer,
            kind,
            NOW - ago * minute,
        )
    found = {
        (labels["by"], labels["state"]): value
        for name, labels, value in await telling.read(ticking)
        if name == "lamplighter_questions"
    }
    assert found == {("meter", "answered"): 2, ("meter", "open"): 1, ("meter", "unanswered"): 1}
