"""The truth judges the product by the drill's own log and by handsets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.drill import truth
from services.drill.prepare import STARTS_AT_MS as T0
from services.engine import clock

if TYPE_CHECKING:
    from services.engine.taking import Connection

MINUTE = 60_000


@pytest.fixture
async def storm(connection: Connection) -> Connection:
    """A storm that is over: two customers were out for an hour, one of them for half an hour more."""
    await clock.found(connection, exercise=True, topic_prefix="t-")
    await clock.set_lockstep(connection, now_ms=T0 + 300 * MINUTE)
    await connection.execute("INSERT INTO drill.scenario VALUES (true, 'tiny', 7, 'example', $1, '{}')", T0)
    await connection.execute("INSERT INTO drill.fault VALUES ('F1', 'D1', NULL, $1, $2)", T0, T0 + 60 * MINUTE)
    await connection.execute(
        """INSERT INTO utility_version (digest, name, time_zone, attribution, current) VALUES ('d', 'n', 'UTC', 'a', true);
           INSERT INTO customer SELECT v.version, c, 'n', 't', 'f', 'LV', 'r', true, NULL, 'M-' || c, '+999' || c
           FROM utility_version v, unnest('{1,2,3}'::text[]) c;
           INSERT INTO customer_phone SELECT version, customer, '+999' || customer, 1 FROM customer"""
    )
    for customer, minutes in (("1", 60), ("2", 90)):
        await connection.execute(
            "INSERT INTO drill.outage VALUES ($1, $2, $3, false)", customer, T0, T0 + minutes * MINUTE
        )
        await in_ledger(connection, customer, T0, T0 + minutes * MINUTE)
    return connection


async def in_ledger(
    connection: Connection, customer: str, start: int, end: int | None, *, voided: bool = False
) -> None:
    await connection.execute("INSERT INTO ledger_customer (customer) VALUES ($1) ON CONFLICT DO NOTHING", customer)
    await connection.execute(
        """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
                                     reason, voided)
           SELECT format('%s at %s', $1::text, $2::bigint), $1, number, 'A1', $2, $3, false, 'meter', 'incident', 'I1', 'r', $4
           FROM ledger_customer WHERE customer = $1""",
        customer,
        start,
        end,
        voided,
    )


async def on_handset(connection: Connection, customer: str, words: str, at: int, reference: str) -> None:
    count = await connection.fetchval("SELECT count(*) FROM drill.handset_text")
    await connection.execute(
        "INSERT INTO drill.handset_text VALUES ($1, $2, $3, $4, $5, 'delivered')",
        f"{count:04}", reference, f"+999{customer}", words, at,
    )  # fmt: skip


async def told(connection: Connection, **changes: Any) -> dict[str, Any]:
    audit = {"rules": 5, "checked": 100, "violations": 0}
    figures = {"saifi": 0.1, "saidi_min": 2.0, "caidi_min": 20.0}
    given = {"rounds_ms": [3.0, 1.0, 2.0], "wall_s": 9.87, "audit": audit, "indices": figures, **changes}
    return await truth.report(connection, digests=await truth.digests(connection), **given)


async def test_a_good_drill_is_reported_in_full_and_has_passed(storm: Connection) -> None:
    report = await told(storm)
    assert (report["storm"], report["seed"], report["utility"], report["wall_s"]) == ("tiny", 7, "example", 9.9)
    assert report["truth"] == {
        "faults": 1,
        "repaired": 1,
        "customer_seconds_true": 9000,
        "customer_seconds_ledger": 9000,
        "never_in_ledger": 0,
        "told_restored_while_out": 0,
        "texts_doubled": 0,
        "texts_after_stop": 0,
        "hazards": 0,
        "made_safe": 0,
        "hazards_left": 0,
        "accounts_out": 0,
        "accounts_called": 0,
        "accounts_calling": 0,
        "double_orders": 0,
    }
    assert report["rounds"] == {"count": 3, "p50_ms": 2.0, "p95_ms": 3.0}
    assert list(report) == [
        "storm", "seed", "utility", "reports", "incidents", "orders", "texts", "priority", "indices", "truth", "audit",
        "digests", "rounds", "wall_s",
    ]  # fmt: skip
    assert truth.shortfalls(report) == []


async def test_an_outage_that_the_ledger_never_had_is_counted_and_its_seconds_are_missing(storm: Connection) -> None:
    await storm.execute("INSERT INTO drill.outage VALUES ('3', $1, $2, false)", T0, T0 + 60 * MINUTE)
    await in_ledger(storm, "3", T0 + 61 * MINUTE, T0 + 62 * MINUTE)
    await in_ledger(storm, "3", T0, T0 + 60 * MINUTE, voided=True)
    report = await told(storm)
    assert report["truth"]["never_in_ledger"] == 1
    assert truth.shortfalls(report) == [
        "The ledger has 9060 customer-seconds, the truth 12600.",
        "1 true outages of customers never came into the ledger.",
    ]


async def test_what_still_lasts_counts_up_to_now(storm: Connection) -> None:
    await storm.execute("UPDATE drill.outage SET until_ms = NULL WHERE customer = '1'")
    await storm.execute("UPDATE interruption SET end_ms = NULL WHERE customer = '1'")
    report = await told(storm)
    assert report["truth"]["customer_seconds_true"] == report["truth"]["customer_seconds_ledger"] == 23400


@pytest.mark.parametrize(
    ("customer", "minute", "words", "wrong"),
    [
        ("2", 70, "Your power is back.", 1),
        ("2", 70, "2号已恢复供电。", 1),
        ("2", 70, "A crew is on its way.", 0),
        ("1", 70, "Your power is back.", 0),
        ("2", 90, "YOUR POWER IS BACK.", 0),
        ("3", 70, "Your power is back.", 0),
    ],
)
async def test_whoever_is_told_that_power_is_back_must_have_it(
    storm: Connection, customer: str, minute: int, words: str, wrong: int
) -> None:
    await on_handset(storm, customer, words, T0 + minute * MINUTE, "K1")
    assert (await told(storm))["truth"]["told_restored_while_out"] == wrong


async def notice(connection: Connection, key: str, *customers: str) -> None:
    """Decide on a notice about these premises of one phone."""
    await connection.execute(
        """INSERT INTO notice_decided (key, area, incident, customer, moment, tick, decided_at_ms, expires_at_ms, customers,
                                       handle)
           VALUES ($1, 'A1', 'I1', $2, 'powerRestored', 1, 1, 2, $3, 'h')""",
        key,
        customers[0],
        list(customers),
    )


@pytest.mark.parametrize(("premises", "wrong"), [(("1",), 0), (("2",), 1), (("1", "2"), 1)])
async def test_a_text_to_a_phone_of_several_premises_is_judged_by_those_that_it_speaks_of(
    storm: Connection, premises: tuple[str, ...], wrong: int
) -> None:
    await storm.execute("UPDATE customer_phone SET phone = '+9991'")
    await notice(storm, "K1", *premises)
    await on_handset(storm, "1", "Your power is back.", T0 + 70 * MINUTE, "K1")
    assert (await told(storm))["truth"]["told_restored_while_out"] == wrong


async def test_nobody_has_to_notice_what_lasted_a_moment(storm: Connection) -> None:
    await storm.execute("INSERT INTO drill.outage VALUES ('3', $1::bigint, $1::bigint + 20000, false)", T0)
    await on_handset(storm, "3", "Your power is back.", T0 + 10_000, "K1")
    for lasted_ms, wrong in ((300_000, 0), (300_001, 1)):
        await storm.execute("UPDATE drill.outage SET until_ms = $1::bigint + $2 WHERE customer = '3'", T0, lasted_ms)
        found = (await told(storm))["truth"]
        assert (found["never_in_ledger"], found["told_restored_while_out"]) == (wrong, wrong)


@pytest.mark.parametrize(("reference", "seconds", "counted"), [("K1", 61, 1), ("K1", 59, 0), ("answer", 61, 0)])
async def test_after_a_stop_nothing_comes_but_answers(
    storm: Connection, reference: str, seconds: int, counted: int
) -> None:
    await notice(storm, "K1", "1")
    await storm.execute("INSERT INTO drill.opted_out VALUES ('+9991', $1)", T0)
    await on_handset(storm, "1", "News.", T0 + seconds * 1000, reference)
    report = await told(storm)
    assert report["truth"]["texts_after_stop"] == counted
    assert len(truth.shortfalls(report)) == counted


async def test_a_danger_that_nobody_made_safe_and_a_hazard_that_stays_open_are_named(storm: Connection) -> None:
    await storm.execute(
        """INSERT INTO drill.hazard VALUES ('H1', 'fire', 'D1', NULL, 1, 1, 5, 5, 6), ('H2', 'fire', 'D1', 'F1', 1, 1, 5, 5, NULL),
                                           ('H3', 'fire', 'D1', NULL, 1, 1, 5, NULL, NULL);
           INSERT INTO hazard (id, area, region, kind, lon, lat, state, reason, revision, reports, reported_at_ms, changed_at_ms)
           VALUES ('Z1', 'A1', 'R1', 'fire', 1, 1, 'reported', 'r', 1, 1, 1, 1)"""
    )
    assert truth.shortfalls(await told(storm)) == [
        "1 hazards are neither made safe nor dismissed.",
        "1 of 2 dangers are not made safe.",
    ]


async def test_every_outage_of_an_account_was_called_about_and_came_to_an_end(storm: Connection) -> None:
    await storm.execute(
        """INSERT INTO hotline_account (version, account, name) SELECT version, 'L1', 'Dairy' FROM utility_version;
           INSERT INTO hotline_premise SELECT version, 'L1', '2' FROM utility_version"""
    )
    report = await told(storm)
    assert (report["truth"]["accounts_out"], report["truth"]["accounts_called"]) == (1, 0)
    assert truth.shortfalls(report) == ["Of 1 outages of hotline accounts 1 were not called about."]
    await storm.execute("INSERT INTO drill.call VALUES ('K1', 'L1', '+9992', 's', 'O1', $1, false)", T0 + MINUTE)
    assert truth.shortfalls(await told(storm)) == []
    await storm.execute(
        """INSERT INTO entity (stage, shard, kind, id, body)
           VALUES ('escalate', 'L1', 'escalation', 'O1', '{"state":"calling","account":"L1","customer":"2"}')"""
    )
    assert truth.shortfalls(await told(storm)) == ["1 outages of hotline accounts are neither acknowledged nor over."]


async def test_a_crew_with_two_orders_at_once_is_counted(storm: Connection) -> None:
    for order, crew, sent, ended in (
        ("O1", "C1", 10, 20),
        ("O2", "C1", 20, None),
        ("O3", "C1", 15, 18),
        ("O4", "C2", 12, 14),
    ):
        await storm.execute(
            """INSERT INTO dispatch_order ("order", crew, job, incident, area, lon, lat, region, work, priority, attempt, skills,
                   on_duty_since_ms, sent_at_ms, arrival_estimate_ms, state, reason, changed_at_ms, pinned, ended_at_ms)
               VALUES ($1, $2, $1, 'I1', 'A1', 1, 1, 'R1', 'repair', 'single', 1, '{line}', 0, $3::bigint, 1,
                   CASE WHEN $4::bigint IS NULL THEN 'sent' ELSE 'done' END, 'r', coalesce($4::bigint, $3::bigint), false, $4)""",
            order, crew, sent, ended,
        )  # fmt: skip
    report = await told(storm)
    assert report["truth"]["double_orders"] == 1
    assert truth.shortfalls(report) == ["1 times a crew had two orders at once."]


@pytest.mark.parametrize(
    ("second", "doubled"),
    [
        (("1", "Out.", 200, "K1"), 1),
        (("1", "Out.", 1, "K2"), 1),
        (("1", "Out.", 5, "K2"), 0),
        (("1", "Back.", 1, "K2"), 0),
        (("2", "Out.", 1, "K2"), 0),
    ],
)
async def test_a_text_comes_once(storm: Connection, second: tuple[str, str, int, str], doubled: int) -> None:
    customer, words, minute, reference = second
    await on_handset(storm, "1", "Out.", T0, "K1")
    await on_handset(storm, customer, words, T0 + minute * MINUTE, reference)
    assert (await told(storm))["truth"]["texts_doubled"] == doubled


async def test_a_drill_has_not_passed_with_a_violation_or_an_unmended_fault(storm: Connection) -> None:
    await storm.execute("UPDATE drill.fault SET repaired_at_ms = NULL")
    report = await told(storm, audit={"rules": 5, "checked": 100, "violations": 2})
    assert truth.shortfalls(report) == ["The audit found 2 violations.", "1 of 1 faults are not repaired."]


async def test_reports_are_counted_by_their_ids_and_incidents_by_how_they_ended(storm: Connection) -> None:
    await storm.execute(
        """INSERT INTO drill.schedule (id, at_ms, channel, topic, key, body, sent, report_id)
           SELECT 'S' || n, 1, 'kafka', 'outage.reports', 'k', '', n < 5, r
           FROM unnest('{1,2,3,4,5}'::integer[], '{R1,R1,R2,R3,R4}'::text[]) AS s (n, r);
           INSERT INTO outbox (stage, id, shard, tick, topic, key, headers, body, sent)
           VALUES ('notify', 'R2', 'A1', 1, 'outage.reports', 'k', '[]', '{}', true),
                  ('notify', 'R5', 'A1', 1, 'outage.reports', 'k', '[]', '{}', true),
                  ('notify', 'E1', 'A1', 1, 'notice.consents', 'k', '[]', '{}', true);
           INSERT INTO report (id, kind, at_ms, state, reason, exercise, tick)
           VALUES ('R1', 'call', 1, 'unknown', 'r', true, 1), ('R2', 'call', 1, 'unknown', 'r', true, 1);
           INSERT INTO parked (id, stage, topic, part, "offset", reason, detail, event_id, tick, at_ms)
           VALUES ('P1', 'intake', 'outage.reports', 0, 1, 'r', 'd', 'R3', 1, 1)"""
    )
    for name, state in enumerate(("closed", "restored", "merged", "dismissed", "closed")):
        await storm.execute(
            """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms,
                                     estimate_ms, changed_at_ms, heard, customers_out, merged_into)
               VALUES ($1, 'A1', 'D1', $2, 'r', 1, 'meter', 1, 1, 1, 1, 1, 1, CASE WHEN $2 = 'merged' THEN 'I0' END)""",
            f"I{name}",
            state,
        )
    report = await told(storm)
    assert report["reports"] == {"sent": 4, "applied": 2, "parked": 1}, "what customers texted counts too"
    assert report["incidents"] == {"opened": 5, "restored": 3, "merged": 1, "dismissed": 1}


async def test_a_digest_sees_decisions_and_no_wall_time(storm: Connection) -> None:
    await storm.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, done_at_ms, wall_attempted)
           VALUES ('K1', 'text', 'notify', 'A1', 1, 1, '{"words":"Out.","customer":"1"}', 'done', 5, now());
           INSERT INTO journal VALUES ('J1', 'dispatch', 'R1', 1, 5, 'order', 'O1', 'sent', 'nearest', '{E1}')"""
    )
    before = await truth.digests(storm)
    await storm.execute("UPDATE effects SET wall_attempted = now() + interval '1 hour', tick = 9")
    assert await truth.digests(storm) == before
    await storm.execute("UPDATE effects SET done_at_ms = 6")
    await storm.execute("UPDATE journal SET reason = 'oldest'")
    await storm.execute("UPDATE interruption SET end_ms = end_ms + 1 WHERE customer = '2'")
    after = await truth.digests(storm)
    assert {name for name in before if before[name] != after[name]} == {"ledger", "orders", "texts"}
    await storm.execute(
        """INSERT INTO hazard (id, area, region, kind, lon, lat, state, reason, revision, reports, reported_at_ms, changed_at_ms)
           VALUES ('Z1', 'A1', 'R1', 'fire', 1, 1, 'reported', 'r', 1, 1, 1, 1);
           INSERT INTO drill.call VALUES ('K1', 'L1', '+9992', 's', 'O1', 1, false);
           INSERT INTO interruption_part SELECT id, start_ms, NULL, 'incident', 'I1', false FROM interruption LIMIT 1"""
    )
    last = await truth.digests(storm)
    assert {name for name in after if after[name] != last[name]} == {"ledger", "hazards", "calls"}


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (truth.percentile(values, 50), truth.percentile(values, 95), truth.percentile([], 50)) == (50.0, 95.0, 0.0)
    assert truth.percentile([7.26], 95) == 7.3
