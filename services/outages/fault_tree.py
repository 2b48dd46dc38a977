"""The devices of a network as numbers: who is behind which, and how likely each is to fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from services.network import Network
    from services.outages.rates import Rates

KNEE_M = 6_000.0
"""A device that guards more line than this is not more exposed than its class, metres."""
SHORTEST_M = 300.0
"""No device is taken to guard less line than this: lengths are missing in many a utility's data."""
_LINES = frozenset({"breaker", "recloser", "fuse"})


@dataclass(frozen=True, slots=True, eq=False)
class FaultTree:
    """Devices by number, each before all that is behind it: `parent` (-1 at a feeder's head), `head`, `depth`; the `customers`
    behind each and how many of them are `metered`; and `share`, the part of all faults that are this device's.
    """

    parent: Sequence[int]
    head: Sequence[int]
    depth: NDArray[np.int64]
    customers: NDArray[np.int64]
    metered: NDArray[np.int64]
    share: NDArray[np.float64]
    feeder_share: Mapping[int, float]
    """The part of all faults that are of a feeder's devices, by its head."""
    everybody: int
    """All customers."""


def fault_tree(
    parent: Sequence[int],
    classes: Sequence[str],
    direct: Sequence[int],
    metered: Sequence[int],
    rates: Rates,
    guarded_m: Sequence[float] | None = None,
) -> FaultTree:
    """Return the tree of devices with these parents, classes, and customers who hang on each directly.

    A parent has a smaller number than its children. `guarded_m` is the length of line that a fault blows each device on, metres;
    None: not known. Raises ValueError where a parent comes after its child.
    """
    return _tree(parent, _behind(parent, direct), _behind(parent, metered), _shares(classes, rates, guarded_m))


def _tree(
    parent: Sequence[int], customers: NDArray[np.int64], metered: NDArray[np.int64], share: NDArray[np.float64]
) -> FaultTree:
    head, depth = list(range(len(parent))), [0] * len(parent)
    for device, upper in enumerate(parent):
        if upper >= device:
            raise ValueError(f"device {device} comes before {upper}, which feeds it")
        if upper >= 0:
            head[device], depth[device] = head[upper], depth[upper] + 1
    feeders: dict[int, float] = {}
    for top, part in zip(head, share.tolist(), strict=True):
        feeders[top] = feeders.get(top, 0.0) + part
    return FaultTree(
        parent=tuple(parent),
        head=tuple(head),
        depth=np.array(depth, dtype=np.int64),
        customers=customers,
        metered=metered,
        share=share,
        feeder_share=feeders,
        everybody=int(sum(customers[top] for top in feeders)),
    )


def tree_of(network: Network, rates: Rates, metered: NDArray[np.bool_], guarded_m: Mapping[str, float]) -> FaultTree:
    """Return the tree of a network's devices, numbered as `network.devices` are.

    `metered` goes with `network.customers`; `guarded_m` is the length of line by device.
    """
    number = {device.id: n for n, device in enumerate(network.devices)}
    parent = [-1 if device.parent is None else number[device.parent] for device in network.devices]
    classes = [device.device_class.value for device in network.devices]
    share = _shares(classes, rates, [guarded_m.get(device.id, 0.0) for device in network.devices])
    everybody = network.counts_behind(np.ones(len(network.customers), dtype=np.bool_))
    return _tree(parent, everybody, network.counts_behind(metered), share)


def _behind(parent: Sequence[int], direct: Sequence[int]) -> NDArray[np.int64]:
    counts = list(direct)
    for device in range(len(parent) - 1, -1, -1):
        if parent[device] >= 0:
            counts[parent[device]] += counts[device]
    return np.array(counts, dtype=np.int64)


def _shares(classes: Sequence[str], rates: Rates, guarded_m: Sequence[float] | None) -> NDArray[np.float64]:
    """Return each device's part of all faults. A short line fails seldom; the class stands for lengths that are not known."""
    many = Counter(classes)
    shares = [rates.mix.get(each, 0.0) / many[each] for each in classes]
    if guarded_m is None:
        weights = [rates.exposed.get(each, 1.0) for each in classes]
    else:
        pairs = zip(classes, guarded_m, strict=True)
        weights = [min(1.0, max(metres, SHORTEST_M) / KNEE_M) if each in _LINES else 1.0 for each, metres in pairs]
    weighed: NDArray[np.float64] = np.array(shares) * np.array(weights)
    return weighed
