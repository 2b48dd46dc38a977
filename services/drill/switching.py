"""Switching: what stands otherwise than in normal state, by a crew on a detour or by a recloser that opened for a moment."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, ClassVar

import msgspec

from services.engine.turn import Entity

if TYPE_CHECKING:
    from services.drill.plans import Detour

OPEN_AFTER_MS = 300_000
"""From a crew's arrival at a fault until it has opened what cuts the fault off."""
TIE_AFTER_MS = 90_000
"""From there until the tie is closed."""
BACK_AFTER_MS = 60_000
"""From power back at the mended device to each step of the way back."""


class Stand(enum.StrEnum):
    """How far a detour is."""

    PREPARED = "prepared"
    CUT_OFF = "cutOff"
    CARRIED = "carried"
    PARALLEL = "parallel"
    OVER = "over"


class Switched(Entity, frozen=True, kw_only=True):
    """A detour around a fault (its id). `next_at` is when the next step comes, None: when the fault is mended, or never."""

    kind: ClassVar[str] = "switched"
    opened: str
    closed: str
    crew: str
    stand: Stand
    next_at: int | None

    def to(self, stand: Stand, next_at: int | None) -> Switched:
        """Return the detour at another step."""
        return msgspec.structs.replace(self, stand=stand, next_at=next_at)

    def positions(self) -> dict[str, bool]:
        """Return what stands otherwise than in normal state: device to whether it is closed."""
        match self.stand:
            case Stand.CUT_OFF:
                return {self.opened: False}
            case Stand.CARRIED:
                return {self.opened: False, self.closed: True}
            case Stand.PARALLEL:
                return {self.closed: True}
            case Stand.PREPARED | Stand.OVER:
                return {}


class Blink(Entity, frozen=True, kw_only=True):
    """A recloser that opened, and closed again at `closed_at`."""

    kind: ClassVar[str] = "blink"
    device: str
    opened_at: int
    closed_at: int | None = None


class Danger(Entity, frozen=True, kw_only=True):
    """Something dangerous at a place (degrees), until it is made safe."""

    kind: ClassVar[str] = "danger"
    lon: float
    lat: float
    appeared_at: int
    safe_at: int | None = None


def prepared(fault: str, way: Detour, crew: str, at: int) -> Switched:
    """Return a detour that a crew on site is about to switch."""
    return Switched(
        id=fault, opened=way.opened, closed=way.closed, crew=crew, stand=Stand.PREPARED, next_at=at + OPEN_AFTER_MS
    )
