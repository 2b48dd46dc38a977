"""The crew board: costs of an assignment, signing on and off, visiting crews, links for crews' phones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from aiohttp import web

from schemas.events import CrewLeft, CrewReported, CrewState, CrewVisiting, Event, HoursExtended, Id, Note, Place
from schemas.events.base import Lat, Lon
from schemas.ids import derived
from schemas.topics import CREW_ACTIONS, CREW_STATUS, Topic
from services.access.actions import record
from services.access.http import POOL, ApiError, answer
from services.access.sessions import make_crew_link
from services.access.who import Right, Who
from services.clock import from_ms
from services.console.asking import EXERCISE, NOT_READ, Route, given, moment, said
from services.dispatch.costs import Cost
from services.dispatch.showing import Crews, read_crews
from services.dispatch.showing_costs import NoSuchWork, WorkIsOver, assignment_costs, clock_now
from services.dispatch.visitors import PREFIX, refusal, visited_region
from services.engine.direct import publish
from services.engine.taking import Connection

_NAME = re.compile(r"[A-Za-z0-9_:+/#-]+(\.[A-Za-z0-9_:+/#-]+)*")
_MOST_OF_A_NAME = 64


class Costs(msgspec.Struct):
    """What it would cost to send each crew, best first."""

    costs: list[Cost]


class StatusAsked(msgspec.Struct, forbid_unknown_fields=True):
    """What a dispatcher says of a crew in its place, and why."""

    status: Literal["signedOn", "offDuty", "onBreak", "available"]
    why: Note


class StatusTaken(msgspec.Struct):
    """The action, and the order that the crew gives up by signing off."""

    action: str
    gives_up: str | None


class Visiting(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A crew of another utility that comes: its name, from which depot or place it starts, what it can do, who guides it.

    `crew` is its name or its whole id `visit.REGION.NAME`; `region` is asked for only where it starts from a place of its own.
    """

    crew: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    home: Note = ""
    depot: Id | None = None
    region: Id | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    skills: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=20)]
    certificates: Annotated[list[Id], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=list)
    kit: Annotated[list[Id], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=list)
    members: Annotated[int, msgspec.Meta(ge=1, le=99)] = 2
    guide: Id | None = None
    until_ms: int | None = None
    why: Note


class VisitTaken(msgspec.Struct):
    """The action, and the id under which the crew is known from now on."""

    action: str
    crew: str


class Leaving(msgspec.Struct, forbid_unknown_fields=True):
    """Why a visiting crew leaves."""

    why: Note


class HoursAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Until when a crew may work though its hours are up before, milliseconds, and why."""

    until_ms: int
    why: Note


class Taken(msgspec.Struct):
    """The action that was taken down."""

    action: str


class Link(msgspec.Struct):
    """The path that opens the page of a crew's phone once, and until when it does, milliseconds of real time."""

    path: str
    expires_at_ms: int


async def _costs(request: web.Request, who: Who) -> web.Response:
    del who
    incident, hazard = request.query.get("incident"), request.query.get("hazard")
    if (incident is None) == (hazard is None):
        raise ApiError(422, "invalid", "name an incident or a hazard")
    if "\0" in (incident or hazard or ""):
        raise ApiError(404, "unknownWork", "no name has a NUL in it")
    async with request.config_dict[POOL].acquire() as connection:
        try:
            return answer(200, Costs(await assignment_costs(connection, incident=incident, hazard=hazard)))
        except NoSuchWork:
            raise ApiError(404, "unknownWork", "the dispatch stage knows no such incident or hazard") from None
        except WorkIsOver:
            raise ApiError(409, "workOver", "nobody is needed there any more") from None


