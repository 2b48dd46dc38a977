"""The console as a process: it needs PostgreSQL alone, works while Kafka is down, and outlasts a database that goes away.

python -m streams.console
"""

from __future__ import annotations

import asyncio
import contextlib
import functools

from services.access.signing_in import SECURE_COOKIE, who_asks
from services.console.app import build_app
from services.console.broadcasts_shown import BROADCASTING, Rules
from services.console.switching import ASSUMED, Assumptions
from services.console.watching import WATCHING, Watching
from services.database.pool import LOST, create_pool
from services.logs import configure_logs
from services.ready import announce_ready
from services.settings import Settings, load_settings
from services.switching.loads import Assumed
from services.switching.restoring import Weights
from services.web import serve
from streams.leaving import leave
from streams.processes import run_process

POOL_SIZE = 6
"""Connections for what people ask; looking at the database for all tabs takes two of its own."""


async def console(settings: Settings, dsn: str) -> None:
    """Serve the console, for ever. While the database is away pages and streams go on, and say so; requests are answered 503."""
    try:
        pool = await create_pool(dsn, POOL_SIZE)
    except LOST as error:
        leave("console.database_lost", error=type(error).__name__)
    watching = Watching(dsn)
    state = {WATCHING: watching, ASSUMED: assumptions(settings), BROADCASTING: broadcasting(settings)}
    app = build_app(pool, exercise=settings.exercise, asks=who_asks, state=state)
    app[SECURE_COOKIE] = settings.console_secure_cookie
    app.on_shutdown.append(watching.close)
    looking = asyncio.create_task(watching.run())
    try:
        await serve(app, settings.console_port, functools.partial(announce_ready, settings))
    except OSError as error:
        leave("console.cannot_listen", port=settings.console_port, error=type(error).__name__)
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await pool.close()


def assumptions(settings: Settings) -> Assumptions:
    """Return how load is estimated and people are weighed when switching steps are proposed."""
    load = Assumed(
        utilisation_permille=settings.switching_utilisation_permille,
        kva_per_customer=settings.switching_kva_per_customer,
    )
    weights = Weights(
        life_support=settings.dispatch_weight_life_support,
        important=settings.dispatch_weight_important,
        large=settings.dispatch_weight_large,
    )
    return Assumptions(load=load, weights=weights)


def broadcasting(settings: Settings) -> Rules:
    """Return how broadcasts are reckoned, and which of them take a second person."""
    return Rules(
        second_from=settings.broadcast_second_person_from,
        text_cost=settings.text_cost,
        currency=settings.text_currency,
    )


def main() -> None:
    """Run the console of this installation."""
    settings = load_settings()
    configure_logs(settings, "console")
    run_process(lambda dsn, _: console(settings, dsn), settings)


if __name__ == "__main__":
    main()
