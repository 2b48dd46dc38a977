from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import jsonschema
import pytest
from aiohttp.test_utils import TestClient, TestServer

from schemas.codec import decode
from schemas.events import ContactsRanked, HazardReported, HotlineReported, ReportKind
from schemas.topics import TOPICS
from services.access import store as access
from services.access.allowance import Allowances
from services.engine.deciding import Deciding, InboxStore
from services.hotline.api import build_api
from services.hotline.audit import RULES
from services.hotline.openapi import BASE, OPERATIONS, document
from services.hotline.stage import EscalateStage
from tests.hotline.accounts import begin, key_for
from tests.stage_script import ms, violations

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]


class Desk:
    """The API on a real socket over a real database, and the escalate stage that decides on what it stored."""

    def __init__(self, connection: Connection, client: TestClient[Any, Any], stage: EscalateStage, key: str) -> None:
        self.connection = connection
        self.client = client
        self.key = key
        self._deciding = Deciding(stage, InboxStore("escalate"), exercise=False)
        self._tick = 1

    async def ask(
        self, method: str, path: str, body: object = None, *, once: str | None = "k-1", key: str | None = None
    ) -> tuple[int, Any]:
        """Ask as an account does; return status and JSON, which keeps to the OpenAPI document."""
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        if once is not None:
            headers["Idempotency-Key"] = once
        async with self.client.request(method, BASE + path, json=body, headers=headers) as response:
            content = await response.json()
        as_described(method, path, response.status, content)
        return response.status, content

    async def code(self, *asked: Any, **given: Any) -> tuple[int, str]:
        """Return status and code of a refusal."""
        status, content = await self.ask(*asked, **given)
        return status, content["error"]["code"]

    async def decide(self, clock: str, account: str = "MILL") -> None:
        """Let a turn of the account be decided at this time."""
        self._tick += 1
        await self.connection.execute("UPDATE clock SET n = $1, now_ms = $2", self._tick, ms(clock))
        await self._deciding.decide(self.connection, account, self._tick, ms(clock))

    async def published(self) -> list[tuple[str, str, Any]]:
        """Return topic, key and event of everything in the outbox."""
        rows = await self.connection.fetch("SELECT topic, key, body FROM outbox ORDER BY seq")
        return [(row["topic"], row["key"], decode(row["body"], TOPICS[row["topic"]])) for row in rows]


def as_described(method: str, path: str, status: int, content: object) -> None:
    """Assert that an answer is one that the OpenAPI document describes."""
    described = json.loads(json.dumps(document("0")))
    place = re.sub("/outages/[^/]+", "/outages/{outage}", path)
    schema = described["paths"][place][method.lower()]["responses"][str(status)]["content"]["application/json"][
        "schema"
    ]
    jsonschema.validate(content, {**schema, "components": described["components"]})


@pytest.fixture
async def desk(connection: Connection, dsn: str) -> AsyncIterator[Desk]:
    stage = await begin(connection, now_ms=ms("06:00"))
    key = await key_for(connection, "MILL")
    async with (
        asyncpg.create_pool(dsn, min_size=2, max_size=2) as pool,
        TestClient(TestServer(build_api(pool, Allowances(per_s=1000, at_once=1000)), host="127.0.0.1")) as client,
    ):
        yield Desk(connection, client, stage, key)


async def test_a_report_is_a_fact_of_the_hotline_and_on_its_way_to_all_others_by_one_id(desk: Desk) -> None:
    status, taken = await desk.ask("POST", "/reports", {"kind": "outage", "customer": "C-4", "words": "Dark"})
    assert status == 202
    ((topic, key, event),) = await desk.published()
    assert (topic, key) == ("hotline.reports", "MILL")
    assert isinstance(event, HotlineReported)
    assert (event.id, event.kind, event.customer, event.words) == (taken["id"], ReportKind.CALL, "C-4", "Dark")
    inbox = await desk.connection.fetchrow("SELECT stage, shard, id, tick, topic FROM inbox")
    assert tuple(inbox) == ("escalate", "MILL", taken["id"], 1, "hotline.reports")
    assert await violations(desk.connection, RULES) == {}


