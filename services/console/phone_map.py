"""What lies around the goal of a crew: lines and whether they are fed, devices with their numbers. Made once for each version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.network import BranchKind, Network, Place, distance_m
from services.network.colouring import UNCERTAIN, Colours

LINES_WITHIN_M = 700
DEVICES_WITHIN_M = 1_500
HAZARDS_WITHIN_M = 2_000
MOST_LINES = 600
MOST_DEVICES = 40
_PLACES = 6
_LINES = frozenset({BranchKind.MV_LINE, BranchKind.LV_LINE, BranchKind.SERVICE})
_DEVICES = frozenset({BranchKind.SWITCH, BranchKind.TRANSFORMER})


class Around:
    """One network, by place."""

    def __init__(self, network: Network) -> None:
        """Build the search; takes a second with 100,000 branches: to be called beside the event loop."""
        self.network = network
        self._grid = network.ground.grid
        self._at = {row.node: (round(row.lon, _PLACES), round(row.lat, _PLACES)) for row in self._grid.nodes}
        self._branches, self._nearby = network.ground.branches

    def lines(self, place: Place, colours: Colours) -> list[tuple[float, float, float, float, bool]]:
        """Return the lines near a place, the nearest first: both ends in degrees, and whether the line is taken to be out."""
        found = []
        for branch in self._near(place, LINES_WITHIN_M):
            row = self._grid.branches[branch]
            if row.kind in _LINES:
                out = branch < len(colours.state) and int(colours.state[branch]) >= UNCERTAIN
                found.append((*self._at[row.from_node], *self._at[row.to_node], out))
                if len(found) == MOST_LINES:
                    break
        return found

    def devices(self, place: Place) -> Iterator[tuple[str, str, str, int]]:
        """Yield the devices near a place, the nearest first: id, class, the number painted on it, metres."""
        count = 0
        for branch in self._near(place, DEVICES_WITHIN_M):
            row = self._grid.branches[branch]
            name = f"{row.kind}:{row.id}"
            if row.kind in _DEVICES and count < MOST_DEVICES and self.is_device(name):
                device = self.network.device(name)
                count += 1
                yield name, str(device.device_class), row.device_number, round(distance_m(place, device.place))

    def is_device(self, name: str) -> bool:
        """Answers whether something is a device of this network."""
        try:
            self.network.device(name)
        except KeyError:
            return False
        return True

    def number_of(self, name: str | None) -> str:
        """Return the number painted on a device; empty where there is none."""
        branch = None if name is None else self.network.ground.branch_of.get(name)
        return "" if branch is None else self._grid.branches[branch].device_number

    def _near(self, place: Place, within_m: float) -> Iterable[int]:
        return (self._branches[number] for _, number in self._nearby.within(place, within_m))
