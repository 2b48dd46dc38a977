"""The devices: what fails or opens as one unit, found in the trees as the grid is switched.

Breaker, recloser and fuse are switches of those types; every transformer is one too, by its fuse. A fuse behind a
transformer is an LV fuse. A knife switch or bypass protects nothing: it is a device only where it stands open though it
is closed in normal state, or where it is a tie that is closed.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from schemas.ids import AreaId, DeviceId
from services.network.places import Place
from services.network.tables import BranchKind, BranchRow, FeederRow, GridTables, SwitchType
from services.network.tree import NONE, Tree, Wires


class DeviceClass(enum.StrEnum):
    """What kind of device it is, from the source outwards; a switch is one that protects nothing."""

    BREAKER = "breaker"
    RECLOSER = "recloser"
    FUSE = "fuse"
    TRANSFORMER = "transformer"
    LV_FUSE = "lvFuse"
    SWITCH = "switch"


SWITCHED = frozenset({BranchKind.SWITCH, BranchKind.TRANSFORMER})
"""The kinds of branches that can be opened and closed."""
_SWITCHES = {
    SwitchType.BREAKER: DeviceClass.BREAKER,
    SwitchType.RECLOSER: DeviceClass.RECLOSER,
    SwitchType.FUSE: DeviceClass.FUSE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device. `parent` is the next one towards the source, None at a feeder's head; `feeder` is the one that feeds it.

    `made` is true for the head of a feeder whose breaker the data does not show: it stands for that breaker.
    """

    id: DeviceId
    device_class: DeviceClass
    parent: DeviceId | None
    place: Place
    feeder: str
    area: AreaId
    made: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A branch that can be switched: its name and class as a device, and the part and place where it is."""

    id: DeviceId
    device_class: DeviceClass
    part: int
    place: Place


@dataclass(slots=True)
class Found:
    """The devices by id, and for every part of the grid the lowest device that feeds it (None: nothing feeds it)."""

    devices: dict[DeviceId, Device]
    at: list[DeviceId | None]


def made_head(feeder: FeederRow) -> DeviceId:
    """Return the name of the head that is made for a feeder whose data shows no breaker."""
    return DeviceId(f"feeder:{feeder.feeder}")


def find_units(grid: GridTables, wires: Wires, normal: Tree, part: Sequence[int]) -> dict[int, Unit]:
    """Return the branches that can be switched, by index; `part` is the part of the grid that each node belongs to.

    What each is follows from the normal state and stays, however it is fed: it stands at its end towards the source, a
    tie at its first node.
    """
    upper = {normal.via[node]: normal.parent[node] for node in normal.order}
    low_voltage = bytearray(len(grid.nodes))
    for node in normal.order:
        if (parent := normal.parent[node]) != NONE:
            is_transformer = grid.branches[normal.via[node]].kind is BranchKind.TRANSFORMER
            low_voltage[node] = low_voltage[parent] or is_transformer
    units = {}
    for branch, row in enumerate(grid.branches):
        if row.kind in SWITCHED:
            node = upper.get(branch, wires.ends[branch][0])
            units[branch] = Unit(
                DeviceId(f"{row.kind}:{row.id}"),
                _class_of(row, low_voltage=bool(low_voltage[node])),
                part[node],
                Place(grid.nodes[node].lon, grid.nodes[node].lat),
            )
    return units


def _class_of(branch: BranchRow, *, low_voltage: bool) -> DeviceClass:
    if branch.kind is BranchKind.TRANSFORMER:
        return DeviceClass.TRANSFORMER
    device_class = _SWITCHES.get(SwitchType(branch.type_code), DeviceClass.SWITCH)
    return DeviceClass.LV_FUSE if device_class is DeviceClass.FUSE and low_voltage else device_class


def find_devices(
    grid: GridTables,
    wires: Wires,
    tree: Tree,
    units: Mapping[int, Unit],
    standing: Collection[int],
    area_of_feeder: Mapping[str, AreaId],
) -> Found:
    """Return the devices of a tree with a head made for every feeder; `standing` are the units that are devices now.

    One that the tree does not run through (it stands open between two parts that are fed, or closes a loop) hangs
    where it does in normal state, a tie at its first end that is fed, with nobody behind it.
    """
    devices: dict[DeviceId, Device] = {}
    at: list[DeviceId | None] = [None] * len(wires.at)
    areas = [area_of_feeder[row.feeder] for row in grid.feeders]

    def hang(unit: Unit, node: int) -> DeviceId:
        feeder = tree.feeder[node]
        devices[unit.id] = Device(
            id=unit.id,
            device_class=unit.device_class,
            parent=at[node],
            place=unit.place,
            feeder=grid.feeders[feeder].feeder,
            area=areas[feeder],
        )
        return unit.id

    heads = [made_head(row) for row in grid.feeders]
    for row, head, area in zip(grid.feeders, heads, areas, strict=True):
        devices[head] = Device(
            id=head,
            device_class=DeviceClass.BREAKER,
            parent=None,
            place=Place(row.lon, row.lat),
            feeder=row.feeder,
            area=area,
            made=True,
        )
    for node in tree.order:
        parent, branch = tree.parent[node], tree.via[node]
        if parent == NONE:
            at[node] = heads[tree.feeder[node]]
        else:
            at[node] = hang(units[branch], parent) if branch in standing else at[parent]
    for branch in sorted(standing):
        if (unit := units[branch]).id not in devices:
            fed = [end for end in (unit.part, *wires.ends[branch]) if at[end] is not None]
            if fed:
                hang(unit, fed[0])
    return Found(devices, at)
