"""One incident whole, and what a dispatcher does about incidents, dangers and devices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from services.access import acted
from services.access.accepting import checked_key
from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console import acting, hazard_detail, incident_detail, outcomes, undoing
from services.console.acting import Acting
from services.console.asking import EXERCISE, Route, number, said
from services.console.attention import Request
from services.console.causes import CAUSES, CauseCode
from services.console.ground import ground_now
from services.console.hazard_detail import HazardDetail
from services.console.incident_detail import CustomersPage, IncidentDetail
from services.console.intents import ActionAsked, StateAsked, UndoAsked
from services.console.outcomes import ActionRow
from services.engine.taking import Connection

TIMELINE = 200
MOST_ROWS = 2_000


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The action that was made, as it stands now: most are on their way still."""

    action: ActionRow


class Causes(msgspec.Struct, frozen=True, kw_only=True):
    """The causes that a person may give."""

    causes: tuple[CauseCode, ...]


async def incident(request: web.Request, who: Who) -> web.Response:
    """Answer with one incident whole."""
    del who
    limit = number(request, "timeline", TIMELINE, least=1, most=MOST_ROWS)
    before = number(request, "before") if "before" in request.query else None
    ground = await ground_now(request)
    async with request.config_dict[POOL].acquire() as connection:
        found = await incident_detail.detail(connection, ground, named(request), limit=limit, before_ms=before)
    return _found(found, "incident")


async def customers(request: web.Request, who: Who) -> web.Response:
    """Answer with a page of an incident's customers."""
    offset, limit = number(request, "offset", 0), number(request, "limit", 100, least=1, most=1_000)
    ground = await ground_now(request)
    async with request.config_dict[POOL].acquire() as connection:
        found = await incident_detail.customers(
            connection, ground, named(request), personal=who.may(Right.PERSONAL), offset=offset, limit=limit
        )
    return _found(found, "incident")


async def act_on_incident(request: web.Request, who: Who) -> web.Response:
    """Act on an incident."""
    asked = await said(request, ActionAsked)
    return await _acted(request, who, asked, lambda c, a: acting.on_incident(c, a, named(request), asked))


async def hazard(request: web.Request, who: Who) -> web.Response:
    """Answer with one danger whole."""
    limit = number(request, "timeline", TIMELINE, least=1, most=MOST_ROWS)
    before = number(request, "before") if "before" in request.query else None
    ground = await ground_now(request)
    async with request.config_dict[POOL].acquire() as connection:
        found = await hazard_detail.detail(
            connection, ground, named(request), personal=who.may(Right.PERSONAL), limit=limit, before_ms=before
        )
    return _found(found, "danger")


async def act_on_hazard(request: web.Request, who: Who) -> web.Response:
    """Act on a danger."""
    asked = await said(request, ActionAsked)
    return await _acted(request, who, asked, lambda c, a: acting.on_hazard(c, a, named(request), asked))


async def say_state(request: web.Request, who: Who) -> web.Response:
    """Say how a device stands."""
    asked = await said(request, StateAsked)
    return await _acted(request, who, asked, lambda c, a: acting.on_device(c, a, named(request), asked))


async def undo(request: web.Request, who: Who) -> web.Response:
    """Take an action back."""
    asked = await said(request, UndoAsked)
    return await _acted(request, who, asked, lambda c, a: undoing.undo(c, a, named(request), asked))


async def action(request: web.Request, who: Who) -> web.Response:
    """Answer with an action and what became of it."""
    del who
    async with request.config_dict[POOL].acquire() as connection:
        found = await acted.action(connection, named(request))
        rows = [] if found is None else await outcomes.rows(connection, [found])
    return _found(rows[0] if rows else None, "action")


async def causes(request: web.Request, who: Who) -> web.Response:
    """Answer with the causes that a person may give."""
    del request, who
    return answer(200, Causes(causes=CAUSES))


async def _acted(
    request: web.Request, who: Who, asked: msgspec.Struct, act: Callable[[Connection, Acting], Awaitable[str]]
) -> web.Response:
    """Do it, once for each Idempotency-Key, and answer with the action."""
    key = checked_key(request.headers.get("Idempotency-Key"))
    ground = await ground_now(request)
    doing = Acting(
        who=who,
        ground=ground,
        exercise=request.config_dict[EXERCISE],
        request=None if key is None else Request.of(who.user, key, request.path, msgspec.json.encode(asked)),
    )
    async with request.config_dict[POOL].acquire() as connection:
        made = await acted.action(connection, await act(connection, doing))
        assert made is not None, "it was recorded right now, or by the same request before"
        [row] = await outcomes.rows(connection, [made])
    return answer(202, Done(action=row))


