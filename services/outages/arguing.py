"""What speaks for a device having failed, and what against it: each argument a code with its numbers. Pure.

The words are the console's. How much all of it weighs is for the inference to say, whose probability stands beside it.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.network import Network
from services.outages.board import FRESH_MS, SCADA
from services.outages.rates import LONGEST, QUANTUM_MS, USUAL, Delay, Rates

WORTH_SAYING: Final = 2
"""Of how many expected calls on their absence is worth saying."""


class Side(enum.StrEnum):
    """What an argument does to a hypothesis."""

    FOR = "for"
    AGAINST = "against"


class Code(enum.StrEnum):
    """What an argument says. Its numbers are named in braces; `device` is another device that it speaks of."""

    CREW_FOUND = "crewFound"
    """A crew found that this is what failed."""
    DISPATCHER_CONFIRMED = "dispatcherConfirmed"
    """A dispatcher says that this is what failed."""
    FOUND_ELSEWHERE = "foundElsewhere"
    """Another `device` was found to have failed."""
    MEASURED_OPEN = "measuredOpen"
    """Telemetry shows it open since {at_ms}."""
    TOLD_OPEN = "toldOpen"
    """Somebody said that it stands open, at {at_ms}."""
    MEASURED_CLOSED = "measuredClosed"
    """Telemetry showed it closed at {at_ms}."""
    OPEN_ABOVE = "openAbove"
    """Nearer to the source, `device` stands open since {at_ms}."""
    CLOSED_ABOVE = "closedAbove"
    """Nearer to the source, telemetry showed `device` closed at {at_ms}: power reached as far."""
    METERS_LOST = "metersLost"
    """{lost} of {meters} meters behind it told that power was lost, within {within_s} s: half of those expected, or more."""
    METERS_SILENT = "metersSilent"
    """{silent} meters behind it that should have told so are silent; {usual} are usual, and chance does not explain it."""
    METERS_UNANSWERED = "metersUnanswered"
    """{meters} meters behind it were asked whether they have power, and did not answer."""
    CALLED = "called"
    """{called} of {customers} customers behind it called; {expected} would be expected by now."""
    POWER_BEHIND = "powerBehind"
    """{powered} of {customers} customers behind it have power."""
    NEIGHBOURS_POWERED = "neighboursPowered"
    """{powered} neighbours behind `device`, the next one nearer to the source, have power."""
    EXPLAINS_ALL = "explainsAll"
    """All of the {heard} customers who reported lie behind it."""
    LIE_OUTSIDE = "lieOutside"
    """{outside} of the {heard} customers who reported do not lie behind it."""
    BRANCHES = "branches"
    """Reports come from {heard} of the {branches} branches right behind it."""
    ONE_BRANCH = "oneBranch"
    """All reports come from one of the {branches} branches right behind it, behind `device`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What speaks for or against a device; `numbers` by name, times among them in milliseconds."""

    code: Code
    side: Side
    numbers: Mapping[str, int] = field(default_factory=dict)
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A report that counts for an incident: whose, when (milliseconds), and whether a meter or a person spoke."""

    customer: str
    at_ms: int
    by_meter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How a device stands, who said so, and when: milliseconds."""

    closed: bool
    source: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was seen to have failed, and who said so last: crew, dispatcher or telemetry."""

    device: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known about an incident that began at `began_ms`, at `now_ms`.

    `powered` have power for certain, the meters of `unanswered` were asked in vain, `elsewhere` are out under another incident.
    """

    began_ms: int
    now_ms: int
    heard: tuple[Heard, ...] = ()
    powered: frozenset[str] = frozenset()
    unanswered: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    stands: Mapping[str, Stand] = field(default_factory=dict)
    truth: Truth | None = None


def argue(network: Network, device: str, known: Known, rates: Rates = USUAL) -> tuple[Argument, ...]:
    """Return what speaks for a device, then what speaks against it. Raises KeyError for a device that the network has not.

    How many calls and messages of meters are to be expected is by the same `rates` as in the inference.
    """
    behind = frozenset(network.customers_behind(device)) - known.elsewhere
    found = [
        *_seen(device, known),
        *_switches(network, device, known),
        *_meters(network, behind, known, rates),
        *_calls(behind, known, rates),
        *_power(network, device, behind, known),
        *_places(network, device, known),
    ]
    return tuple(sorted(found, key=lambda argument: argument.side is Side.AGAINST))


def expected(customers: int, share: float, delay: Delay, after_ms: int) -> int:
    """Return how many of so many customers without power have been heard after so long, when this share is in the end."""
    quanta = min(LONGEST, max(0, after_ms) // QUANTUM_MS)
    return round(customers * share * float(delay.cdf()[quanta]))


def _seen(device: str, known: Known) -> Iterator[Argument]:
    if known.truth is None:
        return
    if known.truth.device != device:
        yield Argument(code=Code.FOUND_ELSEWHERE, side=Side.AGAINST, device=known.truth.device)
    elif known.truth.by == "crew":
        yield Argument(code=Code.CREW_FOUND, side=Side.FOR)
    elif known.truth.by == "dispatcher":
        yield Argument(code=Code.DISPATCHER_CONFIRMED, side=Side.FOR)


def _switches(network: Network, device: str, known: Known) -> Iterator[Argument]:
    own = known.stands.get(device)
    if own is not None and not own.closed:
        code = Code.MEASURED_OPEN if own.source == SCADA else Code.TOLD_OPEN
        yield Argument(code=code, side=Side.FOR, numbers={"at_ms": own.at_ms})
    elif own is not None and _tells(own, known) and (known.truth is None or known.truth.device != device):
        yield Argument(code=Code.MEASURED_CLOSED, side=Side.AGAINST, numbers={"at_ms": own.at_ms})
    for above in network.path_to_source(device)[1:]:
        stand = known.stands.get(above)
        if stand is not None and (not stand.closed or _tells(stand, known)):
            code, side = (Code.CLOSED_ABOVE, Side.FOR) if stand.closed else (Code.OPEN_ABOVE, Side.AGAINST)
            yield Argument(code=code, side=side, numbers={"at_ms": stand.at_ms}, device=above)
            return


def _tells(stand: Stand, known: Known) -> bool:
    """Answers whether it is a measurement of a closed device that speaks of the time when power was lost."""
    return stand.closed and stand.source == SCADA and stand.at_ms >= known.began_ms - FRESH_MS


def _meters(network: Network, behind: frozenset[str], known: Known, rates: Rates) -> Iterator[Argument]:
    unanswered = behind & known.unanswered
    metered = {customer for customer in behind if network.customer(customer).meter}
    gasps = {each.customer: each.at_ms for each in known.heard if each.by_meter and each.customer in metered}
    due = expected(len(metered), rates.gasp_share, rates.gasp_delay, known.now_ms - known.began_ms)
    if gasps and 2 * len(gasps) >= due:
        within_s = -(-(max(gasps.values()) - min(gasps.values())) // 1000)
        numbers = {"lost": len(gasps), "meters": len(metered), "within_s": within_s}
        yield Argument(code=Code.METERS_LOST, side=Side.FOR, numbers=numbers)
    silent, usual = len(metered - gasps.keys() - known.powered - unanswered), len(metered) - due
    if silent > usual + 2 * math.sqrt(due * usual / max(1, len(metered))):
        yield Argument(code=Code.METERS_SILENT, side=Side.AGAINST, numbers={"silent": silent, "usual": usual})
    if unanswered:
        yield Argument(code=Code.METERS_UNANSWERED, side=Side.FOR, numbers={"meters": len(unanswered)})


def _calls(behind: frozenset[str], known: Known, rates: Rates) -> Iterator[Argument]:
    called = len({each.customer for each in known.heard if not each.by_meter} & behind)
    due = expected(len(behind), rates.call_share, rates.call_delay, known.now_ms - known.began_ms)
    enough = 2 * called >= due
    if called if enough else due >= WORTH_SAYING:
        numbers = {"called": called, "customers": len(behind), "expected": due}
        yield Argument(code=Code.CALLED, side=Side.FOR if enough else Side.AGAINST, numbers=numbers)


def _power(network: Network, device: str, behind: frozenset[str], known: Known) -> Iterator[Argument]:
    lit = known.powered - {each.customer for each in known.heard}
    if powered := len(behind & lit):
        numbers = {"powered": powered, "customers": len(behind)}
        yield Argument(code=Code.POWER_BEHIND, side=Side.AGAINST, numbers=numbers)
    above = network.device(device).parent
    neighbours = frozenset() if above is None else frozenset(network.customers_behind(above)) & lit
    if powered := len(neighbours - frozenset(network.customers_behind(device))):
        yield Argument(code=Code.NEIGHBOURS_POWERED, side=Side.FOR, numbers={"powered": powered}, device=above)


def _places(network: Network, device: str, known: Known) -> Iterator[Argument]:
    reported = sorted({each.customer for each in known.heard})
    at = [place for customer in reported if (place := fed_by(network, customer)) is not None]
    inside = [place for place in at if network.is_behind(place, device)]
    if outside := len(at) - len(inside):
        yield Argument(code=Code.LIE_OUTSIDE, side=Side.AGAINST, numbers={"outside": outside, "heard": len(at)})
    elif len(at) > 1:
        yield Argument(code=Code.EXPLAINS_ALL, side=Side.FOR, numbers={"heard": len(at)})
    branches = [child for child in network.children(device) if network.count_behind(child)]
    speaking = [child for child in branches if any(network.is_behind(place, child) for place in inside)]
    if len(branches) < 2 or len(inside) < 2:  # noqa: PLR2004 (of one, nothing can be said)
        return
    if len(speaking) > 1:
        numbers = {"heard": len(speaking), "branches": len(branches)}
        yield Argument(code=Code.BRANCHES, side=Side.FOR, numbers=numbers)
    elif speaking and device not in inside:
        numbers = {"branches": len(branches)}
        yield Argument(code=Code.ONE_BRANCH, side=Side.AGAINST, numbers=numbers, device=speaking[0])


def fed_by(network: Network, customer: str) -> str | None:
    """Return the lowest device that feeds a customer; None for one whom nothing feeds, or who is not known."""
    try:
        return network.customer_device(customer)
    except KeyError:
        return None
