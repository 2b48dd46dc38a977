"""The plan of a region: what each crew does and does next, what waits and why, and what a change would come to."""

from __future__ import annotations

import asyncio

from aiohttp import web

from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console.asking import Route, said
from services.dispatch.showing import read_crews
from services.dispatch.showing_costs import clock_now
from services.dispatch.showing_plan import NoSuchRegion, NoSuchWork, PlanShown, Why, read_region, shown_plan, why_of
from services.dispatch.what_if import Change, Comparison, NoSuchChange, what_if


async def _plan(request: web.Request, who: Who) -> web.Response:
    del who
    async with request.config_dict[POOL].acquire() as connection:
        try:
            return answer(200, await shown_plan(connection, request.match_info["region"], await clock_now(connection)))
        except NoSuchRegion:
            raise _unknown_region() from None


async def _why(request: web.Request, who: Who) -> web.Response:
    del who
    incident, hazard = request.query.get("incident"), request.query.get("hazard")
    if (incident is None) == (hazard is None):
        raise ApiError(422, "invalid", "name an incident or a hazard")
    if "\0" in (incident or hazard or ""):
        raise ApiError(404, "unknownWork", "no name has a NUL in it")
    async with request.config_dict[POOL].acquire() as connection:
        try:
            now = await clock_now(connection)
            return answer(200, await why_of(connection, now, incident=incident, hazard=hazard))
        except NoSuchWork:
            raise ApiError(404, "unknownWork", "the dispatch stage knows no such incident or hazard") from None


async def _what_if(request: web.Request, who: Who) -> web.Response:
    del who
    change, region = await said(request, Change), request.match_info["region"]
    async with request.config_dict[POOL].acquire() as connection:
        try:
            crews = await read_crews(connection)
            state, standing = await read_region(connection, crews, region, await clock_now(connection))
        except NoSuchRegion:
            raise _unknown_region() from None
    try:
        return answer(200, await asyncio.to_thread(what_if, state, dict(standing.routes), change))
    except NoSuchChange as error:
        raise ApiError(422, str(error), "the change names nothing that the plan has") from None


def _unknown_region() -> ApiError:
    return ApiError(404, "unknownRegion", "there is no such region")


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/dispatch/{region}/plan",
        right=Right.LOOK,
        summary="The plan of a region: the work of each crew in order, what waits and why, what is proposed, and the mode.",
        handler=_plan,
        gives=PlanShown,
        refuses={404: ("unknownRegion",)},
    ),
    Route(
        method="GET",
        path="/api/dispatch/why",
        right=Right.LOOK,
        summary="Why a crew goes to an `incident` or a `hazard`, or why it waits, with the numbers that this rested on.",
        handler=_why,
        gives=Why,
        refuses={404: ("unknownWork",), 422: ("invalid",)},
    ),
    Route(
        method="POST",
        path="/api/dispatch/{region}/what-if",
        right=Right.ACT,
        summary="What a change would do to the plan of a region: customer-minutes with and without it. Nothing is changed.",
        handler=_what_if,
        takes=Change,
        gives=Comparison,
        refuses={
            400: ("empty", "malformed", "doubledField"),
            404: ("unknownRegion",),
            413: ("tooLarge",),
            415: ("notJson",),
            422: ("invalid", "unknownDepot", "unknownCrew", "unknownWork", "notPlanned"),
        },
    ),
)
