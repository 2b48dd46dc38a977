"""The words of each notice: one segment, plain letters, times on the utility's wall clock.

Only the notice of a return holds the phrase that says so, and each of them does: whoever reads a text can tell.
Times are milliseconds since the epoch, UTC; `zone` is the utility's time zone.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from services.clock import from_ms

RETURN_PHRASE: Final = "power is back"
"""What every notice of a return says and no other does."""

_ESTIMATE_STEP_MS = 5 * 60_000
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def power_out(*, since: int, estimate: int | None, now: int, zone: dt.tzinfo) -> str:
    """Return the notice of an outage. An estimate that is not in the future is no estimate."""
    began = _time(since, now, zone)
    if estimate is None or estimate <= now:
        return (
            f"Power is out at your address since {began}. We are looking for the fault and will text you "
            "when it is repaired. No reply needed."
        )
    # To the next five minutes: nobody can promise a minute, and early is better than late.
    expected = _time(-(-estimate // _ESTIMATE_STEP_MS) * _ESTIMATE_STEP_MS, now, zone)
    return (
        f"Power is out at your address since {began}. We expect it to return by {expected} and will text you "
        "when it does. No reply needed."
    )


def crew_enroute(*, arrival: int | None, now: int, zone: dt.tzinfo) -> str:
    """Return the notice that a crew is on its way. An arrival that is not in the future is not named."""
    if arrival is None or arrival <= now:
        return "A crew is on its way to repair the outage at your address. We will text you when it is done."
    about = _time(-(-arrival // _ESTIMATE_STEP_MS) * _ESTIMATE_STEP_MS, now, zone)
    return (
        f"A crew is on its way to repair the outage at your address and should arrive about {about}. "
        "We will text you when it is done."
    )


def power_restored() -> str:
    """Return the notice that power has returned."""
    return f"The {RETURN_PHRASE} at your address. If yours is still off, check your main switch, then call us."


def _time(at: int, now: int, zone: dt.tzinfo) -> str:
    there, here = from_ms(at).astimezone(zone), from_ms(now).astimezone(zone)
    day = "" if there.date() == here.date() else f"{_DAYS[there.weekday()]} "
    return f"{day}{there:%H:%M}"
