"""What every HTTP edge of ours shares: who may enter, how a body is read, and how an error is told.

An error is a JSON object with a stable code: `{"error": {"code": "scopeMissing", "detail": "..."}}`.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from services.access import store
from services.access.keys import Key
from services.database.pool import LOST, Pool
from services.logs import get_logger

log = get_logger(__name__)

POOL: Final = web.AppKey("pool", Pool)
"""The pool of the application, or of the application it is a part of."""

RETRY_AFTER_S = 5
_CODES = {404: "notFound", 405: "methodNotAllowed", 413: "tooLarge"}
T = TypeVar("T")


class ApiError(Exception):
    """A request that is refused. `code` is stable, `detail` is for people; what `more` holds and is not None goes beside them."""

    def __init__(
        self, status: int, code: str, detail: str, *, retry_after_s: int | None = None, **more: int | str | None
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.more = {name: value for name, value in more.items() if value is not None}
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        if status == 401:  # noqa: PLR2004 (RFC 9110: an answer 401 says how to authenticate)
            self.headers["WWW-Authenticate"] = "Bearer"


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a JSON answer."""
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers)


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Tell every error as JSON. What nobody foresaw is logged, and told without a word of its content."""
    try:
        return await handler(request)
    except ApiError as error:
        return _told(error)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004 (a redirect is no error)
            raise
        told = _told(ApiError(error.status, _CODES.get(error.status, "refused"), error.reason))
        if "Allow" in error.headers:
            told.headers["Allow"] = error.headers["Allow"]
        return told
    except LOST as error:
        log.warning("web.database_lost", error=type(error).__name__)
        return _told(ApiError(503, "databaseAway", "the database is away", retry_after_s=RETRY_AFTER_S))
    except Exception as error:  # noqa: BLE001 (the request ends here, not the process)
        # Where it happened and not what it says: that may quote a phone number.
        trace = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        log.error(  # noqa: TRY400 (as above)
            "web.failed", method=request.method, route=_route(request), error=type(error).__name__, trace=trace
        )
        return _told(ApiError(500, "internal", "a mistake of ours; it was logged"))


def _told(error: ApiError) -> web.Response:
    body = {"error": {"code": error.code, "detail": error.detail, **error.more}}
    return answer(error.status, body, error.headers)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


async def authorised(request: web.Request, scope: str) -> Key:
    """Return the key that a request came with, when it allows this scope.

    Raises `ApiError`: 401 `noKey` or `unknownKey` (also a revoked one), 403 `scopeMissing`.
    """
    kind, _, presented = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not presented:
        raise ApiError(401, "noKey", "send the header Authorization: Bearer <key>")
    async with request.config_dict[POOL].acquire() as connection:
        key = await store.find(connection, presented.strip())
    if key is None:
        raise ApiError(401, "unknownKey", "there is no such key, or it was revoked")
    if scope not in key.scopes:
        raise ApiError(403, "scopeMissing", f"the key lacks the scope {scope}")
    return key


async def body_of(request: web.Request) -> bytes:
    """Return the body of a request. Raises `ApiError`: 415 `notJson`, 413 `tooLarge`, 400 `empty`."""
    if request.content_type != "application/json":
        raise ApiError(415, "notJson", "send the body as application/json")
    body = await request.read()
    if not body:
        raise ApiError(400, "empty", "no body")
    return body


def parsed(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what a body says.

    Raises `ApiError`: 400 `malformed` with the `position` of the first byte that is no JSON, 400 `doubledField`, 422
    `invalid` with the path of the value that is wrong.
    """
    try:
        body.decode()
        value = decoder.decode(body)
        json.loads(body, object_pairs_hook=_once)
    except msgspec.ValidationError as error:
        raise ApiError(422, "invalid", str(error)[:300]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, "malformed", str(error)[:300], position=_position(error, body)) from error
    return value


def _position(error: Exception, body: bytes) -> int:
    if isinstance(error, UnicodeDecodeError):
        return error.start
    found = re.search(r"(trailing characters )?\(byte ([0-9]+)\)", str(error))
    # Of characters behind the end msgspec names the second one.
    return int(found[2]) - bool(found[1]) if found else len(body)


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ApiError(400, "doubledField", ", ".join(doubled)[:300])
