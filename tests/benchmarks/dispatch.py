"""The plan of dispatch before its judge, before an exact solver, and before the rules that it must never break.

    ./lamplighter bench dispatch --json
    ./lamplighter bench dispatch --parts judge,quiet --seeds 1000-1003

Parts: `judge` (simulated storms on two networks: the product's modes beside three other rules), `quiet` (a day of ten faults),
`scale` (200 crews, 2,000 incidents: how good, how quick, how much memory), `exact` (small cases, solved by OR-Tools' CP-SAT as
well), `rules` (random situations: rules that a plan breaks), `kernel` (moves a second, compiled and in plain Python). Judge and
networks lie in the shared sample data (setting LAMPLIGHTER_SHARED); what is not there is passed over, and that is said.

`cmi`: customer-minutes of interruption relative to the oldest first with the nearest depot; `vs_index`: the same relative to the
index (weight over the time it takes) with the nearest depot. Both are medians over storms. `hazard_reachable`: hazards with a crew
there within 30 minutes, over those that are so near to a depot. `critical`: mean outage of critical customers relative to the
oldest first. `turned_per_order`: crews on their way that were turned elsewhere or called off, over all orders for work.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import importlib.util
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from services.settings import load_settings
from tests.benchmarks.parts import dispatch_exact
from tests.benchmarks.parts.dispatch_judge import (
    BASELINE,
    INDEX,
    MEASURES,
    NEAREST_DEPOT,
    NETS,
    PLAN,
    PRIORITY,
    QUIET_FAULTS,
    load_judge,
    played,
)
from tests.benchmarks.parts.dispatch_kernel import compiled_over_python
from tests.benchmarks.parts.dispatch_scale import scale

PARTS = ("judge", "quiet", "scale", "exact", "rules", "kernel")
OF_JUDGE = ("judge", "quiet", "scale")
SEEDS = "1000-1019"
SCALE_SEED = 1000
CASES = "1-60"
SITUATIONS = 1_000
SITUATIONS_SEED = 1
SHOWN = ("cmi", "vs_index", "hazard_reachable", "critical", "median_ms", "p99_ms")
PEERS = {
    BASELINE: "oldest incident first, the crew from the nearest depot; hazards not split (example of the judge)",
    INDEX: "weight over drive and expected repair, the crew from the nearest depot, a reserve for hazards (example of the judge)",
    PRIORITY: "six classes of priority, the oldest first, the crew from the nearest depot",
}

Goal = tuple[str, str, float]
"""The name of a figure, `>=` or `<=`, and the bound."""

JUDGED: Mapping[str, Mapping[str, tuple[str, tuple[float, float]]]] = {
    PLAN: {
        "vs_index": ("<=", (0.84, 0.88)),
        "cmi": ("<=", (0.53, 0.59)),
        "hazard_reachable": (">=", (0.95, 0.98)),
        "critical": ("<=", (0.48, 0.50)),
        "median_ms": ("<=", (5.0, 5.0)),
        "p99_ms": ("<=", (15.0, 15.0)),
    },
    NEAREST_DEPOT: {"vs_index": ("<=", (1.00, 1.00)), "hazard_reachable": (">=", (0.88, 0.92))},
}
"""By policy and measure: what is asked for on each network, coop and eu."""
QUIET = {"coop": 1.00, "eu": 1.01}
SCALE: tuple[Goal, ...] = (
    ("scale.plan.vs_index", "<=", 0.74),
    ("scale.plan.p99_ms", "<=", 50.0),
    ("scale.plan.memory_mb", "<=", 500.0),
)
EXACT: tuple[Goal, ...] = (("exact.mean_ratio", "<=", 1.03), ("exact.worst_ratio", "<=", 1.10))


@dataclasses.dataclass(slots=True)
class Bench:
    """A run: what has been found so far."""

    figures: dict[str, Any] = dataclasses.field(default_factory=dict)
    goals: list[Goal] = dataclasses.field(default_factory=list)
    passed_over: list[str] = dataclasses.field(default_factory=list)

    def judge(self, seeds: Iterable[int], nets: Iterable[str] = NETS) -> None:
        """Let the judge play storms under the product's modes and those that they are held against."""
        known = list(seeds)
        say(f"  {'':24s}" + "".join(f"{name:>18s}" for name in SHOWN))
        for net in nets:
            storms = played(net, known, (PLAN, NEAREST_DEPOT, PRIORITY))
            for name in (PLAN, NEAREST_DEPOT, PRIORITY, INDEX):
                summary = storms.summary(name)
                self._note(f"{net}.{name}", {each: summary[each] for each in MEASURES})
                say(f"  {net + '.' + name:24s}" + "".join(f"{summary[each]:18.3f}" for each in SHOWN))
            turned = storms.turned_per_order(PLAN)
            self._note(f"{net}.{PLAN}", {"vs_index_mean": storms.mean_vs_index(PLAN), "turned_per_order": turned})
            say(f"  {net}.{PLAN}.turned_per_order {turned:.3f}")
            place = NETS.index(net)
            self.goals += [
                (f"{net}.{name}.{measure}", sign, bounds[place])
                for name, asked in JUDGED.items()
                for measure, (sign, bounds) in asked.items()
            ]

    def quiet(self, seeds: Iterable[int], nets: Iterable[str] = NETS) -> None:
        """See that a day with little to do costs nobody anything."""
        known = list(seeds)
        for net in nets:
            cmi = played(net, known, (PLAN,), QUIET_FAULTS).summary(PLAN)["cmi"]
            self._note(f"{net}.quiet", {"cmi": cmi})
            self.goals.append((f"{net}.quiet.cmi", "<=", QUIET[net]))
            say(f"  {net}.quiet.cmi {cmi:.4f}")

    def scale(self, shared: Path) -> None:
        """Play the largest storm."""
        found = scale(shared, SCALE_SEED)
        self._note(f"scale.{PLAN}", {each: found.summary[each] for each in MEASURES})
        if found.memory_mb is None:
            self.passed_over.append("memory of the planner: this machine does not say how much a process had at most")
        else:
            self._note(f"scale.{PLAN}", {"memory_mb": found.memory_mb})
        self.goals += [goal for goal in SCALE if found.memory_mb is not None or not goal[0].endswith("memory_mb")]
        say(f"  scale: {', '.join(f'{name} {self.figures[name]:g}' for name, _, _ in SCALE if name in self.figures)}")

    def exact(self, seeds: Iterable[int]) -> None:
        """Hold plans of small cases against the best there is."""
        if importlib.util.find_spec("ortools") is None:
            self.passed_over.append("exact: OR-Tools is not installed (extra dev)")
            return
        known = list(seeds)
        ratios = [each.ratio for each in dispatch_exact.solved(known, say)]
        self.figures |= {"exact.cases": len(known), "exact.proven": len(ratios)}
        if ratios:
            best = sum(ratio <= 1.0 for ratio in ratios) / len(ratios)
            self._note(
                "exact", {"mean_ratio": statistics.fmean(ratios), "worst_ratio": max(ratios), "share_best": best}
            )
            say(
                f"  exact: {len(ratios)} of {len(known)} proven, mean {statistics.fmean(ratios):.4f}, worst {max(ratios):.4f}"
            )
        self.goals += EXACT

    def rules(self, situations: int) -> None:
        """Count the rules that plans of random situations break."""
        from tests.benchmarks.parts.dispatch_situations import broken_rules  # noqa: PLC0415 - it takes the whole stage along

        broken = broken_rules(situations, SITUATIONS_SEED)
        self.figures |= {"rules.situations": situations, "rules.broken": sum(broken.values())}
        self.figures |= {f"rules.broken.{name}": count for name, count in broken.items()}
        self.goals.append(("rules.broken", "<=", 0))
        say(f"  rules: {sum(broken.values())} broken in {situations} situations")

    def kernel(self) -> None:
        """Count the moves a second of the search as it is compiled, and in plain Python."""
        compiled, plain = compiled_over_python()
        self._note("kernel", {"compiled_per_s": compiled, "python_per_s": plain, "ratio": compiled / plain})
        say(f"  kernel: {compiled:.0f} moves/s compiled, {plain:.0f} in plain Python")

    def _note(self, name: str, found: Mapping[str, float]) -> None:
        self.figures |= {f"{name}.{each}": round(value, 4) for each, value in found.items()}

    def told(self) -> dict[str, Any]:
        """Return the result of the bench."""
        return {
            "name": "dispatch",
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
            "peers": PEERS,
            "passed_over": self.passed_over,
        }


