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
        "INSERT INTO notice_decided (key, area, incident, customer, customers, handle, moment, tick, decided_at_ms, "
        f"expires_at_ms, estimate_ms) SELECT '{to}', area, incident, customer, customers, handle, moment, {tick}, {tick}000, "
        f"99000, estimate_ms FROM notice_decided WHERE key = '{key}'"
    )


@pytest.fixture
async def sound(connection: Connection) -> Connection:
    """A customer told of his outage, of its end, asked in a storm, and out again an hour later; a text waiting for another attempt.

    He wrote to us, and was answered; his phone stopped texts and started them again. It is never quiet.
    """
    await connection.execute("INSERT INTO instance (exercise, topic_prefix) VALUES (true, 'drill.')")
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 9, 9000)")
    await connection.execute(
        """INSERT INTO utility_version (digest, name, time_zone, attribution, current, quiet_from, quiet_until)
           VALUES ('D', 'U', 'Asia/Shanghai', '', true, '00:00', '00:00')"""
    )
    await connection.execute(
        """INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter)
           SELECT version, 'C1', 'N', 'T', 'F', 'LV', '', true, 'M' FROM utility_version"""
    )
    for tick, moment, state, reason, receipt, estimate in (
        (2, "powerOut", "done", "accepted", "delivered", 8_000_000),
        (3, "informDispatched", "due", "throttled", None, None),
        (4, "etrChange", "done", "accepted", None, 10_000_000),
        (5, "powerRestored", "done", "accepted", None, None),
        (6, "question", "done", "accepted", None, None),
    ):
        key, now = f"k{tick}", 1000 * tick
        await connection.execute(
            """INSERT INTO notice_decided (key, area, incident, customer, customers, handle, moment, tick, decided_at_ms,
                                           expires_at_ms, receipt, receipt_at_ms, estimate_ms)
               VALUES ($1, 'A1', 'I', 'C1', '{C1}', 'H1', $2, $3, $4, 99000, $5, $6, $7)""",
            key,
            moment,
            tick,
            now,
            receipt,
            now + 1 if receipt else None,
            estimate,
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
    await connection.execute("UPDATE notice_decided SET revision = tick")
    await connection.execute(
        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body, decided)
           VALUES ('notify', 't1', 'A1', 1, 1, 'notice.inbound', '', 2), ('notify', 't2', 'A1', 2, 1, 'notice.inbound', '', 2)"""
    )
    await connection.execute(
        """INSERT INTO inbound_text (id, area, tick, decided_at_ms, at_ms, phone, handle, words, state, reason, answer)
           VALUES ('t1', 'A1', 2, 2, 1, '+9990000001', 'H1', 'help', 'helped', 'helpWord', 'a1'),
                  ('t2', 'A1', 2, 2, 2, '+9990000001', 'H1', 'x', 'unread', 'notUnderstood', NULL)"""
    )
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body) VALUES
           ('a1', 'text', 'notify', 'A1', 2, 1, '{"inbound": "t1", "moment": "answer", "words": ""}')"""
    )
    await connection.execute(
        """INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
           VALUES ('j', 'notify', 'A1', 2, 2, 'text', 't2', 'unanswered', 'answersSpent', '{t2}')"""
    )
    for number, consents in ((1, False), (2, True)):
        await connection.execute(
            """INSERT INTO consent_log (id, area, tick, decided_at_ms, at_ms, phone, handle, consents)
               VALUES ('c' || $1::integer, 'A1', $1, $1, $1, '+9990000001', 'H1', $2)""",
            number,
            consents,
        )
    await connection.execute(
        """INSERT INTO asking_set (shard, tick, at_ms, mode, pings_per_minute, texts_per_hour, decided)
           VALUES ('A1', 1, 1000, 'low', 6, 12, 2), ('A1', 5, 5000, 'storm', 60, 120, 6)"""
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


STILL_OUT = """INSERT INTO interruption_part (interruption, from_ms, until_ms, holder_kind, holder, powered)
               SELECT id, start_ms, 5500, holder_kind, holder, false FROM interruption WHERE id = 'i1'"""


@pytest.mark.parametrize(
    ("rule", "damage", "named"),
    [
        ("restoredWhileOut", STILL_OUT, ["k5"]),
        ("toldTwice", f"WITH gone AS (DELETE FROM interruption WHERE id = 'i2') {_copy('k5', 'k9', 9)}", ["k9"]),
        ("oncePerRevision", "UPDATE notice_decided SET moment = 'plannedChanged', revision = 7", ["k6"]),
        (
            "oncePerRevision",
            f"{_copy('k3', 'k31', 4)}; UPDATE notice_decided SET revision = 3 WHERE key = 'k31'",
            ["k31"],
        ),
        ("capIsKept", "UPDATE utility_version SET texts_a_day = 3", ["k5", "k6"]),
        (
            "returnSentWhileOut",
            f"{_copy('k2', 'k9', 9)}; UPDATE effects SET done_at_ms = 70000 WHERE key = 'k5'",
            ["k5"],
        ),
        (
            "sentAfterStop",
            "UPDATE effects SET done_at_ms = 70000 WHERE key = 'k4'; DELETE FROM consent_log WHERE id = 'c2'",
            ["k4"],
        ),
        (
            "nightIsQuiet",
            """INSERT INTO quiet_hours (version, kind, quiet_from, quiet_until)
               SELECT version, 'estimate', '08:00', '09:00' FROM utility_version""",
            ["k4"],
        ),
        (
            "nightIsQuiet",
            """INSERT INTO customer_phone SELECT version, 'C1', '+9990000001', 1 FROM utility_version;
               INSERT INTO notice_contact (version, customer, channel, address, quiet_from, quiet_until)
               SELECT version, 'C1', 'text', '+9990000001', '08:00:03', '08:00:05' FROM utility_version""",
            ["k3", "k4"],
        ),
        (
            "toldTwice",
            _copy("k3", "k31", 4),
            ["k31"],
        ),
        ("toldTwice", "UPDATE notice_decided SET moment = 'powerOut' WHERE key = 'k3'", ["k3"]),
        ("changedEstimateIsOne", "UPDATE notice_decided SET estimate_ms = 8000001 WHERE key = 'k4'", ["k4"]),
        ("changedEstimateIsOne", "UPDATE notice_decided SET estimate_ms = NULL WHERE key = 'k4'", ["k4"]),
        ("changedEstimateIsOne", "UPDATE notice_decided SET estimate_ms = NULL WHERE key = 'k2'", ["k4"]),
        ("nightIsQuiet", "UPDATE utility_version SET quiet_from = '08:00', quiet_until = '08:00:03'", ["k2"]),
        (
            "nightIsQuiet",
            "UPDATE utility_version SET quiet_from = '08:00:05', quiet_until = '08:00:03'",
            ["k2", "k5"],
        ),
        (
            "nightIsQuiet",
            """WITH low AS (DELETE FROM asking_set WHERE mode = 'storm')
               UPDATE utility_version SET quiet_from = '08:00:06', quiet_until = '09:00'""",
            ["k6"],
        ),
        ("askedOnceADay", _copy("k6", "k7", 7), ["k7"]),
        ("toldAgainstWill", "DELETE FROM consent_log WHERE id = 'c2'", ["k2", "k3", "k4", "k5", "k6"]),
        ("toldAgainstWill", "UPDATE consent_log SET tick = 4 WHERE id = 'c2'", ["k2", "k3"]),
        (
            "toldAgainstWill",
            "WITH log AS (DELETE FROM consent_log) UPDATE customer SET consent = false",
            ["k2", "k3", "k4", "k5", "k6"],
        ),
        ("inboundHasItsState", "DELETE FROM inbound_text WHERE id = 't1'", ["t1"]),
        ("inboundHasItsState", "UPDATE effects SET body = '{}' WHERE key = 'a1'", ["t1"]),
        ("inboundHasItsState", "DELETE FROM journal", ["t2"]),
        ("noticeHasItsText", "UPDATE inbound_text SET answer = NULL", ["a1"]),
        ("textSettledOrOpenWithReason", "UPDATE effects SET reason = NULL WHERE key = 'k3'", ["k3"]),
        ("textSettledOrOpenWithReason", "UPDATE effects SET state = 'unknown', reason = NULL WHERE key = 'k2'", ["k2"]),
        ("textSettledOrOpenWithReason", "UPDATE effects SET gateway = NULL WHERE key = 'k2'", ["k2"]),
        ("noticeHasItsText", "DELETE FROM effects WHERE key = 'k3'", ["k3"]),
        ("noticeHasItsText", "DELETE FROM notice_decided WHERE key = 'k2'", ["k2"]),
        ("noticeHasItsText", "UPDATE notice_decided SET customer = 'C2', customers = '{C2}' WHERE key = 'k5'", ["k5"]),
        ("noticeHasItsText", "UPDATE notice_decided SET moment = 'powerOut' WHERE key = 'k5'", ["k5"]),
        ("noticeHasItsText", "UPDATE notice_decided SET channel = 'email' WHERE key = 'k5'", ["k5"]),
        ("noticeHasItsText", "UPDATE notice_decided SET contact = 'x' WHERE key = 'k5'", ["k5"]),
        ("receiptHasItsText", "UPDATE effects SET state = 'failed' WHERE key = 'k2'", ["k2"]),
        ("drillStaysInside", "UPDATE effects SET gateway = 'smpp' WHERE key = 'k5'", ["k5"]),
        ("drillStaysInside", "UPDATE instance SET exercise = false", ["k2", "k3", "k4", "k5", "k6"]),
    ],
)
async def test_damaged_data_is_named(sound: Connection, rule: str, damage: str, named: list[str]) -> None:
    assert (await sound.execute(damage))[-2:] != " 0"
    assert [row["key"] for row in await sound.fetch(BY_NAME[rule].violations_sql)] == named


async def test_what_was_called_back_was_not_told(sound: Connection) -> None:
    await sound.execute(_copy("k3", "k31", 4))
    assert len(await sound.fetch(BY_NAME["toldTwice"].violations_sql)) == 1
    await sound.execute("UPDATE effects SET state = 'superseded' WHERE key = 'k3'")
    assert await sound.fetch(BY_NAME["toldTwice"].violations_sql) == []


async def test_a_return_is_told_again_to_who_told_us_himself_that_power_is_out(sound: Connection) -> None:
    await sound.execute(_copy("k5", "k9", 9))
    assert await sound.fetch(BY_NAME["toldTwice"].violations_sql) == []


async def test_letters_know_no_night_but_their_own(sound: Connection) -> None:
    await sound.execute("UPDATE utility_version SET quiet_from = '08:00', quiet_until = '09:00'")
    await sound.execute("UPDATE notice_decided SET channel = 'email', contact = id FROM notice_contact")
    assert len(await sound.fetch(BY_NAME["nightIsQuiet"].violations_sql)) == 4
    await sound.execute("UPDATE notice_decided SET channel = 'email'")
    assert await sound.fetch(BY_NAME["nightIsQuiet"].violations_sql) == []


async def test_what_was_learned_later_is_no_violation(sound: Connection) -> None:
    await sound.execute(STILL_OUT)
    assert len(await sound.fetch(BY_NAME["restoredWhileOut"].violations_sql)) == 1
    await sound.execute("UPDATE interruption_holder SET from_ms = 6000 WHERE interruption = 'i1'")
    assert await sound.fetch(BY_NAME["restoredWhileOut"].violations_sql) == []


async def test_power_that_was_back_for_a_moment_may_be_told(sound: Connection) -> None:
    await sound.execute(STILL_OUT)
    await sound.execute("UPDATE interruption_part SET powered = true")
    assert await sound.fetch(BY_NAME["restoredWhileOut"].violations_sql) == []


async def test_a_loss_that_nobody_knew_of_does_not_count_though_the_one_before_was_known(sound: Connection) -> None:
    await sound.execute(STILL_OUT)
    await sound.execute("UPDATE interruption_part SET holder = 'found out later'")
    assert await sound.fetch(BY_NAME["restoredWhileOut"].violations_sql) == []


async def test_a_second_outage_may_be_told_after_the_first_ended(sound: Connection) -> None:
    await sound.execute(_copy("k2", "k9", 9))
    assert await sound.fetch(BY_NAME["toldTwice"].violations_sql) == []


async def test_who_depends_on_power_to_live_is_told_at_night(sound: Connection) -> None:
    await sound.execute("UPDATE utility_version SET quiet_from = '08:00', quiet_until = '09:00'")
    assert len(await sound.fetch(BY_NAME["nightIsQuiet"].violations_sql)) == 4
    await sound.execute("UPDATE customer SET life_support = true")
    assert await sound.fetch(BY_NAME["nightIsQuiet"].violations_sql) == []
