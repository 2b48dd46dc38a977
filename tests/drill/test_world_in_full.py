"""The world in full by script: dangers, detours, blinks, work that overruns, crews with moods and shifts, people who text."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import (
    CrewReported,
    CrewState,
    DeviceStateReported,
    HazardReported,
    HotlineReported,
    OrderState,
    OrderWork,
    OutageReported,
    ReportKind,
    WindowCancelled,
    WindowChanged,
    WorkCompleted,
    WorkStarted,
)
from schemas.topics import NOTICE_INBOUND
from services.clock import to_ms
from services.drill import crews, reporting
from services.drill.crews import Mood
from services.drill.duty import LATER_MS, SWITCHED_BACK_MS
from services.drill.faults import MadeSafe, OptedOut
from services.drill.messages import Texted
from services.drill.plans import Account, BlinkPlan, Detour, Shift, TextPlan
from services.drill.reasons import Reason
from services.drill.switching import BACK_AFTER_MS, OPEN_AFTER_MS, TIE_AFTER_MS
from tests.drill.world_script import FU1, FU2, FU3, RC1, T2, TIE, World, danger, fault, work
from tests.stage_script import ms

A = {f"A{n}" for n in range(1, 9)}
B = {f"B{n}" for n in range(1, 5)}
C = {f"C{n}" for n in range(1, 6)}
D = {f"D{n}" for n in range(1, 7)}
AROUND = Detour(opened=FU1, closed=TIE)
ALWAYS = 10**15


def order_of_mood(mood: Mood, number: int = 0) -> str:
    """Return an order that crews take in this mood, with seed 1."""
    fitting = (f"O{n}" for n in itertools.count() if crews.mood_of(1, f"O{n}") is mood)
    return next(itertools.islice(fitting, number, None))


def make_safe(world: World, order: str, crew: str = "C1", near: str = FU3) -> World:
    return world.order(order, crew, near, device=None, incident=None, hazard="Z1", work=OrderWork.MAKE_SAFE)


def safe(world: World) -> list[str]:
    """Return the dangers that were made safe, in order."""
    return [r.hazard for outcome in world.script.outcomes for r in outcome.records if isinstance(r, MadeSafe)]


def test_a_danger_is_reported_one_to_three_times_and_names_where_it_is() -> None:
    counts = set()
    for seed in range(20):
        world = World(danger("H1", FU3, "18:05"), seed=seed, poles={"D1": "P-7"}).at("18:30")
        reports = world.heard(HazardReported)
        counts.add(len(reports))
        assert any(report.place is not None for report in reports)
        assert all(to_ms(report.at) > ms("18:05") for report in reports)
        assert all(sum(x is not None for x in (r.place, r.pole, r.customer)) == 1 for r in reports)
        assert {r.pole for r in reports} <= {None, "P-7"}
    assert counts == {1, 2, 3}


def test_a_danger_lasts_until_a_crew_that_was_sent_for_it_has_made_it_safe() -> None:
    world = World(danger("H1", FU3, "18:05")).at("18:10")
    make_safe(world, "O1").at("19:00")
    assert safe(world) == ["H1"]
    assert [state for state, _, _ in world.crew_said("O1")] == ["accepted", "enroute", "arrived", "done"]
    assert world.mended() == []


def test_a_crew_that_was_sent_to_repair_makes_nothing_safe_and_one_sent_to_make_safe_mends_nothing() -> None:
    world = World(fault("F1", FU3, "18:05"), danger("H1", FU3, "18:05")).at("18:10")
    world.order("O1", "C1", FU3).at("20:00")
    assert (world.mended(), safe(world)) == (["F1"], [])
    make_safe(world, "O2").at("22:00")
    assert (world.mended(), safe(world)) == (["F1"], ["H1"])


def test_dangers_at_one_place_are_made_safe_together_and_where_there_is_none_the_crew_looks_and_says_so() -> None:
    world = World(danger("H1", FU3, "18:05"), danger("H2", FU3, "18:06")).at("18:10")
    make_safe(world, "O1").at("19:00")
    assert safe(world) == ["H1", "H2"]
    make_safe(world, "O2").at("20:00")
    said = world.crew_said("O2")
    assert said[-1][0] == "done"
    assert said[-1][2] - said[-2][2] == crews.LOOK_MS


def detoured() -> tuple[World, int]:
    """Return a world in which a crew has arrived at a fault with a detour, and when it arrived."""
    world = World(fault("F1", RC1, "18:05", detour=AROUND), fault("F1n", T2, "18:07", nested_in="F1"))
    world.at("18:10").order("O1", "C1", RC1).at("18:40")
    return world, world.crew_said("O1")[2][2]


def test_a_detour_brings_power_before_the_fault_is_mended_but_not_to_those_behind_a_nested_one() -> None:
    world, arrived = detoured()
    world = World(fault("F1", RC1, "18:05", detour=AROUND), fault("F1n", T2, "18:07", nested_in="F1"))
    world.at("18:10").order("O1", "C1", RC1)
    world.script.go_to(arrived + OPEN_AFTER_MS + TIE_AFTER_MS - 1)
    assert world.dark() == A | B
    world.script.go_to(arrived + OPEN_AFTER_MS + TIE_AFTER_MS)
    assert (world.dark(), world.mended()) == (B, [])
    back = {to_ms(report.at) for report in world.reports(ReportKind.POWER_RESTORED)}
    assert back == {arrived + OPEN_AFTER_MS + TIE_AFTER_MS}


def test_a_detour_is_told_by_its_crew_and_switched_back_without_an_interruption() -> None:
    world, arrived = detoured()
    world.at("20:00")
    assert world.mended() == ["F1"]
    mended = next(at for position, source, at in world.states(RC1) if position == "closed")
    opened, tied = arrived + OPEN_AFTER_MS, arrived + OPEN_AFTER_MS + TIE_AFTER_MS
    assert world.states(FU1) == [("open", "crew", opened), ("closed", "crew", mended + BACK_AFTER_MS)]
    assert world.states(TIE) == [("closed", "crew", tied), ("open", "crew", mended + 2 * BACK_AFTER_MS)]
    assert world.states(RC1)[0] == ("open", "scada", ms("18:05"))
    assert world.dark() == B
    assert {e.by for e in world.heard(DeviceStateReported) if e.source == "crew"} == {"C1"}
    done = world.crew_said("O1")[-1]
    assert done == ("done", RC1, mended + SWITCHED_BACK_MS)


def test_telemetry_tells_when_a_device_trips_and_when_it_is_closed_again_and_of_others_nobody_does() -> None:
    world = World(fault("F1", RC1, "18:05"), fault("F2", FU2, "18:05")).at("18:06")
    world.order("O1", "C1", RC1).order("O2", "C2", FU2).at("21:00")
    assert [(position, source) for position, source, _ in world.states(RC1)] == [("open", "scada"), ("closed", "scada")]
    assert world.states(FU2) == []


def test_a_recloser_that_blinks_darkens_for_seconds_and_few_meters_speak_of_it() -> None:
    blink = BlinkPlan(id="B1", device=RC1, opens_at=ms("18:05"), closes_at=ms("18:05:15"))
    spoke = 0
    for seed in range(30):
        world = World(blink, seed=seed).at("18:05:10")
        assert world.dark() == A | B
        world.at("18:05:15")
        assert world.dark() == set()
        assert [at for _, _, at in world.states(RC1)] == [ms("18:05"), ms("18:05:15")]
        gasps = {report.meter: to_ms(report.at) for report in world.reports(ReportKind.LAST_GASP)}
        back = {report.meter: to_ms(report.at) for report in world.reports(ReportKind.POWER_RESTORED)}
        assert gasps.keys() == back.keys()
        spoke += len(gasps)
    assert 0.03 < spoke / (30 * len(A | B)) < 0.15


def test_work_that_lasts_longer_says_a_new_end_when_the_old_one_has_come_and_darkens_until_it_is_complete() -> None:
    world = World(work(FU3, "18:10", "19:00", completed_at=ms("20:00"))).at("19:30")
    assert world.dark() == D
    (changed,) = world.heard(WindowChanged)
    assert (to_ms(changed.at), to_ms(changed.ends_at)) == (ms("19:00"), ms("20:00"))
    assert world.at("20:00").dark() == set()
    assert [to_ms(e.at) for e in world.heard(WorkCompleted)] == [ms("20:00")]


def test_work_that_is_cancelled_never_begins() -> None:
    world = World(work(FU3, "18:30", "19:00", cancelled_at=ms("18:10"))).at("20:00")
    assert world.dark() == set()
    assert [to_ms(event.at) for event in world.heard(WindowCancelled)] == [ms("18:10")]
    assert world.heard(WorkStarted) == []


def test_a_crew_that_refuses_says_so_and_does_not_go() -> None:
    order = order_of_mood(Mood.REFUSES)
    world = World(fault("F1", FU2, "18:05"), rough=True).at("18:06").order(order, "C1", FU2).at("21:00")
    assert [state for state, _, _ in world.crew_said(order)] == ["refused"]
    assert world.mended() == []


def test_a_crew_that_falls_silent_is_heard_of_again_later_though_its_order_was_revoked() -> None:
    order = order_of_mood(Mood.SILENT)
    world = World(fault("F1", FU2, "18:05"), rough=True).at("18:06").order(order, "C1", FU2).at("18:11")
    world.order(order, "C1", FU2, OrderState.REVOKED).at("21:00")
    assert world.crew_said(order) == []
    (heard,) = world.heard(CrewReported)
    assert (heard.crew, heard.status, heard.order) == ("C1", CrewState.AVAILABLE, None)
    assert ms("18:18") <= to_ms(heard.at) <= ms("18:37")
    assert world.mended() == []


def test_a_crew_may_speak_in_leaps_and_mends_all_the_same() -> None:
    order = order_of_mood(Mood.JUMPS)
    world = World(fault("F1", FU2, "18:05"), rough=True).at("18:06").order(order, "C1", FU2).at("21:00")
    said = [state for state, _, _ in world.crew_said(order)]
    assert said[:3] == ["arrived", "enroute", "assessing"]
    assert said[-1] == "done"
    assert world.mended() == ["F1"]


def test_of_some_repairs_crews_give_an_estimate_or_ask_for_help_and_material() -> None:
    said: set[str] = set()
    for number in range(60):
        order = order_of_mood(Mood.WILLING, number)
        world = World(fault("F1", FU2, "18:05"), rough=True).at("18:06").order(order, "C1", FU2).at("21:00")
        (done,) = [e for e in world.heard(CrewReported) if e.status is CrewState.DONE]
        for event in world.heard(CrewReported):
            said.add(event.status)
            if event.status is CrewState.HELP_NEEDED:
                assert event.skill == "line"
            if event.status is CrewState.MATERIAL_NEEDED:
                assert event.material
            if event.estimate is not None:
                assert event.at < event.estimate <= done.at
    assert said >= {"assessing", "helpNeeded", "materialNeeded", "repaired", "done"}


def test_a_crew_that_helps_another_is_done_when_that_one_is_and_finds_nothing_of_its_own() -> None:
    world = World(fault("F1", FU1, "18:05"), fault("F1n", T2, "18:07", nested_in="F1")).at("18:10")
    world.order("O1", "C1", FU1).at("18:30").order("O2", "C2", FU1, work=OrderWork.ASSIST, assists="O1").at("22:00")
    assert world.mended() == ["F1"], "the nested fault is not the helper's"
    finished = {order: world.crew_said(order)[-1] for order in ("O1", "O2")}
    assert [found for _, found, _ in finished.values()] == [FU1, None]
    assert finished["O2"][2] > finished["O1"][2]


def on_shift(start: str, end: str) -> tuple[Shift, ...]:
    return (Shift(crew="C1", starts_at=ms(start), ends_at=ms(end)),)


def test_a_crew_signs_on_and_off_by_its_shift_and_refuses_when_it_is_off() -> None:
    plans = (fault("F1", FU2, "18:05"), fault("F2", FU3, "20:00"))
    world = World(*plans, shifts=on_shift("18:02", "19:30")).at("18:01").order("O1", "C1", FU2).at("19:50")
    assert [(e.status, to_ms(e.at)) for e in world.heard(CrewReported) if e.order is None] == [
        ("signedOn", ms("18:02")),
        ("offDuty", ms("19:30") + 1000),
    ]
    assert [state for state, _, _ in world.crew_said("O1")] == ["refused"]
    world.order("O2", "C1", FU2).order("O3", "C2", FU3).at("23:00")
    assert [state for state, _, _ in world.crew_said("O2")] == ["refused"]
    assert world.crew_said("O3")[-1][0] == "done", "a crew that no shift names is always on duty"


@pytest.mark.parametrize("finishes", [True, False])
def test_at_the_end_of_its_shift_a_crew_finishes_what_is_nearly_done_and_hands_over_the_rest(*, finishes: bool) -> None:
    def sent(*shifts: Shift) -> World:
        return World(fault("F1", FU2, "18:05"), pace=2, shifts=shifts).at("18:06").order("O1", "C1", FU2)

    mended = sent().at("23:00").crew_said("O1")[-1][2] - crews.DONE_AFTER_MS
    ends = mended - crews.OVERTIME_MS - (0 if finishes else 1)
    world = sent(Shift(crew="C1", starts_at=ms("17:00"), ends_at=ends)).at("21:00")
    last, _, at = world.crew_said("O1")[-1]
    (off,) = [to_ms(e.at) for e in world.heard(CrewReported) if e.status is CrewState.OFF_DUTY]
    assert (last, world.mended()) == (("done", ["F1"]) if finishes else ("handedOver", []))
    assert off > at
    assert off - ends == (crews.OVERTIME_MS + LATER_MS + 1000 if finishes else 1000)
    if not finishes:
        world.order("O2", "C2", FU2).at("23:59")
        assert world.mended() == ["F1"], "another crew takes it over"


def test_the_world_ends_with_the_storm_and_not_with_the_last_shift() -> None:
    world = World(fault("F1", FU2, "18:05"), shifts=(Shift(crew="C2", starts_at=0, ends_at=ALWAYS),)).at("18:06")
    world.order("O1", "C1", FU2).at("22:00")
    assert world.mended() == ["F1"]
    assert world.script.wake_at is None


def test_a_customer_who_texts_is_delivered_by_the_operator_and_a_stop_is_remembered() -> None:
    plans = [
        TextPlan(id=f"T{n}", phone=f"+99900000{n:02}", words=words, at=ms("18:10"))
        for n, words in enumerate(("STOP", "HELP"))
    ]
    world = World(*plans).at("18:20")
    texts = [one for one in world.said() if one.channel == "smpp"]
    assert {one.topic for one in texts} == {NOTICE_INBOUND.name}
    assert sorted(msgspec.json.decode(one.body, type=Texted).words for one in texts) == ["HELP", "STOP"]
    stopped = [r for o in world.script.outcomes for r in o.records if isinstance(r, OptedOut)]
    assert stopped == [OptedOut(phone="+9990000000", at=ms("18:10"))]


def test_in_a_rough_storm_people_report_in_every_way_and_in_another_by_their_account_only() -> None:
    ways: set[str] = set()
    phones = {name: f"+999000000{number:03}" for number, name in enumerate(sorted(A | B))}
    for seed in range(25):
        cast: dict[str, Any] = {
            "phones": phones,
            "poles": dict.fromkeys(A, "P-1"),
            "languages": {"A1": "zh", "A2": "zh", "B1": "zh"},
        }
        world = World(fault("F1", FU1, "18:05", dark=True), seed=seed, rough=True, **cast).at("20:00")
        for call in world.reports(ReportKind.CALL):
            ways |= {name for name in ("customer", "phone", "pole", "place") if getattr(call, name) is not None}
        for one in world.said():
            if one.channel == "smpp":
                text = msgspec.json.decode(one.body, type=Texted)
                (name,) = [name for name, phone in phones.items() if phone == text.phone]
                assert text.words == reporting.WORDS.get(cast["languages"].get(name, ""), "OUT")
                ways.add(text.words)
    assert ways == {"customer", "phone", "pole", "place", "OUT", "停电"}
    plain = World(fault("F1", FU1, "18:05", dark=True), phones=phones).at("20:00")
    assert all(call.customer is not None for call in plain.reports(ReportKind.CALL))


def test_a_stray_report_is_of_nobody_of_a_closed_account_far_off_or_of_somebody_with_power() -> None:
    network = World().network
    kinds: dict[str, set[str]] = {}
    for number in range(40):
        said = reporting.stray(1, network, ms("18:10"), str(number))
        event = msgspec.json.decode(said.body, type=OutageReported)
        kind = "place" if event.place is not None else "customer"
        kinds.setdefault(kind, set()).add(event.customer or "far")
    assert {"NOBODY-0", "Z9"} < kinds["customer"]
    assert kinds["place"] == {"far"}


def test_what_a_hotline_account_and_its_meters_say_goes_its_own_way() -> None:
    own, others = 0, 0
    for seed in range(20):
        world = World(fault("F1", FU1, "18:05"), seed=seed, accounts=(Account(id="L1", customers=("A1", "C1")),))
        world.at("18:30").order("O1", "C1", FU1).at("21:00")
        said = world.heard(HotlineReported)
        assert {event.account for event in said} <= {"L1"}
        assert {event.meter for event in said} <= {None, "M-A1"}
        own += sum(event.kind is ReportKind.CALL for event in said)
        others += sum(event.meter == "M-A1" for event in world.reports(ReportKind.LAST_GASP))
    assert 6 <= own <= 18, "an account reports by itself in three of five cases"
    assert others == 0


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**31))
def test_any_rough_storm_is_played_to_its_end_also_when_read_back_after_each_turn(seed: int) -> None:
    plans = (
        fault("F1", RC1, "18:05", detour=AROUND),
        fault("F1n", T2, "18:08", nested_in="F1"),
        fault("F2", FU2, "18:07", dark=True),
        danger("H1", FU3, "18:06"),
        BlinkPlan(id="B1", device=FU3, opens_at=ms("18:20"), closes_at=ms("18:20:12")),
        work(FU3, "18:30", "19:00", completed_at=ms("19:20")),
    )
    said = []
    for resumed in (False, True):
        world = World(*plans, seed=seed, resumed=resumed, rough=True, shifts=on_shift("17:00", "20:00")).at("18:12")
        for number in range(12):  # crews may refuse, fall silent or hand over: as often as it takes
            world.order(f"O{number}", "C2", (RC1, FU2, T2)[number % 3])
            make_safe(world, f"S{number}").at(f"{18 + number // 3}:{15 + 20 * (number % 3)}")
        world.at("23:59")
        assert world.dark() == set()
        assert sorted(world.mended()) == ["F1", "F1n", "F2"]
        assert safe(world) == ["H1"]
        ids = [one.id for one in world.said()]
        assert len(set(ids)) == len(ids)
        said.append(world.said())
    assert said[0] == said[1]


def test_every_reason_of_a_detour_is_noted() -> None:
    world, _ = detoured()
    world.at("20:00")
    assert world.script.why("switched", "F1") == [
        ("cutOff", Reason.DETOUR),
        ("carried", Reason.DETOUR),
        ("parallel", Reason.DETOUR),
        ("over", Reason.DETOUR),
    ]
