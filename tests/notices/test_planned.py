"""Planned work: announced to those behind it, called to mind the day before, changed, cancelled, overrun, over."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import (
    Event,
    IncidentChanged,
    WindowAnnounced,
    WindowCancelled,
    WindowChanged,
    WorkCompleted,
    WorkStarted,
)
from services.engine.deciding import canonical
from services.engine.turn import Unplaced
from services.notices.moments import LIFETIME_MS, Kind, Moment, NoticeDecided, Priority
from services.notices.people import Reached
from services.notices.reasons import Reason
from tests.notices.storm import (
    ANNOUNCED,
    BACK,
    CANCELLED,
    CHANGED,
    DAY_AND_NIGHT,
    MINUTE_MS,
    NIGHTLY,
    OUT,
    OVER,
    PARTIAL,
    REMINDER,
    RESTORED,
    T0,
    Storm,
    each_alone,
    phone,
)

if TYPE_CHECKING:
    from services.notices.people import Manners

HOUR = 60
DAY = 24 * HOUR
BEGINS, ENDS = 3 * DAY + 14 * HOUR, 3 * DAY + 18 * HOUR
"""08:00 to 12:00 of the fourth day after the script begins, a Thursday, in minutes."""
REMINDED = 2 * DAY + 23 * HOUR
"""17:00 of the day before."""


def storm_of(manners: Manners = DAY_AND_NIGHT, people: Any = "abcdz", **given: Any) -> Storm:
    """Return a script with `a` and `b` behind one device, `c` and `d` behind another, and `z` elsewhere."""
    return Storm(people, manners, behind={"D1": "ab", "D2": "cd"}, **given)


@pytest.fixture
def storm() -> Storm:
    return storm_of()


@pytest.fixture
def announced(storm: Storm) -> Storm:
    return storm.at(1).work("W", WindowAnnounced, BEGINS, ENDS).decide().expect(("ab", ANNOUNCED))


def test_work_is_announced_to_those_behind_it_and_to_nobody_else(announced: Storm) -> None:
    assert (
        announced.words()
        == ["Planned work: power at your address will be off from Thu 5 Mar 08:00 to 12:00. STOP ends texts."] * 2
    )
    (effect, _) = announced.outcomes[-1].effects
    assert (effect.priority, effect.expires_at) == (Priority.PLANNED, announced.now + LIFETIME_MS[ANNOUNCED])
    assert ("due", Reason.WORK_PLANNED) in announced.reasons
    assert {(notice.incident, notice.revision) for notice in announced.notices()} == {("W", 1)}


def test_who_is_behind_several_points_is_told_once(storm: Storm) -> None:
    storm.at(1).work("W", WindowAnnounced, BEGINS, ENDS, isolates="D1 D2 D1").decide().expect(("abcd", ANNOUNCED))


def test_a_reminder_comes_the_day_before_in_the_afternoon_and_once(announced: Storm) -> None:
    assert announced.wake_at == T0 + REMINDED * MINUTE_MS
    announced.at(REMINDED).decide().expect(("ab", REMINDER))
    assert announced.words()[0].startswith(
        "Reminder of planned work: power at your address will be off from Thu 5 Mar 08:00"
    )
    assert sorted(announced.outcomes[-1].recalled) == sorted(announced.key(each, ANNOUNCED) for each in "ab")
    announced.at(REMINDED + 60).decide().expect()


def test_who_was_told_half_a_day_before_the_reminder_needs_none(storm: Storm) -> None:
    storm.at(REMINDED - 11 * HOUR).work("W", WindowAnnounced, BEGINS, ENDS).decide().expect(("ab", ANNOUNCED))
    storm.at(REMINDED).decide().expect()


def test_another_time_is_told_and_reminded_of_anew(announced: Storm) -> None:
    announced.at(9).work("W", WindowChanged, BEGINS + DAY, ENDS + DAY).decide().expect(("ab", CHANGED))
    assert announced.words()[0].endswith("will be off from Fri 6 Mar 08:00 to 12:00.")
    assert sorted(announced.outcomes[-1].recalled) == sorted(announced.key(each, ANNOUNCED) for each in "ab")
    announced.at(REMINDED).decide().expect()
    announced.at(REMINDED + DAY).decide().expect(("ab", REMINDER))


def test_the_same_again_is_no_news(announced: Storm) -> None:
    announced.at(9).work("W", WindowChanged, BEGINS, ENDS).decide().expect()


def test_who_lies_no_longer_behind_it_hears_that_it_is_cancelled_for_him(announced: Storm) -> None:
    announced.at(9).work("W", WindowChanged, BEGINS, ENDS, isolates="D2").decide()
    announced.expect(("ab", CANCELLED), ("cd", ANNOUNCED))


def test_cancelled_work_is_told_to_who_knew_of_it(announced: Storm) -> None:
    announced.at(9).work("W", WindowCancelled).decide().expect(("ab", CANCELLED))
    assert announced.words()[0] == (
        "The planned work at your address of Thu 5 Mar 08:00 is cancelled. Power will not be switched off for it."
    )
    assert announced.left() == []
    announced.at(REMINDED).decide().expect()


def test_work_takes_its_course_and_its_end_is_told(announced: Storm) -> None:
    announced.at(REMINDED).decide()
    announced.at(BEGINS).work("W", WorkStarted).decide().expect()
    announced.at(ENDS - 5).work("W", WorkCompleted).decide().expect(("ab", OVER))
    assert announced.words()[0] == (
        "The planned work at your address is over. If your power is off, check your main switch, then reply OUT."
    )
    assert announced.left() == []


def test_an_overrun_is_told_as_a_changed_end_once_and_a_new_end_when_there_is_one(announced: Storm) -> None:
    announced.at(BEGINS).work("W", WorkStarted).decide()
    announced.at(ENDS + 4).decide().expect()
    announced.at(ENDS + 5).decide().expect(("ab", CHANGED))
    assert ("due", Reason.WORK_OVERDUE) in announced.reasons
    assert announced.words()[0] == (
        "The planned work at your address takes longer than we said. We will text you when it is over."
    )
    announced.at(ENDS + 30).decide().expect()
    announced.work("W", WindowChanged, BEGINS, ENDS + 90).decide().expect(("ab", CHANGED))
    assert announced.words()[0].startswith("The planned work at your address is now expected to end by 13:30.")
    announced.at(ENDS + 95).decide().expect(("ab", CHANGED))


def test_work_that_nobody_announced_is_told_of_when_it_begins(storm: Storm) -> None:
    storm.at(1).work("W", WorkStarted).decide().expect(("ab", ANNOUNCED))
    assert storm.words()[0].startswith("Planned work: power at your address is off. We will text you")
    storm.at(9).work("W", WindowChanged, 0, 60).decide().expect(("ab", CHANGED))
    assert "expected to end by 19:00." in storm.words()[0]


def test_work_that_begins_a_day_early_is_told(announced: Storm) -> None:
    announced.at(BEGINS - DAY).work("W", WorkStarted).decide().expect(("ab", CHANGED))
    announced.at(BEGINS - DAY + 9).decide().expect()


def test_work_that_never_began_is_forgotten(announced: Storm) -> None:
    announced.at(REMINDED).decide()
    announced.at(ENDS + DAY).decide().expect()
    assert announced.reasons == [("forgotten", Reason.NEVER_BEGUN)]
    assert announced.left() == []


def test_notices_of_unknown_or_finished_work_change_nothing(announced: Storm) -> None:
    announced.at(2).work("V", WorkCompleted).work("U", WindowCancelled).decide().expect()
    assert announced.reasons == [("stays", Reason.UNKNOWN_WORK)] * 2
    announced.at(3).work("W", WindowCancelled).decide()
    announced.at(3).work("W", WindowAnnounced, BEGINS, ENDS).decide()
    assert announced.outcomes[-1].effects != [], "work that was cancelled and forgotten may be announced anew"


def test_an_older_notice_does_not_undo_a_newer_one(announced: Storm) -> None:
    announced.at(9).work("W", WindowChanged, BEGINS + DAY, ENDS + DAY).decide()
    announced.at(5).work("W", WindowChanged, BEGINS, ENDS).decide().expect()
    assert announced.reasons == [("stays", Reason.OVERTAKEN)]


def test_planned_work_keeps_its_own_quiet_hours() -> None:
    storm = storm_of(dataclasses.replace(NIGHTLY, quiet_by={(Kind.PLANNED, ""): (dt.time(16), dt.time(9))}))
    storm.at(1).work("W", WindowAnnounced, BEGINS, ENDS).decide().expect()
    assert storm.wake_at == T0 + 15 * HOUR * MINUTE_MS
    storm.at(15 * HOUR).decide().expect(("ab", ANNOUNCED))
    storm.at(REMINDED).decide().expect()
    # The next morning at nine it is too late to remind anybody.
    storm.at(BEGINS + HOUR).decide().expect()


def test_who_wants_no_texts_is_not_told_of_work(storm: Storm) -> None:
    storm.at(1).consent(phone("a"), consents=False).decide()
    storm.at(2).work("W", WindowAnnounced, BEGINS, ENDS).decide().expect(("b", ANNOUNCED))
    assert ("untold", Reason.NO_CONSENT) in storm.reasons


def test_several_premises_of_one_phone_are_told_in_one_text() -> None:
    people = {c: Reached(phones=(phone(1),), name=f"SP-{c}") for c in "ab"} | each_alone("cdz")
    storm = storm_of(people=people)
    storm.at(1).work("W", WindowAnnounced, BEGINS, ENDS).decide().expect(("ab", ANNOUNCED))
    assert len(storm.words()) == 1
    assert "power at SP-a and SP-b will be off" in storm.words()[0]


def test_who_loses_power_in_a_window_he_was_told_of_gets_no_text_about_it(announced: Storm) -> None:
    announced.at(BEGINS).work("W", WorkStarted).decide()
    announced.at(BEGINS + 10).incident("I", out="abz", since=BEGINS + 5).decide().expect(("z", OUT))
    assert ("waits", Reason.PLANNED_WORK) in announced.reasons
    announced.at(BEGINS + 60).incident("I", PARTIAL, back="a").decide().expect()
    # Out after the work is over is an ordinary outage, and no news of the end of the work.
    announced.at(ENDS - 5).work("W", WorkCompleted).decide().expect(("a", OVER), ("b", OUT))
    announced.at(ENDS + 60).incident("I", RESTORED, back="bz").decide().expect(("bz", BACK))


def test_the_end_that_was_told_ends_the_silence_also_where_work_never_began(announced: Storm) -> None:
    announced.at(BEGINS + 10).incident("I", out="a", since=BEGINS + 5, estimate=ENDS + 600).decide().expect()
    assert announced.wake_at == T0 + ENDS * MINUTE_MS
    announced.at(ENDS).decide().expect(("a", OUT))


def test_an_outage_long_before_the_work_is_told(announced: Storm) -> None:
    announced.at(REMINDED).decide()
    announced.at(BEGINS - 40).incident("I", out="a", since=BEGINS - 45).decide().expect(("a", OUT))


def test_work_belongs_to_the_area_of_its_devices() -> None:
    storm = storm_of(areas={"D2": "A2"})
    (known,) = storm.work("W", WindowAnnounced, BEGINS, ENDS, isolates="NOWHERE D2")._facts
    assert storm.stage.shard_of(known.what) == "A2"  # type: ignore[arg-type]
    storm._facts.clear()
    (unknown,) = storm.work("V", WindowAnnounced, BEGINS, ENDS, isolates="NOWHERE")._facts
    with pytest.raises(Unplaced, match="unknownDevice"):
        storm.stage.shard_of(unknown.what)  # type: ignore[arg-type]


KINDS: tuple[type[Event], ...] = (WindowAnnounced, WindowChanged, WindowCancelled, WorkStarted, WorkCompleted)
STEP = 170


@st.composite
def courses(draw: st.DrawFn) -> list[list[Any]]:
    """Return the events of each step: two pieces of work that are told of in whatever way, and outages meanwhile."""
    storm = storm_of()
    out: set[str] = set()
    steps = []
    for step in range(draw(st.integers(1, 10))):
        storm.at(step * STEP)
        for work in draw(st.lists(st.sampled_from("VW"), unique=True)):
            begins = draw(st.integers(0, 12)) * STEP
            kind = draw(st.sampled_from(KINDS))
            times = (begins, begins + draw(st.integers(1, 6)) * STEP) if kind in KINDS[:2] else (None, None)
            storm.work(work, kind, *times, isolates=draw(st.sampled_from(["D1", "D2", "D1 D2"])))
        joined = draw(st.lists(st.sampled_from(sorted(set("abcd") - out)), unique=True)) if out != set("abcd") else []
        left = draw(st.lists(st.sampled_from(sorted(out)), unique=True)) if out else []
        if joined or left:
            storm.incident("I", PARTIAL, out="".join(joined), back="".join(left), since=step * STEP)
        out = (out | set(joined)) - set(left)
        steps.append([fact.what for fact in storm._facts])
        storm._facts = []
    return steps


def play(steps: list[list[Any]], manners: Manners, shuffle: Any = None) -> list[Storm]:
    """Play the steps and every wake-up, and return the storm as it stood after each turn."""
    storm = storm_of(manners)
    seen = []

    def turn(now: int) -> None:
        storm.now = now
        storm.decide()
        kept = storm_of(manners)
        kept.now, kept.outcomes, kept.told = now, [storm.outcomes[-1]], storm.told
        seen.append(kept)

    for step, events in enumerate(steps):
        now = T0 + step * STEP * MINUTE_MS
        while storm.wake_at is not None and storm.wake_at < now:
            turn(storm.wake_at)
        ordered = list(events)
        if shuffle is not None:
            shuffle(ordered)
        storm.now = now
        for event in ordered:
            storm.fact(event)
        turn(now)
    for _ in range(60):
        if storm.wake_at is None:
            return seen
        turn(storm.wake_at)
    raise AssertionError("the work never ends")


@settings(deadline=None, max_examples=20)
@given(courses(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_decision(steps: list[list[Any]], random: Any) -> None:
    def decided(seen: list[Storm]) -> list[bytes]:
        return [canonical(storm.outcomes[0]) for storm in seen]

    assert decided(play(steps, NIGHTLY)) == decided(play(steps, NIGHTLY, random.shuffle))


def check_notice(notice: NoticeDecided, told: set[tuple[str, str]], over: set[str], out: set[str]) -> None:
    """Assert that a notice of work or of an outage holds for its customers, by what they were told and who is out."""
    for customer in notice.customers:
        knew = (notice.incident, customer) in told
        match notice.moment:
            case Moment.PLANNED_OVER | Moment.PLANNED_CANCELLED:
                assert knew, "who was not told of work is not told of its end"
                assert notice.moment is CANCELLED or customer not in out, "who is out hears of his outage"
                told.discard((notice.incident, customer))
            case Moment.PLANNED_ANNOUNCED:
                assert not knew or notice.incident in over
                told.add((notice.incident, customer))
            case Moment.PLANNED_CHANGED | Moment.PLANNED_REMINDER:
                assert knew
            case _:
                assert (customer in out) is (notice.moment is not BACK)


@settings(deadline=None, max_examples=40)
@given(courses())
def test_what_is_told_of_work_holds_then_and_nothing_is_told_twice(steps: list[list[Any]]) -> None:
    out: set[str] = set()
    over: set[str] = set()
    told: set[tuple[str, str]] = set()
    keys: list[str] = []
    happened = {T0 + step * STEP * MINUTE_MS: events for step, events in enumerate(steps)}
    for storm in play(steps, NIGHTLY):
        for event in happened.pop(storm.now, []):
            if isinstance(event, IncidentChanged):
                out = (out | set(event.out)) - set(event.restored)
            elif isinstance(event, WindowCancelled | WorkCompleted):
                over.add(event.window)
        assert storm.told == [] or NIGHTLY.quiet_end(storm.now) is None
        for notice in storm.notices():
            check_notice(notice, told, over, out)
            keys.append(notice.key)
    assert len(set(keys)) == len(keys)
