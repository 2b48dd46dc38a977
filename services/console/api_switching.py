"""What switching can do about an incident; that a step was done is said as the state of its device."""

from __future__ import annotations

from aiohttp import web

from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console import switching
from services.console.api_incidents import named
from services.console.asking import STATE, Route
from services.console.ground import network_now
from services.console.switching import SwitchingDetail


async def proposed(request: web.Request, who: Who) -> web.Response:
    """Answer with the steps that isolate the fault of an incident and feed the rest another way."""
    del who
    network = await network_now(request)
    behind = request.query.get("behind") or None
    async with request.config_dict[POOL].acquire() as connection:
        try:
            found = await switching.detail(connection, network, request.config_dict[STATE], named(request), behind)
        except ValueError:
            raise ApiError(422, "unknownSection", "the fault cannot lie there: name a section of the answer") from None
    if found is None:
        raise ApiError(404, "notFound", "there is no such incident")
    return answer(200, found)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/incidents/{id}/switching",
        right=Right.LOOK,
        summary="Switching steps for an incident, from how the grid stands; `behind` names the section in which the fault lies.",
        handler=proposed,
        gives=SwitchingDetail,
        refuses={404: ("notFound",), 422: ("unknownSection",), 503: ("noUtility",)},
    ),
)
