"""Learning on a real database: from what the stores wrote, kept as a row, told to every area, taken by the inference."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import msgspec
from pydantic import SecretStr

from schemas.codec import decode
from schemas.events import EstimatesLearnt
from schemas.topics import OUTAGE_ESTIMATES
from services.estimates import store
from services.estimates.measuring import measure
from services.outages.estimating import Experience, experience_of
from services.outages.reasons import Reason
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
from services.settings import load_settings
from streams.daily import learn_daily
from streams.learning import learn_once
from tests.estimates.past import pasts
from tests.outages.town import town
from tests.stage_script import play

if TYPE_CHECKING:
    from services.estimates.measuring import Past

    Connection: TypeAlias = asyncpg.Connection[Any]

NOW = 1_777_000_000_000


async def install(connection: Connection, *areas: str) -> None:
    """Set up a clock that stands still, a utility that is an hour ahead of UTC, and its areas."""
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1)", NOW)
    await connection.execute(
        """INSERT INTO utility_version (digest, name, time_zone, attribution, current)
           VALUES ('d', 'U', 'Africa/Lagos', '', true)"""
    )
    for area in areas:
        await connection.execute("INSERT INTO turns (stage, shard) VALUES ('correlate', $1)", area)


async def write(connection: Connection, history: list[Past]) -> None:
    """Write incidents with their orders and interruptions."""
    await connection.executemany(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                 restored_at_ms, changed_at_ms, heard, customers_out, device_class)
           VALUES ($1, $2, 'D', 'closed', 'quiet', 2, 'meter', $3, $3, $3, $4, $5, 3, 0, $6)""",
        [(e.id, e.area, e.opened_at, e.over_at, e.over_at + 1, e.device_class) for e in history],
    )
    customers = [(f"{each.id}-{n}", each) for each in history for n in range(each.size)]
    await connection.executemany("INSERT INTO ledger_customer (customer) VALUES ($1)", [(c,) for c, _ in customers])
    await connection.executemany(
        """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
                                     reason, voided)
           SELECT $1, $1, number, 'A1', $2, $3, false, 'meter', 'incident', $4, 'ownMeter', false
           FROM ledger_customer WHERE customer = $1""",
        [(customer, e.opened_at - 60_000, e.back_at, e.id) for customer, e in customers],
    )
    orders = [(f"{each.id}-{n}", each, order) for each in history for n, order in enumerate(each.orders)]
    await connection.executemany(
        """INSERT INTO dispatch_order ("order", crew, job, incident, area, device, lon, lat, region, work, priority, attempt,
                                       skills, on_duty_since_ms, sent_at_ms, arrival_estimate_ms, state, reason, changed_at_ms,
                                       pinned, enroute_at_ms, arrived_at_ms, ended_at_ms, cause)
           VALUES ($1, $2, $3, $3, 'A1', 'D', 0, 0, 'R1', 'repair', 'single', 1, '{line}', $4, $4, $5, 'done', 'r', $6, false,
                   $7, $8, $6, $9)""",
        [
            (name, o.crew, e.id, o.sent_at, o.arrival, e.over_at, o.enroute_at, o.arrived_at, o.cause)
            for name, e, o in orders
        ],
    )


async def told(connection: Connection) -> list[EstimatesLearnt]:
    """Return what was published, in order."""
    rows = await connection.fetch("SELECT body FROM outbox WHERE topic = $1 ORDER BY seq", OUTAGE_ESTIMATES.name)
    events = [decode(row["body"], OUTAGE_ESTIMATES) for row in rows]
    assert all(isinstance(event, EstimatesLearnt) for event in events)
    return [event for event in events if isinstance(event, EstimatesLearnt)]


