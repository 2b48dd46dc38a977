"""What a crew's phone asks and says: only about its own crew and its own orders; everything once, also on a bad line."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from services.access import sessions
from services.access.actions import record
from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console.api_session import Session, opened
from services.console.asking import EXERCISE, STATE, OpenRoute, Route, said
from services.console.causes import CAUSES, CODES, CauseCode
from services.console.ground import network_now
from services.console.phone_map import HAZARDS_WITHIN_M, Around
from services.console.phone_words import MOST_AT_ONCE, CrewSays, Ground, Refused, understand
from services.console.watching import WATCHING, Watching
from services.dispatch.showing_incident import GivenOrder
from services.dispatch.showing_phone import CrewNow, PhoneOrder, crew_now, crews_of_orders
from services.engine import clock
from services.engine.direct import publish
from services.engine.taking import Connection
from services.network import Place, distance_m
from services.network.colouring import Colours
from services.outages.showing_incident import Remark, remarks_on

NOW: Final = "Lamplighter-Now"
"""The header that carries the time of the clock, milliseconds, also when nothing has changed."""
_AROUND: Final = "phone.around"
_MINUTE_MS = 60_000


class Enter(msgspec.Struct, forbid_unknown_fields=True):
    """The token of a link."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class DepotOfCrew(msgspec.Struct, frozen=True):
    """The depot that a crew starts from."""

    id: str
    lon: float
    lat: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OrderOnPhone(GivenOrder):
    """A crew's order with everything that it needs to know on its way."""

    device_class: str
    device_number: str
    customers_out: int
    life_support: int
    important: int
    started_at_ms: int | None
    feeder: str
    sent_because: str
    notes: list[str]


class HazardNear(msgspec.Struct, frozen=True):
    """A danger near the goal."""

    id: str
    kind: str
    lon: float
    lat: float
    metres: int


class DeviceNear(msgspec.Struct, frozen=True):
    """A device near the goal."""

    id: str
    device_class: str
    device_number: str
    metres: int


class CrewPhone(msgspec.Struct, frozen=True, kw_only=True):
    """What a crew's phone shows, as `CrewPhone` of the console's types."""

    crew: str
    state: str
    now_ms: int
    speed: float
    time_zone: str
    on_duty_since_ms: int | None
    hours_left_ms: int | None
    lon: float
    lat: float
    place_at_ms: int | None
    depot: DepotOfCrew | None
    order: OrderOnPhone | None
    hazards: list[HazardNear]
    lines: list[tuple[float, float, float, float, bool]]
    devices_near: list[DeviceNear]
    causes: list[CauseCode]


class CrewHeard(msgspec.Struct, frozen=True, kw_only=True):
    """The phone's ids that were taken, now or before; those of them whose time made no sense; what was not taken, and why."""

    taken: list[str]
    retimed: list[str]
    refused: list[Refused]


async def _enter(request: web.Request) -> web.Response:
    body = await said(request, Enter)
    async with request.config_dict[POOL].acquire() as connection:
        token = await sessions.enter(connection, body.token, request.headers.get("User-Agent", ""))
        if token is None:
            raise ApiError(410, "linkSpent", "this link was used, or is too old: ask the dispatcher for another one")
        return await opened(request, connection, token)


