"""The grid as the inference sees it: in every switch state, with who hangs on what, and what each customer is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from schemas.ids import derived
from services.network import Network
from services.network.tables import Tier
from services.outages.fault_tree import FaultTree, tree_of
from services.outages.rates import USUAL, Rates
from services.switching.circuit import Circuit
from services.switching.loads import Assumed, Wiring

_KEPT = 16
_IMPORTANT = frozenset({Tier.IMPORTANT, Tier.LARGE})


class Seat(NamedTuple):
    """What the ledger keeps of a customer: his place in normal state, and what depends on him."""

    feeder: str
    region: str
    tier: str
    kva: float | None
    life_support: bool


NOWHERE = Seat("", "", Tier.RESIDENTIAL.value, None, life_support=False)
"""Of a customer whom the utility does not have any more."""


class Spot(NamedTuple):
    """Where a device is and what it is."""

    lon: float
    lat: float
    region: str
    feeder: str
    device_class: str


class Grid:
    """The networks of all switch states of one utility; nothing in it changes but what is kept at hand."""

    def __init__(self, normal: Network, rates: Rates = USUAL) -> None:
        self.normal = normal
        self.rates = rates
        self.life_support = frozenset(c.id for c in normal.customers if c.life_support)
        self.important = frozenset(c.id for c in normal.customers if c.tier in _IMPORTANT)
        self.version = derived(
            "network", *(f"{c.id} {c.device}" for c in normal.customers), *(d.id for d in normal.devices)
        )
        self._direct: OrderedDict[int, tuple[object, dict[str, tuple[str, ...]]]] = OrderedDict()
        self._trees: OrderedDict[int, tuple[object, FaultTree]] = OrderedDict()
        self._metered = np.array([bool(each.meter) for each in normal.customers], dtype=np.bool_)
        self._without_meter = frozenset(each.id for each in normal.customers if not each.meter)

    def direct(self, network: Network) -> Mapping[str, tuple[str, ...]]:
        """Return the active customers who hang on each device directly, in this state of the grid."""
        key = id(network.customers)  # states that feed everybody alike share them
        kept = self._direct.get(key)
        if kept is None:
            lists: dict[str, list[str]] = {}
            for customer in network.customers:
                if customer.active and customer.device is not None:
                    lists.setdefault(customer.device, []).append(customer.id)
            # They are kept with the answer: as long as they are, nothing else has their identity.
            kept = network.customers, {device: tuple(customers) for device, customers in lists.items()}
            self._direct[key] = kept
        self._direct.move_to_end(key)
        while len(self._direct) > _KEPT:
            self._direct.popitem(last=False)
        return kept[1]

    def tree(self, network: Network) -> FaultTree:
        """Return the devices of this state of the grid as numbers, with how likely each is to fail."""
        key = id(network.devices)  # shared like the customers
        kept = self._trees.get(key)
        if kept is None:
            kept = network.devices, tree_of(network, self.rates, self._metered, self._guarded_m)
            self._trees[key] = kept
        self._trees.move_to_end(key)
        while len(self._trees) > _KEPT:
            self._trees.popitem(last=False)
        return kept[1]

    @cached_property
    def _guarded_m(self) -> Mapping[str, float]:
        return {str(device): metres for device, metres in self.normal.guarded_m().items()}

    @cached_property
    def circuit(self) -> Circuit:
        """The grid as switching sees it."""
        return Circuit(self.normal)

    @cached_property
    def wiring(self) -> Wiring:
        """What the grid's lines and transformers may carry, with load as it is estimated where nobody says another way."""
        return Wiring(self.circuit, Assumed())

    def get_ready(self) -> None:
        """Have what switching is reckoned with at hand, which no first decision of a storm should wait for."""
        _ = self.wiring, self.beside_ties

    @cached_property
    def beside_ties(self) -> frozenset[str]:
        """The lowest devices that feed the ends of the ties in normal state."""
        ground = self.normal.ground
        ends = {int(part) for tie in ground.ties for part in ground.parts_of_branches[ground.branch(tie)]}
        return frozenset(str(device) for part in ends if (device := ground.found.at[part]) is not None)

    def __contains__(self, customer: str) -> bool:
        """Answers whether the utility has such a customer, and something feeds him."""
        try:
            return self.normal.customer(customer).device is not None
        except KeyError:
            return False

    def is_metered(self, customer: str) -> bool:
        """Answers whether a customer has a meter that can be heard."""
        return customer not in self._without_meter

    def seat(self, customer: str) -> Seat:
        """Return what the ledger keeps of a customer."""
        try:
            known = self.normal.customer(customer)
            region = self.normal.region_of(self.normal.customer_device(customer))
        except KeyError:
            return NOWHERE
        return Seat(known.feeder, region, known.tier.value, known.kva, known.life_support)

    def spot(self, device: str) -> Spot:
        """Return where a device or switch is, in whatever state. Raises KeyError."""
        switch = self.normal.switch(device)
        return Spot(switch.place.lon, switch.place.lat, switch.region, switch.feeder, switch.kind.value)

    def region(self, device: str | None, area: str) -> str:
        """Return the region in which a device is dispatched; without one, where the area's first device is."""
        if device is None:
            device = min(each.id for each in self.normal.devices if each.area == area)
        return self.normal.region_of(device)

    def in_area(self, device: str, area: str) -> bool:
        """Answers whether there is such a device or switch in the area."""
        try:
            return self.normal.switch(device).area == area
        except KeyError:
            return False

    def is_device(self, device: str) -> bool:
        """Answers whether this is a device in normal state."""
        try:
            self.normal.device(device)
        except KeyError:
            return False
        return True
