"""Intake beside its peers: the same broker, the same reports, one core for each in turn.

    ./lamplighter bench intake --json

Last gasps of a generated rural utility wait in Kafka. One after another, each on a core of its own while broker and database have
the others, take them: a bare consumer that decodes and counts by transformer; intake without its database (strict decoding,
copies dropped, located, gathered by device); intake complete; the lane of the shared folder (setting LAMPLIGHTER_SHARED) with
messages of its own shape; Quix Streams with its state store, in an environment of its own; a plain Faust agent.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from deploy.installation import Backends, backends
from deploy.parts import PartError, python_command
from schemas.topics import OUTAGE_REPORTS, Topic
from services.clock import from_ms
from services.database import databases
from services.settings import Settings, load_settings
from streams import brokers
from tests.benchmarks.parts.flooding import BEGINS_MS, Meter, cores, gasp, install, magnolia, publish, struck

QUIX = "3.28.1"
OURS = ("bare", "rules", "complete", "faust")
PEERS = ("aiokafka", "faust-streaming", "asyncpg", "msgspec")
GOALS = (
    ("rules/bare", "rules_per_s", "bare_per_s", 0.5),
    ("rules/quix", "rules_per_s", "quix_per_s", 2.0),
    ("complete/lane", "complete_per_s", "lane_per_s", 0.7),
)
ENDS_WITHIN_S = 600.0
LANE = Path("parts/streams/lane.py")


async def bench(settings: Settings, reports: int, meters: int) -> dict[str, Any]:
    """Run the bench; return its result."""
    measured, rest = cores()
    os.sched_setaffinity(0, rest)
    figures: dict[str, float | str | None] = {"reports": reports, "meters": meters}
    folder = magnolia(meters)
    async with backends(settings) as (_, found):
        place = await install(settings, found, "intake_bench", folder)
        flood = list(struck(folder, reports, seed=1))
        topic = place.topic_prefix + OUTAGE_REPORTS.name
        await publish(found.bootstrap, topic, OUTAGE_REPORTS.partitions, flood, lambda n, m: gasp(n, m, reports)[1])
        for name in OURS:
            command = python_command("tests.benchmarks.parts.intake_contenders", name, topic, str(reports))
            figures[f"{name}_per_s"] = await _rate(command, place.environment(), measured, reports)
        figures["lane_per_s"] = await _lane(settings, found, place, flood, measured)
        quix, why = await _quix(settings, found, topic, reports, measured)
        figures["quix_per_s"] = quix
        figures |= {f"version.{name}": importlib.metadata.version(name) for name in PEERS}
        figures["version.quixstreams"] = QUIX if why is None else f"{QUIX} not measured: {why}"
    return result(figures)


def result(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result with its goals; a ratio to what could not be measured is not met."""
    goals = []
    for name, ours, theirs, goal in GOALS:
        value = round(figures[ours] / figures[theirs], 2) if figures[ours] and figures[theirs] else None
        goals.append({"name": name, "goal": goal, "value": value, "met": value is not None and value >= goal})
    return {
        "name": "intake",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "figures": dict(figures),
        "goals": goals,
    }


async def _rate(command: Sequence[str], environment: Mapping[str, str], core: set[int], reports: int) -> int:
    """Return how many a second a contender says that it took. Raises `PartError` when it failed, or did not take them all."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, core),
    )
    try:
        async with asyncio.timeout(ENDS_WITHIN_S):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise PartError(f"{' '.join(command)} did not end within {ENDS_WITHIN_S:.0f} s") from None
    lines = re.findall(r"\{.*\}", out.decode())
    if process.returncode or not lines:
        raise PartError(f"{' '.join(command)} failed ({process.returncode}):\n{(out + err).decode()[-2_000:]}")
    said = json.loads(lines[-1])
    if said.get("taken", said.get("fresh")) != reports:
        raise PartError(f"{' '.join(command)} took other than {reports} reports: {lines[-1]}")
    return round(float(said.get("per_s", said.get("rate"))))


async def _lane(
    settings: Settings, found: Backends, place: Settings, flood: Sequence[Meter], core: set[int]
) -> int | None:
    """Return how many a second the lane of the shared folder takes; None where there is none."""
    script = settings.shared / LANE
    if not script.is_file():
        return None
    reports, name = len(flood), "lane"
    topics = [
        Topic(name=topic, key="k", partitions=parts, events=(), producer="bench", consumers=())
        for topic, parts in (("reports", OUTAGE_REPORTS.partitions), ("oms-control", 1))
    ]
    await brokers.create_topics(found.bootstrap, place.topic_prefix, topics[:1])
    await brokers.create_topics(found.bootstrap, "", topics[1:])
    topic = f"{place.topic_prefix}reports"
    encode = msgspec.json.Encoder().encode

    def message(number: int, meter: Meter) -> bytes:
        report, _ = gasp(number, meter, reports)
        return encode(
            {
                "report_id": report,
                "kind": "last_gasp",
                "meter_id": meter.id,
                "transformer_id": meter.transformer,
                "feeder_id": meter.feeder,
                "event_time": from_ms(BEGINS_MS),
                "seq": number,
                "voltage": 0.0,
            }
        )

    await publish(found.bootstrap, topic, OUTAGE_REPORTS.partitions, flood, message)
    await databases.drop(found.admin_dsn, name)
    dsn = await databases.create(found.admin_dsn, name)
    environment = {"DSN": dsn, "BS": found.bootstrap, "TOPIC": topic, "GROUP": "bench-lane", "N": str(reports)}
    command = (sys.executable, str(script), "worker", "-l", "warn", "--without-web")
    return await _rate(command, environment, core, reports)


async def _quix(
    settings: Settings, found: Backends, topic: str, reports: int, core: set[int]
) -> tuple[int | None, str | None]:
    """Return how many a second Quix Streams takes; None, and why, where it cannot be had."""
    python = settings.cache_dir / "peers" / f"quixstreams-{QUIX}" / "bin" / "python"
    ready = python.parent / "ready"
    if not ready.exists():
        await asyncio.to_thread(venv.create, python.parents[1], with_pip=True, clear=True)
        install = await asyncio.create_subprocess_exec(
            *(str(python), "-m", "pip", "install", "--quiet", f"quixstreams=={QUIX}"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        _, err = await install.communicate()
        if install.returncode:
            return None, (err.decode().strip().splitlines() or ["pip failed"])[-1][:200]
        ready.touch()
    script = Path(__file__).parent / "parts" / "intake_quix.py"
    with tempfile.TemporaryDirectory(prefix="lamplighter-quix-") as folder:
        command = (str(python), "-P", str(script), found.bootstrap, topic, str(reports), folder)
        return await _rate(command, {"PYTHONPATH": ""}, core, reports), None


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when the goals are met."""
    parser = argparse.ArgumentParser(prog="lamplighter bench intake", description=__doc__)
    parser.add_argument("--reports", type=int, default=400_000, help="how many reports wait")
    parser.add_argument("--meters", type=int, default=116_000, help="how many meters the utility has")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    if given.reports < 20_000 or given.meters < 3_000:
        parser.error("there must be 20,000 reports and 3,000 meters at least")
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-intake-"))
    folder.chmod(0o711)
    try:
        found = asyncio.run(bench(load_settings(data_dir=folder), given.reports, given.meters))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found if given.json else found["figures"], indent=1))
    return 0 if all(goal["met"] for goal in found["goals"]) else 1
