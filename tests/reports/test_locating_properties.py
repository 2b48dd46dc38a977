"""Whatever a report names, it is located, or kept in a named state: nothing well formed can stop intake."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode, encode
from schemas.events import Event, HazardKind, HazardReported, HotlineReported, OutageReported, Place, ReportKind
from schemas.topics import HOTLINE_REPORTS, OUTAGE_REPORTS
from services.reports.locating import LATE_MS, Heard, locate
from services.reports.reasons import Reason
from services.reports.states import ReportState
from tests.reports.hamlet import PREMISES, hamlet
from tests.stage_script import ms

NETWORK = hamlet()
NOW = ms("12:00")

times = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2099, 12, 31), timezones=st.just(dt.UTC))  # noqa: DTZ001
names = st.none() | st.sampled_from(
    ["T1-1", "SP-T2-1", "GONE", "T9-1", "M-T1-1", "M-GONE", "P-1", "P-3", "17", "1", "x"]
)
phones = st.none() | st.sampled_from([*PREMISES.phones, "+4915500000"])
places = st.none() | (
    st.builds(Place, st.floats(-180, 180), st.floats(-90, 90))
    | st.builds(Place, st.floats(10.99, 11.04), st.floats(47.99, 48.01))
)
said: dict[str, Any] = {"id": st.just("r"), "at": times}
reports = st.builds(
    OutageReported,
    **said,
    kind=st.sampled_from(ReportKind),
    customer=names,
    meter=names,
    phone=phones,
    pole=names,
    device=names,
    place=places,
)
hazards = st.builds(
    HazardReported,
    **said,
    hazard=st.sampled_from(HazardKind),
    place=places,
    pole=names,
    device=names,
    customer=names,
    phone=phones,
)
accounts = st.builds(
    HotlineReported,
    **said,
    account=st.sampled_from([*PREMISES.accounts, "NONE"]),
    kind=st.sampled_from(ReportKind),
    customer=names,
    meter=names,
)


@given(reports | hazards | accounts)
def test_every_report_ends_in_a_named_state_for_a_reason(report: Heard) -> None:
    found = locate(report, NETWORK, NOW, PREMISES)
    danger = isinstance(report, HazardReported)
    assert found.at <= NOW
    assert isinstance(found.reason, Reason)
    if found.state in {ReportState.LOCATED, ReportState.AMBIGUOUS}:
        assert found.at >= NOW - LATE_MS
        assert found.area in {area.id for area in NETWORK.areas}
        assert found.device is not None or danger
        assert (found.place is not None) == danger
    assert (found.state is ReportState.AMBIGUOUS) <= (len(found.candidates) > 1)
    assert (found.state is ReportState.LATE) <= (found.reason is Reason.OLDER_THAN_A_DAY and not danger)
    for customer, device in found.candidates:
        assert NETWORK.device(device).id == device
        assert customer is None or NETWORK.customer(customer).active


@given(reports | hazards | accounts)
def test_a_report_is_located_the_same_after_its_way_over_the_wire(report: Event) -> None:
    topic = HOTLINE_REPORTS if isinstance(report, HotlineReported) else OUTAGE_REPORTS
    again = decode(encode(report), topic)
    assert isinstance(report, OutageReported | HazardReported | HotlineReported)
    assert isinstance(again, OutageReported | HazardReported | HotlineReported)
    assert locate(again, NETWORK, NOW, PREMISES) == locate(report, NETWORK, NOW, PREMISES)
