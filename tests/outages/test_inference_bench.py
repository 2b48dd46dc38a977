"""The bench of inference: its reliability table, its cases on a network, whom it asks, and the product before the judge."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.benchmarks.inference import EXAMS, THROUGH, Bench, exams_of, main, measure, seeds_of
from tests.benchmarks.parts import inference_pure, inference_real
from tests.benchmarks.parts.inference_asking import PINGS_A_MINUTE, Asking
from tests.benchmarks.parts.inference_judge import (
    ENGINE,
    NETS,
    Job,
    Watched,
    believed,
    judge,
    judged,
    load_judge,
    together,
)
from tests.benchmarks.parts.inference_real import LEVELS, case, devices, lowest_common, same_customers, share_right
from tests.benchmarks.parts.inference_reliability import Bin, expected_calibration_error, in_words, reliability
from tests.outages.town import device_id, town

COUNT_RULE = "judging.examples.count_rule:build"


@pytest.fixture
def judging(shared: Path) -> None:
    """Load the judge; the test is skipped, saying so, where there is none."""
    if (missing := load_judge(shared)) is not None:
        pytest.skip(missing)


# ---------------------------------------------------------------------------------------------------------- reliability
def test_statements_are_counted_in_ten_bins_with_their_mean_and_the_share_that_was_so() -> None:
    stated = [(0.0, False), (0.05, False), (0.099, True), (0.1, False), (0.72, True), (0.78, False), (1.0, True)]
    table = reliability(stated)
    assert len(table) == 10
    assert table[0].count == 3
    assert (table[0].mean, table[0].right) == pytest.approx((0.149 / 3, 1 / 3))
    assert table[1] == Bin(0.1, 0.2, 1, 0.1, 0.0)
    assert table[7] == Bin(0.7, 0.8, 2, 0.75, 0.5)
    assert table[9] == Bin(0.9, 1.0, 1, 1.0, 1.0)
    assert sum(each.count for each in table) == len(stated)


def test_the_calibration_error_weighs_each_bin_by_its_count() -> None:
    stated = [(0.95, True)] * 3 + [(0.95, False)] + [(0.25, False)] * 6
    error = expected_calibration_error(reliability(stated))
    assert error == pytest.approx(0.4 * (0.95 - 0.75) + 0.6 * 0.25)


def test_what_is_stated_rightly_has_no_error_and_nothing_stated_has_none_at_all() -> None:
    assert expected_calibration_error(reliability([(0.5, True), (0.5, False)])) == 0.0
    assert expected_calibration_error(reliability([])) is None
    assert in_words(reliability([])).count("\n") == 0


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        reliability([(wrong, True)])


# ---------------------------------------------------------------------------------------------------- listening and asking
NETWORK: Any = SimpleNamespace(
    parent=(-1, 0, 0), first=(0, 0, 6), end=(10, 6, 10), customer_device=(1,) * 6 + (2,) * 4, customers=10
)
"""A feeder's head with two devices, of six and of four customers."""


class Stating:
    """States the same for ever, and keeps what it hears."""

    def __init__(self, *ranked: tuple[tuple[int, float], ...]) -> None:
        self.said = ranked
        self.heard: list[tuple[float, str, int]] = []

    def add(self, t_min: float, kind: str, customer_id: int) -> None:
        self.heard.append((t_min, kind, customer_id))

    def tick(self, t_min: float) -> None:
        """Time changes nothing."""

    def incidents(self) -> Iterable[int]:
        return []

    def hypotheses(self) -> list[tuple[int, float]]:
        return [ranked[0] for ranked in self.said]

    def ranked(self) -> tuple[tuple[tuple[int, float], ...], ...]:
        return self.said


def storm(out: dict[int, float], *faults: tuple[float, int, int]) -> Any:
    return SimpleNamespace(
        out_since=out, faults=[SimpleNamespace(start=at, first=first, end=end) for at, first, end in faults]
    )


def test_what_is_stated_is_looked_at_every_five_minutes_and_held_against_what_has_failed_by_then() -> None:
    scenario = storm({}, (7.0, 0, 6))
    watched = Watched(Stating(((1, 0.9),), ((2, 0.3),), ((3, 1.0),)), NETWORK, scenario)
    for half_minutes in range(1, 21):
        watched.tick(half_minutes / 2)
        watched.incidents()
    # Device 3 is the service drop of customer 0: one customer alone is not looked at.
    assert watched.points == [(0.9, False), (0.3, False), (0.9, True), (0.3, False)]