async def test_the_history_in_the_database_is_the_history_that_was_written(connection: Connection) -> None:
    history = pasts(40)
    await install(connection, "A1")
    await write(connection, history)
    await connection.execute(
        "INSERT INTO planned_arrival (incident, said_at_ms, arrival_ms) VALUES ('I-3', $1, $2)", NOW, NOW + 60_000
    )
    await connection.execute(
        """INSERT INTO hazard (id, area, region, kind, lon, lat, incident, state, reason, revision, reports, reported_at_ms,
                               changed_at_ms, ended_at_ms)
           VALUES ('H', 'A1', 'R1', 'treeOnLine', 0, 0, 'I-4', 'madeSafe', 'r', 1, 1, $1, $1, $1)""",
        NOW,
    )
    found = {each.id: each for each in await store.pasts(connection)}
    assert found["I-3"].planned == ((NOW, NOW + 60_000),)
    assert [name for name, each in found.items() if each.hazard] == ["I-4"]
    assert found["I-7"] == history[7]
    assert measure(found.values(), 0).repairs[9].took_s == measure(history, 0).repairs[9].took_s


async def test_a_learning_is_kept_and_every_area_is_told(connection: Connection) -> None:
    await install(connection, "A1", "A2")
    await write(connection, pasts(200))
    learning = await learn_once(connection)
    assert learning is not None
    assert (learning.reason, learning.incidents) == ("learnt", 200)
    assert learning == await store.last(connection)
    events = await told(connection)
    assert [(event.area, event.learning, event.utc_offset_s) for event in events] == [
        ("A1", learning.id, 3_600),
        ("A2", learning.id, 3_600),
    ]
    known = experience_of(events[0])
    assert known is not None
    assert known.measured["repair"] == 200
    body = json.loads(await connection.fetchval("SELECT body FROM estimate_learning"))
    assert [each["part"] for each in body["parts"]] == [part.part.value for part in events[0].parts]


async def test_learning_twice_at_one_time_tells_it_once(connection: Connection) -> None:
    await install(connection, "A1")
    await write(connection, pasts(150))
    assert await learn_once(connection) == await learn_once(connection)
    assert len(await told(connection)) == 1


async def test_of_too_little_history_it_is_kept_that_the_figures_of_classes_hold(connection: Connection) -> None:
    await install(connection, "A1")
    await write(connection, pasts(50))
    learning = await learn_once(connection)
    assert learning is not None
    assert (learning.reason, learning.measured, learning.covered_permille) == ("tooFewRepairs", {}, None)
    assert await told(connection) == []


async def test_history_that_is_gone_is_taken_back(connection: Connection) -> None:
    await install(connection, "A1")
    await write(connection, pasts(150))
    await learn_once(connection)
    await connection.execute("DELETE FROM dispatch_order")
    await connection.execute("UPDATE clock SET now_ms = now_ms + 86400000")
    await learn_once(connection)
    learnt, taken_back = await told(connection)
    assert (bool(learnt.parts), taken_back.parts) == (True, [])


async def test_without_a_clock_nothing_is_learnt(connection: Connection) -> None:
    assert await learn_once(connection) is None


async def test_a_process_learns_daily(connection: Connection, dsn: str) -> None:
    await install(connection, "A1")
    await write(connection, pasts(20))
    settings = load_settings(postgres_dsn=SecretStr(dsn), kafka_bootstrap="127.0.0.1:1")
    daily = asyncio.create_task(learn_daily(settings, first_after_s=0))
    async with asyncio.timeout(120):
        while await store.last(connection) is None:
            await asyncio.sleep(0.1)
    assert not daily.done()
    daily.cancel()
    await asyncio.gather(daily, return_exceptions=True)


async def test_an_exercise_learns_by_command_alone() -> None:
    async with asyncio.timeout(5):
        await learn_daily(load_settings(exercise=True), first_after_s=0)


async def test_what_was_learnt_is_the_state_of_the_area_once_its_turn_has_heard_it(connection: Connection) -> None:
    await install(connection, "A1")
    await write(connection, pasts(130))
    await learn_once(connection)
    (event,) = await told(connection)
    await connection.execute("DELETE FROM turns")
    ticks = [(NOW, [(OUTAGE_ESTIMATES, event)]), (NOW + 1_000, [])]
    await play(connection, CorrelateStage(town(), {}), ticks, CorrelateStore())
    body = await connection.fetchval("SELECT body FROM entity WHERE kind = 'experience'")
    assert msgspec.json.decode(body, type=Experience) == experience_of(event)
    assert await connection.fetchval("SELECT reason FROM journal") == Reason.EXPERIENCE_LEARNT
