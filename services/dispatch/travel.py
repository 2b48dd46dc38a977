"""How far a crew has to drive and how long that takes: by road where the roads are known, else estimated from the straight line."""

from __future__ import annotations

from typing import Protocol

from services.network.places import Place, distance_m

DETOUR = 1.3
"""Length of a rural road over the straight line between its ends."""

SPEED_KM_H = 45
"""Mean speed of a crew's vehicle on rural roads."""


class Travel(Protocol):
    """What says how long a drive takes."""

    def road_m(self, start: Place, end: Place) -> int:
        """Return the length of the way, whole metres."""

    def drive_ms(self, start: Place, end: Place) -> int:
        """Return the estimated time of the drive, whole milliseconds."""


class ByAir:
    """Drives estimated from the straight line, where no roads are known."""

    def road_m(self, start: Place, end: Place) -> int:
        """Return the estimated length of the road, whole metres: the distance along the ground times `DETOUR`."""
        return round(distance_m(start, end) * DETOUR)

    def drive_ms(self, start: Place, end: Place) -> int:
        """Return the estimated time of the drive, whole milliseconds: the road's length at `SPEED_KM_H`."""
        return self.road_m(start, end) * 3_600 // SPEED_KM_H
