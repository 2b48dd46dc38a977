"""The protective devices: what fails or opens as one unit, found in the tree of the normal state.

Breaker, recloser and fuse are switches of those types; every transformer is one too, by its fuse. A fuse behind a
transformer is an LV fuse. Knife switches and bypasses protect nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemas.ids import AreaId, DeviceId
from services.network.places import Place
from services.network.tables import BranchKind, BranchRow, GridTables, SwitchType
from services.network.tree import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.network.tree import Tree


class DeviceClass(enum.StrEnum):
    """What kind of device it is, from the source outwards."""

    BREAKER = "breaker"
    RECLOSER = "recloser"
    FUSE = "fuse"
    TRANSFORMER = "transformer"
    LV_FUSE = "lvFuse"


_SWITCHES = {
    SwitchType.BREAKER: DeviceClass.BREAKER,
    SwitchType.RECLOSER: DeviceClass.RECLOSER,
    SwitchType.FUSE: DeviceClass.FUSE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A protective device. `parent` is the next one towards the source, None at a feeder's head.

    `made` is true for the head of a feeder whose breaker the data does not show: it stands for that breaker.
    """

    id: DeviceId
    device_class: DeviceClass
    parent: DeviceId | None
    place: Place
    feeder: str
    area: AreaId
    made: bool = False


def find_devices(
    grid: GridTables, tree: Tree, area_of_feeder: Mapping[str, AreaId]
) -> tuple[dict[DeviceId, Device], list[DeviceId | None]]:
    """Return the devices by id, and for every node the lowest device that feeds it (None: nothing feeds it)."""
    found: dict[DeviceId, Device] = {}
    at_node: list[DeviceId | None] = [None] * len(grid.nodes)
    behind_transformer = bytearray(len(grid.nodes))
    heads: list[DeviceId] = []
    for feeder in grid.feeders:
        head = DeviceId(f"feeder:{feeder.feeder}")
        heads.append(head)
        at_node[tree.node_index[feeder.source_node]] = head
        found[head] = Device(
            id=head,
            device_class=DeviceClass.BREAKER,
            parent=None,
            place=Place(feeder.lon, feeder.lat),
            feeder=feeder.feeder,
            area=area_of_feeder[feeder.feeder],
            made=True,
        )
    for node in tree.order:
        parent = tree.parent[node]
        if parent == NONE:
            continue
        branch = grid.branches[tree.via[node]]
        device_class = _class_of(branch, low_voltage=bool(behind_transformer[parent]))
        behind_transformer[node] = behind_transformer[parent] or device_class is DeviceClass.TRANSFORMER
        if device_class is None:
            at_node[node] = at_node[parent]
            continue
        device = DeviceId(f"{branch.kind}:{branch.id}")
        feeder = grid.feeders[tree.feeder[node]]
        found[device] = Device(
            id=device,
            device_class=device_class,
            parent=at_node[parent],
            place=Place(grid.nodes[parent].lon, grid.nodes[parent].lat),
            feeder=feeder.feeder,
            area=area_of_feeder[feeder.feeder],
        )
        at_node[node] = device
    return _with_real_heads(grid, tree, found, at_node, heads)


def _class_of(branch: BranchRow, *, low_voltage: bool) -> DeviceClass | None:
    if branch.kind is BranchKind.TRANSFORMER:
        return DeviceClass.TRANSFORMER
    if branch.kind is not BranchKind.SWITCH:
        return None
    device_class = _SWITCHES.get(SwitchType(branch.type_code))
    return DeviceClass.LV_FUSE if device_class is DeviceClass.FUSE and low_voltage else device_class


def _with_real_heads(
    grid: GridTables,
    tree: Tree,
    found: dict[DeviceId, Device],
    at_node: list[DeviceId | None],
    heads: Sequence[DeviceId],
) -> tuple[dict[DeviceId, Device], list[DeviceId | None]]:
    """Let the feeder's breaker of the data take the place of the head that was made, where there is one.

    Either the whole feeder hangs on one breaker, or the source node is given as the outgoing side of the breaker: then
    the breaker looks like a stub at the source with nobody behind it.
    """
    below: dict[DeviceId | None, list[Device]] = {}
    for device in found.values():
        below.setdefault(device.parent, []).append(device)
    customers_at = {at_node[tree.node_index[row.node]] for row in grid.customers}
    stands_for: dict[DeviceId | None, DeviceId | None] = {}
    stubs: set[DeviceId] = set()
    sources = {tree.node_index[row.source_node] for row in grid.feeders}
    at_source = {at_node[node] for node in tree.order if tree.parent[node] in sources}
    for head in heads:
        children = below.get(head, [])
        breakers = [child.id for child in children if child.device_class is DeviceClass.BREAKER]
        idle = [each for each in breakers if each in at_source and each not in below and each not in customers_at]
        if breakers and len(children) == 1 and head not in customers_at:
            stands_for[head] = None
        elif len(idle) == 1:
            stands_for[head] = idle[0]
            stubs.add(idle[0])
    if not stands_for:
        return found, at_node
    kept: dict[DeviceId, Device] = {}
    for device in found.values():
        if device.id in stands_for:
            continue
        parent = None if device.id in stubs else stands_for.get(device.parent, device.parent)
        kept[device.id] = replace(device, parent=parent)
    return kept, [_stand_in(device, stands_for, below) for device in at_node]


def _stand_in(
    device: DeviceId | None,
    stands_for: Mapping[DeviceId | None, DeviceId | None],
    below: Mapping[DeviceId | None, Sequence[Device]],
) -> DeviceId | None:
    if device not in stands_for:
        return device
    # Nobody is on the stretch between the source and a breaker that carries the whole feeder: it speaks for both.
    return stands_for[device] or below[device][0].id
