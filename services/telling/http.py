"""What an HTTP application of ours counts of its requests; the first of its middlewares."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from services.telling import metrics

_STREAM = "text/event-stream"


@web.middleware
async def measured(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Count a request under its route's pattern, and how long it took; what has no route is counted together."""
    resource = request.match_info.route.resource
    route = "none" if resource is None else resource.canonical
    stream = _STREAM in request.headers.get("Accept", "")
    begun, status = time.perf_counter(), "500"
    metrics.add("lamplighter_http_open", 1, route=route)
    if stream:
        metrics.add("lamplighter_streams_open", 1)
    try:
        response = await handler(request)
        status = str(response.status)
    except web.HTTPException as error:
        status = str(error.status)
        raise
    else:
        return response
    finally:
        metrics.add("lamplighter_http_open", -1, route=route)
        metrics.count("lamplighter_http_requests_total", route=route, method=request.method, status=status)
        if stream:
            metrics.add("lamplighter_streams_open", -1)
        else:
            metrics.observe("lamplighter_http_seconds", time.perf_counter() - begun, route=route, method=request.method)
