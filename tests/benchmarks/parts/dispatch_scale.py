"""The largest storm of the judge, each policy in a process of its own: how good, how quick, and how much memory.

    python -m tests.benchmarks.parts.dispatch_scale FOLDER_OF_THE_JUDGE POLICY SEED

Network, storm and simulator need most of the memory. What a planner needs is the peak of a process that plays the storm with it,
less the peak of one that plays the same storm by the one-line index: the compiler of the search and all arrays are in it.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.parts.dispatch_judge import BASELINE, INDEX, PLAN, Played, load_judge, play

CHECKOUT = Path(__file__).parents[3]
_STATUS = Path("/proc/self/status")


@dataclasses.dataclass(frozen=True, slots=True)
class Scale:
    """The storm as the judge sums it up for the plan, and what the planner needs of memory, MB; None where no peak can be read."""

    summary: dict[str, float]
    memory_mb: float | None


def peak_mb() -> float | None:
    """Return the most memory that this process has had, MB; None on a machine that does not say.

    The peak of the resources (`ru_maxrss`) would not do: a process inherits that of its parent.
    """
    if not _STATUS.exists():
        return None
    kb = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(kb.split()[1]) / 1024


def scale(shared: Path, seed: int) -> Scale:
    """Play the storm by the plan and by what it is held against, one after the other.

    Raises CalledProcessError when one of the processes ends in an error.
    """
    figures: dict[str, Any] = {}
    peaks: dict[str, float | None] = {}
    measures = load_figures(shared)
    for name in (BASELINE, INDEX, PLAN):
        command = [sys.executable, "-m", __name__, str(shared), name, str(seed)]
        said = json.loads(subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE).stdout)
        figures[name], peaks[name] = measures(**said["figures"]), said["peak_mb"]
    with_plan, without = peaks[PLAN], peaks[INDEX]
    memory = None if with_plan is None or without is None else with_plan - without
    return Scale(Played({name: [found] for name, found in figures.items()}).summary(PLAN), memory)


def load_figures(shared: Path) -> Any:
    """Return the judge's class of the figures of a storm. Raises ValueError where there is no judge."""
    if (missing := load_judge(shared)) is not None:
        raise ValueError(missing)
    return importlib.import_module("judging.measures").StormFigures


def main(argv: list[str]) -> int:
    """Play one storm by one policy and say what came of it."""
    shared, name, seed = Path(argv[0]), argv[1], int(argv[2])
    load_figures(shared)
    found = play("scale", seed, name)
    print(json.dumps({"figures": dataclasses.asdict(found), "peak_mb": peak_mb()}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
