"""Strict codecs between the bytes on a topic and an event.

Decoding accepts exactly one JSON object of a known type and version, without unknown or doubled fields, with aware
times between 2000 and 2099 (those with another offset are brought to UTC); anything else raises `Unreadable` with a
stable code. Encoding is canonical: equal events, equal bytes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from schemas.events import AnyEvent, Event
from schemas.topics import Topic

MAX_BYTES = 1_048_576
"""A body beyond this many bytes is not looked at."""

FIRST_YEAR, LAST_YEAR = 2000, 2099

_decode = msgspec.json.Decoder(AnyEvent).decode
_encode = msgspec.json.Encoder(order="deterministic").encode

_TIMES = {
    event: tuple(field.name for field in msgspec.structs.fields(event) if "datetime" in repr(field.type))
    for event in get_args(AnyEvent)
}
"""The fields of each event that hold a time."""

_TOLD_ONCE = frozenset(event for event, names in _TIMES.items() if names == ("at",))
"""The events that speak of one time."""


class Unreadable(Exception):
    """A body that is no event of its topic. `code` is stable, `detail` says where."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def encode(event: Event) -> bytes:
    """Return the canonical bytes of an event: UTF-8 JSON, fields as defined, times in UTC, no white space.

    Raises ValueError for an event that nobody could read: with a time that is naive or out of the years 2000 to 2099.
    """
    try:
        return _encode(_in_utc(event))
    except Unreadable as error:
        raise ValueError(str(error)) from error


def decode(body: bytes | None, topic: Topic) -> Event:
    """Return the event in these bytes.

    Raises `Unreadable` with one of the codes `empty`, `tooLarge`, `malformed`, `invalid`, `doubledField`, `insaneTime`,
    `wrongTopic`.
    """
    return decoded(body, topic)[0]


def decoded(body: bytes | None, topic: Topic) -> tuple[Event, bytes]:
    """Return the event in these bytes, and its canonical bytes. Raises as `decode` does."""
    if not body:
        raise Unreadable("empty", "no body")
    if len(body) > MAX_BYTES:
        raise Unreadable("tooLarge", f"{len(body)} bytes, at most {MAX_BYTES}")
    try:
        event = _decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable("invalid", str(error)[:300]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("malformed", str(error)[:300]) from error
    if type(event) not in topic.events:
        raise Unreadable("wrongTopic", f"{event.__struct_config__.tag} does not travel on {topic.name}")
    event = _in_utc(event)
    canonical = _encode(event)
    # Bytes that equal our own encoding cannot hold a field twice; only others need the slow look.
    if canonical != body:
        _refuse_doubled_fields(body)
    return event, canonical


def decoded_all(bodies: Iterable[bytes | None], topic: Topic) -> list[tuple[Event, bytes] | Unreadable]:
    """Return for each of these bodies what `decoded` returns or raises; the way of a flood, in one loop without calls."""
    plain = _TOLD_ONCE.intersection(topic.events)
    found: list[tuple[Event, bytes] | Unreadable] = []
    for body in bodies:
        # Bytes that equal our own encoding are of a known type, without unknown or doubled fields; what else is asked of
        # them is asked here. Everything else goes the long way, which knows the words for what is wrong.
        try:
            event = _decode(body or b"")
            at = event.at
            if (
                type(event) in plain
                and at.tzinfo is dt.UTC
                and FIRST_YEAR <= at.year <= LAST_YEAR
                and _encode(event) == body
                and len(body) <= MAX_BYTES
            ):
                found.append((event, body))
                continue
        except (msgspec.MsgspecError, ValueError, RecursionError):
            pass
        try:
            found.append(decoded(body, topic))
        except Unreadable as refused:
            found.append(refused)
    return found


def _in_utc(event: Event) -> Event:
    moved: dict[str, dt.datetime] = {}
    for name in _TIMES[type(event)]:
        value = getattr(event, name)
        if value is None:
            continue
        _refuse_insane_time(name, value)
        if value.tzinfo is not dt.UTC:
            moved[name] = value.astimezone(dt.UTC)
            _refuse_insane_time(name, moved[name])
    return msgspec.structs.replace(event, **moved) if moved else event


def _refuse_insane_time(name: str, value: dt.datetime) -> None:
    if value.tzinfo is None:
        raise Unreadable("insaneTime", f"{name} has no time zone")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Unreadable("insaneTime", f"{name} lies in the year {value.year}")


def _refuse_doubled_fields(body: bytes) -> None:
    # What a decoder that knows no schema gives back byte for byte has each field once; only what it does not needs the slow look.
    if msgspec.json.encode(msgspec.json.decode(body)) == body:
        return

    def once(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            doubled = sorted({name for name in names if names.count(name) > 1})
            raise Unreadable("doubledField", ", ".join(doubled)[:300])

    json.loads(body, object_pairs_hook=once)


def type_of(event: Event) -> str:
    """Return the type and version of an event, as in its tag: `outage.reported.v1`."""
    return str(event.__struct_config__.tag)
