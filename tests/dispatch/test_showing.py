from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from schemas.events import CrewLeft, CrewReported, CrewState, CrewVisiting, Place
from schemas.topics import CREW_ACTIONS, CREW_STATUS
from services.dispatch.showing import crew_rows
from services.dispatch.stage import DispatchStage
from services.dispatch.store import read_roster
from tests.dispatch.desk import NEAR_WEST, go_on
from tests.dispatch.test_audit import FIRST, HELP, SAFE, morning
from tests.stage_script import moment, ms

if TYPE_CHECKING:
    from services.engine.taking import Connection

HILLS = "visit.R1.HILLS-1"


async def test_the_board_shows_every_crew_with_its_order_its_hours_and_its_route(connection: Connection) -> None:
    await morning(connection)
    rows = {row.id: row for row in await crew_rows(connection, ms("06:10"))}
    assert sorted(rows) == ["E1", "W1", "W2", "W3", "W4"]
    leads = rows["W1"]
    assert (leads.state, leads.order, leads.order_state, leads.incident) == ("onSite", FIRST, "arrived", "I-1")
    assert (leads.goal_lon, leads.goal_lat, leads.arrival_ms) == (NEAR_WEST.lon, NEAR_WEST.lat, None)
    assert leads.until_ms == ms("06:01") + 40 * 60_000 + 1 * 0
    assert [(job.order, job.arrived_at_ms) for job in leads.route] == [(FIRST, ms("06:01"))]
    helps = rows["W3"]
    assert (helps.state, helps.order, helps.work, helps.reason) == ("ordered", HELP, "assist", "ordered")
    assert helps.hours_left_ms is not None
    assert helps.hours_left_ms <= 16 * 3_600_000
    off = rows["W4"]
    assert (off.state, off.hours_left_ms, off.on_duty_since_ms) == ("offDuty", None, None)
    over = rows["E1"]
    assert (over.depot, over.certificates, over.kit) == ("east", ["climbing"], ["earthing"])
    assert [(job.order, job.state, job.until_ms) for job in over.route] == [(SAFE, "done", ms("06:02"))]


async def test_a_crew_that_should_have_arrived_is_overdue_and_then_silent(connection: Connection) -> None:
    await morning(connection)

    async def odd(at: str) -> list[str]:
        return next(row.odd for row in await crew_rows(connection, ms(at)) if row.id == "W1")

    assert await odd("06:20") == ["jumped"]
    assert await odd("07:02") == ["silent", "jumped"]


async def test_a_visiting_crew_is_on_the_board_until_it_leaves(connection: Connection) -> None:
    await morning(connection)
    stage = DispatchStage(await read_roster(connection))
    come = CrewVisiting(
        id="come",
        at=moment("06:20"),
        region="R1",
        crew=HILLS,
        by="ann",
        place=Place(11.1, 48.0),
        home="Hills Electric",
        skills=["line"],
        members=3,
        guide="W2",
    )
    where = CrewReported(
        id="where", at=moment("06:21"), crew=HILLS, status=CrewState.POSITION, place=Place(11.11, 48.0)
    )
    await go_on(connection, stage, [(ms("06:20"), [(CREW_ACTIONS, come)]), (ms("06:21"), [(CREW_STATUS, where)])])
    row = next(row for row in await crew_rows(connection, ms("06:22")) if row.id == HILLS)
    assert (row.visiting, row.home, row.guide, row.members, row.depot) == (True, "Hills Electric", "W2", 3, None)
    assert (row.lon, row.place_at_ms) == (11.11, ms("06:21"))
    left = CrewLeft(id="left", at=moment("06:30"), region="R1", crew=HILLS, by="ann")
    await go_on(connection, stage, [(ms("06:30"), [(CREW_ACTIONS, left)])])
    assert HILLS not in [row.id for row in await crew_rows(connection, ms("06:31"))]


@pytest.fixture
async def many(connection: Connection) -> Connection:
    """Two hundred crews, each with a shift on every day, an order in hand and two done."""
    await morning(connection)
    await connection.execute(
        """INSERT INTO crew (version, crew, depot, skills)
               SELECT version, 'X' || n, 'west', '{line}' FROM utility_version, generate_series(1, 195) n WHERE current;
           INSERT INTO crew_shift SELECT version, 'X' || n, day, '00:00', '12:00', 'duty'
               FROM utility_version, generate_series(1, 195) n, generate_series(1, 7) day WHERE current;
           INSERT INTO dispatch_order SELECT (json_populate_record(o, json_build_object(
                   'order', 'O' || n || '-' || k, 'crew', 'X' || n, 'incident', 'I' || n || '-' || k, 'hazard', NULL,
                   'work', 'repair', 'assists', NULL,
                   'state', CASE k WHEN 3 THEN 'accepted' ELSE 'done' END,
                   'ended_at_ms', CASE k WHEN 3 THEN NULL ELSE o.sent_at_ms END))).*
               FROM generate_series(1, 195) n, generate_series(1, 3) k, dispatch_order o
               WHERE o."order" = (SELECT min("order") FROM dispatch_order WHERE state = 'arrived');
           INSERT INTO entity (stage, shard, kind, id, body)
               SELECT 'dispatch', 'R1', 'crew', 'X' || n,
                      json_build_object('id', 'X' || n, 'state', 'ordered', 'order', 'O' || n || '-3')
               FROM generate_series(1, 195) n;
           INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
               SELECT 'j' || n || '-' || k, 'dispatch', 'R1', k, k, 'crew', 'X' || n, 'ordered', 'ordered', '{}'
               FROM generate_series(1, 195) n, generate_series(1, 50) k;
           ANALYZE"""
    )
    return connection


async def test_two_hundred_crews_are_shown_in_a_moment(many: Connection) -> None:
    rows = await crew_rows(many, ms("06:10"))
    assert len(rows) == 200
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        rows = await crew_rows(many, ms("06:10"))
        took.append(time.perf_counter() - begun)
    assert [len(row.route) for row in rows if row.id == "X7"] == [3]
    assert min(took) < 0.1
