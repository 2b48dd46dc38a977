"""Storms on a real network obey their rules, and are the same wherever and whenever they are composed."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.drill import cast
from services.drill.stage import SHARD, WorldStage
from services.drill.storms import (
    MOST_BEHIND_ALL,
    MOST_BEHIND_ONE,
    SMALL,
    STORMS,
    Scenario,
    Storm,
    UnplayableError,
    compose,
)
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
    large = [account.customer for account in cast.accounts(network, storm, seed)]
    return compose(network, storm=storm, seed=seed, starts_at=START, large=large)


@pytest.mark.parametrize("storm", STORMS.values(), ids=list(STORMS))
@pytest.mark.parametrize("seed", range(30))
def test_a_storm_obeys_its_rules(network: Network, storm: Storm, seed: int) -> None:
    scenario = composed(network, storm, seed)
    hosts = {fault.id: fault for fault in scenario.faults if fault.nested_in is None}
    nested = [fault for fault in scenario.faults if fault.nested_in is not None]
    assert len(hosts) == len(storm.slots)
    assert len(nested) == sum(slot.hosts for slot in storm.slots)
    struck = [fault.device for fault in hosts.values()] + [window.device for window in scenario.windows]
    for one, other in itertools.permutations(struck, 2):
        assert not network.is_behind(one, other)
    for fault, slot in zip(hosts.values(), storm.slots, strict=True):
        assert slot.low <= network.count_behind(fault.device) <= slot.high
    counts = [network.count_behind(fault.device) for fault in hosts.values()]
    assert max(counts) <= MOST_BEHIND_ONE
    assert sum(counts) <= MOST_BEHIND_ALL
    for fault in nested:
        host = hosts[fault.nested_in or ""]
        assert fault.device != host.device
        assert network.is_behind(fault.device, host.device)
        assert 1 <= network.count_behind(fault.device) < network.count_behind(host.device)
        assert fault.strikes_at > host.strikes_at
    for at in [fault.strikes_at for fault in scenario.faults] + [scenario.windows[0].starts_at]:
        assert at > START
        assert at % 10_000 == 0


@pytest.mark.parametrize("storm", STORMS.values(), ids=list(STORMS))
@pytest.mark.parametrize("seed", range(30))
def test_large_customers_lie_behind_the_planned_work_and_behind_a_fault(
    network: Network, storm: Storm, seed: int
) -> None:
    scenario = composed(network, storm, seed)
    planned, *others = [account.customer for account in cast.accounts(network, storm, seed)]
    assert network.is_behind(network.customer_device(planned), scenario.windows[0].device)
    assert len(others) == storm.accounts - 1
    for customer in others:
        device = network.customer_device(customer)
        assert any(network.is_behind(device, fault.device) for fault in scenario.faults)


def test_small_has_fifteen_faults_of_which_three_are_nested_and_one_is_dark(network: Network) -> None:
    scenario = composed(network, SMALL, 7)
    assert len(scenario.faults) == 15
    assert sum(fault.nested_in is not None for fault in scenario.faults) == 3
    assert sum(fault.dark for fault in scenario.faults) == 1


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
