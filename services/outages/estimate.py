"""The first estimate of restoration, from the class of the device that is taken to have failed."""

from __future__ import annotations

from services.network import DeviceClass

USUAL_MINUTES: dict[DeviceClass, int] = {
    DeviceClass.LV_FUSE: 90,
    DeviceClass.TRANSFORMER: 180,
    DeviceClass.FUSE: 120,
    DeviceClass.RECLOSER: 120,
    DeviceClass.BREAKER: 90,
}
"""Minutes from the opening of an incident to power back, drive included. Chosen above the usual, since a customer forgives
power that is back early; no utility's record stands behind them yet."""


def estimate(device_class: DeviceClass, opened_at: int) -> int:
    """Return when power is expected back, milliseconds. It is given when an incident opens and kept."""
    return opened_at + USUAL_MINUTES[device_class] * 60_000
