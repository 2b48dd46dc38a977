"""What an import tells of planned work: windows that are new, changed or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import WindowAnnounced, WindowCancelled, WindowChanged
from schemas.ids import derived
from services.clock import from_ms, to_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from services.utility.rows import WindowRow

    WindowEvent = WindowAnnounced | WindowChanged | WindowCancelled


def window_events(
    old: Iterable[WindowRow], new: Iterable[WindowRow], *, begun: Collection[str], now: int, exercise: bool
) -> list[WindowEvent]:
    """Return the events that bring the old windows to the new ones, by window.

    `begun` are windows whose work was started: they are not cancelled. What was over before `now` (milliseconds) and was
    not known is history, and not announced. Ids are derived from the window, its content and the time of the import.
    """
    before, after = ({row.window: row for row in rows} for rows in (old, new))
    events: list[WindowEvent] = []
    for window in sorted(before.keys() | after.keys()):
        was, is_now = before.get(window), after.get(window)
        if is_now is None:
            if was is not None and window not in begun and to_ms(was.ends_at) > now:
                events.append(
                    WindowCancelled(
                        id=derived("window cancelled", *_content(was), now),
                        at=from_ms(now),
                        exercise=exercise,
                        window=window,
                        isolates=list(was.isolates),
                        why="It is no longer in the plan.",
                    )
                )
        elif was != is_now and (was is not None or to_ms(is_now.ends_at) > now):
            kind, said = (WindowAnnounced, "announced") if was is None else (WindowChanged, "changed")
            events.append(
                kind(
                    id=derived(f"window {said}", *_content(is_now), now),
                    at=from_ms(now),
                    exercise=exercise,
                    window=window,
                    isolates=list(is_now.isolates),
                    starts_at=is_now.starts_at,
                    ends_at=is_now.ends_at,
                    work=is_now.work,
                )
            )
    return events


def _content(row: WindowRow) -> tuple[str | int, ...]:
    return (row.window, *row.isolates, to_ms(row.starts_at), to_ms(row.ends_at), row.work)
