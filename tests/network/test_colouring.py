"""Colours of branches, against the grid as a plain graph: what nothing reaches is out, what another feeder reaches is tie-fed."""

from __future__ import annotations

import random
from collections.abc import Mapping

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from services.network import BranchKind, GridTables, Network
from services.network.colouring import NORMAL, OUT, PLANNED, TIE_FED, UNCERTAIN, Cause, Colouring, Colours
from tests.network.plain_graph import SUPPLY, PlainGraph, switched_at_random, true_sources
from tests.network.test_random_grids import grids
from tests.outages.town import device_id, name_of, tied


def feeders_of(graph: PlainGraph) -> dict[str, str]:
    """Return which feeder reaches each node that is fed."""
    inner = graph.closed.copy()
    inner.remove_node(SUPPLY)
    return {
        node: feeder
        for feeder, source in graph.sources.items()
        if graph.closed.has_edge(SUPPLY, source, f"feeder:{feeder}")
        for node in nx.node_connected_component(inner, source)
    }


def expected(grid: GridTables, normal: PlainGraph, now: PlainGraph) -> dict[int, int]:
    """Return of each line that is fed in normal state what it is now."""
    before, after = feeders_of(normal), feeders_of(now)
    found = {}
    for number, row in enumerate(grid.branches):
        ends = [row.from_node, row.to_node]
        if row.kind is BranchKind.MV_LINE and row.normally_closed and before.keys() >= set(ends):
            fed_by = after.get(ends[0])
            found[number] = OUT if fed_by is None else NORMAL if fed_by == before[ends[0]] else TIE_FED
    return found


@given(grids(), st.integers(0, 2**31), st.integers(0, 6))
def test_lines_are_coloured_as_the_switched_grid_feeds_them(grid: GridTables, seed: int, moves: int) -> None:
    network = Network(grid)
    sources = true_sources(grid, network)
    rng = random.Random(seed)
    switches = [row for row in grid.branches if row.kind in {BranchKind.SWITCH, BranchKind.TRANSFORMER}]
    closed = [row for row in switches if row.normally_closed]
    positions: Mapping[str, bool] = switched_at_random(grid, sources, rng, moves) if closed else {}
    now = PlainGraph(grid, sources, positions)
    colours = Colouring(network).colours(positions, [])
    for line, state in expected(grid, PlainGraph(grid, sources, {}), now).items():
        assert colours.of(line)[0] == state, grid.branches[line]


@given(grids(), st.data())
def test_a_fault_colours_what_opening_its_device_cuts_off(grid: GridTables, data: st.DataObject) -> None:
    network = Network(grid)
    device = data.draw(st.sampled_from(network.devices)).id
    sources = true_sources(grid, network)
    normal, cut = PlainGraph(grid, sources, {}), PlainGraph(grid, sources, {device: False})
    colours = Colouring(network).colours({}, [Cause("I", device, OUT)])
    for line, state in expected(grid, normal, cut).items():
        assert colours.of(line)[:2] == ((OUT, "I") if state == OUT else (NORMAL, None)), grid.branches[line]


def by_name(colours: Colours) -> dict[str, tuple[int, str | None, str | None]]:
    """Return the colours of the tied town that are not normal, by the device that each branch is."""
    branches = tied().ground.grid.branches
    return {branches[n].id: colours.of(n) for n in range(len(branches)) if colours.of(n)[0] != NORMAL}


def cause(holder: str, name: str, state: int, *, whole: bool = True) -> Cause:
    return Cause(holder, device_id(name), state, whole)


def test_the_innermost_cause_holds_and_what_is_known_goes_before_what_is_guessed() -> None:
    colouring = Colouring(tied())
    found = by_name(colouring.colours({}, [cause("I-1", "R1", OUT), cause("I-2", "T2", OUT)]))
    assert {name: holder for name, (_, holder, _) in found.items()} == {
        "R1": "I-1", "K1": "I-1", "T1": "I-1", "T2": "I-2", "T3": "I-1"
    }  # fmt: skip
    found = by_name(colouring.colours({}, [cause("I-1", "R1", OUT), cause("I-2", "T2", UNCERTAIN)]))
    assert found["T2"] == (OUT, "I-1", None)
    found = by_name(colouring.colours({}, [cause("I-1", "R1", UNCERTAIN), cause("W", "T2", PLANNED)]))
    assert found["T2"] == (UNCERTAIN, "I-1", None)


def test_of_who_reported_alone_only_what_hangs_on_the_device_is_coloured() -> None:
    found = by_name(Colouring(tied()).colours({}, [cause("I-1", "R1", UNCERTAIN, whole=False)]))
    assert found.keys() == {"R1", "K1"}


def test_work_at_a_switch_that_stands_open_for_it_is_planned_and_not_out() -> None:
    standing = {device_id("K1"): False}
    found = by_name(Colouring(tied()).colours(standing, [cause("W", "K1", PLANNED)]))
    assert found == dict.fromkeys(("K1", "T2", "T3"), (PLANNED, "W", None))
    found = by_name(Colouring(tied()).colours(standing, []))
    assert found == dict.fromkeys(("K1", "T2", "T3"), (OUT, None, None))


def test_a_closed_tie_does_not_feed_the_fault_though_nobody_told_that_the_device_opened() -> None:
    standing = {device_id("K9"): True, device_id("K1"): False}
    colours = Colouring(tied()).colours(standing, [cause("I-1", "R1", OUT)])
    found = by_name(colours)
    assert found["T1"] == (OUT, "I-1", None)
    assert (found["T2"], found["T3"]) == ((TIE_FED, None, "F2"), (TIE_FED, None, "F2"))
    assert {name_of(switch): closed for switch, closed in colours.switched.items()} == {"K1": False, "K9": True}


def test_only_what_has_another_colour_than_before_differs() -> None:
    colouring = Colouring(tied())
    branches = tied().ground.grid.branches
    one = colouring.colours({}, [cause("I-1", "T1", OUT)])
    two = colouring.colours({}, [cause("I-2", "T4", OUT), cause("I-1", "T1", OUT)])
    three = colouring.colours({}, [cause("I-2", "T4", OUT)])
    assert [branches[n].id for n in one.differing(None).tolist()] == ["T1"]
    assert [branches[n].id for n in two.differing(one).tolist()] == ["T4"]
    assert [branches[n].id for n in three.differing(two).tolist()] == ["T1"]
    assert three.differing(three).tolist() == []
