"""Where each thing that a report can name leads to: a customer, a device, several of either, or nowhere for a reason. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.events import HotlineReported, OutageReported, Place
from schemas.ids import CustomerId
from services.network import Customer, Network
from services.reports.premises import Premises
from services.reports.reasons import Reason

NEAR_M = 500
"""A transformer or a line further away than this has nothing to do with a place, metres."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a report belongs, and why. `device` is None for a customer whom nothing feeds, or whose account was closed.

    `candidates` are pairs of customer (None: nobody is named) and device; empty when there is no doubt.
    """

    reason: Reason
    device: str | None
    customer: str | None = None
    candidates: tuple[tuple[str | None, str], ...] = ()


def spot_of(report: OutageReported, network: Network, premises: Premises) -> Spot | Reason:
    """Return where the report belongs, or why nobody knows.

    What says most exactly goes first: meter, customer, phone, number of a device, pole, place. What is named but unknown
    leaves it to the next; the first of them is the reason when none leads anywhere.
    """
    found = premise_named(report.meter, report.customer, network)
    if isinstance(found, Spot):
        return found
    unknown = found
    named = _place_named(report, network)
    if report.phone is not None:
        found = _by_phone(report.phone, named, network, premises)
        if isinstance(found, Spot):
            return found
        unknown = unknown or found
    return named if isinstance(named, Spot) else unknown or named or Reason.NOBODY_NAMED


def spot_of_account(report: HotlineReported, network: Network, premises: Premises) -> Spot | Reason:
    """Return which premise of the account is meant, or why nobody knows. An account speaks for its own premises only."""
    held = premises.accounts.get(report.account)
    if not held:
        return Reason.NO_SUCH_ACCOUNT
    found = premise_named(report.meter, report.customer, network)
    if isinstance(found, Spot):
        return found if found.customer in held else Reason.NOT_OF_ACCOUNT
    return found or premises_of(held, Reason.ACCOUNT_NAMED, network) or Reason.NO_SUCH_CUSTOMER


def premise_named(meter: str | None, customer: str | None, network: Network) -> Spot | Reason | None:
    """Return the premise that a meter and a customer, or a service point, name; None when neither is given.

    A meter that is known speaks for the customer it is installed at, whatever customer is named beside it.
    """
    owner = None if meter is None else network.by_meter(meter)
    named = None if customer is None else customer_of(customer, network)
    if owner is not None:
        agree = named is None or named.id == owner
        return _at(network.customer(owner), Reason.METER_NAMED if agree else Reason.CONTRADICTORY)
    if named is not None:
        return _at(named, Reason.CUSTOMER_NAMED)
    if customer is not None:
        return Reason.NO_SUCH_CUSTOMER
    return None if meter is None else Reason.NO_SUCH_METER


def customer_of(customer: str, network: Network) -> Customer | None:
    """Return the customer of this id, or at this service point; None when there is none."""
    try:
        return network.customer(customer)
    except KeyError:
        found = network.by_service_point(customer)
        return None if found is None else network.customer(found)


def at_pole(pole: str, network: Network) -> Spot | Reason:
    """Return the device that stands for a pole. Of several the lowest does, when all the others lie on its way to the source."""
    there = network.at_pole(pole)
    lowest = [device for device in there if not any(o != device and network.is_behind(o, device) for o in there)]
    if not lowest:
        return Reason.NO_SUCH_POLE
    if len(lowest) == 1:
        return Spot(Reason.POLE_NAMED, lowest[0])
    return Spot(Reason.SEVERAL_AT_POLE, lowest[0], candidates=tuple((None, device) for device in lowest))


def by_number(number: str, network: Network) -> Spot | Reason:
    """Return the device with this number painted on it."""
    device = network.by_number(number)
    return Reason.NO_SUCH_DEVICE if device is None else Spot(Reason.DEVICE_NAMED, device)


def _place_named(report: OutageReported, network: Network) -> Spot | Reason | None:
    found = (
        None if report.device is None else by_number(report.device, network),
        None if report.pole is None else at_pole(report.pole, network),
        None if report.place is None else _by_place(report.place, network),
    )
    first_unknown = next((each for each in found if each is not None), None)
    return next((each for each in found if isinstance(each, Spot)), first_unknown)


def _by_place(place: Place, network: Network) -> Spot | Reason:
    """Return the nearest transformer. Others are in question when they are less than half as far again."""
    near = network.nearest_transformers(place, NEAR_M)
    if not near:
        return Reason.NOWHERE
    device, metres = near[0]
    in_question = [other for other, far in near if far == metres or 2 * far < 3 * metres]
    if len(in_question) == 1:
        return Spot(Reason.PLACE_NAMED, device)
    return Spot(Reason.PLACE_BETWEEN, device, candidates=tuple((None, other) for other in in_question))


def _by_phone(phone: str, named: Spot | Reason | None, network: Network, premises: Premises) -> Spot | Reason:
    held = premises.phones.get(phone, ())
    found = premises_of(held, Reason.PHONE_NAMED, network)
    if found is None:
        return Reason.NO_SUCH_PHONE
    if found.candidates and isinstance(named, Spot) and named.device is not None and not named.candidates:
        there = [pair for pair in found.candidates if network.is_behind(pair[1], named.device)]
        if len(there) == 1:
            return Spot(Reason.PHONE_AND_PLACE, there[0][1], there[0][0])
    return found


def premises_of(held: Sequence[str], reason: Reason, network: Network) -> Spot | None:
    """Return the one of these premises that is served, or all that are; else a closed one; None when all are unknown."""
    known = [each for each in (customer_of(customer, network) for customer in held) if each is not None]
    spots = [_at(customer, reason) for customer in known]
    served = [(spot.customer, spot.device) for spot in spots if spot.device is not None]
    if len(served) > 1:
        return Spot(Reason.SEVERAL_PREMISES, _common(served, network), candidates=tuple(served))
    return next((spot for spot in spots if spot.device is not None), spots[0] if spots else None)


def _common(served: Sequence[tuple[CustomerId | str | None, str]], network: Network) -> str:
    """Return the lowest device that feeds all; where there is none, the device of the first."""
    return network.lowest_common([device for _, device in served]) or served[0][1]


def _at(customer: Customer, reason: Reason) -> Spot:
    return Spot(reason, customer.device if customer.active else None, customer.id)
