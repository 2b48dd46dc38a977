"""Ends a process whose rules were built from an older version of the utility than the current one."""

from __future__ import annotations

from services.database.pool import LOST, Wakeups
from services.engine.deciding import current_version
from streams.leaving import leave

LOOK_S = 5.0


async def leave_when_outdated(dsn: str, version: int | None) -> None:
    """Watch the utility's version, for ever; end the process, to be started afresh, when it is no longer this one."""
    try:
        wakeups = await Wakeups.listen(dsn, "utility")
        while True:
            await wakeups.wait(LOOK_S)
            if await current_version(wakeups.connection) != version:
                leave("process.utility_changed", built_from=version)
    except LOST as error:
        leave("process.database_lost", error=type(error).__name__)
