"""The roads of a utility's version: what is said of them, and the graph itself where it is at hand."""

from __future__ import annotations

import dataclasses

from services.roads.graph import RoadGraph
from services.roads.packing import digest

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
"""What must be shown wherever something rests on the data: https://www.openstreetmap.org/copyright."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """Roads by their digest, how many stretches and junctions, their length, whom to name; `graph` is None where it was not loaded.

    Roads of one digest are the same.
    """

    digest: str
    stretches: int
    junctions: int
    length_m: int
    attribution: str
    graph: RoadGraph | None = dataclasses.field(default=None, compare=False, repr=False)


def roads_of(graph: RoadGraph) -> Roads:
    """Return what is said of these roads, and them."""
    return Roads(
        digest=digest(graph),
        stretches=graph.stretches,
        junctions=graph.junctions,
        length_m=int(graph.length_cm.sum(dtype="int64")) // 100,
        attribution=ATTRIBUTION,
        graph=graph,
    )
