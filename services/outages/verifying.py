"""Restoration is believed on evidence: which devices are live once a meter has spoken, and where the silence sits.

Customers with the same lowest device share its fate: one message from one of their meters proves power for all of them, and
for all who hang directly on a device above it. Silence proves nothing, but it has a place: the lowest device that all the
silent have in common without anybody behind it who has power.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from services.network import Network

WAIT_MS = 180_000
"""How long signs of restoration are awaited after a crew is done, work is completed, or switching has fed customers again."""
QUIET_MS = 600_000
"""How long a restored incident is kept open for late news."""


def live_devices(network: Network, device: str, tops: Collection[str]) -> list[str]:
    """Return the devices that a message from behind `device` proves live: itself and those above, up to the last of `tops`.

    `tops` are devices taken to have failed; nobody above the highest of them is in question. None of them on the way: none.
    """
    path = network.path_to_source(device)
    last = max((place for place, step in enumerate(path) if step in tops), default=-1)
    return list(path[: last + 1])


def silent_places(
    network: Network, tops: Collection[str] | None, out: Mapping[str, int], silent: Collection[str]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return where the silence sits: devices, sorted, each with the silent customers' devices it explains.

    `out` counts the customers still out, by their lowest device; `silent` are the devices whose customers gave no sign. It
    sits behind one of `tops`, or, where none of them is above, with the silent; None: anywhere.
    """
    dark: dict[str, int] = {}
    for device, count in out.items():
        for step in network.path_to_source(device):
            dark[step] = dark.get(step, 0) + count
    by_highest: dict[str, list[str]] = {}
    for device in sorted(silent):
        path = network.path_to_source(device)
        last = max((n for n, step in enumerate(path) if tops is None or step in tops), default=0)
        highest = device
        for step in path[1 : last + 1]:
            if dark.get(step, 0) < network.count_behind(step):
                break
            highest = step
        by_highest.setdefault(highest, []).append(device)
    places = []
    for highest, devices in by_highest.items():
        place = network.lowest_common(devices)
        places.append((place if place is not None else highest, tuple(devices)))
    return sorted(places)
