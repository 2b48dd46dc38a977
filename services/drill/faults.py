"""Faults and what they do to the power: who is dark, who loses and who regains it, what a crew finds. Pure.

A customer is dark while a device on its way to the source, as the grid is switched then, is open: a fault that has struck
and is not mended, the isolation point of planned work, a recloser that blinks, a device that a crew opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from services.drill.draws import drawn
from services.engine.turn import Entity, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from schemas.ids import CustomerId
    from services.network import Network

CAUSES = ("EQUIPMENT", "LIGHTNING", "VEGETATION", "WEATHER", "WILDLIFE")


class Fault(Entity, frozen=True, kw_only=True):
    """A device that failed. `mended_at` is None while it is open; times in milliseconds."""

    kind: ClassVar[str] = "fault"
    device: str
    struck_at: int
    mended_at: int | None = None


class PowerLost(Record, frozen=True, kw_only=True):
    """These customers truly lost power at a time, by planned work or not."""

    customers: tuple[str, ...]
    at: int
    planned: bool


class PowerBack(Record, frozen=True, kw_only=True):
    """These customers truly have power again from a time on."""

    customers: tuple[str, ...]
    at: int


class Mended(Record, frozen=True, kw_only=True):
    """A fault was mended at a time."""

    fault: str
    at: int


class OptedOut(Record, frozen=True, kw_only=True):
    """Whoever has this phone wrote to us that he wants no more texts."""

    phone: str
    at: int


class Appeared(Record, frozen=True, kw_only=True):
    """A danger appeared at a time."""

    hazard: str
    at: int


class MadeSafe(Record, frozen=True, kw_only=True):
    """A danger was made safe at a time."""

    hazard: str
    at: int


def dark_customers(network: Network, opened: Iterable[str]) -> frozenset[CustomerId]:
    """Return the customers without power while these devices are open."""
    return frozenset(customer for device in opened for customer in network.customers_behind(device))


def is_dark(network: Network, device: str, opened: Collection[str]) -> bool:
    """Answers whether whoever hangs on this device is without power while these devices are open."""
    return any(network.is_behind(device, each) for each in opened)


def found_from(network: Network, device: str, faults: Iterable[Fault]) -> Fault | None:
    """Return which of these open faults a crew at a device finds.

    It is the nearest one at or above the device, else the first by id behind it, else none.
    """
    by_device: dict[str, Fault] = {}
    for fault in sorted(faults, key=lambda each: each.id):
        by_device.setdefault(fault.device, fault)
    for step in network.path_to_source(device):
        if step in by_device:
            return by_device[step]
    behind = (fault for fault in by_device.values() if network.is_behind(fault.device, device))
    return min(behind, key=lambda each: each.id, default=None)


def cause_of(seed: int, fault: str) -> str:
    """Return why a device failed, a word of IEEE 1782."""
    return CAUSES[int(drawn(seed, "cause", fault) * len(CAUSES))]
