"""Where danger is and which line is meant: it counts with and without a customer, a contract or a line near it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.events import HazardReported, Place
from services.network import Network
from services.reports.premises import Premises
from services.reports.reasons import Reason
from services.reports.spots import NEAR_M, Spot, at_pole, by_number, customer_of, premises_of

FAR_M = 20_000
"""Danger at a place with no line within so many metres is not the utility's."""
_RINGS_M = (100, 250, NEAR_M, 1_000, 2_000, 4_000, 8_000, FAR_M)
"""How far is looked, one after the other: what is all in a wide ring is costly to measure, and seldom needed."""


@dataclass(frozen=True, slots=True)
class Danger:
    """A place, the device whose line is the nearest, which tells the area, and what is known of who and what is meant there.

    The spot's device is None where no line is near.
    """

    place: Place
    nearest: str
    spot: Spot


def danger_of(report: HazardReported, network: Network, premises: Premises) -> Danger | Reason:
    """Return where the danger is, or why nobody knows.

    The place that is named goes first, then pole, number of a device, customer, phone; the first that is unknown is the
    reason when none leads anywhere.
    """
    customer = None if report.customer is None else customer_of(report.customer, network)
    unknown: Reason | None = None
    if report.place is not None:
        found = _around(report.place, None if customer is None else customer.id, Reason.PLACE_NAMED, network)
        if isinstance(found, Danger):
            return found
        unknown = found
    for spot in (
        None if report.pole is None else at_pole(report.pole, network),
        None if report.device is None else by_number(report.device, network),
    ):
        if isinstance(spot, Spot) and spot.device is not None:
            return Danger(network.device(spot.device).place, spot.device, spot)
        unknown = unknown or (spot if isinstance(spot, Reason) else None)
    if customer is not None:
        return _around(customer.place, customer.id, Reason.CUSTOMER_NAMED, network)
    unknown = unknown or (None if report.customer is None else Reason.NO_SUCH_CUSTOMER)
    if report.phone is None:
        return unknown or Reason.NOBODY_NAMED
    return _at_phone(report.phone, network, premises) or unknown or Reason.NO_SUCH_PHONE


def _around(place: Place, customer: str | None, reason: Reason, network: Network) -> Danger | Reason:
    nearest = next((near for ring in _RINGS_M if (near := network.nearest_device(place, ring)) is not None), None)
    if nearest is None:
        return Reason.NOWHERE
    device, metres = nearest
    if metres > NEAR_M:
        return Danger(place, device, Spot(Reason.PLACE_WITHOUT_LINE, None, customer))
    return Danger(place, device, Spot(reason, device, customer))


def _at_phone(phone: str, network: Network, premises: Premises) -> Danger | Reason | None:
    """Return the danger at the caller's premise; of several the first is looked at first, and all are in question."""
    spot = premises_of(premises.phones.get(phone, ()), Reason.PHONE_NAMED, network)
    if spot is None:
        return None
    if spot.candidates:
        first = spot.candidates[0]
        return Danger(network.customer(str(first[0])).place, first[1], spot)
    return _around(network.customer(str(spot.customer)).place, spot.customer, spot.reason, network)
