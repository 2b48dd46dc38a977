"""Planned work: its announcement, its begin and its end, as work management says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schemas.events import WindowAnnounced, WorkCompleted, WorkStarted
from schemas.ids import derived
from schemas.topics import MAINTENANCE_NOTICES
from services.clock import from_ms
from services.drill.messages import Said, say
from services.engine.turn import Entity

if TYPE_CHECKING:
    from services.drill.storms import WindowPlan

UNDER_WAY_MS = 4_000
"""How long a word from work management travels; well before the first gasp of a meter behind the isolation point."""


class Work(Entity, frozen=True, kw_only=True):
    """Planned work that has begun: its isolation point is open until `completed_at`."""

    kind: ClassVar[str] = "work"
    device: str
    started_at: int
    completed_at: int | None = None


def announced(plan: WindowPlan) -> Said:
    """Return the announcement of a window."""
    event = WindowAnnounced(
        id=derived("announced", plan.id),
        at=from_ms(plan.announced_at),
        exercise=True,
        window=plan.id,
        device=plan.device,
        starts_at=from_ms(plan.starts_at),
        ends_at=from_ms(plan.ends_at),
        work="A device is replaced; everybody behind it is without power meanwhile.",
    )
    return say(event, MAINTENANCE_NOTICES, plan.device, plan.announced_at + UNDER_WAY_MS)


def started(plan: WindowPlan) -> Said:
    """Return the word that the isolation point was opened."""
    event = WorkStarted(
        id=derived("started", plan.id),
        at=from_ms(plan.starts_at),
        exercise=True,
        window=plan.id,
        device=plan.device,
    )
    return say(event, MAINTENANCE_NOTICES, plan.device, plan.starts_at + UNDER_WAY_MS)


def completed(plan: WindowPlan) -> Said:
    """Return the word that the work is complete and the isolation point closed."""
    event = WorkCompleted(
        id=derived("completed", plan.id),
        at=from_ms(plan.completed_at),
        exercise=True,
        window=plan.id,
        device=plan.device,
    )
    return say(event, MAINTENANCE_NOTICES, plan.device, plan.completed_at + UNDER_WAY_MS)
