"""When power is expected back while too little was learnt of the past: by the class of the device, then from the crew's arrival.

What people say goes before that, and before what was learnt (`estimating`).
"""

from __future__ import annotations

from services.network import DeviceClass
from services.outages.entities import EstimateBasis

MINUTE_MS = 60_000
USUAL_MINUTES: dict[str, int] = {
    DeviceClass.LV_FUSE: 90,
    DeviceClass.TRANSFORMER: 180,
    DeviceClass.FUSE: 120,
    DeviceClass.RECLOSER: 120,
    DeviceClass.BREAKER: 90,
    DeviceClass.SWITCH: 90,
}
"""Minutes from the opening of an incident to power back, drive included. Chosen above the usual, since a customer forgives
power that is back early; no utility's record stands behind them yet."""
REPAIR_MINUTES: dict[str, int] = {
    DeviceClass.LV_FUSE: 45,
    DeviceClass.TRANSFORMER: 120,
    DeviceClass.FUSE: 75,
    DeviceClass.RECLOSER: 75,
    DeviceClass.BREAKER: 60,
    DeviceClass.SWITCH: 60,
}
"""Minutes from the crew's arrival to power back; chosen like the above."""
STEP_MS = 5 * MINUTE_MS
"""Estimates are multiples of this: nobody can say it more exactly."""
WORTH_TELLING_MS = 15 * MINUTE_MS
"""An estimate is changed only if it changes by this much, or if a dispatcher gives it."""
FARTHEST_MS = 30 * 24 * 60 * MINUTE_MS
"""No estimate lies farther ahead: it would be a mistake."""
_RANK = {basis: rank for rank, basis in enumerate(EstimateBasis)}


def estimate(device_class: str, opened_at: int) -> int:
    """Return when power is expected back, milliseconds, as soon as an incident opens."""
    return rounded(opened_at + USUAL_MINUTES[device_class] * MINUTE_MS)


def after_arrival(device_class: str, arrival: int) -> int:
    """Return when power is expected back if the crew arrives then, milliseconds."""
    return arrival + REPAIR_MINUTES[device_class] * MINUTE_MS


def rounded(until: int) -> int:
    """Return the next multiple of five minutes, milliseconds."""
    return -(-until // STEP_MS) * STEP_MS


def goes_before(new: EstimateBasis, old: EstimateBasis) -> bool:
    """Answers whether an estimate on this basis may replace one on that; what a crew or a dispatcher said, either may change."""
    return old is EstimateBasis.LEARNT or _RANK[new] >= min(_RANK[old], _RANK[EstimateBasis.CREW])


def is_possible(until: int, now: int) -> bool:
    """Answers whether power can be expected back then: not before now, and not in some other year."""
    return now < until <= now + FARTHEST_MS


def is_worth_telling(new: int, old: int, basis: EstimateBasis) -> bool:
    """Answers whether an estimate differs enough to take the place of the old one."""
    return new != old if basis is EstimateBasis.DISPATCHER else abs(new - old) >= WORTH_TELLING_MS