def named(request: web.Request) -> str:
    """Return the id in the path. Raises `ApiError` 404 `notFound` for what can be nobody's id."""
    name = request.match_info["id"]
    if not name.isprintable():
        raise ApiError(404, "notFound", "nothing is called so")
    return name


def _found(found: object | None, what: str) -> web.Response:
    if found is None:
        raise ApiError(404, "notFound", f"there is no such {what}")
    return answer(200, found)


_REFUSED = {
    404: ("notFound",),
    409: ("changedMeanwhile", "idempotencyMismatch"),
    422: ("invalid", "whyMissing", "wrongSubject", "notOpen"),
}
_OF_WORK = (
    "unknownWork",
    "workOver",
    "alreadySo",
    "crewMissing",
    "unknownCrew",
    "otherRegion",
    "unknownOrder",
    "orderOver",
)
_OF_INCIDENTS = (
    "deviceMissing", "unknownDevice", "otherArea", "notBehind", "nothingToSplit", "sameIncident", "unknownIncident",
    "targetNotOpen", "estimateMissing", "estimatePast", "estimateTooFar", "wordsMissing", "unknownCause",
)  # fmt: skip

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/incidents/{id}",
        right=Right.LOOK,
        summary="An incident whole; `timeline` rows of its history, before the time `before` (milliseconds).",
        handler=incident,
        gives=IncidentDetail,
        refuses={404: ("notFound",), 422: ("invalid",), 503: ("noUtility",)},
    ),
    Route(
        method="GET",
        path="/api/incidents/{id}/customers",
        right=Right.LOOK,
        summary="The customers of an incident from `offset` on, at most `limit`: life support first, then by tier and id.",
        handler=customers,
        gives=CustomersPage,
        refuses={404: ("notFound",), 422: ("invalid",), 503: ("noUtility",)},
    ),
    Route(
        method="POST",
        path="/api/incidents/{id}/actions",
        right=Right.ACT,
        summary="Act on an incident as it was seen; what changed meanwhile is refused with who changed it.",
        handler=act_on_incident,
        takes=ActionAsked,
        gives=Done,
        refuses={**_REFUSED, 422: (*_REFUSED[422], *_OF_INCIDENTS, *_OF_WORK), 503: ("noUtility",)},
    ),
    Route(
        method="GET",
        path="/api/hazards/{id}",
        right=Right.LOOK,
        summary="A danger whole; `timeline` rows of its history, before the time `before` (milliseconds).",
        handler=hazard,
        gives=HazardDetail,
        refuses={404: ("notFound",), 422: ("invalid",), 503: ("noUtility",)},
    ),
    Route(
        method="POST",
        path="/api/hazards/{id}/actions",
        right=Right.ACT,
        summary="Act on a danger as it was seen.",
        handler=act_on_hazard,
        takes=ActionAsked,
        gives=Done,
        refuses={**_REFUSED, 422: (*_REFUSED[422], *_OF_WORK, "wordsMissing"), 503: ("noUtility",)},
    ),
    Route(
        method="POST",
        path="/api/devices/{id}/state",
        right=Right.ACT,
        summary="Say that a device stands open or closed.",
        handler=say_state,
        takes=StateAsked,
        gives=Done,
        refuses={**_REFUSED, 404: ("unknownDevice",), 422: ("invalid", "whyMissing"), 503: ("noUtility",)},
    ),
    Route(
        method="GET",
        path="/api/actions/{id}",
        right=Right.LOOK,
        summary="An action, and what became of it.",
        handler=action,
        gives=ActionRow,
        refuses={404: ("notFound",)},
    ),
    Route(
        method="POST",
        path="/api/actions/{id}/undo",
        right=Right.ACT,
        summary="Take an action back, where that is possible.",
        handler=undo,
        takes=UndoAsked,
        gives=Done,
        refuses={
            **_REFUSED,
            409: (*_REFUSED[409], "undoneAlready", "notDecidedYet"),
            422: ("invalid", "whyMissing", "notUndoable", "nothingToUndo", "orderUnderWork", "estimatePast", "notOpen"),
            503: ("noUtility",),
        },
    ),
    Route(
        method="GET",
        path="/api/causes",
        right=Right.LOOK,
        summary="The causes that a person may give an incident.",
        handler=causes,
        gives=Causes,
    ),
)
