"""How far a crew has to drive and how long that takes: by road where the roads are known, else estimated from the straight line."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from services.network.places import Place, distance_m, distances_m

DETOUR = 1.3
"""Length of a rural road over the straight line between its ends."""

SPEED_KM_H = 45
"""Mean speed of a crew's vehicle on rural roads."""

Basis: TypeAlias = Literal["road", "air"]
"""What a drive was reckoned on: the roads, or the straight line."""

Times: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.int64]]


@dataclasses.dataclass(frozen=True, slots=True)
class ClosedRoad:
    """Where nobody drives: within so many metres of the line through these places, and on the way of OpenStreetMap of this id."""

    places: tuple[Place, ...]
    within_m: int
    way: int | None = None


class Travel(Protocol):
    """What says how long a drive takes. It decides nothing by chance, and the same places always have the same answer."""

    def road_m(self, start: Place, end: Place) -> int:
        """Return the length of the way, whole metres."""

    def drive_ms(self, start: Place, end: Place) -> int:
        """Return the estimated time of the drive, whole milliseconds."""

    def basis(self, start: Place, end: Place) -> Basis:
        """Return what the answers about this drive rest on."""

    def matrix(self, starts: Sequence[Place], ends: Sequence[Place]) -> Times:
        """Return the times of the drives from each start (rows) to each end (columns), milliseconds, as `drive_ms` has them."""

    def closes(self, closed: ClosedRoad) -> int:
        """Return how many stretches of road this would close."""

    def without(self, closed: frozenset[ClosedRoad]) -> Travel:
        """Return the travel while these roads are closed; none of them: this travel."""


class ByAir:
    """Drives estimated from the straight line, where no roads are known."""

    def road_m(self, start: Place, end: Place) -> int:
        """Return the estimated length of the road, whole metres: the distance along the ground times `DETOUR`."""
        return round(distance_m(start, end) * DETOUR)

    def drive_ms(self, start: Place, end: Place) -> int:
        """Return the estimated time of the drive, whole milliseconds: the road's length at `SPEED_KM_H`."""
        return self.road_m(start, end) * 3_600 // SPEED_KM_H

    def basis(self, start: Place, end: Place) -> Basis:  # noqa: ARG002 - the port's form
        """Return that it is the straight line."""
        return "air"

    def matrix(self, starts: Sequence[Place], ends: Sequence[Place]) -> Times:
        """Return the estimated times from each start (rows) to each end (columns), whole milliseconds."""
        lon, lat = (np.array([getattr(end, name) for end in ends], dtype=float) for name in ("lon", "lat"))
        metres: Any = np.empty((len(starts), len(ends)))
        for number, start in enumerate(starts):
            metres[number] = distances_m(start, lon, lat)
        times: Times = np.rint(metres * DETOUR).astype(np.int64) * 3_600 // SPEED_KM_H
        return times

    def closes(self, closed: ClosedRoad) -> int:  # noqa: ARG002 - the port's form
        """Return that it closes nothing: no road is known."""
        return 0

    def without(self, closed: frozenset[ClosedRoad]) -> ByAir:  # noqa: ARG002 - the port's form
        """Return this travel: no road is known."""
        return self
