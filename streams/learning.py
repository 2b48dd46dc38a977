"""Learning how long restorations take: from the ledger and the orders, kept, and told to the inference of every area.

As a process, started by `streams.daily`, it learns once and ends: python -m streams.learning
"""

from __future__ import annotations

import asyncio
import datetime as dt
from zoneinfo import ZoneInfo

from schemas.ids import derived
from services.clock import from_ms
from services.database.pool import LOST, connect
from services.engine.taking import Connection
from services.estimates import store
from services.estimates.learning import learn
from services.estimates.lessons import learnt_event
from services.estimates.measuring import measure
from services.estimates.store import Learning
from services.logs import configure_logs, get_logger
from services.settings import load_settings
from services.utility.store import is_exercise
from streams.leaving import leave
from streams.processes import addresses

log = get_logger(__name__)


async def learn_once(connection: Connection) -> Learning | None:
    """Learn from all that is over, keep it and tell it. None: no clock runs yet, or another process is learning just now.

    Where too little is known nothing is told, unless more was known before: then that it is not any more.
    """
    async with connection.transaction():
        site = await store.site(connection) if await store.lock(connection) else None
        if site is None:
            return None
        utc_offset_s = _utc_offset_s(site.time_zone, site.now_ms)
        measured = measure(await store.pasts(connection), utc_offset_s)
        name, before = derived("learning", site.now_ms, measured.incidents), await store.last(connection)
        if before is not None and before.id == name:
            return before
        lesson = await asyncio.to_thread(learn, measured)
        learning = Learning(
            id=name,
            at_ms=site.now_ms,
            incidents=measured.incidents,
            reason="learnt" if lesson.parts else "tooFewRepairs",
            measured={part.part.value: part.measured for part in lesson.parts},
            covered_permille=lesson.covered_permille,
        )
        await store.keep(connection, learning, lesson)
        if lesson.parts or (before is not None and before.reason == "learnt"):
            exercise = await is_exercise(connection)
            events = [
                learnt_event(
                    lesson,
                    learning=learning.id,
                    area=area,
                    at=site.now_ms,
                    utc_offset_s=utc_offset_s,
                    exercise=exercise,
                )
                for area in site.areas
            ]
            await store.tell(connection, events)
    return learning


def _utc_offset_s(time_zone: str | None, now_ms: int) -> int:
    zone = dt.UTC if time_zone is None else ZoneInfo(time_zone)
    offset = from_ms(now_ms).astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


async def _once(dsn: str) -> None:
    connection = await connect(dsn)
    try:
        learning = await learn_once(connection)
    finally:
        await connection.close()
    if learning is not None:
        log.info("estimates.learnt", reason=learning.reason, incidents=learning.incidents, learning=learning.id)


def main() -> None:
    """Learn once. Exit code 70 when the database is away."""
    settings = load_settings()
    configure_logs(settings, "learning")
    dsn, _ = addresses(settings)
    try:
        asyncio.run(_once(dsn))
    except LOST as error:
        leave("estimates.database_lost", error=type(error).__name__)


if __name__ == "__main__":
    main()
