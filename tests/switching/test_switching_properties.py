"""What must hold of every proposal, on random grids with random faults: checked by the network and, apart from it, by networkx."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import networkx as nx
from hypothesis import assume, given
from hypothesis import strategies as st

from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow
from services.switching.circuit import Circuit
from services.switching.executed import Change, executed
from services.switching.faulted import Fault, Situation, look
from services.switching.loads import Assumed, Wiring
from services.switching.proposing import Proposal, propose, restored_by_switching, sections_of
from tests.network.plain_graph import SUPPLY, SWITCHED, PlainGraph, true_sources
from tests.network.test_random_grids import KINDS, switchings

KVA = 4.0
KV = 0.4
ASSUMED = Assumed(kva_per_customer=KVA)


@dataclass
class Case:
    """A random fault in a random state of a random grid, and what is proposed."""

    grid: GridTables
    network: Network
    circuit: Circuit
    situation: Situation
    proposal: Proposal

    def graph(self, positions: dict[str, bool]) -> PlainGraph:
        return PlainGraph(self.grid, true_sources(self.grid, self.network), positions)

    @property
    def begins(self) -> dict[str, bool]:
        """The positions right after the fault."""
        opened = {each.device: False for each in (self.situation.fault, *self.situation.faults)}
        return {**self.network.present(self.situation.stands).positions, **opened}


CLOSED = True


@st.composite
def trunks(draw: st.DrawFn) -> tuple[GridTables, dict[str, bool]]:
    """Draw two or three feeders with a breaker each, many switches on the way, some fuses and lines, and ties between them."""
    rng = draw(st.randoms(use_true_random=False))
    nodes: list[list[str]] = []
    branches = []

    def branch(name: str, kind: BranchKind, code: str, ends: tuple[str, str], *, closed: bool = True) -> None:
        rated = rng.choice([None, 20.0, 60.0, 200.0])
        phases = "A" if rng.random() < 0.05 else "ABC"
        branches.append(
            BranchRow(name, kind, *ends, closed, phases, 9.0, code, "", "F0", rated, "", rng.random() < 0.4)
        )

    for feeder in range(rng.randint(2, 3)):
        own = [f"s{feeder}", f"n{feeder}-0"]
        branch(f"CB{feeder}", BranchKind.SWITCH, "29", (own[0], own[1]))
        for number in range(1, rng.randint(3, 9)):
            kind, code = rng.choice([*[(BranchKind.SWITCH, "19")] * 4, (BranchKind.SWITCH, "32"), *KINDS])
            ends = (own[rng.randint(max(1, len(own) - 3), len(own) - 1)], f"n{feeder}-{number}")
            branch(f"b{feeder}-{number}", kind, code, ends)
            own.append(ends[1])
        nodes.append(own)
    for number in range(rng.randint(1, 4)):
        one, other = rng.choice(nodes), rng.choice(nodes)
        branch(f"t{number}", BranchKind.SWITCH, "19", (rng.choice(one[1:]), rng.choice(other[1:])), closed=False)
    everywhere = [node for own in nodes for node in own[1:]]
    people = [
        CustomerRow(f"C{number}", rng.choice(everywhere), "", "F0", "LV", "R", CLOSED, None, f"M{number}")
        for number in range(rng.randint(5, 30))
    ]
    grid = GridTables.of(
        [FeederRow(f"F{number}", "", f"S{number}", own[0], 0.0, 0.0) for number, own in enumerate(nodes)],
        [NodeRow(node, 0.0, 0.0) for own in nodes for node in own],
        branches,
        people,
    )
    names = [f"{row.kind}:{row.id}" for row in grid.branches if row.kind in SWITCHED]
    return grid, {name: rng.random() < 0.5 for name in rng.sample(names, rng.choice([0, 0, 0, 1, 2]))}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    grid, stood = draw(st.one_of(trunks(), trunks(), trunks(), switchings()))
    feeders = [row._replace(kv=KV) for row in grid.feeders]
    grid = GridTables.of(feeders, list(grid.nodes), list(grid.branches), list(grid.customers))
    network = Network(grid)
    assume(PlainGraph(grid, true_sources(grid, network), network.present(stood).positions).is_radial)
    circuit = Circuit(network)
    devices = sorted(device.id for device in network.devices)
    breakers = [each for each in devices if network.device(each).parent is None]
    fault = draw(st.sampled_from([*breakers, *breakers, *devices]))
    others = draw(st.lists(st.sampled_from(devices), max_size=2 if draw(st.booleans()) else 0, unique=True))
    held = sorted(each for each, closed in stood.items() if not closed and each in circuit.links)
    situation = Situation(
        fault=Fault(fault),
        stood=stood,
        stands={**stood, **({fault: False} if draw(st.booleans()) else {})},
        faults=tuple(Fault(each) for each in others if each != fault),
        isolates=frozenset(each for each in held if draw(st.booleans())) - {fault, *others},
    )
    zone = sections_of(look(circuit, situation))
    situation = dataclasses.replace(situation, behind=draw(st.sampled_from([*zone, *zone, None])))
    return Case(grid, network, circuit, situation, propose(circuit, Wiring(circuit, ASSUMED), situation))


def zone_nodes(case: Case, device: str, stood: PlainGraph, *, past_knives: bool) -> set[str]:
    """Return the nodes of the section behind a device or, past knife switches, of all that it protects."""
    graph: Any = nx.MultiGraph()
    graph.add_nodes_from(row.node for row in case.grid.nodes)
    ends = {}
    for row in case.grid.branches:
        name = f"{row.kind}:{row.id}"
        ends[name] = (row.from_node, row.to_node)
        switched = row.kind in {BranchKind.SWITCH, BranchKind.TRANSFORMER}
        knife = row.kind is BranchKind.SWITCH and row.type_code == "19"
        passes = (
            row.normally_closed
            if not switched
            else (past_knives and knife and name != device and stood.closed.has_edge(*ends[name], key=name))
        )
        if passes:
            graph.add_edge(row.from_node, row.to_node)
    if device.startswith("feeder:"):
        starts = [stood.sources[device.partition(":")[2]]]
    else:
        without: Any = stood.closed.copy()
        without.add_edge(*ends[device], key=device)
        without.remove_edge(*ends[device], key=device)
        fed = nx.node_connected_component(without, SUPPLY)
        starts = [end for end in ends[device] if end not in fed]
        starts = starts if len(starts) == 1 else []
    return set().union(*(nx.node_connected_component(graph, start) for start in starts))


def loads(graph: PlainGraph) -> dict[str, float]:
    """Return what flows through each branch of a radial state, kVA."""
    tree = nx.bfs_tree(nx.Graph(graph.closed), SUPPLY)
    below = {node: KVA * len(graph.customers.get(node, ())) for node in tree}
    flows: dict[str, float] = {}
    for node in reversed(list(nx.topological_sort(tree))):
        for upper in tree.predecessors(node):
            below[upper] += below[node]
            flows[next(iter(graph.closed[upper][node]))] = below[node]
    return flows


def behind_transformers(graph: PlainGraph) -> set[str]:
    """Return the nodes that power reaches through a transformer."""
    wires: Any = graph.closed.copy()
    wires.remove_edges_from([e for e in wires.edges(keys=True) if e[2].startswith("transformer")])
    reached: set[str] = nx.node_connected_component(wires, SUPPLY)
    return set(wires) - reached


@given(cases())
def test_step_by_step_exactly_those_come_back_of_whom_it_is_said_and_no_loop_is_closed(case: Case) -> None:
    positions = case.begins
    graph = case.graph(positions)
    begun = set(graph.fed)
    for step in case.proposal.steps:
        before = set(graph.fed)
        if step.action != "verify":
            [device] = step.devices
            positions[device] = step.action == "close"
        graph = case.graph(positions)
        assert graph.is_radial
        assert len(graph.fed) - len(before) == step.brings_back.customers
        assert before <= graph.fed
        assert step.in_all.customers in {0, len(graph.fed - begun)}
        present = case.network.present(positions)
        fed = {
            each.id
            for each in case.network.customers
            if each.active and each.device is not None and present.is_fed(present.customer_device(each.id))
        }
        assert fed == graph.fed & {each.id for each in case.network.customers if each.device is not None}
    assert restored_by_switching(case.proposal).customers == len(graph.fed - begun)


@given(cases())
def test_no_step_feeds_a_section_in_which_a_fault_may_lie_nor_touches_what_isolates_work(case: Case) -> None:
    stood = case.graph(dict(case.network.present(case.situation.stood).positions) | {case.situation.fault.device: True})
    positions = case.begins
    dark = {row.node for row in case.grid.nodes} - nx.node_connected_component(case.graph(positions).closed, SUPPLY)
    own = case.situation.behind
    forbidden = (
        zone_nodes(case, case.situation.fault.device, stood, past_knives=True)
        if own is None
        else zone_nodes(case, own, case.graph({}), past_knives=False)
    )
    for fault in case.situation.faults:
        forbidden |= zone_nodes(case, fault.device, stood, past_knives=True)
    forbidden &= dark
    for step in case.proposal.steps:
        if step.action == "verify":
            assert all(
                not positions.get(device, case.network.switch(device).normally_closed) for device in step.devices
            )
            continue
        [device] = step.devices
        assert device not in case.situation.isolates
        positions[device] = step.action == "close"
        assert forbidden.isdisjoint(nx.node_connected_component(case.graph(positions).closed, SUPPLY))


@given(cases())
def test_what_carries_more_than_normally_stays_within_its_rating(case: Case) -> None:
    closing = [step for step in case.proposal.steps if step.action == "close"]
    if not closing:
        return
    positions = case.begins | {
        step.devices[0]: step.action == "close" for step in case.proposal.steps if step.action != "verify"
    }
    before, after, usual = (loads(case.graph(each)) for each in (case.begins, positions, dict[str, bool]()))
    low = behind_transformers(case.graph(positions))
    for row in case.grid.branches:
        name = f"{row.kind}:{row.id}"
        load = after.get(name, 0.0)
        if row.rated is None or load <= max(usual.get(name, 0.0), before.get(name, 0.0)) + 0.1:
            continue
        if row.kind is BranchKind.TRANSFORMER:
            assert load <= row.rated + 1e-6, name
        elif not {row.from_node, row.to_node} & low:
            assert load <= row.rated * KV * math.sqrt(3) + 1e-6, name


@given(cases())
def test_steps_that_were_done_are_told_as_they_were_proposed(case: Case) -> None:
    done = [step for step in case.proposal.steps if step.action != "verify"]
    changes = [Change(device=s.devices[0], closed=s.action == "close", at_ms=n) for n, s in enumerate(done)]
    told = executed(case.circuit, case.situation, changes)
    assert [each.brings_back for each in told if each.closed] == [s.brings_back for s in done if s.action == "close"]
    assert [each.brings_back.customers for each in told if not each.closed] == [0] * sum(not e.closed for e in told)
    assert not told or told[-1].in_all == restored_by_switching(case.proposal)


@given(cases())
def test_the_same_situation_has_the_same_proposal(case: Case) -> None:
    circuit = Circuit(Network(case.grid))
    assert propose(circuit, Wiring(circuit, ASSUMED), case.situation) == case.proposal
