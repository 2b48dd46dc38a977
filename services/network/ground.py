"""What of a grid stays whatever is switched: wires, normal trees, areas, customers, and what is near and numbered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from schemas.ids import AreaId, CustomerId, DeviceId, MeterId
from services.network.areas import Area, supply_areas
from services.network.devices import SWITCHED, DeviceClass, Found, find_devices, find_units, made_head
from services.network.heads import behind_stubs, carrying_all, with_breakers
from services.network.nearby import Nearby
from services.network.places import Place
from services.network.tables import CustomerRow, FeederRow, GridTables, Tier
from services.network.tree import NONE, Tree, draw_together, grow_normal, grow_present, wire

Deviations = tuple[tuple[str, bool], ...]
"""The switches that do not stand as they normally do, sorted, and whether each is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer, and the lowest device that feeds it.

    `feeder` is the one that feeds it in normal state. `device` is None when nothing does, which is allowed only for an
    inactive customer. `phases` and `service_point` are empty and `kva`, the connected load, is None where not known.
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
    tier: Tier
    life_support: bool
    phases: str
    kva: float | None
    service_point: str

    @property
    def place(self) -> Place:
        """Where the customer is."""
        return Place(self.lon, self.lat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What can be opened and closed: a switch, tie or transformer of the data, or a head that was made.

    `kind` is its class as a device. `feeder`, `area` and `region` are those of the normal state. Both ends of a made
    head are the source node. `phases` are those of A, B and C that it carries, all three where nobody says.
    """

    id: str
    kind: DeviceClass
    closed: bool
    normally_closed: bool
    place: Place
    feeder: str
    area: AreaId
    region: str
    telemetered: bool
    device_number: str
    rated: float | None
    from_node: str
    to_node: str
    phases: str


class Ground:
    """The grid that the networks of all its switch states stand on."""

    def __init__(self, grid: GridTables, areas: tuple[Area, ...] | None = None) -> None:
        """Lay the ground; `areas` are its supply areas where they have names already.

        Raises ValueError when the normal state is not radial.
        """
        self.grid = grid
        self.areas: tuple[Area, ...] = supply_areas(grid) if areas is None else areas
        self.area_of_feeder = {feeder: area.id for area in self.areas for feeder in area.feeders}
        self._feeder = {row.feeder: row for row in grid.feeders}
        self._normally = [row.normally_closed for row in grid.branches]
        wires = wire(grid)
        sources = [wires.node_index[row.source_node] for row in grid.feeders]
        normal = grow_normal(wires, sources, self._normally)
        if normal.closing:
            branch = grid.branches[normal.closing[0]]
            raise ValueError(f"the normal state is not radial: {branch.kind} {branch.id} closes a loop")
        switched = {branch for branch, row in enumerate(grid.branches) if row.kind in SWITCHED}
        self._wires, part = draw_together(wires, self._normally, switched)
        self._occupied = {self._wires.node_index[row.node] for row in grid.customers}
        self._units = find_units(grid, wires, normal, part)
        self._standing = {
            branch
            for branch in switched.intersection(normal.via)
            if self._units[branch].device_class is not DeviceClass.SWITCH
        }
        self._normal = self._grow(part[source] for source in sources)
        found = self._find(self._normal, self._standing)
        moved = behind_stubs(sources, wires, normal, self._units, found, self._occupied, part)
        if moved != sources:
            self._normal = self._grow(part[source] for source in moved)
            found = self._find(self._normal, self._standing)
        self._breakers = carrying_all(found, self._occupied)
        self.before_breakers = {
            place: self._breakers[device] for place, device in enumerate(found.at) if device in self._breakers
        }
        """The parts between a feeder's source and the breaker that speaks for them too, though it does not cut them off."""
        self.found = with_breakers(found, self._breakers)
        self.ties = tuple(sorted(unit.id for branch, unit in self._units.items() if not self._normally[branch]))
        self._branch: dict[str, int] = {unit.id: branch for branch, unit in self._units.items()}
        self._head: dict[str, FeederRow] = {made_head(row): row for row in grid.feeders}
        # Customers in the order of their ids; `active` are the ranks of those who can be out, parts beside both.
        rows = sorted(grid.customers, key=lambda row: row.customer)
        self.customers = tuple(self._customer(row, wires.node_index[row.node]) for row in rows)
        self.part_of_customer = [self._wires.node_index[row.node] for row in rows]
        self.rank = {customer.id: rank for rank, customer in enumerate(self.customers)}
        self.by_meter = {customer.meter: customer.id for customer in self.customers}
        active = [rank for rank, row in enumerate(rows) if row.active]
        self.active = np.array(active, dtype=np.int32)
        self.part_of_active = np.array([self.part_of_customer[rank] for rank in active], dtype=np.int32)

    def _grow(self, sources: Iterable[int]) -> Tree:
        return grow_normal(self._wires, list(sources), self._normally)

    def _find(self, tree: Tree, standing: set[int]) -> Found:
        return find_devices(self.grid, self._wires, tree, self._units, standing, self.area_of_feeder)

    def _customer(self, row: CustomerRow, node: int) -> Customer:
        part = self._wires.node_index[row.node]
        fed_by = self._normal.feeder[part]
        return Customer(
            id=CustomerId(row.customer),
            meter=MeterId(row.meter),
            device=self.found.at[part],
            active=row.active,
            node=row.node,
            lon=self.grid.nodes[node].lon,
            lat=self.grid.nodes[node].lat,
            transformer=row.transformer,
            feeder=self.grid.feeders[fed_by].feeder if fed_by != NONE else row.feeder,
            level=row.level,
            tier=row.tier,
            life_support=row.life_support,
            phases=row.phases,
            kva=row.kva,
            service_point=row.service_point,
        )

    def deviations(self, positions: Mapping[str, bool]) -> Deviations:
        """Return what of these positions is not normal; a switch that the grid does not have is passed over."""
        known = sorted(each for each in positions if each in self._branch or each in self.found.devices)
        return tuple((each, positions[each]) for each in known if self._is_normally_closed(each) != positions[each])

    def _is_normally_closed(self, switch: str) -> bool:
        return switch in self._head or self._normally[self._branch[switch]]

    def present(self, deviations: Deviations) -> Found:
        """Return the devices as the grid is switched."""
        if not deviations:
            return self.found
        now = dict(deviations)
        standing = self._standing | {self._branch[each] for each in now if each in self._branch}
        closed, usual = list(self._normally), list(self._normally)
        for branch in standing:
            closed[branch] = now.get(self._units[branch].id, closed[branch])
            usual[branch] = usual[branch] and closed[branch]
        live = [now.get(head, True) for head in self._head]
        tree = grow_present(self._wires, self._normal, live=live, usual=usual, closed=closed)
        found = self._find(tree, standing)
        # A breaker no longer speaks for the stretch before it when something else is fed from there now.
        carrying = carrying_all(found, self._occupied).items() & self._breakers.items()
        return with_breakers(found, dict(carrying))

    @property
    def roots(self) -> tuple[tuple[int, int], ...]:
        """The feeders, as indices, each with the part of the grid at which it begins."""
        normal = self._normal
        return tuple((normal.feeder[part], part) for part in normal.order if normal.parent[part] == NONE)

    @property
    def part_of_node(self) -> Mapping[str, int]:
        """The part of the grid that each node belongs to: whatever is switched, a part is fed as a whole."""
        return self._wires.node_index

    def branch(self, switch: str) -> int:
        """Return the index of a switch or transformer among the branches."""
        return self._branch[switch]

    def region_of(self, switch: str) -> str:
        """Return the region of a switch or device, which is that of its feeder in normal state."""
        return self._feeder_of(switch).region

    def _feeder_of(self, switch: str) -> FeederRow:
        if switch in self._head:
            return self._head[switch]
        branch = self._branch[switch]
        fed = [self._normal.feeder[end] for end in (self._units[branch].part, *self._wires.ends[branch])]
        number = next((each for each in fed if each != NONE), None)
        return self._feeder[self.grid.branches[branch].feeder] if number is None else self.grid.feeders[number]

    def switch(self, switch: str, closed: bool | None) -> Switch:
        """Return the switch, which stands as it normally does when `closed` is None. Raises KeyError for no switch."""
        feeder = self._feeder_of(switch)
        normally = self._is_normally_closed(switch)
        row, unit = None, None
        if switch not in self._head:
            row, unit = self.grid.branches[self._branch[switch]], self._units[self._branch[switch]]
        return Switch(
            id=switch,
            kind=unit.device_class if unit else DeviceClass.BREAKER,
            closed=normally if closed is None else closed,
            normally_closed=normally,
            place=unit.place if unit else Place(feeder.lon, feeder.lat),
            feeder=feeder.feeder,
            area=self.area_of_feeder[feeder.feeder],
            region=feeder.region,
            telemetered=row is not None and row.telemetered,
            device_number=row.device_number if row else "",
            rated=row.rated if row else None,
            from_node=row.from_node if row else feeder.source_node,
            to_node=row.to_node if row else feeder.source_node,
            phases="".join(each for each in "ABC" if row is not None and each in row.phases) or "ABC",
        )

    @cached_property
    def transformers(self) -> tuple[list[DeviceId], Nearby]:
        """The transformers that are fed in normal state, sorted, and where they are."""
        fed = sorted(
            (device.id, device.place)
            for device in self.found.devices.values()
            if device.device_class is DeviceClass.TRANSFORMER
        )
        return [device for device, _ in fed], Nearby([(place, place) for _, place in fed])

    @cached_property
    def branches(self) -> tuple[list[int], Nearby]:
        """The branches that something feeds in normal state at an end, as indices, and where they are."""
        at = {row.node: Place(row.lon, row.lat) for row in self.grid.nodes}
        fed = [
            branch
            for branch, ends in enumerate(self._wires.ends)
            if any(self.found.at[end] is not None for end in ends)
        ]
        rows = [self.grid.branches[branch] for branch in fed]
        return fed, Nearby([(at[row.from_node], at[row.to_node]) for row in rows])

    @cached_property
    def poles(self) -> dict[str, list[int]]:
        """The parts of the grid at each pole that has a number."""
        parts: dict[str, list[int]] = {}
        for row in self.grid.nodes:
            if row.pole:
                parts.setdefault(row.pole, []).append(self._wires.node_index[row.node])
        return parts

    @cached_property
    def numbered(self) -> dict[str, int]:
        """The branch that each painted number is on."""
        return {row.device_number: branch for branch, row in enumerate(self.grid.branches) if row.device_number}

    @cached_property
    def service_points(self) -> dict[str, CustomerId]:
        """The customer at each service point; of several, the last one who is active."""
        named = [customer for customer in self.customers if customer.service_point]
        named.sort(key=lambda customer: customer.active)
        return {customer.service_point: customer.id for customer in named}

    @cached_property
    def parts_of_branches(self) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
        """The parts of the grid that each branch joins, (branches, 2); within a part both are that part."""
        return np.array(self._wires.ends, dtype=np.int32).reshape(-1, 2)

    @property
    def branch_of(self) -> Mapping[str, int]:
        """The index among the branches of each switch and transformer."""
        return self._branch

    def lowest_at(self, branch: int, found: Found) -> DeviceId | None:
        """Return the device that a branch is, or else the lowest one that feeds it."""
        if branch in self._units and self._units[branch].id in found.devices:
            return self._units[branch].id
        a, b = self._wires.ends[branch]
        return found.at[a] or found.at[b]
