"""When power will be back: how true intervals and promises are that were learnt from storms, in storms that were not seen.

    ./lamplighter bench etr --json
    ./lamplighter bench etr --training 1000-1019 --seeds 2000-2009

Storms of all sizes strike a generated rural utility; what meters, callers and crews say goes through the product's own inference
and dispatch. The first storms are played with the figures of device classes; what the product wrote of them is what is learnt from,
by the product's own learning. The others are played with what was learnt. *Back* is when, by the ledger, the last customer of an
incident had power again. The class average is the mean of the same device class in the training storms: from the opening to power
back; once a crew is ordered or on site, from its arrival; never before the moment at which it is asked for.

`coverage_80` and `mae_min` are means over all looks at an incident while it was open (at all news of its work and every quarter
of an hour, as customers may ask at any time), and then over the incidents. By stage they are of the first look at each.
`late_over_30_share` is of all promises that were made, `.first` of those with which an incident became known, `.crews` of crews'
own words.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from schemas.events import EstimatesLearnt
from services.dispatch.roster import Roster
from services.estimates.learning import Lesson, learn
from services.estimates.lessons import learnt_event
from services.estimates.measuring import Past, measure
from services.network import Network
from services.outages.entities import EstimateBasis, Expected
from services.outages.estimating import FORGIVEN_S, Stage
from services.utility.folder import read_folder
from tests.benchmarks.parts.etr_replay import Replay, Seen, Told, pasts_of
from tests.benchmarks.parts.etr_world import BEGINS_MS, Storm, roster_of, storms_of
from tests.benchmarks.parts.rural import rural

MINUTE_MS = 60_000
SUBSTATIONS, METERS, MILES, CREWS = 4, 6_000, 700.0, 12
TRAINING, SEEDS = "1000-1079", "2000-2039"
STAGES = {"opening": Stage.WAITING, "ordered": Stage.ORDERED, "arrived": Stage.ON_SITE, "assessed": Stage.ON_SITE}
"""When it is looked what was stated: when an incident became known, a crew was ordered, was on site, had said the cause."""
ASKED = frozenset({Stage.WAITING, Stage.PLANNED, Stage.ORDERED, Stage.ON_SITE})
"""Somebody asks at any look, which is every quarter of an hour and at all news, until the crew has repaired."""
LEARNING = "bench"
GOALS = (
    ("coverage_80", ">=", 0.76),
    ("coverage_80", "<=", 0.84),
    ("late_over_30_share", "<=", 0.10),
    ("mae_gain", ">=", 0.25),
    ("changes_median", "<=", 2.0),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Averages:
    """What device classes took on average in the training storms, minutes: from the opening, and from a crew's arrival."""

    opening: dict[str, float]
    repair: dict[str, float]

    @classmethod
    def of(cls, pasts: Iterable[Past]) -> Averages:
        """Return the averages of incidents that are over."""
        opening: dict[str, list[float]] = {}
        repair: dict[str, list[float]] = {}
        for past in pasts:
            order, back = past.mended, past.back_at
            if order is not None and order.arrived_at is not None and back is not None:
                opening.setdefault(past.device_class, []).append((back - past.opened_at) / MINUTE_MS)
                repair.setdefault(past.device_class, []).append((back - order.arrived_at) / MINUTE_MS)
        return cls(_means(opening), _means(repair))

    def expected_ms(self, past: Past, stage: Stage, at: int) -> float:
        """Return when power is back on average: of an incident as its work stood at a time, but not before that time."""
        of = past.device_class
        if stage is Stage.WAITING:
            return max(at, past.opened_at + self.opening.get(of, self.opening[""]) * MINUTE_MS)
        sent = [each.arrival for each in past.orders if each.sent_at <= at]
        there = [each.arrived_at for each in past.orders if each.arrived_at is not None and each.arrived_at <= at]
        begins = there if stage is Stage.ON_SITE else sent
        return max(at, (begins or [at])[-1] + self.repair.get(of, self.repair[""]) * MINUTE_MS)


def _means(by_class: dict[str, list[float]]) -> dict[str, float]:
    found = {name: statistics.fmean(each) for name, each in by_class.items()}
    everything = [value for each in by_class.values() for value in each]
    return {**found, "": statistics.fmean(everything)}


