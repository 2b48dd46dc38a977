from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.plan import NO_PLAN, WEIGHED, Plan, Search, graded, left_s, replan
from tests.dispatch.plane import Plane, any_plane, reckoned

if TYPE_CHECKING:
    from services.dispatch.plan import Scene

HOW = Search(moves=2000)


def planned(plane: Plane, before: dict[str, tuple[str, ...]] | None = None, how: Search = HOW) -> Plan:
    return replan(plane.scene(), before or {}, how, seed=7)


def test_what_gives_more_people_back_sooner_goes_first_though_it_is_farther() -> None:
    plan = planned(Plane().crew("A", 0).work("near", -5, customers=5).work("far", 30, customers=400))
    assert plan.routes == {"A": ("far", "near")}
    assert plan.customer_s == 60 * (400 * 70 + 5 * (70 + 35 + 40))


def test_customers_of_an_outage_within_another_are_counted_once_and_are_back_with_the_last_of_the_two() -> None:
    plane = Plane().crew("A", 0)
    plane.work("feeder", customers=1).work("lateral", customers=60, within=("feeder",)).work("other", customers=50)
    plan = planned(plane)
    assert plan.routes["A"][0] == "other", "the lateral alone brings nobody back"
    assert plan.routes["A"] == ("other", "feeder", "lateral")
    assert plan.customer_s == 60 * (50 * 40 + 1 * 80 + 60 * 120)


def test_customers_wait_for_a_crew_on_site_elsewhere_if_their_supply_does() -> None:
    plane = Plane().crew("A", 0).crew("B", 50, on_site=True, free=200)
    plane.work("feeder", 50, customers=0, crew="B", left=200)
    plane.work("lateral", customers=60, within=("feeder",)).work("other", customers=5).cannot("B", "lateral", "other")
    plan = planned(plane)
    assert plan.routes["A"] == ("other", "lateral"), "before the feeder is repaired the lateral is worth nothing"
    assert plan.customer_s == 60 * (5 * 40 + 60 * 200)


def test_two_crews_exchange_work_that_each_would_cross_the_other_s_way_for() -> None:
    plane = Plane().crew("A", 0).crew("B", 100).work("west", 5).work("east", 95)
    assert planned(plane, {"A": ("east",), "B": ("west",)}).routes == {"A": ("west",), "B": ("east",)}


def test_two_crews_exchange_the_ends_of_their_routes() -> None:
    plane = Plane().crew("A", 0).crew("B", 100)
    plane.work("w1", 1, customers=90).work("w2", 2).work("e1", 99, customers=90).work("e2", 98)
    plan = planned(plane, {"A": ("w1", "e2"), "B": ("e1", "w2")})
    assert plan.routes == {"A": ("w1", "w2"), "B": ("e1", "e2")}


def test_a_danger_is_reached_in_time_though_many_customers_wait_longer() -> None:
    plane = Plane().crew("A", 0).work("outage", 5, customers=500).danger("wire", -25, due=30)
    plan = planned(plane)
    assert plan.routes["A"] == ("wire", "outage")
    assert plan.reached_s["wire"] == 25 * 60


def test_a_danger_that_is_late_anyway_still_goes_before_customers() -> None:
    plane = Plane().crew("A", 0).work("outage", 5, customers=500).danger("wire", -25, due=-10)
    assert planned(plane).routes["A"] == ("wire", "outage")


@pytest.mark.parametrize(("doubt", "goes"), [(0, "A"), (300, "A"), (400, "B")])
def test_a_danger_is_not_left_to_a_crew_that_is_there_in_time_only_if_its_work_takes_no_longer(
    doubt: int, goes: str
) -> None:
    plane = Plane().crew("A", 0, on_site=True, free=15).crew("B", 38).danger("wire", 10, due=30)
    plane.work("now", 0, crew="A", left=15).work("outage", 40, customers=500).cannot("A", "outage")
    plan = planned(plane, how=dataclasses.replace(HOW, doubt_permille=doubt))
    assert plan.routes[goes][0] == "wire", "15 minutes and a third of them and ten are not more than 30"
    assert plan.reached_s["wire"] == 60 * (25 if goes == "A" else 28)


def test_work_that_waits_for_a_danger_is_not_begun_before_that_is_safe() -> None:
    plane = Plane().crew("A", 0).crew("B", 3).danger("wire", 5, takes=30).work("repair", 6, customers=90, first="wire")
    plan = planned(plane.cannot("B", "wire"))
    assert plan.finished_s["wire"] == 60 * (5 + 30)
    assert plan.finished_s["repair"] == plan.finished_s["wire"] + 60 * 40
    assert plan.reached_s["repair"] < plan.finished_s["wire"], "the crew is there, and waits"


def test_work_that_waits_for_a_danger_where_a_crew_is_at_work_begins_when_that_leaves() -> None:
    plane = Plane().crew("A", 0).danger("wire", 5, crew="B", left=25).work("repair", 5, first="wire")
    plan = planned(plane)
    assert (plan.reached_s["repair"], plan.finished_s["repair"]) == (60 * 5, 60 * (25 + 40))


