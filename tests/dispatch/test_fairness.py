"""Whose customers were out longest in the last year goes before others with the same customers, and only then."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest
from pydantic import SecretStr

from schemas.events import DispatchMode, IncidentState
from schemas.topics import OUTAGE_INCIDENTS
from services.dispatch.fairness import YEAR_MS, Hardship, HardshipSet, Minutes, fairer, worst_served
from services.dispatch.roster import REGION
from services.dispatch.rules import Rules
from services.dispatch.showing import read_crews
from services.dispatch.showing_plan import read_region
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore
from services.dispatch.store_fairness import decided_hardship, set_hardship, take_hardship
from services.engine import clock
from services.engine.replaying import replay_shard
from services.engine.turn import Fact
from services.measures.store import time_out
from services.network.network import Network
from services.settings import load_settings
from services.utility import store as utility
from services.utility.folder import EXAMPLE, read_folder
from streams.daily import reckon_fairness_daily
from streams.fairness import reckon_once
from tests.dispatch.desk import Desk, go_on, incident_changed, roster
from tests.outages.town import town
from tests.stage_script import ms, play

if TYPE_CHECKING:
    from collections.abc import Iterable

    Connection: TypeAlias = asyncpg.Connection[Any]

HOUR_MS = 3_600_000
NOW = 1_777_000_000_000
FIRST, SECOND = "switch:L1", "switch:L2"
SENDING = (DispatchMode.NEAREST_DEPOT, DispatchMode.PLAN)
in_every_mode = pytest.mark.parametrize("mode", SENDING, ids=str)
either = pytest.mark.parametrize(("worst", "other"), [(FIRST, SECOND), (SECOND, FIRST)], ids=["first", "second"])


def told(desk: Desk, *minutes: tuple[str, int], name: str = "hardship:1") -> None:
    """Let the region be told whose customers were out longest."""
    desk.script.hear_facts(Fact(desk.script.now, name, HardshipSet(minutes=tuple(sorted(minutes)))))


def sent_first(desk: Desk, customers: dict[str, int]) -> str | None:
    """Return the device that the only crew is sent to of these, which fail at once."""
    for number, (device, out) in enumerate(sorted(customers.items())):
        desk.incident(f"I-{number}", device=device, customers_out=out)
    order = desk.order_of("W1")
    assert order is not None
    return order.device


# ------------------------------------------------------------------------------------------------------------ the rule


@in_every_mode
@either
def test_of_two_equal_outages_the_one_goes_first_whose_customers_were_out_longer(
    mode: DispatchMode, worst: str, other: str
) -> None:
    desk = Desk("W1", mode=mode).at("06:00")
    told(desk, (worst, 900), (other, 300))
    assert sent_first(desk, {worst: 10, other: 10}) == worst


@in_every_mode
@either
def test_a_larger_outage_still_goes_first(mode: DispatchMode, worst: str, other: str) -> None:
    desk = Desk("W1", mode=mode).at("06:00")
    told(desk, (worst, 900))
    assert sent_first(desk, {worst: 100, other: 106}) == other, "five in a hundred is less than six"


@in_every_mode
@either
def test_where_the_setting_is_nothing_nobody_weighs_more(mode: DispatchMode, worst: str, other: str) -> None:
    without = Desk("W1", mode=mode).at("06:00")
    without.rules(Rules(fairness_per_mille=0))
    told(without, (worst, 900))
    unknown = Desk("W1", mode=mode).at("06:00")
    assert sent_first(without, {worst: 10, other: 10}) == sent_first(unknown, {worst: 10, other: 10})


@either
def test_what_is_told_while_work_waits_changes_what_is_done_next(worst: str, other: str) -> None:
    desk = Desk("W1", mode=DispatchMode.PLAN).at("06:00")
    assert sent_first(desk, {"switch:A": 500, worst: 10, other: 10}) == "switch:A"
    told(desk, (worst, 900))
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived", "done")
    order = desk.order_of("W1")
    assert order is not None
    assert order.device == worst


def test_a_weight_grows_in_proportion_and_at_most_by_the_setting() -> None:
    hardship = Hardship(id=REGION, minutes=(("a", 100), ("b", 400), ("c", 800)), worst=800)
    grown = [fairer(80_000, device, hardship, 50) for device in ("a", "b", "c", "d", None)]
    assert grown == [80_500, 82_000, 84_000, 80_000, 80_000]
    assert fairer(80_000, "c", None, 50) == fairer(80_000, "c", Hardship(id=REGION), 50) == 80_000
    assert [fairer(weight, "c", hardship, 50) for weight in (0, 8, 16)] == [0, 8, 17]


def test_the_last_word_stands_and_is_in_the_journal() -> None:
    script = (desk := Desk("W1")).script
    told(desk, (FIRST, 900), (SECOND, 30))
    script.settle()
    told(desk, (SECOND, 60), name="hardship:2")
    assert script.why("hardship", REGION) == [("set", "hardshipSet")] * 2
    assert script.entities["hardship"][REGION] == Hardship(id=REGION, minutes=((SECOND, 60),), worst=60)
    told(desk, name="hardship:3")
    script.settle()
    assert script.entities["hardship"][REGION] == Hardship(id=REGION)


# ------------------------------------------------------------------------------------------------- who is worst served


def of(*names: str, hours: float) -> dict[str, int]:
    """Return the customers of the town who hang on these, four or fewer each, as out for so many hours."""
    customers = (f"{name}-{number}" for name, number in itertools.product(names, range(1, 5)))
    return {customer: round(hours * HOUR_MS) for customer in customers}


def names(minutes: Minutes) -> dict[str, int]:
    """Return devices by their names in the drawing."""
    return {device.split(":")[1]: value for device, value in minutes}


def test_customers_count_behind_every_device_that_feeds_them_whatever_it_was_that_failed() -> None:
    found = worst_served(town(), of("T21", "V1", "V2", hours=10), [REGION])
    # Of the 49 who are served, 11 were out for 600 minutes: all of L2, and 11 of the 21 behind R1 and of the 33 behind F1.
    assert names(found[REGION]) == {"F1": 200, "R1": 314, "L2": 600, "T21": 600, "T22": 600, "V1": 600, "V2": 600}


def test_who_was_out_no_longer_than_others_is_not_among_the_worst_served() -> None:
    everybody = {str(customer.id): HOUR_MS for customer in town().customers}
    assert worst_served(town(), everybody, [REGION]) == {REGION: ()}
    assert worst_served(town(), {}, [REGION]) == {REGION: ()}
    assert worst_served(town(), {"GONE": 99 * HOUR_MS, "nobody": HOUR_MS}, [REGION]) == {REGION: ()}
    assert worst_served(town(), {"T41-1": 59_000}, [REGION]) == {REGION: ()}, "less than a minute is nothing"


def test_each_region_is_told_of_its_own_devices_against_the_mean_of_the_utility() -> None:
    network = town(regions={"F2": "R2"})
    found = worst_served(network, {**of("T11", hours=6), **of("T41", hours=1)}, ["R1", "R2", "R3"])
    assert names(found["R1"])["T11"] == 360
    assert found["R2"] == (), "the 30 minutes of its worst are less than the mean, 34"
    assert found["R3"] == ()
    assert names(worst_served(network, of("T41", hours=1), ["R2"])["R2"]) == {"F2": 15, "T41": 30}


def test_only_the_worst_are_told_where_there_are_too_many() -> None:
    out_ms = {**of("V1", hours=10), **of("V2", hours=9), **of("T21", hours=8)}
    found = worst_served(town(), out_ms, [REGION], most=3)
    assert names(found[REGION]) == {"V1": 600, "T22": 570, "L2": 545}


# ------------------------------------------------------------------------------------------------ with a real database


async def ledger(connection: Connection, *spells: tuple[str, int, int | None, bool]) -> None:
    """Write interruptions: of whom, from and until when (milliseconds from now), and whether they were taken back."""
    await connection.execute(
        "INSERT INTO ledger_customer (customer) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING",
        [customer for customer, *_ in spells],
    )
    known = await connection.fetchval("SELECT count(*) FROM interruption")
    await connection.executemany(
        """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder, reason,
                                     voided)
           SELECT $1, $2, number, 'A1', $3, $4, $5, 'meter', 'incident', 'I', 'ownMeter', $6
           FROM ledger_customer WHERE customer = $2""",
        [
            (f"i{number}", customer, NOW + start, None if end is None else NOW + end, number % 2 == 0, voided)
            for number, (customer, start, end, voided) in enumerate(spells, start=known)
        ],
    )


@pytest.fixture
async def ticking(connection: Connection) -> Connection:
    """A database whose clock stands at tick 3."""
    await clock.set_lockstep(connection, now_ms=NOW)
    await connection.execute("UPDATE clock SET n = 3")
    return connection


async def test_the_ledger_says_how_long_each_customer_was_out_in_a_period(ticking: Connection) -> None:
    await ledger(
        ticking,
        ("over", -YEAR_MS - 9 * HOUR_MS, -YEAR_MS - HOUR_MS, False),
        ("began before", -YEAR_MS - 5 * HOUR_MS, -YEAR_MS + 2 * HOUR_MS, False),
        ("twice", -90 * HOUR_MS, -80 * HOUR_MS, False),
        ("twice", -70 * HOUR_MS, -69 * HOUR_MS, False),
        ("is out", -3 * HOUR_MS, None, False),
        ("later", HOUR_MS, None, False),
        ("taken back", -3 * HOUR_MS, -2 * HOUR_MS, True),
    )
    out = await time_out(ticking, NOW - YEAR_MS, NOW)
    assert {customer: each // HOUR_MS for customer, each in out.items()} == {
        "began before": 2,
        "twice": 11,
        "is out": 3,
    }


async def test_what_regions_are_told_is_a_fact_of_the_next_turn_and_said_once(ticking: Connection) -> None:
    minutes: dict[str, Minutes] = {"R1": (("a", 60), ("b", 7)), "R2": ()}
    assert await set_hardship(ticking, minutes) == ["R1"], "that nobody stands out is no news"
    assert await set_hardship(ticking, minutes) == []
    assert await take_hardship(ticking, "R1", 3) == [], "a fact taken at a tick is decided later"
    (fact,) = await take_hardship(ticking, "R1", 4)
    assert (fact.at, fact.what) == (NOW, HardshipSet(minutes=minutes["R1"]))
    assert await decided_hardship(ticking, "R1", 4) == [fact]
    await ticking.execute("UPDATE clock SET n = 9")
    assert await set_hardship(ticking, {"R1": (), "R2": ()}) == ["R1"]
    assert [each.what for each in await take_hardship(ticking, "R1", 10)] == [HardshipSet(minutes=())]


async def test_a_turn_decides_by_it_a_replay_decides_the_same(connection: Connection) -> None:
    stage, store = DispatchStage(roster("W1")), DispatchStore()
    heard = [
        (OUTAGE_INCIDENTS, incident_changed(f"I-{n}", 1, IncidentState.PREDICTED, at="06:00", device=device))
        for n, device in enumerate((FIRST, SECOND))
    ]
    await set_hardship(connection, {REGION: ((SECOND, 600),)})
    await play(connection, stage, [(ms("06:00"), heard)], store)
    assert await connection.fetchval("SELECT device FROM dispatch_order") == SECOND
    await connection.execute("INSERT INTO dispatch_hardship_set VALUES ($1, 1, $2, '[]')", REGION, ms("06:01"))
    await go_on(connection, stage, [(ms("06:02"), [])])
    journal = await connection.fetch("SELECT became FROM journal WHERE reason = 'hardshipSet'")
    assert [row["became"] for row in journal] == ["set", "set"]
    assert await replay_shard(connection, stage, store, REGION, exercise=False) == (2, [])


GOOD, BAD = "transformer:LV2.105", "transformer:LV2.101"


async def served(connection: Connection) -> Network:
    """Set up the example utility, whose region has been dispatched before, and a clock that stands still."""
    folder = read_folder(EXAMPLE)
    await utility.save(connection, folder)
    await connection.execute("INSERT INTO turns (stage, shard) VALUES ('dispatch', $1)", REGION)
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1)", NOW)
    return Network(folder.grid)


async def darken(connection: Connection, customers: Iterable[str], *, hours: int, ago: int) -> None:
    """Write that these customers were out for so many hours, so many hours ago."""
    await ledger(connection, *((each, -ago * HOUR_MS, (hours - ago) * HOUR_MS, False) for each in customers))


async def known(connection: Connection) -> dict[str, int]:
    """Return what the region is told next."""
    facts = await take_hardship(connection, REGION, 1 << 40)
    (said,) = [fact.what for fact in facts]
    assert isinstance(said, HardshipSet)
    return dict(said.minutes)


async def test_the_region_is_told_from_the_ledger_and_again_when_that_says_otherwise(connection: Connection) -> None:
    network = await served(connection)
    assert await reckon_once(connection) == [], "nobody was out"
    await darken(connection, network.customers_behind(BAD), hours=10, ago=500)
    await darken(connection, network.customers_behind(GOOD)[:1], hours=1, ago=500)
    assert await reckon_once(connection) == [REGION]
    first = await known(connection)
    assert first[BAD] == 600
    assert GOOD not in first
    assert [each for each in network.path_to_source(BAD) if each in first], (
        "and those above it as far as they are worse off"
    )
    await connection.execute("UPDATE clock SET n = 2")
    assert await reckon_once(connection) == [], "all is as it was"
    await darken(connection, network.customers_behind(GOOD), hours=20, ago=100)
    assert await reckon_once(connection) == [REGION]
    assert (await known(connection))[GOOD] == 1200
    await connection.execute("UPDATE clock SET n = 3, now_ms = now_ms + $1", 2 * YEAR_MS)
    assert await reckon_once(connection) == [REGION]
    assert await known(connection) == {}


async def test_without_a_clock_or_a_region_nothing_is_reckoned(connection: Connection) -> None:
    assert await reckon_once(connection) is None
    await clock.set_lockstep(connection, now_ms=NOW)
    assert await reckon_once(connection) is None


async def test_a_plan_that_is_tried_rests_on_the_same_weights(connection: Connection) -> None:
    await served(connection)
    await connection.execute("DELETE FROM turns")
    stage, store = DispatchStage(roster("W1")), DispatchStore()
    await set_hardship(connection, {REGION: ((SECOND, 600),)})
    await play(connection, stage, [(ms("06:00"), []), (ms("06:01"), [])], store)
    state, _ = await read_region(connection, await read_crews(connection), REGION, NOW)
    assert state.hardship == Hardship(id=REGION, minutes=((SECOND, 600),), worst=600)


async def test_a_process_reckons_daily(connection: Connection, dsn: str) -> None:
    network = await served(connection)
    await darken(connection, network.customers_behind(BAD), hours=10, ago=500)
    settings = load_settings(postgres_dsn=SecretStr(dsn), kafka_bootstrap="127.0.0.1:1")
    daily = asyncio.create_task(reckon_fairness_daily(settings, first_after_s=0))
    async with asyncio.timeout(120):
        while not await connection.fetchval("SELECT count(*) FROM dispatch_hardship_set"):
            await asyncio.sleep(0.1)
    assert not daily.done()
    daily.cancel()
    await asyncio.gather(daily, return_exceptions=True)


async def test_an_exercise_reckons_nothing_daily() -> None:
    async with asyncio.timeout(5):
        await reckon_fairness_daily(load_settings(exercise=True), first_after_s=0)
