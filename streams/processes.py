"""How our own processes without Faust start and end: settings, event loop, signals."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine

import uvloop

from services.settings import Settings, SettingsError


def addresses(settings: Settings) -> tuple[str, str]:
    """Return the DSN of this installation's database and the broker's address, which the supervisor hands to each process.

    Raises `SettingsError` when one is missing.
    """
    if settings.postgres_dsn is None or settings.kafka_bootstrap is None:
        raise SettingsError("a process of its own needs postgres_dsn and kafka_bootstrap")
    return settings.postgres_dsn.get_secret_value(), settings.kafka_bootstrap


def run_process(work: Callable[[str, str], Coroutine[object, object, None]], settings: Settings) -> None:
    """Run `work(dsn, bootstrap)` until it ends or SIGTERM or SIGINT comes; what is in flight ends with its transaction."""
    dsn, bootstrap = addresses(settings)

    async def main() -> None:
        task = asyncio.ensure_future(work(dsn, bootstrap))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    uvloop.run(main())
