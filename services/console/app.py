"""The console as one application: who asks is found out once for all routes; pages are served beside them."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

from services.access.edge import MAX_BODY
from services.access.http import POOL, ApiError, errors
from services.access.who import Who
from services.console import (
    api_admin,
    api_broadcasts,
    api_conversations,
    api_crew_phone,
    api_crews,
    api_drill,
    api_figures,
    api_inbox,
    api_incidents,
    api_live,
    api_network,
    api_plan,
    api_roads,
    api_rules,
    api_session,
    api_switching,
    api_texts,
)
from services.console.asking import ASKS, EXERCISE, STATE, OpenRoute, Route
from services.database.pool import Pool
from services.telling.http import measured

STATIC = Path(__file__).parent / "static"
"""The built pages."""

ROUTES: tuple[Route, ...] = (
    *api_session.ROUTES,
    *api_live.ROUTES,
    *api_network.ROUTES,
    *api_incidents.ROUTES,
    *api_switching.ROUTES,
    *api_crews.ROUTES,
    *api_roads.ROUTES,
    *api_rules.ROUTES,
    *api_plan.ROUTES,
    *api_crew_phone.ROUTES,
    *api_inbox.ROUTES,
    *api_texts.ROUTES,
    *api_broadcasts.ROUTES,
    *api_conversations.ROUTES,
    *api_figures.ROUTES,
    *api_admin.ROUTES,
    *api_drill.ROUTES,
)
"""Every route for those who are signed in, in the order in which they are described."""

OPEN: tuple[OpenRoute, ...] = (*api_session.OPEN, *api_crew_phone.OPEN)
"""Every route for those who are not."""

Asks: TypeAlias = Callable[[web.Request], Awaitable[Who | None]]
"""Finds out who asks; None: nobody who is signed in."""

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_FOR_EVER = "public, max-age=31536000, immutable"


def build_app(pool: Pool, *, exercise: bool, asks: Asks, state: dict[str, Any] | None = None) -> web.Application:
    """Return the console on this pool."""
    app = web.Application(middlewares=[measured, _headers, errors], client_max_size=MAX_BODY)
    app[POOL] = pool
    app[EXERCISE] = exercise
    app[ASKS] = asks
    app[STATE] = {} if state is None else state
    for open_route in OPEN:
        app.router.add_route(open_route.method, open_route.path, functools.partial(_open, open_route))
    for route in ROUTES:
        if exercise or not route.drill:
            app.router.add_route(route.method, route.path, functools.partial(_checked, route, asks))
    app.router.add_get("/api/{rest:.*}", _no_route)
    app.router.add_get("/{path:.*}", _page)
    return app


async def _open(route: OpenRoute, request: web.Request) -> web.StreamResponse:
    _same_site(request)
    return await route.handler(request)


async def _checked(route: Route, asks: Asks, request: web.Request) -> web.StreamResponse:
    who = await asks(request)
    if who is None:
        raise ApiError(401, "notSignedIn", "sign in first")
    _same_site(request)
    if who.must_change_password and not route.path.startswith("/api/session"):
        raise ApiError(403, "passwordChange", "change the password first: it was given by somebody else")
    if not who.may(route.right):
        raise ApiError(403, "notAllowed", f"this takes the right to {route.right}")
    return await route.handler(request, who)


def _same_site(request: web.Request) -> None:
    """Refuse what another site's page makes the browser send along with our cookie."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method not in _SAFE_METHODS and site not in {"same-origin", "none"}:
        raise ApiError(403, "crossSite", "this request came from a page of another site")


async def _no_route(_: web.Request) -> web.StreamResponse:
    raise ApiError(404, "notFound", "there is no such route")


async def _page(request: web.Request) -> web.StreamResponse:
    """Serve a built file, and for every address of a page the one page there is."""
    name = request.match_info["path"]
    path = (STATIC / name).resolve()
    if name and path.is_relative_to(STATIC.resolve()) and path.is_file():
        cache = _FOR_EVER if name.startswith("assets/") else "no-cache"
        return web.FileResponse(path, headers={"Cache-Control": cache})
    if name.startswith("assets/"):
        raise ApiError(404, "notFound", "there is no such file")
    if not (STATIC / "index.html").is_file():
        raise ApiError(503, "notBuilt", "the pages were not built: install the project again")
    return web.FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


@web.middleware
async def _headers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_HEADERS)
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
    return response
