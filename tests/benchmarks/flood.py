"""A million last gasps wait in Kafka before the worker starts: how soon are all taken and decided, is one lost or doubled?

    ./lamplighter bench flood --json

A generated rural utility, a database and a broker of its own, a running clock, the relay, a worker that takes and one that decides.
Then the same again, while the worker that takes is killed (SIGKILL) at ten moments drawn from a seed. Times run from when both are
ready; memory is that of the worker that takes. What was taken and what the turns were given is compared by id with what was sent.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import datetime as dt
import json
import os
import platform
import random
import re
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.installation import APART, REPORTS, Backends, backends, process
from deploy.supervisor import Supervisor
from schemas.topics import OUTAGE_REPORTS
from services.database.pool import connect
from services.engine.taking import Connection
from services.reports.audit import RULES
from services.reports.store_batches import facts
from services.settings import Settings, load_settings
from services.utility.folder import UtilityFolder
from tests.benchmarks.parts.flooding import Meter, gasp, install, magnolia, publish, struck

WORKER, DECIDING = "worker-1", "worker-2"
KILLS = 10
LOOK_S = 0.1
ENDS_WITHIN_S = 1_800.0
PATIENCE_S = 900.0
"""An audit of millions of rows may take so long."""
DRAIN_GOAL_S, MEMORY_GOAL = 60.0, 1.3


async def bench(settings: Settings, reports: int, meters: int, seed: int) -> dict[str, Any]:
    """Run the bench; return its result."""
    folder = magnolia(meters)
    flood = list(struck(folder, reports, seed))
    dice = random.Random(seed)
    kills = sorted(dice.uniform(0.02, 0.95) for _ in range(KILLS))
    figures: dict[str, Any] = {"reports": reports, "meters": meters}
    async with backends(settings) as (supervisor, found):
        figures |= await _played(supervisor, settings, found, "flood", folder, flood, [])
        killed = await _played(supervisor, settings, found, "flood_killed", folder, flood, kills)
    figures |= {f"killed.{name}": value for name, value in killed.items()}
    return result(figures)


async def _played(
    supervisor: Supervisor,
    settings: Settings,
    found: Backends,
    name: str,
    folder: UtilityFolder,
    flood: Sequence[Meter],
    kills: Sequence[float],
) -> dict[str, Any]:
    """Let the flood wait, start the worker, and return what came of it. `kills`: at these shares of the flood it dies."""
    place = await install(settings, found, name, folder)
    reports = len(flood)
    sent = {gasp(number, meter, reports)[0] for number, meter in enumerate(flood)}
    topic = place.topic_prefix + OUTAGE_REPORTS.name
    begun = time.monotonic()
    await publish(found.bootstrap, topic, OUTAGE_REPORTS.partitions, flood, lambda n, m: gasp(n, m, reports)[1])
    published_s = time.monotonic() - begun
    assert place.postgres_dsn is not None, "it was just placed"
    connection = await connect(place.postgres_dsn.get_secret_value())
    taking, deciding = REPORTS
    parts = [
        process(place, "relay", "streams.relay"),
        process(place, DECIDING, "streams.worker", "--name", DECIDING, "--stages", deciding),
        *(process(place, stage, "streams.worker", "--name", stage, "--stages", stage) for stage in APART),
        process(place, WORKER, "streams.worker", "--name", WORKER, "--stages", taking),
    ]
    try:
        begun = time.monotonic()
        await supervisor.start(*parts)
        ready = time.monotonic()
        memory = Memory(supervisor)
        watching = asyncio.create_task(memory.run())
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                for share in kills:
                    await _taken(connection, int(share * reports))
                    await supervisor.wait_ready(WORKER)
                    supervisor.kill(WORKER)
                await _taken(connection, reports)
                drained = time.monotonic()
                while await connection.fetchval("SELECT EXISTS (SELECT FROM report_batch WHERE decided IS NULL)"):
                    await asyncio.sleep(LOOK_S)
                decided = time.monotonic()
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        restarts = supervisor.restarts()[WORKER]
        await supervisor.stop(*(part.name for part in parts))
        return {
            "start_s": round(ready - begun, 1),
            "drain_s": round(drained - ready, 1),
            "decided_s": round(decided - ready, 1),
            "published_per_s": round(reports / published_s),
            "rss_mb_start": round(memory.first_mb),
            "rss_mb_peak": round(memory.most_mb),
            "restarts": restarts,
            **await _compared(connection, sent),
        }
    finally:
        await connection.close()


class Memory:
    """What a worker holds in memory, MB: when it was ready, and the most since, of whichever process it was."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self.first_mb = self.most_mb = _resident_mb(supervisor.pids()[WORKER])

    async def run(self) -> None:
        """Look ten times a second, for ever."""
        while True:
            pid = self._supervisor.pids().get(WORKER)
            self.most_mb = max(self.most_mb, 0.0 if pid is None else _resident_mb(pid))
            await asyncio.sleep(LOOK_S)