def test_a_crew_that_a_dispatcher_sent_goes_there_first_whatever_comes() -> None:
    plane = (
        Plane().crew("A", 0, doing="small", pinned=True).work("small", 50, customers=1).work("large", 1, customers=900)
    )
    assert planned(plane.danger("wire", 2)).routes["A"][0] == "small"
    free = Plane().crew("A", 0, doing="small").work("small", 50, customers=1).work("large", 1, customers=900)
    assert planned(free).routes["A"][0] == "large"


def test_who_is_on_site_goes_on_from_there_when_it_is_done_and_its_work_is_in_no_route() -> None:
    plane = Plane().crew("A", 0, on_site=True, free=25).work("now", 0, crew="A", left=25).work("next", 10)
    plan = planned(plane)
    assert plan.routes == {"A": ("next",)}
    assert plan.reached_s == {"next": 60 * 35}


def test_work_that_rules_keep_every_crew_from_is_in_no_route_and_the_rest_is() -> None:
    plane = Plane().crew("A", 0).work("one", 5).work("other", 6).cannot("A", "one")
    assert planned(plane).routes == {"A": ("other",)}
    assert planned(plane, {"A": ("one", "other", "long over")}).routes == {"A": ("other",)}


@pytest.mark.parametrize("plane", [Plane(), Plane().crew("A", 0), Plane().work("one", 0)])
def test_without_crews_or_work_there_is_no_plan(plane: Plane) -> None:
    assert planned(plane) == NO_PLAN


def test_work_that_has_outlasted_what_was_expected_is_not_done_now() -> None:
    lefts = [left_s(3600, lasted) for lasted in (0, 1800, 3600, 7200, 14_400)]
    assert lefts[0] == 3600
    assert all(left > 600 for left in lefts)
    assert lefts[4] > lefts[3], "the longer it has lasted, the longer it will"


def rules_kept(scene: Scene, plan: Plan) -> None:
    """Assert that each visit is made once at most, by who can, that pins stay and that nobody on site is moved."""
    allowed = zip(*np.nonzero(scene.can), strict=True)
    can = {(scene.crews[row].id, scene.visits[column].id) for row, column in allowed}
    made = [name for route in plan.routes.values() for name in route]
    assert len(made) == len(set(made))
    assert not set(made) & {visit.id for visit in scene.visits if visit.crew is not None}
    for crew in scene.crews:
        route = plan.routes.get(crew.id, ())
        assert all((crew.id, name) in can or name == crew.doing for name in route)
        if crew.pinned and plan.routes:
            assert route[0] == crew.doing
    pins = {crew.doing for crew in scene.crews if crew.pinned}
    left_out = {visit.id for visit in scene.visits if visit.crew is None} - set(made) - pins
    assert not {name for crew, name in can if name in left_out}


SCENES = st.builds(any_plane, st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 12), st.integers(0, 4))


@given(SCENES, st.integers(0, 2**31), st.sampled_from([(600, 1000), (120, 300)]), st.sampled_from([0, 40, 3000]))
@settings(deadline=None, max_examples=150)
def test_a_plan_keeps_the_rules_and_its_times_and_cost_are_those_of_its_routes(
    plane: Plane, seed: int, fading: tuple[int, int], moves: int
) -> None:
    scene = plane.scene()
    how = Search(moves=moves, fades_min=fading[0], lasting_permille=fading[1], turn=9_000)
    plan = replan(scene, {}, how, seed)
    rules_kept(scene, plan)
    again = reckoned(scene, dict(plan.routes), graded(*fading))
    assert (dict(plan.reached_s), dict(plan.finished_s)) == (again.reached, again.finished)
    assert plan.waiting == again.waiting
    assert plan.customer_s == again.waiting // WEIGHED
    assert replan(scene, {}, how, seed) == plan
    rules_kept(
        scene, replan(scene, {crew: tuple(reversed(route)) for crew, route in plan.routes.items()}, how, seed + 1)
    )


PLANS = """
import json
from services.dispatch.plan import Search, replan
from tests.dispatch.plane import any_plane
plans = [replan(any_plane(n, 4, 12, 3).scene(), {}, Search(moves=3000), n) for n in range(10)]
print(json.dumps([[plan.routes, plan.reached_s, plan.finished_s, plan.waiting, plan.tried, plan.kept] for plan in plans]))
"""


@pytest.mark.parametrize("hashes", ["1", "4242"])
def test_another_process_makes_the_same_plans_of_the_same_scenes(hashes: str) -> None:
    plans = [replan(any_plane(n, 4, 12, 3).scene(), {}, Search(moves=3000), n) for n in range(10)]
    ours = [[plan.routes, plan.reached_s, plan.finished_s, plan.waiting, plan.tried, plan.kept] for plan in plans]
    env = {**os.environ, "PYTHONHASHSEED": hashes}
    told = subprocess.run([sys.executable, "-c", PLANS], env=env, check=True, capture_output=True, text=True)
    assert json.loads(told.stdout) == json.loads(json.dumps(ours))
