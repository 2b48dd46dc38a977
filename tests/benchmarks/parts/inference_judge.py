"""An engine before the judge of inference: simulated storms on two networks, scored by somebody who knows nothing of us.

The judge is the package `judging` of the shared sample data. It is not part of the project, so it is loaded by its place.
"""

from __future__ import annotations

import dataclasses
import importlib
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from tests.benchmarks.parts.inference_reliability import Point

NETS = ("coop", "eu")
LOOKED_EACH_MIN = 5
ENGINE = "tests.benchmarks.judged_inference:engine"

Beliefs = Mapping[str, float]
"""Settings of the judge that are believed to be otherwise than it says, as multiples or values."""


class Engine(Protocol):
    """What the judge asks of an engine. Minutes; customers and devices are numbers.

    It may have `hypotheses()` besides: of each incident the likeliest device, with its probability.
    """

    def add(self, t_min: float, kind: str, customer_id: int) -> None:
        """Hear a report."""

    def tick(self, t_min: float) -> None:
        """Go on to this time."""

    def incidents(self) -> Iterable[Any]:
        """Return the devices believed to have failed, as ids or (id, probability)."""


Wrap = Callable[[Engine, Any, Any, int], Engine]
"""Puts something between judge and engine: given the engine, the network, the scenario and the seed."""


def load_judge(shared: Path) -> str | None:
    """Make the package `judging` importable; return why there is none, None when there is."""
    folder = shared / "judge"
    if not (folder / "judging" / "diagnosis.py").is_file():
        return f"no judge of inference at {folder} (setting LAMPLIGHTER_SHARED)"
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return None


def factory_of(name: str) -> Callable[[Any, Any], Engine]:
    """Return the factory `MODULE:FACTORY`. Raises ImportError and AttributeError."""
    module, _, factory = name.partition(":")
    found: Callable[[Any, Any], Engine] = getattr(importlib.import_module(module), factory)
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One scenario with one seed on one network, for one engine. `wrap` is `MODULE:FUNCTION`, empty: nothing between."""

    net: str
    scenario: str
    seed: int
    engine: str
    beliefs: tuple[tuple[str, float], ...] = ()
    wrap: str = ""


@dataclasses.dataclass(slots=True)
class Judged:
    """What came of jobs: the judge's tally, what the engine stated, and how many meters were asked."""

    tally: Any
    points: list[Point]
    asked: int = 0


class Watched:
    """Listens in on an engine: what it states every five minutes, and whether that is so at that moment."""

    def __init__(self, engine: Engine, network: Any, scenario: Any) -> None:
        self.points: list[Point] = []
        self._engine = engine
        self._network = network
        self._scenario = scenario
        self._minute = 0.0
        self.add = engine.add  # the judge takes the time of both: nothing stands between
        self._hypotheses = getattr(engine, "hypotheses", None)

    def tick(self, t_min: float) -> None:
        """Go on to this time."""
        self._minute = t_min
        self._engine.tick(t_min)

    def incidents(self) -> Iterable[Any]:
        """Return what the engine believes."""
        if self._hypotheses is not None and self._minute % LOOKED_EACH_MIN == 0:
            truth = {(fault.first, fault.end) for fault in self._scenario.faults if fault.start <= self._minute}
            spans = ((self._span(device), probability) for device, probability in self._hypotheses())
            self.points += [(p, span in truth) for span, p in spans if span[1] - span[0] > 1]
        return self._engine.incidents()

    def _span(self, device: int) -> tuple[int, int]:
        devices = len(self._network.parent)
        if device >= devices:
            return device - devices, device - devices + 1
        return self._network.first[device], self._network.end[device]


def judge(job: Job) -> Judged:
    """Let the judge examine the engine. The judge has to be loaded. Raises what the engine raises."""
    diagnosis = importlib.import_module("judging.diagnosis")
    reports = importlib.import_module("judging.reports")
    network = importlib.import_module("judging.network").load(job.net)
    scenario = reports.make_scenario(network, job.scenario, job.seed)
    settings = dataclasses.replace(reports.settings(network, job.scenario), **dict(job.beliefs))
    engine = factory_of(job.engine)(reports.grid(network), settings)
    if job.wrap:
        wrap: Wrap = factory_of(job.wrap)  # type: ignore[assignment]  # another signature, the same way of naming
        engine = wrap(engine, network, scenario, job.seed)
    watched = Watched(engine, network, scenario)
    tally = diagnosis.Tally()
    diagnosis.Examination(network, watched, scenario, tally).run()
    return Judged(tally, watched.points, getattr(engine, "asked", 0))


def believed(net: str, scenario: str, name: str) -> float:
    """Return what the judge says beforehand about a network and scenario: a field of its settings."""
    reports = importlib.import_module("judging.reports")
    network = importlib.import_module("judging.network").load(net)
    return float(getattr(reports.settings(network, scenario), name))


def judged(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Job, Judged]]:
    """Yield what came of each job, in their order, worked on by so many processes."""
    if processes <= 1:
        yield from ((job, judge(job)) for job in jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        yield from zip(jobs, pool.map(judge, jobs), strict=True)


def together(found: Iterable[Judged]) -> Judged:
    """Return several as if they had been one. Raises ValueError for none."""
    first, *others = found
    tally, points, asked = dataclasses.replace(first.tally), list(first.points), first.asked
    tally.at_mark = {mark: list(counts) for mark, counts in tally.at_mark.items()}
    for other in others:
        points += other.points
        asked += other.asked
        for field in dataclasses.fields(tally):
            setattr(tally, field.name, _sum(field.name, getattr(tally, field.name), getattr(other.tally, field.name)))
    return Judged(tally, points, asked)


def _sum(name: str, one: Any, other: Any) -> Any:
    if name.startswith("worst_"):
        return max(one, other)
    if isinstance(one, dict):
        return {mark: [a + b for a, b in zip(counts, other[mark], strict=True)] for mark, counts in one.items()}
    return one + other
