"""What is done once a day beside the work of a process, in a process of its own that ends: it takes nothing from the other."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from services.logs import get_logger
from services.settings import Settings

log = get_logger(__name__)

FIRST_AFTER_S = 300.0
"""A process that is started again and again does not begin with it each time."""
LEARNS_AFTER_S = 900.0
"""Not at once with the erasing."""
RECKONS_AFTER_S = 1_500.0
EVERY_S = 86_400.0
AGAIN_AFTER_S = 900.0


async def erase_daily(settings: Settings, *, first_after_s: float = FIRST_AFTER_S, every_s: float = EVERY_S) -> None:
    """Erase what is personal once a day of real time, for ever; what failed is tried again after a quarter hour.

    Where for ever is kept, and in an exercise, which is dropped whole, nothing is done.
    """
    if settings.exercise or not settings.personal_retention_days:
        return

    def failed(code: int) -> None:
        log.warning("personal.not_erased", code=code)

    await _daily(settings, "streams.erasing", failed, first_after_s, every_s)


async def learn_daily(settings: Settings, *, first_after_s: float = LEARNS_AFTER_S, every_s: float = EVERY_S) -> None:
    """Learn how long restorations take once a day of real time, for ever; as erasing is done. An exercise learns by command."""

    def failed(code: int) -> None:
        log.warning("estimates.not_learnt", code=code)

    if not settings.exercise:
        await _daily(settings, "streams.learning", failed, first_after_s, every_s)


async def reckon_fairness_daily(
    settings: Settings, *, first_after_s: float = RECKONS_AFTER_S, every_s: float = EVERY_S
) -> None:
    """Reckon once a day of real time, for ever, who was out longest this year; as erasing is done. An exercise does not."""

    def failed(code: int) -> None:
        log.warning("fairness.not_reckoned", code=code)

    if not settings.exercise:
        await _daily(settings, "streams.fairness", failed, first_after_s, every_s)


async def _daily(
    settings: Settings, module: str, failed: Callable[[int], None], first_after_s: float, every_s: float
) -> None:
    wait_s = first_after_s
    while True:
        await asyncio.sleep(wait_s)
        code = await _run(settings, module)
        if code:
            failed(code)
        wait_s = min(every_s, AGAIN_AFTER_S) if code else every_s


async def _run(settings: Settings, module: str) -> int:
    """Run a module as a process until it ends, and return its exit code. It is ended with the task that waits for it."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env=settings.with_own_environment(), stdin=asyncio.subprocess.DEVNULL
    )
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()
