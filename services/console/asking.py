"""What a request of the console is: a route with the right that it takes, and the person who asks.

A handler gets the request and who asks; errors are those of every HTTP edge of ours (`services.access.http`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from aiohttp import web

from schemas.codec import FIRST_YEAR, LAST_YEAR
from services.access.http import ApiError, body_of, parsed
from services.access.who import Right, Who
from services.clock import from_ms

EXERCISE: Final = web.AppKey("console_exercise", bool)
"""Whether this installation is an exercise."""
ASKS: Final[web.AppKey[Callable[[web.Request], Awaitable[Who | None]]]] = web.AppKey("console_asks")
"""Finds out who asks, as for every request: for a stream that stays open."""
STATE: Final = web.AppKey("console_state", dict[str, Any])
"""What the console's own parts share while the process lives, by name; each part says in its module what it puts there."""

Handler: TypeAlias = Callable[[web.Request, Who], Awaitable[web.StreamResponse]]
Open: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of the console for those who are signed in and have this right. `drill`: it is there in an exercise only.

    `takes` and `gives` are the structures of body and answer, `refuses` the error codes by status beside those of every route
    (401 `notSignedIn`, 403 `notAllowed`, `crossSite`).
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    right: Right
    summary: str
    handler: Handler
    takes: type[msgspec.Struct] | None = None
    gives: Any = None
    refuses: Mapping[int, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    drill: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoute:
    """A route for those who are not signed in yet."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    summary: str
    handler: Open
    takes: type[msgspec.Struct] | None = None
    gives: Any = None
    refuses: Mapping[int, tuple[str, ...]] = dataclasses.field(default_factory=dict)


async def said(request: web.Request, kind: type[T]) -> T:
    """Return the body of a request as this structure.

    Raises `ApiError`: 415 `notJson`, 413 `tooLarge`, 400 `empty`, `malformed`, `doubledField`, 422 `invalid`.
    """
    return parsed(await body_of(request), msgspec.json.Decoder(kind))


def number(request: web.Request, name: str, default: int | None = None, *, least: int = 0, most: int = 2**53) -> int:
    """Return a whole number of the query. Raises `ApiError` 422 `invalid` when it is missing, none, or out of bounds."""
    text = request.query.get(name)
    if text is None and default is not None:
        return default
    try:
        value = int(text or "")
    except ValueError:
        raise ApiError(422, "invalid", f"{name}: a whole number is expected") from None
    if not least <= value <= most:
        raise ApiError(422, "invalid", f"{name}: from {least} to {most}")
    return value


def moment(ms: int) -> dt.datetime:
    """Return the time that `until_ms` says. Raises `ApiError` 422 `invalid` for a time that no event can carry."""
    try:
        found = from_ms(ms)
    except OverflowError:
        raise ApiError(422, "invalid", "until_ms: no such time") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ApiError(422, "invalid", f"until_ms: the year {found.year}")
    return found


def given(why: str) -> str:
    """Return the reason that a person gave. Raises `ApiError` 422 `whyMissing` for none."""
    if not why.strip():
        raise ApiError(422, "whyMissing", "say why")
    return why.strip()


NOT_READ: Mapping[int, tuple[str, ...]] = {
    400: ("empty", "malformed", "doubledField"),
    413: ("tooLarge",),
    415: ("notJson",),
}
"""The codes with which a body is refused that cannot be read."""
