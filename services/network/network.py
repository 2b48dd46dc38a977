"""The network: devices in preorder and customers ordered by device, so that whoever is behind a device is a slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from schemas.ids import AreaId, CustomerId, DeviceId, MeterId
from services.network.areas import Area, supply_areas
from services.network.devices import Device, find_devices
from services.network.places import Place
from services.network.tree import grow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.network.tables import GridTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer, and the lowest protective device that feeds it.

    `feeder` is the one that feeds it in normal state. `device` is None when nothing does, which is allowed only for an
    inactive customer.
    """

    id: CustomerId
    meter: MeterId
    device: DeviceId | None
    active: bool
    node: str
    lon: float
    lat: float
    transformer: str
    feeder: str
    level: str

    @property
    def place(self) -> Place:
        """Where the customer is."""
        return Place(self.lon, self.lat)


class Network:
    """A utility's grid in normal state (open ties excluded); nothing in it changes after it is built.

    *Behind* a device are the device itself and all that its opening cuts off. Customers counted or listed behind a
    device are the active ones: an account that was closed cannot be out. Unknown ids raise KeyError.
    """

    __slots__ = (
        "_area_of_feeder", "_behind", "_by_meter", "_children", "_customer", "_customer_ids", "_device", "_end",
        "_first", "_last", "_number", "areas", "customers", "devices", "remarks",
    )  # fmt: skip

    areas: tuple[Area, ...]
    """The supply areas, in the order of their ids."""
    devices: tuple[Device, ...]
    """Every device, each directly before all that is behind it; siblings by id."""
    customers: tuple[Customer, ...]
    """Every customer, inactive ones too, by id."""
    remarks: tuple[str, ...]
    """What was assumed because the data does not say it, in sentences."""

    def __init__(self, grid: GridTables) -> None:
        """Build the network. Raises ValueError when the normal state is not radial."""
        tree = grow(grid)
        if tree.closing:
            branch = grid.branches[tree.closing[0]]
            raise ValueError(f"the normal state is not radial: {branch.kind} {branch.id} closes a loop")
        self.areas = supply_areas(grid)
        self._area_of_feeder = {feeder: area.id for area in self.areas for feeder in area.feeders}
        found, device_at = find_devices(grid, tree, self._area_of_feeder)
        self._children = _children(found)
        self.devices, self._end = _preorder(found, self._children)
        self._device = {device.id: device for device in self.devices}
        self._number = {device.id: number for number, device in enumerate(self.devices)}
        self.remarks = tuple(
            f"Feeder {device.feeder}: the data shows no breaker at its head, one was assumed ({device.id})."
            for device in self.devices
            if device.made
        )
        customers = []
        for row in grid.customers:
            at = tree.node_index[row.node]
            fed_by = tree.feeder[at]
            customers.append(
                Customer(
                    id=CustomerId(row.customer),
                    meter=MeterId(row.meter),
                    device=device_at[at],
                    active=row.active,
                    node=row.node,
                    lon=grid.nodes[at].lon,
                    lat=grid.nodes[at].lat,
                    transformer=row.transformer,
                    feeder=grid.feeders[fed_by].feeder if fed_by >= 0 else row.feeder,
                    level=row.level,
                )
            )
        self.customers = tuple(sorted(customers, key=lambda customer: customer.id))
        self._customer_ids = tuple(customer.id for customer in self.customers)
        self._customer = dict(zip(self._customer_ids, self.customers, strict=True))
        self._by_meter = {customer.meter: customer.id for customer in self.customers}
        # Ranks of the active customers in the order of their devices: behind device d are those from _first[d] on,
        # up to _last[d].
        served = [
            (self._number[customer.device], rank)
            for rank, customer in enumerate(self.customers)
            if customer.active and customer.device is not None
        ]
        served.sort()
        numbers = np.array([number for number, _ in served], dtype=np.int32)
        self._behind = np.array([rank for _, rank in served], dtype=np.int32)
        self._behind.setflags(write=False)
        self._first: list[int] = np.searchsorted(numbers, np.arange(len(self.devices))).tolist()
        self._last: list[int] = np.searchsorted(numbers, self._end).tolist()

    def device(self, device: str) -> Device:
        """Return the device of this id."""
        return self._device[DeviceId(device)]

    def children(self, device: str) -> tuple[DeviceId, ...]:
        """Return the devices directly behind this one, sorted."""
        return self._children[self.device(device).id]

    def customer(self, customer: str) -> Customer:
        """Return the customer of this id."""
        return self._customer[CustomerId(customer)]

    def by_meter(self, meter: str) -> CustomerId | None:
        """Return whose meter this is; None when the utility has no such meter."""
        return self._by_meter.get(MeterId(meter))

    def customer_device(self, customer: str) -> DeviceId:
        """Return the lowest device that feeds the customer. Raises KeyError also for one whom nothing feeds."""
        device = self.customer(customer).device
        if device is None:
            raise KeyError(customer)
        return device

    def customers_behind(self, device: str) -> tuple[CustomerId, ...]:
        """Return the active customers behind the device, sorted."""
        number = self._number[DeviceId(device)]
        ranks = np.sort(self._behind[self._first[number] : self._last[number]])
        ids = self._customer_ids
        return tuple([ids[rank] for rank in ranks.tolist()])

    def count_behind(self, device: str) -> int:
        """Return how many active customers are behind the device, in constant time."""
        number = self._number[DeviceId(device)]
        return self._last[number] - self._first[number]

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
        return self._area_of_feeder[self.customer(device_or_customer).feeder]


def _children(found: Mapping[DeviceId, Device]) -> dict[DeviceId | None, tuple[DeviceId, ...]]:
    lists: dict[DeviceId | None, list[DeviceId]] = {None: [], **{device: [] for device in found}}
    for device in sorted(found):
        lists[found[device].parent].append(device)
    return {device: tuple(children) for device, children in lists.items()}


def _preorder(
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
