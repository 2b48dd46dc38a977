"""Reports are taken once, with their state, and handed to the turn they are due in."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from schemas.codec import encode
from schemas.events import Event, HazardKind, HazardReported, HotlineReported, OutageReported, Place, ReportKind
from services.engine import clock, parked, showing
from services.engine.taking import Message, Readable, Stamp, Taking
from services.outages.report import LocatedHazard, LocatedReport
from services.reports.audit import RULES
from services.reports.store import (
    ReportKeeper,
    count_by_state,
    decided_reports,
    listed,
    note_backlog,
    read_premises,
    take_located,
)
from services.telling import store as telling
from services.utility.store import make_current
from tests.reports.hamlet import FU1, LAT, PREMISES, T1, T2, hamlet
from tests.stage_script import moment, ms, violations

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

NETWORK = hamlet()
DARK = Place(11.5, LAT)


def report(name: str, at: str = "06:00", kind: ReportKind = ReportKind.CALL, **named: Any) -> OutageReported:
    return OutageReported(id=name, at=moment(at), kind=kind, **named)


def danger(name: str, at: str = "06:00", **named: Any) -> HazardReported:
    return HazardReported(id=name, at=moment(at), hazard=HazardKind.WIRE_DOWN, **named)


def readable(event: Event, offset: int = 0, topic: str = "outage.reports") -> Readable:
    return Readable(Message(topic, 0, offset, None, (), encode(event)), event, encode(event))


def stamp(n: int) -> Stamp:
    return Stamp(n, ms("06:01"), ms("06:01"))


async def keep(connection: Connection, *events: Event, n: int = 1) -> list[tuple[str, str | None]]:
    keeper = ReportKeeper(NETWORK, PREMISES)
    async with connection.transaction():
        refused = await keeper.keep(connection, keeper.prepare([readable(event) for event in events]), stamp(n))
    return [(each.reason, each.event_id) for each in refused]


async def test_a_report_is_taken_once_and_decided_in_a_later_tick(connection: Connection) -> None:
    gasp = report("r1", customer="T1-1", kind=ReportKind.LAST_GASP)
    await keep(connection, gasp, report("r2", customer="NOBODY"), n=4)
    assert await keep(connection, gasp, report("r3", customer="GONE"), n=5) == []
    assert await count_by_state(connection) == {"closedAccount": 1, "located": 1, "unknown": 1}
    assert await take_located(connection, "A1", 4) == []
    facts = await take_located(connection, "A1", 5)
    assert [(fact.at, fact.id) for fact in facts] == [(ms("06:00"), "r1")]
    assert await take_located(connection, "A1", 6) == []
    assert await decided_reports(connection, "A1", 5) == facts


async def test_every_kind_of_report_becomes_its_fact(connection: Connection) -> None:
    place = Place(11.0149, LAT)
    await keep(
        connection,
        report("text", kind=ReportKind.TEXT, customer="T2-1"),
        report("phone", phone="+4915511"),
        report("pole", pole="P-1"),
        HotlineReported(id="mill", at=moment("06:00"), account="MILL", kind=ReportKind.CALL),
        danger("wire", place=place, customer="T1-1"),
    )
    facts = {fact.id: fact.what for fact in await take_located(connection, "A1", 2)}
    at = ms("06:00")
    assert facts == {
        "text": LocatedReport(id="text", kind=ReportKind.TEXT, at=at, device=T2, customer="T2-1"),
        "phone": LocatedReport(
            id="phone", kind=ReportKind.CALL, at=at, device=FU1, candidates=(("T1-1", T1), ("T2-1", T2))
        ),
        "pole": LocatedReport(id="pole", kind=ReportKind.CALL, at=at, device=T1),
        "mill": LocatedReport(id="mill", kind=ReportKind.CALL, at=at, device=T2, customer="T2-1", priority=True),
        "wire": LocatedHazard(id="wire", hazard=HazardKind.WIRE_DOWN, at=at, place=place, device=FU1, customer="T1-1"),
    }


async def test_what_is_ambiguous_awaits_its_turn_like_what_is_located(connection: Connection) -> None:
    await keep(connection, report("phone", phone="+4915511"), report("place", place=DARK), n=3)
    rows = await connection.fetch("SELECT stage, shard, tick FROM undecided")
    assert [tuple(row) for row in rows] == [("correlate", "A1", 3)]
    await take_located(connection, "A1", 4)
    assert not await connection.fetch("SELECT FROM undecided")


async def test_a_copy_enters_no_batch_though_others_of_its_take_are_new(connection: Connection) -> None:
    await keep(connection, report("r1", customer="T1-1"), report("r2", customer="T1-2"))
    await keep(connection, report("r1", customer="T1-1"), report("r2", customer="T1-2"), n=2)
    assert await connection.fetchval("SELECT count(*) FROM report_batch") == 1, (
        "of copies alone there is nothing to decide"
    )
    await keep(
        connection, report("r2", customer="T1-2"), report("r3", customer="T2-1"), report("r4", phone="+4915511"), n=3
    )
    assert [fact.id for fact in await take_located(connection, "A1", 2)] == ["r1", "r2"]
    assert [fact.id for fact in await take_located(connection, "A1", 4)] == ["r3", "r4"]
    (whole,) = (rule for rule in RULES if rule.name == "batchHoldsItsReports")
    assert await violations(connection, [whole]) == {}


async def test_a_take_is_one_batch_for_each_area(connection: Connection) -> None:
    await keep(connection, *(report(f"r{n}", customer=c) for n, c in enumerate(("T1-1", "T9-1", "T1-2", "T2-1"))), n=7)
    rows = await connection.fetch("SELECT shard, tick, reports, decided FROM report_batch ORDER BY shard")
    assert [tuple(row) for row in rows] == [("A1", 7, 3, None), ("A2", 7, 1, None)]
    assert [fact.id for fact in await take_located(connection, "A2", 8)] == ["r1"]
    assert await connection.fetchval("SELECT count(*) FROM undecided") == 1


async def test_what_is_ahead_of_the_clock_or_a_day_behind_it_counts_as_when_it_is_taken(connection: Connection) -> None:
    late = msgspec.structs.replace(report("late", customer="T1-1"), at=moment("06:00") - dt.timedelta(days=1))
    await keep(connection, report("ahead", at="06:05", customer="T1-1"), late, report("good", customer="T1-2"))
    assert await count_by_state(connection) == {"late": 1, "located": 2}
    facts = await take_located(connection, "A1", 2)
    assert [(fact.id, fact.at) for fact in facts] == [("good", ms("06:00")), ("ahead", ms("06:01"))]


async def test_what_names_nothing_is_refused(connection: Connection) -> None:
    assert await keep(connection, report("r1"), danger("h1")) == [("nobodyNamed", "r1"), ("nobodyNamed", "h1")]


async def test_another_report_under_a_known_id_is_refused_and_a_copy_is_not(connection: Connection) -> None:
    first = report("r1", customer="T1-1")
    await keep(connection, first, report("r2", customer="T1-1"))
    assert await keep(connection, first, report("r2", customer="T2-1"), report("r3", customer="T2-1"), n=2) == [
        ("sameIdOtherContent", "r2")
    ]
    assert await connection.fetch("SELECT id, customer FROM report ORDER BY id") == [
        ("r1", "T1-1"),
        ("r2", "T1-1"),
        ("r3", "T2-1"),
    ]


async def test_another_report_under_an_id_of_the_same_batch_is_parked(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    taking = Taking("intake", ReportKeeper(NETWORK, PREMISES), exercise=False)
    events = [report("r1", customer="T1-1"), report("r1", customer="T1-1"), report("r1", customer="T2-1")]
    await taking.take(connection, [readable(event, offset).message for offset, event in enumerate(events)])
    assert await connection.fetchval("SELECT array_agg(customer) FROM report") == ["T1-1"]
    assert [(one.offset, one.reason, one.event_id) for one in await parked.listed(connection)] == [
        (2, "sameIdOtherContent", "r1")
    ]


async def test_a_listed_report_shows_what_was_named_and_no_phone_number(connection: Connection) -> None:
    await keep(
        connection,
        report("r1", customer="NOBODY", phone="+49155512345"),
        report("r2", at="06:00:30", meter="M-NONE"),
        report("r3", customer="T1-1"),
    )
    rows = await listed(connection, "unknown")
    assert [(row["id"], row["reason"]) for row in rows] == [("r2", "noSuchMeter"), ("r1", "noSuchCustomer")]
    assert (rows[1]["customer_named"], rows[1]["phone_masked"]) == ("NOBODY", "**********45")
    assert "1551" not in str(rows)
    assert [row["id"] for row in await listed(connection, limit=2)] == ["r2", "r1"]


async def test_premises_are_those_of_the_version_that_is_asked_for(connection: Connection) -> None:
    for version, current, customer in ((1, False, "OLD"), (2, True, "NEW")):
        await connection.execute(
            """INSERT INTO utility_version (version, digest, name, time_zone, attribution, current)
               OVERRIDING SYSTEM VALUE VALUES ($1, 'digest ' || $1::integer, 'x', 'UTC', '', $2)""",
            version,
            current,
        )
        await connection.execute("INSERT INTO utility_node (version, node, lon, lat) VALUES ($1, 'n', 11, 48)", version)
        await connection.execute(
            """INSERT INTO utility_feeder (version, feeder, name, substation, source_node, lon, lat)
               VALUES ($1, 'F', 'F', 'S', 'n', 11, 48)""",
            version,
        )
        await connection.execute(
            """INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter)
               VALUES ($1, $2, 'n', '', 'F', 'LV', '', true, 'M')""",
            version,
            customer,
        )
        await connection.execute(
            "INSERT INTO customer_phone (version, customer, phone, rank) VALUES ($1, $2, '+4915510', 1)",
            version,
            customer,
        )
        await connection.execute(
            "INSERT INTO hotline_account (version, account, name) VALUES ($1, 'MILL', 'Mill')", version
        )
        await connection.execute(
            "INSERT INTO hotline_premise (version, account, customer) VALUES ($1, 'MILL', $2)", version, customer
        )
    now = await read_premises(connection)
    await make_current(connection, 1)
    before = await read_premises(connection)
    assert (now.phones, now.accounts) == ({"+4915510": ("NEW",)}, {"MILL": ("NEW",)})
    assert (before.phones, before.accounts) == ({"+4915510": ("OLD",)}, {"MILL": ("OLD",)})


async def test_what_is_due_is_found_by_its_index_among_many(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO report_batch (number, shard, tick, decided, reports, first_at_ms, last_at_ms, body)
           SELECT n, 'A1', n, n + 1, 1, n, n, '{}' FROM generate_series(1, 50000) n;
           ANALYZE report_batch"""
    )
    plan = await connection.fetch(
        "EXPLAIN UPDATE report_batch SET decided = 9 WHERE shard = 'A1' AND decided IS NULL AND tick < 9"
    )
    assert any("report_batch_undecided" in row[0] for row in plan)
    plan = await connection.fetch("EXPLAIN SELECT body FROM report_batch WHERE shard = 'A1' AND decided = 9")
    assert any("report_batch_by_turn" in row[0] for row in plan)


