"""The command `import-history`: outages of the past are read, told, and taken into a ledger of their own."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from deploy.installation import database_of, reach
from services.database import databases
from services.database.pool import connect
from services.history.forms import read_files, zone_named
from services.history.outages import Outage, outages_in
from services.history.store import Saved, save
from services.history.summary import in_words, summary
from services.settings import Settings

TAKEN, REFUSED = 0, 1


def import_history(settings: Settings, path: Path, *, utility: str | None, time_zone: str | None, as_json: bool) -> int:
    """Take in a file or folder of outages, or name every problem and take in nothing.

    `utility` is whose lists they are, by default the folder's name; `time_zone` that of times which name none, by
    default UTC, which is remarked. Returns 1 when there were problems, else 0.
    """
    zone = zone_named(time_zone or "UTC")
    if zone is None:
        print(f"There is no time zone {time_zone!r}.", file=sys.stderr)
        return REFUSED
    files = read_files(path)
    problems = files.problems if time_zone else files.problems + files.zones_assumed()
    told: dict[str, Any] = {"problems": [dataclasses.asdict(problem) for problem in problems]}
    if not files.refused:
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        outages = outages_in(files, utility=utility or folder.name, time_zone=zone)
        told |= summary(files, outages) | dataclasses.asdict(asyncio.run(_take_in(settings, outages)))
    if as_json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem, file=sys.stderr)
        if not files.refused:
            print(in_words(told))
            print(f"{told['added']} were new, {told['bettered']} are known better now.")
    return REFUSED if files.refused else TAKEN


async def _take_in(settings: Settings, outages: tuple[Outage, ...]) -> Saved:
    async with reach(settings) as backends:
        connection = await connect(await databases.ensure(backends.admin_dsn, database_of(settings)))
        try:
            return await save(connection, outages)
        finally:
            await connection.close()
