"""What is accepted over HTTP is stored once, as it will be published, while Kafka is nowhere near."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientSession

from schemas.codec import decode
from schemas.topics import OUTAGE_REPORTS, TOPICS
from services.access import store
from services.access.audit import RULES
from services.engine import outbox
from services.engine.taking import Connection, Message, Taking
from services.reports.store import ReportKeeper
from tests.reports.hamlet import PREMISES, hamlet
from tests.stage_script import violations
from tests.web.speaking import REPORT, code, get, post


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in REPORT.items() if name not in names}


async def published(house: Connection) -> list[outbox.Unsent]:
    assert await violations(house, RULES) == {}
    return await outbox.unsent(house, 5_000)


async def test_a_report_is_put_into_the_outbox_as_intake_will_read_it(
    edge: ClientSession, key: str, house: Connection
) -> None:
    assert await post(edge, key, REPORT) == (202, {"accepted": ["r-1"]})
    (row,) = await published(house)
    event = decode(row.body, TOPICS[row.topic])
    assert (row.topic, row.key, event.id, event.exercise) == ("outage.reports", b"T1-1", "r-1", False)
    assert dict(row.headers)["ce_source"] == b"/lamplighter/edge"


async def test_a_list_is_published_in_its_order(edge: ClientSession, key: str, house: Connection) -> None:
    sent = [{**REPORT, "id": f"r-{number}"} for number in range(1_000)]
    status, answer = await post(edge, key, sent)
    assert (status, answer["accepted"]) == (202, [f"r-{number}" for number in range(1_000)])
    assert [decode(row.body, OUTAGE_REPORTS).id for row in await published(house)] == answer["accepted"]


async def test_an_id_is_derived_where_none_is_given(edge: ClientSession, key: str, house: Connection) -> None:
    first = await post(edge, key, [without("id"), REPORT, without("id")], idempotency_key="night-1")
    assert first[0] == 202
    assert len(set(first[1]["accepted"])) == 3
    other = await store.create(house, "other", ["reports:write"])
    for again in (
        await post(edge, key, without("id"), idempotency_key="night-2"),
        await post(edge, other, without("id"), idempotency_key="night-1"),
    ):
        assert again[0] == 202
        assert again[1]["accepted"][0] not in first[1]["accepted"]
    assert len(await published(house)) == 5


async def test_the_same_request_again_has_the_same_answer_and_counts_once(
    edge: ClientSession, key: str, house: Connection
) -> None:
    for body in (REPORT, without("id"), [REPORT, {**REPORT, "id": "r-2"}]):
        name = f"night-{len(str(body))}"
        answers = [await post(edge, key, body, idempotency_key=name) for _ in range(3)]
        assert answers[0][0] == 202
        assert answers == [answers[0]] * 3
    assert len(await published(house)) == 3


async def test_twenty_at_once_count_once(edge: ClientSession, key: str, house: Connection) -> None:
    sent = [{**REPORT, "id": f"r-{number}"} for number in range(50)]
    bodies = [sent, sent[::-1]] * 10
    answers = await asyncio.gather(*(post(edge, key, body) for body in bodies))
    assert {status for status, _ in answers} == {202}
    same = await asyncio.gather(*(post(edge, key, without("id"), idempotency_key="night") for _ in range(20)))
    assert [each == same[0] for each in same] == [True] * 20
    assert len(await published(house)) == 51


async def test_another_request_under_the_same_idempotency_key_is_refused_whole(
    edge: ClientSession, key: str, house: Connection
) -> None:
    await post(edge, key, REPORT, idempotency_key="night-1")
    for other in ({**REPORT, "customer": "T2-1"}, [REPORT, {**REPORT, "id": "r-2"}], without("id")):
        assert code(await post(edge, key, other, idempotency_key="night-1")) == (409, "idempotencyMismatch")
    assert len(await published(house)) == 1


async def test_another_event_under_the_same_id_is_refused_with_all_beside_it(
    edge: ClientSession, key: str, house: Connection
) -> None:
    await post(edge, key, REPORT)
    answered = await post(edge, key, [{**REPORT, "id": "r-0"}, {**REPORT, "customer": "T2-1"}], idempotency_key="x")
    assert code(answered) == (409, "idempotencyMismatch")
    assert answered[1]["error"]["event"] == "r-1"
    assert len(await published(house)) == 1
    assert (await post(edge, key, {**REPORT, "id": "r-0"}, idempotency_key="x"))[0] == 202


async def test_what_was_refused_may_be_sent_anew_under_the_same_idempotency_key(edge: ClientSession, key: str) -> None:
    assert code(await post(edge, key, {**REPORT, "kind": "rumour"}, idempotency_key="x")) == (422, "invalid")
    assert (await post(edge, key, REPORT, idempotency_key="x"))[0] == 202


async def test_a_name_that_two_senders_use_hides_neither(edge: ClientSession, key: str, house: Connection) -> None:
    other = await store.create(house, "other", ["reports:write"])
    await post(edge, key, REPORT)
    await post(edge, other, {**REPORT, "customer": "T2-1"})
    rows = await published(house)
    assert len(rows) == 2
    await take(house, rows)
    assert await get(edge, key, "/api/v1/reports/r-1") == (
        200,
        {"id": "r-1", "state": "located", "reason": "customerNamed"},
    )
    assert await get(edge, other, "/api/v1/reports/r-1") == (
        200,
        {"id": "r-1", "state": "parked", "reason": "sameIdOtherContent"},
    )


async def take(house: Connection, rows: list[outbox.Unsent]) -> None:
    """Take what the relay would have published."""
    taking = Taking("intake", ReportKeeper(hamlet(), PREMISES), exercise=False)
    await taking.take(
        house,
        [Message(row.topic, 0, offset, row.key, tuple(row.headers), row.body) for offset, row in enumerate(rows)],
    )


async def test_the_state_of_a_report_is_told_from_its_acceptance_on(
    edge: ClientSession, key: str, house: Connection
) -> None:
    names: dict[str, dict[str, str | None]] = {
        "r-1": {},
        "a/b#c+d": {"customer": "NOBODY"},
        "p": {"customer": None, "phone": "+49100000"},
    }
    await post(edge, key, [{**REPORT, "id": name, **other} for name, other in names.items()])
    assert (await get(edge, key, "/api/v1/reports/r-1"))[1]["state"] == "received"
    await take(house, await published(house))
    found = [(await get(edge, key, f"/api/v1/reports/{path}"))[1] for path in ("r-1", "a%2Fb%23c+d", "p")]
    assert [(each["id"], each["state"], each["reason"]) for each in found] == [
        ("r-1", "located", "customerNamed"),
        ("a/b#c+d", "unknown", "noSuchCustomer"),
        ("p", "unknown", "noSuchPhone"),
    ]


async def test_a_key_is_told_of_its_own_reports_only(edge: ClientSession, key: str, house: Connection) -> None:
    await post(edge, key, REPORT)
    other = await store.create(house, "other", ["reports:write"])
    for asking, path in ((other, "r-1"), (key, "r-2"), (key, "%00"), (key, "x" * 5_000)):
        assert code(await get(edge, asking, f"/api/v1/reports/{path}")) == (404, "noSuchReport")


async def test_what_intake_would_park_for_its_time_is_refused(edge: ClientSession, key: str, house: Connection) -> None:
    late, early = {**REPORT, "at": "2026-03-01T20:10:01Z"}, {**REPORT, "at": "2026-03-01T20:10:00Z"}
    assert code(await post(edge, key, late)) == (422, "future")
    assert (await post(edge, key, early))[0] == 202
    assert len(await published(house)) == 1


async def test_an_exercise_is_marked_by_us(edge: ClientSession, key: str) -> None:
    for mark in (True, False, "yes"):
        assert code(await post(edge, key, {**REPORT, "exercise": mark})) == (422, "invalid")


async def test_what_is_well_formed_and_makes_no_sense_is_refused(edge: ClientSession, key: str) -> None:
    window = {
        "type": "maintenance.announced.v1",
        "id": "w",
        "at": REPORT["at"],
        "window": "W-1",
        "isolates": ["switch:S"],
        "starts_at": "2026-03-02T10:00:00Z",
        "ends_at": "2026-03-02T10:00:00Z",
    }
    assert code(await post(edge, key, without("customer"))) == (422, "nobodyNamed")
    assert code(await post(edge, key, window, path="/api/v1/maintenance")) == (422, "endsBeforeStart")
