"""Outages that were only presumed, and the trouble of a single premise."""

from __future__ import annotations

import pytest

from schemas.events import IncidentState, OrderState, ReportKind
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock


@pytest.fixture
def storm() -> Storm:
    return Storm()


# ------------------------------------------------------------------------------------------------------ presumed only
def test_who_was_only_presumed_out_never_was_when_the_crew_finds_supply_in_order(storm: Storm) -> None:
    storm.at("06:00").call("T41-1", "T41-2")
    incident = storm.at("06:03").incident("T41")
    assert storm.out() == set(storm.everybody("T41"))
    storm.at("09:40").done(incident, found=None, at="09:40")
    assert storm.out() == set()
    assert storm.stretches("T41-3") == []
    assert storm.stretches("T41-1") == [(clock("06:00"), clock("09:40"), False)]
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert Reason.NEVER_OUT in {row.reason for row in storm.ledger.values() if row.voided}
    assert storm.told_restored() == {"T41-1", "T41-2"}


def test_when_enough_reported_the_outage_was_one_and_ended_for_all(storm: Storm) -> None:
    storm.at("06:00").call("T41-1", "T41-2", "T41-3", "T41-4")
    incident = storm.at("06:03").incident("T41")
    storm.at("07:00").done(incident, found=None, at="07:00")
    assert storm.stretches("T41-5") == [(clock("06:00"), clock("07:00"), False)]


def test_when_a_meter_told_of_the_loss_the_outage_was_one(storm: Storm) -> None:
    storm.at("06:00:40").gasp("T41-1", lost="06:00").call("T41-2")
    storm.at("06:03")
    storm.at("06:10").call("T41-3")
    for incident in storm.at("06:13").incidents():
        storm.at("07:00").done(incident, found=None, at="07:00")
    assert storm.stretches("T41-1") == [(clock("06:00"), clock("07:00"), False)]
    assert not [row for row in storm.ledger.values() if row.reason == Reason.NEVER_OUT]


def test_when_a_meter_told_that_power_is_back_the_outage_was_one(storm: Storm) -> None:
    storm.at("06:00").call("T41-1", "T41-2", "T42-1", "T42-2")
    incident = storm.at("06:03").incident("F2")
    storm.at("07:00").power("T41-3", since="06:59")
    storm.at("07:10").done(incident, found=None, at="07:10")
    assert storm.out() == set()
    assert storm.stretches("T42-5") == [(clock("06:00"), clock("06:59"), False)]


def test_after_a_crew_had_found_a_fault_the_outage_was_one(storm: Storm) -> None:
    storm.at("06:00").call("T41-1", "T41-2")
    incident = storm.at("06:03").incident("T41")
    storm.at("07:00").done(incident, found="T41", at="07:00")
    storm.at("07:04")
    storm.at("08:00").done(incident, found=None, at="08:00")
    assert storm.stretches("T41-5") == [(clock("06:00"), clock("07:00"), False)]


# ------------------------------------------------------------------------------------------------------- one premise
def test_one_who_reports_where_a_neighbour_has_power_is_a_premise_for_itself(storm: Storm) -> None:
    storm.at("06:00").call("T41-1")
    storm.at("06:03").power("T41-2", since="06:02:30")
    incident = storm.incident("T41")
    assert storm.out() == {"T41-1"}
    assert (incident.whole, incident.premise) == (False, True)
    assert storm.because(incident)[-1][1] == Reason.NEIGHBOURS_HAVE_POWER
    assert storm.stretches("T41-2") == storm.stretches("T41-3") == []


def test_a_neighbours_power_that_was_seen_before_the_incident_opened_says_the_same(storm: Storm) -> None:
    storm.at("06:00").call("T41-1")
    storm.at("06:00:10").power("T41-2", since="06:00:05")
    storm.at("06:03")
    assert storm.incident("T41").premise
    assert storm.out() == {"T41-1"}
    assert storm.stretches("T41-3") == []


def test_the_customers_word_ends_it(storm: Storm) -> None:
    storm.at("06:00").call("T41-1")
    incident = storm.at("06:03").power("T41-2", since="06:02:30").incident("T41")
    storm.at("06:30").power("T41-1", since="06:29")
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert storm.stretches("T41-1") == [(clock("06:00"), clock("06:29"), False)]