async def _status(request: web.Request, who: Who) -> web.Response:
    body, crew = await said(request, StatusAsked), request.match_info["crew"]
    why = given(body.why)
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        crews = await _with_crew(connection, crew)
        order = crews.duty(crew).order
        if order is not None and body.status != "offDuty":
            raise ApiError(
                409, "orderActive", f"{crew} has an order: it is free when that is done or revoked", order=order
            )
        now = await clock_now(connection)
        event = CrewReported(
            id=derived("console", who.session, "crewStatus", crew, body.status, now),
            at=from_ms(now),
            exercise=request.config_dict[EXERCISE],
            crew=crew,
            status=CrewState(body.status),
            why=f"{who.user}: {why}"[:500],
        )
        action = await _act(
            connection, who, "crewStatus", "crew", CREW_STATUS, crew, event, why, {"status": body.status}
        )
    return answer(202, StatusTaken(action, order))


async def _come(request: web.Request, who: Who) -> web.Response:
    body = await said(request, Visiting)
    why = given(body.why)
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        crews = await read_crews(connection)
        region, place = _base(body, crews)
        crew = body.crew if body.crew.startswith(PREFIX) else f"{PREFIX}{region}.{body.crew}"
        if (
            len(crew) > _MOST_OF_A_NAME
            or not _NAME.fullmatch(crew)
            or visited_region(crew, crews.roster.regions) != region
        ):
            raise ApiError(422, "badName", "letters, digits and - _ : + / # . make the name of a crew", crew=crew)
        now = await clock_now(connection)
        event = CrewVisiting(
            id=derived("console", who.session, "crewVisiting", crew, now),
            at=from_ms(now),
            exercise=request.config_dict[EXERCISE],
            region=region,
            crew=crew,
            by=who.user,
            depot=body.depot,
            place=place,
            home=body.home,
            skills=body.skills,
            certificates=body.certificates,
            kit=body.kit,
            members=body.members,
            guide=body.guide,
            until=None if body.until_ms is None else moment(body.until_ms),
            why=why,
        )
        refused = refusal(event, (await read_crews(connection, visitors=False)).roster, region, now)
        if refused is not None:
            raise ApiError(422, refused, "a crew cannot come like that", crew=crew)
        said_of = {"crew": crew, "depot": body.depot, "guide": body.guide, "until_ms": body.until_ms}
        action = await _act(connection, who, "crewVisiting", "visitor", CREW_ACTIONS, region, event, why, said_of)
    return answer(202, VisitTaken(action, crew))


async def _leave(request: web.Request, who: Who) -> web.Response:
    body, crew = await said(request, Leaving), request.match_info["crew"]
    why = given(body.why)
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        crews = await _with_crew(connection, crew)
        if crew not in crews.visitors:
            raise ApiError(409, "notVisiting", f"{crew} belongs to the utility")
        region, now = crews.roster.region_of(crew), await clock_now(connection)
        event = CrewLeft(
            id=derived("console", who.session, "crewLeft", crew, now),
            at=from_ms(now),
            exercise=request.config_dict[EXERCISE],
            region=region,
            crew=crew,
            by=who.user,
            why=why,
        )
        action = await _act(connection, who, "crewLeft", "visitor", CREW_ACTIONS, region, event, why, {"crew": crew})
    return answer(202, Taken(action))


async def _hours(request: web.Request, who: Who) -> web.Response:
    body, crew = await said(request, HoursAsked), request.match_info["crew"]
    why, until = given(body.why), moment(body.until_ms)
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        crews = await _with_crew(connection, crew)
        region, now = crews.roster.region_of(crew), await clock_now(connection)
        if not now < body.until_ms <= now + crews.rules_of(region).sign_on_holds_ms:
            raise ApiError(422, "noSuchHours", "that time is past, or so late that the crew could not rest")
        event = HoursExtended(
            id=derived("console", who.session, "extendHours", crew, body.until_ms, now),
            at=from_ms(now),
            exercise=request.config_dict[EXERCISE],
            region=region,
            crew=crew,
            until=until,
            by=who.user,
            why=why,
        )
        told = {"crew": crew, "until_ms": body.until_ms}
        action = await _act(connection, who, "extendHours", "crew", CREW_ACTIONS, region, event, why, told)
    return answer(202, Taken(action))


async def _link(request: web.Request, who: Who) -> web.Response:
    crew = request.match_info["crew"]
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        await _with_crew(connection, crew)
        path, expires_at_ms = await make_crew_link(connection, who, crew)
        await record(connection, who, "crewLink", "crew", crew, why="", said={"crew": crew})
    return answer(200, Link(path, expires_at_ms))


