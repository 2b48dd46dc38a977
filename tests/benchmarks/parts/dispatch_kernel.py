"""How many moves of a plan a second: the search as it is compiled, and the same functions in plain Python (NUMBA_DISABLE_JIT=1).

python -m tests.benchmarks.parts.dispatch_kernel 10000
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time

import numpy as np

from services.dispatch.plan import CrewAt, Group, Scene, Search, Visit, replan

CREWS, VISITS = 16, 90


def scene(seed: int) -> Scene:
    """Return made-up work for so many crews: places on a square of 60 km, customers of all sizes, every fifth work nested."""
    rng = random.Random(seed)
    visits = [Visit(f"v{n}", n, rng.randrange(1_800, 9_000)) for n in range(VISITS)]
    crews = [CrewAt(f"c{n:02}", "depot", line=True) for n in range(CREWS)]
    groups = [
        Group(8 * round(10 ** rng.uniform(0, 3)), (f"v{n}", *([f"v{n - 1}"] if n % 5 == 4 else [])))
        for n in range(VISITS)
    ]
    xy = np.array([(rng.uniform(0, 60), rng.uniform(0, 60)) for _ in range(VISITS + CREWS)])
    between = (104 * np.hypot(*(xy[:, None] - xy[None, :]).transpose(2, 0, 1))).astype(np.int64)
    can = np.ones((CREWS, VISITS), np.bool_)
    drive, table = between[VISITS:, :VISITS].copy(), between[:VISITS, :VISITS].copy()
    return Scene(visits, crews, groups, drive, table, can, drive, np.zeros_like(can))


def moves_per_s(moves: int) -> float:
    """Return how many moves were tried a second, after whatever is compiled has been compiled."""
    made = scene(1)
    plan = replan(made, {}, Search(moves=1), 1)
    began = time.perf_counter()
    tried = replan(made, plan.routes, Search(moves=moves), 1).tried
    return tried / (time.perf_counter() - began)


def compiled_over_python() -> tuple[float, float]:
    """Return moves a second, compiled and in plain Python, each in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.parts.dispatch_kernel"]
    compiled = subprocess.run([*command, "200000"], check=True, capture_output=True, text=True)
    plain_env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    plain = subprocess.run([*command, "2000"], check=True, capture_output=True, text=True, env=plain_env)
    return json.loads(compiled.stdout)["moves_per_s"], json.loads(plain.stdout)["moves_per_s"]


if __name__ == "__main__":
    print(json.dumps({"moves_per_s": round(moves_per_s(int(sys.argv[1])))}))
