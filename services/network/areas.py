"""Supply areas: what can fail together is decided together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schemas.ids import AreaId
from services.network.tables import GridTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Substations joined by a common source or by any branch, open ties included; both tuples are sorted."""

    id: AreaId
    substations: tuple[str, ...]
    feeders: tuple[str, ...]


def supply_areas(grid: GridTables) -> tuple[Area, ...]:
    """Return the areas, named A1, A2, ... in the order of the first substation of each.

    The name depends on the tables alone: the same grid has the same areas wherever it is computed.
    """
    find = _joined(grid)
    members: dict[str, list[tuple[str, str]]] = {}
    for feeder in grid.feeders:
        members.setdefault(find(feeder.source_node), []).append((feeder.substation, feeder.feeder))
    groups = sorted(sorted(group) for group in members.values())
    return tuple(
        Area(
            id=AreaId(f"A{number}"),
            substations=tuple(sorted({substation for substation, _ in group})),
            feeders=tuple(sorted(feeder for _, feeder in group)),
        )
        for number, group in enumerate(groups, start=1)
    )


def grid_of_area(grid: GridTables, area: Area) -> GridTables:
    """Return what of a grid belongs to this area of it: nothing outside is joined with it, whatever is switched."""
    find = _joined(grid)
    own = set(area.feeders)
    inside = {find(row.source_node) for row in grid.feeders if row.feeder in own}
    return GridTables(
        feeders=tuple(row for row in grid.feeders if find(row.source_node) in inside),
        nodes=tuple(row for row in grid.nodes if find(row.node) in inside),
        branches=tuple(row for row in grid.branches if find(row.from_node) in inside),
        customers=tuple(row for row in grid.customers if find(row.node) in inside),
    )


def _joined(grid: GridTables) -> Callable[[str], str]:
    """Return what names, for each node, all that is joined with it."""
    leader: dict[str, str] = {row.node: row.node for row in grid.nodes}

    def find(member: str) -> str:
        while leader[member] != member:
            leader[member] = member = leader[leader[member]]
        return member

    for branch in grid.branches:
        leader[find(branch.from_node)] = find(branch.to_node)
    first_source: dict[str, str] = {}
    for feeder in grid.feeders:
        leader[find(feeder.source_node)] = find(first_source.setdefault(feeder.substation, feeder.source_node))
    return find
