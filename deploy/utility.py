"""The command `import-utility`: a folder is checked, what it changes is shown, and where that is wanted it is taken in."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.installation import database_of, reach
from deploy.up import STEP_S
from services.clock import wall_ms
from services.database import databases
from services.database.pool import connect
from services.engine import clock
from services.engine.taking import Connection
from services.settings import Settings
from services.utility import importing
from services.utility.contents import UtilityFolder
from services.utility.diff import Diff
from services.utility.folder import FolderProblems, Problem, read_folder
from services.utility.in_use import InUse, UtilityInUse

TAKEN, REFUSED = 0, 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of an import: `diff` is None for the first one, `applied` where nothing was taken in."""

    diff: Diff | None
    refused: tuple[InUse, ...]
    applied: importing.Applied | None = None


def import_utility(settings: Settings, folder: Path, *, apply: bool, as_json: bool) -> int:
    """Check a utility folder as a whole, show what it would change, and take it in if `apply` says so.

    The first import is taken in at once. Returns 1 when the folder has problems or something open is in its way, else 0.
    """
    try:
        read = read_folder(folder)
    except FolderProblems as found:
        if as_json:
            _print({"applied": False, "problems": _plain(found.problems)})
        else:
            print(*found.problems, sep="\n", file=sys.stderr)
        return REFUSED
    told = asyncio.run(_import(settings, read, apply=apply))
    if as_json:
        _print(_as_json(read, told))
    else:
        _in_words(read, told)
    return REFUSED if told.refused else TAKEN


async def _import(settings: Settings, read: UtilityFolder, *, apply: bool) -> Told:
    async with reach(settings) as backends:
        connection = await connect(await databases.ensure(backends.admin_dsn, database_of(settings)))
        try:
            seen = await importing.preview(connection, read)
            first = seen.diff is None
            if seen.refused or not (first or (apply and seen.diff and seen.diff.tables)):
                return Told(diff=seen.diff, refused=seen.refused)
            await _set_clock(connection, settings)
            try:
                return Told(diff=seen.diff, refused=(), applied=await importing.apply(connection, read))
            except UtilityInUse as in_use:  # something came to rest there since it was looked at
                return Told(diff=seen.diff, refused=in_use.refusals)
        finally:
            await connection.close()


async def _set_clock(connection: Connection, settings: Settings) -> None:
    """Let the clock of a new database run: what an import tells of planned work bears its time."""
    if await clock.standing(connection) is None:
        await clock.found(connection, exercise=False, topic_prefix=settings.topic_prefix)
        await clock.set_running(connection, now_ms=wall_ms(), speed=1.0, step_s=STEP_S)


def _in_words(read: UtilityFolder, told: Told) -> None:
    for remark in read.warnings:
        print(remark, file=sys.stderr)
    for refusal in told.refused:
        print(refusal, file=sys.stderr)
    print("Nothing was imported here before: this is the first version." if told.diff is None else told.diff.in_words())
    if told.applied is not None:
        customers, branches = len(read.grid.customers), len(read.grid.branches)
        print(f"{read.name}: {customers} customers, {branches} branches: version {told.applied.version}.")
        _say_roads(read)
        for window, event in told.applied.told:
            print(f"planned work {window}: {event}")
    elif told.refused:
        print("Nothing was taken in: something open rests on what would change.")
    elif told.diff is not None and told.diff.tables:
        print("Nothing was taken in yet: `--apply` does it.")


def _say_roads(read: UtilityFolder) -> None:
    if read.roads is None:
        print("No roads were given: drives are estimated from the straight line.", file=sys.stderr)
    else:
        print(
            f"{read.roads.length_m / 1000:.1f} km of roads in {read.roads.stretches} stretches; {read.roads.attribution}"
        )


def _as_json(read: UtilityFolder, told: Told) -> dict[str, Any]:
    return {
        "utility": read.name,
        "applied": told.applied is not None,
        "first": told.diff is None,
        "version": told.applied.version if told.applied is not None else None,
        "roads": None if read.roads is None else {"stretches": read.roads.stretches, "length_m": read.roads.length_m},
        "diff": told.diff.as_json() if told.diff is not None else [],
        "refused": [{"code": "inUse", **dataclasses.asdict(each)} for each in told.refused],
        "planned_work": [
            {"window": window, "event": event} for window, event in (told.applied.told if told.applied else ())
        ],
        "problems": _plain(read.warnings),
    }


def _plain(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(problem) for problem in problems]


def _print(what: dict[str, Any]) -> None:
    print(json.dumps(what, indent=1, ensure_ascii=False))
