"""What must hold for every radial grid, however it is drawn: checked against networkx by cutting the branch."""

from __future__ import annotations

from typing import Any

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow
from tests.network.plain_graph import SWITCHED, PlainGraph, compare, true_sources

KINDS = [
    (BranchKind.MV_LINE, ""),
    (BranchKind.TRANSFORMER, "38"),
    (BranchKind.SWITCH, "19"),
    (BranchKind.SWITCH, "22"),
    (BranchKind.SWITCH, "29"),
    (BranchKind.SWITCH, "32"),
]


@st.composite
def grids(draw: st.DrawFn) -> GridTables:
    """Draw one to three feeders that feed a random forest, with some open ties and some dead ends."""
    feeder_count = draw(st.integers(1, 3))
    size = draw(st.integers(feeder_count, 25))
    branches = []
    for number in range(feeder_count, size):
        kind, code = draw(st.sampled_from(KINDS))
        ends = [f"n{number}", f"n{draw(st.integers(0, number - 1))}"]
        start, end = ends if draw(st.booleans()) else ends[::-1]
        closed = draw(st.integers(0, 9)) > 0
        branches.append(BranchRow(f"b{number}", kind, start, end, closed, "ABC", 1.0, code, "", "F0"))
    tie_closed = False
    for number in range(draw(st.integers(0, 3))):
        start, end = (f"n{draw(st.integers(0, size - 1))}" for _ in range(2))
        branches.append(BranchRow(f"t{number}", BranchKind.SWITCH, start, end, tie_closed, "ABC", None, "19", "", "F0"))
    at = draw(st.lists(st.tuples(st.integers(0, size - 1), st.booleans()), max_size=30))
    return GridTables.of(
        [FeederRow(f"F{number}", "", f"S{number}", f"n{number}", 0.0, 0.0) for number in range(feeder_count)],
        [NodeRow(f"n{number}", 0.0, 0.0) for number in range(size)],
        branches,
        [
            CustomerRow(f"C{number}", f"n{node}", "", "F0", "LV", "RE1", active, None, f"M{number}")
            for number, (node, active) in enumerate(at)
        ],
    )


def fed(grid: GridTables, opened: str | None = None, feeder: str | None = None) -> set[str]:
    """Return the active customers who have a path to a source (of one feeder) while one branch is opened."""
    graph: Any = nx.Graph()
    graph.add_nodes_from(row.node for row in grid.nodes)
    graph.add_edges_from(
        (row.from_node, row.to_node)
        for row in grid.branches
        if row.normally_closed and f"{row.kind}:{row.id}" != opened
    )
    sources = [row.source_node for row in grid.feeders if feeder in {None, row.feeder}]
    reached = set().union(*(nx.node_connected_component(graph, source) for source in sources))
    return {row.customer for row in grid.customers if row.active and row.node in reached}


@given(grids())
def test_behind_a_device_is_whoever_loses_power_when_it_opens(grid: GridTables) -> None:
    network = Network(grid)
    everybody = fed(grid)
    for device in network.devices:
        head = device.parent is None
        expected = fed(grid, feeder=device.feeder) if head else everybody - fed(grid, opened=device.id)
        assert network.customers_behind(device.id) == tuple(sorted(expected))
        assert network.count_behind(device.id) == len(expected)


@given(grids(), st.data())
def test_the_lowest_common_device_is_the_lowest_that_all_are_behind(grid: GridTables, data: st.DataObject) -> None:
    network = Network(grid)
    chosen = data.draw(st.lists(st.sampled_from([device.id for device in network.devices]), min_size=1, max_size=5))
    over_all = [device.id for device in network.devices if all(network.is_behind(each, device.id) for each in chosen)]
    lowest = max(over_all, key=lambda device: len(network.path_to_source(device)), default=None)
    assert network.lowest_common(chosen) == lowest


@given(grids())
def test_each_feeder_has_one_head_and_everybody_fed_is_behind_one(grid: GridTables) -> None:
    network = Network(grid)
    heads = [device for device in network.devices if device.parent is None]
    assert sorted(head.feeder for head in heads) == [row.feeder for row in grid.feeders]
    assert {each for head in heads for each in network.customers_behind(head.id)} == fed(grid)
    assert len(network.remarks) == sum(head.made for head in heads)


@given(grids())
def test_areas_are_the_parts_that_any_branch_joins(grid: GridTables) -> None:
    graph: Any = nx.Graph()
    graph.add_nodes_from(row.node for row in grid.nodes)
    graph.add_edges_from((row.from_node, row.to_node) for row in grid.branches)
    expected = {
        frozenset(row.feeder for row in grid.feeders if row.source_node in part)
        for part in nx.connected_components(graph)
    }
    areas = Network(grid).areas
    assert {frozenset(area.feeders) for area in areas} == expected - {frozenset()}
    assert [area.id for area in areas] == [f"A{number}" for number in range(1, len(areas) + 1)]


@st.composite
def switchings(draw: st.DrawFn) -> tuple[GridTables, dict[str, bool]]:
    """Draw a grid and positions of some of its switches and made heads, and of one that it does not have."""
    grid = draw(grids())
    names = [f"{row.kind}:{row.id}" for row in grid.branches if row.kind in SWITCHED]
    names += [f"feeder:{row.feeder}" for row in grid.feeders]
    return grid, draw(st.dictionaries(st.sampled_from([*names, "switch:unknown"]), st.booleans(), max_size=8))


@given(switchings())
def test_in_any_switch_state_fed_is_who_has_a_closed_way_and_dark_is_who_hangs_behind_an_open_switch(
    switching: tuple[GridTables, dict[str, bool]],
) -> None:
    grid, positions = switching
    normal = Network(grid)
    present = normal.present(positions)
    graph = PlainGraph(grid, true_sources(grid, normal), present.positions)
    compare(present, graph)
    for device in present.devices:
        assert present.is_fed(device.id) == all(
            present.switch(each).closed for each in present.path_to_source(device.id)
        )
        assert present.device(present.path_to_source(device.id)[-1]).feeder == device.feeder


@given(switchings())
def test_in_any_switch_state_devices_of_the_normal_state_customers_and_areas_keep_their_names(
    switching: tuple[GridTables, dict[str, bool]],
) -> None:
    grid, positions = switching
    normal = Network(grid)
    present = normal.present(positions)
    assert normal.present(positions) is present
    assert present.present({}) is normal
    assert Network(grid, positions).devices == present.devices
    assert Network(grid, positions).customers == present.customers
    assert (present is normal) == (not present.positions)
    assert {device.id for device in normal.devices} <= {device.id for device in present.devices}
    for device in normal.devices:
        now = present.device(device.id)
        assert (now.device_class, now.place, now.area, now.made) == (
            device.device_class, device.place, device.area, device.made,
        )  # fmt: skip
        assert present.region_of(device.id) == normal.region_of(device.id)
    for before, after in zip(normal.customers, present.customers, strict=True):
        assert before.feeder == after.feeder
        assert before.id == after.id
        if before.device is not None:
            assert after.device is not None
            assert present.area_of(after.device) == normal.area_of(before.device)