@dataclasses.dataclass(slots=True)
class Score:
    """How what was stated compares with what came: the share in the interval, minutes off, and those of the class average."""

    covered: list[float] = dataclasses.field(default_factory=list)
    off: list[float] = dataclasses.field(default_factory=list)
    class_off: list[float] = dataclasses.field(default_factory=list)
    width: list[float] = dataclasses.field(default_factory=list)

    @classmethod
    def of(cls, past: Past, averages: Averages, looks: Sequence[tuple[int, Expected]]) -> Score:
        """Return how looks at an incident that is over compare, each by itself."""
        back = past.back_at
        assert back is not None, "only those are looked at"
        return cls(
            [float(each.low <= back <= each.high) for _, each in looks],
            [abs(back - each.median) / MINUTE_MS for _, each in looks],
            [abs(back - averages.expected_ms(past, each.stage, at)) / MINUTE_MS for at, each in looks],
            [(each.high - each.low) / MINUTE_MS for _, each in looks],
        )

    def means(self) -> tuple[float, float, float, float]:
        """Return the means, so that an incident counts once however often it was looked at."""
        first, second, third, fourth = (
            statistics.fmean(each) for each in (self.covered, self.off, self.class_off, self.width)
        )
        return first, second, third, fourth

    def add(self, means: tuple[float, float, float, float]) -> None:
        """Count an incident."""
        for each, value in zip((self.covered, self.off, self.class_off, self.width), means, strict=True):
            each.append(value)

    def figures(self, name: str) -> dict[str, float]:
        """Return the figures, by name."""
        if not self.off:
            return {}
        mae, by_class = statistics.fmean(self.off), statistics.fmean(self.class_off)
        return {
            f"{name}coverage_80": round(statistics.fmean(self.covered), 4),
            f"{name}mae_min": round(mae, 1),
            f"{name}class_mae_min": round(by_class, 1),
            f"{name}mae_gain": round(1.0 - mae / by_class, 4),
            f"{name}interval_median_min": round(statistics.median(self.width), 1),
        }


@dataclasses.dataclass(slots=True)
class Examined:
    """What the test storms showed. Minutes: back less what was promised."""

    scores: dict[str, Score] = dataclasses.field(default_factory=lambda: {name: Score() for name in ("asked", *STAGES)})
    first: list[float] = dataclasses.field(default_factory=list)
    last: list[float] = dataclasses.field(default_factory=list)
    every: list[float] = dataclasses.field(default_factory=list)
    crews: list[float] = dataclasses.field(default_factory=list)
    changes: list[int] = dataclasses.field(default_factory=list)

    def look(self, past: Past, told: Told, averages: Averages) -> None:
        """Compare what was stated and promised of an incident with when power was back."""
        if past.back_at is None or past.mended is None or not told.promises:
            return
        asked = [(at, each) for at, each in told.stated if each.stage in ASKED and at < past.back_at]
        if asked:
            self.scores["asked"].add(Score.of(past, averages, asked).means())
        for name, stage in STAGES.items():
            looks = [(at, each) for at, each in told.stated if each.stage is stage]
            if name == "assessed":
                looks = [(at, each) for at, each in looks if told.cause_at is not None and at >= told.cause_at]
            if looks and (name != "opening" or looks[0][0] == told.promises[0][0]):
                self.scores[name].add(Score.of(past, averages, looks[:1]).means())
        late = [((past.back_at - until) / MINUTE_MS, basis) for _, until, basis in told.promises]
        self.first.append(late[0][0])
        self.last.append(late[-1][0])
        self.every += [by for by, _ in late]
        self.crews += [by for by, basis in late if basis is EstimateBasis.CREW]
        self.changes.append(len(told.promises) - 1)

    def figures(self) -> dict[str, float]:
        """Return the figures, by name; without one, of all moments at which somebody could ask."""
        found = self.scores["asked"].figures("")
        for name in STAGES:
            found |= self.scores[name].figures(f"{name}.")
        return found | {
            "incidents": len(self.changes),
            "late_over_30_share": _late(self.every),
            "late_over_30_share.first": _late(self.first),
            "late_over_30_share.last": _late(self.last),
            "late_over_30_share.crews": _late(self.crews),
            "promise_mae_min": round(statistics.fmean(abs(by) for by in self.first), 1),
            "changes_median": float(statistics.median(self.changes)),
            "changes_mean": round(statistics.fmean(self.changes), 2),
            "changes_p95": float(sorted(self.changes)[int(0.95 * (len(self.changes) - 1))]),
        }


