"""The demo: a drill from end to end on real parts, watched in the terminal or headless in lockstep."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import time
import webbrowser
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from deploy import panel, rehearsal
from deploy.installation import Backends, LastRun, backends, placed, process, product_parts
from deploy.live_view import watch
from deploy.parts import Part, PartError
from deploy.supervisor import Supervisor, interruptions
from services.access import people
from services.access.passwords import drawn_password
from services.access.who import Role
from services.clock import wall_ms
from services.database import databases
from services.database.pool import connect
from services.drill.prepare import STARTS_AT_MS
from services.drill.storms import STORMS
from services.settings import Settings
from services.utility.folder import EXAMPLE, FolderProblems, UtilityFolder, read_folder
from streams import brokers

DATABASE = "drill"
USER = "demo"
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
    browser: bool = False
    stay: bool = False


def play(
    settings: Settings,
    *,
    storm: str,
    seed: int,
    utility: Path | None,
    report: Path | None,
    headless: bool,
    speed: float,
    browser: bool = False,
    stay: bool = False,
) -> int:
    """Play a storm and judge it; return 0 when audit and truth hold, 1 when not, 2 when it could not begin.

    `browser`: the console is opened in the person's browser. `stay`: when the storm is over everything runs on until Ctrl-C.
    """
    if report is not None and not os.access(report.parent, os.W_OK):
        raise PartError(f"{report} cannot be written: its folder is missing or not ours to write to")
    wanted = Play(storm=storm, seed=seed, utility=utility, lockstep=headless, speed=speed, browser=browser, stay=stay)
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
    return FAILED if rehearsal.failures(figures) else 0


async def _play_and_judge(settings: Settings, wanted: Play, *, live: bool) -> dict[str, Any] | None:
    begun = time.monotonic()
    folder = read_folder(wanted.utility or EXAMPLE)
    print("Starting PostgreSQL and Kafka ...", flush=True)
    with interruptions() as interrupted:
        async with backends(settings) as (supervisor, found):
            drill = await prepare(settings, found, wanted, folder)
            if live:
                print(await _signed_in(drill), flush=True)
            async with _beside(panel.tend(supervisor, _dsn(drill), _cut_off(drill)) if live else None):
                async with _beside(watch(drill) if live else None):
                    code = await _unless(interrupted, run(supervisor, drill, wanted))
                if code is None:
                    return None
                if code != 0:
                    raise PartError(f"the drill ended with status {code}: see {supervisor.log_path('drill')}")
                figures = await judge(drill, found, wall_s=time.monotonic() - begun)
                print("\n".join(await rehearsal.told(_dsn(drill))), flush=True)
                await _tell(drill, figures)
                if wanted.stay:
                    print("The console stays open; Ctrl-C stops everything.", flush=True)
                    await interrupted.wait()
                return figures


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[object, object, None] | None) -> AsyncIterator[None]:
    """Let something go on meanwhile, and end it afterwards; None: nothing does."""
    task = None if work is None else asyncio.create_task(work)
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _unless(interrupted: asyncio.Event, work: Coroutine[object, object, int]) -> int | None:
    """Do something and return what it gives; None when the person at the terminal interrupts it."""
    done, stopped = asyncio.create_task(work), asyncio.create_task(interrupted.wait())
    try:
        await asyncio.wait({done, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return await done if done.done() else None
    finally:
        done.cancel()
        stopped.cancel()
        await asyncio.gather(done, stopped, return_exceptions=True)


async def _signed_in(drill: Settings) -> str:
    """Make the first user of the exercise; return where the console will be and how to sign in."""
    password = drawn_password()
    connection = await connect(_dsn(drill))
    try:
        await people.insert(connection, USER, "Demo", Role.ADMINISTRATOR, password, must_change=False)
    finally:
        await connection.close()
    return f"Console: {_address(drill)}  User: {USER}  Password: {password}  (open in some seconds)"


def _address(drill: Settings) -> str:
    return f"http://127.0.0.1:{drill.console_port}/"


async def _tell(drill: Settings, figures: dict[str, Any]) -> None:
    """Print how the storm went, and what was not met."""
    print(rehearsal.in_words(figures), flush=True)
    failures = rehearsal.failures(figures)
    for failure in failures:
        print(f"NOT MET: {failure}", file=sys.stderr, flush=True)
    if failures and await rehearsal.intervened(_dsn(drill)):
        print("Somebody took a hand in this exercise: what was not met may come from that.", flush=True)


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


def _operator(drill: Settings) -> Part:
    return process(drill, "operator", "streams.operator")


def _cut_off(drill: Settings) -> dict[str, Part]:
    """Return the processes that the panel of the exercise may cut off, by name."""
    operator = _operator(drill)
    return {operator.name: operator}


async def run(supervisor: Supervisor, drill: Settings, wanted: Play) -> int:
    """Start the product and the world, and return the drill's exit code when the storm is over."""
    await supervisor.start(_operator(drill))
    await asyncio.gather(*(supervisor.start(part) for part in product_parts(drill, wanted.workers)))
    if wanted.browser:
        webbrowser.open(_address(drill))
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
