"""An import into the middle of a storm: nothing open is lost, and what would pull the ground away is refused."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any, TypeAlias

import asyncpg
import pytest

from schemas.codec import decode
from schemas.events import WindowAnnounced, WindowCancelled, WindowChanged
from schemas.topics import MAINTENANCE_NOTICES
from services.clock import from_ms
from services.engine import clock
from services.network import GridTables, Network
from services.utility import importing
from services.utility.diff import Changed, TableDiff, compare
from services.utility.folder import EXAMPLE, UtilityFolder, read_folder
from services.utility.in_use import InUse, UtilityInUse
from services.utility.rows import WindowRow
from services.utility.store import load

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

NOW = 1_772_388_000_000
"""2026-03-01T18:00:00Z, before the planned work of the example."""
WORK = "W-0304-1"
STATE = (
    "incident",
    "entity",
    "dispatch_order",
    "hazard",
    "report",
    "interruption",
    "ledger_customer",
    "inbox",
    "turns",
)
"""The tables that an import must leave as they are."""


@pytest.fixture(scope="module")
def example() -> UtilityFolder:
    return read_folder(EXAMPLE)


@pytest.fixture
async def running(connection: Connection, example: UtilityFolder) -> Connection:
    """A database in which the example was imported and a storm is under way."""
    await clock.found(connection, exercise=True, topic_prefix="drill.1.")
    await clock.set_lockstep(connection, now_ms=NOW)
    await importing.apply(connection, example)
    await connection.execute("DELETE FROM outbox")
    customer = out_customer(example)
    device = next(row.transformer for row in example.grid.customers if row.customer == customer)
    await connection.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                 changed_at_ms, heard, customers_out)
           VALUES ('i1', 'A1', $1, 'confirmed', 'x', 1, 'meter', 1, 1, 2, 1, 1, 1)""",
        f"transformer:{device}",
    )
    await put(connection, "correlate", "out", customer, "A1", {"holder": "i1", "since": NOW})
    await put(connection, "correlate", "window", WORK, "A1", {"state": "active", "isolates": isolates(example, WORK)})
    await put(
        connection,
        "escalate",
        "escalation",
        "o1",
        "L3",
        {"account": "L3", "customer": held_by(example, "L3"), "state": "calling"},
    )
    await connection.execute("INSERT INTO ledger_customer (customer) VALUES ($1)", customer)
    await connection.execute(
        """INSERT INTO interruption (id, customer, number, area, start_ms, planned, basis, holder_kind, holder, reason, voided)
           SELECT 'x1', customer, number, 'A1', $1, false, 'meter', 'incident', 'i1', 'x', false FROM ledger_customer""",
        NOW,
    )
    await connection.execute(
        """INSERT INTO dispatch_order ("order", crew, job, incident, area, device, lon, lat, region, work, priority, attempt,
               skills, on_duty_since_ms, sent_at_ms, arrival_estimate_ms, state, reason, changed_at_ms, pinned)
           VALUES ('r1', 'C01', 'i1', 'i1', 'A1', $1, 0, 0, 'R1', 'repair', 'lateral', 1, '{line}', 1, 1, 2, 'enroute', 'x', 1,
                   false)""",
        f"transformer:{device}",
    )
    await connection.execute(
        """INSERT INTO hazard (id, area, region, kind, lon, lat, device, state, reason, revision, reports, reported_at_ms,
                               changed_at_ms)
           VALUES ('h1', 'A1', 'R1', 'wireDown', 11, 53, 'switch:FU-10', 'reported', 'x', 1, 1, 1, 1)"""
    )
    return connection


async def put(connection: Connection, stage: str, kind: str, entity: str, shard: str, body: dict[str, Any]) -> None:
    await connection.execute(
        "INSERT INTO entity (stage, kind, id, shard, body) VALUES ($1, $2, $3, $4, $5)",
        stage,
        kind,
        entity,
        shard,
        json.dumps(body),
    )


def out_customer(folder: UtilityFolder) -> str:
    return next(row.customer for row in folder.grid.customers if row.transformer and row.feeder == "F2")


def held_by(folder: UtilityFolder, account: str) -> str:
    return next(row.customer for row in folder.premises if row.account == account)


def isolates(folder: UtilityFolder, window: str) -> list[str]:
    return list(next(row.isolates for row in folder.windows if row.window == window))


def with_grid(folder: UtilityFolder, **tables: Any) -> UtilityFolder:
    grid = folder.grid
    before = {name: getattr(grid, name) for name in ("feeders", "nodes", "branches", "customers")}
    return replace(folder, grid=GridTables(**before | tables))


def without_customer(folder: UtilityFolder, customer: str) -> UtilityFolder:
    rows = tuple(row for row in folder.grid.customers if row.customer != customer)
    return with_grid(folder, customers=rows)


