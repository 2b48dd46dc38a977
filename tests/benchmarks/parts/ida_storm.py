"""The storm of the bench `ida`: what fails when, which meters gasp, who calls, and which meters say that power is back. Pure.

Times are seconds from the beginning of the storm. Everything is drawn from the seed.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator

from tests.benchmarks.parts.rural import METERS, Behind, Feeder, Rural

GASPS, CALLS_A_MINUTE, INCIDENTS = 104_400, 350, 500
GASPS_WITHIN_S = 60.0
LONGEST_GASP_S = 4.0
"""From a loss until its last gasp arrives, but for those that come late."""
MOST_DELIVERED = 0.95
CALLS_FROM_S = 10.0
"""When the first caller calls."""
TOLD_AFTER_S = (0.5, 3.0)
"""How long SCADA takes to tell that a breaker has opened."""
DOUBLED, LATE, LATE_S = 0.02, 0.03, 60.0
WHOLE = 0.6
"""The share of feeders whose breaker opens; of the others all reclosers do, a lateral fuse and here and there a transformer."""
BACK = 0.9
"""The share of meters that say that power is back; one at each transformer at least."""
BACK_WITHIN_S = 20.0


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A device that fails at `at`, with who is without power by it."""

    what: Behind
    feeder: str
    at: float
    breaker: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """What is said of a customer's supply: of which loss (`at`), sent when, whether by telephone, and by which number."""

    customer: str
    at: float
    sent: float
    call: bool = False
    phone: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Storm:
    """The storm: what fails, what is heard of it in the order of sending, and the places in it that are sent a second time.

    `copies` are pairs of when and which; `losses` counts the customers without power.
    """

    faults: tuple[Fault, ...]
    said: tuple[Said, ...]
    copies: tuple[tuple[float, int], ...]
    losses: int


def storm(utility: Rural, scale: float, seed: int, calls_for_s: float) -> Storm:
    """Return the storm over a utility that is `scale` times as large as the whole one."""
    dice = random.Random(seed)
    spared = set(utility.spared)
    struck = [each for each in utility.feeders if each.name not in spared]
    faults = _faults(struck, round(INCIDENTS * scale), dice)
    lost = [(customer, fault) for fault in faults for customer in fault.what.customers]
    gasping = dice.sample(lost, min(round(MOST_DELIVERED * len(lost)), round(GASPS * scale)))
    said = []
    for customer, fault in gasping:
        at = fault.at + dice.uniform(0, 0.5)
        late = LATE_S if dice.random() < LATE else 0.0
        said.append(Said(customer, at, min(at + dice.uniform(0.2, LONGEST_GASP_S - 0.5), GASPS_WITHIN_S) + late))
    said += _calls(lost, utility.phones, CALLS_A_MINUTE * scale, calls_for_s, dice)
    said.sort(key=lambda each: (each.sent, each.customer))
    gasps = [place for place, each in enumerate(said) if not each.call]
    twice = dice.sample(gasps, round(len(gasps) * DOUBLED))
    copies = sorted((said[place].sent + dice.uniform(0.1, 2.0), place) for place in twice)
    return Storm(tuple(faults), tuple(said), tuple(copies), len(lost))


def _faults(struck: list[Feeder], wanted: int, dice: random.Random) -> list[Fault]:
    """Return about so many faults: breakers on the first share of the feeders, then reclosers and laterals, then transformers."""
    order = dice.sample(struck, len(struck))
    whole = round(len(order) * WHOLE)
    found = [Fault(each.breaker, each.name, _moment(dice), breaker=True) for each in order[:whole]]
    for feeder in order[whole:]:
        below = [*feeder.reclosers, feeder.laterals[0]]
        found += [Fault(each, feeder.name, _moment(dice), breaker=False) for each in below]
    for feeder in order[whole : whole + max(0, wanted - len(found))]:
        at_head = set(feeder.laterals[1].customers)
        single = next(each for each in feeder.transformers if at_head.issuperset(each.customers))
        found.append(Fault(single, feeder.name, _moment(dice), breaker=False))
    return found


def _moment(dice: random.Random) -> float:
    return dice.uniform(0.0, GASPS_WITHIN_S - LONGEST_GASP_S)


def _calls(
    lost: list[tuple[str, Fault]], phones: dict[str, str], a_minute: float, for_s: float, dice: random.Random
) -> Iterator[Said]:
    """Return calls at an even rate; half of the callers give their name, of the others only the number is known."""
    called: set[str] = set()
    for number in range(round(a_minute * (for_s - CALLS_FROM_S) / 60)):
        at = CALLS_FROM_S + 60.0 / a_minute * number
        customer, fault = dice.choice(lost)
        while fault.at > at - 1.0 or customer in called:
            customer, fault = dice.choice(lost)
        called.add(customer)
        phone = phones.get(customer) if dice.random() < 0.5 else None
        yield Said(customer, at, at, call=True, phone=phone)


def back(fault: Fault, transformer_of: dict[str, str], seed: int) -> list[tuple[float, str]]:
    """Return how many seconds after power is back which meters say so, the first ones first."""
    dice = random.Random(f"{seed}/{fault.what.device}")
    heard: set[str] = set()
    found = []
    for customer in fault.what.customers:
        if transformer_of[customer] not in heard or dice.random() < BACK:
            heard.add(transformer_of[customer])
            found.append((dice.uniform(1.0, BACK_WITHIN_S), customer))
    return sorted(found)


def share_of(scale: float) -> int:
    """Return how many meters a utility of this scale has."""
    return round(METERS * scale)
