"""Shortest times on the roads: for each point that is asked for, how long it takes there from every junction.

Time and length of a drive are one number, milliseconds above tenths of a metre: so one search finds the quickest way and of
equally quick ones the shortest, the sums are exact in a float of 64 bits, and no choice is left to the order of a search.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from services.roads.graph import NOWHERE, Array, RoadGraph
from services.roads.snapping import RoadPoint, Spot

LENGTH_BITS = 24
"""Of the 53 bits of an exact number: lengths up to 1,677 km, times up to 149 hours."""
_CM_IN_UNIT = 10
KEPT_BYTES = 256 * 2**20
"""How much is kept of what was searched, at most: with 10,000 junctions the drives to some 3,300 places."""
AT_ONCE = 32
"""How many points are searched for at once, so that what is being worked out stays small."""

FAR = np.int64(2**62)
"""More than any drive: there is no way."""


def packed(ms: int, cm: int) -> int:
    """Return time and length of a drive as one number."""
    return (ms << LENGTH_BITS) + cm // _CM_IN_UNIT


def unpacked(drive: int) -> tuple[int, int]:
    """Return the milliseconds and whole metres of a drive."""
    return drive >> LENGTH_BITS, ((drive & ((1 << LENGTH_BITS) - 1)) * _CM_IN_UNIT + 50) // 100


class Shortest:
    """The drives to points of the roads, found when they are first asked for, and kept while there is room.

    What was least lately asked for is forgotten first.
    """

    def __init__(self, graph: RoadGraph, kept_bytes: int = KEPT_BYTES) -> None:
        self._against = _against(graph)
        self._junctions = graph.junctions
        self._most = max(AT_ONCE, kept_bytes // (8 * max(1, graph.junctions)))
        self._kept: OrderedDict[Spot, Array] = OrderedDict()

    def to(self, points: Iterable[RoadPoint]) -> dict[Spot, Array]:
        """Return, by the spot of each point, the packed drive to it from every junction (`FAR`: there is no way).

        A drive that begins on the stretch on which the point lies may pass no junction: it is not among these.
        """
        wanted = {point.spot: point for point in points}
        found = {spot: self._kept[spot] for spot in wanted if spot in self._kept}
        lacking = [point for spot, point in wanted.items() if spot not in found]
        for begins in range(0, len(lacking), AT_ONCE):
            at_once = lacking[begins : begins + AT_ONCE]
            found |= zip((point.spot for point in at_once), self._search(at_once), strict=True)
        for spot in wanted:
            self._kept[spot] = found[spot]
            self._kept.move_to_end(spot)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found

    def _search(self, points: list[RoadPoint]) -> list[Array]:
        """Search from all these points at once: each is one more node, joined to the junctions from which it is reached."""
        ends = [
            [(leg.junction, packed(leg.in_ms, leg.cm)) for leg in point.legs if leg.in_ms is not None]
            for point in points
        ]
        roads, size = self._against, self._junctions + len(points)
        more = sparse.csr_array(
            (
                np.concatenate([roads.data, [float(drive) for legs in ends for _, drive in legs]]),
                np.concatenate([roads.indices, [junction for legs in ends for junction, _ in legs]]).astype(np.int32),
                np.concatenate([roads.indptr, roads.indptr[-1] + np.cumsum([len(legs) for legs in ends])]),
            ),
            shape=(size, size),
        )
        drives = csgraph.dijkstra(more, directed=True, indices=range(self._junctions, size))[:, : self._junctions]
        rows = np.where(np.isfinite(drives), drives, float(FAR)).astype(np.int64)
        return [row.copy() for row in rows]


def _against(graph: RoadGraph) -> sparse.csr_array:
    """Return the roads against the way they are driven, so that one search from a junction finds the drives to it.

    Of several stretches between the same junctions the quickest one counts.
    """
    length = graph.length_cm.astype(np.int64)
    through = (graph.tail != NOWHERE) & (graph.head != NOWHERE) & (graph.tail != graph.head)
    parts = [
        (begin[driven], end[driven], length[driven], speed[driven].astype(np.int64))
        for begin, end, speed in (
            (graph.head, graph.tail, graph.forward),
            (graph.tail, graph.head, graph.backward),
        )
        for driven in (through & (speed > 0),)
    ]
    begins, ends, cm, km_h = (np.concatenate(each) for each in zip(*parts, strict=True))
    weight = (np.maximum(1, cm * 36 // np.maximum(1, km_h)) << LENGTH_BITS) + cm // _CM_IN_UNIT
    order = np.lexsort((weight, ends, begins))
    begins, ends, weight = begins[order], ends[order], weight[order]
    best = np.ones(len(order), dtype=bool)
    best[1:] = (begins[1:] != begins[:-1]) | (ends[1:] != ends[:-1])
    return sparse.csr_array(
        (weight[best].astype(np.float64), (begins[best], ends[best])), shape=(graph.junctions, graph.junctions)
    )
