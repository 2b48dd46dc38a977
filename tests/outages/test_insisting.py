"""Power that is said to be back is a claim: nobody is closed while out, and who stays out gets an incident in time."""

from __future__ import annotations

import pytest

from schemas.events import IncidentState, ReportKind
from services.outages.entities import Incident
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock
from tests.outages.town import tied


@pytest.fixture
def storm() -> Storm:
    """R1 has failed: all its meters said so."""
    storm = Storm()
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00")
    return storm.at("06:03")


def mended(storm: Storm, besides: tuple[str, ...]) -> Incident:
    """Let the crew mend R1, and all meters but some say that power is back."""
    incident = storm.incident("R1")
    back = storm.everybody("R1", besides=storm.everybody(*besides) if besides else ())
    storm.at("07:00:30").done(incident, found="R1", at="07:00:30").power(*back, since="07:00")
    return incident


def test_a_call_after_the_crews_word_outweighs_a_neighbours_meter(storm: Storm) -> None:
    incident = storm.incident("R1")
    storm.at("07:00:30").done(incident, found="R1", at="07:00:30")
    storm.at("07:01").call("T11-1")
    back = storm.everybody("R1", besides=["T11-1"])
    storm.at("07:01:30").power(*back, since="07:00")
    assert storm.out() == {"T11-1"}
    assert storm.disposal(ReportKind.CALL, "T11-1") == [("counted", Reason.STILL_OUT)]
    storm.at("07:04")
    nested = storm.incident("T11")
    assert (nested.upstream, nested.whole) == (incident.id, False)
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert storm.parts("T11-1") == [
        (clock("06:00"), clock("07:00"), "R1", False),
        (clock("07:00"), None, "T11", False),
    ]


def test_a_second_gasp_after_the_crews_word_is_no_repetition(storm: Storm) -> None:
    incident = storm.incident("R1")
    storm.at("07:00:30").done(incident, found="R1", at="07:00:30")
    storm.at("07:01:40").gasp("T11-1", lost="07:01")
    back = storm.everybody("R1", besides=["T11-1"])
    storm.at("07:02").power(*back, since="07:00")
    assert storm.out() == {"T11-1"}
    storm.at("07:04")
    assert storm.open_at() == ["T11"]
    assert storm.stretches("T11-1") == [(clock("06:00"), None, False)]


def test_a_second_call_before_anybody_said_that_power_is_back_is_a_repetition(storm: Storm) -> None:
    storm.at("06:20").call("T11-1")
    storm.at("06:30").call("T11-1")
    assert storm.disposal(ReportKind.CALL, "T11-1")[-1] == ("doubled", Reason.SAME_AGAIN)


def test_meters_that_keep_silent_when_others_have_power_are_nested_within_three_minutes(storm: Storm) -> None:
    incident = storm.incident("R1")
    storm.at("07:00:30").power(*storm.everybody("L1"), "T21-1", since="07:00")
    storm.at("07:03:30")
    assert storm.open_at() == ["T22"]
    assert storm.incident("T22").upstream == incident.id
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert storm.out() == set(storm.everybody("T22"))


def test_still_out_calls_after_power_was_shown_above_become_a_nested_incident_within_three_minutes() -> None:
    storm = Storm()
    storm.at("06:00").call("T11-1", "T11-2", "T12-1", "T12-2", "T13-1", "T21-1", "V1-1", "V1-2", "V2-2")
    incident = storm.at("06:03").incident("R1")
    storm.at("07:00:30").power(*storm.everybody("L1"), "T21-1", since="07:00")
    storm.at("07:20")
    assert storm.open_at() == ["R1"]
    storm.at("07:20").call("V1-1")
    storm.at("07:23")
    assert storm.incident("V1").upstream == incident.id
    assert "V2-1" in storm.out()


def test_who_calls_soon_after_his_outage_was_ended_by_a_neighbour_never_had_power(storm: Storm) -> None:
    incident = storm.incident("R1")
    back = storm.everybody("R1", besides=["T11-1"])
    storm.at("07:00:30").done(incident, found="R1", at="07:00:30").power(*back, since="07:00")
    assert storm.out() == set()
    storm.at("07:05").call("T11-1")
    storm.at("07:08")
    nested = storm.incident("T11")
    assert (nested.upstream, nested.whole) == (incident.id, False)
    assert storm.stretches("T11-1") == [(clock("06:00"), None, False)]
    assert storm.state_of(incident) is IncidentState.RESTORED


def test_who_calls_after_his_own_meter_spoke_has_lost_power_again(storm: Storm) -> None:
    mended(storm, ())
    storm.at("07:08").call("T11-1")
    storm.at("07:11")
    assert storm.open_at() == ["T11"]
    assert storm.stretches("T11-1") == [(clock("06:00"), clock("07:00"), False), (clock("07:08"), None, False)]


def test_one_below_another_is_found_when_that_one_is_mended(storm: Storm) -> None:
    mended(storm, ("T22",))
    upper = storm.at("07:04").incident("T22")
    storm.at("08:00:30").done(upper, found="T22", at="08:00:30").power(*storm.everybody("V1"), since="08:00")
    storm.at("08:04")
    lower = storm.incident("V2")
    assert storm.open_at() == ["V2"]
    assert lower.upstream == upper.id
    assert storm.parts("V2-1") == [
        (clock("06:00"), clock("07:00"), "R1", False),
        (clock("07:00"), clock("08:00"), "T22", False),
        (clock("08:00"), None, "V2", False),
    ]


def test_an_incident_is_never_restored_while_somebody_is_out_under_it(storm: Storm) -> None:
    incident = mended(storm, ("T12",))
    assert storm.state_of(incident) is IncidentState.PARTIALLY_RESTORED
    storm.at("07:04")
    assert storm.open_at() == ["T12"]
    assert storm.state_of(incident) is IncidentState.RESTORED


def test_a_device_that_is_closed_restores_nobody_who_says_since_that_there_is_no_power() -> None:
    storm = Storm(tied())
    storm.at("06:00:10").state("R1", "open", at="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00:05").state("R1", "closed", at="07:00")
    assert storm.out() == set(storm.everybody("R1"))
    storm.at("07:01").call("T2-1")
    storm.at("07:04")
    assert storm.out() == {"T2-1"}
    assert storm.incident("T2").upstream == incident.id
    assert storm.stretches("T3-1") == [(clock("06:00"), clock("07:00"), False)]


def test_a_call_that_was_made_before_power_came_back_says_nothing_after_it(storm: Storm) -> None:
    mended(storm, ())
    storm.at("07:02").report(ReportKind.CALL, ["T11-1"], clock("06:59"))
    assert storm.disposal(ReportKind.CALL, "T11-1") == [("answered", Reason.OLDER_THAN_RESTORATION)]
    assert storm.out() == set()


def test_calls_from_everywhere_soon_after_power_was_back_are_a_new_fault_for_all() -> None:
    storm = Storm()
    storm.at("06:00:40").gasp(*storm.everybody("L1"), lost="06:00")
    incident = storm.at("06:03").incident("L1")
    storm.at("07:00:30").done(incident, found="L1", at="07:00:30").power("T11-1", "T12-1", "T13-1", since="07:00")
    storm.at("07:08").call("T11-2", "T11-3", "T12-2", "T12-3", "T12-4")
    storm.at("07:12")
    assert storm.incidents() != []
    assert not any(each.upstream for each in storm.incidents())
    assert storm.stretches("T11-2")[-1][0] == clock("07:08")