async def test_intake_lags_while_reports_wait_and_not_when_none_does(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    taking = Taking("intake", ReportKeeper(NETWORK, PREMISES), exercise=False)
    heard = [report("r1", at="06:10", customer="T1-1"), report("r2", at="06:05", customer="T1-2")]
    messages = [readable(event, offset).message for offset, event in enumerate(heard)]

    async def lag() -> list[tuple[str, int]]:
        return [tuple(row) for row in await connection.fetch("SELECT topic, lag_ms FROM intake_lag")]

    assert await lag() == []
    await taking.take(connection, messages[:1])
    await note_backlog(connection, "outage.reports", {0: 2, 1: 0}, {0: ms("06:10")})
    assert await lag() == [("outage.reports", 20 * 60_000)]
    await connection.execute("UPDATE clock SET now_ms = now_ms + 1000")
    assert await lag() == [("outage.reports", 20 * 60_000 + 1000)], "it grows with the clock"
    look = await showing.look(connection)
    assert look is not None
    assert look.untaken_ms == 20 * 60_000 + 1000
    told = {(name, labels.get("topic")): value for name, labels, value in await telling.read(connection)}
    assert told["lamplighter_intake_lag_seconds", "outage.reports"] == 20 * 60 + 1
    await taking.take(connection, messages[1:])
    assert await lag() == [("outage.reports", 0)]
    await note_backlog(connection, "outage.reports", {0: 3}, {0: ms("06:05")})
    assert await lag() == [("outage.reports", 20 * 60_000 + 1000)], "the newest taken counts, not the last"
