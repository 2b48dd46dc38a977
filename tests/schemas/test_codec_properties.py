from __future__ import annotations

import datetime as dt
import string
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from schemas import events
from schemas.codec import LAST_YEAR, Unreadable, decode, encode
from schemas.golden import SAMPLES
from schemas.topics import OUTAGE_REPORTS, TOPICS, Topic

TYPES: tuple[type[events.Event], ...] = typing.get_args(events.AnyEvent)
ID_LETTERS = string.ascii_letters + string.digits + "_.:+/#-"
NOTE_LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters=[chr(code) for code in (*range(32), 127)])
PHONE, PHASES = (inspect.type_info(kind).pattern for kind in (events.Phone, events.Phases))  # type: ignore[attr-defined]
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
MOMENTS = st.datetimes(dt.datetime(2000, 1, 2), dt.datetime(LAST_YEAR, 12, 30), timezones=ZONES)  # noqa: DTZ001


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911, PLR0912 - a case for each type there is
    """Return a strategy for everything that a field of this type may hold."""
    match kind:
        case inspect.UnionType():
            return st.one_of([values(part) for part in kind.types])
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(kind.ge, kind.le)
        case inspect.FloatType():
            return st.one_of(st.floats(kind.ge, kind.le), st.integers(int(kind.ge or 0), int(kind.le or 0)))
        case inspect.DateTimeType():
            return MOMENTS
        case inspect.EnumType():
            return st.sampled_from(list(kind.cls))
        case inspect.StrType() if kind.pattern == PHONE:
            return st.text(string.digits, min_size=6, max_size=14).map(lambda digits: f"+1{digits}")
        case inspect.StrType() if kind.pattern == PHASES:
            return st.sampled_from(["A", "B", "C", "AB", "CA", "ABC"])
        case inspect.StrType() if kind.min_length:
            return st.text(ID_LETTERS, min_size=kind.min_length, max_size=kind.max_length)
        case inspect.StrType():
            return st.text(NOTE_LETTERS, max_size=kind.max_length)
        case inspect.ListType():
            return st.lists(values(kind.item_type), min_size=kind.min_length or 0, max_size=5)
        case inspect.StructType():
            return structs(kind.cls)
    pytest.fail(f"no strategy for {kind}")


def structs(cls: type) -> st.SearchStrategy[Any]:
    """Return a strategy for a structure with any content."""
    described = inspect.type_info(cls)
    assert isinstance(described, inspect.StructType)
    return st.builds(cls, **{field.name: values(field.type) for field in described.fields})


EVENTS: st.SearchStrategy[events.Event] = st.one_of([structs(kind) for kind in TYPES])


def topic_of(event: events.Event) -> Topic:
    (topic,) = [topic for topic in TOPICS.values() if type(event) in topic.events]
    return topic


@given(EVENTS)
@settings(deadline=None, max_examples=300)
def test_what_was_written_is_read_as_it_was_and_written_the_same_again(event: events.Event) -> None:
    body = encode(event)
    read = decode(body, topic_of(event))
    assert read == event
    assert encode(read) == body


@given(EVENTS, ZONES)
@settings(deadline=None, max_examples=200)
def test_equal_events_have_equal_bytes_whatever_the_offset_of_their_times(
    event: events.Event, zone: dt.timezone
) -> None:
    moved = {
        name: value.astimezone(zone)
        for name in event.__struct_fields__
        if isinstance(value := getattr(event, name), dt.datetime)
    }
    same = msgspec.structs.replace(event, **moved)
    assert same == event
    assert encode(same) == encode(event)


@given(EVENTS)
@settings(deadline=None, max_examples=100)
def test_an_event_is_read_from_its_own_topic_only(event: events.Event) -> None:
    body = encode(event)
    for topic in TOPICS.values():
        if topic is not topic_of(event):
            with pytest.raises(Unreadable, match="wrongTopic"):
                decode(body, topic)


@st.composite
def mutilated(draw: st.DrawFn) -> tuple[bytes, Topic]:
    """Draw the bytes of an event with a few bytes flipped, cut out, doubled or put in."""
    event = draw(EVENTS)
    body = bytearray(encode(event))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        what = draw(st.sampled_from(["cut", "double", "put", "flip"]))
        if what == "cut":
            del body[start:end]
        elif what == "double":
            body[start:start] = body[start:end]
        elif what == "put":
            body[start:start] = draw(
                st.one_of(
                    st.binary(max_size=6),
                    st.sampled_from([b"null", b"1e999", b"NaN", b"-0", b'"', b"\\ud800", b"[[", b'{"x":', b"9" * 5000]),
                )
            )
        elif start < len(body):
            body[start] ^= 1 << draw(st.integers(0, 7))
    return bytes(body), topic_of(event)


@given(mutilated())
@settings(deadline=None, max_examples=1500)
def test_mutilated_bytes_are_read_as_a_valid_event_or_refused_and_nothing_else(given: tuple[bytes, Topic]) -> None:
    body, topic = given
    try:
        event = decode(body, topic)
    except Unreadable:
        return
    again = encode(event)
    assert decode(again, topic) == event
    assert encode(decode(again, topic)) == again


@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_refused_or_read(body: bytes) -> None:
    for topic in TOPICS.values():
        with pytest.raises(Unreadable):
            decode(body, topic)


def test_points_that_are_equal_have_equal_bytes() -> None:
    assert msgspec.json.encode(events.Place(11, 0)) == msgspec.json.encode(events.Place(11.0, -0.0))


@pytest.mark.parametrize(
    "at",
    [
        dt.datetime(2026, 3, 1, 18),  # noqa: DTZ001 - naive on purpose
        dt.datetime(1999, 12, 31, 23, tzinfo=dt.UTC),
        dt.datetime(2000, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))),
        dt.datetime(2100, 1, 1, tzinfo=dt.UTC),
    ],
)
def test_an_event_that_nobody_could_read_is_not_written(at: dt.datetime) -> None:
    with pytest.raises(ValueError, match="insaneTime"):
        encode(msgspec.structs.replace(SAMPLES[0], at=at))


def test_what_cannot_be_said_twice_is_looked_for_only_in_bytes_that_are_not_our_own() -> None:
    body = encode(SAMPLES[0])
    assert decode(body, OUTAGE_REPORTS) == decode(body.replace(b",", b" ,"), OUTAGE_REPORTS)
