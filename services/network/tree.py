"""The trees that the feeders feed: grown from their source nodes along the branches that are closed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.network.tables import GridTables

NONE = -1
"""No such node, branch or feeder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """What meets where, whatever stands open: the ends of every branch, and at every node (other end, branch)."""

    node_index: dict[str, int]
    ends: list[tuple[int, int]]
    at: list[list[tuple[int, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Who feeds whom. Every list is indexed like the table it speaks of; -1 stands for none.

    A node that nothing feeds has feeder -1. `closing` are the closed branches, as indices, that join two nodes which
    are fed by other ways: with none of them the state is radial.
    """

    node_index: dict[str, int]
    parent: list[int]
    via: list[int]
    feeder: list[int]
    order: list[int]
    closing: list[int]


def draw_together(wires: Wires, passable: Sequence[bool], kept: Collection[int]) -> tuple[Wires, list[int]]:
    """Return the wires between the parts of a grid that only the kept branches join, and the part of every node.

    A part are nodes that other passable branches join. Whatever is switched, a part is fed as a whole.
    """
    part = [NONE] * len(wires.at)
    count = 0
    for start in range(len(part)):
        if part[start] != NONE:
            continue
        part[start] = count
        stack = [start]
        while stack:
            for neighbour, branch in wires.at[stack.pop()]:
                if part[neighbour] == NONE and passable[branch] and branch not in kept:
                    part[neighbour] = count
                    stack.append(neighbour)
        count += 1
    at: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    ends = [(part[a], part[b]) for a, b in wires.ends]
    for branch in sorted(kept):
        a, b = ends[branch]
        at[a].append((b, branch))
        at[b].append((a, branch))
    return Wires(node_index={node: part[index] for node, index in wires.node_index.items()}, ends=ends, at=at), part


def wire(grid: GridTables) -> Wires:
    """Return what meets where. Raises KeyError when a branch names a node that the tables do not have."""
    node_index = {row.node: index for index, row in enumerate(grid.nodes)}
    ends = [(node_index[row.from_node], node_index[row.to_node]) for row in grid.branches]
    at: list[list[tuple[int, int]]] = [[] for _ in grid.nodes]
    for branch, (a, b) in enumerate(ends):
        at[a].append((b, branch))
        at[b].append((a, branch))
    return Wires(node_index=node_index, ends=ends, at=at)


def grow(grid: GridTables) -> Tree:
    """Grow the trees of all feeders in normal state; `order` lists the fed nodes, each after its parent.

    Raises KeyError when a branch or feeder names a node that the tables do not have.
    """
    wires = wire(grid)
    sources = [wires.node_index[row.source_node] for row in grid.feeders]
    return grow_normal(wires, sources, [row.normally_closed for row in grid.branches])


def grow_normal(wires: Wires, sources: Sequence[int], normally: Sequence[bool]) -> Tree:
    """Grow the trees from these sources, one a feeder, along the branches that are closed in normal state."""
    growth = _Growth(wires)
    growth.root(enumerate(sources))
    growth.spread(normally)
    return growth.tree(normally)


def grow_present(
    wires: Wires, normal: Tree, *, live: Sequence[bool], usual: Sequence[bool], closed: Sequence[bool]
) -> Tree:
    """Grow the trees as the grid is switched now, with nothing said of loops.

    `live` says of each feeder whether its head is closed, `closed` of each branch whether it is, and `usual` whether it
    is and normally is too.

    Everybody stays on the normal way as long as that is whole; what it no longer feeds is fed through closed ties, the
    nearest first. So closing a tie moves nobody until something opens, and a loop that stands for a moment harms
    nothing. What stays unfed hangs where it does in normal state, behind whatever stands open there.
    """
    growth = _Growth(wires)
    roots = [(normal.feeder[node], node) for node in normal.order if normal.parent[node] == NONE]
    growth.root((feeder, node) for feeder, node in roots if live[feeder])
    growth.spread(usual)
    growth.spread(closed)
    for node in normal.order:
        if growth.feeder[node] == NONE:
            growth.add(node, normal.parent[node], normal.via[node], normal.feeder[node])
    return growth.tree(())


class _Growth:
    """Trees while they grow."""

    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        self.parent, self.via, self.feeder = ([NONE] * len(wires.at) for _ in range(3))
        self.order: list[int] = []

    def root(self, sources: Iterable[tuple[int, int]]) -> None:
        """Let trees begin: (feeder, its source node) of each."""
        for feeder, node in sources:
            self.add(node, NONE, NONE, feeder)

    def add(self, node: int, parent: int, via: int, feeder: int) -> None:
        """Hang a node below its parent, whose feeder it has then; a root keeps the one given."""
        self.parent[node], self.via[node] = parent, via
        self.feeder[node] = feeder if parent == NONE else self.feeder[parent]
        self.order.append(node)

    def spread(self, passable: Sequence[bool]) -> None:
        """Take in all that these branches reach, breadth first from everything that is fed by now."""
        feeder, at = self.feeder, self._wires.at
        for node in self.order:
            for neighbour, branch in at[node]:
                if feeder[neighbour] == NONE and passable[branch]:
                    self.add(neighbour, node, branch, NONE)

    def tree(self, closed: Sequence[bool]) -> Tree:
        """Return what has grown, and which of these closed branches close loops."""
        used = set(self.via)
        ends, feeder = self._wires.ends, self.feeder
        return Tree(
            node_index=self._wires.node_index,
            parent=self.parent,
            via=self.via,
            feeder=feeder,
            order=self.order,
            closing=[
                branch
                for branch, shut in enumerate(closed)
                if shut and branch not in used and feeder[ends[branch][0]] != NONE
            ],
        )