async def test_a_report_leads_to_a_call_with_the_next_turn_and_the_account_can_follow_it(desk: Desk) -> None:
    await desk.ask("POST", "/reports", {"kind": "outage", "meter": "M-4"})
    await desk.decide("06:00:01")
    status, listed = await desk.ask("GET", "/outages")
    (outage,) = listed["outages"]
    assert status == 200
    assert (outage["customer"], outage["state"], outage["source"], outage["calls"]) == ("C-4", "calling", "report", 1)
    assert outage["since"] == "2026-03-01T06:00:00Z"
    assert outage["next_call"] == "2026-03-01T06:01:01Z"
    assert outage["call_list"] is None
    _, one = await desk.ask("GET", f"/outages/{outage['id']}")
    assert one == {
        **outage,
        "call_list": [
            {
                "attempt": 1,
                "contact": "K-1",
                "state": "due",
                "reason": None,
                "due": "2026-03-01T06:00:01Z",
                "done": None,
            }
        ],
    }


async def test_the_incident_and_the_crews_way_are_shown(desk: Desk) -> None:
    await desk.ask("POST", "/reports", {"kind": "outage", "customer": "C-1"})
    await desk.decide("06:00:01")
    await desk.connection.execute(
        """UPDATE entity SET body = (body::jsonb || '{"incident": "I-1", "outage": "O-1"}')::json WHERE kind = 'escalation'"""
    )
    await desk.connection.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                 changed_at_ms, heard, customers_out)
           VALUES ('I-1', 'A1', 'D', 'confirmed', 'x', 1, 'meter', 0, 0, 0, 0, 1, 1)"""
    )
    await desk.connection.execute(
        """INSERT INTO dispatch_order ("order", crew, job, incident, area, device, lon, lat, region, work, priority, attempt,
               skills, on_duty_since_ms, sent_at_ms, arrival_estimate_ms, state, reason, changed_at_ms, pinned)
           VALUES ('R-1', 'W1', 'I-1', 'I-1', 'A1', 'D', 1, 1, 'R1', 'repair', 'single', 1,
                   '{}', 0, 0, $1, 'enroute', 'x', 0, false)""",
        ms("06:30"),
    )
    _, one = await desk.ask("GET", "/outages/O-1")
    assert (one["incident"], one["incident_state"]) == ("I-1", "confirmed")
    assert one["crew"] == {"state": "enroute", "arrival": "2026-03-01T06:30:00Z"}


async def test_the_same_request_is_done_once_and_another_one_under_its_key_is_refused(desk: Desk) -> None:
    asked = {"kind": "outage", "customer": "C-1"}
    first = await desk.ask("POST", "/reports", asked)
    await desk.decide("06:00:01")
    assert await desk.ask("POST", "/reports", asked) == first
    assert len(await desk.published()) == 1
    assert await desk.code("POST", "/reports", {**asked, "customer": "C-4"}) == (409, "idempotencyMismatch")
    assert await desk.code("POST", "/reports", asked, once=None) == (400, "noIdempotencyKey")
    assert await desk.code("POST", "/reports", asked, once="k" * 65) == (400, "noIdempotencyKey")
    other = await key_for(desk.connection, "DAIRY")
    status, _ = await desk.ask("POST", "/reports", {"kind": "outage"}, key=other)
    assert (status, len(await desk.published())) == (202, 2)


async def test_power_back_ends_the_calls(desk: Desk) -> None:
    await desk.ask("POST", "/reports", {"kind": "outage", "customer": "C-1"})
    await desk.decide("06:00:01")
    await desk.ask("POST", "/reports", {"kind": "powerBack", "customer": "C-1"}, once="k-2")
    await desk.decide("06:00:02")
    _, listed = await desk.ask("GET", "/outages")
    (outage,) = listed["outages"]
    assert (outage["state"], outage["ended"], outage["next_call"]) == ("over", "2026-03-01T06:00:01Z", None)
    assert await desk.code("POST", f"/outages/{outage['id']}/acknowledge", {}) == (409, "outageOver")


async def test_an_outage_of_long_ago_is_listed_no_more_and_still_found(desk: Desk) -> None:
    await desk.ask("POST", "/reports", {"kind": "outage", "customer": "C-1"})
    await desk.ask("POST", "/reports", {"kind": "powerBack", "customer": "C-1"}, once="k-2")
    await desk.decide("06:00:01")
    _, listed = await desk.ask("GET", "/outages")
    await desk.connection.execute("UPDATE clock SET now_ms = now_ms + 8 * 86400000")
    assert (await desk.ask("GET", "/outages"))[1] == {"outages": []}
    status, _ = await desk.ask("GET", f"/outages/{listed['outages'][0]['id']}")
    assert status == 200


async def test_danger_goes_to_everybodys_reports_and_starts_no_calls(desk: Desk) -> None:
    place = {"lon": 10.5, "lat": 48.5}
    asked = {"kind": "danger", "hazard": "fire", "place": place, "words": "Smoke"}
    status, taken = await desk.ask("POST", "/reports", asked)
    assert status == 202
    ((topic, _, event),) = await desk.published()
    assert topic == "outage.reports"
    assert isinstance(event, HazardReported)
    assert (event.id, event.hazard.value, event.customer) == (taken["id"], "fire", None)
    assert await desk.connection.fetchval("SELECT count(*) FROM inbox") == 0
    assert await violations(desk.connection, RULES) == {}


async def test_an_acknowledgement_stops_the_calls_and_is_told_to_the_topic(desk: Desk) -> None:
    await desk.ask("POST", "/reports", {"kind": "outage", "customer": "C-1"})
    await desk.decide("06:00:01")
    outage = (await desk.ask("GET", "/outages"))[1]["outages"][0]["id"]
    status, _ = await desk.ask("POST", f"/outages/{outage}/acknowledge", {"contact": "K-2"}, once="k-2")
    assert status == 202
    await desk.decide("06:00:02")
    _, one = await desk.ask("GET", f"/outages/{outage}")
    assert (one["state"], one["acknowledged_by"], one["next_call"]) == ("acknowledged", "K-2", None)
    assert [topic for topic, _, _ in await desk.published()] == ["hotline.reports", "hotline.answers"]
    assert await violations(desk.connection, RULES) == {}


async def test_accounts_do_not_see_each_others_outages(desk: Desk) -> None:
    await desk.ask("POST", "/reports", {"kind": "outage", "customer": "C-1"})
    await desk.decide("06:00:01")
    outage = (await desk.ask("GET", "/outages"))[1]["outages"][0]["id"]
    dairy = await key_for(desk.connection, "DAIRY")
    assert (await desk.ask("GET", "/outages", key=dairy))[1] == {"outages": []}
    assert await desk.code("GET", f"/outages/{outage}", key=dairy) == (404, "unknownOutage")
    assert await desk.code("POST", f"/outages/{outage}/acknowledge", {}, key=dairy) == (404, "unknownOutage")


async def test_contacts_are_put_into_another_order_which_the_next_call_keeps_to(desk: Desk) -> None:
    _, before = await desk.ask("GET", "/contacts")
    assert [each["contact"] for each in before["contacts"]] == ["K-1", "K-2"]
    wanted = {"contacts": [{"contact": "K-2", "phone": "+99905555555"}, {"contact": "K-1"}]}
    status, after = await desk.ask("PUT", "/contacts", wanted)
    assert status == 200
    assert after == (await desk.ask("GET", "/contacts"))[1]
    assert [(c["contact"], c["phone"], c["own"]) for c in after["contacts"]] == [
        ("K-2", "+99905555555", True),
        ("K-1", "+99901111111", False),
    ]
    await desk.ask("PUT", "/contacts", wanted)
    ((topic, key, event),) = await desk.published()
    assert (topic, key) == ("hotline.answers", "MILL")
    assert isinstance(event, ContactsRanked)
    assert event.contacts == ["K-2", "K-1"]
    await desk.ask("POST", "/reports", {"kind": "outage", "customer": "C-1"})
    await desk.decide("09:00")
    (outage,) = (await desk.ask("GET", "/outages"))[1]["outages"]
    assert (await desk.ask("GET", f"/outages/{outage['id']}"))[1]["call_list"][0]["contact"] == "K-2"
    assert await violations(desk.connection, RULES) == {}


async def test_there_and_back_again_are_two_changes_of_the_order(desk: Desk) -> None:
    there, back = ({"contacts": [{"contact": name} for name in names]} for names in (("K-2", "K-1"), ("K-1", "K-2")))
    for wanted in (there, back, there):
        await desk.ask("PUT", "/contacts", wanted)
    assert [event.contacts[0] for _, _, event in await desk.published()] == ["K-2", "K-1", "K-2"]
    await desk.decide("06:00:01")
    assert (
        await desk.connection.fetchval("SELECT body ->> 'order' FROM entity WHERE kind = 'ladder'") == '["K-2","K-1"]'
    )


REFUSED: list[tuple[object, int, str]] = [
    ({"kind": "outage"}, 422, "premiseNotNamed"),
    ({"kind": "outage", "customer": "C-2"}, 422, "unknownPremise"),
    ({"kind": "outage", "meter": "M-99"}, 422, "unknownPremise"),
    ({"kind": "outage", "customer": "C-1", "contact": "K-9"}, 422, "unknownContact"),
    ({"kind": "outage", "customer": "C-1", "at": "2026-03-01T06:02:00Z"}, 422, "future"),
    ({"kind": "outage", "customer": "C-1", "hazard": "fire"}, 422, "noDanger"),
    ({"kind": "danger", "hazard": "fire"}, 422, "premiseNotNamed"),
    ({"kind": "storm"}, 422, "invalid"),
    ({"kind": "outage", "customer": "C-1", "phone": "+99911"}, 422, "invalid"),
    ({"kind": "outage", "customer": "C-1", "at": "2026-03-01T06:00:00"}, 422, "invalid"),
    ({"kind": "outage", "customer": "C-1", "words": "x" * 20_000}, 413, "tooLarge"),
    ([], 422, "invalid"),
]


async def test_what_makes_no_sense_is_refused_with_a_stable_code_and_leaves_nothing(desk: Desk) -> None:
    assert [await desk.code("POST", "/reports", asked) for asked, _, _ in REFUSED] == [
        (status, code) for _, status, code in REFUSED
    ]
    assert await desk.published() == []
    assert await desk.connection.fetchval("SELECT count(*) FROM hotline_request") == 0


async def test_a_list_that_is_not_the_contacts_is_refused(desk: Desk) -> None:
    for names in (["K-1"], ["K-1", "K-1"], ["K-1", "K-9"]):
        wanted = {"contacts": [{"contact": name} for name in names]}
        assert await desk.code("PUT", "/contacts", wanted) == (422, "notTheContacts")
    assert await desk.code("PUT", "/contacts", {"contacts": [{"contact": "K-1", "phone": "1"}]}) == (422, "invalid")


async def test_no_operation_answers_without_a_key_of_an_account(desk: Desk) -> None:
    keys = {
        "lk_nobody": (401, "unknownKey"),
        await access.create(desk.connection, "test", ["reports:write"], "MILL"): (403, "scopeMissing"),
        await key_for(desk.connection, None): (403, "noAccount"),
        await key_for(desk.connection, "NOBODY"): (403, "noAccount"),
    }
    for operation in OPERATIONS:
        place = operation.path.replace("{outage}", "O-1")
        for key, expected in keys.items():
            assert await desk.code(operation.method, place, {}, key=key) == expected
        async with desk.client.request(operation.method, BASE + place) as bare:
            assert (bare.status, (await bare.json())["error"]["code"]) == (401, "noKey")


async def test_who_asks_too_often_is_told_when_to_ask_again(connection: Connection, dsn: str) -> None:
    await begin(connection, now_ms=ms("06:00"))
    keys = [await key_for(connection, "MILL") for _ in range(2)]
    async with (
        asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool,
        TestClient(TestServer(build_api(pool, Allowances(per_s=0.001, at_once=2)), host="127.0.0.1")) as client,
    ):
        found = []
        for key in (keys[0], keys[0], keys[0], keys[1]):
            async with client.get(f"{BASE}/contacts", headers={"Authorization": f"Bearer {key}"}) as response:
                found.append((response.status, response.headers.get("Retry-After")))
    assert [status for status, _ in found] == [200, 200, 429, 200]
    assert 900 < int(found[2][1] or 0) <= 1000


async def test_the_document_describes_the_routes_that_there_are(desk: Desk) -> None:
    async with desk.client.get(f"{BASE}/openapi.json") as response:
        described = await response.json()
    assert described["openapi"] == "3.1.0"
    served = {
        (route.method, route.resource.canonical.removeprefix(BASE))
        for route in desk.client.server.app.router.routes()  # type: ignore[attr-defined]
        if route.resource is not None and route.method != "HEAD"
    }
    told = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert served == told | {("GET", "/openapi.json")}
    names = set(described["components"]["schemas"])
    references = {part.split('"')[0] for part in json.dumps(described).split("#/components/schemas/")[1:]}
    assert references <= names
    for shape in described["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(shape)
