"""The heads of feeders: which breaker of the data, if any, is the one at a feeder's head.

Either the whole feeder hangs on one breaker, or the source node is given as the outgoing side of the breaker: then the
breaker looks like a stub at the source with nobody behind it. Where neither holds, a head is made.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from schemas.ids import DeviceId
from services.network.devices import Device, DeviceClass, Found, Unit
from services.network.tree import Tree, Wires


def carrying_all(found: Found, occupied: Collection[int]) -> dict[DeviceId, DeviceId]:
    """Return, by the head made for it, the breaker of each feeder on which all of the feeder hangs.

    `occupied` are the parts that have customers: nobody may be on the stretch between the source and the breaker.
    """
    lists = _below(found)
    with_customers = {found.at[each] for each in occupied}
    return {
        device.id: lists[device.id][0].id
        for device in found.devices.values()
        if device.made and device.id not in with_customers
        and [each.device_class for each in lists.get(device.id, ())] == [DeviceClass.BREAKER]
    }  # fmt: skip


def behind_stubs(
    sources: Sequence[int],
    wires: Wires,
    normal: Tree,
    units: Mapping[int, Unit],
    found: Found,
    occupied: Collection[int],
    part: Sequence[int],
) -> list[int]:
    """Return the source nodes with each that has its breaker drawn as a stub replaced by the far side of the breaker.

    Seen from there all of the feeder hangs on the breaker. Of two such stubs neither is the feeder's.
    """
    lists = _below(found)
    with_customers = {found.at[each] for each in occupied}
    carried = carrying_all(found, occupied)
    moved = []
    for source in sources:
        stubs = [
            node
            for node, branch in wires.at[source]
            if normal.via[node] == branch
            and branch in units
            and units[branch].device_class is DeviceClass.BREAKER
            and units[branch].id not in lists
            and units[branch].id not in with_customers
        ]
        idle = len(stubs) == 1 and found.at[part[source]] not in carried
        moved.append(stubs[0] if idle else source)
    return moved


def with_breakers(found: Found, breakers: Mapping[DeviceId, DeviceId]) -> Found:
    """Let these breakers take the places of the heads that were made: each speaks for the stretch before it too."""
    own = set(breakers.values())
    return Found(
        {
            device.id: replace(device, parent=None) if device.id in own else device
            for device in found.devices.values()
            if device.id not in breakers
        },
        [device if device is None else breakers.get(device, device) for device in found.at],
    )


def _below(found: Found) -> dict[DeviceId | None, list[Device]]:
    """Return the devices directly below each that has any."""
    lists: dict[DeviceId | None, list[Device]] = {}
    for device in found.devices.values():
        lists.setdefault(device.parent, []).append(device)
    return lists
