"""Callers: who of those without power will call, and when, if it is still out by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from services.drill.draws import between, chance, drawn, waited
from services.engine.turn import Entity

if TYPE_CHECKING:
    from collections.abc import Sequence

CALL = 0.12
"""The share that calls about a fault: 8 to 12 % in the field, up to 20 % in a storm."""
CALL_WHEN_PLANNED = 0.03
"""The share that calls though the work was announced."""
CALL_WHEN_METERS_ARE_SILENT = 0.35
"""The share that calls where no meter speaks: what the storm's dark fault is known by."""
MEDIAN_MS, LONGEST_MS = 12 * 60_000, 90 * 60_000
UNDER_WAY_MS = 8_000
"""From the call to the message about it."""


class Callers(Entity, frozen=True, kw_only=True):
    """Those who will call about one loss of power, and when: (time, customer), sorted."""

    kind: ClassVar[str] = "callers"
    waiting: tuple[tuple[int, str], ...]


def callers(
    seed: int, loss: str, customers: Sequence[str], lost_at: int, *, share: float, heard: bool
) -> Callers | None:
    """Return who will call about a loss, None when nobody will.

    Where nothing was `heard` of it and nobody would call, somebody does after 20 to 40 minutes: no fault stays unknown.
    """
    waiting = [
        (lost_at + 20_000 + waited(seed, MEDIAN_MS, LONGEST_MS, "patience", loss, name), name)
        for name in customers
        if chance(seed, share, "caller", loss, name)
    ]
    if not waiting and not heard and customers:
        name = customers[int(drawn(seed, "last resort", loss) * len(customers))]
        waiting.append((lost_at + between(seed, 20 * 60, 40 * 60, "last resort after", loss) * 1000, name))
    return Callers(id=loss, waiting=tuple(sorted(waiting))) if waiting else None
