"""When a crew is on duty, since when, and how long it still may be: shifts and the hours of rest. Times are milliseconds.

A stretch of duty begins when the crew signs on, else with its shift, else (no shifts, on standby, round the clock) with its first
order. Less than `Rules.rest_h` between two stretches makes them one. No stretch may be longer than `Rules.most_on_duty_h`, unless
a dispatcher extended it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from services.clock import from_ms, to_ms

if TYPE_CHECKING:
    from services.dispatch.entities import Duty
    from services.dispatch.roster import Crew, Shift
    from services.dispatch.rules import Rules

HOUR_MS = 3_600_000

_DAY = dt.timedelta(days=1)
_DAYS_AHEAD = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A shift on the day it falls on. `on_call`: the crew can be called, its hours count from its first order."""

    start: int
    end: int
    on_call: bool = False


def shift_at(crew: Crew, zone: dt.tzinfo, at: int) -> Span | None:
    """Return the shift that the crew has at this time; duty goes before standby."""
    return next((span for span in _spans(crew, zone, at, 1) if span.start <= at < span.end), None)


def next_shift(crew: Crew, zone: dt.tzinfo, now: int) -> int | None:
    """Return when the crew's next shift begins, after now."""
    return min((span.start for span in _spans(crew, zone, now, _DAYS_AHEAD) if span.start > now), default=None)


def is_called_in(crew: Crew, zone: dt.tzinfo, said: int) -> bool:
    """Answers whether a crew that signed on then did so outside of its shifts: its duty lasts until it says otherwise."""
    return all(shift_at(crew, zone, at) is None for at in (said, said + HOUR_MS))


def _spans(crew: Crew, zone: dt.tzinfo, at: int, days: int) -> list[Span]:
    """Return the shifts from the day before up to so many days ahead, duty first; those of a kind that touch are one."""
    today = from_ms(at).astimezone(zone).date()
    dates = [today + n * _DAY for n in range(-1, days + 1)] if crew.shifts else []
    single = sorted(
        (_on(date, shift, zone) for date in dates for shift in crew.shifts if shift.weekday == date.isoweekday()),
        key=lambda span: (span.on_call, span.start, span.end),
    )
    spans: list[Span] = []
    for span in single:
        if spans and spans[-1].on_call == span.on_call and span.start <= spans[-1].end:
            spans[-1] = dataclasses.replace(spans[-1], end=max(spans[-1].end, span.end))
        else:
            spans.append(span)
    return spans


def _on(date: dt.date, shift: Shift, zone: dt.tzinfo) -> Span:
    last = date if shift.ends > shift.starts else date + _DAY
    start, end = (dt.datetime.combine(day, at, zone) for day, at in ((date, shift.starts), (last, shift.ends)))
    return Span(to_ms(start), to_ms(end), shift.kind == "standby")


def signed_on(duty: Duty, now: int, rules: Rules) -> int | None:
    """Return when the crew signed on for the duty that it is on now."""
    held = duty.signed_on is not None and now - duty.signed_on < rules.sign_on_holds_ms
    return duty.signed_on if held else None


def on_duty_until(duty: Duty, since: int, rules: Rules) -> int:
    """Return when the hours of a stretch of duty that began then are up: after the most allowed, or what a dispatcher allowed."""
    return max(since + rules.most_on_duty_ms, duty.extended_until or 0)


def on_duty_since(duty: Duty, shift: Span | None, now: int, rules: Rules) -> int:
    """Return when the stretch of duty began that the crew is in now, or would begin with an order now."""
    if duty.order is not None and duty.since is not None:
        return duty.since
    said = signed_on(duty, now, rules)
    if shift is None or shift.on_call or shift.end - shift.start > rules.most_on_duty_ms:
        start = now if said is None else said
    else:
        start = said if said is not None and said > shift.start - rules.rest_ms else shift.start
    if duty.since is not None and duty.worked_until is not None and start - duty.worked_until < rules.rest_ms:
        return min(duty.since, start)
    return start
