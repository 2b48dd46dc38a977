"""What planned work explains, and what it does not: by place, by time, and by what was seen of the switching."""

from __future__ import annotations

import pytest

from schemas.events import ReportKind, WindowAnnounced, WorkCompleted, WorkStarted
from services.clock import from_ms
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock
from tests.outages.town import device_id, tied

MUTED = [("muted", Reason.PLANNED_WORK)]


@pytest.fixture
def storm() -> Storm:
    return Storm(tied())


def announce(storm: Storm, *points: str, begins: str = "06:00", ends: str = "09:00") -> Storm:
    event = WindowAnnounced(
        id="announced",
        at=from_ms(clock("04:00")),
        window="W-1",
        isolates=[device_id(point) for point in points],
        starts_at=from_ms(clock(begins)),
        ends_at=from_ms(clock(ends)),
    )
    return storm.at("04:00").say(event)


def started(storm: Storm, *points: str, at: str) -> Storm:
    isolates = [device_id(point) for point in points]
    return storm.say(WorkStarted(id=f"started-{at[-2:]}", at=from_ms(clock(at)), window="W-1", isolates=isolates))


def completed(storm: Storm, *points: str, at: str) -> Storm:
    isolates = [device_id(point) for point in points]
    return storm.say(WorkCompleted(id="completed", at=from_ms(clock(at)), window="W-1", isolates=isolates))


def test_work_mutes_from_when_its_isolation_was_seen_to_open_before_anybody_said_that_it_began(storm: Storm) -> None:
    announce(storm, "K1").at("05:50:05").state("K1", "open", at="05:50")
    storm.at("05:50:40").gasp("T2-1", "T3-1", lost="05:50").call("T2-2")
    storm.at("05:55")
    assert storm.open_at() == []
    assert storm.disposal(ReportKind.LAST_GASP, "T2-1") == MUTED
    assert storm.disposal(ReportKind.CALL, "T2-2") == MUTED
    assert storm.stretches("T3-2") == [(clock("05:50"), None, True)]
    assert ("active", Reason.ISOLATION_OBSERVED) in storm.noted("window", "W-1")
    started(storm.at("06:00"), "K1", at="06:00")
    assert storm.noted("window", "W-1")[-1] == ("stays", Reason.SAME_AGAIN)
    completed(storm.at("08:00:05"), "K1", at="08:00").power("T2-1", "T3-1", since="08:00")
    assert storm.stretches("T3-2") == [(clock("05:50"), clock("08:00"), True)]


