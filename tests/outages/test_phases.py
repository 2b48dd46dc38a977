"""States of single phases: whom open poles take out, what a ganged status hides, and how power comes back."""

from __future__ import annotations

import pytest

from schemas.events import IncidentState, OrderState, ReportKind, StateSource
from services.network import Network
from services.outages.entities import Pole, Position
from services.outages.poles import cut_off, may_be_cut_off, measured_closed, told
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock
from tests.outages.town import device_id, phased, town

ON_A = ["T1-1", "T2-1", "T3-1"]
NOT_ON_A = ["T1-2", "T1-3", "T1-4", "T2-2", "T2-3", "T2-4", "T3-2", "T3-3", "T3-4"]


@pytest.fixture
def storm() -> Storm:
    return Storm(phased())


def opened_in_a(storm: Storm) -> Storm:
    storm.at("06:00:05").state("R1", "open", at="06:00", phases="A")
    return storm.at("06:02")


def test_a_pole_that_stays_open_takes_out_whoever_is_on_that_phase_alone(storm: Storm) -> None:
    opened_in_a(storm)
    incident = storm.incident("R1")
    assert storm.out() == set(ON_A)
    assert (incident.phases, incident.whole, incident.state) == ("A", False, IncidentState.CONFIRMED)
    assert storm.because(incident) == [("confirmed", Reason.PHASE_OPEN)]
    assert storm.stretches("T1-1") == [(clock("06:00"), None, False)]


def test_one_who_lost_one_of_several_phases_or_whose_phases_are_unknown_is_out_when_he_says_so() -> None:
    storm = opened_in_a(Storm(phased(T2_2="")))
    storm.at("06:20").call("T1-4", "T2-2")
    storm.at("06:22")
    assert storm.open_at() == ["R1"]
    assert storm.out() == {*ON_A, "T1-4", "T2-2"}
    assert storm.disposal(ReportKind.CALL, "T2-2") == [("counted", Reason.EXPLAINED)]


def test_a_report_from_another_phase_is_explained_by_itself(storm: Storm) -> None:
    opened_in_a(storm).call("T1-2")
    storm.at("06:04")
    assert storm.open_at() == ["R1", "T1"]
    assert storm.parts("T1-2")[0][2] == "T1"


def test_where_no_phase_of_anybody_is_known_an_open_pole_presumes_nobody_out() -> None:
    storm = opened_in_a(Storm(town()))
    assert storm.known() == []
    assert storm.noted("position", "switch:R1")[-1] == ("stays", Reason.STAYED_OPEN)
    storm.at("06:10").call("T11-1")
    storm.at("06:12")
    assert (storm.open_at(), storm.out()) == (["R1"], {"T11-1"})


