"""Reports are taken once, with their state, and handed to the turn they are due in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.codec import encode
from schemas.events import OutageReported, ReportKind
from services.engine.taking import Message, Readable, Stamp
from services.reports.store import ReportKeeper, count_by_state, decided_reports, take_located
from tests.outages.town import town
from tests.stage_script import moment, ms

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

NETWORK = town()


def readable(name: str, customer: str | None, at: str = "06:00") -> Readable:
    event = OutageReported(id=name, at=moment(at), kind=ReportKind.LAST_GASP, customer=customer)
    return Readable(Message("outage.reports", 0, 0, None, (), encode(event)), event)


def stamp(n: int) -> Stamp:
    return Stamp(n, ms("06:01"), ms("06:01"))


async def test_a_report_is_taken_once_and_decided_in_a_later_tick(connection: Connection) -> None:
    keeper = ReportKeeper(NETWORK)
    await keeper.keep(connection, [readable("r1", "T11-1"), readable("r2", "NOBODY")], stamp(4))
    await keeper.keep(connection, [readable("r1", "T11-1"), readable("r3", "GONE")], stamp(5))
    assert await count_by_state(connection) == {"closedAccount": 1, "located": 1, "unknown": 1}
    assert await take_located(connection, "A1", 4) == []
    facts = await take_located(connection, "A1", 5)
    assert [(fact.at, fact.id) for fact in facts] == [(ms("06:00"), "r1")]
    assert await take_located(connection, "A1", 6) == []
    assert await decided_reports(connection, "A1", 5) == facts


async def test_a_report_that_names_nobody_is_refused(connection: Connection) -> None:
    refused = await ReportKeeper(NETWORK).keep(connection, [readable("r1", None)], stamp(1))
    assert [(each.reason, each.event_id) for each in refused] == [("nobodyNamed", "r1")]


async def test_what_is_due_is_found_by_its_index_among_many(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO report (id, kind, customer, device, shard, at_ms, state, reason, exercise, tick, decided)
           SELECT 'r' || n, 'call', 'c', 'd', 'A1', n, 'counted', 'explained', false, n, n + 1 FROM generate_series(1, 50000) n;
           ANALYZE report"""
    )
    plan = await connection.fetch(
        """EXPLAIN UPDATE report SET decided = 9
           WHERE shard = 'A1' AND decided IS NULL AND state = 'located' AND tick < 9"""
    )
    assert any("report_undecided" in row[0] for row in plan)
