"""Windows of planned work: several isolation points, changes, cancellation, overrun, and what they mute."""

from __future__ import annotations

import pytest

from schemas.events import ReportKind, WindowAnnounced, WindowCancelled, WindowChanged, WorkCompleted, WorkStarted
from services.clock import from_ms
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock
from tests.outages.town import device_id, tied


@pytest.fixture
def storm() -> Storm:
    return Storm()


def devices(*names: str) -> list[str]:
    return [device_id(name) for name in names]


def announced(at: str, until: str, *points: str) -> WindowAnnounced:
    begins, ends = from_ms(clock(at)), from_ms(clock(until))
    return WindowAnnounced(
        id="announced", at=begins, window="W-1", isolates=devices(*points), starts_at=begins, ends_at=ends
    )


def changed(at: str, until: str, *points: str) -> WindowChanged:
    now = from_ms(clock(at))
    return WindowChanged(
        id=f"changed-{until}".replace(":", ""),
        at=now,
        window="W-1",
        isolates=devices(*points),
        starts_at=now,
        ends_at=from_ms(clock(until)),
    )


def started(at: str, *points: str) -> WorkStarted:
    return WorkStarted(id="started", at=from_ms(clock(at)), window="W-1", isolates=devices(*points))


def completed(at: str, *points: str) -> WorkCompleted:
    return WorkCompleted(id="completed", at=from_ms(clock(at)), window="W-1", isolates=devices(*points))


def cancelled(at: str, *points: str) -> WindowCancelled:
    return WindowCancelled(id="cancelled", at=from_ms(clock(at)), window="W-1", isolates=devices(*points))


def test_a_window_takes_out_who_is_behind_any_of_its_points_and_mutes_nobody_else(storm: Storm) -> None:
    storm.at("06:00:10").say(started("06:00", "T11", "T31"))
    storm.at("06:01").call("T11-1", "T31-2", "T12-1")
    assert storm.disposal(ReportKind.CALL, "T11-1") == [("muted", Reason.PLANNED_WORK)]
    assert storm.disposal(ReportKind.CALL, "T12-1")[0][0] != "muted"
    storm.at("06:03")
    assert storm.open_at() == ["T12"]


def test_work_whose_time_has_passed_is_told_as_overrun_and_its_customers_stay_planned(storm: Storm) -> None:
    storm.at("06:00").say(announced("06:00", "08:00", "T31")).say(started("06:00", "T31"))
    storm.at("08:30").call("T31-1")
    assert storm.noted("window", "W-1")[-1] == ("overrun", Reason.WORK_OVERRUN)
    assert storm.disposal(ReportKind.CALL, "T31-1") == [("muted", Reason.PLANNED_WORK)]
    assert storm.stretches("T31-2") == [(clock("06:00"), None, True)]
    storm.at("08:40").say(completed("08:40", "T31")).power("T31-1", since="08:40")
    assert storm.stretches("T31-2") == [(clock("06:00"), clock("08:40"), True)]


def test_overdue_work_may_be_given_a_new_end_and_overruns_again(storm: Storm) -> None:
    storm.at("06:00").say(announced("06:00", "08:00", "T31")).say(started("06:00", "T31"))
    storm.at("08:10").say(changed("08:10", "09:00", "T31"))
    storm.at("08:50")
    assert [to for to, _ in storm.noted("window", "W-1")].count("overrun") == 1
    storm.at("09:00")
    assert [to for to, _ in storm.noted("window", "W-1")].count("overrun") == 2


def test_further_isolation_points_take_out_who_is_behind_them_while_work_goes_on(storm: Storm) -> None:
    storm.at("06:00").say(started("06:00", "T31"))
    storm.at("06:30").say(changed("06:30", "09:00", "T32"))
    assert storm.out() == set(storm.everybody("T31", "T32"))
    assert storm.stretches("T32-1") == [(clock("06:30"), None, True)]


def test_a_window_that_is_changed_before_it_begins_is_the_changed_one(storm: Storm) -> None:
    storm.at("05:00").say(announced("05:00", "06:00", "T31"))
    storm.at("05:30").say(changed("05:30", "09:00", "T32"))
    storm.at("07:00")
    assert storm.noted("window", "W-1") == [
        ("announced", Reason.ANNOUNCED),
        ("announced", Reason.WINDOW_CHANGED),
    ]


def test_work_that_is_cancelled_before_it_begins_is_over_and_mutes_nothing(storm: Storm) -> None:
    storm.at("05:00").say(announced("05:00", "08:00", "T31"))
    storm.at("05:30").say(cancelled("05:30", "T31"))
    assert storm.noted("window", "W-1")[-1] == ("over", Reason.WORK_CANCELLED)
    storm.at("06:00").call("T31-1")
    storm.at("06:02")
    assert storm.open_at() == ["T31"]


def test_work_that_is_broken_off_ends_by_signs_of_power_like_completed_work(storm: Storm) -> None:
    storm.at("06:00").say(started("06:00", "T31"))
    storm.at("06:30:05").say(cancelled("06:30", "T31"))
    assert storm.out() == set(storm.everybody("T31"))
    storm.at("06:30:30").power("T31-1", since="06:30")
    storm.at("06:40")
    assert storm.stretches("T31-2") == [(clock("06:00"), clock("06:30"), True)]
    assert storm.noted("window", "W-1")[-1] == ("over", Reason.WORK_COMPLETED)


def test_news_of_work_that_nobody_knows_is_noted(storm: Storm) -> None:
    storm.at("06:00").say(cancelled("06:00", "T31"))
    assert storm.noted("window", "W-1") == [("stays", Reason.UNKNOWN_WINDOW)]


def test_work_behind_a_knife_switch_spares_who_is_fed_from_the_other_side() -> None:
    storm = Storm(tied())
    storm.at("05:50").state("K9", "closed", at="05:50")
    storm.at("06:00").say(started("06:00", "K1"))
    assert storm.out() == set()
    storm.at("06:30").say(started("06:30", "K1"))
    assert storm.noted("window", "W-1")[-1] == ("stays", Reason.SAME_AGAIN)


def test_who_stays_out_behind_a_knife_switch_after_the_work_gets_an_incident() -> None:
    storm = Storm(tied())
    storm.at("06:00").say(started("06:00", "K1"))
    assert storm.out() == set(storm.everybody("T2", "T3"))
    storm.at("08:00:05").say(completed("08:00", "K1")).power("T2-1", since="08:00")
    storm.at("08:04")
    assert storm.open_at() == ["T3"]
    assert storm.parts("T3-1") == [
        (clock("06:00"), clock("08:00"), "window", False),
        (clock("08:00"), None, "T3", False),
    ]


def test_nothing_is_expected_any_more_of_work_that_never_began(storm: Storm) -> None:
    storm.at("05:00").say(announced("05:00", "06:00", "T31"))
    storm.at("30:01").call("T41-1")
    assert storm.noted("window", "W-1")[-1] == ("over", Reason.NEVER_STARTED)
