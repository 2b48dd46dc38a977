"""The bench of dispatch: small cases solved exactly, its peers, and the product before the judge."""

from __future__ import annotations

import importlib
import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.dispatch.plan import Scene, Search, replan
from tests.benchmarks.dispatch import JUDGED, PARTS, Bench, main, parts_of, seeds_of
from tests.benchmarks.parts.dispatch_exact import case, cost_of, optimum, solved
from tests.benchmarks.parts.dispatch_judge import (
    BASELINE,
    INDEX,
    NEAREST_DEPOT,
    PLAN,
    PRIORITY,
    load_judge,
    play,
    played,
)
from tests.benchmarks.parts.dispatch_priority import CRITICAL, FEEDER, FEW, HAZARD, LATERAL, TRANSFORMER, priority_class
from tests.benchmarks.parts.dispatch_scale import load_figures, peak_mb

HOW = Search()


@pytest.fixture
def judging(shared: Path) -> None:
    """Load the judge; the test is skipped, saying so, where there is none."""
    if (missing := load_judge(shared)) is not None:
        pytest.skip(missing)


# ---------------------------------------------------------------------------------------------------------- exact
def least_of_all(scene: Scene) -> int:
    """Return what the best of all routes costs, by trying every one."""
    names, crews = [visit.id for visit in scene.visits], [crew.id for crew in scene.crews]
    least = None
    for order in itertools.permutations(names):
        for ends in itertools.combinations_with_replacement(range(len(names) + 1), len(crews) - 1):
            cuts = (0, *ends, len(names))
            routes = {crew: order[a:b] for crew, (a, b) in zip(crews, itertools.pairwise(cuts), strict=True)}
            if may(scene, routes) and (cost := cost_or_none(scene, routes)) is not None:
                least = cost if least is None else min(least, cost)
    assert least is not None
    return least


def may(scene: Scene, routes: dict[str, tuple[str, ...]]) -> bool:
    column = {visit.id: number for number, visit in enumerate(scene.visits)}
    return all(scene.can[row, column[name]] for row, crew in enumerate(scene.crews) for name in routes[crew.id])


def cost_or_none(scene: Scene, routes: dict[str, tuple[str, ...]]) -> int | None:
    try:
        return cost_of(scene, routes, HOW)
    except ValueError:
        return None


def test_a_case_is_the_same_for_the_same_seed_and_small() -> None:
    cases = [case(seed) for seed in range(1, 61)]
    again = case(7)
    assert (again.visits, again.crews, again.groups) == (cases[6].visits, cases[6].crews, cases[6].groups)
    assert (again.drive_s == cases[6].drive_s).all()
    assert {len(each.visits) for each in cases} == {6, 7, 8}
    assert {len(each.crews) for each in cases} == {2, 3}
    assert any(len(group.visits) > 1 for each in cases for group in each.groups)
    assert any(visit.due_s is not None for each in cases for visit in each.visits)
    assert any(not flag for each in cases for flag in each.can.flat)


@pytest.mark.parametrize("seed", [1, 3])
def test_the_solver_finds_what_trying_all_routes_finds(seed: int) -> None:
    pytest.importorskip("ortools")
    scene = case(seed)
    assert len(scene.visits) == 6
    assert optimum(scene, HOW) == least_of_all(scene)


def test_no_plan_of_a_small_case_costs_much_more_than_the_best_and_none_less() -> None:
    pytest.importorskip("ortools")
    found = list(solved(range(1, 13)))
    assert len(found) == 12
    assert all(1.0 <= each.ratio <= 1.10 for each in found)
    assert sum(each.ratio for each in found) / len(found) <= 1.03


def test_what_a_plan_says_it_costs_is_what_its_routes_cost() -> None:
    scene = case(5)
    plan = replan(scene, {}, HOW, 5)
    column = {visit.id: visit for visit in scene.visits}
    waiting = sum(group.weight * max(plan.finished_s[name] for name in group.visits) for group in scene.groups)
    assert plan.waiting == waiting
    assert set(plan.finished_s) == set(column)
    assert cost_of(scene, plan.routes, HOW) > waiting


def test_routes_without_a_visit_or_in_which_all_wait_have_no_cost() -> None:
    seed = next(each for each in range(1, 61) if any(visit.first for visit in case(each).visits))
    scene = case(seed)
    names = [visit.id for visit in scene.visits]
    with pytest.raises(ValueError, match="in no route"):
        cost_of(scene, {scene.crews[0].id: [name for name in names if "safe" in name]}, HOW)
    with pytest.raises(ValueError, match="wait for each other"):
        cost_of(scene, {scene.crews[0].id: sorted(names, key=lambda name: "safe" in name)}, HOW)


