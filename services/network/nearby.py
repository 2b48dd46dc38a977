"""What is near a place: trees over the transformers and branches, searched in metres on the ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from services.network.places import EARTH_RADIUS_M, Place, distances_m

_METRES = math.radians(1) * EARTH_RADIUS_M
"""A degree of latitude, metres."""
_FLATTEST = 0.01
"""The least cosine of a latitude that is reckoned with: nearer to a pole there is no grid."""


class Nearby:
    """Lines in a plane about the first point, equirectangular: x shrinks with the cosine of that point's latitude.

    Only what the plane shows within reach is measured, on the ground. How much the plane may stretch at the asked
    latitude is allowed for, so that nothing within reach is missed.
    """

    def __init__(self, lines: Sequence[tuple[Place, Place]]) -> None:
        """Build the tree over these lines; one whose two ends are the same is a point."""
        self._lines = np.array([(a.lon, a.lat, b.lon, b.lat) for a, b in lines], dtype=float).reshape(-1, 2, 2)
        self._middle = Place(*self._lines[0, 0].tolist()) if lines else Place(0.0, 0.0)
        self._tree: Any = shapely.STRtree(shapely.linestrings(_plane(self._lines, self._middle)))

    def within(self, place: Place, reach_m: float) -> list[tuple[float, int]]:
        """Return (metres, number of the line) of all lines within reach, nearest first; equally near ones by number."""
        around = min(90.0, abs(place.lat) + reach_m / _METRES)
        stretch = max(1.0, _cosine(self._middle.lat) / max(_cosine(around), _FLATTEST))
        at = shapely.points(_plane(np.array([place.lon, place.lat]), self._middle))
        found = self._tree.query(at, predicate="dwithin", distance=reach_m * stretch * 1.01)
        metres = self._distances_m(place, found)
        near = metres <= reach_m
        return sorted(zip(metres[near].tolist(), found[near].tolist(), strict=True))

    def _distances_m(self, place: Place, numbers: Any) -> Any:
        """Return the distances to the nearest points of these lines, which are found in a plane about the place itself."""
        lines = self._lines[numbers]
        ends = _plane(lines, place)
        begin, along = ends[:, 0], ends[:, 1] - ends[:, 0]
        squared = (along * along).sum(axis=-1)
        length = np.where(squared > 0, squared, 1.0)
        share = np.clip(-(begin * along).sum(axis=-1) / length, 0.0, 1.0)
        turn = (lines[:, 1, 0] - lines[:, 0, 0] + 180) % 360 - 180
        lon = lines[:, 0, 0] + share * turn
        lat = lines[:, 0, 1] + share * (lines[:, 1, 1] - lines[:, 0, 1])
        return distances_m(place, lon, lat)


def _plane(degrees: Any, middle: Place) -> Any:
    """Return degrees (..., lon and lat) as metres east and north of the middle; the date line is crossed."""
    east = (degrees[..., 0] - middle.lon + 180) % 360 - 180
    return np.stack([east * _cosine(middle.lat), degrees[..., 1] - middle.lat], axis=-1) * _METRES


def _cosine(lat: float) -> float:
    return math.cos(math.radians(lat))
