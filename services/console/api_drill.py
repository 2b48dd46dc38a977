"""The panel of an exercise: a handset, an account, the truth, the clock, and what may be broken.

Each route is there in an exercise only. What is said here is said by the world of the drill: it goes on the world's schedule
and comes in at the front like everything else.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from schemas.events import Id, Phone, Words
from services.access.actions import record
from services.access.http import POOL, ApiError, answer
from services.access.who import Right, Who
from services.console.asking import Route, number, said
from services.drill import panel_store
from services.drill.panel import Account, Exercise, Handset, Message, Truth
from services.engine.taking import Connection

HANDSETS = 60
MESSAGES = 100
_BREAKABLE_BY_CUT = frozenset({"operator"})


class Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast the exercise runs, in times of real time; 0 lets it stand."""

    speed: Annotated[float, Meta(ge=0, le=240)]


class Typed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is typed on a handset."""

    words: Annotated[Words, Meta(min_length=1)]


class Called(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The premises for which somebody calls, or an account reports."""

    customer: Id


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The outage that an account acknowledges."""

    outage: Id


class Broken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be broken: `kill` a process (its supervisor starts it anew) or `cut` the operator for a while."""

    kind: Literal["kill", "cut"]
    part: Id


class Handsets(msgspec.Struct, frozen=True, kw_only=True):
    """Phones of the exercise."""

    phones: list[Handset]


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """The texts on one handset."""

    texts: list[Message]


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """The hotline accounts."""

    accounts: list[Account]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """It was taken and takes its way."""

    taken: bool = True


async def _exercise(request: web.Request, _: Who) -> web.StreamResponse:
    async with request.app[POOL].acquire() as connection:
        found = await panel_store.exercise(connection)
    if found is None:
        raise ApiError(404, "noExercise", "this database plays no storm")
    return answer(200, found)


async def _clock(request: web.Request, who: Who) -> web.StreamResponse:
    asked = await said(request, Clock)
    async with request.app[POOL].acquire() as connection, connection.transaction():
        await panel_store.set_speed(connection, asked.speed)
        await _note(connection, who, "drillClock", "clock", "exercise", speed=asked.speed)
    return answer(202, Taken())


async def _handsets(request: web.Request, _: Who) -> web.StreamResponse:
    async with request.app[POOL].acquire() as connection:
        found = await panel_store.handsets(connection, request.query.get("q", "").strip(), HANDSETS)
    return answer(200, Handsets(phones=found))


async def _messages(request: web.Request, _: Who) -> web.StreamResponse:
    limit = number(request, "limit", MESSAGES, least=1, most=1_000)
    async with request.app[POOL].acquire() as connection:
        texts = await panel_store.messages(connection, _phone(request), limit)
    return answer(200, Messages(texts=texts))


async def _type(request: web.Request, who: Who) -> web.StreamResponse:
    asked, phone = await said(request, Typed), _phone(request)
    async with request.app[POOL].acquire() as connection, connection.transaction():
        if not await panel_store.type_text(connection, phone, asked.words):
            raise ApiError(404, "unknownPhone", "nobody in this exercise has that phone")
        await _note(connection, who, "drillText", "phone", "handset")
    return answer(202, Taken())


async def _call(request: web.Request, who: Who) -> web.StreamResponse:
    asked = await said(request, Called)
    async with request.app[POOL].acquire() as connection, connection.transaction():
        if not await panel_store.call_in(connection, asked.customer):
            raise ApiError(404, "unknownCustomer", "the utility has no such customer")
        await _note(connection, who, "drillCall", "customer", asked.customer)
    return answer(202, Taken())


async def _accounts(request: web.Request, _: Who) -> web.StreamResponse:
    async with request.app[POOL].acquire() as connection:
        return answer(200, Accounts(accounts=await panel_store.accounts(connection)))