def _late(late: Sequence[float]) -> float:
    return round(statistics.fmean(by > FORGIVEN_S / 60 for by in late), 4) if late else 0.0


def utility() -> tuple[Network, Roster]:
    """Return the utility that the storms strike: one region whose crews serve several supply areas."""
    made = rural(SUBSTATIONS, meters=METERS, miles=MILES, crews=CREWS, spared=1)
    for name in ("regions.csv", "feeders.csv", "depots.csv"):
        head, *rows = made.tables[name]
        place = head.index("region")
        made.tables[name] = [head, *((*row[:place], "R1", *row[place + 1 :]) for row in rows)]
    made.tables["regions.csv"] = made.tables["regions.csv"][:2]
    with tempfile.TemporaryDirectory() as folder:
        made.write(Path(folder))
        read = read_folder(Path(folder))
    return Network(read.grid), roster_of(read)


def play(network: Network, roster: Roster, storm: Storm, lesson: Lesson | None = None) -> Seen:
    """Let a storm pass, with what was learnt before it, if anything was."""
    learnt: dict[str, EstimatesLearnt] = {}
    if lesson is not None:
        learnt = {
            str(area.id): learnt_event(
                lesson, learning=LEARNING, area=str(area.id), at=storm.faults[0].at, utc_offset_s=0, exercise=True
            )
            for area in network.areas
        }
    return Replay(network, roster, storm, learnt).run()


def bench(training: Sequence[int], seeds: Sequence[int]) -> dict[str, Any]:
    """Run the bench; return its result."""
    network, roster = utility()
    begun = time.perf_counter()
    pasts: list[Past] = []
    for storm in storms_of(network, training):
        pasts += pasts_of(play(network, roster, storm))
    say(f"{len(training)} storms to learn from: {len(pasts)} incidents, {time.perf_counter() - begun:.0f} s")
    begun = time.perf_counter()
    measured = measure(pasts, 0)
    lesson = learn(measured)
    learnt_s = time.perf_counter() - begun
    cells = sum(len(part.cells) for part in lesson.parts)
    say(f"learnt from {measured.incidents} incidents in {learnt_s:.0f} s: {cells} cells")
    averages, examined = Averages.of(pasts), Examined()
    left_open = 0
    for storm in storms_of(network, seeds, BEGINS_MS + 7 * 24 * 60 * MINUTE_MS * (len(training) + 1)):
        seen = play(network, roster, storm, lesson)
        left_open += seen.left_open
        for past in pasts_of(seen):
            if past.id in seen.told:
                examined.look(past, seen.told[past.id], averages)
    figures: dict[str, Any] = {
        "training_storms": len(training),
        "test_storms": len(seeds),
        "learnt_from": measured.incidents,
        "learnt_cells": cells,
        "learning_s": round(learnt_s, 1),
        "left_open": left_open,
        **examined.figures(),
    }
    return {
        "name": "etr",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "figures": figures,
        "goals": [
            {
                "name": name,
                "goal": f"{sign} {bound:g}",
                "value": figures.get(name),
                "met": name in figures and (figures[name] >= bound if sign == ">=" else figures[name] <= bound),
            }
            for name, sign, bound in GOALS
        ],
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


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when the goals are met."""
    parser = argparse.ArgumentParser(prog="lamplighter bench etr", description=__doc__)
    parser.add_argument("--training", default=TRAINING, help="seeds of the storms to learn from, as 1000-1079")
    parser.add_argument("--seeds", default=SEEDS, help="seeds of the storms to be examined, as 2000-2039")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    training, seeds = seeds_of(given.training), seeds_of(given.seeds)
    if set(training) & set(seeds):
        parser.error("a storm that was learnt from cannot be examined")
    told = bench(training, seeds)
    print(json.dumps(told if given.json else told["figures"], indent=1))
    return 0 if all(goal["met"] for goal in told["goals"]) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