def test_work_mutes_from_its_start_where_nobody_saw_the_switching(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00:05"), "K1", at="06:00").call("T2-1")
    assert storm.disposal(ReportKind.CALL, "T2-1") == MUTED
    assert storm.stretches("T3-1") == [(clock("06:00"), None, True)]


def test_an_isolation_point_that_opens_long_before_the_time_has_opened_for_another_reason(storm: Storm) -> None:
    announce(storm, "R1").at("05:10:05").state("R1", "open", at="05:10")
    storm.at("05:12")
    assert storm.open_at() == ["R1"]
    assert storm.stretches("T1-1") == [(clock("05:10"), None, False)]


def test_of_several_isolation_points_only_what_is_behind_the_open_ones_is_muted(storm: Storm) -> None:
    announce(storm, "K1", "T4").at("05:50:05").state("K1", "open", at="05:50")
    storm.at("05:52").call("T4-1", "T2-1")
    assert storm.disposal(ReportKind.CALL, "T2-1") == MUTED
    assert storm.disposal(ReportKind.CALL, "T4-1") != MUTED
    storm.at("05:56")
    assert storm.open_at() == ["T4"]
    storm.at("05:58").power("T4-1", since="05:57")
    started(storm.at("06:00"), "K1", "T4", at="06:00")
    assert storm.out() == set(storm.everybody("T2", "T3", "T4"))
    assert storm.stretches("T4-2")[-1] == (clock("06:00"), None, True)
    assert storm.stretches("T2-2") == [(clock("05:50"), None, True)]


def test_a_second_isolation_point_that_is_seen_to_open_mutes_from_then(storm: Storm) -> None:
    announce(storm, "K1", "T4").at("05:50:05").state("K1", "open", at="05:50")
    storm.at("05:55:05").state("T4", "open", at="05:55")
    storm.at("05:57")
    assert storm.open_at() == []
    assert storm.stretches("T4-2") == [(clock("05:55"), None, True)]


def test_an_opening_elsewhere_during_the_work_is_an_incident(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    storm.at("07:00:05").state("F2", "open", at="07:00")
    storm.at("07:02")
    assert storm.open_at() == ["F2"]
    assert storm.stretches("T4-1") == [(clock("07:00"), None, False)]
    assert storm.stretches("T2-1") == [(clock("06:00"), None, True)]


def test_an_opening_above_the_isolation_takes_out_the_others_only(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    storm.at("07:00:05").state("R1", "open", at="07:00")
    storm.at("07:02")
    assert storm.stretches("T1-1") == [(clock("07:00"), None, False)]
    assert storm.stretches("T2-1") == [(clock("06:00"), None, True)]


def test_who_the_isolation_does_not_cut_off_is_not_muted_though_the_window_names_his_area(storm: Storm) -> None:
    storm.at("05:50").state("K9", "closed", at="05:50")
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    assert storm.out() == set()
    storm.at("07:00").call("T2-1", "T2-2")
    storm.at("07:03")
    assert storm.open_at() == ["T2"]
    assert storm.disposal(ReportKind.CALL, "T2-1")[0][0] == "counted"


def test_who_is_fed_again_through_a_tie_has_power_when_signs_say_so_and_is_heard_again(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    storm.at("06:30:05").state("K9", "closed", at="06:30").power("T2-1", since="06:30")
    assert storm.stretches("T2-2") == [(clock("06:00"), clock("06:30"), True)]
    storm.at("07:00").call("T2-1", "T2-3")
    storm.at("07:03")
    assert "T2" in storm.open_at()
    assert storm.stretches("T2-1")[-1][2] is False


def test_where_nobody_gives_a_sign_the_feeding_through_a_tie_is_believed_but_not_for_who_says_otherwise(
    storm: Storm,
) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    storm.at("06:30:05").state("K9", "closed", at="06:30")
    storm.at("06:31").call("T2-1")
    storm.at("06:34")
    assert storm.out() == {"T2-1"}
    assert storm.open_at() == ["T2"]
    assert storm.stretches("T3-1") == [(clock("06:00"), clock("06:30"), True)]
    assert storm.stretches("T2-1") == [(clock("06:00"), clock("06:30"), True), (clock("06:30"), None, False)]


def test_a_gasp_from_before_the_isolation_is_a_fault_that_the_work_does_not_explain(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00").call("T2-1")
    storm.at("06:01").gasp(*storm.everybody("T2"), lost="05:20")
    storm.at("06:03")
    assert storm.open_at() == ["T2"]
    assert storm.stretches("T2-1") == [(clock("05:20"), None, False)]
    assert storm.stretches("T3-1") == [(clock("06:00"), None, True)]


def test_a_gasp_well_after_the_measured_isolation_is_a_fault_too(storm: Storm) -> None:
    announce(storm, "K1").at("06:00:05").state("K1", "open", at="06:00")
    storm.at("07:01").gasp(*storm.everybody("T2"), lost="07:00")
    storm.at("07:03")
    assert storm.open_at() == ["T2"]
    assert storm.stretches("T2-1") == [(clock("07:00"), None, False)]


def test_a_gasp_after_a_start_that_nobody_measured_shows_when_the_switching_was(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    storm.at("06:21").gasp(*storm.everybody("T2"), lost="06:20")
    storm.at("06:23")
    assert storm.open_at() == []
    assert storm.disposal(ReportKind.LAST_GASP, "T2-1") == MUTED


def test_work_that_overruns_is_told_and_goes_on_muting(storm: Storm) -> None:
    announce(storm, "K1").at("05:50:05").state("K1", "open", at="05:50")
    storm.at("09:30").call("T2-1")
    assert ("overrun", Reason.WORK_OVERRUN) in storm.noted("window", "W-1")
    assert storm.disposal(ReportKind.CALL, "T2-1") == MUTED


def test_who_calls_after_completion_is_an_incident_though_a_neighbour_has_power(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    completed(storm.at("08:00:05"), "K1", at="08:00")
    storm.at("08:01").call("T2-1")
    storm.at("08:01:30").power("T2-2", "T3-1", since="08:00:20")
    assert storm.out() == {"T2-1"}
    assert storm.disposal(ReportKind.CALL, "T2-1") == [("counted", Reason.STILL_OUT)]
    storm.at("08:04")
    assert storm.open_at() == ["T2"]
    assert storm.stretches("T2-1") == [(clock("06:00"), clock("08:00"), True), (clock("08:00"), None, False)]
    assert not storm.incident("T2").whole


def test_who_calls_soon_after_all_had_power_back_is_an_incident(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    completed(storm.at("08:00:05"), "K1", at="08:00").power("T2-2", "T3-1", since="08:00:20")
    storm.at("08:05").call("T2-1")
    storm.at("08:08")
    assert storm.because(storm.incident("T2"))[0][1] == Reason.STILL_OUT_AFTER_WINDOW
    assert storm.stretches("T2-1")[-1] == (clock("08:00:20"), None, False)


def test_an_isolation_that_is_seen_to_close_mutes_no_more(storm: Storm) -> None:
    started(announce(storm, "K1").at("06:00"), "K1", at="06:00")
    storm.at("07:00:05").state("K1", "closed", at="07:00").power(*storm.everybody("T2", "T3"), since="07:00")
    assert storm.out() == set()
    assert ("switched", Reason.ISOLATION_CLOSED) in storm.noted("window", "W-1")
    storm.at("07:30:40").gasp(*storm.everybody("T2"), lost="07:30")
    storm.at("07:33")
    assert storm.open_at() == ["T2"]
    storm.at("07:40:05").state("K1", "open", at="07:40")
    storm.at("07:42")
    assert storm.stretches("T3-1")[-1] == (clock("07:40"), None, True)
    completed(storm.at("08:30"), "K1", at="08:30").power("T3-1", since="08:30")
    storm.at("08:34")
    assert storm.stretches("T3-1")[-1] == (clock("07:40"), clock("08:30"), True)


def test_work_that_was_seen_to_end_before_its_start_was_told_takes_nobody_out(storm: Storm) -> None:
    storm.at("07:00").state("R1", "open", at="06:00").state("R1", "closed", at="06:40")
    storm.at("07:10").work_started("W-1", behind="R1", at="06:05")
    assert storm.out() == set()
