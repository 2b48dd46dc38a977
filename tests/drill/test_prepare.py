"""A drill is prepared once, on the utility that was imported, and says what it made; then the engine plays it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schemas.codec import decode
from schemas.topics import TOPICS
from services.drill import audit, store
from services.drill.prepare import STARTS_AT_MS, prepare, recall, tell
from services.drill.stage import SHARD, WorldStage
from services.drill.story import foretold, told
from services.engine import clock
from services.engine.deciding import Deciding
from services.network import Network
from services.utility import store as utility_store
from tests.stage_script import violations

if TYPE_CHECKING:
    from services.engine.taking import Connection


async def network_of(connection: Connection) -> Network:
    return Network((await utility_store.load(connection)).grid)


@pytest.fixture
async def bare(utility: Connection) -> Connection:
    """A utility that names nothing but its grid and its customers."""
    await utility.execute(
        """DELETE FROM hotline_account; DELETE FROM crew; DELETE FROM depot; DELETE FROM customer_phone;
           UPDATE customer SET tier = 'residential', life_support = false"""
    )
    return utility


async def test_what_the_utility_lacks_is_made_and_said(bare: Connection) -> None:
    made = await prepare(bare, storm="large", seed=7, utility="example")
    counts = await bare.fetchrow(
        """SELECT (SELECT count(*) FROM current_depot) AS depots, (SELECT count(*) FROM current_crew) AS crews,
                  (SELECT count(DISTINCT account) FROM current_premise) AS accounts,
                  (SELECT count(*) FROM current_contact) AS contacts,
                  (SELECT count(*) FROM current_phone WHERE phone LIKE '+999%') AS phones,
                  (SELECT count(*) FROM current_customer WHERE tier <> 'residential' OR life_support) AS apart,
                  (SELECT count(*) FROM drill.fault) AS faults, (SELECT count(*) FROM drill.hazard) AS hazards"""
    )
    assert counts is not None
    depots, crews, accounts, contacts, phones, apart, faults, hazards = counts
    assert (depots, crews, accounts, contacts, faults, hazards) == (4, 16, 6, 12, 90, 15)
    customers = await bare.fetchval("SELECT count(*) FROM current_customer WHERE active")
    assert made == [
        "The utility names no depots: 4 were made, far from each other.",
        "The utility names no crews: 16 were made, always on duty, 6 of them for service work only.",
        f"The utility tells no customer from another: {apart} were given a tier or life support.",
        f"{customers} customers have no telephone number: {phones} were given one that nobody can have (+999...).",
        "The utility names no hotline accounts: 6 were made, with two contacts each.",
    ]
    shared = await bare.fetchval(
        "SELECT count(*) FROM (SELECT FROM current_phone GROUP BY phone HAVING count(*) > 1) s"
    )
    assert shared > 0, "in a rough storm some phones stand for several premises"


async def test_for_a_utility_in_full_nothing_is_made(utility: Connection) -> None:
    assert await prepare(utility, storm="calm", seed=7, utility="example") == []
    scenario, _ = await recall(utility, await network_of(utility))
    cast = scenario.cast
    assert (len(cast.bases), len({shift.crew for shift in cast.shifts}), len(cast.accounts)) == (16, 10, 6)
    assert {window.id[:2] for window in scenario.windows} == {"W-"}, "the utility's own work is played"
    assert all(scenario.starts_at < window.starts_at for window in scenario.windows)
    assert cast.phones
    assert cast.poles
    assert set(cast.languages.values()) == {"zh"}


async def test_what_the_utility_has_is_left_as_it_is(bare: Connection) -> None:
    network = await network_of(bare)
    customer = network.customers_behind("transformer:LV4.104")[0]
    version = await bare.fetchval("SELECT version FROM utility_version WHERE current")
    await bare.execute("INSERT INTO depot (version, depot, lon, lat) VALUES ($1, 'Nord', 11.4, 53.6)", version)
    await bare.execute("INSERT INTO crew (version, crew, depot) VALUES ($1, 'Anna', 'Nord')", version)
    await bare.execute("INSERT INTO hotline_account (version, account, name) VALUES ($1, 'L9', 'Dairy')", version)
    await bare.execute("INSERT INTO hotline_premise VALUES ($1, 'L9', $2)", version, customer)
    await bare.execute("INSERT INTO customer_phone VALUES ($1, $2, '+9991300000', 1)", version, customer)
    await bare.execute("UPDATE customer SET tier = 'large' WHERE customer = $1", customer)
    assert await prepare(bare, storm="tiny", seed=7, utility="example") == []
    scenario, _ = await recall(bare, network)
    assert set(scenario.cast.bases) == {"Anna"}
    assert network.is_behind(network.customer_device(customer), scenario.windows[0].isolates[0])
    assert scenario.cast.phones == {customer: "+9991300000"}


async def test_a_drill_is_prepared_once(utility: Connection) -> None:
    made = await prepare(utility, storm="tiny", seed=7, utility="example")
    assert await prepare(utility, storm="tiny", seed=7, utility="example") == made
    with pytest.raises(ValueError, match="plays storm tiny with seed 7"):
        await prepare(utility, storm="tiny", seed=8, utility="example")


async def test_nothing_is_recalled_before_it_was_prepared(utility: Connection) -> None:
    with pytest.raises(LookupError):
        await recall(utility, await network_of(utility))


async def play(connection: Connection, until_ms: int) -> None:
    """Decide the world's turns in lockstep, each wake-up an instant of its own; nobody hears what it says."""
    network = await network_of(connection)
    scenario, seed = await recall(connection, network)
    deciding = Deciding(WorldStage(network, scenario, seed), store.WorldStore(), exercise=True)
    found = await store.settled(connection)
    while True:
        for due in await clock.due_turns(connection, ["world"]):
            await deciding.decide(connection, due.shard, due.n, due.now)
        next_at = await connection.fetchval("SELECT wake_at_ms FROM turns WHERE stage = 'world'")
        if next_at is None or next_at > until_ms:
            return
        await store.advance(connection, found.n, max(next_at, found.now_ms))
        found = await store.settled(connection)


