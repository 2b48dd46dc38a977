"""The utility that the bench `ida` makes is one that the product takes in, and its storm is what the bench says of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from services.network import DeviceClass, Network
from services.utility.folder import UtilityFolder, read_folder
from services.utility.problems import Code
from tests.benchmarks.parts import ida_storm
from tests.benchmarks.parts.ida_storm import GASPS_WITHIN_S, LATE_S, Storm
from tests.benchmarks.parts.rural import M_PER_MILE, Rural, rural

STORM_S = 150.0


@pytest.fixture(scope="module")
def utility() -> Rural:
    return rural(2, meters=2_000, miles=160, crews=10, spared=1)


@pytest.fixture(scope="module")
def folder(utility: Rural, tmp_path_factory: pytest.TempPathFactory) -> UtilityFolder:
    place: Path = tmp_path_factory.mktemp("rural")
    utility.write(place)
    return read_folder(place)


@pytest.fixture(scope="module")
def storm(utility: Rural) -> Storm:
    return ida_storm.storm(utility, 0.02, 1, STORM_S)


def test_nothing_is_remarked_but_what_the_folder_leaves_out(folder: UtilityFolder) -> None:
    assert {remark.code for remark in folder.warnings} <= {Code.DEFAULTED}


def test_it_has_the_size_that_was_asked_for(utility: Rural, folder: UtilityFolder) -> None:
    lines = [row.length_m for row in folder.grid.branches if row.length_m is not None]
    assert (len(folder.grid.customers), len(folder.crews), len(folder.accounts)) == (2_000, 10, 17)
    assert sum(lines) / M_PER_MILE == pytest.approx(160, rel=0.001)
    assert utility.line_m / M_PER_MILE == pytest.approx(160, rel=0.001)


def test_every_class_of_device_is_there_and_breakers_tell_their_state(folder: UtilityFolder) -> None:
    network = Network(folder.grid)
    classes = Counter(device.device_class for device in network.devices)
    assert classes[DeviceClass.BREAKER] == 10
    assert classes[DeviceClass.RECLOSER] == 30
    assert set(classes) == set(DeviceClass) - {DeviceClass.SWITCH}
    assert {row.id for row in folder.grid.branches if row.telemetered} == {
        row.id for row in folder.grid.branches if row.type_code == "29"
    }


def test_the_network_has_the_same_customers_behind_a_device_as_the_bench(utility: Rural, folder: UtilityFolder) -> None:
    network = Network(folder.grid)
    for feeder in utility.feeders:
        for each in (feeder.breaker, *feeder.reclosers, *feeder.laterals, *feeder.transformers):
            assert sorted(network.customers_behind(each.device)) == sorted(each.customers)


def test_a_customer_is_struck_once_and_no_account_is(utility: Rural, storm: Storm) -> None:
    struck = Counter(customer for fault in storm.faults for customer in fault.what.customers)
    assert set(struck.values()) == {1}
    assert struck.keys().isdisjoint(utility.premises.values())
    assert utility.spared == ["F014"]
    assert storm.losses == len(struck)


def test_gasps_come_within_the_minute_or_a_minute_late_and_calls_after_the_loss(storm: Storm) -> None:
    lost = {customer: fault.at for fault in storm.faults for customer in fault.what.customers}
    gasps = [said for said in storm.said if not said.call]
    assert len({said.customer for said in gasps}) == len(gasps)
    assert all(said.sent <= GASPS_WITHIN_S or GASPS_WITHIN_S < said.sent <= GASPS_WITHIN_S + LATE_S for said in gasps)
    assert all(lost[said.customer] <= said.at <= said.sent for said in storm.said)
    assert {storm.said[place].call for _, place in storm.copies} == {False}


def test_the_same_seed_gives_the_same_storm(utility: Rural, storm: Storm) -> None:
    assert ida_storm.storm(utility, 0.02, 1, STORM_S) == storm
    assert ida_storm.storm(utility, 0.02, 2, STORM_S) != storm


def test_of_every_transformer_a_meter_says_that_power_is_back(utility: Rural, storm: Storm) -> None:
    transformer_of = {
        c: each.device for feeder in utility.feeders for each in feeder.transformers for c in each.customers
    }
    fault = storm.faults[0]
    said = {customer for _, customer in ida_storm.back(fault, transformer_of, 1)}
    assert said < set(fault.what.customers)
    assert {transformer_of[customer] for customer in said} == {transformer_of[c] for c in fault.what.customers}
