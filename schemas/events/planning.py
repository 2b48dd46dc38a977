"""Planned work: its announcement and what becomes of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.events.base import Event, Id, Instant, Note

Isolation = Annotated[list[Id], Meta(min_length=1, max_length=50)]
"""The devices that isolate the work: everything behind any of them is without power. All in one supply area."""


class WindowAnnounced(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="maintenance.announced.v1"):
    """Planned work: the isolation points, and its window."""

    window: Id
    isolates: Isolation
    starts_at: Instant
    ends_at: Instant
    work: Note = ""


class WindowChanged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="maintenance.changed.v1"):
    """The window of announced work, or where it is isolated, is another one now. Overdue work may be given a new end."""

    window: Id
    isolates: Isolation
    starts_at: Instant
    ends_at: Instant
    work: Note = ""


class WindowCancelled(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="maintenance.cancelled.v1"):
    """Announced work does not take place."""

    window: Id
    isolates: Isolation
    why: Note = ""


class WorkStarted(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="maintenance.started.v1"):
    """The isolation points of a window were opened."""

    window: Id
    isolates: Isolation


class WorkCompleted(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="maintenance.completed.v1"):
    """The work of a window is reported complete and its isolation points closed."""

    window: Id
    isolates: Isolation
