"""The network: devices in preorder and customers ordered by device, so that whoever is behind a device is a slice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from schemas.ids import AreaId, CustomerId, DeviceId, MeterId
from services.network.areas import Area, grid_of_area
from services.network.devices import Device
from services.network.ground import Customer, Deviations, Ground, Switch
from services.network.places import Place
from services.network.tables import BranchKind, GridTables

LINES = frozenset({BranchKind.MV_LINE, BranchKind.LV_LINE})
_KEPT = 16
"""So many switch states of a grid are kept at hand besides the normal one."""


class Network:
    """A utility's grid as it is switched; nothing in it changes after it is built.

    In normal state the open ties are excluded. `present` answers for another state: what closed ties feed is behind
    what feeds it now; what an open switch has cut off, and no other way feeds, stays behind that switch. The devices of
    the normal state are there in every state, with the same ids, and so are areas and customers.

    *Behind* a device are the device itself and all that its opening cuts off, or has cut off. Customers counted or
    listed behind a device are the active ones: an account that was closed cannot be out. Unknown ids raise KeyError.
    """

    __slots__ = (
        "_behind", "_children", "_device", "_end", "_first", "_found", "_ground", "_last", "_number", "_numbers_behind",
        "_open_above", "_states", "areas", "customers", "devices", "positions", "remarks",
    )  # fmt: skip

    areas: tuple[Area, ...]
    """The supply areas, in the order of their ids."""
    devices: tuple[Device, ...]
    """Every device, each directly before all that is behind it; siblings by id."""
    customers: tuple[Customer, ...]
    """Every customer, inactive ones too, by id."""
    positions: Mapping[str, bool]
    """The switches that do not stand as they normally do, and whether each is closed."""
    remarks: tuple[str, ...]
    """What was assumed because the data does not say it, in sentences."""

    def __init__(self, grid: GridTables, positions: Mapping[str, bool] | None = None) -> None:
        """Build the network. Raises ValueError when the normal state is not radial."""
        ground = Ground(grid)
        self._build(ground, ground.deviations(positions or {}), OrderedDict())

    def _build(self, ground: Ground, deviations: Deviations, states: OrderedDict[Deviations, Network]) -> None:
        self._ground, self._states = ground, states
        states[deviations] = self
        self.positions = MappingProxyType(dict(deviations))
        self.areas = ground.areas
        self._found = found = ground.present(deviations)
        self._children = children_of(found.devices)
        self.devices, self._end = preorder(found.devices, self._children)
        self._device = {device.id: device for device in self.devices}
        self._number = {device.id: number for number, device in enumerate(self.devices)}
        self._open_above = self._find_open()
        self.remarks = tuple(
            f"Feeder {device.feeder}: the data shows no breaker at its head, one was assumed ({device.id})."
            for device in sorted(ground.found.devices.values(), key=lambda device: device.id)
            if device.made
        )
        self._numbers_behind: dict[str, int] = {}
        moved = {part for part, device in enumerate(found.at) if device != ground.found.at[part]}
        self.customers = tuple(
            replace(customer, device=found.at[part]) if part in moved else customer
            for customer, part in zip(ground.customers, ground.part_of_customer, strict=True)
        )
        # Ranks of the active customers in the order of their devices: behind device d are those from _first[d] on,
        # up to _last[d].
        lowest = np.array([-1 if device is None else self._number[device] for device in found.at], dtype=np.int32)
        fed = lowest[ground.part_of_active]
        order = np.argsort(fed, kind="stable")[np.count_nonzero(fed < 0) :]
        numbers = fed[order]
        self._behind = ground.active[order]
        self._behind.setflags(write=False)
        self._first: list[int] = np.searchsorted(numbers, np.arange(len(self.devices))).tolist()
        self._last: list[int] = np.searchsorted(numbers, self._end).tolist()

    def _find_open(self) -> list[DeviceId | None]:
        """Return for each device the highest one that stands open on its way to the source."""
        found: list[DeviceId | None] = []
        for device in self.devices:
            above = None if device.parent is None else found[self._number[device.parent]]
            stands_open = not self.positions.get(device.id, True)
            found.append(above or (device.id if stands_open else None))
        return found

    def _is_only_cut(self, deviations: Deviations) -> bool:
        """Answers whether these switches are devices of this normal state that were opened."""
        return all(not closed and switch in self._number for switch, closed in deviations)

    def _cut(self, deviations: Deviations) -> Network:
        """Return this normal state with devices of it opened: who is behind which stays as it is, for want of another way."""
        found = Network.__new__(Network)
        for name in Network.__slots__:
            setattr(found, name, getattr(self, name))
        found.positions = MappingProxyType(dict(deviations))
        found._open_above = found._find_open()  # noqa: SLF001 - a network of the same ground
        self._states[deviations] = found
        return found

    def present(self, positions: Mapping[str, bool]) -> Network:
        """Return the grid as it is switched when these switches stand so (True is closed) and all others as normally.

        Never raises: a switch that the grid does not have is passed over, and loops are allowed. The same positions
        give the same object while it is among those used last.
        """
        deviations = self._ground.deviations(positions)
        states = self._states
        found = states.get(deviations)
        if found is None:
            usual = states.get(())
            if usual is not None and usual._is_only_cut(deviations):  # noqa: SLF001 - a network of the same ground
                found = usual._cut(deviations)  # noqa: SLF001 - as above
            else:
                found = Network.__new__(Network)
                found._build(self._ground, deviations, states)  # noqa: SLF001 - as above
        states.move_to_end(deviations)
        if len(states) > _KEPT + 1:
            del states[next(each for each in states if each)]
        return found

    def alone(self, area: AreaId) -> Network:
        """Return the normal state of one supply area as a network of its own: what it says of the area is the same.

        Raises KeyError for an area that there is not.
        """
        only = next((each for each in self.areas if each.id == area), None)
        if only is None:
            raise KeyError(area)
        ground = Ground(grid_of_area(self._ground.grid, only), (only,))
        network = Network.__new__(Network)
        network._build(ground, (), OrderedDict())  # noqa: SLF001 - a network like this one
        return network

    @property
    def ground(self) -> Ground:
        """What of the grid stays whatever is switched."""
        return self._ground

    def device(self, device: str) -> Device:
        """Return the device of this id."""
        return self._device[DeviceId(device)]

    def children(self, device: str) -> tuple[DeviceId, ...]:
        """Return the devices directly behind this one, sorted."""
        return self._children[self.device(device).id]

    def customer(self, customer: str) -> Customer:
        """Return the customer of this id."""
        return self.customers[self._ground.rank[CustomerId(customer)]]

    def by_meter(self, meter: str) -> CustomerId | None:
        """Return whose meter this is; None when the utility has no such meter."""
        return self._ground.by_meter.get(MeterId(meter))

    def customer_device(self, customer: str) -> DeviceId:
        """Return the lowest device that feeds the customer. Raises KeyError also for one whom nothing feeds."""
        device = self.customer(customer).device
        if device is None:
            raise KeyError(customer)
        return device

    def number_behind(self, customer: str) -> int:
        """Return the place among `devices` of the lowest one that feeds the customer. Raises KeyError as `customer_device` does."""
        found = self._numbers_behind.get(customer)
        if found is None:
            found = self._numbers_behind[customer] = self._number[self.customer_device(customer)]
        return found

    def customers_behind(self, device: str) -> tuple[CustomerId, ...]:
        """Return the active customers behind the device, sorted."""
        number = self._number[DeviceId(device)]
        ranks = np.sort(self._behind[self._first[number] : self._last[number]])
        customers = self.customers
        return tuple([customers[rank].id for rank in ranks.tolist()])

    def count_behind(self, device: str) -> int:
        """Return how many active customers are behind the device, in constant time."""
        number = self._number[DeviceId(device)]
        return self._last[number] - self._first[number]

    def number_of(self, device: str) -> int:
        """Return the place of a device among `devices`."""
        return self._number[DeviceId(device)]

    def counts_behind(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many active customers of these are behind each device; `chosen` goes with `customers`."""
        counted = np.concatenate([[0], np.cumsum(chosen[self._behind])])
        return np.array(counted[self._last] - counted[self._first], dtype=np.int64)

    def is_behind(self, device: str, ancestor: str) -> bool:
        """Answers whether opening `ancestor` cuts `device` off; a device is behind itself."""
        upper = self._number[DeviceId(ancestor)]
        return upper <= self._number[DeviceId(device)] < self._end[upper]

    def path_to_source(self, device: str) -> tuple[DeviceId, ...]:
        """Return the device and all above it, from the lowest upwards to the feeder's head."""
        path = []
        step: DeviceId | None = self.device(device).id
        while step is not None:
            path.append(step)
            step = self._device[step].parent
        return tuple(path)

    def lowest_common(self, devices: Iterable[str]) -> DeviceId | None:
        """Return the lowest device that all of these are behind; None for two feeders, or when no device is given."""
        numbers = [self._number[DeviceId(device)] for device in devices]
        if not numbers:
            return None
        lowest, highest = min(numbers), max(numbers)
        step: DeviceId | None = self.devices[lowest].id
        # What is behind a device has consecutive numbers: the first and the last of them decide.
        while step is not None and self._end[self._number[step]] <= highest:
            step = self._device[step].parent
        return step

    def area_of(self, device_or_customer: str) -> AreaId:
        """Return the supply area of a device or a customer."""
        device = self._device.get(DeviceId(device_or_customer))
        if device is not None:
            return device.area
        return self._ground.area_of_feeder[self.customer(device_or_customer).feeder]

    def region_of(self, device: str) -> str:
        """Return the region in which a device or switch is dispatched: that of its feeder in normal state."""
        return self._ground.region_of(device)

    def is_fed(self, device: str) -> bool:
        """Answers whether neither the device nor anything on its way to the source stands open."""
        return self.open_above(device) is None

    def open_above(self, device: str) -> DeviceId | None:
        """Return the highest device that stands open on the way to the source, the device itself included."""
        return self._open_above[self._number[DeviceId(device)]]

    def switch(self, switch: str) -> Switch:
        """Return the switch, tie, transformer or made head of this id, as it stands."""
        return self._ground.switch(switch, self.positions.get(switch))

    @property
    def ties(self) -> tuple[str, ...]:
        """The switches that stand open in normal state, sorted."""
        return self._ground.ties

    def standing_for(self, switch: str) -> DeviceId | None:
        """Return the device that a switch is, or else the lowest one that feeds it; None when nothing does.

        So a knife switch or tie that is no device as it stands still has a place among the devices.
        """
        if (device := DeviceId(switch)) in self._device:
            return device
        return self._ground.lowest_at(self._ground.branch(switch), self._found)

    def guarded_m(self) -> dict[DeviceId, float]:
        """Return how much line a fault blows each device on, metres; a device that guards none is left out."""
        lengths: dict[DeviceId, float] = {}
        for branch, row in enumerate(self._ground.grid.branches):
            if (
                row.kind in LINES
                and row.length_m
                and (device := self._ground.lowest_at(branch, self._found)) is not None
            ):
                lengths[device] = lengths.get(device, 0.0) + row.length_m
        return lengths

    def nearest_transformers(self, place: Place, within_m: float) -> tuple[tuple[DeviceId, int], ...]:
        """Return the transformers within so many metres on the ground, nearest first, with the metres."""
        transformers, nearby = self._ground.transformers
        return tuple((transformers[number], round(metres)) for metres, number in nearby.within(place, within_m))

    def nearest_device(self, place: Place, within_m: float) -> tuple[DeviceId, int] | None:
        """Return the nearest device or, of the nearest line, the lowest device that feeds it, with the metres."""
        branches, nearby = self._ground.branches
        for metres, number in nearby.within(place, within_m):
            if (device := self._ground.lowest_at(branches[number], self._found)) is not None:
                return device, round(metres)
        return None

    def at_pole(self, pole: str) -> tuple[DeviceId, ...]:
        """Return the lowest devices that feed what is at the pole of this number, sorted; none for an unknown pole."""
        fed_by = {self._found.at[part] for part in self._ground.poles.get(pole, ())}
        return tuple(sorted(device for device in fed_by if device is not None))

    def by_number(self, device_number: str) -> DeviceId | None:
        """Return the device that the number is painted on, of a knife switch or tie the lowest device that feeds it."""
        branch = self._ground.numbered.get(device_number)
        return None if branch is None else self._ground.lowest_at(branch, self._found)

    def by_service_point(self, service_point: str) -> CustomerId | None:
        """Return the customer at this service point; None when the utility has no such point."""
        return self._ground.service_points.get(service_point)


def children_of(found: Mapping[DeviceId, Device]) -> dict[DeviceId | None, tuple[DeviceId, ...]]:
    """Return the devices directly behind each device, sorted; under None the heads of the feeders."""
    lists: dict[DeviceId | None, list[DeviceId]] = {None: [], **{device: [] for device in found}}
    for device in sorted(found):
        lists[found[device].parent].append(device)
    return {device: tuple(children) for device, children in lists.items()}


def preorder(
    found: Mapping[DeviceId, Device], children: Mapping[DeviceId | None, Sequence[DeviceId]]
) -> tuple[tuple[Device, ...], list[int]]:
    """Return the devices in preorder, and for each the number after the last one behind it."""
    order: list[Device] = []
    stack = list(reversed(children[None]))
    while stack:
        top = stack.pop()
        order.append(found[top])
        stack.extend(reversed(children[top]))
    sizes = dict.fromkeys((device.id for device in order), 1)
    for device in reversed(order):
        if device.parent is not None:
            sizes[device.parent] += sizes[device.id]
    return tuple(order), [number + sizes[device.id] for number, device in enumerate(order)]
