"""Danger counts wherever it is: it needs a place, not a customer, and it does not lapse."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from schemas.events import HazardKind, HazardReported, Place
from services.reports.locating import LATE_MS, Located, locate
from services.reports.reasons import Reason
from services.reports.states import ReportState
from tests.reports.hamlet import FU1, LAT, PREMISES, T1, T2, T3, hamlet
from tests.stage_script import moment, ms

NETWORK = hamlet()
NOW = ms("12:00")
A1 = NETWORK.area_of(T1)


def danger(*, at: dt.datetime | None = None, **named: Any) -> Located:
    report = HazardReported(id="h", at=at or moment("11:59"), hazard=HazardKind.WIRE_DOWN, **named)
    return locate(report, NETWORK, NOW, PREMISES)


def test_danger_at_a_place_belongs_to_the_nearest_line() -> None:
    place = Place(11.0149, LAT)
    assert danger(place=place) == Located(
        state=ReportState.LOCATED,
        reason=Reason.PLACE_NAMED,
        at=ms("11:59"),
        device=FU1,
        area=A1,
        place=place,
    )


def test_danger_away_from_every_line_belongs_to_the_nearest_area() -> None:
    for lat in (LAT + 0.01, LAT + 0.1):
        found = danger(place=Place(11.02, lat))
        assert (found.state, found.reason, found.device, found.area) == (
            ReportState.LOCATED,
            Reason.PLACE_WITHOUT_LINE,
            None,
            A1,
        )


def test_danger_far_from_everything_is_nowhere() -> None:
    found = danger(place=Place(0, 0))
    assert (found.state, found.reason) == (ReportState.UNKNOWN, Reason.NOWHERE)


@pytest.mark.parametrize(
    ("named", "device", "lon", "customer"),
    [
        ({"pole": "P-2"}, T2, 11.02, None),
        ({"device": "17"}, FU1, 11.0, None),
        ({"customer": "T2-1"}, T2, 11.02, "T2-1"),
        ({"customer": "SP-T2-1"}, T2, 11.02, "T2-1"),
        ({"phone": "+4915510"}, T1, 11.01, "T1-1"),
    ],
)
def test_what_is_named_says_where_the_danger_is(
    named: dict[str, Any], device: str, lon: float, customer: str | None
) -> None:
    found = danger(**named)
    assert (found.state, found.place, found.customer) == (ReportState.LOCATED, Place(lon, LAT), customer)
    assert found.device is not None
    assert NETWORK.is_behind(device, found.device)
    assert found.area == A1


def test_the_place_goes_before_the_customer_who_tells_of_it() -> None:
    found = danger(place=Place(11.0301, LAT), customer="T1-1", phone="+4915510")
    assert (found.place, found.customer) == (Place(11.0301, LAT), "T1-1")


def test_a_place_that_is_nowhere_leaves_it_to_the_next_thing_named() -> None:
    assert danger(place=Place(0, 0), pole="P-1").place == Place(11.01, LAT)


def test_a_pole_of_several_devices_is_one_place_and_several_in_question() -> None:
    found = danger(pole="P-3")
    assert (found.state, found.place, found.device) == (ReportState.AMBIGUOUS, Place(11.03, LAT), T3)


def test_a_phone_of_several_premises_sends_to_the_first_and_keeps_all_in_question() -> None:
    found = danger(phone="+4915511")
    assert (found.state, found.place) == (ReportState.AMBIGUOUS, Place(11.01, LAT))
    assert [customer for customer, _ in found.candidates] == ["T1-1", "T2-1"]


def test_danger_at_a_closed_account_is_danger() -> None:
    for found in (danger(customer="GONE"), danger(phone="+4915513")):
        assert (found.state, found.customer, found.place) == (ReportState.LOCATED, "GONE", Place(11.01, LAT))


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ({"pole": "P-99"}, Reason.NO_SUCH_POLE),
        ({"device": "99", "phone": "+4915599"}, Reason.NO_SUCH_DEVICE),
        ({"customer": "NOBODY"}, Reason.NO_SUCH_CUSTOMER),
        ({"phone": "+4915599"}, Reason.NO_SUCH_PHONE),
        ({}, Reason.NOBODY_NAMED),
    ],
)
def test_danger_that_nobody_can_find_says_why(named: dict[str, Any], reason: Reason) -> None:
    found = danger(**named)
    assert (found.state, found.reason, found.area) == (ReportState.UNKNOWN, reason, None)


def test_danger_of_long_ago_counts_as_of_a_day_ago() -> None:
    found = danger(pole="P-1", at=moment("12:00") - dt.timedelta(days=400))
    assert (found.state, found.at) == (ReportState.LOCATED, NOW - LATE_MS)
