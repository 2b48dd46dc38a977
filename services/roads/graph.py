"""The roads as a graph in arrays: stretches between the points where roads meet, each with its shape, length and speeds.

A stretch is a piece of one way of OpenStreetMap. Lengths are whole centimetres, places whole ten-millionths of a degree, as
OpenStreetMap has them; times follow from both in whole milliseconds. So everything that is reckoned on it is exact.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from services.network.places import EARTH_RADIUS_M

if TYPE_CHECKING:
    from services.roads.extract import Way

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

UNITS = 10_000_000
"""Parts of a degree that places are whole numbers of."""
NOWHERE = -1
"""The end of a stretch that leads on to nothing: a closed road begins there."""
LEAST_SHARE = 0.01
"""How long a connected part of the roads is at least, of the longest one. What is shorter, a yard that the extract joins to
nothing, would only draw places to itself that no crew then reaches.
"""


class NoRoads(Exception):
    """Of an extract nothing is left on which a crew could drive."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """A rectangle, degrees WGS 84."""

    west: float
    south: float
    east: float
    north: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoadGraph:
    """Stretches of road, by number, and the points of their shapes one after another.

    `tail` and `head` are the junctions (0 to `junctions` - 1, or `NOWHERE`) at the ends, `way` the id in OpenStreetMap, `forward`
    and `backward` the speeds from tail to head and back, km/h, 0: not driven so. `stops`: a crew can stop along it. The shape of
    stretch s are the points `first[s]` to `first[s + 1]` - 1 with `lon`, `lat` (`UNITS` of a degree) and `along`, the way from the
    tail, cm.
    """

    junctions: int
    tail: Array
    head: Array
    way: Array
    forward: Array
    backward: Array
    stops: Array
    first: Array
    lon: Array
    lat: Array
    along: Array

    @property
    def stretches(self) -> int:
        """Return how many stretches there are."""
        return len(self.tail)

    @property
    def length_cm(self) -> Array:
        """Return the length of each stretch."""
        lengths: Array = self.along[self.first[1:] - 1]
        return lengths

    @property
    def bounds(self) -> Bounds:
        """Return where the roads lie."""
        west, east = int(self.lon.min()) / UNITS, int(self.lon.max()) / UNITS
        return Bounds(west, int(self.lat.min()) / UNITS, east, int(self.lat.max()) / UNITS)

    def of(self, chosen: Array, junctions: int | None = None) -> RoadGraph:
        """Return the graph of these stretches (numbers or a mask) alone.

        Its junctions are numbered anew, unless their number is given: then they are as they were.
        """
        numbers = np.arange(self.stretches)[chosen]
        tail, head = self.tail[numbers], self.head[numbers]
        met = np.unique(np.concatenate([tail, head]))
        met = met[met != NOWHERE] if junctions is None else np.arange(junctions)
        counts = (self.first[1:] - self.first[:-1])[numbers]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        points = np.repeat(self.first[numbers] - first[:-1], counts) + np.arange(first[-1])
        return RoadGraph(
            junctions=len(met),
            tail=_renumbered(tail, met),
            head=_renumbered(head, met),
            way=self.way[numbers],
            forward=self.forward[numbers],
            backward=self.backward[numbers],
            stops=self.stops[numbers],
            first=first,
            lon=self.lon[points],
            lat=self.lat[points],
            along=self.along[points],
        )


def build(ways: Iterable[Way], within: Bounds | None = None) -> RoadGraph:
    """Return the roads made of these ways, those alone that touch `within`, and of them what hangs together. Raises `NoRoads`."""
    kept = [way for way in ways if within is None or _touches(way, within)]
    uses: Counter[int] = Counter()
    for way in kept:
        uses.update(node for node, _, _ in way.points)
        uses[way.points[0][0]] += 1  # an end is a junction, whatever meets there
        uses[way.points[-1][0]] += 1
    junction: dict[int, int] = {}
    ends: list[tuple[int, int]] = []
    told: list[tuple[int, int, int, bool]] = []
    first, points = [0], []
    for way in kept:
        for piece in _between_junctions(way, uses):
            ends.append(
                (
                    junction.setdefault(piece[0][0], len(junction)),
                    junction.setdefault(piece[-1][0], len(junction)),
                )
            )
            told.append((way.id, way.how.forward_km_h, way.how.backward_km_h, way.how.stops))
            points += [point[1:] for point in piece]
            first.append(len(points))
    if not ends:
        raise NoRoads("no road on which a vehicle could drive")
    tails, heads = np.array(ends, dtype=np.int32).T
    lons, lats = np.array(points, dtype=np.int32).T
    firsts = np.array(first, dtype=np.int32)
    graph = RoadGraph(
        junctions=len(junction),
        tail=tails,
        head=heads,
        way=np.array([each[0] for each in told], dtype=np.int64),
        forward=np.array([each[1] for each in told], dtype=np.uint8),
        backward=np.array([each[2] for each in told], dtype=np.uint8),
        stops=np.array([each[3] for each in told], dtype=np.uint8),
        first=firsts,
        lon=lons,
        lat=lats,
        along=_along(firsts, lons, lats),
    )
    whole = graph.of(hanging_together(graph))
    if whole.stretches == 0:
        raise NoRoads("no two places between which a vehicle could drive there and back")
    return whole


def hanging_together(graph: RoadGraph) -> Array:
    """Return for each stretch whether one can drive from it to others and back, within a part of the roads that is long enough.

    Long enough is `LEAST_SHARE` of the longest part.
    """
    through = (graph.tail != NOWHERE) & (graph.head != NOWHERE)
    onward, back = through & (graph.forward > 0), through & (graph.backward > 0)
    starts = np.concatenate([graph.tail[onward], graph.head[back]])
    ends = np.concatenate([graph.head[onward], graph.tail[back]])
    joined = sparse.csr_array((np.ones(len(starts)), (starts, ends)), shape=(graph.junctions,) * 2)
    parts, part = csgraph.connected_components(joined, directed=True, connection="strong")
    at = np.where(graph.tail == NOWHERE, graph.head, graph.tail)  # of a stretch that ends nowhere its other end
    to = np.where(graph.head == NOWHERE, graph.tail, graph.head)
    within = part[at] == part[to]
    length = np.zeros(parts, dtype=np.int64)
    np.add.at(length, part[at][within], graph.length_cm[within])
    enough: Array = within & (length[part[at]] >= max(1.0, LEAST_SHARE * length.max()))
    return enough


def _renumbered(ends: Array, met: Array) -> Array:
    numbers: Array = np.where(ends == NOWHERE, NOWHERE, np.searchsorted(met, ends)).astype(np.int32)
    return numbers


def _touches(way: Way, within: Bounds) -> bool:
    west, south, east, north = (round(side * UNITS) for side in (within.west, within.south, within.east, within.north))
    return any(west <= lon <= east and south <= lat <= north for _, lon, lat in way.points)


def _between_junctions(way: Way, uses: Counter[int]) -> Iterator[tuple[tuple[int, int, int], ...]]:
    begins = 0
    for number in range(1, len(way.points)):
        if uses[way.points[number][0]] > 1:
            yield way.points[begins : number + 1]
            begins = number


def _along(first: Array, lon: Array, lat: Array) -> Array:
    """Return how far each point lies from the first one of its stretch, cm along the ground: the sum of whole centimetres."""
    x, y = np.radians(lon / UNITS), np.radians(lat / UNITS)
    across, along = np.sin(np.diff(x) / 2), np.sin(np.diff(y) / 2)
    chord = along * along + np.cos(y[:-1]) * np.cos(y[1:]) * across * across
    steps = np.rint(200 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord)))).astype(np.int64)
    far = np.concatenate([[0], np.cumsum(steps)])
    begins = np.repeat(far[first[:-1]], first[1:] - first[:-1])
    along_cm: Array = (far - begins).astype(np.int32)
    return along_cm