def asking(engine: Stating, out: dict[int, float], minutes: float) -> Asking:
    between = Asking(engine, NETWORK, storm(out), 1000)
    for half_minutes in range(1, round(2 * minutes) + 1):
        between.tick(half_minutes / 2)
    return between


def test_a_meter_without_power_does_not_answer_and_one_with_power_does_half_a_minute_later() -> None:
    engine = Stating(((1, 0.5), (0, 0.4)))
    between = asking(engine, dict.fromkeys(range(6), 0.0), 1.0)
    assert between.asked >= 2
    assert {at for at, _, _ in engine.heard} == {1.0}
    assert {kind for _, kind, customer in engine.heard if customer < 6} == {"no_answer"}
    assert {kind for _, kind, customer in engine.heard if customer >= 6} == {"power_restored"}
    assert any(customer >= 6 for _, _, customer in engine.heard)


def test_nobody_is_asked_twice_within_ten_minutes_and_no_more_pings_go_out_than_there_is_room_for() -> None:
    engine = Stating(((1, 0.5), (0, 0.4)), ((2, 0.5),))
    between = asking(engine, {}, 9.5)
    customers = [customer for _, _, customer in engine.heard]
    assert len(set(customers)) == len(customers)
    assert between.asked <= 9.5 * PINGS_A_MINUTE


def test_nobody_is_asked_about_what_is_nearly_certain() -> None:
    assert asking(Stating(((1, 0.99),)), {}, 5.0).asked == 0


# ----------------------------------------------------------------------------------------------------------- a real network
def test_devices_that_interrupt_the_same_customers_are_the_same() -> None:
    network = town({"F1": ("L1",), "L1": ("T1",), "F2": ("T2",)}, {"T1": 3, "T2": 3})
    assert same_customers(network, device_id("L1"), device_id("T1"))
    assert same_customers(network, device_id("F1"), device_id("T1"))
    assert not same_customers(network, device_id("T2"), device_id("T1"))
    assert not same_customers(network, None, device_id("T1"))


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_a_case_is_the_same_each_time_and_its_strays_have_power(level: inference_real.Level) -> None:
    network = town()
    once, again = (case(network, device_id("L1"), level, 3) for _ in range(2))
    assert once == again
    behind = set(network.customers_behind(device_id("L1")))
    callers = [customer for customer, _ in once.calls]
    assert set(callers) <= behind
    assert len(set(callers)) == len(callers)
    assert len(callers) == {"calls3": 3, "calls10": 10, "share5": 2, "share20": 2, "all": 10}[level.name]
    assert once.strays
    assert {customer for customer, _ in once.strays}.isdisjoint(behind)
    assert all(inference_real.BEGINS_MS <= at < once.now_ms for _, at in (*once.calls, *once.strays))


def test_the_lowest_common_device_is_right_of_all_callers_and_lost_with_a_stray() -> None:
    network = town()
    failing = devices(network, None, 1)
    assert device_id("T13") not in failing  # it has one customer
    cases = [case(network, device, LEVELS[-1], 1) for device in failing if device != device_id("F1")]
    assert share_right(network, lowest_common(network), cases, strays=False) == 1.0
    assert share_right(network, lowest_common(network), cases, strays=True) < 0.5


def test_a_sample_of_devices_is_the_same_each_time_and_of_the_size_asked_for() -> None:
    network = town()
    assert devices(network, 5, 1) == devices(network, 5, 1)
    assert len(devices(network, 5, 1)) == 5
    assert devices(network, 5, 1) != devices(network, 5, 2)


@pytest.mark.parametrize("through", sorted(THROUGH))
def test_the_product_finds_what_failed_in_the_town_when_all_call(through: str) -> None:
    network = town()
    cases = [case(network, device_id(name), LEVELS[-1], 1) for name in ("L1", "L3", "T41", "T42")]
    assert share_right(network, THROUGH[through](network), cases, strays=False) == 1.0


def test_the_figures_of_a_network_are_named_by_level_with_the_rule_beside() -> None:
    network = town()
    found = dict(inference_real.examine(network, lowest_common(network), [device_id("T41")], 1))
    assert set(found) == {
        f"{level.name}{strays}.{of}"
        for level in LEVELS
        for strays in ("", "_strays")
        for of in ("right", "lowest_common")
    }
    assert found["all.right"] == found["all.lowest_common"] == 1.0


def test_every_report_of_the_storm_in_pure_rules_comes_into_a_state() -> None:
    network = town({f"F{n}": (f"T{n}",) for n in range(1, 71)}, {f"T{n}": 2 for n in range(1, 71)})
    reports, cost = inference_pure.us_per_report(network, 1)
    within = inference_real.BEGINS_MS + round(inference_pure.WATCHED_MIN * inference_real.MINUTE_MS)
    events = inference_pure.storm(network, 1)
    assert reports == sum(event.at.timestamp() * 1000 <= within for event in events)
    assert cost > 0


