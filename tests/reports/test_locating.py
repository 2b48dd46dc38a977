"""Every report is located, or says why not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from schemas.events import HotlineReported, OutageReported, Place, ReportKind
from services.reports.locating import LATE_MS, Located, locate, names_anything
from services.reports.reasons import Reason
from services.reports.states import ReportState
from tests.reports.hamlet import FU1, LAT, PREMISES, T1, T2, T3, T4, T9, hamlet
from tests.stage_script import moment, ms

NETWORK = hamlet()
NOW = ms("12:00")


def located(*, at: dt.datetime | None = None, **named: Any) -> Located:
    report = OutageReported(id="r", at=at or moment("11:59"), kind=ReportKind.CALL, **named)
    return locate(report, NETWORK, NOW, PREMISES)


def of_account(account: str, **named: Any) -> Located:
    report = HotlineReported(id="r", at=moment("11:59"), account=account, kind=ReportKind.CALL, **named)
    return locate(report, NETWORK, NOW, PREMISES)


def at(lon: float) -> Place:
    return Place(lon, LAT)


def test_a_customer_is_located_behind_the_lowest_device_that_feeds_it() -> None:
    assert located(customer="T2-1") == Located(
        state=ReportState.LOCATED,
        reason=Reason.CUSTOMER_NAMED,
        at=ms("11:59"),
        customer="T2-1",
        device=T2,
        area=NETWORK.areas[0].id,
    )


def test_a_service_point_names_its_customer() -> None:
    assert located(customer="SP-T2-1").customer == "T2-1"


def test_a_meter_speaks_for_the_customer_it_is_installed_at() -> None:
    found = located(meter="M-T1-2")
    assert (found.customer, found.device, found.reason) == ("T1-2", T1, Reason.METER_NAMED)
    assert located(meter="M-T1-2", customer="T1-2").reason is Reason.METER_NAMED
    assert located(meter="M-T1-2", customer="SP-T1-2").reason is Reason.METER_NAMED


def test_a_meter_that_did_not_answer_is_located_like_one_that_speaks() -> None:
    report = OutageReported(id="r", at=moment("11:59"), kind=ReportKind.NO_ANSWER, meter="M-T1-2")
    found = locate(report, NETWORK, NOW, PREMISES)
    assert (found.state, found.customer, found.device) == (ReportState.LOCATED, "T1-2", T1)


def test_a_meter_goes_before_the_customer_who_does_not_belong_to_it_and_says_so() -> None:
    found = located(customer="T2-1", meter="M-T1-1")
    assert (found.state, found.customer, found.reason) == (ReportState.LOCATED, "T1-1", Reason.CONTRADICTORY)


def test_what_is_unknown_leaves_it_to_the_next_thing_named() -> None:
    assert located(customer="T1-1", meter="M-NONE").reason is Reason.CUSTOMER_NAMED
    assert located(meter="M-NONE", phone="+4915510").reason is Reason.PHONE_NAMED
    assert located(customer="NOBODY", phone="+4915599", device="99", pole="P-2").reason is Reason.POLE_NAMED
    assert located(pole="P-99", place=at(11.02)).reason is Reason.PLACE_NAMED


@pytest.mark.parametrize(
    ("first", "then", "reason", "device"),
    [
        ({"meter": "M-T1-2"}, {"customer": "T2-1"}, Reason.CONTRADICTORY, T1),
        ({"meter": "M-T2-1"}, {"phone": "+4915510"}, Reason.METER_NAMED, T2),
        ({"customer": "SP-T2-1"}, {"phone": "+4915510"}, Reason.CUSTOMER_NAMED, T2),
        ({"customer": "T2-1"}, {"device": "17"}, Reason.CUSTOMER_NAMED, T2),
        ({"phone": "+4915510"}, {"device": "2"}, Reason.PHONE_NAMED, T1),
        ({"phone": "+4915510"}, {"pole": "P-2"}, Reason.PHONE_NAMED, T1),
        ({"phone": "+4915510"}, {"place": Place(11.02, LAT)}, Reason.PHONE_NAMED, T1),
        ({"device": "17"}, {"pole": "P-2"}, Reason.DEVICE_NAMED, FU1),
        ({"device": "17"}, {"place": Place(11.02, LAT)}, Reason.DEVICE_NAMED, FU1),
        ({"pole": "P-1"}, {"place": Place(11.02, LAT)}, Reason.POLE_NAMED, T1),
    ],
)
def test_of_two_things_named_the_more_exact_one_speaks(
    first: dict[str, Any], then: dict[str, Any], reason: Reason, device: str
) -> None:
    found = located(**first, **then)
    assert (found.reason, found.device) == (reason, device)
    assert located(**then).device != device


def test_a_phone_of_one_premise_names_its_customer() -> None:
    found = located(phone="+4915510")
    assert (found.customer, found.device, found.reason) == ("T1-1", T1, Reason.PHONE_NAMED)


def test_a_phone_of_several_premises_keeps_all_of_them_in_question() -> None:
    assert located(phone="+4915511") == Located(
        state=ReportState.AMBIGUOUS,
        reason=Reason.SEVERAL_PREMISES,
        at=ms("11:59"),
        device=FU1,
        area=NETWORK.areas[0].id,
        candidates=(("T1-1", T1), ("T2-1", T2)),
    )


def test_premises_in_several_areas_belong_to_the_area_of_the_first() -> None:
    found = located(phone="+4915512")
    assert (found.device, found.area) == (T2, NETWORK.area_of(T2))
    assert found.area != NETWORK.area_of(T9)
    assert found.candidates == (("T2-1", T2), ("T9-1", T9))


def test_the_place_named_beside_a_phone_of_several_premises_decides_between_them() -> None:
    for named in ({"pole": "P-2"}, {"device": "2"}, {"place": at(11.0201)}):
        found = located(phone="+4915511", **named)
        assert (found.state, found.customer, found.reason) == (ReportState.LOCATED, "T2-1", Reason.PHONE_AND_PLACE)
    assert located(phone="+4915511", pole="P-9").state is ReportState.AMBIGUOUS
    assert located(phone="+4915511", device="17").state is ReportState.AMBIGUOUS


def test_a_closed_premise_of_a_phone_is_not_in_question() -> None:
    found = located(phone="+4915514")
    assert (found.state, found.customer) == (ReportState.LOCATED, "T1-2")


def test_a_place_belongs_to_the_nearest_transformer() -> None:
    found = located(place=at(11.0115))
    assert (found.state, found.customer, found.device, found.reason) == (
        ReportState.LOCATED,
        None,
        T1,
        Reason.PLACE_NAMED,
    )


@pytest.mark.parametrize(("lon", "state"), [(11.0139, "located"), (11.0141, "ambiguous"), (11.0149, "ambiguous")])
def test_a_place_is_ambiguous_when_another_transformer_is_less_than_half_as_far_again(lon: float, state: str) -> None:
    found = located(place=at(lon))
    assert (found.state, found.device) == (state, T1)
    assert found.candidates == (((None, T1), (None, T2)) if state == "ambiguous" else ())


def test_two_transformers_at_one_place_are_both_in_question() -> None:
    for named in ({"place": at(11.03)}, {"pole": "P-3"}):
        found = located(**named)
        assert (found.state, found.device, found.candidates) == (
            ReportState.AMBIGUOUS,
            T3,
            ((None, T3), (None, T4)),
        )


def test_a_pole_is_the_lowest_device_that_feeds_what_is_there() -> None:
    found = located(pole="P-1")
    assert (found.state, found.device, found.reason) == (ReportState.LOCATED, T1, Reason.POLE_NAMED)


def test_the_number_painted_on_a_device_names_it() -> None:
    found = located(device="17")
    assert (found.device, found.customer, found.reason) == (FU1, None, Reason.DEVICE_NAMED)


@pytest.mark.parametrize(
    ("named", "state", "reason"),
    [
        ({"customer": "NOBODY"}, ReportState.UNKNOWN, Reason.NO_SUCH_CUSTOMER),
        ({"meter": "M-NONE"}, ReportState.UNKNOWN, Reason.NO_SUCH_METER),
        ({"meter": "M-NONE", "customer": "NOBODY"}, ReportState.UNKNOWN, Reason.NO_SUCH_CUSTOMER),
        ({"phone": "+4915599"}, ReportState.UNKNOWN, Reason.NO_SUCH_PHONE),
        ({"device": "99"}, ReportState.UNKNOWN, Reason.NO_SUCH_DEVICE),
        ({"pole": "P-99"}, ReportState.UNKNOWN, Reason.NO_SUCH_POLE),
        ({"place": Place(11.5, LAT)}, ReportState.UNKNOWN, Reason.NOWHERE),
        ({"phone": "+4915599", "place": Place(11.5, LAT)}, ReportState.UNKNOWN, Reason.NO_SUCH_PHONE),
        ({}, ReportState.UNKNOWN, Reason.NOBODY_NAMED),
        ({"customer": "GONE"}, ReportState.CLOSED_ACCOUNT, Reason.ACCOUNT_CLOSED),
        ({"meter": "M-GONE"}, ReportState.CLOSED_ACCOUNT, Reason.ACCOUNT_CLOSED),
        ({"phone": "+4915513"}, ReportState.CLOSED_ACCOUNT, Reason.ACCOUNT_CLOSED),
    ],
)
def test_what_cannot_be_located_says_why(named: dict[str, Any], state: ReportState, reason: Reason) -> None:
    found = located(**named)
    assert (found.state, found.reason, found.area) == (state, reason, None)


def test_an_account_with_one_premise_needs_to_name_none() -> None:
    found = of_account("MILL")
    assert (found.state, found.customer, found.device, found.reason) == (
        ReportState.LOCATED,
        "T2-1",
        T2,
        Reason.ACCOUNT_NAMED,
    )


def test_an_account_with_several_premises_names_one_or_keeps_all_in_question() -> None:
    assert of_account("DAIRY", customer="T9-1").device == T9
    assert of_account("DAIRY", meter="M-T1-1").device == T1
    found = of_account("DAIRY")
    assert (found.state, found.candidates) == (ReportState.AMBIGUOUS, (("T1-1", T1), ("T9-1", T9)))


@pytest.mark.parametrize(
    ("account", "named", "state", "reason"),
    [
        ("NONE", {}, ReportState.UNKNOWN, Reason.NO_SUCH_ACCOUNT),
        ("NONE", {"customer": "T1-1"}, ReportState.UNKNOWN, Reason.NO_SUCH_ACCOUNT),
        ("MILL", {"customer": "T1-1"}, ReportState.UNKNOWN, Reason.NOT_OF_ACCOUNT),
        ("MILL", {"meter": "M-T1-1", "customer": "T2-1"}, ReportState.UNKNOWN, Reason.NOT_OF_ACCOUNT),
        ("MILL", {"customer": "NOBODY"}, ReportState.UNKNOWN, Reason.NO_SUCH_CUSTOMER),
        ("MILL", {"meter": "M-NONE"}, ReportState.UNKNOWN, Reason.NO_SUCH_METER),
        ("RUIN", {}, ReportState.CLOSED_ACCOUNT, Reason.ACCOUNT_CLOSED),
        ("DAIRY", {"meter": "M-T1-1", "customer": "T9-1"}, ReportState.LOCATED, Reason.CONTRADICTORY),
    ],
)
def test_an_account_speaks_for_its_own_premises_only(
    account: str, named: dict[str, Any], state: ReportState, reason: Reason
) -> None:
    found = of_account(account, **named)
    assert (found.state, found.reason) == (state, reason)


def test_a_report_of_more_than_a_day_ago_is_late() -> None:
    edge = moment("12:00") - dt.timedelta(milliseconds=LATE_MS)
    for named in ({"customer": "T1-1"}, {"phone": "+4915511"}):
        late = located(at=edge - dt.timedelta(milliseconds=1), **named)
        assert (late.state, late.reason) == (ReportState.LATE, Reason.OLDER_THAN_A_DAY)
        assert located(at=edge, **named).state is not ReportState.LATE


def test_a_clock_that_runs_ahead_counts_as_of_now() -> None:
    assert located(customer="T1-1", at=moment("12:07")).at == NOW


def test_a_report_says_whether_it_names_anything() -> None:
    report = OutageReported(id="r", at=moment("11:59"), kind=ReportKind.TEXT, words="dark")
    assert not names_anything(report)
    for named in ("customer", "meter", "phone", "pole", "device", "place"):
        assert names_anything(msgspec.structs.replace(report, **{named: at(11) if named == "place" else "x"}))
