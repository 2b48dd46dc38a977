"""Every report is located, or says why not."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas.events import OutageReported, ReportKind
from services.reports.locating import LATE_MS, Located, locate
from services.reports.reasons import Reason
from services.reports.states import ReportState
from tests.outages.town import device_id, town
from tests.stage_script import moment, ms

NETWORK = town()
NOW = ms("12:00")


def located(customer: str | None = None, meter: str | None = None, at: dt.datetime | None = None) -> Located:
    report = OutageReported(id="r", at=at or moment("11:59"), kind=ReportKind.CALL, customer=customer, meter=meter)
    return locate(report, NETWORK, NOW)


def test_a_customer_is_located_behind_the_lowest_device_that_feeds_it() -> None:
    assert located(customer="V1-2") == Located(
        state=ReportState.LOCATED,
        reason=Reason.CUSTOMER_NAMED,
        at=ms("11:59"),
        customer=NETWORK.customer("V1-2").id,
        device=NETWORK.customer("V1-2").device,
        area=NETWORK.areas[0].id,
    )


def test_a_meter_speaks_for_the_customer_it_is_installed_at() -> None:
    found = located(meter="M-T11-3")
    assert (found.customer, found.device, found.reason) == ("T11-3", device_id("T11"), Reason.METER_NAMED)


def test_a_known_meter_goes_before_the_customer_named_beside_it() -> None:
    found = located(customer="T12-1", meter="M-T11-3")
    assert (found.customer, found.reason) == ("T11-3", Reason.METER_SPEAKS)


def test_an_unknown_meter_leaves_it_to_the_customer() -> None:
    assert located(customer="T12-1", meter="M-NONE").customer == "T12-1"


@pytest.mark.parametrize(
    ("customer", "meter", "state", "reason"),
    [
        ("NOBODY", None, ReportState.UNKNOWN, Reason.NO_SUCH_CUSTOMER),
        (None, "M-NONE", ReportState.UNKNOWN, Reason.NO_SUCH_METER),
        (None, None, ReportState.UNKNOWN, Reason.NOBODY_NAMED),
        ("GONE", None, ReportState.CLOSED_ACCOUNT, Reason.ACCOUNT_CLOSED),
        (None, "M-GONE", ReportState.CLOSED_ACCOUNT, Reason.ACCOUNT_CLOSED),
    ],
)
def test_what_cannot_be_located_says_why(
    customer: str | None, meter: str | None, state: ReportState, reason: Reason
) -> None:
    found = located(customer, meter)
    assert (found.state, found.reason, found.area) == (state, reason, None)


def test_a_report_of_more_than_a_day_ago_is_late() -> None:
    edge = moment("12:00") - dt.timedelta(milliseconds=LATE_MS)
    assert located(customer="T11-1", at=edge).state is ReportState.LOCATED
    assert located(customer="T11-1", at=edge - dt.timedelta(milliseconds=1)).state is ReportState.LATE


def test_a_clock_that_runs_ahead_counts_as_of_now() -> None:
    assert located(customer="T11-1", at=moment("12:07")).at == NOW
