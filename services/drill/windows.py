"""Planned work: its announcement, its change, begin and end, or its cancellation, as work management says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schemas.events import WindowAnnounced, WindowCancelled, WindowChanged, WorkCompleted, WorkStarted
from schemas.ids import derived
from schemas.topics import MAINTENANCE_NOTICES
from services.clock import from_ms
from services.drill.messages import Said, say
from services.engine.turn import Entity

if TYPE_CHECKING:
    from schemas.events import Event
    from services.drill.plans import WindowPlan

UNDER_WAY_MS = 4_000
"""How long a word from work management travels; well before the first gasp of a meter behind the isolation point."""
WORK = "A device is replaced; everybody behind it is without power meanwhile."


class Work(Entity, frozen=True, kw_only=True):
    """Planned work that has begun: its isolation points are open until `completed_at`.

    `prolonged_at`: when a new end was said, because the old one had passed.
    """

    kind: ClassVar[str] = "work"
    isolates: tuple[str, ...]
    started_at: int
    prolonged_at: int | None = None
    completed_at: int | None = None


class Off(Entity, frozen=True, kw_only=True):
    """Planned work that was cancelled."""

    kind: ClassVar[str] = "off"
    at: int


def announced(plan: WindowPlan) -> Said:
    """Return the announcement of a window."""
    event = WindowAnnounced(
        id=derived("announced", plan.id),
        at=from_ms(plan.announced_at),
        exercise=True,
        window=plan.id,
        isolates=list(plan.isolates),
        starts_at=from_ms(plan.starts_at),
        ends_at=from_ms(plan.ends_at),
        work=WORK,
    )
    return _say(event, plan, plan.announced_at)


def prolonged(plan: WindowPlan) -> Said:
    """Return the word that the work lasts longer: its new end is when it will truly be complete."""
    event = WindowChanged(
        id=derived("prolonged", plan.id),
        at=from_ms(plan.ends_at),
        exercise=True,
        window=plan.id,
        isolates=list(plan.isolates),
        starts_at=from_ms(plan.starts_at),
        ends_at=from_ms(plan.completed_at),
        work=WORK,
    )
    return _say(event, plan, plan.ends_at)


def cancelled(plan: WindowPlan, at: int) -> Said:
    """Return the word that the work does not take place."""
    event = WindowCancelled(
        id=derived("cancelled", plan.id),
        at=from_ms(at),
        exercise=True,
        window=plan.id,
        isolates=list(plan.isolates),
        why="The crew is needed elsewhere.",
    )
    return _say(event, plan, at)


def started(plan: WindowPlan) -> Said:
    """Return the word that the isolation points were opened."""
    event = WorkStarted(
        id=derived("started", plan.id),
        at=from_ms(plan.starts_at),
        exercise=True,
        window=plan.id,
        isolates=list(plan.isolates),
    )
    return _say(event, plan, plan.starts_at)


def completed(plan: WindowPlan) -> Said:
    """Return the word that the work is complete and the isolation points closed."""
    event = WorkCompleted(
        id=derived("completed", plan.id),
        at=from_ms(plan.completed_at),
        exercise=True,
        window=plan.id,
        isolates=list(plan.isolates),
    )
    return _say(event, plan, plan.completed_at)


def _say(event: Event, plan: WindowPlan, at: int) -> Said:
    return say(event, MAINTENANCE_NOTICES, plan.id, at + UNDER_WAY_MS)
