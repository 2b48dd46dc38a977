"""Storms on a real network obey their rules, and are the same wherever and whenever they are composed."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.drill import cast
from services.drill.composing import compose
from services.drill.plans import Account, Cast, Scenario, Storm, UnplayableError
from services.drill.stage import SHARD, WorldStage
from services.drill.storms import CALM, LARGE, SMALL, STORMS, TINY
from services.drill.strangers import LINKERS
from services.engine.deciding import canonical
from services.engine.turn import Turn
from services.network import Network
from services.utility.folder import EXAMPLE, read_folder
from tests.drill.world_script import village

START = 1_772_388_000_000


@pytest.fixture(scope="module", params=["example", "real"])
def network(request: pytest.FixtureRequest) -> Network:
    if request.param == "example":
        return Network(read_folder(EXAMPLE).grid)
    folder: Path = request.getfixturevalue("shared") / "data" / "mux-energia"
    if not folder.is_dir():
        pytest.skip(f"the real network is not there: {folder}")
    return Network(read_folder(folder).grid)


def composed(network: Network, storm: Storm, seed: int) -> Scenario:
    accounts = tuple(Account(id=each.id, customers=(each.customer,)) for each in cast.accounts(network, storm, seed))
    phones = cast.phones(network, [customer.id for customer in network.customers])
    return compose(network, storm=storm, seed=seed, starts_at=START, cast=Cast(accounts=accounts, phones=phones))


STRICT = (TINY, SMALL)
"""Storms of which every fault has exactly the size that was asked for, on any network."""


@pytest.mark.parametrize("storm", STORMS.values(), ids=list(STORMS))
@pytest.mark.parametrize("seed", range(3))
def test_a_storm_obeys_its_rules(network: Network, storm: Storm, seed: int) -> None:
    scenario = composed(network, storm, seed)
    by_id = {fault.id: fault for fault in scenario.faults}
    hosts = [fault for fault in scenario.faults if fault.nested_in is None]
    struck = [fault.device for fault in hosts] + [each for window in scenario.windows for each in window.isolates]
    assert len(hosts) == len(storm.slots)
    for one, other in itertools.permutations(struck, 2):
        assert not network.is_behind(one, other)
    counts = [network.count_behind(fault.device) for fault in hosts]
    if storm in STRICT:
        assert all(slot.low <= count <= slot.high for count, slot in zip(counts, storm.slots, strict=True))
    assert max(counts) <= storm.most_behind_one
    assert sum(counts) <= storm.most_behind_all
    for fault in scenario.faults:
        if fault.nested_in is not None:
            around = by_id[fault.nested_in]
            assert network.is_behind(fault.device, around.device)
            assert 1 <= network.count_behind(fault.device) < network.count_behind(around.device)
            assert fault.strikes_at > around.strikes_at
    assert len({fault.device for fault in scenario.faults}) == len(scenario.faults)
    for at in [fault.strikes_at for fault in scenario.faults] + [window.starts_at for window in scenario.windows]:
        assert at > START
        assert at % 10_000 == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_detour_truly_carries_those_behind_it_and_nothing_on_its_way_fails(network: Network, seed: int) -> None:
    scenario = composed(network, LARGE, seed)
    struck = {fault.device for fault in scenario.faults} | {each for w in scenario.windows for each in w.isolates}
    for fault in scenario.faults:
        if fault.detour is None:
            continue
        opened = fault.detour.opened
        present = network.present({opened: False, fault.detour.closed: True})
        behind = {each for each in struck if network.is_behind(each, opened)}
        assert opened not in struck
        assert network.count_behind(opened) > 0
        for customer in network.customers_behind(opened):
            path = present.path_to_source(present.customer_device(customer))
            assert present.is_fed(path[0])
            assert not (struck - behind) & set(path)


def test_some_mains_of_the_example_have_a_detour() -> None:
    network = Network(read_folder(EXAMPLE).grid)
    for seed in range(5):
        assert sum(fault.detour is not None for fault in composed(network, LARGE, seed).faults) >= 1


@pytest.mark.parametrize("storm", STRICT, ids=["tiny", "small"])
@pytest.mark.parametrize("seed", range(4))
def test_large_customers_lie_behind_the_planned_work_and_behind_a_fault(
    network: Network, storm: Storm, seed: int
) -> None:
    scenario = composed(network, storm, seed)
    planned, *others = [account.customer for account in cast.accounts(network, storm, seed)]
    assert network.is_behind(network.customer_device(planned), scenario.windows[0].isolates[0])
    assert len(others) == storm.accounts - 1
    for customer in others:
        device = network.customer_device(customer)
        assert any(network.is_behind(device, fault.device) for fault in scenario.faults)


def test_small_has_fifteen_faults_of_which_three_are_nested_and_one_is_dark(network: Network) -> None:
    scenario = composed(network, SMALL, 7)
    assert len(scenario.faults) == 15
    assert sum(fault.nested_in is not None for fault in scenario.faults) == 3
    assert sum(fault.dark for fault in scenario.faults) == 1


def test_large_has_about_ninety_faults_dangers_windows_that_overrun_or_are_cancelled_and_people_who_text(
    network: Network,
) -> None:
    scenario = composed(network, LARGE, 7)
    assert 88 <= len(scenario.faults) <= 90
    assert 23 <= sum(fault.nested_in is not None for fault in scenario.faults) <= 25
    assert len(scenario.hazards) == 15
    assert sum(hazard.fault is not None for hazard in scenario.hazards) == 12
    assert len(scenario.blinks) >= 3
    assert [(window.overruns, window.cancelled_at is not None) for window in scenario.windows] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    own = [text.words for text in scenario.texts if text.phone not in LINKERS]
    assert sorted(own) == ["HELP", "HELP", "STOP", "STOP", "STOP", "中文"]
    links = [text for text in scenario.texts if text.phone in LINKERS]
    assert [text.phone for text in links] == list(LINKERS)
    assert all(text.words.startswith(("LINK ", "关联")) for text in links)
    struck = {fault.device for fault in scenario.faults}
    assert struck.isdisjoint(blink.device for blink in scenario.blinks)


def test_calm_plays_the_planned_work_of_the_utility_and_makes_some_only_where_there_is_none(network: Network) -> None:
    made = composed(network, CALM, 7)
    assert [window.id for window in made.windows] == ["W1", "W2", "W3"]
    assert (len(made.faults), len(made.hazards)) == (6, 2)
    own = (dataclasses.replace(made.windows[0], id="W-9"),)
    scenario = compose(network, storm=CALM, seed=7, starts_at=START, cast=Cast(windows=own))
    assert scenario.windows == own
    for fault in scenario.faults:
        assert not network.is_behind(fault.device, own[0].isolates[0])
        assert not network.is_behind(own[0].isolates[0], fault.device)


def test_another_seed_is_another_storm(network: Network) -> None:
    assert len({composed(network, SMALL, seed).faults for seed in range(10)}) == 10


def test_a_village_has_no_room_for_a_storm_of_fifteen_faults() -> None:
    with pytest.raises(UnplayableError):
        compose(village(), storm=SMALL, seed=1, starts_at=START)


def first_hours(seed: int) -> bytes:
    """Return the canonical bytes of what the world does in its first turn, two hours late: faults, gasps, callers."""
    network = Network(read_folder(EXAMPLE).grid)
    stage = WorldStage(network, composed(network, SMALL, seed), seed)
    turn = Turn(shard=SHARD, now=START + 7_200_000, facts=(), entities={}, exercise=True)
    stage.decide(turn)
    return canonical(turn.outcome)


def test_one_seed_gives_the_same_bytes_in_any_process() -> None:
    root = Path(__file__).parents[2]
    code = "import hashlib, tests.drill.test_storms as t; print(hashlib.sha256(t.first_hours(5)).hexdigest())"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("0", "1", "4242")
    }
    assert len(found) == 1
    assert first_hours(5) == first_hours(5)
    assert first_hours(5) != first_hours(6)
