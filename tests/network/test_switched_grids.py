"""Who is behind what follows the switches: three real networks against networkx, which takes the branch out and looks."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow
from services.utility.folder import EXAMPLE, read_folder
from tests.network.plain_graph import PlainGraph, compare, switched_at_random, true_sources

FOOT_M = 0.3048
METRES_A_DEGREE = 111_195.0


def rural_feeder(folder: Path) -> GridTables:
    """Return EPRI's feeder J1 as a grid, its feet as degrees near the equator.

    What lies parallel between two nodes is one branch: its regulators are drawn phase by phase. Its only ties lead to
    neighbours that are not in the data, and it has few switches: some lines become switches, some ties are drawn.
    """
    placed = {row["node"]: row for row in _rows(folder / "nodes.csv")}
    west, south = (min(float(row[axis]) for row in placed.values() if row[axis]) for axis in "xy")
    scale = FOOT_M / METRES_A_DEGREE
    nodes = [
        NodeRow(node, (float(row["x"] or west) - west) * scale, (float(row["y"] or south) - south) * scale)
        for node, row in placed.items()
    ]
    connected, branches = True, {}
    for number, row in enumerate(_rows(folder / "branches.csv")):
        closed, ends = row["normal_state"] == "closed", (row["from_node"], row["to_node"])
        is_line = row["kind"] == "line" and closed and number % 12 != 0
        kind = BranchKind.TRANSFORMER if row["kind"] == "transformer" else BranchKind.SWITCH
        code = ("32", "22", "19")[number % 3] if kind is BranchKind.SWITCH and not is_line else ""
        branches[frozenset(ends)] = BranchRow(
            row["id"], BranchKind.MV_LINE if is_line else kind, *ends, closed, "ABC", 1.0, code, "", "J1"
        )
    rng = random.Random(5)
    for number in range(12):
        start, end = (each.node for each in rng.sample(nodes, 2))
        tie = BranchRow(f"T{number}", BranchKind.SWITCH, start, end, not connected, "ABC", None, "19", "", "J1")
        branches[frozenset((start, end))] = tie
    return GridTables.of(
        [FeederRow("J1", "J1", "S", "s", 0.0, 0.0)],
        nodes,
        list(branches.values()),
        [
            CustomerRow(row["load"], row["node"], "", "J1", "LV", "RE1", connected, None, f"M-{row['load']}")
            for row in _rows(folder / "loads.csv")
        ],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=["example", "mux-energia", "epri-j1"])
def grid(request: pytest.FixtureRequest) -> GridTables:
    if request.param == "example":
        return read_folder(EXAMPLE).grid
    folder: Path = request.getfixturevalue("shared") / "data" / request.param
    if not folder.is_dir():
        pytest.skip(f"the real network is not there: {folder}")
    return rural_feeder(folder) if request.param == "epri-j1" else read_folder(folder).grid


@pytest.fixture(scope="module")
def network(grid: GridTables) -> Network:
    return Network(grid)


def test_in_normal_state_behind_a_device_is_who_loses_the_supply_without_it(grid: GridTables, network: Network) -> None:
    assert compare(network, PlainGraph(grid, true_sources(grid, network), {})) == 0


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_after_switching_behind_a_device_is_who_loses_the_supply_without_it(
    grid: GridTables, network: Network, seed: int
) -> None:
    sources = true_sources(grid, network)
    positions = switched_at_random(grid, sources, random.Random(seed), moves=2 + seed)
    graph = PlainGraph(grid, sources, positions)
    assert graph.is_radial
    present = network.present(positions)
    dark = compare(present, graph)
    ways = [
        (network.path_to_source(customer.device), present.path_to_source(present.customer_device(customer.id)))
        for customer in network.customers
        if customer.active and customer.device is not None
    ]
    assert dark or sum(normal != now for normal, now in ways)
    assert {device.id for device in network.devices} <= {device.id for device in present.devices}
    assert [customer.id for customer in present.customers] == [customer.id for customer in network.customers]
    assert present.areas == network.areas
