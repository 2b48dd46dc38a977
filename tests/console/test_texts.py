"""The ledger of texts, how they leave, what they cost, and the switch that stops them."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.events import TextOutcome, TextReceipt, TextReceived
from schemas.topics import NOTICE_INBOUND, NOTICE_RECEIPTS
from services.clock import from_ms
from services.engine import effects
from services.engine.gateway import Result
from services.notices.audit_dialogue import RULES
from services.notices.languages import WORDINGS
from services.notices.moments import TextBody
from services.notices.store_numbers import numbers_of
from tests.console.house import MINUTE_MS, House, Person, code
from tests.console.test_actions import decided
from tests.console.test_incidents import FUSE, People, opened

WHY = "the estimate is wrong"
GATEWAY = "drill:smpp"


async def hand_over(house: House, *, fail: int = 0) -> int:
    """Let a sender hand over what is due, of which so many fail; return how many there were."""
    await house.settle()
    now, attempts = await effects.claim(house.connection, "text", GATEWAY, 1_000)
    results = [
        (
            attempt.key,
            Result(state="failed", reason="notAPhone")
            if place < fail
            else Result(state="done", reason="accepted", reference=f"ref-{attempt.key}"),
        )
        for place, attempt in enumerate(attempts)
    ]
    await effects.settle(house.connection, now, results)
    return len(attempts)


async def receive(house: House, key: str, outcome: TextOutcome = TextOutcome.DELIVERED) -> None:
    area = await house.connection.fetchval("SELECT area FROM notice_decided WHERE key = $1", key)
    await house.hear(
        NOTICE_RECEIPTS,
        TextReceipt(id=f"receipt-{key}", at=from_ms(house.now), exercise=True, notice=key, area=area, outcome=outcome),
    )
    await house.settle()


async def write(house: House, phone: str, words: str) -> None:
    event = TextReceived(
        id=f"said-{phone}-{house.now}", at=from_ms(house.now), exercise=True, phone=phone, words=words, nonce="5ec4e7"
    )
    await house.hear(NOTICE_INBOUND, event)
    await house.settle()


async def rows(person: Person, query: str) -> list[dict[str, Any]]:
    status, body = await person.get(f"/api/texts?{query}")
    assert status == 200, body
    return list(body["rows"])


def of_texts(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in shown["gateways"] if row["kind"] == "text"]


async def test_the_ledger_says_who_was_told_what_whether_it_arrived_and_what_came_back(
    house: House, people: People
) -> None:
    incident = await opened(house)
    total = await hand_over(house)
    first, *_ = await rows(people["dora"], f"incident={incident}")
    await receive(house, first["key"])
    await house.later(1)
    await write(house, first["phone"], "thank you, all fine")
    status, ledger = await people["dora"].get(f"/api/texts?incident={incident}&limit=500")
    assert status == 200
    assert len(ledger["rows"]) >= total - 1
    assert ledger["counts"]["delivered"] == 1
    assert sum(ledger["counts"].values()) == len(ledger["rows"])
    row = next(each for each in ledger["rows"] if each["key"] == first["key"])
    assert (row["state"], row["channel"], row["gateway"], row["attempts"]) == ("delivered", "text", GATEWAY, 1)
    assert row["customer"] == row["customers"][0]
    assert row["phone"].startswith("+")
    assert row["words"].startswith("EXERCISE: ")
    assert (row["segments"], row["receipt_at_ms"]) == (1, house.now - MINUTE_MS)
    assert row["reply"] == {"words": "thank you, all fine", "at_ms": house.now}
    own = await rows(people["dora"], f"customer={row['customer']}")
    answer = next(each for each in own if each["moment"] == "answer")
    assert answer["asked"] == {"words": "thank you, all fine", "at_ms": house.now}
    assert (answer["phone"], answer["state"], answer["by"]) == (row["phone"], "due", "")
    assert row["key"] in {each["key"] for each in own}
    answers = await rows(people["dora"], f"customer={row['customer']}&moment=answer")
    assert [each["key"] for each in answers] == [answer["key"]]
    assert [each["key"] for each in await rows(people["dora"], f"incident={incident}&state=delivered")] == [row["key"]]


async def test_what_is_personal_is_shown_to_those_who_may_see_it(house: House, people: People) -> None:
    incident = await opened(house)
    first, *_ = await rows(people["dora"], f"incident={incident}")
    await write(house, first["phone"], "my name is known")
    _, seen = await people["vera"].get("/api/texts")
    assert len(seen["rows"]) > 1
    said = str(seen)
    assert "+" not in said
    assert "my name" not in said
    assert {each["words"] for each in seen["rows"]} == {""}
    assert any(each["phone"].endswith(first["phone"][-2:]) for each in seen["rows"])


async def test_the_ledger_is_read_page_by_page(house: House, people: People) -> None:
    incident = await opened(house)
    whole = [each["key"] for each in await rows(people["dora"], f"incident={incident}&limit=500")]
    assert len(whole) > 4
    seen: list[str] = []
    before = ""
    while True:
        _, page = await people["dora"].get(f"/api/texts?incident={incident}&limit=3{before}")
        seen += [each["key"] for each in page["rows"]]
        if page["next_before"] is None:
            break
        before = f"&before={page['next_before']}"
    assert seen == whole


async def test_what_can_name_nothing_is_refused(people: People) -> None:
    for query in ("before=x", "before=1:%0A", "limit=0", "limit=501", "incident=", f"customer={'x' * 65}"):
        assert code(await people["dora"].get(f"/api/texts?{query}")) == (422, "invalid"), query
    assert await rows(people["dora"], "incident=nobody") == []
    assert code(await people["nobody"].get("/api/texts")) == (401, "notSignedIn")


async def test_the_gateways_show_rates_failures_and_what_waits(house: House, people: People) -> None:
    _, before = await people["vera"].get("/api/texts/gateways")
    assert (before["stopped"], before["gateways"], len(before["series"])) == (None, [], 60)
    await opened(house)
    waiting = await house.connection.fetchval("SELECT count(*) FROM effects WHERE kind = 'text' AND state = 'due'")
    _, idle = await people["vera"].get("/api/texts/gateways")
    [row] = of_texts(idle)
    assert (row["gateway"], row["waiting"], row["connected"]) == ("", waiting, None)
    total = await hand_over(house, fail=2)
    first = await house.connection.fetchval(
        "SELECT key FROM notice WHERE state = 'done' AND channel = 'text' ORDER BY key LIMIT 1"
    )
    await receive(house, first, TextOutcome.FAILED)
    _, shown = await people["vera"].get("/api/texts/gateways")
    [row] = of_texts(shown)
    assert (row["gateway"], row["connected"], row["per_min"], row["sent"]) == (GATEWAY, True, total - 2, total - 2)
    assert (row["failed"], row["delivered"], row["waiting"]) == (3, 0, 0)
    assert {"reason": "notAPhone", "count": 2} in row["failures"]
    assert (shown["series"][-1]["sent"], shown["series"][-1]["failed"]) == (total - 2, 3)
    assert shown["series"][-1]["at_ms"] == house.now // MINUTE_MS * MINUTE_MS
    await house.later(61)
    _, late = await people["vera"].get("/api/texts/gateways")
    assert sum(minute["sent"] for minute in late["series"]) == 0


async def test_texts_of_an_incident_are_stopped_taken_back_and_told_as_things_stand_then(
    house: House, people: People
) -> None:
    incident = await opened(house)
    waiting = await house.connection.fetchval("SELECT count(*) FROM notice WHERE incident = $1", incident)
    for name in ("vera", "otto"):
        refused = await people[name].post("/api/texts/stop", {"incident": incident, "why": WHY})
        assert code(refused) == (403, "notAllowed")
    stop = {"incident": incident, "why": WHY}
    answered = await people["dora"].post("/api/texts/stop", stop, key="k")
    action = await decided(house, people["dora"], answered)
    assert (action["kind"], action["state"], action["undoable"]) == ("stopTexts", "done", True)
    assert (action["subject"], action["said"]) == (incident, {"recalled": waiting})
    again = await people["dora"].post("/api/texts/stop", stop, key="k")
    assert again[1]["action"]["id"] == action["id"]
    assert code(await people["dirk"].post("/api/texts/stop", stop)) == (409, "stoppedAlready")
    assert {each["reason"] for each in await rows(people["dora"], f"incident={incident}&limit=500")} == {"textsStopped"}
    assert await hand_over(house) == 0
    _, shown = await people["vera"].get("/api/texts/gateways")
    assert shown["stopped"] is None
    assert [(each["incident"], each["by"], each["recalled"]) for each in shown["stops"]] == [
        (incident, "Dora", waiting)
    ]
    await house.later(5)
    assert await hand_over(house) == 0
    await decided(house, people["dirk"], await people["dirk"].post("/api/texts/resume", stop))
    told = await house.connection.fetch(
        "SELECT customers FROM notice WHERE incident = $1 AND moment = 'powerOut' AND state = 'due'", incident
    )
    assert len(told) > 0
    assert await hand_over(house) >= len(told)
    assert code(await people["dora"].post("/api/texts/resume", stop)) == (409, "notStopped")


async def test_all_texts_are_held_at_once_and_a_stop_can_be_taken_back(house: House, people: People) -> None:
    await opened(house)
    stop = {"why": "wrong texts go out"}
    action = await decided(house, people["dora"], await people["dora"].post("/api/texts/stop", stop))
    assert action["subject"] == "all"
    assert await hand_over(house) == 0
    await write(house, "+999000000001", "help")
    assert await hand_over(house) == 0
    reasons = await house.connection.fetch("SELECT DISTINCT state, reason FROM effects WHERE kind = 'text'")
    assert {tuple(row) for row in reasons} == {("superseded", "textsStopped"), ("due", "textsStopped")}
    _, shown = await people["vera"].get("/api/texts/gateways")
    assert (shown["stopped"]["incident"], shown["stopped"]["why"]) == (None, "wrong texts go out")
    undone = await people["dirk"].post(f"/api/actions/{action['id']}/undo", {"why": "they are right"})
    back = await decided(house, people["dirk"], undone)
    assert (back["kind"], back["state"]) == ("resumeTexts", "done")
    assert await hand_over(house) > 0
    _, shown = await people["vera"].get("/api/texts/gateways")
    assert shown["stopped"] is None


async def test_nothing_is_stopped_that_is_not_there_or_without_a_reason(people: People) -> None:
    stop = "/api/texts/stop"
    assert code(await people["dora"].post(stop, {"incident": "nobody", "why": WHY})) == (404, "notFound")
    assert code(await people["dora"].post(stop, {"why": " "})) == (422, "whyMissing")
    assert code(await people["dora"].post("/api/texts/resume", {"why": WHY})) == (409, "notStopped")
    assert code(await people["dora"].post(stop, b"{")) == (400, "malformed")
    assert code(await people["dora"].post(stop, {"why": WHY}, key="a key")) == (400, "idempotencyKey")


async def test_words_are_previewed_and_measured_as_the_network_counts_them(people: People) -> None:
    for language, wording in WORDINGS.items():
        status, shown = await people["vera"].get(f"/api/texts/preview?language={language}")
        assert (status, shown["language"]) == (200, language)
        assert wording.help() in {row["words"] for row in shown["rows"]}
        assert all(row["segments"] >= 1 and "{" not in row["words"] for row in shown["rows"])
    assert code(await people["vera"].get("/api/texts/preview?language=xx")) == (422, "unknownLanguage")
    for words, expected in (
        ("x" * 161, {"alphabet": "gsm7", "units": 161, "segments": 2, "left": 145}),
        ("好", {"alphabet": "ucs2", "units": 1, "segments": 1, "left": 69}),
    ):
        assert await people["vera"].post("/api/texts/measure", {"words": words}) == (200, expected)


async def test_prepared_answers_are_there_in_every_language(people: People) -> None:
    status, shown = await people["vera"].get("/api/inbox/canned")
    assert status == 200
    assert shown["answers"]
    assert all(set(each["words"]) == set(WORDINGS) for each in shown["answers"])


async def test_a_stranger_links_his_phone_and_is_told_what_the_customer_is_told(house: House, people: People) -> None:
    stranger, customer = "+999000000000121", house.network.customers_behind(FUSE)[0]
    await write(house, stranger, f"LINK {customer}")
    asked: str = await house.connection.fetchval("SELECT body ->> 'words' FROM effects WHERE kind = 'text'")
    await house.later(1)
    await write(house, stranger, asked.split("code is ")[1][:6])
    [link] = await house.connection.fetch("SELECT * FROM linked_phone")
    assert (link["phone"], link["customer"], link["ended_at_ms"]) == (stranger, customer, None)
    await hand_over(house)
    incident = await opened(house)
    told = await house.connection.fetch(
        "SELECT e.body FROM notice_decided n JOIN effects e USING (key) WHERE n.incident = $1 AND e.body ->> 'linked' = $2",
        incident,
        link["id"],
    )
    body = msgspec.json.decode(told[0]["body"], type=TextBody)
    assert await numbers_of(house.connection, [body]) == [stranger]
    shown = await rows(people["dora"], f"customer={customer}&limit=500")
    assert stranger in {each["phone"] for each in shown if each["incident"] == incident}
    assert [each["asked"]["words"] for each in shown if each["asked"] and each["phone"] == stranger][
        -1
    ] == f"LINK {customer}"
    await house.later(1)
    await write(house, stranger, "UNLINK")
    assert await house.connection.fetchval("SELECT ended_at_ms FROM linked_phone") == house.now
    assert await numbers_of(house.connection, [body]) == [None]
    for rule in RULES:
        assert await house.connection.fetch(rule.violations_sql) == [], rule.name
