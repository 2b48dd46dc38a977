"""The HTTP edge as a process: it needs PostgreSQL alone, and works while Kafka is down. Daily it has what is personal erased,
has learnt how long restorations take, and reckoned who was out longest this year.

python -m streams.web
"""

from __future__ import annotations

import asyncio
import contextlib
import functools

from services.database.pool import LOST, create_pool
from services.logs import configure_logs
from services.ready import announce_ready
from services.settings import Settings, load_settings
from services.web import build_app, serve
from streams.daily import erase_daily, learn_daily, reckon_fairness_daily
from streams.leaving import leave
from streams.processes import run_process

POOL_SIZE = 4


async def web(settings: Settings, dsn: str) -> None:
    """Serve, for ever. A database that goes away later is answered with 503 until it is back."""
    try:
        pool = await create_pool(dsn, POOL_SIZE)
    except LOST as error:
        leave("web.database_lost", error=type(error).__name__)
    each_day = (erase_daily(settings), learn_daily(settings), reckon_fairness_daily(settings))
    daily = [asyncio.create_task(work) for work in each_day]
    try:
        app = build_app(pool, exercise=settings.exercise, events_per_s=settings.web_events_per_s)
        await serve(app, settings.web_port, functools.partial(announce_ready, settings))
    except OSError as error:
        leave("web.cannot_listen", port=settings.web_port, error=type(error).__name__)
    finally:
        for work in daily:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        await pool.close()


def main() -> None:
    """Run the HTTP edge of this installation."""
    settings = load_settings()
    configure_logs(settings, "web")
    run_process(lambda dsn, _: web(settings, dsn), settings)


if __name__ == "__main__":
    main()
