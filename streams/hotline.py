"""The priority channel's own process: serves the API, decides about accounts, and calls. It needs no Kafka.

python -m streams.hotline

The accounts' facts come to it by the API, and from Kafka through the worker of stage `escalate`. While the broker is away it
answers, decides and calls as ever.
"""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import web

from schemas.topics import HOTLINE_PRIORITY
from services.database.pool import LOST, Pool, create_pool
from services.engine.clock import make_shards
from services.engine.deathpoints import DeathPoints
from services.engine.deciding import Deciding, InboxStore, current_version
from services.hotline.api import build_api
from services.hotline.stage import EscalateStage
from services.hotline.store import read_accounts
from services.logs import configure_logs
from services.notices.gateways.routes import Routes
from services.ready import announce_ready
from services.settings import Settings, load_settings
from streams import gateways
from streams.leaving import leave
from streams.outdated import leave_when_outdated
from streams.processes import run_process
from streams.sender import send
from streams.turns import TickLoop
from streams.watchdog import Watchdog

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
POOL, POOL_OF_API = 4, 4
"""The API has connections of its own, so that no flood of questions holds up a call."""


async def hotline(settings: Settings, dsn: str) -> None:
    """Do everything of the priority channel, for ever. Ends the process when PostgreSQL is away or the port is taken."""
    try:
        pool, pool_of_api = await create_pool(dsn, POOL), await create_pool(dsn, POOL_OF_API)
        version, stage = await _built(pool)
        voice = await gateways.voice(settings, pool)
    except LOST as error:
        leave("hotline.database_lost", error=type(error).__name__)
    runner = web.AppRunner(build_api(pool_of_api), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, settings.hotline_port).start()
    except OSError as error:
        leave("hotline.port_taken", port=settings.hotline_port, error=type(error).__name__)
    watchdog = Watchdog(settings.worker_stall_s, lambda s: leave("hotline.stalled", without_progress_s=round(s)))
    deciding = Deciding(stage, InboxStore(stage.name), exercise=settings.exercise, version=version)
    ticks = TickLoop(
        decidings={stage.name: (deciding, HOTLINE_PRIORITY)},
        taken=[],
        owns=lambda _topic, _part: True,
        watchdog=watchdog,
        deaths=DeathPoints(settings.death_dir),
    )
    work = [ticks.run(dsn, pool), leave_when_outdated(dsn, version)]
    if voice is None:
        log.warning("gateway.missing", kind="call", setting="voice_url")
    else:
        work.append(send(settings, dsn, Routes([voice]), pool))
    log.info("hotline.serving", port=settings.hotline_port, accounts=len(stage.shards()))
    watchdog.start()
    announce_ready(settings)
    try:
        await asyncio.gather(*work)
    finally:
        await runner.cleanup()


async def _built(pool: Pool) -> tuple[int | None, EscalateStage]:
    """Return the utility's version and the stage built from it, with its turns made."""
    async with pool.acquire() as connection:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            version = await current_version(connection)
            stage = EscalateStage(*await read_accounts(connection))
        await make_shards(connection, stage.name, stage.shards())
    return version, stage


def main() -> None:
    """Run the priority channel of this installation."""
    settings = load_settings()
    configure_logs(settings, "hotline")
    run_process(lambda dsn, _: hotline(settings, dsn), settings)


if __name__ == "__main__":
    main()
