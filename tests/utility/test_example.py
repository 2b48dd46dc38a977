"""The example utility keeps the rules by which it was frozen."""

from __future__ import annotations

import statistics

import pytest

from services.network import BranchKind, DeviceClass, Network, Place, distance_m
from services.utility.folder import EXAMPLE, UtilityFolder, read_folder
from services.utility.freeze_example import Grid, Line, Protected


@pytest.fixture(scope="module")
def example() -> UtilityFolder:
    return read_folder(EXAMPLE)


@pytest.fixture(scope="module")
def network(example: UtilityFolder) -> Network:
    return Network(example.grid)


@pytest.mark.parametrize("kind", [BranchKind.MV_LINE, BranchKind.LV_LINE])
def test_lines_are_drawn_about_as_long_as_they_are(example: UtilityFolder, kind: BranchKind) -> None:
    place = {row.node: Place(row.lon, row.lat) for row in example.grid.nodes}
    lines = [row for row in example.grid.branches if row.kind is kind]
    drawn = sum(distance_m(place[row.from_node], place[row.to_node]) for row in lines)
    assert drawn / sum(row.length_m or 0 for row in lines) == pytest.approx(1, abs=0.15)


def test_every_class_stands_where_its_rule_puts_it(network: Network) -> None:
    above = {
        device.id: network.device(device.parent).device_class if device.parent else None for device in network.devices
    }
    for device in network.devices:
        match device.device_class:
            case DeviceClass.BREAKER:
                assert above[device.id] is None
            case DeviceClass.RECLOSER:
                assert above[device.id] in {DeviceClass.BREAKER, DeviceClass.RECLOSER}
                assert network.count_behind(device.id) >= 100
            case DeviceClass.FUSE:
                assert above[device.id] is not DeviceClass.TRANSFORMER
            case DeviceClass.LV_FUSE:
                assert above[device.id] is DeviceClass.TRANSFORMER
            case DeviceClass.TRANSFORMER:
                assert above[device.id] is not None
        assert network.count_behind(device.id) > 0


def test_customers_hang_on_low_voltage_fuses_and_the_large_ones_on_fuses_of_their_own(network: Network) -> None:
    by_class: dict[str, list[int]] = {}
    for device in network.devices:
        by_class.setdefault(device.device_class.value, []).append(network.count_behind(device.id))
    assert statistics.median(by_class["transformer"]) == 41
    assert max(by_class["breaker"]) == 1_337
    medium = [customer for customer in network.customers if customer.level == "MV"]
    assert len(medium) == 6
    for customer in medium:
        assert network.count_behind(network.customer_device(customer.id)) == 1


def test_the_rules_add_a_recloser_on_a_long_trunk_and_a_fuse_on_a_lateral() -> None:
    lines = {
        "1": ("F1", "MV-1", 4_000),
        "2": ("MV-1", "MV-2", 900),
        "3": ("MV-1", "MV-3", 50),
        "4": ("MV-2", "MV-4", 9),
    }
    grid = Grid(
        places=dict.fromkeys(("F1", "MV-1", "MV-2", "MV-3", "MV-4", "F9", "S1-station"), (11.0, 53.0)),
        lines=[
            Line(id=name, kind=BranchKind.MV_LINE, ends=(start, end), length_m=length)
            for name, (start, end, length) in lines.items()
        ],
        heads={"F1": "1"},
        loads=[("MV-2", "RE1")] * 100 + [("MV-3", "CO1")],
    )
    protected = Protected(grid)
    protected.build()
    switches = {row[0]: (row[2], row[7]) for row in protected.branches if row[1] == BranchKind.SWITCH}
    assert switches["CB-1"] == ("F1", "29")
    assert switches["RC-2"] == ("MV-1", "32")
    assert switches["FU-3"] == ("MV-1", "22")
    assert not [name for name in switches if str(name).endswith("-4")]
