"""The HTTP edge of planned work: announced, changed, cancelled, started, completed."""

from __future__ import annotations

from schemas.events import Event, WindowAnnounced, WindowCancelled, WindowChanged, WorkCompleted, WorkStarted
from schemas.topics import MAINTENANCE_NOTICES
from services.access.edge import Route, accepting
from services.access.http import ApiError


def _check(event: Event) -> None:
    if isinstance(event, WindowAnnounced | WindowChanged) and event.ends_at <= event.starts_at:
        raise ApiError(422, "endsBeforeStart", "a window ends after it starts", event=event.id)


_WINDOW = {"window": "W-2026-17", "isolates": ["switch:SW-71"]}
_TIMES = {"starts_at": "2026-03-04T07:00:00Z", "ends_at": "2026-03-04T11:00:00Z"}

ROUTES: tuple[Route, ...] = (
    accepting(
        "/api/v1/maintenance",
        MAINTENANCE_NOTICES,
        "maintenance:write",
        "Tell of planned work: that it is announced, changed, cancelled, started, completed.",
        takes=(WindowAnnounced, WindowChanged, WindowCancelled, WorkStarted, WorkCompleted),
        examples={
            "announced": {
                "type": "maintenance.announced.v1",
                "at": "2026-03-01T18:00:00Z",
                **_WINDOW,
                **_TIMES,
                "work": "New insulators",
            },
            "changed": {"type": "maintenance.changed.v1", "at": "2026-03-02T08:00:00Z", **_WINDOW, **_TIMES},
            "cancelled": {
                "type": "maintenance.cancelled.v1",
                "at": "2026-03-03T08:00:00Z",
                **_WINDOW,
                "why": "Storm expected",
            },
            "started": {"type": "maintenance.started.v1", "at": "2026-03-04T07:05:00Z", **_WINDOW},
            "completed": {"type": "maintenance.completed.v1", "at": "2026-03-04T10:40:00Z", **_WINDOW},
        },
        also=("endsBeforeStart",),
        check=_check,
    ),
)
