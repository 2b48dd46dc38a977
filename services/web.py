"""Assembles the HTTP edges of the rooms into one application, and serves it."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Callable
from typing import Any

from aiohttp import web

from services import openapi
from services.access.allowance import Allowances
from services.access.edge import ALLOWANCES, EXERCISE, MAX_BODY, Route
from services.access.http import POOL, answer, errors
from services.database.pool import Pool
from services.dispatch import api as dispatch
from services.logs import get_logger
from services.planning import api as planning
from services.reports import api as reports
from services.telling.http import measured

log = get_logger(__name__)

HOST = "127.0.0.1"
LEAVE_WITHIN_S = 10.0
"""A request that is in hand when the process is stopped has so long to end."""
AT_ONCE_S = 5.0
"""A key may send the events of so many seconds at once."""


async def _document(_: web.Request) -> web.Response:
    return answer(200, document())


ROUTES: tuple[Route, ...] = (
    *reports.ROUTES,
    *planning.ROUTES,
    *dispatch.ROUTES,
    Route(
        method="GET",
        path="/api/v1/openapi.json",
        scope=None,
        summary="This description.",
        handler=_document,
        status=200,
        gives={"type": "object"},
        refuses={},
    ),
)
"""Every route there is, in the order in which they are described."""


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the HTTP edge."""
    return openapi.document(ROUTES, importlib.metadata.version("lamplighter"))


def build_app(pool: Pool, *, exercise: bool, events_per_s: float) -> web.Application:
    """Return the application on this pool; each key may send so many events a second on average."""
    app = web.Application(middlewares=[measured, errors], client_max_size=MAX_BODY)
    app[POOL] = pool
    app[EXERCISE] = exercise
    app[ALLOWANCES] = Allowances(events_per_s, AT_ONCE_S * events_per_s)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
    return app


async def serve(app: web.Application, port: int, announce: Callable[[], None]) -> None:
    """Serve the application on loopback until this is cancelled; then let the requests in hand end."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LEAVE_WITHIN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        log.info("web.listening", port=port)
        announce()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
