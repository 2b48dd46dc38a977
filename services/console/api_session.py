"""Signing in and out, and one's own password."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from typing import Annotated

import msgspec
from aiohttp import web

from services.access import sessions, showing, signing_in
from services.access.http import POOL, ApiError, answer
from services.access.passwords import MOST, WeakPassword
from services.access.showing import UtilityBrief
from services.access.who import RIGHTS, Right, Role, Who
from services.console.asking import EXERCISE, OpenRoute, Route, said
from services.engine.taking import Connection


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """User name and password."""

    user: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST)]


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """The password there is, and the one that there is to be."""

    old: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST)]
    new: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST + 1)]


class Session(msgspec.Struct, kw_only=True):
    """Who is signed in, what the person may do, and where."""

    user: str
    name: str
    role: Role
    rights: list[Right]
    crew: str | None
    exercise: bool
    version: str
    utility: UtilityBrief | None
    must_change_password: bool


async def session_of(request: web.Request, connection: Connection, who: Who) -> Session:
    """Return what a page is told of the person who is signed in. `drill` is among the rights in an exercise only."""
    exercise = request.config_dict[EXERCISE]
    return Session(
        user=who.user,
        name=who.name,
        role=who.role,
        rights=sorted(right for right in RIGHTS[who.role] if exercise or right is not Right.DRILL),
        crew=who.crew,
        exercise=exercise,
        version=importlib.metadata.version("lamplighter"),
        utility=await showing.utility(connection),
        must_change_password=who.must_change_password,
    )


async def opened(request: web.Request, connection: Connection, token: str) -> web.Response:
    """Return the answer to a request that opened a session with this token: the `Session`, and its cookie."""
    who = await sessions.who_has(connection, token, touch=False)
    if who is None:
        raise ApiError(401, "notSignedIn", "the session was ended at once")
    response = answer(200, await session_of(request, connection, who))
    return signing_in.signed_in(request, response, token, who.role)


async def _sign_in(request: web.Request) -> web.Response:
    body = await said(request, SignIn)
    token = await signing_in.sign_in(request, body.user.strip().lower(), body.password)
    before = await signing_in.who_asks(request)
    async with request.config_dict[POOL].acquire() as connection:
        if before is not None:  # its cookie is replaced: nobody has it any more
            await sessions.end(connection, before.session, "signedOut")
            signing_in.forget(before.session)
        return await opened(request, connection, token)


async def _ask(request: web.Request) -> web.Response:
    who = await signing_in.who_asks(request)
    if who is None:
        raise ApiError(401, "notSignedIn", "sign in first")
    async with request.config_dict[POOL].acquire() as connection:
        return answer(200, await session_of(request, connection, who))


async def _sign_out(request: web.Request) -> web.Response:
    who = await signing_in.who_asks(request)
    if who is not None:
        async with request.config_dict[POOL].acquire() as connection:
            await sessions.end(connection, who.session, "signedOut")
        signing_in.forget(who.session)
    return signing_in.signed_out(request, web.Response(status=204))


async def _change_password(request: web.Request, who: Who) -> web.Response:
    body = await said(request, NewPassword)
    if body.old == body.new:
        raise _weak(WeakPassword("unchanged"))
    try:
        await signing_in.change_password(request, who, body.old, body.new)
    except WeakPassword as weak:
        raise _weak(weak) from weak
    return web.Response(status=204)


def _weak(weak: WeakPassword) -> ApiError:
    return ApiError(422, "weakPassword", str(weak), why=weak.why)


_BODY: Mapping[int, tuple[str, ...]] = {
    400: ("empty", "malformed", "doubledField"),
    413: ("tooLarge",),
    415: ("notJson",),
    422: ("invalid",),
}

OPEN: tuple[OpenRoute, ...] = (
    OpenRoute(
        method="POST",
        path="/api/session",
        summary="Sign in: opens a session and sets its cookie. Too many wrong passwords: `locked`, with Retry-After.",
        handler=_sign_in,
        takes=SignIn,
        gives=Session,
        refuses={**_BODY, 401: ("wrongPassword", "notSignedIn"), 429: ("locked",)},
    ),
    OpenRoute(
        method="GET",
        path="/api/session",
        summary="Who is signed in.",
        handler=_ask,
        gives=Session,
        refuses={401: ("notSignedIn",)},
    ),
    OpenRoute(
        method="DELETE",
        path="/api/session",
        summary="Sign out: ends the session. Without one, nothing happens.",
        handler=_sign_out,
    ),
)
ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/session/password",
        right=Right.LOOK,
        summary="Change one's own password; one's other sessions end. The reason `why` of `weakPassword` is one of "
        "tooShort, tooLong, isUserName, commonest, unchanged.",
        handler=_change_password,
        takes=NewPassword,
        refuses={**_BODY, 403: ("wrongPassword",), 422: ("invalid", "weakPassword"), 429: ("locked",)},
    ),
)
