"""What each region dispatches by, and how its crews are sent: a dispatcher may choose, and leave it to the settings again."""

from __future__ import annotations

import msgspec
from aiohttp import web

from schemas.events import DispatchMode, ModeSet, Note
from schemas.ids import derived
from schemas.topics import CREW_ACTIONS
from services.access.actions import record
from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.clock import from_ms
from services.console.asking import EXERCISE, Route, given, said
from services.dispatch.rules import Rules
from services.dispatch.showing import read_crews
from services.dispatch.showing_costs import clock_now
from services.engine.direct import publish


class RegionRules(msgspec.Struct, frozen=True):
    """What a region dispatches by now; its mode is the dispatcher's where one chose it."""

    region: str
    rules: Rules


class AllRules(msgspec.Struct, frozen=True):
    """What the regions dispatch by, sorted by region."""

    regions: list[RegionRules]


class ModeAsked(msgspec.Struct, forbid_unknown_fields=True):
    """How the crews of a region are sent from now on (null: as the settings say), and why."""

    mode: DispatchMode | None
    why: Note


class ModeTaken(msgspec.Struct, frozen=True):
    """The action that was taken down."""

    action: str


async def _rules(request: web.Request, who: Who) -> web.Response:
    del who
    async with request.config_dict[POOL].acquire() as connection:
        crews = await read_crews(connection)
    return answer(200, AllRules([RegionRules(region, crews.rules_of(region)) for region in crews.roster.regions]))


async def _mode(request: web.Request, who: Who) -> web.Response:
    body, region = await said(request, ModeAsked), request.match_info["region"]
    why = given(body.why)
    async with request.config_dict[POOL].acquire() as connection, connection.transaction():
        if region not in (await read_crews(connection)).roster.regions:
            raise ApiError(404, "unknownRegion", "there is no such region")
        now = await clock_now(connection)
        event = ModeSet(
            id=derived("console", who.session, "mode", region, body.mode or "", now),
            at=from_ms(now),
            exercise=request.config_dict[EXERCISE],
            region=region,
            mode=body.mode,
            by=who.user,
            why=why,
        )
        await publish(connection, "console", CREW_ACTIONS, region, event)
        told = {"mode": body.mode}
        action = await record(connection, who, "mode", "rules", region, why=why, said=told, event_id=event.id)
    return answer(202, ModeTaken(action))


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/dispatch/rules",
        right=Right.LOOK,
        summary="What each region dispatches by.",
        handler=_rules,
        gives=AllRules,
    ),
    Route(
        method="POST",
        path="/api/dispatch/{region}/mode",
        right=Right.ACT,
        summary="Choose how the crews of a region are sent, or leave it to the settings again.",
        handler=_mode,
        takes=ModeAsked,
        gives=ModeTaken,
        refuses={
            400: ("empty", "malformed", "doubledField"),
            404: ("unknownRegion",),
            413: ("tooLarge",),
            415: ("notJson",),
            422: ("invalid", "whyMissing"),
        },
    ),
)
