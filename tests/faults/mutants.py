"""Mechanisms broken on purpose: a proof that does not notice these proves nothing.

A mutant is a small change of the sources, made in a copy of them that the processes of a drill are started from.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.rig import Harm

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "services", "streams", "deploy")


@dataclasses.dataclass(frozen=True, slots=True)
class Mutant:
    """A name, what is changed (file, what stands there, what takes its place), and the runs in which it must be noticed."""

    name: str
    changes: tuple[tuple[str, str, str], ...]
    harms: Callable[[int, int], list[Harm]]
    runs: int
    workers: int = 1


def _undisturbed(_number: int, _ticks: int) -> list[Harm]:
    return []


def _drill_dies(number: int, ticks: int) -> list[Harm]:
    return [Harm(1 + (number + k * 3) * ticks // 20, "die", "drill.published") for k in range(4)]


MUTANTS = (
    Mutant(
        name="facts usable in the tick they were taken in",
        changes=(
            ("services/engine/clock.py", "u.tick < c.n", "u.tick <= c.n"),
            ("streams/turns.py", 'Wakeups.listen(dsn, "clock")', 'Wakeups.listen(dsn, "clock", "moved")'),
            ("services/engine/deciding.py", "AND tick < $3", "AND tick <= $3"),
            ("services/reports/store.py", "AND tick < $2", "AND tick <= $2"),
        ),
        harms=_undisturbed,
        runs=1,
    ),
    Mutant(
        name="the drill's step is not durable",
        changes=(("streams/drill.py", "await store.set_target(self._connection, target)", "pass"),),
        harms=_drill_dies,
        runs=3,
    ),
    Mutant(
        name="facts unsorted",
        changes=(("services/engine/turn.py", "tuple(sorted(facts))", "tuple(facts)"),),
        harms=_undisturbed,
        runs=3,
    ),
)


@contextlib.contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """Let processes that are started meanwhile run from changed sources. Raises `ValueError` when a change finds no place."""
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-mutant-"))
    before = os.environ.get("PYTHONPATH")
    try:
        for package in PACKAGES:
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        for name, standing, instead in mutant.changes:
            path = folder / name
            text = path.read_text(encoding="utf-8")
            if standing not in text:
                raise ValueError(f"{name} has no {standing!r} to change")
            path.write_text(text.replace(standing, instead), encoding="utf-8")
        os.environ["PYTHONPATH"] = str(folder)
        yield
    finally:
        if before is None:
            os.environ.pop("PYTHONPATH", None)
        else:
            os.environ["PYTHONPATH"] = before
        shutil.rmtree(folder, ignore_errors=True)
