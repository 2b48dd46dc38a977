from __future__ import annotations

import pytest

from schemas.codec import Unreadable, decode, decoded, decoded_all, encode
from schemas.topics import OUTAGE_REPORTS, TOPICS, Topic
from tests.hostile.payloads import GOOD, HARMLESS, HOSTILE, Payload


def named(payload: Payload) -> str:
    return payload.name


def test_the_good_report_is_read_and_canonical() -> None:
    assert encode(decode(GOOD, OUTAGE_REPORTS)) == GOOD


def test_payloads_have_names_of_their_own() -> None:
    names = [payload.name for payload in HOSTILE + HARMLESS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("payload", HOSTILE, ids=named)
def test_a_hostile_payload_is_refused_with_its_code(payload: Payload) -> None:
    with pytest.raises(Unreadable) as refused:
        decode(payload.body, payload.topic)
    assert refused.value.code == payload.code
    assert len(refused.value.detail) <= 300


@pytest.mark.parametrize("payload", HOSTILE, ids=named)
def test_a_hostile_payload_is_refused_on_every_topic(payload: Payload) -> None:
    topics = [topic for topic in TOPICS.values() if payload.code != "wrongTopic" or topic is payload.topic]
    for topic in topics:
        with pytest.raises(Unreadable):
            decode(payload.body, topic)


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_many_at_once_are_read_and_refused_as_each_alone(topic: Topic) -> None:
    bodies = [None, b"", GOOD, *(payload.body for payload in HOSTILE + HARMLESS), GOOD]

    def alone(body: bytes | None) -> tuple[object, ...]:
        try:
            return decoded(body, topic)
        except Unreadable as refused:
            return refused.code, refused.detail

    together = [
        (each.code, each.detail) if isinstance(each, Unreadable) else each for each in decoded_all(bodies, topic)
    ]
    assert together == [alone(body) for body in bodies]


def test_no_body_at_all_is_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        decode(None, OUTAGE_REPORTS)
    assert refused.value.code == "empty"


@pytest.mark.parametrize("payload", HARMLESS, ids=named)
def test_what_only_looks_odd_is_read(payload: Payload) -> None:
    event = decode(payload.body, payload.topic)
    assert decode(encode(event), payload.topic) == event
