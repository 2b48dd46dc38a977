"""Garbage over HTTP: each has its code, nothing of it is kept, and the next good request is served."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import ClientSession

from services.access import store
from services.access.accepting import MOST_EVENTS
from services.access.edge import MAX_BODY
from services.access.keys import id_of
from services.engine.taking import Connection
from tests.hostile.payloads import HOSTILE, Payload
from tests.web.speaking import REPORT, code, get, post

GOOD = json.dumps(REPORT).encode()


async def nothing_kept(house: Connection) -> None:
    for table in ("outbox", "edge_request", "edge_event"):
        assert await house.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_what_is_no_json_is_refused_with_the_position(edge: ClientSession, key: str, house: Connection) -> None:
    for body, position in (
        (b"{", 1),
        (b'{"a":1,}', 7),
        (GOOD[:40], 40),
        (GOOD + b"x", len(GOOD)),
        (GOOD + b" x", len(GOOD) + 1),
        (b"\xff\xfe", 0),
        (b'{"id":"\xc3("}', 7),
        (b"NaN", 0),
        (b"'id'", 0),
        (b"[" * 100_000, 100_000),
    ):
        answered = await post(edge, key, body)
        assert (*code(answered), answered[1]["error"]["position"]) == (400, "malformed", position), body[:50]
    await nothing_kept(house)


HARMLESS_HERE = {"no id", "an array of one event"}
"""What is no event on a topic and is a good request: the id is derived, and a request may be a list."""
CALLED_OTHERWISE = {
    "white space": "malformed",
    "deep arrays": "malformed",
    "deep arrays in an unknown field": "malformed",
    "an array": "noEvents",
    "two types": "doubledField",
}
"""What the codec need not look at as closely as the edge, which reads a document before its events."""


async def test_every_hostile_payload_is_refused_here_too(edge: ClientSession, key: str, house: Connection) -> None:
    paths = {"outage.reports": "/api/v1/reports", "crew.status": "/api/v1/crew-status"}
    statuses = {"malformed": 400, "doubledField": 400, "empty": 400, "tooLarge": 413}
    tried = [each for each in HOSTILE if each.topic.name in paths and each.name not in HARMLESS_HERE]
    wrong = []
    for payload in tried:
        answered = await post(edge, key, _as_sent(payload), path=paths[payload.topic.name], idempotency_key="x")
        wanted = CALLED_OTHERWISE.get(payload.name, payload.code)
        if answered[0] == 202 or code(answered) != (statuses.get(wanted, 422), wanted):
            wrong.append((payload.name, wanted, answered))
    assert wrong == []
    assert len(tried) > 90
    await nothing_kept(house)


def _as_sent(payload: Payload) -> bytes:
    """Return a payload without the mark of an exercise, which a sender never gives, and yet as long as it was."""
    bare = payload.body.replace(b'"exercise": false, ', b"").replace(b'"exercise":false,', b"")
    return bare.ljust(len(payload.body))


async def test_what_is_no_event_is_invalid(edge: ClientSession, key: str) -> None:
    for body in (b"1", b"null", b'"x"', b"[1]", b"[[]]", b"[null]", b"{}", b"[{}]"):
        assert code(await post(edge, key, body, idempotency_key="x")) == (422, "invalid"), body


async def test_the_event_that_is_wrong_is_named_by_its_place(edge: ClientSession, key: str, house: Connection) -> None:
    bad = {**REPORT, "id": "r-2", "kind": "rumour"}
    answered = await post(edge, key, [REPORT, {**REPORT, "id": "r-3"}, bad])
    assert code(answered) == (422, "invalid")
    assert answered[1]["error"]["index"] == 2
    assert "$.kind" in answered[1]["error"]["detail"]
    await nothing_kept(house)


async def test_a_refusal_has_a_code(edge: ClientSession, key: str, house: Connection) -> None:
    refusals: tuple[tuple[Any, int, str], ...] = (
        ([], 422, "noEvents"),
        ([REPORT] * (MOST_EVENTS + 1), 422, "tooMany"),
        ([REPORT, REPORT], 422, "doubledId"),
        ({name: value for name, value in REPORT.items() if name != "id"}, 400, "noId"),
        ({**REPORT, "type": "crew.reported.v1"}, 422, "invalid"),
        ({**REPORT, "at": "2150-01-01T00:00:00Z"}, 422, "insaneTime"),
        (b"", 400, "empty"),
        (b'{"id":"a","id":"b"}', 400, "doubledField"),
        (b'[{"place":{"lon":1,"lon":2}}]', 400, "doubledField"),
        (b" " * (MAX_BODY + 1), 413, "tooLarge"),
    )
    for body, status, refused in refusals:
        assert code(await post(edge, key, body)) == (status, refused)
    await nothing_kept(house)


async def test_an_event_of_another_topic_is_refused(edge: ClientSession, key: str) -> None:
    said = {"type": "crew.reported.v1", "id": "s", "at": REPORT["at"], "crew": "C-1", "status": "available"}
    assert code(await post(edge, key, said)) == (422, "wrongTopic")


async def test_an_idempotency_key_is_short_and_printable(edge: ClientSession, key: str) -> None:
    for given in ("", "x" * 129, "a b", "\u00e4"):
        assert code(await post(edge, key, REPORT, idempotency_key=given)) == (400, "idempotencyKey")


async def test_a_body_must_be_called_json(edge: ClientSession, key: str) -> None:
    assert code(await post(edge, key, GOOD, content_type="text/plain")) == (415, "notJson")


async def test_nobody_comes_in_without_a_key_that_may(edge: ClientSession, key: str, house: Connection) -> None:
    crews = await store.create(house, "depot", ["crew-status:write"])
    for presented, refused in (
        (None, (401, "noKey")),
        ("", (401, "noKey")),
        ("lk_0123456789ab_" + "x" * 43, (401, "unknownKey")),
        (key[:-1] + ("A" if key[-1] != "A" else "B"), (401, "unknownKey")),
        ("x" * 5_000, (401, "unknownKey")),
        (crews, (403, "scopeMissing")),
    ):
        assert code(await post(edge, presented, REPORT)) == refused
        assert code(await get(edge, presented, "/api/v1/reports/r-1")) == refused
    await nothing_kept(house)


async def test_a_revoked_key_opens_nothing_from_then_on(edge: ClientSession, key: str, house: Connection) -> None:
    assert (await post(edge, key, REPORT))[0] == 202
    await store.revoke(house, str(id_of(key)))
    assert code(await post(edge, key, REPORT)) == (401, "unknownKey")


async def test_a_refusal_says_how_to_come_in(edge: ClientSession) -> None:
    async with edge.post("/api/v1/reports", data=GOOD) as answer:
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_who_sends_too_much_is_told_when_to_come_again(edge: ClientSession, key: str, house: Connection) -> None:
    sent = [{**REPORT, "id": f"r-{number}"} for number in range(MOST_EVENTS)]
    answers = [await post(edge, key, sent) for _ in range(4)]
    assert {status for status, _ in answers} == {202}
    refused = None
    for _ in range(20):
        async with edge.post("/api/v1/reports", json=sent, headers={"Authorization": f"Bearer {key}"}) as answer:
            refused = answer.status, await answer.json(), answer.headers.get("Retry-After")
        if refused[0] == 429:
            break
    assert refused is not None
    assert code(refused[:2]) == (429, "tooMuch")
    assert int(str(refused[2])) >= 1
    other = await store.create(house, "other", ["reports:write"])
    assert (await post(edge, other, REPORT))[0] == 202


async def test_there_is_nothing_else(edge: ClientSession, key: str) -> None:
    assert code(await get(edge, key, "/")) == (404, "notFound")
    assert code(await post(edge, key, REPORT, path="/api/v1/report")) == (404, "notFound")
    async with edge.get("/api/v1/reports", headers={"Authorization": f"Bearer {key}"}) as answer:
        assert code((answer.status, await answer.json())) == (405, "methodNotAllowed")
        assert answer.headers["Allow"] == "POST"


async def test_a_good_request_behind_the_garbage_is_served(edge: ClientSession, key: str) -> None:
    for body in (b"\x00", b"[" * 90_000, b"{}", b" " * (MAX_BODY + 1)):
        assert (await post(edge, key, body))[0] >= 400
    assert (await post(edge, key, REPORT))[0] == 202
