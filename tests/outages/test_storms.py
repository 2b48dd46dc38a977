"""Storms, told as scripts: what is inferred, who is out since when, and when power is believed to be back."""

from __future__ import annotations

import pytest

from schemas.events import IncidentState, OrderState, ReportKind
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock
from tests.outages.town import town


@pytest.fixture
def storm() -> Storm:
    return Storm()


def test_gasps_of_one_fault_open_one_incident_at_the_lowest_common_device(storm: Storm) -> None:
    lost = "06:00:10"
    storm.at("06:00:50").gasp("T11-1", "T11-3", "T12-1", "T12-2", lost=lost)
    storm.at("06:01:10").gasp("T11-4", "T12-5", "T13-1", lost=lost)
    storm.at("06:01:40")
    assert storm.open_at() == ["L1"]
    assert storm.events == []
    assert storm.out() == {"T11-1", "T11-3", "T11-4", "T12-1", "T12-2", "T12-5", "T13-1"}
    storm.at("06:01:50")
    assert storm.open_at() == ["L1"]
    assert storm.out() == set(storm.everybody("L1"))
    assert len(storm.events) == 1
    assert storm.stretches("T11-2") == [(clock(lost), None, False)]
    assert storm.because(storm.incident("L1")) == [
        ("predicted", Reason.LOWEST_COMMON_DEVICE),
        ("confirmed", Reason.REPORTERS_AGREE),
        ("confirmed", Reason.LOWEST_COMMON_DEVICE),
    ]
    assert storm.disposal(ReportKind.LAST_GASP, "T11-1") == [("counted", Reason.EXPLAINED)]


