"""The network as it lies, and the search for whatever has a place in it."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console.api_live import packed, watching_of
from services.console.asking import STATE, Route
from services.console.land import GridOnMap, Land
from services.console.network_shown import branch_id
from services.console.search import Found, Search, phone_of, with_incidents
from services.outages import showing as outages
from services.utility import showing as utility

LONGEST = 100
KEPT = "search"
"""The name of what searches keep from one to the next, in what the console's parts share."""


class DeviceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A device or switch: what it is, how it stands, who hangs on it as the grid is switched, what holds it."""

    id: str
    device_class: str
    device_number: str
    feeder: str
    region: str
    area: str
    lon: float
    lat: float
    closed: bool | None
    normally_closed: bool | None
    telemetered: bool
    customers: int
    parent: str | None
    children: list[str]
    incident: str | None
    window: str | None


class FoundAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, best first."""

    found: list[Found]


def _land(request: web.Request) -> Land:
    land = watching_of(request).land
    if land is None:
        raise ApiError(503, "noUtility", "no utility was read yet", retry_after_s=1)
    return land


async def network(request: web.Request, _: Who) -> web.StreamResponse:
    """Answer with the grid of the current version; 304 when the client has it."""
    land = _land(request)
    headers = {"ETag": land.etag, "Cache-Control": "private, no-cache"}
    if land.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    response = await packed(request, land.grid, lambda: land.grid_packed)
    response.headers.update(headers)
    return response


async def device(request: web.Request, _: Who) -> web.StreamResponse:
    """Answer with one device."""
    land, reading = _land(request), watching_of(request).reading
    name = request.match_info["device"]
    try:
        normal = land.network.switch(name)
    except KeyError:
        raise ApiError(404, "unknownDevice", "the network has no such device") from None
    positions = dict(reading.assembly.positions)
    now = await asyncio.to_thread(land.present, positions)
    try:
        standing = now.device(name)
        parent, children, customers = standing.parent, list(now.children(name)), now.count_behind(name)
        feeder, area = standing.feeder, standing.area
    except KeyError:  # a switch that protects nothing and stands as it normally does: it hangs on a device
        parent, children, customers = now.standing_for(name), [], 0
        feeder, area = normal.feeder, normal.area
    branch = land.network.ground.branch_of.get(name)
    row = None if branch is None else reading.network.row(branch_id(branch))
    own = next((each.id for each in reading.assembly.open if each.device == name), None)
    detail = DeviceDetail(
        id=normal.id,
        device_class=normal.kind.value,
        device_number=normal.device_number,
        feeder=feeder,
        region=normal.region,
        area=area,
        lon=normal.place.lon,
        lat=normal.place.lat,
        closed=positions.get(name, normal.normally_closed),
        normally_closed=normal.normally_closed,
        telemetered=normal.telemetered,
        customers=customers,
        parent=parent,
        children=[str(each) for each in children],
        incident=own or (None if row is None else row.incident),
        window=None if row is None else row.window,
    )
    return answer(200, detail)


async def search(request: web.Request, who: Who) -> web.StreamResponse:
    """Answer with what the words name. Telephone numbers are searched only for those who may see them."""
    land, reading = _land(request), watching_of(request).reading
    words = request.query.get("q", "").strip()
    if not words or len(words) > LONGEST:
        raise ApiError(422, "invalid", f"q: from 1 to {LONGEST} characters")
    phone = phone_of(words) if who.may(Right.PERSONAL) else None
    async with request.app[POOL].acquire() as connection:
        by_phone = [] if phone is None else await utility.customers_by_phone(connection, land.version, phone)
        found = Search(land, reading, words, request.app[STATE].setdefault(KEPT, {})).find(by_phone)
        customers = [each.id for each in found if each.kind == "customer"]
        accounts = {each.id for each in found if each.kind == "account"}
        premises = {row.customer: row.account for row in land.folder.premises if row.account in accounts}
        out = await outages.open_incident_at(connection, [*customers, *premises])
    of_accounts = {premises[customer]: incident for customer, incident in out.items() if customer in premises}
    return answer(200, FoundAnswer(found=with_incidents(found, out, of_accounts)))


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/network",
        right=Right.LOOK,
        summary="The grid of the current version, for the map; with an ETag.",
        handler=network,
        gives=GridOnMap,
        refuses={503: ("noUtility", "notWatching")},
    ),
    Route(
        method="GET",
        path="/api/devices/{device}",
        right=Right.LOOK,
        summary="A device or switch as it stands.",
        handler=device,
        gives=DeviceDetail,
        refuses={404: ("unknownDevice",), 503: ("noUtility", "notWatching")},
    ),
    Route(
        method="GET",
        path="/api/search",
        right=Right.LOOK,
        summary="Whatever these words name, at most 30, best first: by how names begin, then anywhere in them.",
        handler=search,
        gives=FoundAnswer,
        refuses={422: ("invalid",), 503: ("noUtility", "notWatching")},
    ),
)
