"""What the stage's store writes and reads back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest

from services.engine.replaying import replay_shard
from services.outages.store import CorrelateStore, CustomerCounts, count_customers, open_incidents
from services.reports.store import count_by_state
from tests.outages.played import afternoon, morning
from tests.outages.storm import Storm
from tests.outages.test_properties import NETWORK, drawn_script, play
from tests.outages.town import name_of
from tests.stage_script import ms

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]


async def test_a_morning_lies_in_the_tables_as_it_was(connection: Connection) -> None:
    await morning(connection)
    found = await open_incidents(connection)
    assert [(name_of(each.device), each.state, each.customers_out) for each in found] == [
        ("T13", "predicted", 1),
        ("T31", "confirmed", 6),
        ("T41", "predicted", 1),
    ]
    assert await count_customers(connection) == CustomerCounts(out=8, planned=0, restored=20)
    rows = await connection.fetch(
        "SELECT start_ms, end_ms, planned, basis FROM interruption WHERE customer IN ('T11-2', 'V1-3') ORDER BY customer"
    )
    assert [tuple(row) for row in rows] == [
        (ms("06:00"), ms("07:00"), False, "meter"),
        (ms("06:00"), ms("08:00"), True, "switching"),
    ]


async def test_every_report_is_in_a_named_state(connection: Connection) -> None:
    await morning(connection)
    assert await count_by_state(connection) == {
        "closedAccount": 1,
        "counted": 22,
        "doubled": 1,
        "located": 1,
        "muted": 1,
        "unknown": 1,
    }


async def test_an_incident_lies_in_the_tables_at_once_and_is_made_known_a_minute_later(connection: Connection) -> None:
    played = await morning(connection)
    incident = await played.incident("T41")
    known = """SELECT count(*) FROM outbox WHERE stage = 'correlate' AND topic = 'outage.incidents'
                 AND convert_from(body, 'UTF8')::json ->> 'incident' = $1"""
    assert await connection.fetchval("SELECT opened_at_ms FROM incident WHERE id = $1", incident) == ms("09:00")
    assert await connection.fetchval(known, incident) == 0
    await played.decide("09:00:59")
    assert await connection.fetchval(known, incident) == 0
    await played.decide("09:01")
    assert await connection.fetchval(known, incident) == 1


async def test_the_history_of_an_interruption_names_who_held_it(connection: Connection) -> None:
    await morning(connection)
    rows = await connection.fetch(
        """SELECT h.from_ms, n.device, h.reason FROM interruption_holder h
           JOIN interruption i ON i.id = h.interruption JOIN incident n ON n.id = h.holder
           WHERE i.customer = 'T13-1' ORDER BY h.from_ms"""
    )
    assert [(row["from_ms"], name_of(row["device"]), row["reason"]) for row in rows] == [
        (ms("06:00:40"), "L1", "ownMeter"),
        (ms("07:03:30"), "T13", "noSignOfRestoration"),
    ]


async def test_a_customer_cannot_be_out_twice_at_once_by_construction(connection: Connection) -> None:
    await morning(connection)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await connection.execute(
            """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
                                         reason, voided)
               SELECT 'again', customer, number, area, start_ms + 1, NULL, planned, basis, holder_kind, holder, reason, false
               FROM interruption WHERE customer = 'T31-1'"""
        )


async def test_replay_decides_the_same_bytes(connection: Connection) -> None:
    played = await morning(connection)
    turns, differences = await replay_shard(connection, played.stage, CorrelateStore(), "A1", exercise=False)
    assert (turns, differences) == (played.tick, [])


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_can_be_written(connection: Connection, seed: int) -> None:
    storm = play(Storm(NETWORK), drawn_script(seed))
    store = CorrelateStore()
    for tick, ((now, _), records) in enumerate(zip(storm.turns, storm.records, strict=True)):
        async with connection.transaction():
            await store.save(connection, "A1", tick, now, records)
    written = await connection.fetch("SELECT id, start_ms, end_ms, holder FROM interruption WHERE NOT voided")
    assert {tuple(row) for row in written} == {
        (row.id, row.start, row.end, row.holder) for row in storm.ledger.values() if not row.voided
    }
    tiled = await connection.fetch(
        """SELECT i.id, min(p.from_ms), CASE WHEN bool_or(p.until_ms IS NULL) THEN NULL ELSE max(p.until_ms) END
           FROM interruption i JOIN interruption_part p ON p.interruption = i.id WHERE NOT i.voided GROUP BY i.id"""
    )
    assert {tuple(row) for row in tiled} == {tuple(row)[:3] for row in written}


async def test_the_ledger_keeps_whose_an_interruption_was(connection: Connection) -> None:
    await afternoon(connection)
    rows = await connection.fetch(
        """SELECT customer, feeder, region, tier, kva, life_support FROM measured_interruption
           WHERE customer IN ('T31-1', 'T42-3') ORDER BY customer"""
    )
    assert [tuple(row) for row in rows] == [
        ("T31-1", "F1", "R1", "residential", None, False),
        ("T42-3", "F2", "R1", "residential", None, False),
    ]


async def test_an_afternoon_lies_in_the_tables_and_replays_to_the_same_bytes(connection: Connection) -> None:
    played = await afternoon(connection)
    parts = await connection.fetch(
        """SELECT p.from_ms, p.until_ms, p.powered FROM interruption_part p JOIN interruption i ON i.id = p.interruption
           WHERE i.customer = 'T11-1' AND i.start_ms = $1 ORDER BY p.from_ms""",
        ms("10:10"),
    )
    assert [tuple(row) for row in parts] == [
        (ms("10:10"), ms("10:30"), False),
        (ms("10:30"), ms("10:32"), True),
        (ms("10:32"), None, False),
    ]
    hazard = await connection.fetchrow("SELECT kind, state, reports, reported_at_ms, ended_at_ms FROM hazard")
    assert hazard is not None
    assert tuple(hazard) == ("fire", "dismissed", 1, ms("10:50"), ms("10:55"))
    window = await connection.fetchrow("SELECT state, overrun, isolates FROM work_window")
    assert window is not None
    assert tuple(window) == ("active", True, ["transformer:T42"])
    stands = await connection.fetch("SELECT device, closed FROM device_position WHERE NOT closed")
    assert [tuple(row) for row in stands] == [("transformer:T42", False)]
    momentary = await connection.fetchval("SELECT count(*) FROM interruption WHERE holder_kind = 'momentary'")
    assert momentary == 6
    turns, differences = await replay_shard(connection, played.stage, CorrelateStore(), "A1", exercise=False)
    assert (turns, differences) == (played.tick, [])
