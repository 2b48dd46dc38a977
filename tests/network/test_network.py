"""The network answers like a plain graph would: checked against networkx on the example and on a real grid."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import networkx as nx
import pytest

from services.network import DeviceClass, GridTables, Network
from services.utility.folder import EXAMPLE, read_folder
from tests.network.grid_of_words import grid_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def real(shared: Path) -> Path:
    folder = shared / "data" / "mux-energia"
    if not folder.is_dir():
        pytest.skip(f"the real network is not there: {folder}")
    return folder


@pytest.fixture(scope="module", params=["example", "real"])
def grid(request: pytest.FixtureRequest) -> GridTables:
    folder: Path = EXAMPLE if request.param == "example" else request.getfixturevalue("real")
    return read_folder(folder).grid


@pytest.fixture(scope="module")
def network(grid: GridTables) -> Network:
    return Network(grid)


def plain_graph(grid: GridTables) -> nx.Graph[str]:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(row.node for row in grid.nodes)
    for row in grid.branches:
        if row.normally_closed:
            graph.add_edge(row.from_node, row.to_node, device=f"{row.kind}:{row.id}")
    return graph


def test_behind_a_device_are_the_customers_who_lose_the_source_when_it_opens(
    grid: GridTables, network: Network
) -> None:
    graph = plain_graph(grid)
    ends = {data["device"]: (a, b) for a, b, data in graph.edges(data=True)}
    sources = {row.source_node for row in grid.feeders}
    at_node: dict[str, list[str]] = {}
    for row in grid.customers:
        if row.active:
            at_node.setdefault(row.node, []).append(row.customer)
    directed: Any = nx.DiGraph()
    for source in sources:
        directed.add_edges_from(nx.bfs_edges(graph, source))
    for device in network.devices:
        if device.parent is None and not set(ends[device.id]) & sources:
            pytest.fail(f"{device.id} is a head but not at a source")
        a, b = ends[device.id]
        lower = b if directed.has_edge(a, b) else a
        cut_off = {lower} | nx.descendants(directed, lower)
        if device.parent is None and not any(node in at_node for node in cut_off):
            # The breaker is drawn as a stub beyond the source node: it carries all that the source feeds.
            source = next(end for end in ends[device.id] if end in sources)
            cut_off = {source} | nx.descendants(directed, source)
        expected = tuple(sorted(customer for node in cut_off for customer in at_node.get(node, ())))
        assert network.customers_behind(device.id) == expected
        assert network.count_behind(device.id) == len(expected)


def test_paths_children_and_common_devices_agree_with_a_plain_tree(network: Network) -> None:
    forest: Any = nx.DiGraph()
    forest.add_nodes_from(device.id for device in network.devices)
    forest.add_edges_from((device.parent, device.id) for device in network.devices if device.parent is not None)
    ids = [device.id for device in network.devices]
    above = {device: {device} | nx.ancestors(forest, device) for device in ids}
    for device in ids:
        assert set(network.path_to_source(device)) == above[device]
        assert network.path_to_source(device)[0] == device
        assert network.children(device) == tuple(sorted(forest.successors(device)))
    for one, other in zip(ids, ids[7:] + ids[:7], strict=True):
        assert network.is_behind(one, other) == (other in above[one])
        shared = above[one] & above[other]
        lowest = next((step for step in network.path_to_source(one) if step in shared), None)
        assert network.lowest_common([one, other]) == lowest
        assert network.lowest_common([other, one, other]) == lowest


def test_every_customer_is_behind_its_own_device_and_found_by_its_meter(network: Network) -> None:
    direct: dict[str, set[str]] = {}
    for customer in network.customers:
        assert network.by_meter(customer.meter) == customer.id
        assert network.customer_device(customer.id) == customer.device
        assert network.area_of(customer.id) == network.area_of(network.customer_device(customer.id))
        if customer.active:
            direct.setdefault(network.customer_device(customer.id), set()).add(customer.id)
    for device in network.devices:
        lower = set().union(*(network.customers_behind(child) for child in network.children(device.id)))
        assert set(network.customers_behind(device.id)) == lower | direct.get(device.id, set())
    heads = [device.id for device in network.devices if device.parent is None]
    assert sum(map(network.count_behind, heads)) == sum(customer.active for customer in network.customers)


def test_the_same_rows_in_another_order_make_the_same_network(grid: GridTables, network: Network) -> None:
    turned = Network(
        GridTables(
            feeders=grid.feeders[::-1],
            nodes=grid.nodes[::-1],
            branches=tuple(
                row._replace(from_node=row.to_node, to_node=row.from_node) for row in reversed(grid.branches)
            ),
            customers=grid.customers[::-1],
        )
    )
    assert turned.devices == network.devices
    assert turned.customers == network.customers
    assert turned.areas == network.areas


def test_the_real_network_has_its_two_breakers_as_heads_and_is_built_at_once(real: Path) -> None:
    grid = read_folder(real).grid
    started = time.perf_counter()
    network = Network(grid)
    assert time.perf_counter() - started < 2  # 0.1 s when idle; the bound allows for a busy machine
    assert [device.id for device in network.devices if device.parent is None] == ["switch:1DJ_15", "switch:1DJ_16"]
    assert network.remarks == ()
    assert [area.feeders for area in network.areas] == [("1_TAP2_1", "2_TAP2_1")]
    assert len(network.customers) == 13_340
    assert sum(device.device_class is DeviceClass.TRANSFORMER for device in network.devices) == 273


def test_a_feeder_whose_data_shows_no_breaker_gets_a_head_and_it_is_said() -> None:
    network = Network(grid_of("mv_line f a", "switch22 a b", "switch22 a c", customers="C1@b C2@c C3@a"))
    assert [device.id for device in network.devices] == ["feeder:F", "switch:1", "switch:2"]
    assert network.device("feeder:F").made
    assert network.customers_behind("feeder:F") == ("C1", "C2", "C3")
    assert network.remarks == ("Feeder F: the data shows no breaker at its head, one was assumed (feeder:F).",)


def test_a_breaker_that_carries_the_whole_feeder_is_its_head() -> None:
    network = Network(grid_of("mv_line f a", "switch29 a b", "switch22 b c", customers="C1@b C2@c"))
    assert [(device.id, device.parent) for device in network.devices] == [("switch:1", None), ("switch:2", "switch:1")]
    assert network.remarks == ()


def test_a_breaker_on_the_far_side_of_the_source_node_is_the_head() -> None:
    network = Network(grid_of("switch29 station f", "mv_line f a", "transformer a b", customers="C1@b C2@a"))
    assert network.path_to_source("transformer:2") == ("transformer:2", "switch:0")
    assert network.customer_device("C2") == "switch:0"


def test_classes_follow_from_the_type_and_from_the_side_of_the_transformer() -> None:
    network = Network(
        grid_of(
            "switch29 f a", "switch32 a b", "switch22 b c", "switch19 c d", "transformer d e", "switch22 e g",
            customers="C1@g",
        )
    )  # fmt: skip
    path = network.path_to_source(network.customer_device("C1"))
    assert [network.device(step).device_class.value for step in path] == [
        "lvFuse", "transformer", "fuse", "recloser", "breaker",
    ]  # fmt: skip


def test_an_open_tie_joins_the_areas_of_two_substations_and_nothing_else_does() -> None:
    lines = ("switch29 f a", "switch29 g b", "switch29 h c")
    sources = "F:S1:f G:S2:g H:S3:h"
    apart = Network(grid_of(*lines, sources=sources))
    assert [(area.id, area.substations) for area in apart.areas] == [("A1", ("S1",)), ("A2", ("S2",)), ("A3", ("S3",))]
    tied = Network(grid_of(*lines, "switch19! c a", sources=sources, customers="C1@c C2@b"))
    assert [(area.id, area.substations) for area in tied.areas] == [("A1", ("S1", "S3")), ("A2", ("S2",))]
    assert tied.area_of("C1") == "A1"
    assert tied.area_of("switch:1") == "A2"
    assert tied.lowest_common(["switch:0", "switch:2"]) is None


def test_feeders_of_one_substation_are_one_area() -> None:
    network = Network(grid_of("switch29 f a", "switch29 g b", sources="F:S1:f G:S1:g"))
    assert [area.feeders for area in network.areas] == [("F", "G")]


def test_an_inactive_customer_is_known_but_never_counted() -> None:
    network = Network(grid_of("switch29 f a", "switch22! a b", customers="C1@a C2@a- C3@b-"))
    assert network.customers_behind("switch:0") == ("C1",)
    assert network.customer_device("C2") == "switch:0"
    assert network.customer("C3").device is None
    assert network.area_of("C3") == "A1"
    with pytest.raises(KeyError):
        network.customer_device("C3")


def test_unknown_names_are_not_guessed() -> None:
    network = Network(grid_of("switch29 f a"))
    assert network.by_meter("M-nobody") is None
    assert network.lowest_common([]) is None
    for question in (network.device, network.customers_behind, network.customer, network.area_of):
        with pytest.raises(KeyError):
            question("nobody")


def test_a_meshed_normal_state_is_refused() -> None:
    with pytest.raises(ValueError, match="not radial"):
        Network(grid_of("switch29 f a", "mv_line a b", "mv_line a b"))
