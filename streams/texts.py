"""The text sender: does the effects of kind `text` through its gateways, brings receipts in as facts, looks after what sticks.

In an exercise it also does what goes by the channels beside texts; in earnest each of those has a process of its own.

python -m streams.texts
"""

from __future__ import annotations

import asyncio

import structlog

from services.database.pool import LOST, create_pool
from services.logs import configure_logs
from services.notices.gateways.routes import Routes
from services.settings import Settings, load_settings
from streams import gateways, providers
from streams.leaving import leave
from streams.processes import run_process
from streams.reconcile import Reconciling
from streams.sender import send

log = structlog.get_logger(__name__)

POOL = 4


async def texts(settings: Settings, dsn: str) -> None:
    """Send texts, for ever. Ends the process when the port is taken on which providers tell us something."""
    try:
        pool = await create_pool(dsn, POOL)
        ways = await gateways.texts(settings, pool)
        beside = await providers.of_the_drill(pool) if settings.exercise else []
    except LOST as error:
        leave("texts.database_lost", error=type(error).__name__)
    if ways.callbacks is not None:
        try:
            await ways.callbacks.start()
        except OSError as error:
            leave("texts.port_taken", port=settings.texts_callback_port, error=type(error).__name__)
    unserved = [] if settings.exercise else [kind for kind, served in settings.beside_texts().items() if not served]
    chore = Reconciling(ways.routes, pool, exercise=settings.exercise, unserved=unserved)
    try:
        await asyncio.gather(
            send(settings, dsn, ways.routes, pool, per_s=settings.texts_per_s, chore=chore),
            *(send(settings, dsn, Routes([gateway]), pool) for gateway in beside),
        )
    finally:
        if ways.callbacks is not None:
            await ways.callbacks.stop()


def main() -> None:
    """Run the text sender of this installation."""
    settings = load_settings()
    configure_logs(settings, "texts")
    run_process(lambda dsn, _: texts(settings, dsn), settings)


if __name__ == "__main__":
    main()
