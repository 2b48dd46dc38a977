"""What was located before there were batches is in batches after the migration: what turns decided, and what awaits one."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest

from schemas.events import HazardKind, Place, ReportKind
from services.database import databases
from services.database.migrate import migrate, migrations
from services.database.pool import connect
from services.engine.turn import Fact
from services.outages.report import LocatedHazard, LocatedReport
from services.reports.store import decided_reports, take_located

BATCHES = 24
_numbers = itertools.count(1)

REPORTS = """
INSERT INTO report (id, kind, customer, device, shard, at_ms, state, reason, holder, exercise, tick, decided, candidates,
                    priority, hazard, lon, lat)
VALUES ('b', 'lastGasp', 'C1', 'T1', 'A1', 2000, 'counted', 'explained', 'I', false, 4, 6, '[]', false, NULL, NULL, NULL),
       ('a', 'lastGasp', 'C2', 'T1', 'A1', 2000, 'muted', 'planned', 'W', false, 4, 6, '[]', false, NULL, NULL, NULL),
       ('c', 'call', 'C3', 'T2', 'A1', 1000, 'located', 'held', NULL, false, 5, 6, '[]', false, NULL, NULL, NULL),
       ('pole', 'call', NULL, 'T3', 'A1', 3000, 'counted', 'explained', 'I', false, 5, 6, '[]', false, NULL, NULL, NULL),
       ('phone', 'text', NULL, 'F1', 'A1', 1500, 'ambiguous', 'held', NULL, false, 5, 6, '[["C1","T1"],[null,"T2"]]', false,
        NULL, NULL, NULL),
       ('mill', 'call', 'C4', 'T2', 'A1', 1600, 'counted', 'explained', 'I', false, 5, 6, '[]', true, NULL, NULL, NULL),
       ('wire', 'hazard', 'C1', 'F1', 'A1', 1700, 'counted', 'danger', 'H', false, 5, 6, '[]', false, 'wireDown', 8.1, 50.3),
       ('other', 'call', 'C9', 'T9', 'A2', 1000, 'counted', 'explained', 'I', false, 5, 6, '[]', false, NULL, NULL, NULL),
       ('later', 'call', 'C5', 'T2', 'A1', 4000, 'answered', 'powerBack', NULL, false, 6, 7, '[]', false, NULL, NULL, NULL),
       ('waits', 'call', 'C6', 'T2', 'A1', 5000, 'located', 'customerNamed', NULL, false, 7, NULL, '[]', false, NULL, NULL, NULL),
       ('unsure', 'call', NULL, 'T2', 'A1', 5000, 'ambiguous', 'severalPremises', NULL, false, 8, NULL, '[["C1","T1"],["C6","T2"]]',
        false, NULL, NULL, NULL),
       ('late', 'call', 'C6', 'T2', 'A1', 10, 'late', 'olderThanADay', NULL, false, 8, NULL, '[]', false, NULL, NULL, NULL),
       ('unknown', 'call', NULL, NULL, NULL, 5000, 'unknown', 'nowhere', NULL, false, 8, NULL, '[]', false, NULL, NULL, NULL)
"""


@pytest.fixture
async def before(server_dsn: str) -> AsyncIterator[str]:
    """The DSN of a database as it was before the migration, with reports of every kind and fate."""
    name = f"before_batches_{next(_numbers)}"
    dsn = await databases.create(server_dsn, name)
    connection = await connect(dsn)
    try:
        await connection.execute(
            """CREATE TABLE schema_migration (
                   number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL,
                   applied_at timestamptz NOT NULL DEFAULT now())"""
        )
        for each in migrations()[: BATCHES - 1]:
            await connection.execute(each.sql)
            await connection.execute(
                "INSERT INTO schema_migration VALUES ($1, $2, $3)", each.number, each.name, each.digest
            )
        await connection.execute(REPORTS)
    finally:
        await connection.close()
    yield dsn
    await databases.drop(server_dsn, name)


def sure(name: str, kind: ReportKind, at: int, device: str, customer: str | None, *, priority: bool = False) -> Fact:
    what = LocatedReport(id=name, kind=kind, at=at, device=device, customer=customer, priority=priority)
    return Fact(at, name, what)


def unsure(name: str, kind: ReportKind, at: int, device: str, *meant: tuple[str | None, str]) -> Fact:
    return Fact(at, name, LocatedReport(id=name, kind=kind, at=at, device=device, candidates=meant))


def told(facts: list[Fact]) -> list[tuple[Fact, object]]:
    """Return facts with what they say, which takes no part in their comparison."""
    return [(fact, fact.what) for fact in sorted(facts)]


async def test_what_was_decided_and_what_waits_are_the_same_facts_afterwards(before: str) -> None:
    await migrate(before)
    connection = await connect(before)
    danger = LocatedHazard(
        id="wire", hazard=HazardKind.WIRE_DOWN, at=1700, place=Place(8.1, 50.3), device="F1", customer="C1"
    )
    try:
        assert told(await decided_reports(connection, "A1", 6)) == told(
            [
                sure("c", ReportKind.CALL, 1000, "T2", "C3"),
                unsure("phone", ReportKind.TEXT, 1500, "F1", ("C1", "T1"), (None, "T2")),
                sure("mill", ReportKind.CALL, 1600, "T2", "C4", priority=True),
                Fact(1700, "wire", danger),
                sure("a", ReportKind.LAST_GASP, 2000, "T1", "C2"),
                sure("b", ReportKind.LAST_GASP, 2000, "T1", "C1"),
                sure("pole", ReportKind.CALL, 3000, "T3", None),
            ]
        )
        assert told(await decided_reports(connection, "A2", 6)) == told(
            [sure("other", ReportKind.CALL, 1000, "T9", "C9")]
        )
        assert told(await decided_reports(connection, "A1", 7)) == told(
            [sure("later", ReportKind.CALL, 4000, "T2", "C5")]
        )
        waiting = await connection.fetch("SELECT stage, shard, tick FROM undecided ORDER BY tick")
        assert [tuple(row) for row in waiting] == [("correlate", "A1", 7), ("correlate", "A1", 8)]
        assert told(await take_located(connection, "A1", 8)) == told([sure("waits", ReportKind.CALL, 5000, "T2", "C6")])
        assert told(await take_located(connection, "A1", 9)) == told(
            [unsure("unsure", ReportKind.CALL, 5000, "T2", ("C1", "T1"), ("C6", "T2"))]
        )
        rows = await connection.fetch("SELECT id FROM report WHERE batch IS NULL ORDER BY id")
        assert [row["id"] for row in rows] == ["late", "unknown"]
    finally:
        await connection.close()
