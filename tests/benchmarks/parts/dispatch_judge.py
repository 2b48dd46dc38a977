"""Dispatch before its judge: the same simulated storms under the product's two modes and under three rules beside them.

The judge is the package `judging` of the shared sample data. It is not part of the project, so it is loaded by its place. What all
policies are held against plays each storm once, not once for every policy.
"""

from __future__ import annotations

import dataclasses
import importlib
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.parts.dispatch_priority import PriorityClasses

NETS = ("coop", "eu")
BASELINE, INDEX, PRIORITY = "oldest_first", "index", "priority"
PLAN, NEAREST_DEPOT = "plan", "nearest_depot"
FLEETS = {"coop": 16, "eu": 16, "scale": 200}
SCALE_FAULTS = 2_000
QUIET_FAULTS = 10
MEASURES = ("cmi", "vs_index", "hazard_reachable", "critical", "median_ms", "p99_ms", "max_ms")

Policy = Callable[[Any], Any]
"""Given the judge's world, what it asks for orders during one storm."""


def load_judge(shared: Path) -> str | None:
    """Make the package `judging` importable; return why there is none, None when there is."""
    folder = shared / "judge"
    if not (folder / "judging" / "simulator.py").is_file():
        return f"no judge of dispatch at {folder} (setting LAMPLIGHTER_SHARED)"
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return None


def policy_named(name: str) -> Policy:
    """Return a policy. The judge has to be loaded. Raises KeyError for a name that none has.

    The product is imported when it is asked for alone: what a rule needs of memory is its own. It compiles its search when a policy
    is made, so that no decision that is measured waits for it.
    """
    if name in {PLAN, NEAREST_DEPOT}:
        found: Policy = getattr(importlib.import_module("tests.benchmarks.judged_dispatch"), name)
        return found
    if name == PRIORITY:
        return PriorityClasses
    module = {BASELINE: "nearest_depot", INDEX: "index_nearest_depot"}[name]
    example: Policy = importlib.import_module(f"judging.examples.{module}").build
    return example


@dataclasses.dataclass(slots=True)
class Turns:
    """How many orders for work were given, and how often a crew on its way was called away from where it drove."""

    orders: int = 0
    turned: int = 0


class Watched:
    """A policy, and what its answers mean for crews under way."""

    def __init__(self, policy: Any, turns: Turns) -> None:
        self.split_hazards = bool(getattr(policy, "split_hazards", False))
        self._policy, self._turns = policy, turns

    def decide(self, situation: Any) -> Any:
        """Return the policy's answer, and count."""
        answer = self._policy.decide(situation)
        crews = {crew.id: crew for crew in situation.crews} if answer else {}
        for crew, goal in answer:
            if goal != crews[crew].job_id:
                self._turns.orders += isinstance(goal, int)
                self._turns.turned += crews[crew].state == "enroute"
        return answer


def play(net: str, seed: int, name: str, faults: int | None = None, turns: Turns | None = None) -> Any:
    """Return the judge's figures of one storm under a policy. Raises the judge's BrokenRule, which says seed and network.

    What the policy turned is added to `turns`.
    """
    counted = Turns() if turns is None else turns
    networks, storms, simulator, measures = (
        importlib.import_module(f"judging.{each}") for each in ("network", "storms", "simulator", "measures")
    )
    network = networks.load(net)
    world = simulator.make_world(network, FLEETS[net])
    storm = storms.make_storm(network, seed, SCALE_FAULTS if net == "scale" else faults)
    made = policy_named(name)
    course, nesting = simulator.run_storm(world, network, storm, lambda given: Watched(made(given), counted))
    return measures.storm_figures(world, storm, nesting, course)


@dataclasses.dataclass(frozen=True, slots=True)
class Played:
    """Storms of one network under several policies: by policy, the judge's figures of each storm, and what was turned in all."""

    storms: Mapping[str, Sequence[Any]]
    turns: Mapping[str, Turns] = dataclasses.field(default_factory=dict)

    def summary(self, name: str) -> dict[str, float]:
        """Return what the judge makes of a policy: ratios to the rules that are always played, hazards, latencies."""
        measures = importlib.import_module("judging.measures")
        judged = map(measures.JudgedStorm, self.storms[name], self.storms[BASELINE], self.storms[INDEX])
        found: dict[str, float] = measures.summary(list(judged))
        return found

    def turned_per_order(self, name: str) -> float:
        """Return how many crews under way were turned for every order for work that was given."""
        found = self.turns[name]
        return found.turned / max(1, found.orders)

    def mean_vs_index(self, name: str) -> float:
        """Return the mean over the storms, which varies less than the median, of customer minutes relative to the index."""
        pairs = zip(self.storms[name], self.storms[INDEX], strict=True)
        return statistics.fmean(own.customer_minutes / index.customer_minutes for own, index in pairs)


def played(net: str, seeds: Iterable[int], names: Iterable[str], faults: int | None = None) -> Played:
    """Play the storms of these seeds under these policies, and under the two that all are held against."""
    known = list(seeds)
    turns = {name: Turns() for name in (BASELINE, INDEX, *names)}
    return Played({name: [play(net, seed, name, faults, turns[name]) for seed in known] for name in turns}, turns)
