"""Crews on the road: where they are on the straight line to their goal, and that their terminals say so at every full minute.

At full minutes and not a minute after each began, so that a hundred crews under way are one moment of the drill. Pure.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from services.drill.crews import Task
from services.engine.turn import Entity
from services.network import Place

EVERY_MS = 60_000
_DECIMALS = 6
"""A tenth of a metre."""


class Drive(Entity, frozen=True, kw_only=True):
    """A crew's way to the place of an order; its id is the order's. Degrees and milliseconds; `next_at` is the next full minute."""

    kind: ClassVar[str] = "drive"
    crew: str
    from_lon: float
    from_lat: float
    to_lon: float
    to_lat: float
    left_at: int
    arrives_at: int
    next_at: int

    def place_at(self, at: int) -> Place:
        """Return where the crew is at a time on its way."""
        share = (at - self.left_at) / (self.arrives_at - self.left_at)
        lon = self.from_lon + share * (self.to_lon - self.from_lon)
        lat = self.from_lat + share * (self.to_lat - self.from_lat)
        return Place(round(lon, _DECIMALS), round(lat, _DECIMALS))

    def later(self) -> Drive | None:
        """Return the drive a minute later; None when the crew has arrived before."""
        following = self.next_at + EVERY_MS
        return None if following >= self.arrives_at else msgspec.structs.replace(self, next_at=following)


def begun(task: Task, start: Place, at: int, arrives_at: int) -> Drive | None:
    """Return the drive that begins now; None for one on which no full minute passes."""
    first = (at // EVERY_MS + 1) * EVERY_MS
    if first >= arrives_at:
        return None
    return Drive(
        id=task.id,
        crew=task.crew,
        from_lon=start.lon,
        from_lat=start.lat,
        to_lon=task.lon,
        to_lat=task.lat,
        left_at=at,
        arrives_at=arrives_at,
        next_at=first,
    )
