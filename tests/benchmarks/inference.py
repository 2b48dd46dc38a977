"""The inference before its judge: which devices have failed, from calls and last gasps, and how far its probabilities are true.

    ./lamplighter bench inference --json
    ./lamplighter bench inference --scenarios storm60-calls15 --seeds 1000-1001 --ask

Judge and real network lie in the shared sample data (setting LAMPLIGHTER_SHARED); what is not there is passed over, and that is
said. Parts: `judge` (simulated storms on two networks, with the reliability of what is stated), `beliefs` (the same with wrong
beliefs), `real` (any device of a real network fails), `pure` (what a report costs the whole stage), `ask` (what asking buys).
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import importlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from services.settings import load_settings
from tests.benchmarks.parts import inference_pure, inference_real
from tests.benchmarks.parts.inference_judge import ENGINE, NETS, Job, Judged, believed, judged, load_judge, together
from tests.benchmarks.parts.inference_reliability import expected_calibration_error, in_words, reliability

PARTS = ("judge", "beliefs", "real", "pure")
SHOWN = ("f1", "recall", "precision", "right3", "minutes_median", "us_per_report", "reports")
MOST_ECE, MOST_COST, LEAST_REAL = 0.05, 0.05, 0.95
ASKED = "storm60-calls15"
ASKING = "tests.benchmarks.parts.inference_asking:Asking"
REAL_SEED = 1
THROUGH = {"stage": inference_real.decisions, "suspicions": inference_real.suspicions}
"""What of the product is asked about the real network: its decisions turn by turn, or its weighing of the evidence alone."""

Goal = tuple[str, str, float]
"""The name of a figure, `>=` or `<=`, and the bound."""


@dataclasses.dataclass(frozen=True, slots=True)
class Exam:
    """A scenario with its seeds, and the least that each network's figures are to reach: coop, eu."""

    scenario: str
    seeds: str
    least: Mapping[str, tuple[float, float]]
    most_us: float | None = None
    calibrated: bool = False


EXAMS = (
    Exam("storm60-calls15", "1000-1005", {"f1": (0.79, 0.88)}, calibrated=True),
    Exam("storm60-calls05", "1000-1005", {"f1": (0.74, 0.66)}),
    Exam("storm60-gasps80", "1000-1005", {"f1": (0.96, 0.986)}, most_us=100.0, calibrated=True),
    Exam("storm60-gasps95", "1000-1005", {"f1": (0.985, 0.988)}),
    Exam("storm10-calls15", "1000-1011", {"f1": (0.81, 0.87), "right3": (0.88, 0.81)}),
    Exam("storm1-calls15", "1000-1039", {"f1": (0.78, 0.74), "right3": (0.92, 0.71)}),
)
MISBELIEFS: Mapping[str, Mapping[str, tuple[str, Callable[[float], float]]]] = {
    "storm60-calls15": {
        "call_rate_x0.5": ("call_rate", lambda right: 0.5 * right),
        "call_rate_x2": ("call_rate", lambda right: 2.0 * right),
    },
    "storm60-gasps80": {
        "gasp_rate_0.6": ("gasp_rate", lambda _: 0.6),
        "gasp_rate_0.95": ("gasp_rate", lambda _: 0.95),
    },
}
"""By scenario: names of wrong beliefs, which setting each is about, and what is believed where this is right."""


