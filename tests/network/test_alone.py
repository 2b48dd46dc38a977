"""A supply area as a network of its own says the same of the area as the network of the whole utility, however it is switched."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.ids import AreaId
from services.network import Network
from services.utility.folder import read_folder
from tests.benchmarks.parts.rural import rural

STATES: tuple[dict[str, bool], ...] = (
    {},
    {"switch:CBF001": False},
    {"switch:RCF010.1": False, "switch:TIEF010": True},
    {"switch:CBF020": False, "switch:TIEF020": True, "switch:FUF021.3": False},
    {"switch:RCF000.1": False, "switch:TIEXF00": True, "switch:TIEXF000": True},
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Network:
    folder: Path = tmp_path_factory.mktemp("rural")
    rural(3, meters=900, miles=60, crews=3, spared=1).write(folder)
    return Network(read_folder(folder).grid)


def test_the_areas_part_the_utility(whole: Network) -> None:
    parts = [whole.alone(area.id) for area in whole.areas]
    assert [area.substations for area in whole.areas] == [("S00", "S01"), ("S02",)]
    assert [part.areas for part in parts] == [(area,) for area in whole.areas]
    assert sorted(c.id for part in parts for c in part.customers) == [c.id for c in whole.customers]
    assert sorted(d.id for part in parts for d in part.devices) == sorted(d.id for d in whole.devices)


@pytest.mark.parametrize("positions", STATES, ids=lambda positions: "+".join(positions) or "normal")
def test_in_every_switch_state_devices_and_who_is_behind_them_are_the_same(
    whole: Network, positions: dict[str, bool]
) -> None:
    switched = whole.present(positions)
    for area in whole.areas:
        alone = whole.alone(area.id).present(positions)
        assert list(alone.devices) == [device for device in switched.devices if device.area == area.id]
        assert list(alone.customers) == [c for c in switched.customers if c.feeder in area.feeders]
        for device in alone.devices:
            assert alone.customers_behind(device.id) == switched.customers_behind(device.id)
            assert alone.path_to_source(device.id) == switched.path_to_source(device.id)


def test_there_is_no_network_of_an_area_that_there_is_not(whole: Network) -> None:
    with pytest.raises(KeyError):
        whole.alone(AreaId("A9"))