async def test_the_engine_plays_the_world_and_keeps_the_truth_and_the_schedule(utility: Connection) -> None:
    await prepare(utility, storm="tiny", seed=7, utility="example")
    network = await network_of(utility)
    scenario, _ = await recall(utility, network)
    assert await utility.fetchval("SELECT wake_at_ms FROM turns WHERE stage = 'world'") == scenario.starts_at
    await play(utility, scenario.starts_at + 15 * 60_000)
    struck = [fault.device for fault in scenario.faults if fault.nested_in is None]
    dark = {customer for device in struck for customer in network.customers_behind(device)}
    planned = set(network.customers_behind(scenario.windows[0].isolates[0]))
    rows = await utility.fetch("SELECT customer, planned FROM drill.outage WHERE until_ms IS NULL")
    assert {row["customer"] for row in rows if not row["planned"]} == dark
    assert {row["customer"] for row in rows if row["planned"]} == planned
    said = await store.unpublished(utility, scenario.starts_at + 3_600_000)
    readable = [one for one in said if len(one.headers) > 1]
    assert len(said) - len(readable) == 1, "one is unreadable on purpose"
    assert all(decode(one.body, TOPICS[one.topic]).exercise for one in readable)
    assert await utility.fetchval("SELECT count(*) FROM turns WHERE shard = $1", SHARD) == 1


@pytest.mark.parametrize("storm", ["tiny", "large"])
async def test_the_story_names_everything_that_is_played(utility: Connection, storm: str) -> None:
    await prepare(utility, storm=storm, seed=7, utility="example")
    network = await network_of(utility)
    scenario, _ = await recall(utility, network)
    before = foretold(network, scenario)
    assert before[0].startswith(f"Storm {storm} begins at 03-0")
    played = (*scenario.faults, *scenario.windows, *scenario.blinks, *scenario.hazards, *scenario.texts)
    opening = 3 if scenario.storm.rough else 2
    assert len(before) == opening + len(played)
    times = [sentence[:14] for sentence in before[opening:]]
    assert times == sorted(times)
    struck = scenario.faults[0]
    after = told(scenario, {struck.id: struck.strikes_at + 3_600_000})
    assert after[0].endswith("60 min after it struck.")
    assert all(sentence.endswith(("is not mended.", "is not made safe.")) for sentence in after[1:])
    assert await tell(utility) == [*before, *told(scenario, {})]


async def damaged(connection: Connection) -> dict[str, list[list[object]]]:
    return await violations(connection, audit.RULES)


async def test_the_audit_names_a_message_that_was_never_said(utility: Connection) -> None:
    await utility.execute(
        "INSERT INTO drill.schedule (id, at_ms, channel, topic, key, body) VALUES ('S1', $1, 'kafka', 't', 'k', '')",
        STARTS_AT_MS,
    )
    assert await damaged(utility) == {"saidWhenDue": [["S1", "kafka", "t", STARTS_AT_MS]]}
    await utility.execute("UPDATE drill.schedule SET sent = true")
    assert await damaged(utility) == {}


async def test_the_audit_names_an_event_without_the_mark_of_the_exercise(utility: Connection) -> None:
    await utility.execute(
        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
           VALUES ('dispatch', 'E1', 'R1', 1, 1, 'crew.status', '{"exercise":true}'),
                  ('dispatch', 'E2', 'R1', 1, 1, 'crew.status', '{"exercise":false}')"""
    )
    await utility.execute(
        """INSERT INTO outbox (stage, id, shard, tick, topic, key, headers, body)
           VALUES ('dispatch', 'E3', 'R1', 1, 'crew.assignments', 'k', '[]', '{}'),
                  ('intake', 'E4', '', 1, 'dead.letters', 'k', '[]', 'cut o')"""
    )
    assert await damaged(utility) == {
        "exerciseMarked": [["inbox", "E2", "crew.status"], ["outbox", "E3", "crew.assignments"]]
    }


async def test_the_audit_names_a_drill_in_a_database_of_real_life(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=STARTS_AT_MS)
    await connection.execute("INSERT INTO drill.scenario VALUES (true, 'tiny', 1, 'example', 0, '{}')")
    assert await damaged(connection) == {"drillOnlyInExercise": [["scenario", "tiny"]]}


async def test_the_audit_names_a_text_and_a_call_that_nobody_sent(utility: Connection) -> None:
    await utility.execute(
        """INSERT INTO drill.handset_text (operator_id, reference, phone, words, at_ms, outcome)
           VALUES ('1', 'K1', '+9991', 'w', 1, 'delivered'), ('2', 'K2', '+9991', 'w', 1, 'delivered');
           INSERT INTO drill.call (key, account, phone, said, outage, at_ms, acknowledged)
           VALUES ('K3', 'L1', '+9992', 's', 'o', 1, true);
           INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, attempts)
           VALUES ('K1', 'text', 'notify', 'A1', 1, 1, '{}', 'done', 1), ('K3', 'call', 'escalate', 'L1', 1, 1, '{}', 'due', 0)"""
    )
    assert await damaged(utility) == {"arrivedWasSent": [["call", "K3"], ["handset_text", "K2"]]}
