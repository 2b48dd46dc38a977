"""How far a crew has to drive and how long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.network.places import distance_m

if TYPE_CHECKING:
    from services.network.places import Place

DETOUR = 1.3
"""Length of a rural road over the straight line between its ends."""

SPEED_KM_H = 45
"""Mean speed of a crew's vehicle on rural roads."""


def road_m(start: Place, end: Place) -> int:
    """Return the estimated length of the road, whole metres: the distance along the ground times `DETOUR`."""
    return round(distance_m(start, end) * DETOUR)


def drive_ms(start: Place, end: Place) -> int:
    """Return the estimated time of the drive, whole milliseconds: the road's length at `SPEED_KM_H`."""
    return road_m(start, end) * 3_600 // SPEED_KM_H
