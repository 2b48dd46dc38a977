"""The small HTTP server of each process: `/metrics`, `/healthz`, `/readyz`, on loopback, without sign-in.

It runs in the loop that does the work: an answer says that the loop turns.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from services import ready
from services.database import pool
from services.logs import get_logger
from services.telling import metrics
from services.telling.metrics import Value

log = get_logger(__name__)

HOST = "127.0.0.1"
CHECK_S = 3.0
"""A check that takes longer has failed."""
COLLECTED_S = 5.0
"""What is read from the database is read again after so long, however often it is asked for."""

Check = Callable[[], Awaitable[str | None]]
"""Returns why this process cannot do its work, a stable code; None when it can."""
Collect = Callable[[], Awaitable[Sequence[Value]]]


class Teller:
    """Answers for one process. `checks` by what they look at; `collect` reads the values that one process reads for all."""

    def __init__(self, process: str, checks: Mapping[str, Check], collect: Collect | None = None) -> None:
        self._checks = checks
        self._collect = collect
        self._collected_at = 0.0
        self._collecting = asyncio.Lock()
        metrics.put("lamplighter_up_info", 1, process=process, version=importlib.metadata.version("lamplighter"))

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        return app

    async def reasons(self) -> dict[str, str]:
        """Return by check why this process cannot do its work; empty when it can."""
        found = {} if ready.announced() else {"start": "notReadyYet"}
        answers = await asyncio.gather(*(_asked(check) for check in self._checks.values()))
        found.update({name: why for name, why in zip(self._checks, answers, strict=True) if why is not None})
        return found

    async def _metrics(self, _: web.Request) -> web.Response:
        async with self._collecting:
            if self._collect is not None and time.monotonic() - self._collected_at > COLLECTED_S:
                metrics.replace_collected(await self._collect())
                self._collected_at = time.monotonic()
        for state, number in pool.connections().items():
            metrics.put("lamplighter_pool_connections", number, state=state)
        return web.Response(body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _healthz(self, _: web.Request) -> web.Response:
        return _json(200, {"alive": True})

    async def _readyz(self, _: web.Request) -> web.Response:
        reasons = await self.reasons()
        return _json(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})


async def listen(teller: Teller, port: int) -> web.AppRunner | None:
    """Serve on this port of loopback; None when another program has it, which is said and keeps nobody from working."""
    runner = web.AppRunner(teller.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        log.warning("metrics.cannot_listen", port=port, error=type(error).__name__)
        await runner.cleanup()
        return None
    return runner


async def _asked(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_S):
            return await check()
    except TimeoutError:
        return "noAnswerInTime"


def _json(status: int, value: object) -> web.Response:
    return web.Response(status=status, text=json.dumps(value) + "\n", content_type="application/json")
