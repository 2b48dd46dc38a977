"""What could have failed instead of the device that an incident names, and what speaks for and against each. Pure.

The weights are those of the inference (`services/outages/explaining.py`); they put the alternatives in order and are no
probabilities: those come only with an inference that has any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from services.network import Network
from services.outages.explaining import CALLERS, FAULT, METERS, STRAY, Voices

MOST: Final = 12
"""So many devices are named at most."""
_LIVE: Final = 2_000
"""A customer behind the device who has power for certain speaks against it more than any silence, hundredths of a nat."""

Why: TypeAlias = Literal[
    "chosen",
    "powerBehind",
    "tooFewHeard",
    "leavesReports",
    "silenceBehind",
    "explainsAsMuch",
    "anotherOut",
]
"""What is most to be said of a device:

`chosen` it is what is taken to have failed; `powerBehind` somebody behind it has power (`restored`); `leavesReports` it explains
only some of the reports (`explained` of `heard`); `silenceBehind` it explains them all, and more customers behind it stay silent
(`silent`) than behind the chosen one; `tooFewHeard` nothing was heard from behind it; `anotherOut` everybody else behind it is out
under another incident; `explainsAsMuch` nothing speaks against it.
"""


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """A device that may have failed. Of `heard` customers who reported it explains `explained`; of the `customers` behind it
    `silent` said nothing, and `restored` have power for certain. `probability` is always None: nothing reckons one yet.
    """

    device: str
    device_class: str
    device_number: str
    customers: int
    heard: int
    explained: int
    silent: int
    restored: int
    chosen: bool
    probability: float | None
    why: str


def hypotheses(
    network: Network,
    chosen: str,
    *,
    heard: Collection[str],
    powered: Collection[str],
    elsewhere: Collection[str],
    by_meter: bool,
) -> list[Hypothesis]:
    """Return the chosen device, then its alternatives with the likeliest first; none for a device that the network has not.

    Alternatives are all devices on the way to the feeder's head, and of those behind the chosen one the ones that hold
    reporters: the next ones, and further down as long as one alone holds all of them. `heard` are the customers who reported,
    `powered` those who have power for certain, `elsewhere` those who are out under another incident.
    """
    try:
        network.device(chosen)
    except KeyError:
        return []
    at = {customer: device for customer in heard if (device := _fed_by(network, customer)) is not None}
    weigh = _weigher(network, at, set(powered), set(elsewhere), METERS if by_meter else CALLERS)
    first, _ = weigh(chosen)
    weighed = [weigh(device) for device in _alternatives(network, chosen, at)]
    others = sorted(weighed, key=lambda pair: (pair[1], pair[0].device))
    return [
        msgspec.structs.replace(first, chosen=True, why="chosen"),
        *(msgspec.structs.replace(each, why=_why(each, first)) for each, _ in others[: MOST - 1]),
    ]


def candidates(network: Network, chosen: str) -> tuple[str, ...]:
    """Return everybody behind the topmost device that could have failed instead, sorted; none for an unknown device."""
    try:
        return network.customers_behind(network.path_to_source(chosen)[-1])
    except KeyError:
        return ()


def _fed_by(network: Network, customer: str) -> str | None:
    try:
        return network.customer_device(customer)
    except KeyError:
        return None


def _alternatives(network: Network, chosen: str, at: Mapping[str, str]) -> Iterator[str]:
    yield from network.path_to_source(chosen)[1:]
    level: list[str] = [chosen]
    while level:
        children: list[str] = [child for device in level for child in network.children(device)]
        holding = [child for child in children if any(network.is_behind(device, child) for device in at.values())]
        yield from holding
        everything = sum(network.is_behind(device, chosen) for device in at.values())
        alone = len(holding) == 1 and sum(network.is_behind(d, holding[0]) for d in at.values()) == everything
        level = [*holding] if alone else []


def _weigher(
    network: Network, at: Mapping[str, str], powered: set[str], elsewhere: set[str], voices: Voices
) -> Callable[[str], tuple[Hypothesis, int]]:
    def weigh(device: str) -> tuple[Hypothesis, int]:
        behind = set(network.customers_behind(device))
        explained = sum(network.is_behind(each, device) for each in at.values())
        restored = len((behind & powered) - at.keys())
        silent = len(behind - at.keys() - powered - elsewhere)
        switch = network.switch(device)
        cost = FAULT + explained * voices.heard + silent * voices.silent + restored * _LIVE
        cost += (len(at) - explained) * STRAY
        row = Hypothesis(
            device=device,
            device_class=network.device(device).device_class.value,
            device_number=switch.device_number,
            customers=len(behind),
            heard=len(at),
            explained=explained,
            silent=silent,
            restored=restored,
            chosen=False,
            probability=None,
            why="",
        )
        return row, cost

    return weigh


def _why(row: Hypothesis, first: Hypothesis) -> Why:
    if row.restored > first.restored:
        return "powerBehind"
    if not row.explained:
        return "tooFewHeard"
    if row.explained < row.heard:
        return "leavesReports"
    if row.silent > first.silent:
        return "silenceBehind"
    if row.customers > first.customers:
        return "anotherOut"
    return "explainsAsMuch"