def _resident_mb(pid: int) -> float:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return 0.0
    return 0.0 if found is None else int(found[1]) / 1_000


async def _taken(connection: Connection, reports: int) -> None:
    """Return when so many messages were taken."""
    while (
        await connection.fetchval("SELECT coalesce(sum(next_offset), 0) FROM progress WHERE stage = 'intake'") < reports
    ):
        await asyncio.sleep(LOOK_S)


async def _compared(connection: Connection, sent: set[str]) -> dict[str, Any]:
    """Return how many of what was sent are no report or were given to no turn, and how many were given to more than one."""
    given: collections.Counter[str] = collections.Counter()
    stored: set[str] = set()
    async with connection.transaction():
        async for row in connection.cursor("SELECT body FROM report_batch", prefetch=50):
            given.update(fact.id for fact in facts(row["body"]))
        async for row in connection.cursor("SELECT id FROM report", prefetch=10_000):
            stored.add(row["id"])
    broken = [rule.name for rule in RULES if await connection.fetch(rule.violations_sql, timeout=PATIENCE_S)]
    return {
        "lost": len(sent - stored | sent - given.keys()),
        "doubled": sum(given.values()) - len(given) + len(given.keys() - sent),
        "broken": broken,
    }


def result(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result with its goals."""
    goals: list[dict[str, Any]] = []
    for before in ("", "killed."):
        for name in ("lost", "doubled"):
            value = figures[before + name]
            goals.append({"name": before + name, "goal": 0, "value": value, "met": value == 0})
        broken = figures[f"{before}broken"]
        goals.append({"name": f"{before}audit rules broken", "goal": [], "value": broken, "met": not broken})
    drain_s, grown = figures["drain_s"], round(figures["rss_mb_peak"] / figures["rss_mb_start"], 2)
    goals.append({"name": "drain_s", "goal": DRAIN_GOAL_S, "value": drain_s, "met": drain_s <= DRAIN_GOAL_S})
    goals.append({"name": "rss peak/start", "goal": MEMORY_GOAL, "value": grown, "met": grown <= MEMORY_GOAL})
    return {
        "name": "flood",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "figures": dict(figures),
        "goals": goals,
    }


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when the goals are met."""
    parser = argparse.ArgumentParser(prog="lamplighter bench flood", description=__doc__)
    parser.add_argument("--reports", type=int, default=1_000_000, help="how many reports wait")
    parser.add_argument("--meters", type=int, default=116_000, help="how many meters the utility has")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the order of the reports, and of the moments of the kills"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    if given.reports < 1_000 or given.meters < 3_000:
        parser.error("there must be 1,000 reports and 3,000 meters at least")
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-flood-"))
    folder.chmod(0o711)
    try:
        found = asyncio.run(bench(load_settings(data_dir=folder), given.reports, given.meters, given.seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found if given.json else found["figures"], indent=1))
    return 0 if all(goal["met"] for goal in found["goals"]) else 1