def test_two_faults_at_once_do_not_climb_to_what_they_have_in_common(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T11"), *storm.everybody("T31"), lost="06:00:10")
    storm.at("06:02")
    assert storm.open_at() == ["T11", "T31"]
    assert storm.out() == {*storm.everybody("T11"), *storm.everybody("T31")}


def test_faults_on_two_feeders_are_apart(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T41"), *storm.everybody("L3"), lost="06:00:10")
    storm.at("06:02")
    assert storm.open_at() == ["L3", "T41"]


def test_a_call_at_a_transformer_whose_meters_are_silent_takes_out_only_who_called_when_others_are_many() -> None:
    storm = Storm(town({"F1": ("T1",)}, {"T1": 120}))
    storm.at("06:00").call("T1-7")
    storm.at("06:02")
    assert storm.out() == {"T1-7"}
    assert storm.because(storm.incident("T1")) == [("predicted", Reason.ONLY_WHO_REPORTED)]


def test_calls_alone_move_an_incident_up_as_more_of_them_come(storm: Storm) -> None:
    storm.at("06:00").call("T11-1", "T11-3")
    storm.at("06:02")
    assert storm.open_at() == ["T11"]
    storm.at("06:09").call("T12-4")
    storm.at("06:11")
    incident = storm.incident("L1")
    assert storm.out() == set(storm.everybody("L1"))
    assert (incident.basis, incident.started_at) == ("call", clock("06:00"))
    assert ("predicted", Reason.NEIGHBOURS_REPORT) in storm.because(incident)


def test_a_late_gasp_gives_an_incident_of_callers_its_true_start(storm: Storm) -> None:
    storm.at("06:04").call("T11-1", "T11-3")
    storm.at("06:06").gasp("T11-2", lost="06:00:10")
    assert {storm.stretches(c)[0][0] for c in storm.everybody("T11")} == {clock("06:00:10")}
    assert storm.incident("T11").basis == "meter"


def test_power_back_is_believed_by_group_and_nobody_is_restored_on_the_crews_word(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("L1", besides=["T13-1"]), lost="06:00:10")
    incident = storm.at("06:02").incident("L1")
    storm.at("07:00:30").done(incident, found="L1", at="07:00:30")
    assert storm.out() == set(storm.everybody("L1"))
    assert storm.told_restored() == set()
    storm.at("07:00:40").power("T11-2", since="07:00")
    assert storm.told_restored() == set(storm.everybody("T11"))
    assert storm.stretches("T11-4") == [(clock("06:00:10"), clock("07:00"), False)]
    assert storm.state_of(incident) is IncidentState.PARTIALLY_RESTORED
    storm.at("07:00:50").power("T12-1", "T13-1", since="07:00")
    assert storm.out() == set()
    assert storm.state_of(incident) is IncidentState.RESTORED
    storm.at("07:11")
    assert storm.state_of(incident) is IncidentState.CLOSED


def test_a_nested_outage_is_found_where_the_silence_sits(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("R1"), lost="06:00:10")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00:30").done(incident, found="R1", at="07:00:30")
    storm.at("07:00:40").power("T11-1", "T12-1", "T13-1", "T21-1", since="07:00")
    storm.at("07:03:40")
    nested = storm.incident("T22")
    assert nested.upstream == incident.id
    assert storm.out() == set(storm.everybody("T22"))
    assert storm.because(nested) == [("predicted", Reason.NO_SIGN_OF_RESTORATION)]
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert storm.stretches("V1-1") == [(clock("06:00:10"), None, False)]
    storm.at("08:00:30").done(nested, found="V2", at="08:00:30").power("V2-1", since="08:00")
    assert storm.stretches("V2-2") == [(clock("06:00:10"), clock("08:00"), False)]
    storm.at("08:30:30").done(storm.incident("V1"), found=None, at="08:30:30")
    assert storm.stretches("V1-1") == [(clock("06:00:10"), clock("07:00"), False)]
    assert storm.out() == set()


def test_silent_customers_of_a_found_nested_fault_go_on_until_their_own_is_found(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("R1"), lost="06:00:10")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00:30").done(incident, found="R1", at="07:00:30").power(*storm.everybody("L1"), "T21-1", since="07:00")
    nested = storm.at("07:04").incident("T22")
    storm.at("07:20:30").done(nested, found=None, at="07:20:30")
    assert storm.stretches("V1-1") == [(clock("06:00:10"), clock("07:00"), False)]
    assert storm.state_of(nested) is IncidentState.RESTORED


def test_a_sign_from_below_proves_who_hangs_above_it(storm: Storm) -> None:
    storm = Storm(town({"F1": ("T1",), "T1": ("V1", "V2")}, {"T1": 2, "V1": 3, "V2": 3}))
    storm.at("06:00:50").gasp(*storm.everybody("T1"), lost="06:00:10")
    storm.at("07:00:20").power("V1-1", since="07:00")
    assert storm.told_restored() == {"V1-1", "V1-2", "V1-3", "T1-1", "T1-2"}


def test_without_any_sign_the_incident_stands_and_asks_for_a_crew_again(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T11"), lost="06:00:10")
    incident = storm.at("06:02").incident("T11")
    storm.at("07:00:30").done(incident, found="T11", at="07:00:30")
    storm.at("07:04")
    assert storm.because(incident)[-1] == ("confirmed", Reason.NO_SIGN_OF_RESTORATION)
    assert storm.out() == set(storm.everybody("T11"))
    storm.at("07:30").done(incident, found=None, at="07:30")
    assert storm.told_restored() == set(storm.everybody("T11"))
    assert storm.stretches("T11-1") == [(clock("06:00:10"), clock("07:00:30"), False)]


def test_a_crew_that_finds_the_fault_higher_brings_the_others_in_from_the_start(storm: Storm) -> None:
    storm.at("06:00:50").gasp("T11-1", "T11-2", "T11-3", lost="06:00:10")
    incident = storm.at("06:02").incident("T11")
    storm.at("07:00:10").power("T12-1", since="07:00")
    storm.at("07:00:20").power("T11-1", since="07:00")
    assert storm.state_of(incident) is IncidentState.RESTORED
    storm.at("07:00:30").done(incident, found="L1", at="07:00:30")
    assert storm.stretches("T12-3") == [(clock("06:00:10"), clock("07:00"), False)]
    assert storm.out() == {"T13-1"}
    storm.at("07:00:50").power("T13-1", since="07:00")
    assert storm.state_of(incident) is IncidentState.RESTORED
    assert not {"T12-1", "T12-3"} & set(storm.told_out())


def test_a_crew_that_finds_the_fault_lower_frees_who_was_never_out(storm: Storm) -> None:
    storm.at("06:00:50").gasp("T13-1", *storm.everybody("T11"), "T12-1", lost="06:00:10")
    incident = storm.at("06:02").incident("L1")
    storm.at("07:00:30").done(incident, found="T11", at="07:00:30").power("T11-1", since="07:00")
    assert storm.stretches("T12-2") == []
    assert storm.open_at() == ["T12", "T13"]
    assert storm.out() == {"T12-1", "T13-1"}
    assert storm.told_restored() == set(storm.everybody("T11"))


def test_two_guesses_below_one_fault_are_merged_when_it_is_found(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T11", "V1"), lost="06:00")
    storm.at("06:02")
    first, second = storm.incident("T11"), storm.incident("V1")
    storm.at("07:00:30").done(first, found="R1", at="07:00:30").power(*storm.everybody("R1"), since="07:00")
    assert storm.state_of(second) is IncidentState.MERGED
    assert storm.state_of(first) is IncidentState.RESTORED
    assert storm.stretches("T21-1") == [(clock("06:00"), clock("07:00"), False)]


def test_an_upstream_fault_after_a_downstream_one_leaves_both_their_customers(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T11"), lost="06:00:10")
    lower = storm.at("06:02").incident("T11")
    storm.at("06:20:50").gasp(*storm.everybody("R1", besides=storm.everybody("T11")), lost="06:20:10")
    storm.at("06:22")
    upper = storm.incident("R1")
    assert storm.stretches("T11-1") == [(clock("06:00:10"), None, False)]
    storm.at("06:40:30").done(lower, found="T11", at="06:40:30")
    storm.at("06:44")
    assert storm.state_of(lower) is IncidentState.MERGED
    assert storm.because(lower)[-1] == ("merged", Reason.UPSTREAM_STILL_OUT)
    rest = storm.everybody("R1")
    storm.at("07:00:30").done(upper, found="R1", at="07:00:30").power(*rest, since="07:00")
    assert storm.stretches("T11-1") == [(clock("06:00:10"), clock("07:00"), False)]
    assert storm.told_restored() == set(rest)


def test_the_upper_of_two_faults_mended_first_leaves_the_lower_one_out(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T11"), lost="06:00:10")
    lower = storm.at("06:02").incident("T11")
    others = storm.everybody("R1", besides=storm.everybody("T11"))
    storm.at("06:20:50").gasp(*others, lost="06:20:10")
    upper = storm.at("06:22").incident("R1")
    storm.at("07:00:30").done(upper, found="R1", at="07:00:30").power(*others, since="07:00")
    assert storm.out() == set(storm.everybody("T11"))
    storm.at("07:30:30").done(lower, found="T11", at="07:30:30").power("T11-4", since="07:30")
    assert storm.out() == set()
    assert storm.stretches("T11-1") == [(clock("06:00:10"), clock("07:30"), False)]


def test_a_crew_that_mends_another_known_fault_leaves_its_own_incident_standing(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T11"), *storm.everybody("T31"), lost="06:00:10")
    storm.at("06:02")
    own, other = storm.incident("T11"), storm.incident("T31")
    storm.at("07:00:30").done(own, found="T31", at="07:00:30").power(*storm.everybody("T31"), since="07:00")
    assert storm.state_of(other) is IncidentState.RESTORED
    assert storm.because(own)[-1] == ("confirmed", Reason.FOUND_ELSEWHERE)
    assert storm.out() == set(storm.everybody("T11"))


def test_reports_again_late_and_stray_have_their_named_states(storm: Storm) -> None:
    storm.at("06:00:50").gasp("T11-1", "T11-2", "T11-3", lost="06:00:10")
    storm.at("06:02").gasp("T11-1", lost="06:00:10").call("T11-4").power("T41-1", since="06:01")
    storm.at("07:00:20").power("T11-1", since="07:00").power("T11-2", since="05:59")
    storm.at("07:01").gasp("T11-4", lost="06:00:10")
    assert storm.disposal(ReportKind.LAST_GASP, "T11-1") == [
        ("counted", Reason.EXPLAINED),
        ("doubled", Reason.SAME_AGAIN),
    ]
    assert storm.disposal(ReportKind.CALL, "T11-4") == [("counted", Reason.ALREADY_OUT)]
    assert storm.disposal(ReportKind.POWER_RESTORED, "T41-1") == [("answered", Reason.NOT_KNOWN_OUT)]
    assert storm.disposal(ReportKind.POWER_RESTORED, "T11-2") == [("answered", Reason.OLDER_THAN_LOSS)]
    assert storm.disposal(ReportKind.LAST_GASP, "T11-4") == [("answered", Reason.OLDER_THAN_RESTORATION)]
    assert storm.out() == set()


def test_power_that_came_back_before_anything_was_inferred_is_in_the_ledger(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T11"), lost="06:00:10")
    storm.at("06:01:10").power("T11-1", since="06:01")
    storm.at("06:02")
    assert storm.open_at() == []
    assert storm.stretches("T11-2") == [(clock("06:00:10"), clock("06:01"), False)]
    assert storm.told_out() == []


def test_a_window_mutes_what_it_explains_and_ends_by_signs(storm: Storm) -> None:
    storm.at("05:00").planned_work("W-3", behind="L2", until="09:00")
    storm.at("06:00:10").work_started("W-3", behind="L2", at="06:00")
    storm.at("06:00:40").gasp("T21-1", lost="06:00").call("V1-1")
    assert storm.disposal(ReportKind.LAST_GASP, "T21-1") == [("muted", Reason.PLANNED_WORK)]
    storm.at("06:02")
    assert storm.open_at() == []
    assert storm.out() == set(storm.everybody("L2"))
    storm.at("09:00:10").work_completed("W-3", behind="L2", at="09:00")
    storm.at("09:00:30").power("T21-1", "V1-1", "V2-3", since="09:00")
    storm.at("09:04")
    assert storm.out() == set()
    assert storm.stretches("V2-1") == [(clock("06:00"), clock("09:00"), True)]
    assert storm.told_out() == []


def test_who_is_still_out_after_a_window_gets_an_incident(storm: Storm) -> None:
    storm.at("06:00:10").work_started("W-3", behind="L2", at="06:00")
    storm.at("09:00:10").work_completed("W-3", behind="L2", at="09:00")
    storm.at("09:00:30").power("T21-1", "V1-1", since="09:00")
    storm.at("09:04")
    incident = storm.incident("V2")
    assert storm.because(incident) == [("predicted", Reason.STILL_OUT_AFTER_WINDOW)]
    storm.at("10:00:30").done(incident, found="V2", at="10:00:30").power("V2-1", since="10:00")
    assert storm.stretches("V2-2") == [
        (clock("06:00"), clock("09:00"), True),
        (clock("09:00"), clock("10:00"), False),
    ]


def test_gasps_that_came_before_the_notice_of_work_belong_to_it(storm: Storm) -> None:
    storm.at("06:00:40").gasp(*storm.everybody("L2"), lost="06:00")
    incident = storm.at("06:02").incident("L2")
    storm.at("06:03").work_started("W-3", behind="L2", at="06:00")
    assert storm.because(incident)[-1] == ("dismissed", Reason.PLANNED_WORK)
    assert storm.stretches("V1-1") == [(clock("06:00"), None, True)]


def test_a_large_customer_is_told_of_once_and_again_when_power_is_back() -> None:
    storm = Storm(accounts={"V1-1": "ACC-1"})
    storm.at("06:00:10").work_started("W-3", behind="L2", at="06:00")
    assert [(event.account, event.window) for event in storm.called_out()] == [("ACC-1", "W-3")]
    storm.at("09:00:10").work_completed("W-3", behind="L2", at="09:00").power("V1-2", since="09:00")
    storm.quiet()
    restored = [event for event in storm.events if type(event).__name__ == "LargeCustomerRestored"]
    assert len(restored) == 1


def test_a_crew_under_way_is_noted_and_changes_nothing(storm: Storm) -> None:
    storm.at("06:00:50").gasp(*storm.everybody("T11"), lost="06:00:10")
    incident = storm.at("06:02").incident("T11")
    before = len(storm.events)
    storm.at("06:10").crew(incident, OrderState.ENROUTE, at="06:10")
    assert storm.because(incident)[-1] == ("confirmed", Reason.CREW_UNDER_WAY)
    assert len(storm.events) == before