# ----------------------------------------------------------------------------------------------------------------- the bench
def bench() -> Bench:
    return Bench(engine=COUNT_RULE, seeds="1000", nets=NETS, processes=1, sample=5)


def test_seeds_are_named_singly_and_in_ranges() -> None:
    assert seeds_of("1000-1002,1010") == [1000, 1001, 1002, 1010]
    with pytest.raises(ValueError, match="invalid literal"):
        seeds_of("some")


def test_without_the_shared_data_everything_is_passed_over_and_said(tmp_path: Path) -> None:
    run = bench()
    measure(run, {"judge", "beliefs", "real", "pure", "ask"}, None, tmp_path)
    assert run.figures == {}
    assert [reason.split(" at ")[0] for reason in run.passed_over] == ["no judge of inference", "no real network"]


def test_where_there_is_nothing_to_measure_with_the_bench_says_so_and_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAMPLIGHTER_SHARED", str(tmp_path))
    assert main(["--json"]) == 2
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["name"], told["figures"], told["goals"]) == ("inference", {}, [])
    assert f"no judge of inference at {tmp_path}" in said.err


def test_a_goal_whose_figure_is_missing_is_not_met() -> None:
    run = bench()
    run.figures = {"a": 0.9, "b": 0.1}
    run.goals = [("a", ">=", 0.9), ("b", "<=", 0.05), ("c", "<=", 1.0)]
    assert [(goal["name"], goal["value"], goal["met"]) for goal in run.told()["goals"]] == [
        ("a", 0.9, True),
        ("b", 0.1, False),
        ("c", None, False),
    ]


@pytest.mark.usefixtures("judging")
def test_seeds_apart_and_together_give_what_the_judge_gives() -> None:
    diagnosis, networks = (importlib.import_module(f"judging.{name}") for name in ("diagnosis", "network"))
    count_rule = importlib.import_module("judging.examples.count_rule")
    expected = diagnosis.examine(networks.load("eu"), "storm10-calls15", [1000, 1001], count_rule.build)
    jobs = [Job("eu", "storm10-calls15", seed, COUNT_RULE) for seed in (1000, 1001)]
    for processes in (1, 2):
        found = together(each for _, each in judged(jobs, processes)).tally.figures()
        timed = {name for name in expected if name.endswith(("_us", "_ms", "us_per_report"))}
        assert {name: found[name] for name in expected if name not in timed} == {
            name: value for name, value in expected.items() if name not in timed
        }


class Believer(Stating):
    """Believes in devices as the judge's settings say: the first one where calls are likely."""

    def __init__(self, _grid: Any, settings: Any) -> None:
        super().__init__()
        self.rate = float(settings.call_rate)

    def hypotheses(self) -> list[tuple[int, float]]:
        return [(0, self.rate)]


@pytest.mark.usefixtures("judging")
def test_a_wrong_belief_reaches_the_engine_and_the_truth_stays() -> None:
    name = f"{__name__}:Believer"
    sys.modules.setdefault(__name__, sys.modules[Believer.__module__])
    right = judge(Job("eu", "storm10-calls15", 1000, name))
    wrong = judge(Job("eu", "storm10-calls15", 1000, name, (("call_rate", 0.3),)))
    assert {p for p, _ in right.points} == {believed("eu", "storm10-calls15", "call_rate")} == {0.15}
    assert {p for p, _ in wrong.points} == {0.3}
    assert [so for _, so in right.points] == [so for _, so in wrong.points]
    assert right.tally.reports == wrong.tally.reports > 0


@pytest.mark.usefixtures("judging")
def test_every_scenario_with_goals_is_one_of_the_judge_and_another_name_is_refused() -> None:
    names = importlib.import_module("judging.reports").scenario_names()
    assert {exam.scenario for exam in EXAMS} <= set(names)
    assert exams_of("storm1-gasps60")[0].least == {}
    with pytest.raises(ValueError, match="no scenario storm2"):
        exams_of("storm2")


@pytest.mark.usefixtures("judging")
@pytest.mark.parametrize(("scenario", "least"), [("storm10-gasps80", 0.8), ("storm10-calls15", 0.6)])
def test_the_product_finds_most_of_what_failed_in_a_storm_of_the_judge(scenario: str, least: float) -> None:
    found = together(judge(Job("eu", scenario, seed, ENGINE)) for seed in (1000, 1001))
    assert found.tally.figures()["f1"] >= least
    assert found.points
