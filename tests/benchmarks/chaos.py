"""Kills: whatever dies, and wherever, the storm ends with the same decisions, ledger, orders and texts.

    ./lamplighter bench chaos --storm tiny --runs 10 --json

An undisturbed run gives the digests. Then each run kills every kind of process by -9 at least once while work is pending;
every second run has two workers, so that partitions move; one process is ended by SIGTERM; named points are passed at which a
process dies; a worker is halted and wakes up after another took its turns. Each run must end with all restored, audit and
truth holding, and equal digests.

`--mutants` breaks the mechanism on purpose, in a copy of the sources, and demands that the same proof sees it.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import datetime as dt
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from deploy.installation import backends
from schemas.ids import drawn
from services.settings import Settings, load_settings
from tests.faults.mutants import MUTANTS, Mutant, mutated
from tests.faults.rig import Harm, Played, Rig

KINDS = (
    "worker-1",
    "dispatch",
    "notify",
    "relay",
    "texts",
    "priority",
    "hotline",
    "web",
    "drill",
    "operator",
    "kafka",
    "postgres",
)
"""Every kind of process, by the name of one of it."""

ASKED = ("worker-1", "dispatch", "notify", "relay", "texts", "priority", "hotline", "operator", "web")
"""Processes that are also ended in the ordinary way, by SIGTERM, in the middle of the storm."""

SENT = ("relay.sent", "drill.sent")
"""Between sending and marking as sent: a death there makes copies on the topics; in every run."""

POINTS = (
    "sender.text.claimed",
    "sender.text.called",
    "sender.call.claimed",
    "sender.call.called",
    "drill.targeted",
    "drill.published",
    "worker.decided",
)
"""Other points at which a process dies between two steps that belong together; two in each run, in turn."""


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What is done in one run: with how many workers, which harms."""

    workers: int
    harms: tuple[Harm, ...]


def plan(number: int, ticks: int) -> Run:
    """Return the harms of run `number`, spread over the ticks of the storm, drawn from the number alone."""
    workers = 1 + number % 2
    whom = [("kill", kind) for kind in KINDS] + [("die", POINTS[(2 * number + k) % len(POINTS)]) for k in range(2)]
    whom += [("die", point) for point in SENT]
    whom.append(("term", ASKED[number % len(ASKED)]))
    if workers == 2:
        whom += [("kill", "worker-2"), ("halt", "worker-1")]
    # Death points first, those of the few calls before all; nothing in the last quarter, where work may be over.
    whom.sort(key=lambda pair: ("call" not in pair[1], pair[0] != "die", drawn(number, *pair)))
    step = 0.75 * ticks / len(whom)
    harms = [
        Harm(1 if "call" in target else 1 + int((place + drawn(number, "when", place)) * step), how, target)  # type: ignore[arg-type]
        for place, (how, target) in enumerate(whom)
    ]
    return Run(workers, tuple(harms))


async def bench(settings: Settings, storm: str, seed: int, runs: int) -> dict[str, Any]:
    """Play the storm undisturbed once and hurt `runs` times; return the result, with what failed in words."""
    async with backends(settings) as (supervisor, found):
        rig = Rig(settings, supervisor, found, storm, seed)
        quiet = await rig.play([])
        ticks = quiet.figures["rounds"]["count"]
        rows, failures = [], [f"undisturbed: {failure}" for failure in quiet.failures]
        for number in range(runs):
            run = plan(number, ticks)
            played = await rig.play(run.harms, run.workers)
            was, now = quiet.digests, played.digests
            differing = sorted(name for name in was if was[name] != now[name])
            equal = not differing
            wrong = played.failures + ([] if equal else [f"Not as undisturbed: {', '.join(differing)}."])
            failures += [f"run {number}: {failure}" for failure in wrong]
            rows.append(
                {
                    "run": number,
                    "workers": run.workers,
                    "harmed": played.harmed,
                    "copies": played.copies,
                    "digests_equal": equal,
                    "audit_violations": played.figures["audit"]["violations"],
                    "failures": wrong,
                }
            )
            print(
                f"run {number}: {len(played.harmed)} harms, {played.copies} copies, equal {equal} {wrong}",
                file=sys.stderr,
            )
    return {
        "name": "chaos",
        "storm": storm,
        "seed": seed,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "figures": {
            "runs": runs,
            "runs_equal": sum(row["digests_equal"] for row in rows),
            "kills": sum(len(row["harmed"]) for row in rows),
            "copies": sum(row["copies"] for row in rows),
            "ticks": ticks,
        },
        "goals": [
            {
                "name": "runs without a failure",
                "goal": runs,
                "value": runs - len({f[:6] for f in failures}),
                "met": not failures,
            }
        ],
        "runs": rows,
        "failures": failures,
    }


async def noticed(settings: Settings, storm: str, seed: int) -> dict[str, bool]:
    """Say of each mechanism that is broken on purpose whether the proof notices it."""
    async with backends(settings) as (supervisor, found):
        rig = Rig(settings, supervisor, found, storm, seed)
        healthy = await rig.play([])
        return {mutant.name: await _notices(rig, healthy, mutant) for mutant in MUTANTS}


async def _notices(rig: Rig, healthy: Played, mutant: Mutant) -> bool:
    with mutated(mutant):
        for number in range(mutant.runs):
            hurt = await rig.play(mutant.harms(number, healthy.figures["rounds"]["count"]), mutant.workers)
            if hurt.failures or hurt.digests != healthy.digests:
                return True
    return False


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when everything held."""
    parser = argparse.ArgumentParser(prog="lamplighter bench chaos", description=__doc__)
    parser.add_argument("--storm", default="tiny")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--mutants", action="store_true", help="break the mechanism on purpose and see it noticed")
    given = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-chaos-"))
    folder.chmod(0o711)
    settings = load_settings(data_dir=folder)
    try:
        if given.mutants:
            result: dict[str, Any] = {
                "name": "chaos-mutants",
                "figures": asyncio.run(noticed(settings, given.storm, given.seed)),
            }
            good = all(result["figures"].values())
        else:
            result = asyncio.run(bench(settings, given.storm, given.seed, given.runs))
            good = not result["failures"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if given.json:
        print(json.dumps(result, indent=1))
    else:
        print(json.dumps(result["figures"], indent=1))
    return 0 if good else 1