@pytest.mark.parametrize("found", ["T41", None])
def test_the_crews_word_ends_it_and_takes_nobody_else_out(storm: Storm, found: str | None) -> None:
    storm.at("06:00").call("T41-1")
    incident = storm.at("06:03").power("T41-2", since="06:02:30").incident("T41")
    storm.at("06:40").crew(incident, OrderState.ARRIVED, at="06:40")
    storm.at("07:00").done(incident, found=found, at="07:00")
    storm.at("07:04")
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert storm.stretches("T41-1") == [(clock("06:00"), clock("07:00"), False)]
    assert storm.told_restored() == {"T41-1"}
    assert storm.stretches("T41-3") == []


def test_the_crews_word_is_not_believed_against_the_customers(storm: Storm) -> None:
    storm.at("06:00").call("T41-1")
    incident = storm.at("06:03").power("T41-2", since="06:02:30").incident("T41")
    storm.at("07:00").done(incident, found="T41", at="07:00")
    storm.at("07:01").call("T41-1")
    storm.at("07:05")
    assert storm.out() == {"T41-1"}
    assert storm.because(incident)[-1][1] == Reason.NO_SIGN_OF_RESTORATION


def test_power_at_a_neighbour_long_after_the_report_is_a_restoration(storm: Storm) -> None:
    storm.at("06:00").call("T41-1")
    incident = storm.at("06:03").incident("T41")
    storm.at("07:00").power("T41-2", since="06:59")
    assert storm.out() == set()
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert not storm.known()[0].premise


def test_two_who_report_are_no_premise(storm: Storm) -> None:
    storm.at("06:00").call("T41-1", "T41-3")
    storm.at("06:03").power("T41-2", since="06:02:30")
    assert not any(each.premise for each in storm.known())


def test_power_behind_another_fuse_is_no_neighbours(storm: Storm) -> None:
    storm.at("06:00").call("V1-1")
    storm.at("06:03").power("V2-1", since="06:02:30")
    assert not any(each.premise for each in storm.known())
    assert "V1-1" in storm.out()


def test_a_gasp_of_one_meter_whose_neighbour_has_power_is_a_premise_too(storm: Storm) -> None:
    storm.at("06:00:40").gasp("T41-1", lost="06:00")
    storm.at("06:03").power("T41-2", since="06:02:30")
    assert storm.incident("T41").premise
    assert storm.out() == {"T41-1"}


def test_a_premise_whose_neighbours_report_after_all_is_none_any_more(storm: Storm) -> None:
    storm.at("06:00").call("T41-1")
    storm.at("06:03").power("T41-2", since="06:02:30")
    storm.at("06:10:40").gasp(*storm.everybody("T41", besides=["T41-1"]), lost="06:10")
    storm.at("06:14")
    assert storm.out() == set(storm.everybody("T41"))
    storm.at("07:00:20").power(*storm.everybody("T41"), since="07:00")
    assert storm.out() == set()


def test_a_call_of_the_one_who_has_power_is_answered_by_it(storm: Storm) -> None:
    storm.at("06:00").call("T41-1").power("T41-1", since="06:00:10")
    storm.at("06:03")
    assert storm.out() == set()
    assert storm.disposal(ReportKind.CALL, "T41-1") != []


def test_that_neighbours_have_power_is_said_once(storm: Storm) -> None:
    storm.at("06:00").call("T41-1")
    incident = storm.at("06:03").power("T41-2", since="06:02:30").incident("T41")
    storm.at("06:05").power("T41-3", since="06:04")
    storm.at("06:40")
    said = [reason for _, reason in storm.because(incident)]
    assert said.count(Reason.NEIGHBOURS_HAVE_POWER) == 1
    assert storm.out() == {"T41-1"}


def test_a_place_that_nobody_named_is_no_premise(storm: Storm) -> None:
    storm.at("06:00").hint("h-1", "T41")
    storm.at("06:00:10").hint("h-2", "T41").hint("h-3", "T42")
    storm.at("06:03").power("T41-2", since="06:02:30")
    storm.at("06:30")
    assert not any(each.premise for each in storm.known())
