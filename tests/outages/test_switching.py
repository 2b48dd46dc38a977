"""States of devices: which count, who is out by them, and how power comes back by switching."""

from __future__ import annotations

import pytest

from schemas.events import IncidentState, Quality, ReportKind, StateSource
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock
from tests.outages.town import tied

CREW = StateSource.CREW


@pytest.fixture
def storm() -> Storm:
    return Storm(tied())


def test_a_device_that_opens_for_longer_than_a_reclosing_opens_a_confirmed_incident(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00")
    storm.at("06:00:59")
    assert storm.open_at() == []
    storm.at("06:01")
    incident = storm.incident("R1")
    assert (incident.state, incident.basis, incident.out) == (IncidentState.CONFIRMED, "telemetry", 12)
    assert (incident.life_support, incident.important) == (1, 1)
    assert storm.stretches("T2-3") == [(clock("06:00"), None, False)]
    assert storm.because(incident) == [("confirmed", Reason.DEVICE_OPEN)]


def test_reports_of_what_an_open_device_took_out_count_for_its_incident(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00").gasp("T1-1", "T2-1", lost="06:00:02")
    storm.at("06:01:10").gasp("T3-1", lost="06:00:01")
    assert storm.open_at() == ["R1"]
    assert storm.disposal(ReportKind.LAST_GASP, "T1-1") == [("counted", Reason.EXPLAINED)]
    assert storm.disposal(ReportKind.LAST_GASP, "T3-1") == [("counted", Reason.ALREADY_OUT)]
    assert storm.stretches("T1-1") == [(clock("06:00"), None, False)]


def test_news_of_an_opening_moves_the_guess_of_the_same_loss_to_the_device_that_opened(storm: Storm) -> None:
    storm.at("06:00:40").gasp(*storm.everybody("T2"), lost="06:00")
    guess = storm.at("06:02").incident("T2")
    storm.at("06:05").state("R1", "open", at="06:00")
    assert storm.open_at() == ["R1"]
    assert storm.state_of(guess) is IncidentState.MERGED
    assert storm.out() == set(storm.everybody("R1"))
    assert storm.parts("T2-1") == [(clock("06:00"), None, "R1", False)]


def test_a_reclosing_is_kept_as_momentary_and_opens_no_incident(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00").state("R1", "closed", at="06:00:08")
    storm.at("06:04")
    assert storm.known() == []
    assert storm.parts("T3-2") == [(clock("06:00"), clock("06:00:08"), "momentary", False)]
    assert storm.told_out() == []


def test_who_stays_out_below_a_reclosing_is_found_and_the_recloser_is_not_blamed(storm: Storm) -> None:
    storm.at("05:50").state("F1", "closed", at="05:50")
    storm.at("06:00:10").state("R1", "open", at="06:00").state("R1", "closed", at="06:00:08")
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00").power(
        *storm.everybody("T1", "T3"), since="06:00:08"
    )
    storm.at("06:05")
    assert storm.open_at() == ["T2"]
    assert storm.out() == set(storm.everybody("T2"))
    assert storm.parts("T1-1") == [(clock("06:00"), clock("06:00:08"), "momentary", False)]


def test_a_device_that_was_measured_closed_is_never_blamed_by_inference(storm: Storm) -> None:
    storm.at("05:55").state("F1", "closed", at="05:55").state("R1", "closed", at="05:55")
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00")
    storm.at("06:02")
    assert storm.open_at() == ["T1", "T2", "T3"]


def test_a_measurement_that_comes_later_takes_the_blame_back(storm: Storm) -> None:
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00")
    blamed = storm.at("06:02").incident("R1")
    storm.at("06:03").state("F1", "closed", at="06:03").state("R1", "closed", at="06:03")
    assert storm.state_of(blamed) is IncidentState.DISMISSED
    assert storm.open_at() == ["T1", "T2", "T3"]
    assert storm.parts("T1-1") == [(clock("06:00"), None, "T1", False)]


def test_closing_again_gives_power_back_on_signs_and_silence_has_a_place(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00:05").state("R1", "closed", at="07:00")
    assert storm.out() == set(storm.everybody("R1"))
    storm.at("07:00:30").power("T1-1", "T3-1", since="07:00")
    assert storm.state_of(incident) is IncidentState.PARTIALLY_RESTORED
    storm.at("07:03:05")
    assert storm.open_at() == ["T2"]
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert storm.parts("T2-1") == [
        (clock("06:00"), clock("07:00"), "R1", False),
        (clock("07:00"), None, "T2", False),
    ]


def test_where_no_meter_speaks_at_all_the_switching_is_believed(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00:05").state("R1", "closed", at="07:00")
    storm.at("07:03:05")
    assert storm.stretches("T2-1") == [(clock("06:00"), clock("07:00"), False)]
    assert storm.because(incident)[-1] == ("restored", Reason.SWITCHED_BACK)


def test_messages_of_power_that_outran_the_news_of_the_switching_count_when_it_comes(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00")
    storm.at("07:00:20").power("T1-1", since="07:00:01")
    assert storm.disposal(ReportKind.POWER_RESTORED, "T1-1") == [("answered", Reason.CONTRADICTS_TELEMETRY)]
    assert storm.out() == set(storm.everybody("R1"))
    storm.at("07:00:40").state("R1", "closed", at="07:00")
    assert storm.stretches("T1-2") == [(clock("06:00"), clock("07:00:01"), False)]


def test_a_tie_gives_power_to_who_lies_beyond_the_fault_and_the_rest_goes_on(storm: Storm) -> None:
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("06:30:10").state("K1", "open", at="06:30", source=CREW)
    storm.at("06:31:10").state("K9", "closed", at="06:31", source=CREW)
    storm.at("06:31:40").power("T2-1", "T3-4", since="06:31")
    assert storm.state_of(incident) is IncidentState.PARTIALLY_RESTORED
    assert storm.out() == set(storm.everybody("T1"))
    assert storm.stretches("T3-1") == [(clock("06:00"), clock("06:31"), False)]
    storm.at("07:00").done(incident, found="R1", at="07:00").power("T1-1", since="07:00")
    assert storm.out() == set()
    assert storm.state_of(incident) is IncidentState.RESTORED


def test_who_is_fed_by_the_tie_loses_power_with_the_feeder_that_helps(storm: Storm) -> None:
    storm.at("05:00").state("K1", "open", at="05:00", source=CREW).state("K9", "closed", at="05:00", source=CREW)
    storm.at("06:00:40").gasp(*(f"T{n}-{m}" for n in (2, 3, 4) for m in range(1, 5)), lost="06:00")
    storm.at("06:02")
    assert storm.open_at() == ["F2"]
    assert len(storm.out()) == 12


def test_a_tie_that_opens_while_the_way_round_is_open_too_leaves_them_dark(storm: Storm) -> None:
    storm.at("05:00").state("K9", "closed", at="05:00", source=CREW).state("K1", "open", at="05:00:10", source=CREW)
    storm.at("05:30")
    assert storm.open_at() == []
    storm.at("06:00:10").state("K9", "open", at="06:00", source=CREW)
    storm.at("06:02")
    incident = storm.incident("K1")
    assert storm.stretches("T2-1") == [(clock("06:00"), None, False)]
    storm.at("06:10:05").state("K1", "closed", at="06:10", source=CREW).power("T2-1", "T3-1", since="06:10")
    assert storm.out() == set()
    assert storm.state_of(incident) is IncidentState.RESTORED
    storm.at("06:30")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"quality": Quality.SUSPECT}, Reason.DOUBTFUL_QUALITY),
        ({"quality": Quality.INVALID}, Reason.DOUBTFUL_QUALITY),
        ({"source": StateSource.COMMAND}, Reason.ONLY_COMMANDED),
        ({"at": "04:00"}, Reason.OLDER_STATE),
        ({"source": CREW}, Reason.CONTRADICTS_TELEMETRY),
    ],
)
def test_a_state_that_cannot_be_relied_on_is_noted_and_changes_nothing(
    storm: Storm, more: dict[str, str], reason: Reason
) -> None:
    storm.at("05:55").state("R1", "closed", at="05:55")
    storm.at("06:00").state("R1", "open", **{"at": "06:00", **more})  # type: ignore[arg-type]
    storm.at("06:10")
    assert storm.noted("position", "switch:R1")[-1] == ("stays", reason)
    assert storm.known() == []


def test_a_crew_is_believed_when_the_measurement_is_old(storm: Storm) -> None:
    storm.at("05:00").state("R1", "closed", at="05:00")
    storm.at("06:00").state("R1", "open", at="06:00", source=CREW)
    storm.at("06:02")
    assert storm.open_at() == ["R1"]


def test_a_fault_behind_what_opened_is_the_incident_of_the_device_that_opened(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00:30").done(incident, found="T2", at="07:00:30").state("R1", "closed", at="07:00").power(
        "T1-1", "T2-1", "T3-1", since="07:00"
    )
    assert storm.stretches("T3-4") == [(clock("06:00"), clock("07:00"), False)]
    assert storm.state_of(incident) is IncidentState.RESTORED


def test_without_power_at_the_device_supply_cannot_be_in_order(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00").done(incident, found=None, at="07:00")
    assert storm.out() == set(storm.everybody("R1"))
    assert storm.because(incident)[-1] == ("stays", Reason.CONTRADICTS_TELEMETRY)


def test_an_opening_that_planned_work_explains_belongs_to_the_work(storm: Storm) -> None:
    storm.at("06:00:05").state("R1", "open", at="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("06:03").work_started("W-1", behind="R1", at="06:00")
    assert storm.because(incident)[-1] == ("dismissed", Reason.PLANNED_WORK)
    assert storm.stretches("T1-1") == [(clock("06:00"), None, True)]
    storm.at("08:00:02").work_completed("W-1", behind="R1", at="08:00").power("T1-1", since="08:00:01")
    storm.at("08:00:20").state("R1", "closed", at="08:00")
    assert storm.stretches("T1-2") == [(clock("06:00"), clock("08:00:01"), True)]


def test_a_device_that_is_measured_closed_long_after_the_loss_may_have_been_mended(storm: Storm) -> None:
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00")
    storm.at("07:00").state("R1", "closed", at="07:00")
    assert storm.open_at() == ["R1"]
    assert storm.out() == set(storm.everybody("R1"))


def test_meters_that_told_of_the_loss_and_are_all_silent_speak_against_the_switching(storm: Storm) -> None:
    storm.at("06:00:10").state("R1", "open", at="06:00").gasp("T1-1", "T2-1", "T3-1", lost="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00:05").state("R1", "closed", at="07:00")
    storm.at("07:03:05")
    assert storm.because(incident)[-1] == ("confirmed", Reason.NO_SIGN_OF_RESTORATION)
    assert storm.out() == set(storm.everybody("R1"))


def test_how_long_a_reclosing_takes_is_for_the_utility_to_say() -> None:
    slow, quick = Storm(tied(), reclosing_s=120), Storm(tied(), reclosing_s=10)
    for storm in (slow, quick):
        storm.at("06:00:05").state("R1", "open", at="06:00")
        storm.at("06:00:40").state("R1", "closed", at="06:00:30")
        storm.at("06:00:50")
    assert slow.known() == []
    assert [incident.reason for incident in quick.known()] == [Reason.SWITCHED_BACK]
    slow.at("06:05")
    assert slow.parts("T1-1") == [(clock("06:00"), clock("06:00:30"), "momentary", False)]
    assert slow.told_out() == []


def test_an_opening_that_leaves_everybody_a_closed_path_is_no_outage(storm: Storm) -> None:
    storm.at("05:50").state("K9", "closed", at="05:50")
    storm.at("06:00:05").state("K1", "open", at="06:00")
    storm.at("06:05")
    assert storm.known() == []
    assert storm.noted("position", "switch:K1")[-1] == ("stays", Reason.STAYED_OPEN)


def test_a_command_is_journaled_and_counts_for_nothing(storm: Storm) -> None:
    storm.at("06:00:05").state("R1", "open", at="06:00", source=StateSource.COMMAND)
    storm.at("06:05")
    assert storm.known() == []
    assert storm.noted("position", "switch:R1") == [("stays", Reason.ONLY_COMMANDED)]
    storm.at("06:10:05").state("R1", "open", at="06:10")
    storm.at("06:12")
    assert storm.stretches("T1-1") == [(clock("06:10"), None, False)]
