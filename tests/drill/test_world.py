"""The world by script: who loses power when, what meters, callers and crews say, and that nothing is said too early."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import OrderChanged, OrderState, Place, ReportKind, WorkCompleted, WorkStarted
from schemas.topics import OUTAGE_REPORTS
from services.clock import from_ms, to_ms
from services.drill import crews, meters
from services.drill.reasons import Reason
from services.engine.turn import Unplaced
from tests.drill.world_script import FU1, FU2, FU3, T1, T2, World, fault, village, work
from tests.stage_script import ms

A = {f"A{n}" for n in range(1, 9)}
B = {f"B{n}" for n in range(1, 5)}
C = {f"C{n}" for n in range(1, 6)}
D = {f"D{n}" for n in range(1, 7)}


def test_a_fault_darkens_all_behind_its_device_until_a_crew_has_mended_it() -> None:
    world = World(fault("F1", FU1, "18:05"))
    assert world.at("18:04:59").dark() == set()
    assert world.at("18:05").dark() == A | B
    assert world.at("19:00").dark() == A | B
    world.order("O1", "C1", FU1).at("20:30")
    assert world.dark() == set()
    assert world.mended() == ["F1"]
    assert [(state, found) for state, found, _ in world.crew_said("O1")] == [
        ("accepted", None),
        ("enroute", None),
        ("arrived", None),
        ("done", FU1),
    ]


def test_a_crew_is_done_half_a_minute_after_power_is_back_and_no_word_of_it_comes_before_its_time() -> None:
    world = World(fault("F1", FU2, "18:05")).at("18:10").order("O1", "C1", FU2).at("20:00")
    back = {to_ms(report.at) for report in world.reports(ReportKind.POWER_RESTORED)}
    done = next(at for state, _, at in world.crew_said("O1") if state == "done")
    assert back == {done - crews.DONE_AFTER_MS}
    assert all(arrives > to_ms(event.at) for arrives, event in world.events())


def test_a_last_gasp_speaks_of_the_loss_and_arrives_half_a_minute_to_a_minute_later() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:05")
    gasps = [(at, e) for at, e in world.events() if e in world.reports(ReportKind.LAST_GASP)]
    assert len({report.meter for _, report in gasps}) >= 6
    assert {to_ms(report.at) for _, report in gasps} == {ms("18:05")}
    assert all(ms("18:05:30") <= at <= ms("18:06:13") for at, _ in gasps)


def test_one_loss_is_reported_under_two_ids_and_one_report_is_cut_off_before_a_good_one_of_the_same_key() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:05")
    gasps = world.reports(ReportKind.LAST_GASP)
    ids_of_a_meter = {meter: {g.id for g in gasps if g.meter == meter} for meter in {g.meter for g in gasps}}
    assert sorted(map(len, ids_of_a_meter.values()))[-2:] == [1, 2]
    cut_off = [n for n, one in enumerate(world.said()) if one.body.endswith(b'"20')]
    assert len(cut_off) == 1
    poison = world.said()[cut_off[0]]
    assert poison.report is not None
    assert poison.report not in {gasp.id for gasp in gasps}
    behind = [one for one in world.said()[cut_off[0] + 1 :] if one.key == poison.key and one.report is not None]
    assert behind, "a good report of the same key follows"


def test_calls_come_from_nobody_and_from_a_closed_account() -> None:
    calls = World().at("18:03").reports(ReportKind.CALL)
    assert [call.customer for call in calls] == ["NOBODY-0", "Z9"]


def test_where_meters_are_silent_only_people_speak_until_power_is_back() -> None:
    world = World(fault("F1", FU1, "18:05", dark=True)).at("18:06")
    assert world.reports(ReportKind.LAST_GASP) == []
    world.order("O1", "C1", FU1).at("20:30")
    callers = {call.customer for call in world.reports(ReportKind.CALL)} - {"NOBODY-0", "Z9"}
    assert callers
    assert callers <= A | B
    assert world.reports(ReportKind.POWER_RESTORED)


@pytest.mark.parametrize("seed", range(12))
def test_every_fault_is_heard_of_within_forty_minutes(seed: int) -> None:
    world = World(fault("F1", FU2, "18:05", dark=True), seed=seed).at("18:46")
    assert C & {call.customer for call in world.reports(ReportKind.CALL)}


def test_nobody_calls_who_has_power() -> None:
    calls = 0
    for seed in range(8):
        world = World(fault("F1", FU1, "18:05", dark=True), seed=seed).at("18:06").order("O1", "C1", FU1).at("21:00")
        (back,) = {to_ms(report.at) for report in world.reports(ReportKind.POWER_RESTORED)}
        called = [to_ms(call.at) for call in world.reports(ReportKind.CALL) if call.customer in A | B]
        assert all(at <= back for at in called)
        calls += len(called)
    assert calls > 0


def test_a_nested_fault_says_nothing_and_keeps_its_customers_dark_when_its_host_is_mended() -> None:
    world = World(fault("F1", FU1, "18:05"), fault("F1n", T2, "18:08", nested_in="F1"))
    before = len(world.at("18:07:59").said())
    world.at("18:08")
    assert len(world.said()) == before, "the meters behind it are without voltage already"
    world.order("O1", "C1", FU1).at("20:00")
    assert world.dark() == B
    assert world.mended() == ["F1"]
    assert {report.meter for report in world.reports(ReportKind.POWER_RESTORED)} <= {f"M-{name}" for name in A}
    world.at("20:40")
    mended = next(at for state, _, at in world.crew_said("O1") if state == "done")
    late_calls = {c.customer for c in world.reports(ReportKind.CALL) if to_ms(c.at) > mended}
    assert late_calls & B, "who stays dark while his neighbours have light calls anew"
    world.order("O2", "C1", T2).at("22:00")
    assert world.dark() == set()


def test_a_nested_fault_that_is_mended_first_brings_nobody_light() -> None:
    world = World(fault("F1", FU1, "18:05"), fault("F1n", T2, "18:08", nested_in="F1"))
    world.at("18:10").order("O1", "C1", T2).at("20:00")
    assert world.mended() == ["F1n"], "the crew found what is nearest"
    assert world.dark() == A | B
    assert world.reports(ReportKind.POWER_RESTORED) == []


@pytest.mark.parametrize(
    ("sent_to", "found"),
    [(FU1, FU1), (T1, FU1), ("switch:RC1", FU1), (FU2, FU2), (FU3, None)],
)
def test_a_crew_finds_the_nearest_fault_above_it_else_the_first_behind_it_else_nothing(
    sent_to: str, found: str | None
) -> None:
    world = World(fault("F1", FU1, "18:05"), fault("F2", FU2, "18:05"))
    world.at("18:10").order("O1", "C1", sent_to).at("20:00")
    assert [device for state, device, _ in world.crew_said("O1") if state == "done"] == [found]


def test_supply_is_said_to_be_in_order_only_after_a_look_around() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:10").order("O1", "C1", FU3).at("20:00")
    arrived, done = (at for state, _, at in world.crew_said("O1") if state in {"arrived", "done"})
    assert done - arrived == crews.LOOK_MS
    assert world.script.why("task", "O1")[-1] == ("done", Reason.IN_ORDER)


def test_a_second_crew_at_the_same_fault_waits_and_never_says_that_the_dark_is_in_order() -> None:
    world = World(fault("F1", FU1, "18:05"))
    world.at("18:10").order("O1", "C1", FU1).order("O2", "C2", T1).at("21:00")
    said = {order: world.crew_said(order)[-1] for order in ("O1", "O2")}
    (helper,) = (order for order, (_, found, _) in said.items() if found is None)
    mended = next(outcome_at for order, (_, found, outcome_at) in said.items() if found == FU1)
    assert said[helper][0] == "done"
    assert said[helper][2] > mended
    assert ("waiting", Reason.STILL_DARK) in world.script.why("task", helper)


def test_a_crew_called_back_on_its_way_does_not_arrive() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:10").order("O1", "C1", FU1).at("18:11:30")
    world.order("O1", "C1", FU1, OrderState.REVOKED).at("22:00")
    assert "arrived" not in [state for state, _, _ in world.crew_said("O1")]
    assert world.dark() == A | B
    assert world.script.why("task", "O1")[-1] == ("calledBack", Reason.CALLED_BACK)


def test_a_crew_on_site_stays_though_it_is_called_back() -> None:
    world = World(fault("F1", FU2, "18:05")).at("18:06").order("O1", "C1", FU2)
    arrives = crews.drive_ms(world.stage._scenario.cast.bases["C1"], world.network.device(FU2).place)
    world.script.go_to(ms("18:06") + 120_000 + arrives)
    assert world.crew_said("O1")[-1][0] == "arrived"
    world.order("O1", "C1", FU2, OrderState.REVOKED).at("21:00")
    assert world.mended() == ["F1"]


def test_a_crew_that_is_relieved_on_site_mends_no_more() -> None:
    world = World(fault("F1", FU2, "18:05")).at("18:06").order("O1", "C1", FU2)
    arrives = crews.drive_ms(world.stage._scenario.cast.bases["C1"], world.network.device(FU2).place)
    world.script.go_to(ms("18:06") + 120_000 + arrives)
    assert world.crew_said("O1")[-1][0] == "arrived"
    world.order("O1", "C1", FU2, OrderState.HANDED_OVER).at("21:00")
    assert world.mended() == []
    assert world.script.why("task", "O1")[-1] == ("handedOver", Reason.RELIEVED)
    world.order("O2", "C2", FU2).at("23:30")
    assert world.mended() == ["F1"]


def test_a_crew_sets_out_from_where_it_was_last() -> None:
    world = World(fault("F1", FU2, "18:05")).at("18:06").order("O1", "C1", FU2).at("20:00")
    world.order("O2", "C1", FU1).at("22:00")
    left, arrived = (at for state, _, at in world.crew_said("O2") if state in {"enroute", "arrived"})
    there = world.network.device(FU2).place
    assert arrived - left == crews.drive_ms(there, world.network.device(FU1).place)


def test_planned_work_darkens_what_lies_behind_it_and_is_said_before_the_first_gasp() -> None:
    world = World(work(FU3, "18:10", "19:00")).at("18:30")
    assert world.dark() == D
    (started,) = (at for at, event in world.events() if isinstance(event, WorkStarted))
    gasps = [at for at, event in world.events() if event in world.reports(ReportKind.LAST_GASP)]
    assert gasps
    assert started < min(gasps)
    world.at("19:00")
    assert world.dark() == set()
    assert [to_ms(e.at) for _, e in world.events() if isinstance(e, WorkCompleted)] == [ms("19:00")]
    assert world.reports(ReportKind.POWER_RESTORED)


def test_an_order_to_an_unknown_crew_or_device_belongs_to_no_shard() -> None:
    world = World()
    known = {"exercise": True, "order": "O1", "incident": "I1", "area": "A1", "state": OrderState.SENT, "reason": "r"}
    place, now = Place(lon=11.0, lat=53.0), from_ms(ms("18:00"))
    for crew, device, code in (("C9", FU1, "unknownCrew"), ("C1", "FU9", "unknownDevice")):
        event = OrderChanged(id="x", at=now, crew=crew, device=device, place=place, **known)  # type: ignore[arg-type]
        with pytest.raises(Unplaced) as raised:
            world.stage.shard_of(event)
        assert raised.value.code == code


def test_without_a_fact_and_without_a_wake_up_nothing_changes() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:06:07").order("O1", "C1", FU1)
    world.script.look()
    outcome = world.script.outcomes[-1]
    assert (outcome.entities, outcome.journal, outcome.records) == ({}, [], [])


def _storm(seed: int, *, resumed: bool = False) -> World:
    plans = (
        fault("F1", FU1, "18:05"),
        fault("F1n", T2, "18:08", nested_in="F1"),
        fault("F2", FU2, "18:07", dark=True),
        work(FU3, "18:10", "19:00"),
    )
    world = World(*plans, seed=seed, resumed=resumed)
    world.at("18:12").order("O1", "C1", FU1).order("O2", "C2", FU2).at("20:30").order("O3", "C1", T2).at("23:00")
    return world


@given(seed=st.integers(0, 2**31))
def test_any_storm_is_played_to_its_end_and_everybody_has_power_again(seed: int) -> None:
    world = _storm(seed)
    assert world.dark() == set()
    assert sorted(world.mended()) == ["F1", "F1n", "F2"]
    ids = [one.id for one in world.said()]
    assert len(set(ids)) == len(ids)


@given(seed=st.integers(0, 2**31))
def test_a_world_read_back_from_storage_after_each_turn_plays_the_same(seed: int) -> None:
    assert _storm(seed).said() == _storm(seed, resumed=True).said()


@given(seed=st.integers(0, 2**31), stops=st.lists(st.integers(0, 5 * 3600), max_size=30))
def test_what_happens_does_not_depend_on_when_the_clock_stops_to_look(seed: int, stops: list[int]) -> None:
    """A coarse clock hears of things later; what truly happened, and when, is the same."""
    plans = (fault("F1", FU1, "18:05"), fault("F1n", T2, "18:08", nested_in="F1"), fault("F2", FU2, "18:07"))
    fine, coarse = World(*plans, seed=seed), World(*plans, seed=seed)
    coarse.script.wake_at = None
    for world in (fine, coarse):
        world.at("18:00")
    for stop in sorted(stops):
        coarse.script.now = ms("18:00") + stop * 1000
        coarse.script.look()
    for world in (fine, coarse):
        world.script.wake_at = ms("23:00") if world is coarse else world.script.wake_at
        world.at("23:00")
    assert fine.dark() == coarse.dark() == A | B | C
    assert {(one.id, one.body) for one in fine.said()} == {(one.id, one.body) for one in coarse.said()}


def test_the_share_of_gasps_that_arrive_is_what_it_should_be() -> None:
    network = village()
    customers = sorted(A | B | C | D)
    arrived = sum(
        len({one.report for one in meters.last_gasps(seed, network, {}, customers, ms("18:05"))}) for seed in range(400)
    )
    assert abs(arrived / (400 * len(customers)) - meters.GASPS_DELIVERED) < 0.02


def test_every_message_of_reports_names_the_report_in_it() -> None:
    world = _storm(3)
    said = [one for one in world.said() if one.topic == OUTAGE_REPORTS.name]
    assert all(one.report for one in said)
    assert all(one.report is None for one in world.said() if one.topic != OUTAGE_REPORTS.name)


def test_a_clock_that_comes_late_hears_what_happened_after_the_turn_and_not_in_its_past() -> None:
    world = World(fault("F1", FU1, "18:05"))
    world.script.now = ms("19:00")
    world.script.look()
    assert world.dark() == A | B
    assert {to_ms(report.at) for report in world.reports(ReportKind.LAST_GASP)} == {ms("18:05")}
    assert min(one.at for one in world.said()) == ms("19:00") + 1
