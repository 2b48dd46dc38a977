"""How people report: by account, by the phone they call from, by pole, by place, by text; and reports that are about nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import HazardKind, HazardReported, OutageReported, Place, ReportKind
from schemas.ids import derived
from schemas.topics import OUTAGE_REPORTS
from services.clock import from_ms
from services.drill.draws import between, chance, drawn
from services.drill.messages import Said, report_by_call, say, text_us
from services.network import DeviceClass

if TYPE_CHECKING:
    from services.drill.plans import Cast, HazardPlan
    from services.network import Network
    from services.network import Place as PlaceOfNetwork

UNDER_WAY_MS = 8_000
"""From the call to the message about it."""
BY_PHONE, BY_POLE, BY_PLACE, BY_TEXT = 0.25, 0.08, 0.03, 0.07
"""The shares of reports in a rough storm that name no account, where the customer has a phone, a pole, a place."""
STRAY = 0.02
"""The share of calls in a rough storm that are about nothing."""
FAR_OFF_DEGREES = 1.5
WORDS = {"zh": "停电"}
"""What a customer of a language texts when power is out; `OUT` in every other."""
DANGER_BY_TEXT = 0.5
"""The share of dangers reported by whoever lives there that come by text, where he has a phone."""
DANGERS = {
    "": {
        HazardKind.WIRE_DOWN: "HAZARD wire down",
        HazardKind.FIRE: "HAZARD fire on the pole",
        HazardKind.SPARKING: "HAZARD sparks on the line",
        HazardKind.POLE_DOWN: "HAZARD pole down",
        HazardKind.TREE_ON_LINE: "HAZARD tree on the line",
    },
    "zh": {
        HazardKind.WIRE_DOWN: "危险 电线断了",
        HazardKind.FIRE: "危险 着火了",
        HazardKind.SPARKING: "危险 有火花",
        HazardKind.POLE_DOWN: "危险 电杆倒了",
        HazardKind.TREE_ON_LINE: "危险 树倒在线上",
    },
}
"""What a customer of a language texts of a danger; of any other kind the first word alone."""


def report(seed: int, network: Network, cast: Cast, customer: str, at: int, *, rough: bool) -> Said:
    """Return how a customer without power reports at a time: by account, unless the storm is rough."""
    arrives, way = at + UNDER_WAY_MS, drawn(seed, "way of reporting", customer, at)
    phone, pole = cast.phones.get(customer), cast.poles.get(customer)
    if not rough:
        return report_by_call(customer, at, arrives)
    if phone is not None and way < BY_TEXT:
        return text_us(phone, WORDS.get(cast.languages.get(customer, ""), "OUT"), arrives)
    way -= BY_TEXT
    if phone is not None and way < BY_PHONE:
        return _say(_event(at, customer, phone=phone), arrives)
    way -= BY_PHONE
    if pole is not None and way < BY_POLE:
        return _say(_event(at, customer, pole=pole), arrives)
    way -= BY_POLE
    if way < BY_PLACE:
        return _say(_event(at, customer, place=_wire(_station(network, customer))), arrives)
    return report_by_call(customer, at, arrives)


def stray(seed: int, network: Network, at: int, number: str) -> Said:
    """Return a report that is about nothing: of nobody, of a closed account, of a place far off, of another customer."""
    arrives, which = at + UNDER_WAY_MS, between(seed, 0, 3, "stray", number)
    if which == 0:
        return report_by_call(nobody(network), at, arrives)
    if which == 1 and (closed := closed_account(network)) is not None:
        return report_by_call(closed, at, arrives)
    if which == 2:  # noqa: PLR2004 - the third of four
        place = network.devices[0].place
        lat = place.lat - FAR_OFF_DEGREES if place.lat > 0 else place.lat + FAR_OFF_DEGREES
        return _say(_event(at, f"far {number}", place=Place(lon=place.lon, lat=lat)), arrives)
    served = [customer.id for customer in network.customers if customer.active and customer.device is not None]
    return report_by_call(served[int(drawn(seed, "wrong account", number) * len(served))], at, arrives)


def hazard(seed: int, network: Network, cast: Cast, plan: HazardPlan) -> list[Said]:
    """Return the reports of a danger, one to three: by place, by pole, by the account of who lives there."""
    said = []
    near = network.customers_behind(plan.device)
    for number in range(between(seed, 1, 3, "reports of", plan.id)):
        at = plan.appears_at + between(seed, 20, 600, "danger seen", plan.id, number) * 1000
        customer = near[int(drawn(seed, "danger seen by", plan.id, number) * len(near))]
        pole, way = cast.poles.get(customer), between(seed, 0, 2, "way of danger", plan.id, number)
        by_account, by_pole = way == 1 and number > 0, way == 2 and pole is not None and number > 0  # noqa: PLR2004
        phone = cast.phones.get(customer)
        if by_account and phone is not None and chance(seed, DANGER_BY_TEXT, "danger by text", plan.id, number):
            said.append(text_us(phone, danger_words(plan.kind, cast.languages.get(customer, "")), at + UNDER_WAY_MS))
            continue
        event = HazardReported(
            id=derived("hazard", plan.id, number),
            at=from_ms(at),
            exercise=True,
            hazard=plan.kind,
            place=None if by_account or by_pole else _wire(plan.place),
            pole=pole if by_pole else None,
            customer=customer if by_account else None,
        )
        said.append(say(event, OUTAGE_REPORTS, plan.id, at + UNDER_WAY_MS))
    return said


def danger_words(kind: HazardKind, language: str) -> str:
    """Return what a customer of a language texts of a danger."""
    words = DANGERS.get(language, DANGERS[""])
    return words.get(kind, words[HazardKind.WIRE_DOWN].partition(" ")[0])


def nobody(network: Network) -> str:
    """Return a customer number that the utility does not have."""
    known = {customer.id for customer in network.customers}
    number = 0
    while (name := f"NOBODY-{number}") in known:
        number += 1
    return name


def closed_account(network: Network) -> str | None:
    """Return a customer without a contract, if there is one."""
    return next((customer.id for customer in network.customers if not customer.active), None)


def _station(network: Network, customer: str) -> PlaceOfNetwork:
    """Return the place that a customer names who gives no address: that of the transformer from which he hangs, if any."""
    for device in network.path_to_source(network.customer_device(customer)):
        if (found := network.device(device)).device_class is DeviceClass.TRANSFORMER:
            return found.place
    return network.customer(customer).place


def _event(
    at: int, key: str, *, phone: str | None = None, pole: str | None = None, place: Place | None = None
) -> OutageReported:
    return OutageReported(
        id=derived("report", ReportKind.CALL, key, at),
        at=from_ms(at),
        exercise=True,
        kind=ReportKind.CALL,
        phone=phone,
        pole=pole,
        place=place,
    )


def _say(event: OutageReported, arrives: int) -> Said:
    return say(event, OUTAGE_REPORTS, event.id, arrives)


def _wire(place: PlaceOfNetwork) -> Place:
    return Place(lon=round(place.lon, 6), lat=round(place.lat, 6))