async def state(connection: Connection) -> dict[str, list[str]]:
    return {
        table: [row[0] for row in await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")]
        for table in STATE
    }


async def told(connection: Connection) -> list[Any]:
    rows = await connection.fetch("SELECT topic, key, body FROM outbox ORDER BY seq")
    events: list[Any] = [decode(row["body"], MAINTENANCE_NOTICES) for row in rows]
    assert [(row["topic"], row["key"]) for row in rows] == [(MAINTENANCE_NOTICES.name, e.window) for e in events]
    return events


async def test_an_import_in_the_middle_of_a_storm_loses_nothing(running: Connection, example: UtilityFolder) -> None:
    before = await state(running)
    customers = tuple(
        row._replace(phones=("+9990000000001",), meter=f"N-{row.customer}") for row in example.grid.customers
    )
    other = with_grid(replace(example, name="Renamed", holidays=()), customers=customers[:-1])
    other = replace(other, premises=tuple(row for row in other.premises if row.customer != customers[-1].customer))
    applied = await importing.apply(running, other)
    assert await state(running) == before
    assert await load(running) == other
    assert applied.told == ()
    assert await running.fetchval("SELECT count(*) FROM utility_version") == 2


async def test_what_something_open_rests_on_can_be_neither_removed_nor_moved(
    running: Connection, example: UtilityFolder
) -> None:
    before = await state(running)
    customer = out_customer(example)
    moved = next(row for row in example.grid.customers if row.customer == customer)
    elsewhere = next(row for row in example.grid.customers if row.feeder == "F8" and row.transformer)
    rehomed = tuple(
        row._replace(node=elsewhere.node, transformer=elsewhere.transformer, feeder="F8") if row == moved else row
        for row in example.grid.customers
    )
    fuse = next(row for row in example.grid.branches if row.id == "FU-10")
    knife = tuple(row._replace(type_code="19") if row == fuse else row for row in example.grid.branches)
    broken = {
        "customer": with_grid(example, customers=rehomed),
        "gone": without_customer(example, customer),
        "crew": replace(example, crews=example.crews[1:], shifts=tuple(r for r in example.shifts if r.crew != "C01")),
        "device": with_grid(example, branches=knife),
        "account": replace(example, premises=tuple(row for row in example.premises if row.account != "L3")),
        "window": replace(
            example,
            windows=tuple(
                row._replace(isolates=("transformer:LV1.101",)) if row.window == WORK else row
                for row in example.windows
            ),
        ),
    }
    found: dict[str, list[tuple[str, str, str]]] = {}
    for name, folder in broken.items():
        with pytest.raises(UtilityInUse) as refused:
            await importing.apply(running, folder)
        found[name] = [(each.kind, each.id, each.why.split(" since")[0]) for each in refused.value.refusals]
    assert found == {
        "customer": [("customer", customer, "the outage")],
        "gone": [("customer", customer, "the outage")],
        "crew": [("crew", "C01", "order r1")],
        "device": [("device", "switch:FU-10", "hazard h1")],
        "account": [("customer", held_by(example, "L3"), "the escalation of outage o1")],
        "window": [("window", WORK, f"planned work {WORK}")],
    }
    assert await state(running) == before
    assert await told(running) == []
    assert await load(running) == example


async def test_a_refusal_says_what_would_move_and_what_rests_on_it(running: Connection, example: UtilityFolder) -> None:
    regions = tuple(row._replace(region="R2" if row.feeder == "F6" else "R1") for row in example.grid.feeders)
    other = with_grid(example, feeders=regions)
    with pytest.raises(UtilityInUse) as refused:
        await importing.apply(running, other)
    assert (await importing.preview(running, other)).refused == refused.value.refusals
    assert refused.value.refusals == (
        InUse("device", "switch:FU-66", "would move from region R1 to R2", f"planned work {WORK}"),
    )
    assert str(refused.value.refusals[0]) == (
        f"device switch:FU-66 would move from region R1 to R2, but planned work {WORK} rests on it. [inUse]"
    )


async def test_an_area_that_gets_another_name_is_refused_while_something_is_open_in_it(
    running: Connection, example: UtilityFolder
) -> None:
    """A substation that sorts before the others makes theirs the second area: shards are named by areas."""
    island = with_an_island(example)
    assert {str(area.id) for area in Network(island.grid).areas} == {"A1", "A2"}
    with pytest.raises(UtilityInUse) as refused:
        await importing.apply(running, island)
    assert {each.kind for each in refused.value.refusals} == {"device", "customer"}
    for table in ("incident", "entity", "dispatch_order", "hazard"):
        await running.execute(f"DELETE FROM {table}")
    await importing.apply(running, island)
    assert await load(running) == island


def with_an_island(folder: UtilityFolder) -> UtilityFolder:
    """Return the utility with another substation that no branch joins to it."""
    grid = folder.grid
    source, end = grid.feeders[0], grid.nodes[0]._replace(node="A-1")
    breaker = next(row for row in grid.branches if row.id == "CB-1")
    island = breaker._replace(id="A", from_node="A", to_node="A-1", feeder="A", device_number="")
    return with_grid(
        folder,
        feeders=(source._replace(feeder="A", substation="S0", source_node="A"), *grid.feeders),
        nodes=(end._replace(node="A"), end, *grid.nodes),
        branches=tuple(sorted((*grid.branches, island), key=lambda row: (row.kind, row.id))),
    )


async def test_planned_work_is_announced_changed_and_cancelled_as_the_folder_says(
    running: Connection, example: UtilityFolder
) -> None:
    first, second, third = example.windows[:3]
    later = second._replace(ends_at=second.ends_at + dt.timedelta(hours=1))
    new = WindowRow("W-new", ("switch:FU-26",), from_ms(NOW + 86_400_000), from_ms(NOW + 90_000_000), "More work.")
    past = new._replace(window="W-past", starts_at=from_ms(NOW - 90_000_000), ends_at=from_ms(NOW - 86_400_000))
    kept = [row for row in example.windows if row not in (first, second)]
    # The work that is under way has left the plan too: it goes on, and nobody is told that it is cancelled.
    kept = [row for row in kept if row.window != WORK]
    windows = tuple(sorted((*kept, later, new, past)))
    applied = await importing.apply(running, replace(example, windows=windows))
    events = await told(running)
    assert [(type(event), event.window, event.exercise, event.at) for event in events] == [
        (WindowCancelled, first.window, True, from_ms(NOW)),
        (WindowChanged, second.window, True, from_ms(NOW)),
        (WindowAnnounced, "W-new", True, from_ms(NOW)),
    ]
    assert (events[1].isolates, events[1].ends_at) == (list(second.isolates), later.ends_at)
    assert (events[2].starts_at, events[2].ends_at, events[2].work) == (new.starts_at, new.ends_at, new.work)
    assert [window for window, _ in applied.told] == [first.window, second.window, "W-new"]
    assert third in kept


async def test_the_first_import_announces_the_work_that_lies_ahead(
    connection: Connection, example: UtilityFolder
) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=NOW + 2 * 86_400_000)
    assert (await importing.preview(connection, example)).diff is None
    await importing.apply(connection, example)
    ahead = [row.window for row in example.windows if row.ends_at > from_ms(NOW + 2 * 86_400_000)]
    events = await told(connection)
    assert [event.window for event in events] == ahead
    assert len(ahead) < len(example.windows)
    assert {event.exercise for event in events} == {False}


