"""Closed roads: which ones are, closing one and opening it again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from schemas.events import Id, Note, Place, RoadClosed, RoadOpened
from schemas.ids import derived
from schemas.topics import CREW_ACTIONS
from services.access.actions import record
from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.clock import from_ms
from services.console.asking import EXERCISE, NOT_READ, Route, given, moment, said
from services.dispatch.showing import read_crews
from services.dispatch.showing_costs import clock_now
from services.dispatch.showing_roads import ClosedRoadShown, closed_roads, roads_known
from services.dispatch.travel import ClosedRoad
from services.engine.direct import publish


class Closures(msgspec.Struct):
    """The roads that are closed; `roads_known`: the utility has roads at all."""

    closures: list[ClosedRoadShown]
    roads_known: bool


class Closing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A road to be closed: along the line through `places`, or the way of OpenStreetMap of that id; until when, and why.

    It is closed in the region, and in every one where none is named.
    """

    places: Annotated[list[Place], msgspec.Meta(max_length=100)] = msgspec.field(default_factory=list)
    within_m: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = 25
    way: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    region: Id | None = None
    until_ms: int | None = None
    why: Note


class ClosingTaken(msgspec.Struct):
    """The action, that in the first region where there are several; the closures, and how many stretches of road are closed."""

    action: str
    closures: list[str]
    stretches: int


class Opening(msgspec.Struct, forbid_unknown_fields=True):
    """Why a road is opened again."""

    why: Note


class OpeningTaken(msgspec.Struct):
    """The action that was taken down."""

    action: str


async def _closed(request: web.Request, who: Who) -> web.Response:
    del who
    async with request.config_dict[POOL].acquire() as connection:
        return answer(200, Closures(await closed_roads(connection), await roads_known(connection)))


async def _close(request: web.Request, who: Who) -> web.Response:
    body = await said(request, Closing)
    why, until = given(body.why), None if body.until_ms is None else moment(body.until_ms)
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        roster, now = (await read_crews(connection)).roster, await clock_now(connection)
        if body.region is not None and body.region not in roster.regions:
            raise ApiError(422, "unknownRegion", "there is no such region", region=body.region)
        if body.until_ms is not None and body.until_ms <= now:
            raise ApiError(422, "closureOver", "until_ms: that is over")
        stretches = roster.travel.closes(ClosedRoad(tuple(body.places), body.within_m, body.way))
        if stretches == 0:
            raise ApiError(422, "noRoadThere", "no road is known there")
        actions, closures = [], []
        for region in roster.regions if body.region is None else (body.region,):
            event = RoadClosed(
                id=derived("console", who.session, "closeRoad", region, now, *_named(body)),
                at=from_ms(now),
                exercise=request.config_dict[EXERCISE],
                region=region,
                by=who.user,
                places=body.places,
                within_m=body.within_m,
                way=body.way,
                until=until,
                why=why,
            )
            await publish(connection, "console", CREW_ACTIONS, region, event)
            told = {"region": region, "within_m": body.within_m, "way": body.way, "until_ms": body.until_ms}
            told["places"] = [[place.lon, place.lat] for place in body.places]
            closures.append(event.id)
            actions.append(
                await record(connection, who, "closeRoad", "closure", event.id, why=why, said=told, event_id=event.id)
            )
    return answer(202, ClosingTaken(actions[0], closures, stretches))


async def _open(request: web.Request, who: Who) -> web.Response:
    body, closure = await said(request, Opening), request.match_info["closure"]
    why = given(body.why)
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        found = next((each for each in await closed_roads(connection) if each.closure == closure), None)
        if found is None:
            raise ApiError(404, "notClosed", "no such road is closed")
        now = await clock_now(connection)
        event = RoadOpened(
            id=derived("console", who.session, "openRoad", closure, now),
            at=from_ms(now),
            exercise=request.config_dict[EXERCISE],
            region=found.region,
            closure=closure,
            by=who.user,
            why=why,
        )
        await publish(connection, "console", CREW_ACTIONS, found.region, event)
        action = await record(
            connection, who, "openRoad", "closure", closure, why=why, said={"closure": closure}, event_id=event.id
        )
    return answer(202, OpeningTaken(action))


def _named(body: Closing) -> tuple[str, ...]:
    return str(body.way), str(body.within_m), *(f"{place.lon} {place.lat}" for place in body.places)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/roads/closures",
        right=Right.LOOK,
        summary="The roads that are closed.",
        handler=_closed,
        gives=Closures,
    ),
    Route(
        method="POST",
        path="/api/roads/closures",
        right=Right.ACT,
        summary="Close a road: crews are sent around it until it is opened again.",
        handler=_close,
        takes=Closing,
        gives=ClosingTaken,
        refuses={**NOT_READ, 422: ("invalid", "whyMissing", "unknownRegion", "noRoadThere", "closureOver")},
    ),
    Route(
        method="DELETE",
        path="/api/roads/closures/{closure}",
        right=Right.ACT,
        summary="Open a closed road again.",
        handler=_open,
        takes=Opening,
        gives=OpeningTaken,
        refuses={**NOT_READ, 404: ("notClosed",), 422: ("invalid", "whyMissing")},
    ),
)
