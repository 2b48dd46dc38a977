"""Broadcasts: reckoned before they are sent, sent at once while they are small, else approved by a second person."""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from services.access.http import POOL, answer
from services.access.who import Right, Who
from services.console import broadcasts_shown, texts_acting
from services.console.api_incidents import named
from services.console.api_texts import acting_of
from services.console.asking import EXERCISE, NOT_READ, Route, number, said
from services.console.broadcasts_shown import (
    AreaShown,
    AudienceAsked,
    AudienceShown,
    BroadcastAsked,
    BroadcastRow,
    Broadcasts,
    reckoned,
    rules_of,
)
from services.console.ground import ground_now
from services.console.texts_acting import DecisionAsked
from services.engine.taking import Connection
from services.notices import store as notices
from services.notices import store_broadcasts

MOST_ROWS: Final = 200


class BroadcastDone(msgspec.Struct, frozen=True, kw_only=True):
    """The broadcast as it stands now: `sent`, or `asked` while it waits for a second person."""

    broadcast: BroadcastRow


async def audience(request: web.Request, who: Who) -> web.Response:
    """Answer with whom a broadcast would reach, and what it comes to."""
    del who
    asked = await said(request, AudienceAsked)
    ground = await ground_now(request)
    async with request.config_dict[POOL].acquire() as connection:
        found = await reckoned(connection, ground, asked, exercise=request.config_dict[EXERCISE])
    return answer(200, broadcasts_shown.shown(found, rules_of(request)))


async def ask(request: web.Request, who: Who) -> web.Response:
    """Send a broadcast, or ask for it."""
    asked = await said(request, BroadcastAsked)
    doing = await acting_of(request, who, asked)
    async with request.config_dict[POOL].acquire() as connection:
        made = await texts_acting.ask_broadcast(connection, doing, asked, rules_of(request))
        return await _done(request, connection, made)


async def approve(request: web.Request, who: Who) -> web.Response:
    """Approve a broadcast, which sends it."""
    return await _decided(request, who, approves=True)


async def refuse(request: web.Request, who: Who) -> web.Response:
    """Refuse a broadcast; who asked for it may take it back so."""
    return await _decided(request, who, approves=False)


async def listed(request: web.Request, who: Who) -> web.Response:
    """Answer with the newest broadcasts."""
    del who
    limit, rules = number(request, "limit", 50, least=1, most=MOST_ROWS), rules_of(request)
    ground = await ground_now(request)
    async with request.config_dict[POOL].acquire() as connection:
        found = await store_broadcasts.broadcasts(connection, limit)
        languages = (await notices.read_manners(connection)).languages
    rows = [broadcasts_shown.row(each, rules) for each in found]
    areas = [AreaShown(area=str(each.id), substations=each.substations) for each in ground.network.areas]
    return answer(200, Broadcasts(rows=rows, second_from=rules.second_from, areas=areas, languages=languages))


async def _decided(request: web.Request, who: Who, *, approves: bool) -> web.Response:
    asked = await said(request, DecisionAsked)
    doing = await acting_of(request, who, asked)
    async with request.config_dict[POOL].acquire() as connection:
        made = await texts_acting.decide_broadcast(connection, doing, named(request), asked, approves=approves)
        return await _done(request, connection, made)


async def _done(request: web.Request, connection: Connection, made: str) -> web.Response:
    found = await store_broadcasts.broadcast(connection, made)
    assert found is not None, "it was written right now, or by the same request before"
    return answer(202, BroadcastDone(broadcast=broadcasts_shown.row(found, rules_of(request))))


_OF_AUDIENCES: Final = (
    "invalid", "wordsMissing", "audienceMissing", "unknownIncident", "unknownArea", "unknownFeeder", "unknownDevice",
)  # fmt: skip
_BAD: Final = (*NOT_READ[400], "idempotencyKey")
_OF_DECISIONS: Final = {**NOT_READ, 400: _BAD, 404: ("notFound",), 422: ("invalid", "whyMissing"), 503: ("noUtility",)}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/broadcasts/audience",
        right=Right.LOOK,
        summary="Whom a broadcast would reach, and what it comes to. Nothing is sent.",
        handler=audience,
        takes=AudienceAsked,
        gives=AudienceShown,
        refuses={**NOT_READ, 422: _OF_AUDIENCES, 503: ("noUtility",)},
    ),
    Route(
        method="POST",
        path="/api/broadcasts",
        right=Right.ACT,
        summary="Send a broadcast; one that reaches many phones waits for a second person.",
        handler=ask,
        takes=BroadcastAsked,
        gives=BroadcastDone,
        refuses={
            **NOT_READ,
            400: _BAD,
            409: ("audienceChanged", "textsStopped", "idempotencyMismatch"),
            422: (*_OF_AUDIENCES, "whyMissing", "nobodyToTell"),
            503: ("noUtility",),
        },
    ),
    Route(
        method="GET",
        path="/api/broadcasts",
        right=Right.LOOK,
        summary="The newest broadcasts, and what there is to choose from.",
        handler=listed,
        gives=Broadcasts,
        refuses={422: ("invalid",), 503: ("noUtility",)},
    ),
    Route(
        method="POST",
        path="/api/broadcasts/{id}/approve",
        right=Right.ACT,
        summary="Approve a broadcast that another person asked for: it is sent.",
        handler=approve,
        takes=DecisionAsked,
        gives=BroadcastDone,
        refuses={
            **_OF_DECISIONS,
            409: ("secondPersonNeeded", "decidedAlready", "broadcastStale", "textsStopped", "idempotencyMismatch"),
        },
    ),
    Route(
        method="POST",
        path="/api/broadcasts/{id}/refuse",
        right=Right.ACT,
        summary="Refuse a broadcast, or take back one's own.",
        handler=refuse,
        takes=DecisionAsked,
        gives=BroadcastDone,
        refuses={**_OF_DECISIONS, 409: ("decidedAlready", "idempotencyMismatch")},
    ),
)
