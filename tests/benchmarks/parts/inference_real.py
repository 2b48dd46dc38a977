"""Any device of a real network fails, some of those behind it call, and some who have power: is the device found?

The network is a utility folder that the product reads. *Right* is the device, or one that interrupts the same customers.
Beside the product stands a rule that knows no silence: the lowest common device of all who called. A stray lies outside, so with
strays that rule is never right.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from schemas.events import OutageReported, ReportKind
from services.clock import from_ms
from services.network import Network
from services.outages.entities import Incident
from services.outages.fault_tree import FaultTree, tree_of
from services.outages.rates import Rates
from services.outages.suspecting import Suspicions
from services.reports.premises import NONE
from services.utility.folder import read_folder
from streams.desk import Desk

BEGINS_MS = 1_772_323_200_000
MINUTE_MS = 60_000
DELAY_MEDIAN_MIN, DELAY_SIGMA, LAST_MIN = 12.0, 0.9, 120.0
USUAL_SHARE = 0.15
"""So many of those without power call in the end; of the levels that are counts these are the first."""
LOOKED_AFTER_MIN = 2.0
"""So long after the last call it is looked at what is believed."""
STRAY_SHARE = 0.02
LEAST = 2
"""One caller alone may have a fault of his own: of a share so many call at least."""

Call = tuple[str, int]
"""Who called, and when (milliseconds)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Level:
    """How many call: a number of them, or a share."""

    name: str
    count: int = 0
    share: float = 0.0


LEVELS = (
    Level("calls3", count=3),
    Level("calls10", count=10),
    Level("share5", share=0.05),
    Level("share20", share=0.2),
    Level("all", share=1.0),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """A device that failed, those behind it who called, strays from elsewhere, and when it is looked, milliseconds."""

    device: str
    calls: tuple[Call, ...]
    strays: tuple[Call, ...]
    now_ms: int


Believing = Callable[[Sequence[Call], frozenset[str], int], str | None]
"""Returns the device believed to have failed where most of these customers are, of what was heard by a time (milliseconds)."""


def read_network(folder: Path) -> Network:
    """Return the network of a utility folder. Raises `FolderProblems`."""
    return Network(read_folder(folder).grid)


def devices(network: Network, sample: int | None, seed: int) -> list[str]:
    """Return the devices with two customers or more behind them, all or a sample of so many, sorted."""
    found = sorted(device.id for device in network.devices if network.count_behind(device.id) > 1)
    if sample is None or sample >= len(found):
        return list(found)
    return sorted(random.Random(f"devices {seed}").sample(found, sample))


def case(network: Network, device: str, level: Level, seed: int) -> Case:
    """Return what happens when this device fails: the same for the same seed."""
    draw = random.Random(f"{seed} {device} {level.name}")
    behind = network.customers_behind(device)
    customers = len(behind)
    if level.count:
        callers = max(min(level.count, customers), round(USUAL_SHARE * customers))
        wanted = min(level.count, customers)
    else:
        callers = wanted = max(LEAST, round(level.share * customers))
    delays = sorted(
        (min(draw.lognormvariate(math.log(DELAY_MEDIAN_MIN), DELAY_SIGMA), LAST_MIN), customer)
        for customer in draw.sample(behind, callers)
    )[:wanted]
    calls = tuple((customer, BEGINS_MS + round(delay * MINUTE_MS)) for delay, customer in delays)
    now = calls[-1][1] + round(LOOKED_AFTER_MIN * MINUTE_MS)
    inside = set(behind)
    elsewhere = [each.id for each in network.customers if each.active and each.device and each.id not in inside]
    many = min(len(elsewhere), max(1, round(STRAY_SHARE * len(calls))))
    strays = tuple((customer, draw.randint(BEGINS_MS, now)) for customer in draw.sample(elsewhere, many))
    return Case(device, calls, strays, now)


def suspicions(network: Network) -> Believing:
    """Return how the product believes: by weighing the evidence of every feeder."""
    rates = Rates(gasp_share=0.0)  # nothing but calls is heard of this utility
    metered = np.array([bool(customer.meter) for customer in network.customers], dtype=np.bool_)
    tree = tree_of(network, rates, metered, {str(device): metres for device, metres in network.guarded_m().items()})
    number = {str(device.id): n for n, device in enumerate(network.devices)}
    return lambda calls, meant, now: _suspected(network, tree, rates, number, calls, meant, now)


def _suspected(
    network: Network,
    tree: FaultTree,
    rates: Rates,
    number: dict[str, int],
    calls: Sequence[Call],
    meant: frozenset[str],
    now: int,
) -> str | None:
    held = Suspicions(tree, rates)
    for customer, at in sorted(calls, key=lambda call: (call[1], call[0])):
        device = number[network.customer_device(customer)]
        held.hear(customer, device, call=at, metered=bool(network.customer(customer).meter))
    held.score(now)
    found = [network.devices[each.device].id for each in held.clusters() if each.believed]
    return _of_most(network, found, meant)


def _of_most(network: Network, found: Sequence[str], meant: frozenset[str]) -> str | None:
    """Return the lowest device of those behind which most of these customers are."""
    at = [network.customer_device(customer) for customer in sorted(meant)]
    counted = [
        (-sum(network.is_behind(each, device) for each in at), network.count_behind(device), device) for device in found
    ]
    best = min(counted, default=None)
    return best[2] if best is not None and best[0] < 0 else None


def decisions(network: Network) -> Believing:
    """Return how the product decides: by its stage, turn by turn, with the reports held and weighed as in an installation."""

    def believing(calls: Sequence[Call], meant: frozenset[str], now: int) -> str | None:
        table = Desk(network, NONE, {})
        table.play(
            [
                OutageReported(id=f"call-{customer}", at=from_ms(at), kind=ReportKind.CALL, customer=customer)
                for customer, at in calls
            ],
            now,
        )
        incidents = (each for area in network.areas for each in table.entities(area.id)[Incident.kind].values())
        found = [each.device for each in incidents if isinstance(each, Incident) and each.is_open and each.whole]
        return _of_most(network, sorted(found), meant)

    return believing


def lowest_common(network: Network) -> Believing:
    """Return how the rule believes: the lowest device that all are behind."""
    return lambda calls, _meant, _now: network.lowest_common(network.customer_device(customer) for customer, _ in calls)


def same_customers(network: Network, one: str | None, other: str) -> bool:
    """Answers whether two devices interrupt the same customers."""
    if one is None:
        return False
    near = network.is_behind(one, other) or network.is_behind(other, one)
    return near and network.count_behind(one) == network.count_behind(other)


def share_right(network: Network, believing: Believing, cases: Sequence[Case], *, strays: bool) -> float:
    """Return the share of the cases in which the right device is believed."""
    right = 0
    for each in cases:
        calls = [*each.calls, *(each.strays if strays else ())]
        meant = frozenset(customer for customer, _ in each.calls)
        right += same_customers(network, believing(calls, meant, each.now_ms), each.device)
    return right / len(cases)


def examine(network: Network, product: Believing, failing: Sequence[str], seed: int) -> Iterator[tuple[str, float]]:
    """Yield the figures, by name: the product's share right, and the rule's, at each level, with strays and without."""
    rule = lowest_common(network)
    for level in LEVELS:
        cases = [case(network, device, level, seed) for device in failing]
        for strays in (False, True):
            name = f"{level.name}{'_strays' if strays else ''}"
            yield f"{name}.right", share_right(network, product, cases, strays=strays)
            yield f"{name}.lowest_common", share_right(network, rule, cases, strays=strays)