async def _account_reports(request: web.Request, who: Who) -> web.StreamResponse:
    asked, account = await said(request, Called), request.match_info["account"]
    async with request.app[POOL].acquire() as connection, connection.transaction():
        if not await panel_store.account_reports(connection, account, asked.customer):
            raise ApiError(404, "unknownPremise", "the account holds no such premise")
        await _note(connection, who, "drillReport", "account", account, customer=asked.customer)
    return answer(202, Taken())


async def _account_acknowledges(request: web.Request, who: Who) -> web.StreamResponse:
    asked, account = await said(request, Acknowledged), request.match_info["account"]
    async with request.app[POOL].acquire() as connection, connection.transaction():
        if not await panel_store.account_acknowledges(connection, account, asked.outage):
            raise ApiError(404, "unknownOutage", "the account has no such outage")
        await _note(connection, who, "drillAcknowledge", "account", account, outage=asked.outage)
    return answer(202, Taken())


async def _truth(request: web.Request, _: Who) -> web.StreamResponse:
    async with request.app[POOL].acquire() as connection:
        return answer(200, await panel_store.truth(connection))


async def _break(request: web.Request, who: Who) -> web.StreamResponse:
    asked = await said(request, Broken)
    if asked.kind == "cut" and asked.part not in _BREAKABLE_BY_CUT:
        raise ApiError(422, "invalid", "only the operator can be cut off; everything else can be killed")
    async with request.app[POOL].acquire() as connection, connection.transaction():
        if not await panel_store.wish(connection, asked.kind, asked.part):
            raise ApiError(404, "unknownPart", "there is no such process")
        await _note(connection, who, "drillBreak", "part", asked.part, how=asked.kind)
    return answer(202, Taken())


def _phone(request: web.Request) -> str:
    try:
        return msgspec.convert(request.match_info["phone"], Phone)
    except msgspec.ValidationError:
        raise ApiError(404, "unknownPhone", "nobody in this exercise has that phone") from None


async def _note(
    connection: Connection, who: Who, kind: str, subject_kind: str, subject: str, **asked: str | float
) -> None:
    await record(connection, who, kind, subject_kind, subject, why="exercise", said=asked)


def _route(method: Literal["GET", "POST"], path: str, summary: str, **more: object) -> Route:
    return Route(
        method=method,
        path=f"/api/drill{path}",
        right=Right.DRILL,
        summary=summary,
        drill=True,
        **more,  # type: ignore[arg-type]
    )


ROUTES: tuple[Route, ...] = (
    _route(
        "GET", "", "The exercise: storm, clock, processes, and the truth in numbers.", handler=_exercise, gives=Exercise
    ),
    _route(
        "POST", "/clock", "Let the exercise run faster, slower, or stand.", handler=_clock, takes=Clock, gives=Taken
    ),
    _route("GET", "/phones", "Handsets, those texted last first.", handler=_handsets, gives=Handsets),
    _route("GET", "/phones/{phone}", "The texts on a handset.", handler=_messages, gives=Messages),
    _route("POST", "/phones/{phone}", "Send a text from a handset.", handler=_type, takes=Typed, gives=Taken),
    _route("POST", "/calls", "Let a customer call: the power is out.", handler=_call, takes=Called, gives=Taken),
    _route("GET", "/accounts", "The hotline accounts as they see themselves.", handler=_accounts, gives=Accounts),
    _route(
        "POST",
        "/accounts/{account}/reports",
        "Let an account report a premise without power.",
        handler=_account_reports,
        takes=Called,
        gives=Taken,
    ),
    _route(
        "POST",
        "/accounts/{account}/acknowledgements",
        "Let an account acknowledge an outage.",
        handler=_account_acknowledges,
        takes=Acknowledged,
        gives=Taken,
    ),
    _route("GET", "/truth", "What truly happened in the world.", handler=_truth, gives=Truth),
    _route("POST", "/breakages", "Break a process and watch it heal.", handler=_break, takes=Broken, gives=Taken),
)