async def _act(
    connection: Connection,
    who: Who,
    kind: str,
    subject_kind: str,
    topic: Topic,
    key: str,
    event: Event,
    why: str,
    said_of: Mapping[str, object],
) -> str:
    """Publish the event of an action and write the action down; return its id."""
    await publish(connection, "console", topic, key, event)
    subject = str(getattr(event, "crew", ""))
    return await record(connection, who, kind, subject_kind, subject, why=why, said=said_of, event_id=event.id)


async def _with_crew(connection: Connection, crew: str) -> Crews:
    """Return the crews. Raises `ApiError` 404 `unknownCrew` when this one is not among them."""
    crews = await read_crews(connection)
    if crew not in crews.roster.crews:
        raise ApiError(404, "unknownCrew", "there is no such crew")
    return crews


def _base(body: Visiting, crews: Crews) -> tuple[str, Place | None]:
    """Return the region that a crew comes to, and the place that it starts from when that is no depot."""
    place = None if body.lon is None or body.lat is None else Place(lon=body.lon, lat=body.lat)
    if body.depot is not None:
        depot = crews.roster.depots.get(body.depot)
        if depot is None:
            raise ApiError(422, "unknownDepot", "there is no such depot", depot=body.depot)
        region = depot.region if body.region is None else body.region
    else:
        if place is None:
            raise ApiError(422, "noBase", "say from which depot or place it starts")
        regions = crews.roster.regions
        region = body.region if body.region is not None else regions[0] if len(regions) == 1 else ""
    if region not in crews.roster.regions:
        raise ApiError(422, "unknownRegion", "there is no such region", region=region)
    return region, place


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/crews/costs",
        right=Right.LOOK,
        summary="What it would cost to send each crew of the region to an `incident` or a `hazard`, best first.",
        handler=_costs,
        gives=Costs,
        refuses={404: ("unknownWork",), 409: ("workOver",), 422: ("invalid",)},
    ),
    Route(
        method="POST",
        path="/api/crews",
        right=Right.ACT,
        summary="A crew of another utility comes to help, or something else is said of one that is here.",
        handler=_come,
        takes=Visiting,
        gives=VisitTaken,
        refuses={
            **NOT_READ,
            422: (
                "invalid",
                "whyMissing",
                "badName",
                "unknownDepot",
                "unknownRegion",
                "noBase",
                "notAVisitor",
                "visitOver",
            ),
        },
    ),
    Route(
        method="DELETE",
        path="/api/crews/{crew}",
        right=Right.ACT,
        summary="A visiting crew goes home; what it has not finished goes to another one.",
        handler=_leave,
        takes=Leaving,
        gives=Taken,
        refuses={**NOT_READ, 404: ("unknownCrew",), 409: ("notVisiting",), 422: ("invalid", "whyMissing")},
    ),
    Route(
        method="POST",
        path="/api/crews/{crew}/status",
        right=Right.ACT,
        summary="Sign a crew on or off, or say that it has a break or is available. Signing off gives up its order (`gives_up`).",
        handler=_status,
        takes=StatusAsked,
        gives=StatusTaken,
        refuses={**NOT_READ, 404: ("unknownCrew",), 409: ("orderActive",), 422: ("invalid", "whyMissing")},
    ),
    Route(
        method="POST",
        path="/api/crews/{crew}/hours",
        right=Right.ACT,
        summary="Let a crew work until a time though its hours are up before.",
        handler=_hours,
        takes=HoursAsked,
        gives=Taken,
        refuses={**NOT_READ, 404: ("unknownCrew",), 422: ("invalid", "whyMissing", "noSuchHours")},
    ),
    Route(
        method="POST",
        path="/api/crews/{crew}/link",
        right=Right.ACT,
        summary="Make a link that opens the page of a crew's phone, once.",
        handler=_link,
        gives=Link,
        refuses={404: ("unknownCrew",)},
    ),
)
