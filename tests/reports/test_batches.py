"""What a turn is given is what was located: whole, in order, and gathered by device."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import HazardReported, HotlineReported, OutageReported, ReportKind
from services.engine.turn import Fact
from services.outages.report import LocatedHazard, LocatedReport
from services.reports.locating import Entry, Heard, Locator, locate, timely
from services.reports.states import ReportState
from services.reports.store_batches import facts, gathered
from tests.reports.hamlet import PREMISES, T1, T2, hamlet
from tests.reports.test_locating_properties import accounts, hazards, reports
from tests.stage_script import moment, ms

NETWORK = hamlet()
NOW = ms("12:00")


def entries(*heard: Heard, now: int = NOW) -> list[Entry]:
    return [timely(entry, now) for entry in Locator(NETWORK, PREMISES).entries(heard)]


def gasp(name: str, customer: str, at: str = "11:59", kind: ReportKind = ReportKind.LAST_GASP) -> OutageReported:
    return OutageReported(id=name, at=moment(at), kind=kind, customer=customer)


def one_by_one(report: Heard) -> Fact:
    """Return the fact that a report is, without any batch."""
    found = locate(report, NETWORK, NOW, PREMISES)
    where: dict[str, Any] = {"id": report.id, "at": found.at, "device": found.device, "customer": found.customer}
    if isinstance(report, HazardReported):
        assert found.place is not None
        return Fact(found.at, report.id, LocatedHazard(hazard=report.hazard, place=found.place, **where))
    priority = isinstance(report, HotlineReported)
    what = LocatedReport(kind=report.kind, candidates=found.candidates, priority=priority, **where)
    return Fact(found.at, report.id, what)


def test_a_flood_is_gathered_by_device_and_kind() -> None:
    (batch,) = gathered(
        entries(
            gasp("r3", "T2-1"),
            gasp("r1", "T1-1"),
            gasp("r2", "T1-2", "11:58"),
            gasp("r4", "T1-1", kind=ReportKind.CALL),
        )
    )
    assert (batch.area, batch.reports) == (NETWORK.area_of(T1), 4)
    assert (batch.first_at, batch.last_at) == (ms("11:58"), ms("11:59"))
    at = ms("11:59")
    assert json.loads(batch.body)["devices"] == [
        [T1, "call", ["T1-1"], [at], ["r4"]],
        [T1, "lastGasp", ["T1-1", "T1-2"], [at, ms("11:58")], ["r1", "r2"]],
        [T2, "lastGasp", ["T2-1"], [at], ["r3"]],
    ]


def test_each_area_has_a_batch_of_its_own_and_what_takes_no_part_is_in_none() -> None:
    heard = (
        gasp("far", "T9-1"),
        gasp("near", "T1-1"),
        gasp("gone", "GONE"),
        gasp("nobody", "NOBODY"),
        gasp("late", "T1-1", "00:00"),
    )
    found = gathered(entries(*heard, now=NOW + 13 * 3_600_000))
    assert {batch.area: [fact.id for fact in facts(batch.body)] for batch in found} == {
        NETWORK.area_of("T9-1"): ["far"],
        NETWORK.area_of("T1-1"): ["near"],
    }


def test_facts_come_in_the_order_of_time_then_id() -> None:
    (batch,) = gathered(
        entries(gasp("b", "T1-1"), gasp("c", "T2-1", "11:58"), gasp("a", "T2-1"), gasp("d", "T1-2", "11:57"))
    )
    assert [fact.id for fact in facts(batch.body)] == ["d", "c", "a", "b"]


@given(st.lists(reports | hazards | accounts, max_size=12))
def test_a_batch_gives_each_report_as_it_would_be_alone(heard: list[Any]) -> None:
    named = [
        type(each)(**{**{f: getattr(each, f) for f in each.__struct_fields__}, "id": f"r{n}"})
        for n, each in enumerate(heard)
    ]
    taking_part = {ReportState.LOCATED, ReportState.AMBIGUOUS}
    alone = [one_by_one(each) for each in named if locate(each, NETWORK, NOW, PREMISES).state in taking_part]
    batches = gathered(entries(*named))
    given_to_turns = [fact for batch in batches for fact in facts(batch.body)]
    assert {fact.id: fact.what for fact in given_to_turns} == {fact.id: fact.what for fact in alone}
    assert len(given_to_turns) == len(alone) == sum(batch.reports for batch in batches)
    assert gathered(entries(*named)) == batches
    for batch in batches:
        found = facts(batch.body)
        assert found == sorted(found)
        assert (batch.first_at, batch.last_at) == (found[0].at, found[-1].at)


@given(st.lists(reports | hazards | accounts, max_size=12))
def test_a_locator_that_has_seen_many_says_the_same_as_one_that_has_seen_none(heard: list[Any]) -> None:
    locator = Locator(NETWORK, PREMISES)
    for _ in range(2):
        assert locator.entries(heard) == [Locator(NETWORK, PREMISES).entries([each])[0] for each in heard]
