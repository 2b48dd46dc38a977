"""Who asks: the session in the cookie of a request. Looked up again every two seconds, so that an ended one stops soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Final

from aiohttp import web

from services.access import lockout, people, sessions
from services.access.http import POOL, ApiError
from services.access.passwords import checked_password, fits, is_outdated, slow_hash
from services.access.who import Role, Who
from services.engine.taking import Connection

SECURE_COOKIE: Final = web.AppKey("secure_cookie", bool)
"""Whether the cookie is for HTTPS alone (setting `console_secure_cookie`); an application without this key says no."""

COOKIE = "lamplighter_session"
CREW_COOKIE = "lamplighter_crew"
CREW_PATH = "/api/crew"
KNOWN_FOR_S = 2.0
TOUCHED_EVERY_S = 30.0
MOST_KNOWN = 2_000
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


@dataclass(slots=True)
class _Known:
    who: Who
    looked_s: float
    touched_s: float


_known: dict[bytes, _Known] = {}
"""By the hash of the token; a token is random to 256 bits, so applications side by side do not meet here."""


async def who_asks(request: web.Request) -> Who | None:
    """Return who is signed in, by the cookie; None for nobody. What this process knew is at most two seconds old.

    A stream that stays open asks again, once in some seconds, whether it may.
    """
    token = request.cookies.get(_cookie_name(request))
    if not token:
        return None
    key = sessions.hashed_token(token)
    now_s = monotonic()
    known = _known.get(key)
    if known is not None and now_s - known.looked_s < KNOWN_FOR_S:
        return known.who
    touch = known is None or now_s - known.touched_s >= TOUCHED_EVERY_S
    async with request.config_dict[POOL].acquire() as connection:
        who = await sessions.who_has(connection, token, touch=touch)
    if who is None:
        _known.pop(key, None)
        return None
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    _known[key] = _Known(who, now_s, now_s if known is None or touch else known.touched_s)
    return who


def forget(*ended: str) -> None:
    """Let sessions that were ended here be looked up anew at once."""
    for key in [key for key, known in _known.items() if known.who.session in ended]:
        del _known[key]


def forget_user(user: str) -> None:
    """Let the sessions of a user who was changed here be looked up anew at once."""
    for key in [key for key, known in _known.items() if known.who.user == user]:
        del _known[key]


async def sign_in(request: web.Request, user: str, password: str) -> str:
    """Return the token of a new session. The work is the same for a user that there is not; no connection waits for it.

    Raises `ApiError`: 401 `wrongPassword` (also for a user that there is not, or who is disabled), 429 `locked`.
    """
    pool = request.config_dict[POOL]
    address = address_of(request)
    async with pool.acquire() as connection:
        await _count(connection, user, address)
        known = await people.known_hash(connection, user)
    fitting = await fits(password, known)
    renewed = await slow_hash(password) if fitting and known is not None and is_outdated(known) else None
    if fitting and known is not None:
        async with pool.acquire() as connection:
            token = await people.open_session(connection, user, known, renewed, agent_of(request))
            if token is not None:
                await lockout.succeeded(connection, user, address)
                return token
    raise ApiError(401, "wrongPassword", "user or password is wrong")


async def change_password(request: web.Request, who: Who, old: str, new: str) -> None:
    """Change one's own password; every other session of the person ends.

    Raises `ApiError`: 403 `wrongPassword`, 429 `locked`; and `WeakPassword`.
    """
    checked_password(who.user, new)
    pool = request.config_dict[POOL]
    address = address_of(request)
    async with pool.acquire() as connection:
        await _count(connection, who.user, address)
        known = await people.known_hash(connection, who.user)
    if known is not None and await fits(old, known):
        made = await slow_hash(new)
        async with pool.acquire() as connection:
            ended = await people.replace_hash(connection, who, known, made)
            if ended is not None:
                await lockout.succeeded(connection, who.user, address)
                forget(who.session, *ended)
                return
    raise ApiError(403, "wrongPassword", "the old password is wrong")


async def _count(connection: Connection, user: str, address: str) -> None:
    wait_s = await lockout.begin(connection, user, address)
    if wait_s:
        raise ApiError(429, "locked", "too many wrong passwords", retry_after_s=wait_s, retry=wait_s)


def signed_in(request: web.Request, response: web.Response, token: str, role: Role) -> web.Response:
    """Put the cookie of a session with this token into a response, and return it."""
    lasts: timedelta = sessions.CREW_LASTS if role is Role.CREW else sessions.PERSON_LASTS
    response.set_cookie(
        _cookie_name(request),
        token,
        max_age=int(lasts.total_seconds()),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.config_dict.get(SECURE_COOKIE, False),
    )
    return response


def signed_out(request: web.Request, response: web.Response) -> web.Response:
    """Take the cookie back in a response, and return it."""
    response.del_cookie(
        _cookie_name(request),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.config_dict.get(SECURE_COOKIE, False),
    )
    return response


def _cookie_name(request: web.Request) -> str:
    """Return the name of the cookie; a crew's phone has one of its own, so that a link of it signs nobody out of the console."""
    name = CREW_COOKIE if request.path == CREW_PATH or request.path.startswith(f"{CREW_PATH}/") else COOKIE
    return f"__Host-{name}" if request.config_dict.get(SECURE_COOKIE, False) else name


def agent_of(request: web.Request) -> str:
    """Return what the browser calls itself."""
    return request.headers.get("User-Agent", "")


def address_of(request: web.Request) -> str:
    """Return the client's address: of a proxy on this machine, the one that it says it had the request from last."""
    peer = request.remote or ""
    named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return named if named and peer in _LOOPBACK else peer
