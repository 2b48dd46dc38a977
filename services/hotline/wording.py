"""What a hotline call says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.clock import from_ms

if TYPE_CHECKING:
    from services.hotline.entities import Escalation

EXERCISE = "This is an exercise. "


def spoken(escalation: Escalation, *, exercise: bool) -> str:
    """Return the words of the call about this outage. Times are UTC and say so."""
    begin = f"Power supply of your installation {escalation.customer} is out since {_time(escalation.out_since)}."
    why = " This is the planned work that was announced." if escalation.window is not None else ""
    until = f" We expect it back at {_time(escalation.estimate)}." if escalation.estimate is not None else ""
    return f"{EXERCISE if exercise else ''}{begin}{why}{until} Please acknowledge this call."


def _time(ms: int) -> str:
    return from_ms(ms).strftime("%H:%M UTC")
