"""Reports are taken once, with their state, and handed to the turn they are due in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.codec import encode
from schemas.events import Event, HazardKind, HazardReported, HotlineReported, OutageReported, Place, ReportKind
from services.engine import clock, parked
from services.engine.taking import Message, Readable, Stamp, Taking
from services.outages.report import LocatedHazard, LocatedReport
from services.reports.store import (
    ReportKeeper,
    count_by_state,
    decided_reports,
    listed,
    read_premises,
    take_located,
)
from services.utility.store import make_current
from tests.reports.hamlet import FU1, LAT, PREMISES, T1, T2, hamlet
from tests.stage_script import moment, ms

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
    return Readable(Message(topic, 0, offset, None, (), encode(event)), event)


def stamp(n: int) -> Stamp:
    return Stamp(n, ms("06:01"), ms("06:01"))


async def keep(connection: Connection, *events: Event, n: int = 1) -> list[tuple[str, str | None]]:
    refused = await ReportKeeper(NETWORK, PREMISES).keep(connection, [readable(event) for event in events], stamp(n))
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
        """INSERT INTO report (id, kind, customer, device, shard, at_ms, state, reason, exercise, tick, decided)
           SELECT 'r' || n, 'call', 'c', 'd', 'A1', n, 'counted', 'explained', false, n, n + 1 FROM generate_series(1, 50000) n;
           ANALYZE report"""
    )
    plan = await connection.fetch(
        """EXPLAIN UPDATE report SET decided = 9
           WHERE shard = 'A1' AND decided IS NULL AND state IN ('located', 'ambiguous') AND tick < 9"""
    )
    assert any("report_undecided" in row[0] for row in plan)