# ---------------------------------------------------------------------------------------------------------- peers
def job(kind: str = "repair", device_class: str = "service", critical: int = 0) -> Any:
    return SimpleNamespace(kind=kind, device_class=device_class, behind=SimpleNamespace(critical=critical))


def test_six_classes_of_priority() -> None:
    assert priority_class(job("make_safe", "feeder breaker", 3)) == HAZARD
    assert priority_class(job("repair", "transformer", 1)) == CRITICAL
    known = {name: priority_class(job(device_class=name)) for name in ("feeder breaker", "recloser", "lateral fuse")}
    assert known == {"feeder breaker": FEEDER, "recloser": FEEDER, "lateral fuse": LATERAL}
    assert priority_class(job(device_class="transformer")) == TRANSFORMER
    assert priority_class(job(device_class="lv fuse")) == priority_class(job()) == FEW


# ---------------------------------------------------------------------------------------------------------- the judge
@pytest.mark.usefixtures("judging")
def test_storms_played_together_give_what_the_judge_gives() -> None:
    dispatch = importlib.import_module("dispatch")
    example = importlib.import_module("judging.examples.index_nearest_depot")
    together = played("eu", [1000, 1001], [PRIORITY])
    assert set(together.storms) == {BASELINE, INDEX, PRIORITY}
    for place, seed in enumerate((1000, 1001)):
        expected = dispatch.judge_storm("eu", seed, example.build, None, None)
        assert together.storms[INDEX][place].orders_digest == expected.orders_digest
    assert together.summary(BASELINE)["cmi"] == 1.0
    assert together.summary(INDEX)["vs_index"] == together.mean_vs_index(INDEX) == 1.0
    assert together.summary(PRIORITY)["cmi"] < 1.0


@pytest.mark.usefixtures("judging")
def test_the_plan_is_the_same_each_time_and_better_than_the_rules_that_it_is_held_against() -> None:
    storms = played("coop", [1001], [PLAN, NEAREST_DEPOT, PRIORITY])
    assert play("coop", 1001, PLAN).orders_digest == storms.storms[PLAN][0].orders_digest
    cost = {name: found[0].customer_minutes for name, found in storms.storms.items()}
    assert cost[PLAN] == min(cost.values())
    assert cost[NEAREST_DEPOT] < cost[BASELINE]


@pytest.mark.usefixtures("judging")
def test_the_figures_of_another_process_are_read_as_the_judges(shared: Path) -> None:
    figures = load_figures(shared)
    assert figures is importlib.import_module("judging.measures").StormFigures
    assert (peak := peak_mb()) is None or peak > 10


# ---------------------------------------------------------------------------------------------------------- the bench
@pytest.mark.usefixtures("judging")
def test_figures_and_goals_have_the_names_of_networks_policies_and_measures(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--parts", "judge,quiet", "--seeds", "1000", "--net", "eu", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == "dispatch"
    asked = {f"eu.{name}.{measure}" for name, measures in JUDGED.items() for measure in measures} | {"eu.quiet.cmi"}
    assert {goal["name"] for goal in told["goals"]} == asked
    assert asked <= set(told["figures"])
    assert {"eu.priority.cmi", "eu.index.cmi"} <= set(told["figures"])


def test_small_cases_alone_need_no_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ortools")
    monkeypatch.setenv("LAMPLIGHTER_SHARED", str(tmp_path))
    assert main(["--parts", "exact", "--cases", "1-3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["exact.cases"] == told["figures"]["exact.proven"] == 3
    assert [goal["met"] for goal in told["goals"]] == [True, True]


def test_where_there_is_nothing_to_measure_with_the_bench_says_so_and_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAMPLIGHTER_SHARED", str(tmp_path))
    assert main(["--parts", "judge,quiet,scale", "--json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["figures"] == {}
    assert f"no judge of dispatch at {tmp_path}" in said.err
    with pytest.raises(ValueError, match="no judge"):
        load_figures(tmp_path)


def test_broken_rules_are_a_goal_of_none() -> None:
    bench = Bench()
    bench.rules(20)
    assert bench.figures["rules.situations"] == 20
    assert bench.figures["rules.broken"] == 0
    assert bench.told()["goals"] == [{"name": "rules.broken", "goal": "<= 0", "value": 0, "met": True}]


def test_seeds_and_parts_are_named() -> None:
    assert seeds_of("1000-1002,1010") == [1000, 1001, 1002, 1010]
    assert parts_of(",".join(PARTS)) == set(PARTS)
    with pytest.raises(ValueError, match="no such part: some"):
        parts_of("some,exact")
