"""Reports that name no one customer, and those that are not held for others."""

from __future__ import annotations

import pytest

from schemas.events import OrderState, OrderWork, ReportKind
from services.engine.turn import Fact
from services.outages.reasons import Reason
from services.outages.report import LocatedReport
from tests.outages.storm import Storm, clock
from tests.outages.town import town


@pytest.fixture
def storm() -> Storm:
    return Storm(accounts={"T11-1": "ACC-1"})


def fate(storm: Storm, report: str) -> tuple[str, str]:
    storm.out()
    return storm.reports[report].state, storm.reports[report].reason


def test_a_report_of_a_place_is_evidence_though_nobody_is_named(storm: Storm) -> None:
    storm.at("06:00").hint("h-1", "T11")
    assert fate(storm, "h-1") == ("located", Reason.GATHERING)
    storm.at("06:05").call("T12-1")
    storm.at("06:07")
    assert storm.open_at() == ["L1"]
    assert fate(storm, "h-1") == ("counted", Reason.ALREADY_OUT)


def test_a_report_of_a_place_that_nothing_confirms_takes_nobody_out_and_is_answered_after_an_hour() -> None:
    storm = Storm(town({"F1": ("T1",)}, {"T1": 120}))
    storm.at("06:00").hint("h-1", "T1")
    storm.at("06:59")
    assert storm.out() == set()
    storm.at("07:00")
    assert fate(storm, "h-1") == ("answered", Reason.NOT_CONFIRMED)


@pytest.mark.parametrize("kind", [ReportKind.POWER_RESTORED, ReportKind.NO_ANSWER])
def test_what_only_a_meter_can_say_is_no_evidence_of_a_place(storm: Storm, kind: ReportKind) -> None:
    storm.at("06:00").hint("h-1", "T11", kind=kind).call("T12-1")
    storm.at("06:02")
    assert fate(storm, "h-1") == ("answered", Reason.NO_METER)
    assert storm.open_at() == ["T12"]


def test_an_ambiguous_report_counts_for_what_takes_out_one_of_those_it_may_mean(storm: Storm) -> None:
    storm.at("06:00").hint("h-1", "T11", "T11-2", "T41-2")
    assert fate(storm, "h-1") == ("ambiguous", Reason.SEVERAL_MEANT)
    storm.at("06:00:40").gasp(*storm.everybody("T41"), lost="06:00")
    incident = storm.at("06:02").incident("T41")
    assert storm.reports["h-1"].holder == incident.id
    assert fate(storm, "h-1") == ("counted", Reason.ALREADY_OUT)


def test_an_ambiguous_report_of_who_is_out_for_work_is_muted(storm: Storm) -> None:
    storm.at("06:00").work_started("W-1", behind="T41", at="06:00")
    storm.at("06:01").hint("h-1", "T11", "T11-2", "T41-2")
    assert fate(storm, "h-1") == ("muted", Reason.PLANNED_WORK)


def test_a_report_of_a_hotline_account_is_explained_at_once_and_others_of_the_fault_join(storm: Storm) -> None:
    report = LocatedReport(
        id="p-1", kind=ReportKind.CALL, at=clock("06:00"), device="transformer:T11", customer="T11-1", priority=True
    )
    storm.at("06:00")
    storm.turn(storm.now, [Fact(report.at, report.id, report)])
    (told,) = storm.called_out()
    assert told.incident == storm.incident("T11").id
    storm.at("06:00:40").gasp(*storm.everybody("L1", besides=["T11-1"]), lost="06:00")
    storm.at("06:02")
    assert storm.open_at() == ["L1"]
    assert len({event.outage for event in storm.called_out()}) == 1


def test_a_claim_of_repair_starts_the_wait_for_signs_and_done_adds_nothing(storm: Storm) -> None:
    storm.at("06:00:40").gasp(*storm.everybody("T31"), lost="06:00")
    incident = storm.at("06:02").incident("T31")
    storm.at("07:00").crew(incident, OrderState.REPAIRED, at="07:00")
    assert storm.because(incident)[-1] == ("verifying", Reason.AWAITING_SIGNS)
    storm.at("07:00:30").power("T31-1", since="07:00")
    storm.at("07:01").crew(incident, OrderState.DONE, at="07:01", found="T31")
    assert storm.because(incident)[-1] == ("restored", Reason.CREW_DONE)
    assert storm.stretches("T31-2") == [(clock("06:00"), clock("07:00"), False)]


def test_a_crew_that_helps_or_hands_over_changes_nothing(storm: Storm) -> None:
    storm.at("06:00:40").gasp(*storm.everybody("T31"), lost="06:00")
    incident = storm.at("06:02").incident("T31")
    storm.at("06:30").crew(incident, OrderState.DONE, at="06:30", found="T31", work=OrderWork.ASSIST, assists="O-1")
    assert storm.because(incident)[-1] == ("confirmed", Reason.CREW_ASSISTS)
    storm.at("06:40").crew(incident, OrderState.HANDED_OVER, at="06:40")
    assert storm.because(incident)[-1] == ("confirmed", Reason.CREW_HANDED_OVER)
    storm.at("07:00")
    assert storm.incident("T31").check_at is None
