"""The door for those who have no Kafka: events come in over HTTP, are stored in PostgreSQL, and the relay publishes them.

Kafka may be down meanwhile. A room says in its `api.py` which routes it has; the pages about them are made from that.
"""

from __future__ import annotations

import asyncio
import dataclasses
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec
from aiohttp import web

from schemas.events import Event
from schemas.topics import Topic
from services.access import store
from services.access.accepting import checked_key, events_in
from services.access.allowance import Allowances
from services.access.http import POOL, ApiError, answer, authorised, body_of, parsed
from services.access.store import Refusal

EXERCISE: Final = web.AppKey("exercise", bool)
ALLOWANCES: Final = web.AppKey("allowances", Allowances)
MAX_BODY = 1_048_576
"""A request beyond this many bytes is not read."""

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.Response]]
_document = msgspec.json.Decoder(object)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route, and what is said of it: `takes` are the events it accepts, `gives` the schema of its answer `status`.

    `examples` are requests by name; `refuses` are its error codes by status.
    """

    method: Literal["GET", "POST"]
    path: str
    scope: str | None
    summary: str
    handler: Handler
    status: int
    gives: Mapping[str, Any]
    refuses: Mapping[int, tuple[str, ...]]
    takes: tuple[type[Event], ...] = ()
    examples: Mapping[str, Any] = dataclasses.field(default_factory=dict)


ACCEPTED: Mapping[str, Any] = {
    "type": "object",
    "properties": {"accepted": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
    "required": ["accepted"],
    "description": "The ids of the events, in the order of the request. The same request again has the same answer.",
}
NOT_LET_IN: Mapping[int, tuple[str, ...]] = {
    401: ("noKey", "unknownKey"),
    403: ("scopeMissing",),
    503: ("databaseAway",),
}
REFUSED: Mapping[int, tuple[str, ...]] = {
    400: ("empty", "malformed", "doubledField", "idempotencyKey", "noId"),
    **NOT_LET_IN,
    409: ("idempotencyMismatch",),
    413: ("tooLarge",),
    415: ("notJson",),
    422: ("invalid", "insaneTime", "wrongTopic", "future", "doubledId", "noEvents", "tooMany"),
    429: ("tooMuch",),
}


def accepting(
    path: str,
    topic: Topic,
    scope: str,
    summary: str,
    *,
    takes: tuple[type[Event], ...],
    examples: Mapping[str, Any],
    also: tuple[str, ...] = (),
    check: Callable[[Event], None] = lambda _: None,
) -> Route:
    """Return the route that accepts events of this topic.

    `check` raises `ApiError` 422 with one of the codes `also` for an event that is well formed and yet makes no sense.
    """

    async def handler(request: web.Request) -> web.Response:
        key = await authorised(request, scope)
        idempotency_key = checked_key(request.headers.get("Idempotency-Key"))
        document = parsed(await body_of(request), _document)
        _take_allowance(request, key.id, len(document) if isinstance(document, list) else 1)
        events = events_in(
            document,
            topic,
            key_id=key.id,
            idempotency_key=idempotency_key,
            exercise=request.app[EXERCISE],
        )
        for event in events:
            check(event)
        async with request.config_dict[POOL].acquire() as connection:
            try:
                await store.accept(connection, key.id, idempotency_key, topic, events)
            except Refusal as refusal:
                status = 409 if refusal.code == "idempotencyMismatch" else 422
                raise ApiError(status, refusal.code, refusal.detail, event=refusal.event_id) from refusal
        return answer(202, {"accepted": [event.id for event in events]})

    return Route(
        method="POST",
        path=path,
        scope=scope,
        summary=summary,
        handler=handler,
        status=202,
        gives=ACCEPTED,
        refuses={**REFUSED, 422: (*REFUSED[422], *also)},
        takes=takes,
        examples=examples,
    )


def _take_allowance(request: web.Request, key_id: str, events: int) -> None:
    wait_s = request.app[ALLOWANCES].take(key_id, events, asyncio.get_running_loop().time())
    if wait_s:
        raise ApiError(429, "tooMuch", "more events than this key may send", retry_after_s=math.ceil(wait_s))
