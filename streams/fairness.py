"""Reckoning whose customers were without power longest in the last year, from the ledger; every region is told.

As a process, started by `streams.daily`, it reckons once and ends: python -m streams.fairness
"""

from __future__ import annotations

import asyncio

from services.database.pool import LOST, connect
from services.dispatch import store_fairness
from services.dispatch.fairness import YEAR_MS, worst_served
from services.engine.taking import Connection
from services.logs import configure_logs, get_logger
from services.measures.store import time_out
from services.network.network import Network
from services.settings import load_settings
from services.utility import store as utility
from streams.leaving import leave
from streams.processes import addresses

log = get_logger(__name__)


async def reckon_once(connection: Connection) -> list[str] | None:
    """Reckon up to the clock's now and tell the regions; return those to which it is news. None: no clock or no region yet."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = await store_fairness.regions_and_now(connection)
        if found is None or not found[0]:
            return None
        regions, now_ms = found
        out_ms = await time_out(connection, now_ms - YEAR_MS, now_ms)
        folder = await utility.load(connection)
    return await store_fairness.set_hardship(connection, worst_served(Network(folder.grid), out_ms, regions))


async def _once(dsn: str) -> None:
    connection = await connect(dsn)
    try:
        told = await reckon_once(connection)
    finally:
        await connection.close()
    if told:
        log.info("fairness.reckoned", regions=told)


def main() -> None:
    """Reckon once. Exit code 70 when the database is away."""
    settings = load_settings()
    configure_logs(settings, "fairness")
    dsn, _ = addresses(settings)
    try:
        asyncio.run(_once(dsn))
    except LOST as error:
        leave("fairness.database_lost", error=type(error).__name__)


if __name__ == "__main__":
    main()
