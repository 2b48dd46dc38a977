"""Reads the events in a request, by the codec that reads them from a topic too: what is accepted here is accepted there."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from schemas.codec import Unreadable, decode
from schemas.events import Event
from schemas.ids import derived
from schemas.topics import Topic
from services.access.http import ApiError

MOST_EVENTS = 1_000
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,128}")
_encoder = msgspec.json.Encoder()


def checked_key(given: str | None) -> str | None:
    """Return the idempotency key that was given. Raises `ApiError` 400 `idempotencyKey` for one that cannot be one."""
    if given is not None and not IDEMPOTENCY_KEY.fullmatch(given):
        raise ApiError(400, "idempotencyKey", "1 to 128 printable ASCII characters without space")
    return given


def events_in(
    document: object, topic: Topic, *, key_id: str, idempotency_key: str | None, exercise: bool
) -> list[Event]:
    """Return the events of a request: its document is one or a list of them.

    An event without an id gets one that is derived from the access key, the idempotency key and its place in the list.
    Raises `ApiError` with the `index` of the event that is wrong: 400 `noId`, else 422 with a code of the codec,
    `doubledId`, `tooMany` or `noEvents`.
    """
    items = document if isinstance(document, list) else [document]
    if not items:
        raise ApiError(422, "noEvents", "the list is empty")
    if len(items) > MOST_EVENTS:
        raise ApiError(422, "tooMany", f"{len(items)} events, at most {MOST_EVENTS}")
    events: dict[str, Event] = {}
    for index, item in enumerate(items):
        event = _event(item, index, topic, key_id=key_id, idempotency_key=idempotency_key, exercise=exercise)
        if event.id in events:
            raise ApiError(422, "doubledId", f"{event.id} comes twice in one request", index=index)
        events[event.id] = event
    return list(events.values())


def _event(item: Any, index: int, topic: Topic, *, key_id: str, idempotency_key: str | None, exercise: bool) -> Event:
    if not isinstance(item, dict):
        raise ApiError(422, "invalid", "an event is a JSON object", index=index)
    if "exercise" in item:
        raise ApiError(422, "invalid", "whether this is an exercise is not for the sender to say", index=index)
    if "id" not in item:
        if idempotency_key is None:
            raise ApiError(400, "noId", "give the event an id, or the request an Idempotency-Key", index=index)
        item = {**item, "id": derived("sent", key_id, idempotency_key, index)}
    try:
        return decode(_encoder.encode({**item, "exercise": exercise}), topic)
    except Unreadable as error:
        raise ApiError(422, error.code, error.detail, index=index) from error