async def _show(request: web.Request, who: Who) -> web.Response:
    crew, around = _crew_of(who), await _around(request)
    async with (
        request.config_dict[POOL].acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        standing = await _clock(connection)
        known = await crew_now(connection, crew, standing.now_ms)
        if known is None:
            raise _gone()
        remarks = [] if known.order is None else await remarks_for(connection, known.order)
    notes = [each.words for each in remarks if each.words and not each.retracted]
    shown = _shown(crew, known, around, _colours(request), notes)
    etag = f'"{hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:32]}"'
    headers = {"ETag": etag, NOW: str(standing.now_ms), "Cache-Control": "no-store"}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    return answer(200, msgspec.structs.replace(shown, now_ms=standing.now_ms, speed=standing.speed), headers)


async def _hear(request: web.Request, who: Who) -> web.Response:
    """Take what a phone says: stored, published and written down in one transaction, or not at all."""
    items = await said(request, list[CrewSays])
    if len(items) > MOST_AT_ONCE:
        raise ApiError(422, "tooMany", f"{len(items)} at once, at most {MOST_AT_ONCE}")
    crew, around = _crew_of(who), await _around(request)
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        standing = await _clock(connection)
        known = await crew_now(connection, crew, standing.now_ms)
        if known is None:
            raise _gone()
        await _only_its_own(connection, crew, items)
        place = known.place if known.order is None else known.order.order.place
        ground = Ground(is_device=around.is_device, causes=CODES, place=place)
        understood, refused = understand(crew, items, ground, standing.now_ms, exercise=request.config_dict[EXERCISE])
        for each in understood:
            if await publish(connection, "phone", each.topic, each.key, each.event):
                subject = ("order", each.says.order) if each.says.order else ("crew", crew)
                told = {"crew": crew, "status": each.says.status}
                why = each.says.why
                await record(connection, who, "crewSays", *subject, why=why, said=told, event_id=each.event.id)
    heard = CrewHeard(
        taken=[each.says.id for each in understood],
        retimed=[each.says.id for each in understood if each.retimed],
        refused=refused,
    )
    return answer(200, heard)


async def _only_its_own(connection: Connection, crew: str, items: list[CrewSays]) -> None:
    """Raise `ApiError` 403 `notYourOrder` when one of these is about an order that was never given to this crew."""
    owners = await crews_of_orders(connection, sorted({each.order for each in items if each.order is not None}))
    for each in items:
        if each.order is not None and owners.get(each.order) != crew:
            raise ApiError(403, "notYourOrder", "this order was not given to this crew", id=each.id)


async def _clock(connection: Connection) -> clock.Standing:
    standing = await clock.standing(connection)
    if standing is None:
        raise ApiError(503, "notBegun", "the clock was not set yet")
    return standing


async def _around(request: web.Request) -> Around:
    """Return what lies in the network of the current version, made anew for another one."""
    state: dict[str, Any] = request.config_dict[STATE]
    lock: asyncio.Lock = state.setdefault(f"{_AROUND}.lock", asyncio.Lock())
    async with lock:
        network = await network_now(request)
        around: Around | None = state.get(_AROUND)
        if around is None or around.network is not network:
            around = await asyncio.to_thread(Around, network)
            state[_AROUND] = around
    return around


def _colours(request: web.Request) -> Colours | None:
    watching = request.config_dict[STATE].get(WATCHING)
    return watching.reading.shown.colours if isinstance(watching, Watching) else None


async def remarks_for(connection: Connection, order: PhoneOrder) -> list[Remark]:
    """Return what was remarked on what an order is about."""
    about = order.order
    if about.hazard is not None:
        return await remarks_on(connection, "hazard", about.hazard)
    return [] if about.incident is None else await remarks_on(connection, "incident", about.incident)


def _shown(crew: str, known: CrewNow, around: Around, colours: Colours | None, notes: list[str]) -> CrewPhone:
    """Return what the phone shows but for the time, so that what is equal has the same name."""
    goal = known.place if known.order is None else known.order.order.place
    hazards = [
        HazardNear(each.id, each.kind, each.lon, each.lat, round(distance_m(goal, Place(each.lon, each.lat))))
        for each in known.hazards
    ]
    return CrewPhone(
        crew=crew,
        state=known.duty.state,
        now_ms=0,
        speed=0.0,
        time_zone=known.zone,
        on_duty_since_ms=known.since_ms,
        hours_left_ms=None if known.left_ms is None else known.left_ms // _MINUTE_MS * _MINUTE_MS,
        lon=known.place.lon,
        lat=known.place.lat,
        place_at_ms=known.duty.place_at,
        depot=DepotOfCrew(known.base.id, known.base.place.lon, known.base.place.lat),
        order=None if known.order is None else _order(known.order, around, notes),
        hazards=sorted(
            (each for each in hazards if each.metres <= HAZARDS_WITHIN_M), key=lambda each: (each.metres, each.id)
        ),
        # Before it is known which lines are fed none is drawn: a line that looks fed and is not would be worse.
        lines=[] if colours is None else around.lines(goal, colours),
        devices_near=[DeviceNear(*each) for each in around.devices(goal)],
        causes=list(CAUSES),
    )


def _order(known: PhoneOrder, around: Around, notes: list[str]) -> OrderOnPhone:
    order = known.order
    on_the_way = order.arrived_at is None and order.ended_at is None
    return OrderOnPhone(
        order=order.id,
        crew=order.crew,
        state=order.state,
        reason=order.reason,
        work=order.work,
        priority=order.priority,
        attempt=order.attempt,
        assists=order.assists,
        pinned=order.pinned,
        sent_at_ms=order.sent_at,
        accepted_at_ms=order.accepted_at,
        enroute_at_ms=order.enroute_at,
        arrived_at_ms=order.arrived_at,
        ended_at_ms=order.ended_at,
        arrival_ms=order.arrival_estimate if on_the_way else None,
        completion_ms=order.completion_estimate,
        found=order.found,
        cause=order.cause,
        incident=order.incident,
        hazard=order.hazard,
        device=order.device,
        device_class=known.device_class,
        device_number=around.number_of(order.device),
        lon=order.place.lon,
        lat=order.place.lat,
        customers_out=known.customers_out,
        life_support=known.life_support,
        important=known.important,
        started_at_ms=known.started_at_ms,
        feeder=known.feeder,
        region=order.region,
        sent_because=known.why,
        notes=notes,
    )


def _crew_of(who: Who) -> str:
    if who.crew is None:
        raise ApiError(403, "notAllowed", "this is the page of a crew's phone")
    return who.crew


def _gone() -> ApiError:
    return ApiError(409, "crewGone", "this crew is not here any more")


_BODY = {400: ("empty", "malformed", "doubledField"), 413: ("tooLarge",), 415: ("notJson",)}

OPEN: tuple[OpenRoute, ...] = (
    OpenRoute(
        method="POST",
        path="/api/crew/enter",
        summary="Open a crew's phone page by the token of a one-time link: opens a session of the crew and sets its cookie.",
        handler=_enter,
        takes=Enter,
        gives=Session,
        refuses={**_BODY, 410: ("linkSpent",), 422: ("invalid",)},
    ),
)
ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/crew",
        right=Right.CREW,
        summary="What the phone of the crew that is signed in shows. Answers 304 to If-None-Match when nothing has changed.",
        handler=_show,
        gives=CrewPhone,
        refuses={409: ("crewGone",), 503: ("noUtility", "notBegun")},
    ),
    Route(
        method="POST",
        path="/api/crew/reports",
        right=Right.CREW,
        summary="A list of what a crew says, kept by its phone until now: each is taken once by its id, in any order.",
        handler=_hear,
        takes=CrewSays,
        gives=CrewHeard,
        refuses={**_BODY, 403: ("notYourOrder",), 409: ("crewGone",), 422: ("invalid", "tooMany")},
    ),
)