async def test_whoever_listens_hears_of_an_import_when_it_is_there_and_only_then(
    dsn: str, running: Connection, example: UtilityFolder
) -> None:
    other = await asyncpg.connect(dsn)
    heard: list[str] = []
    try:
        await other.add_listener("utility", lambda *said: heard.append(str(said[2])))
        with pytest.raises(UtilityInUse):
            await importing.apply(running, without_customer(example, out_customer(example)))
        await importing.apply(running, replace(example, name="Renamed"))
        await other.fetchval("SELECT 1")
        assert heard == ["utility"]
    finally:
        await other.close()


async def test_no_turn_is_decided_between_the_look_at_what_is_open_and_the_new_version(
    dsn: str, running: Connection, example: UtilityFolder
) -> None:
    await clock.make_shards(running, "correlate", ["A1"])
    other = await asyncpg.connect(dsn)
    try:
        await other.execute("SET lock_timeout = '50ms'")
        async with running.transaction():
            await importing.apply(running, replace(example, name="Renamed"))
            with pytest.raises(asyncpg.LockNotAvailableError):
                await other.execute("UPDATE turns SET ticked_to = 5 WHERE stage = 'correlate'")
        assert await other.execute("UPDATE turns SET ticked_to = 5 WHERE stage = 'correlate'") == "UPDATE 1"
    finally:
        await other.close()


async def test_without_a_clock_nothing_is_taken_in(connection: Connection, example: UtilityFolder) -> None:
    with pytest.raises(LookupError, match="clock"):
        await importing.apply(connection, example)
    assert await connection.fetchval("SELECT count(*) FROM utility_version") == 0


def test_a_diff_names_rows_by_key_and_columns_and_repeats_no_value(example: UtilityFolder) -> None:
    first, second, *rest = example.grid.customers
    changed = second._replace(phones=("+9990000000001",), kva=9.0)
    other = with_grid(
        replace(example, country="DE", crews=example.crews[1:], holidays=example.holidays[:-1]),
        customers=(first._replace(customer="A-new"), changed, *rest),
    )
    diff = compare(example, other)
    assert diff.tables == (
        TableDiff(file="utility.csv", changed=(Changed(example.name, ("country",)),)),
        TableDiff(
            file="customers.csv",
            added=("A-new",),
            removed=(first.customer,),
            changed=(Changed(second.customer, ("phones", "kva")),),
        ),
        TableDiff(file="crews.csv", removed=("C01",)),
        TableDiff(file="holidays.csv", removed=("2026-12-26",)),
    )
    assert "+999" not in diff.in_words() + json.dumps(diff.as_json())
    assert compare(example, example).in_words() == "Nothing changes."


def test_a_long_diff_is_cut_and_counts_whole(example: UtilityFolder) -> None:
    empty = with_grid(example, customers=())
    words, plain = (compare(empty, example).in_words(), compare(empty, example).as_json())
    assert words.splitlines()[0] == "customers.csv: 5373 added, 0 removed, 0 changed"
    assert words.splitlines()[-1] == "  + and 5353 more"
    assert (plain[0]["counts"]["added"], len(plain[0]["added"])) == (5373, 20)
