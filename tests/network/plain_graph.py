"""A switched grid as a plain networkx graph: the other opinion that tests of the network ask."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import networkx as nx

from services.network import BranchKind, GridTables, Network

SUPPLY = "(supply)"
"""The node from which all feeders are supplied, through edges that are named after the heads made for them."""
SWITCHED = {BranchKind.SWITCH, BranchKind.TRANSFORMER}


class PlainGraph:
    """The grid with every branch that is closed now. Who is behind a branch is found by taking the branch out."""

    def __init__(self, grid: GridTables, sources: Mapping[str, str], positions: Mapping[str, bool]) -> None:
        self.grid, self.sources = grid, sources
        self.closed: Any = nx.MultiGraph()
        self.closed.add_nodes_from(row.node for row in grid.nodes)
        for row in grid.branches:
            name = f"{row.kind}:{row.id}"
            if positions.get(name, row.normally_closed):
                self.closed.add_edge(row.from_node, row.to_node, key=name)
        for feeder, source in sources.items():
            if positions.get(f"feeder:{feeder}", True):
                self.closed.add_edge(SUPPLY, source, key=f"feeder:{feeder}")
        self.closed.add_node(SUPPLY)
        self.customers: dict[str, list[str]] = {}
        for customer in grid.customers:
            if customer.active:
                self.customers.setdefault(customer.node, []).append(customer.customer)

    @cached_property
    def parts(self) -> Any:
        """The graph with everything drawn together that no switch parts."""
        wires = self.closed.copy()
        wires.remove_edges_from([edge for edge in wires.edges(keys=True) if _is_switched(edge[2])])
        part = {node: number for number, nodes in enumerate(nx.connected_components(wires)) for node in nodes}
        parts: Any = nx.MultiGraph()
        parts.add_nodes_from(range(max(part.values()) + 1))
        parts.add_edges_from((part[a], part[b], key) for a, b, key in self.closed.edges(keys=True) if _is_switched(key))
        parts.graph["supply"] = part[SUPPLY]
        for node, customers in self.customers.items():
            parts.nodes[part[node]].setdefault("customers", []).extend(customers)
        return parts

    @cached_property
    def reached(self) -> set[int]:
        """The parts that are fed."""
        return set(nx.node_connected_component(self.parts, self.parts.graph["supply"]))

    @property
    def fed(self) -> set[str]:
        """The active customers who are fed."""
        return {customer for part in self.reached for customer in self.parts.nodes[part].get("customers", ())}

    @property
    def is_radial(self) -> bool:
        """Answers whether nothing that is fed has two ways to the supply."""
        fed = self.closed.subgraph(nx.node_connected_component(self.closed, SUPPLY))
        return bool(fed.number_of_edges() == fed.number_of_nodes() - 1)

    def lost(self, name: str) -> set[str]:
        """Return the active customers who are fed and would not be without the branch of this name."""
        parts = self.parts
        taken = [(a, b, key) for a, b, key in parts.edges(keys=True) if key == name]
        parts.remove_edges_from(taken)
        gone = self.reached - nx.node_connected_component(parts, parts.graph["supply"])
        parts.add_edges_from(taken)
        return {customer for part in gone for customer in parts.nodes[part].get("customers", ())}

    def way_round(self, tie: str, ends: tuple[str, str]) -> list[str]:
        """Return the switches on the way between the ends of a tie that is open, none when there is no way."""
        if not nx.has_path(self.closed, *ends):
            return []
        nodes = nx.shortest_path(self.closed, *ends)
        keys = [next(iter(self.closed[a][b])) for a, b in itertools.pairwise(nodes)]
        return [key for key in keys if key.startswith(BranchKind.SWITCH) and key != tie]


def _is_switched(name: str) -> bool:
    return name.split(":", maxsplit=1)[0] in {*SWITCHED, "feeder"}


def true_sources(grid: GridTables, network: Network) -> dict[str, str]:
    """Return where each feeder is supplied: beyond its breaker when that is drawn as a stub at the source node."""
    sources = {row.feeder: row.source_node for row in grid.feeders}
    graph: Any = nx.MultiGraph()
    graph.add_nodes_from(row.node for row in grid.nodes)
    ends = {f"{row.kind}:{row.id}": (row.from_node, row.to_node) for row in grid.branches}
    normally = [row for row in grid.branches if row.normally_closed]
    graph.add_edges_from((row.from_node, row.to_node, f"{row.kind}:{row.id}") for row in normally)
    occupied = {row.node for row in grid.customers}
    devices = [device for device in network.devices if not device.made]
    for head in (device for device in devices if device.parent is None):
        source = sources[head.feeder]
        graph.remove_edge(*ends[head.id], key=head.id)
        near = nx.node_connected_component(graph, source)
        graph.add_edge(*ends[head.id], key=head.id)
        if near & occupied or any(near & set(ends[each.id]) for each in devices if each is not head):
            a, b = ends[head.id]
            sources[head.feeder] = b if a == source else a
    return sources


def switched_at_random(grid: GridTables, sources: Mapping[str, str], rng: random.Random, moves: int) -> dict[str, bool]:
    """Return positions after some switching that leaves the grid radial.

    A move closes a tie and opens a switch on the way round, or only opens a switch.
    """
    positions: dict[str, bool] = {}
    ties = [row for row in grid.branches if row.kind is BranchKind.SWITCH and not row.normally_closed]
    switches = [row for row in grid.branches if row.kind in SWITCHED and row.normally_closed]
    rng.shuffle(ties)
    for number in range(moves):
        if number % 3 < 2 and ties:
            row = ties.pop()
            tie = f"{row.kind}:{row.id}"
            ends = (row.from_node, row.to_node)
            graph = PlainGraph(grid, sources, positions)
            way = graph.way_round(tie, ends)
            if way:
                positions |= {tie: True, rng.choice(way): False}
            elif not nx.has_path(graph.closed, *ends):
                positions[tie] = True
        else:
            row = rng.choice(switches)
            positions[f"{row.kind}:{row.id}"] = False
    return positions


def compare(network: Network, graph: PlainGraph) -> int:
    """Compare every device and customer with the graph; return how many customers are dark.

    Where a loop stands for the moment, opening one device of it cuts off fewer than the trees say.
    """
    fed, radial = graph.fed, graph.is_radial
    everybody = {customer.id for customer in network.customers if customer.active and customer.device is not None}
    for customer in everybody:
        assert network.is_fed(network.customer_device(customer)) == (customer in fed), customer
    for device in network.devices:
        behind = set(network.customers_behind(device.id))
        assert len(behind) == network.count_behind(device.id)
        lost = graph.lost(device.id)
        assert behind & fed == lost if radial else lost <= behind, device
        for customer in behind:
            assert network.is_behind(network.customer_device(customer), device.id)
        if not network.is_fed(device.id):
            assert behind.isdisjoint(fed)
    for customer in everybody - fed:
        above = network.open_above(network.customer_device(customer))
        assert above is not None
        assert not network.switch(above).closed
        assert customer in network.customers_behind(above)
    return len(everybody - fed)
