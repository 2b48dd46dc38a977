"""The demo: a drill from end to end on real parts, watched in the terminal or headless in lockstep."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from deploy import rehearsal
from deploy.installation import Backends, LastRun, backends, placed, process, product_parts
from deploy.live_view import watch
from deploy.parts import PartError
from deploy.supervisor import Supervisor, interruptions
from services.clock import wall_ms
from services.database import databases
from services.drill.prepare import STARTS_AT_MS
from services.drill.storms import STORMS
from services.settings import Settings
from services.utility.folder import EXAMPLE, FolderProblems, UtilityFolder, read_folder
from streams import brokers

DATABASE = "drill"
FAILED = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What is to be played, and how."""

    storm: str
    seed: int
    utility: Path | None
    lockstep: bool
    speed: float
    workers: int = 1


def play(
    settings: Settings,
    *,
    storm: str,
    seed: int,
    utility: Path | None,
    report: Path | None,
    headless: bool,
    speed: float,
) -> int:
    """Play a storm and judge it; return 0 when audit and truth hold, 1 when not, 2 when it could not begin."""
    if report is not None and not os.access(report.parent, os.W_OK):
        raise PartError(f"{report} cannot be written: its folder is missing or not ours to write to")
    wanted = Play(storm=storm, seed=seed, utility=utility, lockstep=headless, speed=speed)
    try:
        figures = asyncio.run(_play_and_judge(settings, wanted, live=not headless))
    except FolderProblems as problems:
        for problem in problems.problems:
            print(problem, file=sys.stderr)
        return 2
    if figures is None:
        print("Interrupted: everything was stopped, nothing is lost.")
        return 130
    if report is not None:
        report.write_text(json.dumps(figures, indent=1, sort_keys=False) + "\n", encoding="utf-8")
    failures = rehearsal.failures(figures)
    print(rehearsal.in_words(figures))
    for failure in failures:
        print(f"NOT MET: {failure}", file=sys.stderr)
    return FAILED if failures else 0


async def _play_and_judge(settings: Settings, wanted: Play, *, live: bool) -> dict[str, Any] | None:
    begun = time.monotonic()
    folder = read_folder(wanted.utility or EXAMPLE)
    print("Starting PostgreSQL and Kafka ...", flush=True)
    with interruptions() as interrupted:
        async with backends(settings) as (supervisor, found):
            drill = await prepare(settings, found, wanted, folder)
            played = asyncio.create_task(run(supervisor, drill, wanted))
            view = asyncio.create_task(watch(drill)) if live else None
            stopped = asyncio.create_task(interrupted.wait())
            try:
                await asyncio.wait({played, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopped.cancel()
                if view is not None:
                    view.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await view
            if not played.done():
                played.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await played
                return None
            code = await played
            if code != 0:
                raise PartError(f"the drill ended with status {code}: see {supervisor.log_path('drill')}")
            figures = await judge(drill, found, wall_s=time.monotonic() - begun)
            print("\n".join(await rehearsal.told(_dsn(drill))), flush=True)
            return figures


async def prepare(settings: Settings, found: Backends, wanted: Play, folder: UtilityFolder) -> Settings:
    """Make the drill's own database and topics, import the utility, cast the world; return the drill's settings."""
    before = LastRun.read(settings.data_dir)
    if before is not None and before.exercise:
        await brokers.delete_topics(found.bootstrap, before.topic_prefix)
    prefix = f"drill.{wall_ms()}."
    await databases.drop(found.admin_dsn, DATABASE)
    dsn = await databases.ensure(found.admin_dsn, DATABASE)
    LastRun(DATABASE, prefix, exercise=True).keep(settings.data_dir)
    await brokers.create_topics(found.bootstrap, prefix)
    made = await rehearsal.prepare(
        dsn,
        folder,
        topic_prefix=prefix,
        storm=wanted.storm,
        seed=wanted.seed,
        starts_at_ms=STARTS_AT_MS,
    )
    for sentence in made:
        print(sentence, flush=True)
    return placed(settings, found, database=DATABASE, topic_prefix=prefix, exercise=True)


async def run(supervisor: Supervisor, drill: Settings, wanted: Play) -> int:
    """Start the product and the world, and return the drill's exit code when the storm is over."""
    await supervisor.start(process(drill, "operator", "streams.operator"))
    await asyncio.gather(*(supervisor.start(part) for part in product_parts(drill, wanted.workers)))
    if not wanted.lockstep:
        begins_ms = STARTS_AT_MS + STORMS[wanted.storm].begins_ms
        await rehearsal.set_running(_dsn(drill), now_ms=begins_ms, speed=wanted.speed)
    mode = "lockstep" if wanted.lockstep else "running"
    driver = process(
        drill, "drill", "streams.worker", "--name", "drill", "--stages", "world", "--drill", mode, restart="on-failure"
    )
    await supervisor.start(driver)
    return await supervisor.finished("drill")


async def judge(drill: Settings, found: Backends, *, wall_s: float) -> dict[str, Any]:
    """Return the report of the storm that was played."""
    ends = await brokers.ends(found.bootstrap, drill.topic_prefix)
    return await rehearsal.judge(_dsn(drill), ends, wall_s=wall_s)


def _dsn(settings: Settings) -> str:
    if settings.postgres_dsn is None:
        raise PartError("the drill has no database")
    return settings.postgres_dsn.get_secret_value()