@dataclasses.dataclass(slots=True)
class Bench:
    """A run: what was asked for, and what has been found so far."""

    engine: str
    seeds: str | None
    nets: tuple[str, ...]
    processes: int
    sample: int | None
    through: str = "stage"
    figures: dict[str, Any] = dataclasses.field(default_factory=dict)
    goals: list[Goal] = dataclasses.field(default_factory=list)
    reliability: dict[str, list[dict[str, float]]] = dataclasses.field(default_factory=dict)
    passed_over: list[str] = dataclasses.field(default_factory=list)
    known: dict[tuple[str, str], float] = dataclasses.field(default_factory=dict)

    def judge(self, exams: Iterable[Exam]) -> None:
        """Let the judge examine the engine, and look at how far its probabilities are true."""
        say(f"  {'':28s}" + "".join(f"{name:>15s}" for name in SHOWN))
        for exam in exams:
            for place, net in enumerate(NETS):
                if net in self.nets:
                    self._examine(exam, net, place)

    def _examine(self, exam: Exam, net: str, place: int) -> None:
        name = f"{net}-{exam.scenario}"
        found = self.run(net, exam.scenario, self.seeds or exam.seeds)
        figures = found.tally.figures()
        self.known[net, exam.scenario] = figures["f1"]
        self.figures |= {f"{name}.{key}": rounded(figures[key]) for key in SHOWN if key in figures}
        say(f"  {name:28s}" + "".join(f"{figures.get(key, float('nan')):15.3f}" for key in SHOWN))
        self.goals += [(f"{name}.{measure}", ">=", least[place]) for measure, least in exam.least.items()]
        if exam.most_us is not None:
            self.goals.append((f"{name}.us_per_report", "<=", exam.most_us))
        if exam.calibrated:
            table = reliability(found.points)
            self.goals.append((f"{name}.ece", "<=", MOST_ECE))
            if (error := expected_calibration_error(table)) is not None:
                self.figures[f"{name}.ece"] = rounded(error)
                self.reliability[name] = [dataclasses.asdict(each) for each in table]
                say(f"{in_words(table)}\n  expected calibration error {error:.3f}")

    def beliefs(self, scenarios: Iterable[str]) -> None:
        """See what wrong beliefs cost on the same seeds."""
        for scenario in scenarios:
            for net in self.nets:
                for name, (field, wrong) in MISBELIEFS.get(scenario, {}).items():
                    belief = wrong(believed(net, scenario, field))
                    found = self.run(net, scenario, self._seeds_of(scenario), beliefs=((field, belief),))
                    cost = self._right(net, scenario) - found.tally.figures()["f1"]
                    figure = f"misbelief_cost.{net}.{name}"
                    self.figures[figure] = rounded(cost)
                    self.goals.append((figure, "<=", MOST_COST))
                    say(f"  {figure:40s} {cost:+.3f}")

    def ask(self) -> None:
        """See what asking meters buys."""
        for net in self.nets:
            asking = self.run(net, ASKED, self._seeds_of(ASKED), wrap=ASKING)
            found = asking.tally.figures()
            self.figures[f"ask.{net}.asked"] = asking.asked
            without = self.run(net, ASKED, self._seeds_of(ASKED)).tally.figures()
            for measure in ("f1", "minutes_median"):
                if measure in found and measure in without:
                    self.figures[f"ask.{net}.{measure}"] = rounded(found[measure])
                    self.figures[f"ask.{net}.{measure}_without"] = rounded(without[measure])
                    say(f"  ask.{net}.{measure:20s} {found[measure]:.3f}, without asking {without[measure]:.3f}")

    def real(self, folder: Path) -> None:
        """See whether any device of the real network is found."""
        network = inference_real.read_network(folder)
        product = THROUGH[self.through](network)
        failing = inference_real.devices(network, self.sample, REAL_SEED)
        self.figures["real.devices"] = len(failing)
        for name, value in inference_real.examine(network, product, failing, REAL_SEED):
            self.figures[f"real.{name}"] = rounded(value)
            say(f"  real.{name:30s} {value:.3f}")
        for level in inference_real.LEVELS:
            rule = self.figures[f"real.{level.name}.lowest_common"]
            self.goals.append((f"real.{level.name}.right", ">=", rule))
        for name in ("share20", "all"):
            self.goals.append((f"real.{name}_strays.right", ">=", LEAST_REAL))

    def pure(self, folder: Path) -> None:
        """Measure what a report costs the whole stage."""
        network = inference_real.read_network(folder)
        reports, cost = inference_pure.us_per_report(network, REAL_SEED)
        self.figures |= {"pure.reports": reports, "pure.us_per_report": rounded(cost)}
        say(f"  pure: {reports} reports, {cost:.0f} us each")

    def run(self, net: str, scenario: str, seeds: str, **more: Any) -> Judged:
        """Return what came of a scenario over all its seeds."""
        jobs = [Job(net, scenario, seed, self.engine, **more) for seed in seeds_of(seeds)]
        return together(found for _, found in judged(jobs, self.processes))

    def _seeds_of(self, scenario: str) -> str:
        return self.seeds or next(exam.seeds for exam in EXAMS if exam.scenario == scenario)

    def _right(self, net: str, scenario: str) -> float:
        """Return the F1 of the right beliefs."""
        if (net, scenario) not in self.known:
            self.known[net, scenario] = self.run(net, scenario, self._seeds_of(scenario)).tally.figures()["f1"]
        return self.known[net, scenario]

    def told(self) -> dict[str, Any]:
        """Return the result of the bench."""
        return {
            "name": "inference",
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "date": dt.datetime.now(dt.UTC).date().isoformat(),
            "figures": self.figures,
            "goals": [
                {
                    "name": name,
                    "goal": f"{sign} {bound:g}",
                    "value": (value := self.figures.get(name)),
                    "met": value is not None and (value >= bound if sign == ">=" else value <= bound),
                }
                for name, sign, bound in self.goals
            ],
            "reliability": self.reliability,
            "passed_over": self.passed_over,
        }


