"""Where a place lies by the roads: the nearest point of a road at which a crew can stop, and how it gets there."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, TypeAlias

import numpy as np
import shapely

from services.network.places import EARTH_RADIUS_M, Place, distance_m
from services.roads.graph import NOWHERE, UNITS, Array, RoadGraph

OFF_ROAD_MOST_M = 3_000
"""How far from a road a place may lie. Farther away there are most likely roads that the extract does not have."""
DRIVEN_OFF_ROAD_M = 500
"""So far a crew drives on over fields and along the right of way of a line."""
OFF_ROAD_KM_H = 10
"""How fast it does."""
ON_FOOT_KM_H = 4
"""How fast it walks the rest, with tools: Naismith's rule says 3 miles, 4.8 km, an hour for a walker on good ground."""

_METRES = math.radians(1) * EARTH_RADIUS_M
_FLATTEST = 0.01


Spot: TypeAlias = tuple[int, int]
"""A point of the roads: the stretch, and how far along it, cm."""


@dataclasses.dataclass(frozen=True, slots=True)
class Leg:
    """The drive between a point on a stretch and a junction at its end.

    `in_ms` from the junction to the point, `out_ms` from the point to the junction, milliseconds, None: not allowed; `cm` is its
    length.
    """

    junction: int
    in_ms: int | None
    out_ms: int | None
    cm: int


@dataclasses.dataclass(frozen=True, slots=True)
class RoadPoint:
    """The point of a road nearest to a place: on which stretch, how far along it (cm), how far off the place lies (m), its legs."""

    stretch: int
    along_cm: int
    off_m: int
    legs: tuple[Leg, ...]

    @property
    def spot(self) -> Spot:
        """Return where on the roads it is: places beside one another may share it."""
        return self.stretch, self.along_cm


def off_road_ms(metres: float) -> int:
    """Return how long a crew takes where there is no road: it drives slowly, and walks when it has come so far."""
    driven = min(metres, DRIVEN_OFF_ROAD_M)
    return round(driven * 3_600 / OFF_ROAD_KM_H) + round((metres - driven) * 3_600 / ON_FOOT_KM_H)


def stretch_ms(cm: int, km_h: int) -> int:
    """Return how long so many centimetres take at this speed, whole milliseconds."""
    return cm * 36 // km_h


class Snapping:
    """Finds the nearest road point of a place, on the ground."""

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        self._degrees = np.stack([graph.lon, graph.lat], axis=-1) / UNITS
        bounds = graph.bounds
        self._middle = Place((bounds.west + bounds.east) / 2, (bounds.south + bounds.north) / 2)
        self._widest = max(abs(bounds.south), abs(bounds.north))
        self._stretches = np.flatnonzero(graph.stops)
        counts = np.diff(graph.first)
        stopping = np.repeat(graph.stops > 0, counts)
        lines = np.repeat(np.arange(len(self._stretches)), counts[self._stretches])
        shapes = shapely.linestrings(_plane(self._degrees[stopping], self._middle), indices=lines)
        self._tree: Any = shapely.STRtree(shapes)

    def nearest(self, place: Place) -> RoadPoint | None:
        """Return the nearest point of a road, None where there is none within `OFF_ROAD_MOST_M`.

        Of points equally near the one on the stretch with the lowest number is taken.
        """
        # A plane about the middle of the roads stretches what lies off it: the search reaches farther, the ground settles it.
        stretched = _cosine(self._middle.lat) / _cosine(min(90.0, max(self._widest, abs(place.lat)) + 0.1))
        at = shapely.points(_plane(np.array([place.lon, place.lat]), self._middle))
        near = self._tree.query_nearest(at, max_distance=OFF_ROAD_MOST_M * max(1.0, stretched) * 1.01)
        if len(near) == 0:
            return None
        stretch = int(self._stretches[int(near.min())])
        points = slice(int(self._graph.first[stretch]), int(self._graph.first[stretch + 1]))
        number, share = _nearest_of(_plane(self._degrees[points], place))
        line = self._degrees[points][number : number + 2]
        spot = Place(*(line[0] + share * (line[1] - line[0])).tolist())
        off_m = round(distance_m(place, spot))
        if off_m > OFF_ROAD_MOST_M:
            return None
        begin_cm, end_cm = self._graph.along[points][number : number + 2].tolist()
        along_cm = begin_cm + round(share * (end_cm - begin_cm))
        return RoadPoint(stretch, along_cm, off_m, _legs(self._graph, stretch, along_cm))


def _legs(graph: RoadGraph, stretch: int, along_cm: int) -> tuple[Leg, ...]:
    tail, head = int(graph.tail[stretch]), int(graph.head[stretch])
    forward, backward = int(graph.forward[stretch]), int(graph.backward[stretch])
    rest_cm = int(graph.along[graph.first[stretch + 1] - 1]) - along_cm
    legs = []
    if tail != NOWHERE:
        legs.append(Leg(tail, _drive(along_cm, forward), _drive(along_cm, backward), along_cm))
    if head != NOWHERE:
        legs.append(Leg(head, _drive(rest_cm, backward), _drive(rest_cm, forward), rest_cm))
    return tuple(legs)


def _drive(cm: int, km_h: int) -> int | None:
    if cm == 0:
        return 0  # who stands at the junction is there, whatever way the road is driven
    return stretch_ms(cm, km_h) if km_h else None


def _nearest_of(points: Array) -> tuple[int, float]:
    """Return the segment of a line, by its first point, that comes nearest to the origin, and how far along it that is, 0 to 1."""
    begins, along = points[:-1], np.diff(points, axis=0)
    squared = (along * along).sum(axis=-1)
    shares = np.clip(-(begins * along).sum(axis=-1) / np.where(squared > 0, squared, 1.0), 0.0, 1.0)
    spots = begins + shares[:, None] * along
    number = int(np.argmin((spots * spots).sum(axis=-1)))
    return number, float(shares[number])


def _plane(degrees: Array, middle: Place) -> Array:
    """Return degrees (..., longitude and latitude) as metres east and north of the middle; the date line is crossed."""
    east = (degrees[..., 0] - middle.lon + 180) % 360 - 180
    return np.stack([east * _cosine(middle.lat), degrees[..., 1] - middle.lat], axis=-1) * _METRES


def _cosine(lat: float) -> float:
    return max(_FLATTEST, math.cos(math.radians(lat)))
