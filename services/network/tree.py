"""The trees that the feeders feed in normal state, grown from their source nodes along closed branches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.network.tables import GridTables

NONE = -1
"""No such node, branch or feeder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Who feeds whom. Every list is indexed like the table it speaks of; -1 stands for none.

    A node that nothing feeds has feeder -1. `closing` are the closed branches, as indices, that join two nodes which
    are fed already: with none of them the normal state is radial.
    """

    node_index: dict[str, int]
    parent: list[int]
    via: list[int]
    feeder: list[int]
    order: list[int]
    closing: list[int]


def grow(grid: GridTables) -> Tree:
    """Grow the trees of all feeders; `order` lists the fed nodes, each after its parent.

    Raises KeyError when a branch or feeder names a node that the tables do not have.
    """
    node_index = {row.node: index for index, row in enumerate(grid.nodes)}
    neighbours: list[list[tuple[int, int]]] = [[] for _ in grid.nodes]
    for branch, row in enumerate(grid.branches):
        if row.normally_closed:
            a, b = node_index[row.from_node], node_index[row.to_node]
            neighbours[a].append((b, branch))
            neighbours[b].append((a, branch))
    parent, via, fed_by = ([NONE] * len(grid.nodes) for _ in range(3))
    sources = [node_index[row.source_node] for row in grid.feeders]
    for feeder, source in enumerate(sources):
        fed_by[source] = feeder
    order = list(sources)
    closing: set[int] = set()
    # Breadth first from all sources at once: where two feeders are joined, the branch half-way between them is named.
    for node in order:
        for neighbour, branch in neighbours[node]:
            if branch == via[node]:
                continue
            if fed_by[neighbour] == NONE:
                fed_by[neighbour] = fed_by[node]
                parent[neighbour], via[neighbour] = node, branch
                order.append(neighbour)
            elif via[neighbour] != branch:
                closing.add(branch)
    return Tree(node_index=node_index, parent=parent, via=via, feeder=fed_by, order=order, closing=sorted(closing))
