"""Detours: how another feeder can carry those behind a part of what a fault has darkened (step restoration)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.drill.plans import Detour
from services.network import DeviceClass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from services.network import Network

MAINS = frozenset({DeviceClass.BREAKER, DeviceClass.RECLOSER})
FEWEST = 10
"""For fewer customers nobody switches."""


class Way(NamedTuple):
    """A detour, and the devices on which those hang whom it carries."""

    detour: Detour
    supports: frozenset[str]


class Detours:
    """The detours of a network; each is looked for once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._ways: dict[str, Way | None] = {}

    def around(self, device: str, struck: Collection[str], used: Collection[str]) -> Way | None:
        """Return the way around a failed device that carries most; None where no tie helps.

        Nothing of `struck` may lie on it, and the ties in `used` are needed elsewhere.
        """
        below = [
            each
            for each in behind(self._network, device)
            if each != device
            and self._network.device(each).device_class in MAINS
            and self._network.count_behind(each) >= FEWEST
        ]
        for opened in sorted(below, key=lambda each: (-self._network.count_behind(each), each)):
            if opened not in self._ways:
                self._ways[opened] = self._way(opened)
            way = self._ways[opened]
            if way is not None and device not in way.supports and way.supports.isdisjoint({*struck, *used}):
                return way
        return None

    def _way(self, opened: str) -> Way | None:
        """Return the one tie that carries all behind this device when it is open; None: there is no such tie."""
        with_all = dict.fromkeys(self._network.ties, True)
        ties = self._supports({**with_all, opened: False}, opened) & with_all.keys()
        if len(ties) != 1:
            return None
        detour = Detour(opened=opened, closed=min(ties))
        supports = self._supports({opened: False, detour.closed: True}, opened)
        return Way(detour, supports) if supports else None

    def _supports(self, positions: dict[str, bool], opened: str) -> frozenset[str]:
        """Return what feeds those behind an open device in this state from outside; nothing when somebody is not fed."""
        present = self._network.present(positions)
        carried: set[str] = set()
        for customer in self._network.customers_behind(opened):
            at = present.customer_device(customer)
            if not present.is_fed(at):
                return frozenset()
            carried.update(present.path_to_source(at))
        return frozenset(carried - set(behind(self._network, opened)))


def behind(network: Network, device: str) -> Iterator[str]:
    """Yield the device and all devices behind it."""
    open_ends = [device]
    while open_ends:
        each = open_ends.pop()
        yield each
        open_ends.extend(network.children(each))