def seeds_of(text: str) -> list[int]:
    """Return the seeds of `1000-1005,1010`. Raises ValueError."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    if not found:
        raise ValueError(f"{text!r} names no seeds")
    return found


def rounded(value: float) -> float:
    """Return a figure with four digits after the point."""
    return round(value, 4)


def say(words: str) -> None:
    """Tell the person at the terminal; stdout belongs to the result."""
    print(words, file=sys.stderr, flush=True)


def exams_of(names: str | None) -> list[Exam]:
    """Return the exams of these scenarios, all that have goals for None. Raises ValueError for a name that the judge has not."""
    if names is None:
        return list(EXAMS)
    known = {exam.scenario: exam for exam in EXAMS}
    found = []
    for name in names.split(","):
        if name not in known and name not in importlib.import_module("judging.reports").scenario_names():
            raise ValueError(f"the judge has no scenario {name}")
        found.append(known.get(name) or Exam(name, "1000-1005", {}))
    return found


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when the goals are met, 2 when there was nothing to measure with."""
    parser = argparse.ArgumentParser(prog="lamplighter bench inference", description=__doc__)
    parser.add_argument("--scenarios", help="of the judge, with commas between; left out, all that have goals")
    parser.add_argument("--seeds", help="as 1000-1005; left out, those that belong to each scenario")
    parser.add_argument("--net", choices=(*NETS, "both"), default="both")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"what is measured: {', '.join((*PARTS, 'ask'))}")
    parser.add_argument("--ask", action="store_true", help="see what asking meters buys, too")
    parser.add_argument("--devices", default="300", help="how many devices of the real network fail, or all")
    parser.add_argument(
        "--through", choices=tuple(THROUGH), default="stage", help="what is asked about the real network"
    )
    parser.add_argument("--processes", type=int, default=1, help="among which the seeds are divided")
    parser.add_argument("--engine", default=ENGINE, help="MODULE:FACTORY, as the judge names engines")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    parts = set(given.parts.split(",")) | ({"ask"} if given.ask else set())
    if unknown := parts - {*PARTS, "ask"}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    bench = Bench(
        engine=given.engine,
        seeds=given.seeds,
        nets=NETS if given.net == "both" else (given.net,),
        processes=given.processes,
        sample=None if given.devices == "all" else int(given.devices),
        through=given.through,
    )
    measure(bench, parts, given.scenarios, load_settings().shared)
    for reason in bench.passed_over:
        say(f"passed over: {reason}")
    told = bench.told()
    print(json.dumps(told if given.json else told["figures"], indent=1))
    if not bench.figures:
        return 2
    return 0 if all(goal["met"] for goal in told["goals"]) else 1


def measure(bench: Bench, parts: set[str], scenarios: str | None, shared: Path) -> None:
    """Measure these parts, as far as what they need is there."""
    if parts & {"judge", "beliefs", "ask"}:
        if (missing := load_judge(shared)) is not None:
            bench.passed_over.append(missing)
        else:
            exams = exams_of(scenarios)
            todo: dict[str, Callable[[], None]] = {
                "judge": lambda: bench.judge(exams),
                "beliefs": lambda: bench.beliefs(exam.scenario for exam in exams),
                "ask": bench.ask,
            }
            for name, run in todo.items():
                if name in parts:
                    run()
    folder = shared / "data" / "mux-energia"
    if parts & {"real", "pure"}:
        if not folder.is_dir():
            bench.passed_over.append(f"no real network at {folder} (setting LAMPLIGHTER_SHARED)")
            return
        if "real" in parts:
            bench.real(folder)
        if "pure" in parts:
            bench.pure(folder)
