"""Whose customers were without power longest in the last year: their outages weigh a little more in a plan.

It is reckoned outside the stage, from the ledger, and comes in as a fact, so that a replay decides by what was known then.
"""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import msgspec

from services.dispatch.reasons import Reason
from services.engine.turn import Entity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.engine.turn import Turn
    from services.network.network import Network

Minutes: TypeAlias = tuple[tuple[str, int], ...]
"""The mean minutes without power of the customers behind a device, for some devices, sorted by device."""

YEAR_MS = 365 * 24 * 3_600_000
MOST_DEVICES = 2_000
"""Of each region so many devices are told at most, those whose customers were out longest."""
_MINUTE_MS = 60_000


class HardshipSet(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="dispatch.hardshipSet.v1"):
    """A fact: behind which devices of a region customers were out longer, in the last year, than those of the utility were."""

    minutes: Minutes


class Hardship(Entity, frozen=True, kw_only=True):
    """What was said last of a region's worst served customers; `id` is the region, `worst` the most minutes of a device."""

    kind: ClassVar[str] = "hardship"

    minutes: Minutes = ()
    worst: int = 0

    def minutes_of(self, device: str | None) -> int:
        """Return the minutes of a device; 0 where nothing is known."""
        if device is None:
            return 0
        at = bisect.bisect_left(self.minutes, device, key=itemgetter(0))
        return self.minutes[at][1] if at < len(self.minutes) and self.minutes[at][0] == device else 0


def fairer(weight: int, device: str | None, hardship: Hardship | None, most_per_mille: int) -> int:
    """Return what customers weigh who lie behind a device: up to so many thousandths more, in proportion to their minutes.

    Whole numbers: less than half of the smallest weight counts nothing.
    """
    if hardship is None or not hardship.worst:
        return weight
    whole = 1000 * hardship.worst
    return weight + (weight * most_per_mille * hardship.minutes_of(device) + whole // 2) // whole


def set_hardship(turn: Turn) -> None:
    """Take what this turn's facts say of the worst served: it holds for the whole turn, and the last word stands."""
    for fact in turn.facts:
        if isinstance(fact.what, HardshipSet):
            minutes = fact.what.minutes
            told = Hardship(id=turn.shard, minutes=minutes, worst=max((each for _, each in minutes), default=0))
            turn.put(told)
            turn.note(told, "set", Reason.HARDSHIP_SET, [fact.id])


def worst_served(
    network: Network, out_ms: Mapping[str, int], regions: Sequence[str], most: int = MOST_DEVICES
) -> dict[str, Minutes]:
    """Return for each of these regions the devices behind which customers were out longer, on average, than all of the utility.

    `out_ms` is how long each customer was out, milliseconds; who is missing never was. A customer counts, with whatever it
    was that failed, behind every device that feeds it in the network's state; only active customers do. Of each region at most
    so many devices are returned, those with the most minutes.
    """
    lost: Counter[str] = Counter()
    served: Counter[str] = Counter()
    for customer in network.customers:
        if customer.active and customer.device is not None:
            lost[customer.device] += out_ms.get(customer.id, 0)
            served[customer.device] += 1
    all_lost, all_served = lost.total(), served.total()
    for device in reversed(network.devices):  # each is met after all that is behind it
        if device.parent is not None:
            lost[device.parent] += lost[device.id]
            served[device.parent] += served[device.id]
    worse: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for device in network.devices:
        customers = served[device.id]
        if lost[device.id] * all_served > all_lost * customers:
            minutes = lost[device.id] // (customers * _MINUTE_MS)
            if minutes:
                worse[network.region_of(device.id)].append((device.id, minutes))
    return {region: _worst(worse[region], most) for region in regions}


def _worst(devices: Sequence[tuple[str, int]], most: int) -> Minutes:
    return tuple(sorted(sorted(devices, key=lambda each: (-each[1], each[0]))[:most]))
