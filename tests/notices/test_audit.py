"""Each audit rule of the room: sound data passes, and damaged data is named by the rule that promises otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.notices.audit import RULES

if TYPE_CHECKING:
    from services.engine.taking import Connection

BY_NAME = {rule.name.removeprefix("notices."): rule for rule in RULES}


def _copy(key: str, to: str, tick: int) -> str:
    return (
        f"INSERT INTO notice_decided SELECT '{to}', area, incident, customer, moment, {tick}, {tick}000, 99000, NULL, "
        f"NULL, NULL FROM notice_decided WHERE key = '{key}'"
    )


@pytest.fixture
async def sound(connection: Connection) -> Connection:
    """A customer told of his outage, of its end, and out again an hour later; a text waiting for another attempt."""
    await connection.execute("INSERT INTO instance (exercise, topic_prefix) VALUES (true, 'drill.')")
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 9, 9000)")
    for tick, moment, state, reason, receipt in (
        (2, "powerOut", "done", "accepted", "delivered"),
        (3, "informDispatched", "due", "throttled", None),
        (5, "powerRestored", "done", "accepted", None),
    ):
        key, now = f"k{tick}", 1000 * tick
        await connection.execute(
            """INSERT INTO notice_decided (key, area, incident, customer, moment, tick, decided_at_ms, expires_at_ms,
                                           receipt, receipt_at_ms)
               VALUES ($1, 'A1', 'I', 'C1', $2, $3, $4, 99000, $5, $6)""",
            key,
            moment,
            tick,
            now,
            receipt,
            now + 1 if receipt else None,
        )
        await connection.execute(
            """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, expires_at_ms, body, state, reason, attempts,
                                    done_at_ms, gateway)
               VALUES ($1, 'text', 'notify', 'A1', $2, $3, 99000, json_build_object('customer', 'C1', 'moment', $4::text),
                       $5, $6, 1, $7, 'drill:smpp')""",
            key,
            tick,
            now,
            moment,
            state,
            reason,
            now if state == "done" else None,
        )
    await connection.execute("INSERT INTO ledger_customer (customer) VALUES ('C1')")
    for name, start, end in (("i1", 1000, 4500), ("i2", 7000, None)):
        await connection.execute(
            """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
                                         reason, voided)
               VALUES ($1, 'C1', (SELECT number FROM ledger_customer), 'A1', $2, $3, false, 'meter', 'incident', 'I',
                       'ownMeter', false)""",
            name,
            start,
            end,
        )
        await connection.execute(
            "INSERT INTO interruption_holder VALUES ($1, $2, 'incident', 'I', 'test')", name, start
        )
    return connection


async def test_sound_data_holds_every_promise_and_every_rule_looks_at_something(sound: Connection) -> None:
    for rule in RULES:
        assert await sound.fetchval(rule.checked_sql) > 0, rule.name
        assert await sound.fetch(rule.violations_sql) == [], rule.name


@pytest.mark.parametrize(
    ("rule", "damage", "named"),
    [
        ("restoredWhileOut", "UPDATE interruption SET end_ms = 5500 WHERE id = 'i1'", ["k5"]),
        (
            "toldTwice",
            _copy("k5", "k9", 9),
            ["k9"],
        ),
        (
            "toldTwice",
            _copy("k3", "k4", 4),
            ["k4"],
        ),
        ("textSettledOrOpenWithReason", "UPDATE effects SET reason = NULL WHERE key = 'k3'", ["k3"]),
        ("textSettledOrOpenWithReason", "UPDATE effects SET state = 'unknown', reason = NULL WHERE key = 'k2'", ["k2"]),
        ("textSettledOrOpenWithReason", "UPDATE effects SET gateway = NULL WHERE key = 'k2'", ["k2"]),
        ("noticeHasItsText", "DELETE FROM effects WHERE key = 'k3'", ["k3"]),
        ("noticeHasItsText", "DELETE FROM notice_decided WHERE key = 'k2'", ["k2"]),
        ("noticeHasItsText", "UPDATE notice_decided SET customer = 'C2' WHERE key = 'k5'", ["k5"]),
        ("noticeHasItsText", "UPDATE notice_decided SET moment = 'powerOut' WHERE key = 'k5'", ["k5"]),
        ("receiptHasItsText", "UPDATE effects SET state = 'failed' WHERE key = 'k2'", ["k2"]),
        ("drillStaysInside", "UPDATE effects SET gateway = 'smpp' WHERE key = 'k5'", ["k5"]),
        ("drillStaysInside", "UPDATE instance SET exercise = false", ["k2", "k3", "k5"]),
    ],
)
async def test_damaged_data_is_named(sound: Connection, rule: str, damage: str, named: list[str]) -> None:
    assert (await sound.execute(damage))[-2:] != " 0"
    assert [row["key"] for row in await sound.fetch(BY_NAME[rule].violations_sql)] == named


async def test_what_was_learned_later_is_no_violation(sound: Connection) -> None:
    await sound.execute("UPDATE interruption SET end_ms = 5500 WHERE id = 'i1'")
    await sound.execute("UPDATE interruption_holder SET from_ms = 6000 WHERE interruption = 'i1'")
    assert await sound.fetch(BY_NAME["restoredWhileOut"].violations_sql) == []


async def test_a_second_outage_may_be_told_after_the_first_ended(sound: Connection) -> None:
    await sound.execute(_copy("k2", "k9", 9))
    assert await sound.fetch(BY_NAME["toldTwice"].violations_sql) == []
