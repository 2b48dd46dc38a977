"""Points on the earth and the distances between them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from schemas.events import Place

__all__ = ["EARTH_RADIUS_M", "Place", "distance_m", "distances_m"]

EARTH_RADIUS_M = 6_371_008.8
"""The mean radius of the earth, metres (IUGG)."""


def distance_m(a: Place, b: Place) -> float:
    """Return the distance between two points along the ground, metres: the haversine formula on a sphere.

    The error against the ellipsoid stays below 0.6 %.
    """
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    across = math.sin(math.radians(b.lon - a.lon) / 2)
    along = math.sin((lat_b - lat_a) / 2)
    chord = along * along + math.cos(lat_a) * math.cos(lat_b) * across * across
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


def distances_m(a: Place, lon: Any, lat: Any) -> Any:
    """Return the distances from a point to many, given as arrays of degrees, as `distance_m` does for one, metres."""
    lats = np.radians(lat)
    across = np.sin(np.radians(lon - a.lon) / 2)
    along = np.sin((lats - math.radians(a.lat)) / 2)
    chord = along * along + math.cos(math.radians(a.lat)) * np.cos(lats) * across * across
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord)))
