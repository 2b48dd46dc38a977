"""The cast: what a utility lacks for an exercise is made, and said so in words. Nothing of it can reach anybody.

Telephone numbers begin with +999, a country code that is given to no country.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.ids import derived, drawn
from services.drill.composing import suits_window
from services.drill.draws import chance
from services.drill.plans import UnplayableError
from services.network import distance_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.drill.plans import Storm
    from services.network import Customer, Network, Place

DEPOTS = 4
WITH_PHONE = 0.9
NOBODYS_COUNTRY = "+999"
SUBSCRIBER_DIGITS = 10
TROUBLE = frozenset(range(90, 100))
"""Last two digits of numbers with which the drill's operator has trouble."""
TROUBLE_KEPT = 0.3
"""The share of numbers that would have such digits and keep them: some three customers in a hundred."""
MOST_BEHIND_A_FAULT = 200
COMMERCIAL, IMPORTANT, LIFE_SUPPORT = 0.06, 0.01, 0.004
"""The shares of customers that are made so where the utility says nothing."""
SERVICE_OF_EIGHT = frozenset({4, 6, 7})


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeDepot:
    """A depot that the drill made."""

    id: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCrew:
    """A crew that the drill made: always on duty."""

    id: str
    depot: str
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeAccount:
    """A hotline account that the drill made: whose it is, and the numbers of its contacts in the order of the ladder."""

    id: str
    customer: str
    phones: tuple[str, ...]
    name: str


def phone_of(customer: str) -> str:
    """Return the number that the drill gives a customer: the same each time, and nobody's."""
    digest = int(derived("phone", customer), 16)
    digits = digest % 10**SUBSCRIBER_DIGITS
    if digits % 100 in TROUBLE and not chance(digest, TROUBLE_KEPT, "trouble", customer):
        digits -= 50
    return f"{NOBODYS_COUNTRY}{digits:0{SUBSCRIBER_DIGITS}d}"


def phones(network: Network, without: Sequence[str], *, shared: float = 0.0) -> dict[str, str]:
    """Return numbers for nine in ten of the customers without one.

    No two customers share a number but for a share of them: these have that of the customer before them (a landlord's).
    """
    given: dict[str, str] = {}
    taken: set[str] = set()
    last: str | None = None
    for customer in sorted(without):
        number = phone_of(customer)
        if not network.customer(customer).active or not chance(0, WITH_PHONE, "has phone", customer):
            continue
        if last is not None and chance(0, shared, "shares phone", customer):
            given[customer] = last
        elif number not in taken:
            given[customer] = last = number
            taken.add(number)
    return given


def tiers(network: Network) -> dict[str, tuple[str, bool]]:
    """Return tier and life support of some customers, where the utility tells nobody from anybody."""
    found: dict[str, tuple[str, bool]] = {}
    for customer in network.customers:
        share = drawn(0, "tier", customer.id)
        if share < COMMERCIAL:
            found[customer.id] = ("commercial", False)
        elif share < COMMERCIAL + IMPORTANT:
            found[customer.id] = ("important", False)
        elif share < COMMERCIAL + IMPORTANT + LIFE_SUPPORT:
            found[customer.id] = ("residential", True)
    return found


def depots(network: Network) -> tuple[MadeDepot, ...]:
    """Return depots at devices far from each other: the first in the middle, each next one farthest from all before."""
    places = sorted({device.place for device in network.devices}, key=lambda place: (place.lon, place.lat))
    middle = _middle(places)
    chosen = [min(places, key=lambda place: distance_m(place, middle))]
    while len(chosen) < min(DEPOTS, len(places)):
        chosen.append(max(places, key=lambda place: min(distance_m(place, each) for each in chosen)))
    return tuple(MadeDepot(id=f"D{number}", place=place) for number, place in enumerate(chosen, start=1))


def crews(count: int, at_depots: Sequence[str]) -> tuple[MadeCrew, ...]:
    """Return crews dealt out to the depots in turn; of each eight crews three do service work only."""
    homes = sorted(at_depots)
    return tuple(
        MadeCrew(
            id=f"C{number + 1:02}",
            depot=homes[number % len(homes)],
            skills=("service",) if number % 8 in SERVICE_OF_EIGHT else ("line", "service"),
        )
        for number in range(count)
    )


def accounts(network: Network, storm: Storm, seed: int) -> tuple[MadeAccount, ...]:
    """Return hotline accounts for large customers: the first where work can be planned, the others where faults strike.

    Customers on medium voltage come first; no two lie behind one device that could fail. Raises `UnplayableError`.
    """
    chosen: list[Customer] = []
    in_question = [each for each in network.customers if each.active and each.device is not None]
    for number in range(storm.accounts):
        candidates = [each for each in in_question if _suits(network, storm, each, chosen)]
        if not candidates:
            raise UnplayableError(f"no customer suits hotline account {number + 1}")
        chosen.append(min(candidates, key=lambda each: (each.level != "MV", drawn(seed, "large", number, each.id))))
    return tuple(
        MadeAccount(
            id=f"L{number}",
            customer=customer.id,
            phones=tuple(phone_of(f"contact {rank} of {customer.id}") for rank in (1, 2)),
            name=f"Large customer {number}",
        )
        for number, customer in enumerate(chosen, start=1)
    )


def _middle(places: Sequence[Place]) -> Place:
    by_lat = sorted(places, key=lambda place: (place.lat, place.lon))
    return type(places[0])(places[len(places) // 2].lon, by_lat[len(by_lat) // 2].lat)


def _suits(network: Network, storm: Storm, customer: Customer, chosen: Sequence[Customer]) -> bool:
    path = network.path_to_source(network.customer_device(customer.id))
    if not chosen:
        return any(suits_window(network, storm.windows[0], device) for device in path)
    within_reach = [device for device in path if 1 < network.count_behind(device) <= MOST_BEHIND_A_FAULT]
    apart = not any(
        network.is_behind(network.customer_device(other.id), device) for other in chosen for device in within_reach
    )
    return bool(within_reach) and apart
