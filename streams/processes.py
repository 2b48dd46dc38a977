"""How our own processes without Faust start and end: settings, event loop, signals."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Coroutine

import structlog
import uvloop

from services.database.migrate import UnknownSchema, verify
from services.database.pool import LOST
from services.settings import Settings, SettingsError
from streams import telling
from streams.leaving import leave

YOUNG = 100_000
"""So many objects are made before the young ones are looked through: a batch of facts is soon gone, and holds no cycles."""
THREADS_CHANGE_S = 0.0005
"""What a thread reckons (a batch that is read, a long turn) gives way so often to the statements that wait meanwhile."""


def addresses(settings: Settings) -> tuple[str, str]:
    """Return the DSN of this installation's database and the broker's address, which the supervisor hands to each process.

    Raises `SettingsError` when one is missing.
    """
    if settings.postgres_dsn is None or settings.kafka_bootstrap is None:
        raise SettingsError("a process of its own needs postgres_dsn and kafka_bootstrap")
    return settings.postgres_dsn.get_secret_value(), settings.kafka_bootstrap


def settle() -> None:
    """Set the process up for work, once what stays as long as it does, network and rules, has been read."""
    gc.freeze()  # no collection needs to look through what stays
    gc.set_threshold(YOUNG)
    sys.setswitchinterval(THREADS_CHANGE_S)


def process_name() -> str:
    """Return the name under which this process writes its log (`services.logs.configure_logs`)."""
    return str(structlog.contextvars.get_contextvars().get("process", "unnamed"))


async def known_schema(dsn: str) -> None:
    """Return when the database is at this program's schema; else end the process, saying what to do."""
    try:
        await verify(dsn)
    except UnknownSchema as problem:
        leave("process.schema_unknown", reason=str(problem))
    except LOST as error:
        leave("process.database_lost", error=type(error).__name__)


def run_process(
    work: Callable[[str, str], Coroutine[object, object, None]],
    settings: Settings,
    *,
    broker: bool = False,
    collects: bool = False,
) -> None:
    """Run `work(dsn, bootstrap)` until it ends or SIGTERM or SIGINT comes; what is in flight ends with its transaction.

    Its health and metrics are served on `settings.metrics_port`; `broker`: it cannot work without Kafka; `collects`: it reads the
    metrics of the database for all. Ends the process when the database's schema is not this program's.
    """
    dsn, bootstrap = addresses(settings)

    async def whole() -> None:
        place = bootstrap if broker else None
        teller = await telling.serve(settings, process_name(), dsn=dsn, bootstrap=place, collects=collects)
        try:
            await known_schema(dsn)
            await work(dsn, bootstrap)
        finally:
            if teller is not None:
                await teller.cleanup()

    run_until_told(whole)


def run_until_told(work: Callable[[], Coroutine[object, object, None]]) -> None:
    """Run this until it ends or SIGTERM or SIGINT comes."""

    async def main() -> None:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    uvloop.run(main())