def test_a_pole_that_recloses_is_momentary_for_its_phase_and_nobody_is_told(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00", phases="A").state("R1", "closed", at="06:00:08", phases="A")
    storm.at("06:05")
    assert storm.known() == []
    assert storm.told_out() == []
    assert storm.parts("T1-1") == [(clock("06:00"), clock("06:00:08"), "momentary", False)]
    assert storm.parts("T1-2") == []


def test_all_poles_open_one_by_one_are_the_device_open(storm: Storm) -> None:
    opened_in_a(storm)
    storm.at("06:10:01").state("R1", "open", at="06:10", phases="BC")
    storm.at("06:12")
    incident = storm.incident("R1")
    assert storm.open_at() == ["R1"]
    assert (incident.whole, incident.phases) == (True, "")
    assert storm.stretches("T1-1") == [(clock("06:00"), None, False)]
    assert storm.stretches("T1-4") == [(clock("06:10"), None, False)]


def test_a_pole_that_closes_again_gives_power_back_on_signs_from_its_phase(storm: Storm) -> None:
    opened_in_a(storm)
    incident = storm.incident("R1")
    storm.at("07:00:05").state("R1", "closed", at="07:00", phases="A").power("T2-2", since="07:00")
    assert storm.out() == set(ON_A)
    storm.at("07:00:30").power("T2-1", since="07:00")
    assert storm.out() == {"T1-1", "T3-1"}
    storm.at("07:03:30")
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert storm.open_at() == ["T1", "T3"]
    assert storm.parts("T1-1") == [
        (clock("06:00"), clock("07:00"), "R1", False),
        (clock("07:00"), None, "T1", False),
    ]


def test_without_any_sign_the_closing_of_the_pole_is_believed(storm: Storm) -> None:
    opened_in_a(storm)
    storm.at("07:00:05").state("R1", "closed", at="07:00")
    storm.at("07:03:30")
    assert storm.out() == set()
    assert storm.stretches("T3-1") == [(clock("06:00"), clock("07:00"), False)]


def test_power_at_another_phase_restores_nobody_of_the_lost_one(storm: Storm) -> None:
    opened_in_a(storm)
    storm.at("06:10").power("T1-2", since="06:09").power("T1-4", since="06:09")
    assert storm.out() == set(ON_A)
    storm.at("06:20").power("T1-1", since="06:19")
    assert storm.disposal(ReportKind.POWER_RESTORED, "T1-1") == [("answered", Reason.CONTRADICTS_TELEMETRY)]
    assert storm.out() == set(ON_A)


def test_when_one_pole_of_an_open_device_closes_the_others_stay_out(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00")
    storm.at("06:02")
    assert storm.out() == set(storm.everybody("R1"))
    storm.at("07:00:05").state("R1", "closed", at="07:00", phases="A").power(*ON_A, since="07:00")
    assert storm.out() == set(NOT_ON_A)
    assert storm.incident("R1").phases == "BC"
    storm.at("07:10:05").state("R1", "closed", at="07:10", phases="BC").power(*NOT_ON_A, since="07:10")
    assert storm.out() == set()


def test_a_lateral_of_one_phase_that_opens_is_open() -> None:
    storm = Storm(town(carried={"L1": "AN"}))
    storm.at("06:00:10").state("L1", "open", at="06:00", phases="A")
    storm.at("06:02")
    assert storm.incident("L1").whole
    assert storm.out() == set(storm.everybody("L1"))


def test_a_state_of_phases_that_the_device_does_not_carry_is_noted() -> None:
    storm = Storm(town(carried={"L1": "AN"}))
    storm.at("06:00:10").state("L1", "open", at="06:00", phases="BC")
    assert storm.noted("position", "switch:L1") == [("stays", Reason.PARTIAL_PHASES)]


# --------------------------------------------------------------------------------------------- what ganged states hide
def shown_closed(storm: Storm, phases: str = "ABC") -> Storm:
    for place in ("F1", "R1"):
        storm.at("05:55").state(place, "closed", at="05:55", phases=phases)
    return storm


def test_reports_all_on_one_phase_are_that_phase_lost_behind_a_ganged_device_that_is_shown_closed(storm: Storm) -> None:
    shown_closed(storm)
    storm.at("06:00:40").gasp(*ON_A, lost="06:00")
    storm.at("06:03")
    incident = storm.incident("R1")
    assert storm.open_at() == ["R1"]
    assert (incident.phases, incident.whole) == ("A", False)
    assert storm.out() == set(ON_A)
    assert Reason.ALL_ON_ONE_PHASE in {reason for _, reason in storm.because(incident)}
    assert storm.stretches("T1-2") == []


def test_callers_all_on_one_phase_say_the_same_and_whoever_else_is_on_it_is_presumed_out() -> None:
    storm = shown_closed(Storm(phased(T3_2="AN")))
    storm.at("06:00").call("T1-1", "T2-1", "T3-1")
    storm.at("06:03")
    assert storm.open_at() == ["R1"]
    assert storm.out() == {*ON_A, "T3-2"}


def test_a_measurement_of_that_phase_by_itself_clears_the_device(storm: Storm) -> None:
    shown_closed(storm, "A")
    storm.at("06:00:40").gasp(*ON_A, lost="06:00")
    storm.at("06:03")
    assert storm.open_at() == ["T1", "T2", "T3"]
    assert storm.out() >= set(ON_A)


def test_a_measurement_of_that_phase_that_comes_later_takes_the_blame_back(storm: Storm) -> None:
    shown_closed(storm)
    storm.at("06:00:40").gasp(*ON_A, lost="06:00")
    blamed = storm.at("06:03").incident("R1")
    storm.at("06:04").state("R1", "closed", at="06:04", phases="A")
    assert storm.state_of(blamed) is IncidentState.DISMISSED
    storm.at("06:06")
    assert storm.open_at() == ["T1", "T2", "T3"]


def test_reports_from_several_phases_never_blame_the_device(storm: Storm) -> None:
    shown_closed(storm)
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00")
    storm.at("06:03")
    assert storm.open_at() == ["T1", "T2", "T3"]


def test_meters_of_the_phase_that_are_silent_speak_against_it() -> None:
    many = {f"T{n}-{m}": "A" for n in range(1, 4) for m in range(1, 11)}
    storm = shown_closed(
        Storm(town({"F1": ("R1",), "R1": ("T1", "T2", "T3")}, dict.fromkeys(("T1", "T2", "T3"), 10), phases=many))
    )
    storm.at("06:00:40").gasp("T1-1", "T2-1", "T3-1", lost="06:00")
    storm.at("06:03")
    assert "R1" not in storm.open_at()


def test_a_crew_that_mends_a_lost_phase_brings_nobody_else_out(storm: Storm) -> None:
    shown_closed(storm)
    storm.at("06:00:40").gasp(*ON_A, lost="06:00")
    incident = storm.at("06:03").incident("R1")
    storm.at("06:30").crew(incident, OrderState.ARRIVED, at="06:30")
    storm.at("07:00:30").done(incident, found="R1", at="07:00:30")
    assert storm.out() == set(ON_A)
    storm.at("07:00:50").power(*ON_A, since="07:00")
    assert storm.out() == set()
    assert storm.stretches("T1-2") == []
    assert storm.state_of(incident) is IncidentState.RESTORED


def test_the_guess_of_reports_that_outran_the_news_of_the_pole_goes_up_in_it(storm: Storm) -> None:
    storm.at("06:00:40").gasp("T1-1", lost="06:00")
    storm.at("06:02")
    storm.at("06:05").state("R1", "open", at="06:00", phases="A")
    storm.at("06:07")
    assert storm.open_at() == ["R1"]
    assert storm.out() == set(ON_A)
    assert storm.parts("T1-1") == [(clock("06:00"), None, "R1", False)]


def test_a_crew_is_believed_about_one_pole_of_what_is_shown_closed_as_a_whole(storm: Storm) -> None:
    shown_closed(storm)
    storm.at("06:00").state("R1", "open", at="06:00", phases="A", source=StateSource.CREW)
    storm.at("06:02")
    assert storm.out() == set(ON_A)
    measured = shown_closed(Storm(phased()), "A")
    measured.at("06:00").state("R1", "open", at="06:00", phases="A", source=StateSource.CREW)
    measured.at("06:02")
    assert measured.out() == set()
    assert measured.noted("position", "switch:R1")[-1] == ("stays", Reason.CONTRADICTS_TELEMETRY)


def test_states_that_come_again_or_late_change_nothing(storm: Storm) -> None:
    opened_in_a(storm)
    before = len(storm.events)
    storm.at("06:10").state("R1", "open", at="06:10", phases="A").state("R1", "closed", at="05:59", phases="A")
    storm.at("06:20")
    assert storm.noted("position", "switch:R1")[-1] == ("stays", Reason.TOLD_OPEN)
    assert ("stays", Reason.OLDER_STATE) in storm.noted("position", "switch:R1")
    assert len(storm.events) == before


def test_the_state_survives_being_stored() -> None:
    stored = opened_in_a(Storm(phased(), resumed=True))
    kept = opened_in_a(Storm(phased()))
    stored.at("07:00:05").state("R1", "closed", at="07:00", phases="A")
    kept.at("07:00:05").state("R1", "closed", at="07:00", phases="A")
    assert stored.at("07:10").outcomes == kept.at("07:10").outcomes


# ------------------------------------------------------------------------------------------------------- pure rules
def test_what_is_told_of_poles_adds_up_to_the_device() -> None:
    closed, poles = told(None, "A", "ABC", 5, closed=False, usual=True)
    assert (closed, poles) == (True, (Pole("A", closed=False, at=5),))
    standing = Position(id="d", closed=closed, source="scada", at=5, fact="f", poles=poles)
    assert told(standing, "BC", "ABC", 7, closed=False, usual=True) == (False, ())
    assert told(standing, "ABC", "ABC", 7, closed=True, usual=True) == (True, ())
    assert told(None, "A", "A", 7, closed=True, usual=True) == (True, (Pole("A", closed=True, at=7),))
    tie = told(None, "AB", "ABC", 7, closed=True, usual=False)
    assert tie[0] is False


def test_a_tie_is_closed_when_all_its_poles_are() -> None:
    closed, poles = told(None, "A", "ABC", 5, closed=True, usual=False)
    assert not closed
    standing = Position(id="d", closed=closed, source="scada", at=5, fact="f", poles=poles)
    for at, phase in ((6, "B"), (7, "C")):
        closed, poles = told(standing, phase, "ABC", at, closed=True, usual=False)
        standing = Position(id="d", closed=closed, source="scada", at=at, fact="f", poles=poles)
    assert standing.closed
    assert standing.open_phases == ""


def test_who_is_cut_off_by_open_poles() -> None:
    assert cut_off("AN", "A")
    assert cut_off("AB", "AB")
    assert not cut_off("ABCN", "A")
    assert not cut_off("", "A")
    assert may_be_cut_off("", "A")
    assert may_be_cut_off("ABCN", "A")
    assert not may_be_cut_off("BN", "A")
    assert not may_be_cut_off("AN", "")


def test_what_is_measured_as_a_whole_proves_no_single_phase() -> None:
    whole = Position(id="d", closed=True, source="scada", at=10, fact="f")
    assert measured_closed(whole, 5)
    assert not measured_closed(whole, 5, "A")
    single = Position(id="d", closed=True, source="scada", at=1, fact="f", poles=(Pole("A", closed=True, at=10),))
    assert measured_closed(single, 5, "A")
    assert not measured_closed(single, 5, "AB")
    assert not measured_closed(None, 5)


def test_a_network_knows_the_phases_that_a_device_carries() -> None:
    network: Network = town(carried={"L1": "AN"})
    assert network.switch(device_id("L1")).phases == "A"
    assert network.switch(device_id("F1")).phases == "ABC"