def seeds_of(text: str) -> list[int]:
    """Return the seeds of `1000-1005,1010`. Raises ValueError."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def say(words: str) -> None:
    """Tell the person at the terminal; stdout belongs to the result."""
    print(words, file=sys.stderr, flush=True)


def measure(bench: Bench, given: argparse.Namespace, shared: Path) -> None:
    """Measure the parts that are asked for, as far as what they need is there."""
    parts = given.parts
    if parts & {*OF_JUDGE} and (missing := load_judge(shared)) is not None:
        bench.passed_over.append(missing)
        parts = parts - {*OF_JUDGE}
    nets = NETS if given.net == "both" else (given.net,)
    if "judge" in parts:
        bench.judge(given.seeds, nets)
    if "quiet" in parts:
        bench.quiet(given.seeds, nets)
    if "scale" in parts:
        bench.scale(shared)
    if "exact" in parts:
        bench.exact(given.cases)
    if "rules" in parts:
        bench.rules(given.situations)
    if "kernel" in parts:
        bench.kernel()


def parts_of(text: str) -> set[str]:
    """Return the parts named. Raises ValueError for one that there is not."""
    parts = set(text.split(","))
    if unknown := parts - {*PARTS}:
        raise ValueError(f"no such part: {', '.join(sorted(unknown))}")
    return parts


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when the goals are met, 2 when there was nothing to measure with."""
    parser = argparse.ArgumentParser(prog="lamplighter bench dispatch", description=__doc__)
    parser.add_argument("--seeds", type=seeds_of, default=SEEDS, help="storms of the judge, as 1000-1019")
    parser.add_argument("--net", choices=(*NETS, "both"), default="both")
    parser.add_argument("--parts", type=parts_of, default=",".join(PARTS), help=f"what is measured: {', '.join(PARTS)}")
    parser.add_argument("--cases", type=seeds_of, default=CASES, help="small cases to be solved exactly, as 1-60")
    parser.add_argument("--situations", type=int, default=SITUATIONS, help="random ones in which rules could break")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    bench = Bench()
    measure(bench, given, load_settings().shared)
    for reason in bench.passed_over:
        say(f"passed over: {reason}")
    told = bench.told()
    print(json.dumps(told if given.json else told["figures"], indent=1))
    if not bench.figures:
        return 2
    return 0 if all(goal["met"] for goal in told["goals"]) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
