"""What may have failed, how likely the inference takes that to be, what else comes into question, what speaks for each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from services.network import Network
from services.outages import entities
from services.outages.arguing import Argument, Known, argue, fed_by
from services.outages.showing_belief import Believed, Scored

MOST: Final = 5
"""So many devices are named at most."""
ENOUGH: Final = 3
"""Where the inference names as many, no others are added."""


class NamedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device as people name it: by class and number."""

    device: str
    device_class: str
    device_number: str


class ArgumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks `for` or `against` a hypothesis: a code of `services/outages/arguing.py`, its numbers, another device."""

    code: str
    side: str
    numbers: dict[str, int]
    device: NamedDevice | None


class Hypothesis(NamedDevice, frozen=True, kw_only=True):
    """A device that may have failed, with so many customers behind it. `chosen`: the incident names it.

    `probability` is None where the inference gave none: the device is named because of where it lies.
    """

    customers: int
    chosen: bool
    probability: float | None
    arguments: list[ArgumentRow]


class Likelihood(NamedDevice, frozen=True, kw_only=True):
    """How likely a device was to have failed."""

    probability: float


class Belief(msgspec.Struct, frozen=True, kw_only=True):
    """What was believed from a time on, the likeliest first; milliseconds."""

    at_ms: int
    ranked: list[Likelihood]


class Score(NamedDevice, frozen=True, kw_only=True):
    """The device that had failed, who said so (crew, dispatcher, telemetry) and when first, and what was believed of it before.

    `probability` and `rank` are those of the last ranking before that, `first_` those of the first. A rank is None where it was
    not among the hypotheses.
    """

    known_by: str
    known_at_ms: int
    probability: float
    rank: int | None
    first_probability: float
    first_rank: int | None


def hypotheses(network: Network, chosen: str, ranked: Sequence[entities.Hypothesis], known: Known) -> list[Hypothesis]:
    """Return what may have failed; nothing for a chosen device that the network has not.

    That is what the inference `ranked`, with the chosen device first where it is not among it. Are these fewer than `ENOUGH`,
    others come behind them, without a probability: those that explain the most of the reports, of these the smallest.
    """
    if not _has(network, chosen):
        return []
    likely = {each.device: each.permille for each in ranked if _has(network, each.device)}
    devices = [*([] if chosen in likely else [chosen]), *likely]
    if len(devices) < ENOUGH:
        devices += [device for device in _alternatives(network, chosen, known) if device not in likely]
    return [
        Hypothesis(
            **_named(network, device),
            customers=network.count_behind(device),
            chosen=device == chosen,
            probability=likely[device] / 1000 if device in likely else None,
            arguments=[_row(network, argument) for argument in argue(network, device, known)],
        )
        for device in devices[:MOST]
    ]


def beliefs(network: Network, believed: Sequence[Believed]) -> list[Belief]:
    """Return how belief moved, in the order given."""
    return [
        Belief(
            at_ms=each.at_ms,
            ranked=[Likelihood(**_named(network, one.device), probability=one.permille / 1000) for one in each.ranked],
        )
        for each in believed
    ]


def score(network: Network, scored: Scored | None) -> Score | None:
    """Return how belief fared, as it is shown."""
    if scored is None:
        return None
    return Score(
        **_named(network, scored.device),
        known_by=scored.known_by,
        known_at_ms=scored.known_at_ms,
        probability=scored.last_permille / 1000,
        rank=scored.last_rank,
        first_probability=scored.first_permille / 1000,
        first_rank=scored.first_rank,
    )


def candidates(network: Network, chosen: str) -> tuple[str, ...]:
    """Return everybody behind the topmost device that could have failed instead, sorted; none for an unknown device."""
    return network.customers_behind(network.path_to_source(chosen)[-1]) if _has(network, chosen) else ()


def switches(network: Network, chosen: str, ranked: Sequence[entities.Hypothesis]) -> list[str]:
    """Return every device whose position speaks for or against a hypothesis: they, what is above them, and what is behind."""
    found = {chosen, *(each.device for each in ranked)}
    for device in sorted(found):
        if _has(network, device):
            found.update(network.path_to_source(device))
            found.update(network.children(device))
    return sorted(found)


def _alternatives(network: Network, chosen: str, known: Known) -> list[str]:
    """Return all above the chosen device, and of those right behind it the ones that hold reporters; the likeliest first."""
    at = [place for each in sorted({h.customer for h in known.heard}) if (place := fed_by(network, each)) is not None]

    def explained(device: str) -> int:
        return sum(network.is_behind(place, device) for place in at)

    def others() -> Iterator[str]:
        yield from network.path_to_source(chosen)[1:]
        yield from (child for child in network.children(chosen) if explained(child))

    return sorted(others(), key=lambda device: (-explained(device), network.count_behind(device), device))


def _has(network: Network, device: str) -> bool:
    try:
        return network.device(device).id == device
    except KeyError:
        return False


def _named(network: Network, device: str) -> dict[str, str]:
    if not _has(network, device):
        return {"device": device, "device_class": "", "device_number": ""}
    return {
        "device": device,
        "device_class": network.device(device).device_class.value,
        "device_number": network.switch(device).device_number,
    }


def _row(network: Network, argument: Argument) -> ArgumentRow:
    return ArgumentRow(
        code=argument.code,
        side=argument.side,
        numbers=dict(argument.numbers),
        device=None if argument.device is None else NamedDevice(**_named(network, argument.device)),
    )
