"""What needs a person: why it is there, who may read what of it, and that it is dealt with once."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from schemas.events import HazardKind, HazardReported, HotlineReported, OutageReported, ReportKind, TextReceived
from schemas.topics import HOTLINE_REPORTS, NOTICE_INBOUND, OUTAGE_REPORTS
from services.clock import from_ms
from services.console.inbox_rows import InboxRow, inbox_rows, masked_row
from tests.console.house import MINUTE_MS, House, Person, code
from tests.console.test_actions import decided
from tests.console.test_incidents import FUSE, People

WHY = "read it and knew"
DAY_MS = 86_400_000


async def rows(house: House, kind: str | None = None) -> list[InboxRow]:
    """Return what stands in the inbox."""
    return [row for row in await inbox_rows(house.connection) if kind in {None, row.kind}]


async def deal(
    person: Person, row: InboxRow | str, action: str, *, key: str | None = None, **given: Any
) -> tuple[int, Any]:
    """Let a person deal with a row."""
    name = row if isinstance(row, str) else row.id
    return await person.post(
        f"/api/inbox/{quote(name, safe='')}/actions", {"action": action, "why": WHY, **given}, key=key
    )


def several_premises(house: House) -> tuple[str, list[str]]:
    """Return a phone that stands for several premises, and those."""
    found: dict[str, list[str]] = {}
    for row in house.folder.grid.customers:
        for phone in row.phones:
            found.setdefault(phone, []).append(row.customer)
    return next((phone, customers) for phone, customers in sorted(found.items()) if len(customers) > 1)


async def test_an_empty_inbox_is_empty(house: House) -> None:
    assert await rows(house) == []


# ---------------------------------------------------------------------------------------------------------------- reports
async def test_a_report_of_nobody_known_is_placed_at_a_customer(house: House, people: People) -> None:
    report = await house.report(customer="C99999", phone="+999123456789", at_ms=house.now - 5 * MINUTE_MS)
    await house.settle()
    [row] = await rows(house)
    assert (row.id, row.kind, row.reason, row.at_ms) == (
        f"report:{report}",
        "report",
        "noSuchCustomer",
        house.now - 5 * MINUTE_MS,
    )
    assert row.facts == {"kind": "call", "state": "unknown", "customer": "C99999", "phone": "+999123456789"}
    assert row.actions == ("place", "dismiss")
    customer = house.network.customers_behind(FUSE)[0]
    action = await decided(house, people["dora"], await deal(people["dora"], row, "place", customer=customer))
    assert (action["kind"], action["state"], action["subject_kind"], action["subject"]) == (
        "place",
        "done",
        "report",
        report,
    )
    placed = await house.connection.fetchrow("SELECT * FROM report WHERE id <> $1", report)
    assert (placed["customer"], placed["at_ms"]) == (customer, house.now - 5 * MINUTE_MS)
    assert placed["phone_named"] == "+999123456789"
    assert await rows(house) == []


async def test_a_report_is_placed_at_a_device_by_its_number(house: House, people: People) -> None:
    await house.report(pole="NO-SUCH-POLE")
    await house.settle()
    [row] = await rows(house)
    assert (row.reason, row.facts["pole"]) == ("noSuchPole", "NO-SUCH-POLE")
    assert (await deal(people["dora"], row, "place", device=FUSE))[0] == 202
    await house.settle()
    placed = await house.connection.fetchrow("SELECT * FROM report WHERE device_named IS NOT NULL")
    assert (placed["device"], placed["device_named"]) == (FUSE, "S0175")


async def test_a_danger_that_nobody_found_is_placed_at_a_customer(house: House, people: People) -> None:
    event = HazardReported(
        id="h-1",
        at=from_ms(house.now),
        exercise=True,
        hazard=HazardKind.WIRE_DOWN,
        pole="NO-SUCH-POLE",
        phone="+999123456789",
        words="beside the mill",
    )
    await house.hear(OUTAGE_REPORTS, event)
    await house.settle()
    [row] = await rows(house)
    assert row.facts["words"] == "beside the mill"
    assert "words" not in masked_row(row).facts
    assert (row.facts["kind"], row.facts["hazard"], row.reason) == ("hazard", "wireDown", "noSuchPole")
    customer = house.network.customers_behind(FUSE)[0]
    action = await decided(house, people["dora"], await deal(people["dora"], row, "place", customer=customer))
    assert action["state"] == "done"
    hazard = await house.connection.fetchrow("SELECT * FROM hazard")
    assert (hazard["kind"], hazard["state"], hazard["device"]) == ("wireDown", "reported", FUSE)
    placed = await house.connection.fetchrow("SELECT * FROM report WHERE holder = $1", hazard["id"])
    assert (placed["phone_named"], placed["words"]) == ("+999123456789", "beside the mill")


async def test_what_cannot_be_placed_is_said(house: House, people: People) -> None:
    await house.report(customer="C99999")
    await house.settle()
    [row] = await rows(house)
    dora = people["dora"]
    assert code(await deal(dora, row, "place")) == (422, "placeMissing")
    assert code(await deal(dora, row, "place", customer="C00001", device=FUSE)) == (422, "placeMissing")
    assert code(await deal(dora, row, "place", customer="C88888")) == (422, "unknownCustomer")
    assert code(await deal(dora, row, "place", device="switch:NONE")) == (422, "unknownDevice")
    assert code(await deal(dora, row, "requeue")) == (422, "notPossible")
    assert code(await deal(dora, row, "dance")) == (422, "notPossible")
    assert code(await deal(dora, row, "dismiss", why=" ")) == (422, "whyMissing")
    assert code(await deal(dora, "report:none", "dismiss")) == (404, "notFound")
    assert code(await deal(dora, "nonsense", "dismiss")) == (404, "notFound")
    assert len(await rows(house)) == 1


async def test_a_phone_of_several_premises_asks_which(house: House, people: People) -> None:
    phone, customers = several_premises(house)
    report = await house.report(phone=phone)
    await house.settle()
    [row] = await rows(house)
    assert (row.facts["state"], row.subject) == ("ambiguous", report)
    assert set(str(row.facts["candidates"]).split()) == set(customers)
    assert (await deal(people["dora"], row, "place", customer=customers[0]))[0] == 202
    assert await rows(house) == []


async def test_what_is_too_old_is_only_looked_at(house: House, people: People) -> None:
    await house.report(customer="C00001", at_ms=house.now - DAY_MS - MINUTE_MS)
    await house.settle()
    [row] = await rows(house)
    assert (row.facts["state"], row.reason, row.actions) == ("late", "olderThanADay", ("dismiss",))
    action = await decided(house, people["dora"], await deal(people["dora"], row, "dismiss"))
    assert (action["kind"], action["state"], action["undoable"]) == ("dismiss", "done", False)
    assert await rows(house) == []
    handled = await house.connection.fetchrow("SELECT * FROM attention_handled")
    assert (handled["action"], handled["by_user"], handled["why"], handled["person_action"]) == (
        "dismiss",
        "dora",
        WHY,
        action["id"],
    )


async def test_what_grows_too_old_in_the_inbox_is_no_more_placed(house: House, people: People) -> None:
    await house.report(customer="C99999")
    await house.settle()
    await house.connection.execute("UPDATE clock SET now_ms = now_ms + $1", DAY_MS + MINUTE_MS)
    [row] = await rows(house)
    assert row.actions == ("dismiss",)
    assert code(await deal(people["dora"], row, "place", customer="C00001")) == (422, "notPossible")


# ---------------------------------------------------------------------------------------------------------------- parked
async def garbage(house: House) -> InboxRow:
    await house.arrive(OUTAGE_REPORTS, "x", [("ce_id", b"broken-1")], b'{"phone": "+999123456789"')
    [row] = await rows(house, "parked")
    return row


async def test_a_parked_message_is_sent_once_more(house: House, people: People) -> None:
    row = await garbage(house)
    assert (row.facts["topic"], row.facts["stage"], row.facts["event"]) == ("outage.reports", "intake", "broken-1")
    assert row.actions == ("requeue", "setAside")
    assert code(await deal(people["vera"], row, "requeue")) == (403, "notAllowed")
    action = await decided(house, people["otto"], await deal(people["otto"], row, "requeue"))
    assert (action["kind"], action["state"]) == ("requeue", "done")
    assert await house.connection.fetchval("SELECT state FROM parked WHERE id = $1", row.subject) == "requeued"
    [again] = await rows(house, "parked")
    assert again.id != row.id, "it is as broken as it was, and parked anew"


async def test_a_parked_message_is_set_aside(house: House, people: People) -> None:
    row = await garbage(house)
    assert (await deal(people["dora"], row, "setAside"))[0] == 202
    assert await rows(house) == []
    assert await house.connection.fetchval("SELECT state FROM parked WHERE id = $1", row.subject) == "parked"


# ---------------------------------------------------------------------------------------------------------------- texts
async def text(house: House, phone: str, words: str) -> InboxRow:
    event = TextReceived(id=f"text-{len(words)}", at=from_ms(house.now), exercise=True, phone=phone, words=words)
    await house.hear(NOTICE_INBOUND, event)
    await house.settle()
    [row] = await rows(house, "text")
    return row


async def test_a_text_that_no_rule_understood_becomes_a_report(house: House, people: People) -> None:
    customer = next(row for row in house.folder.grid.customers if row.phones and row.active)
    row = await text(house, customer.phones[0], "hmm hello it is gone again since breakfast")
    assert (row.reason, row.facts["words"]) == ("notUnderstood", "hmm hello it is gone again since breakfast")
    assert row.facts["phone"] == customer.phones[0]
    assert row.actions == ("asReport", "answerText", "handled")
    action = await decided(house, people["dora"], await deal(people["dora"], row, "asReport"))
    assert action["state"] == "done"
    report = await house.connection.fetchrow("SELECT * FROM report WHERE kind = 'text'")
    assert (report["phone_named"], report["at_ms"]) == (customer.phones[0], row.at_ms)
    assert await rows(house, "text") == []


async def test_a_text_of_a_stranger_is_only_read(house: House, people: People) -> None:
    row = await text(house, "+999000000001", "whoever reads this")
    assert row.actions == ("answerText", "handled")
    assert code(await deal(people["dora"], row, "asReport")) == (422, "notPossible")
    assert (await deal(people["dora"], row, "handled"))[0] == 202
    assert await rows(house, "text") == []


async def test_a_text_is_answered_once_by_whoever_reads_it_first(house: House, people: People) -> None:
    row = await text(house, "+999000000001", "whoever reads this")
    said = {"words": "We send somebody to look.", "canned": "crew", "why": ""}
    assert code(await deal(people["vera"], row, "answerText", **said)) == (403, "notAllowed")
    for wrong, refused in (
        ({"words": None}, "wordsMissing"),
        ({"words": " "}, "wordsMissing"),
        ({"canned": "x"}, "unknownCanned"),
    ):
        assert code(await deal(people["dora"], row, "answerText", **{**said, **wrong})) == (422, refused)
    answered = await asyncio.gather(*(deal(people[name], row, "answerText", **said) for name in ("dora", "dirk")))
    assert sorted(status for status, _ in answered) == [202, 409]
    winner = next(place for place, (status, _) in enumerate(answered) if status == 202)
    action = await decided(house, people["dora"], answered[winner])
    assert (action["kind"], action["state"], action["said"]) == (
        "answerText",
        "done",
        {"premises": 0, "canned": "crew"},
    )
    [sent] = await house.connection.fetch(
        "SELECT a.*, e.body ->> 'words' AS words, e.priority FROM inbound_answer a JOIN effects e USING (key)"
    )
    assert (sent["text"], sent["by_user"], sent["canned"]) == (row.subject, ("dora", "dirk")[winner], "crew")
    assert (sent["words"], sent["priority"]) == ("EXERCISE: We send somebody to look.", 1)
    assert await rows(house, "text") == []


async def test_danger_in_a_text_is_read_by_people_and_placed_where_nobody_knows_it(
    house: House, people: People
) -> None:
    row = await text(house, "+999000000001", "HAZARD a pole lies across Mill Lane")
    assert (row.reason, row.actions) == ("dangerNowhere", ("place", "answerText", "handled"))
    assert await house.connection.fetchval("SELECT count(*) FROM hazard") == 0
    assert code(await deal(people["dora"], row, "place")) == (422, "placeMissing")
    customer = house.network.customers_behind(FUSE)[0]
    await decided(house, people["dora"], await deal(people["dora"], row, "place", customer=customer))
    [hazard] = await house.connection.fetch("SELECT kind FROM hazard")
    assert hazard["kind"] == "poleDown"


async def test_danger_at_a_known_premise_is_a_hazard_at_once_and_read_all_the_same(
    house: House, people: People
) -> None:
    alone = {phone for row in house.folder.grid.customers for phone in row.phones[:1]} - {several_premises(house)[0]}
    customer = next(r for r in house.folder.grid.customers if r.active and r.phones and r.phones[0] in alone)
    row = await text(house, customer.phones[0], "危险 电杆倒了")
    assert (row.reason, row.facts.get("customer")) == ("dangerWord", customer.customer)
    assert row.actions == ("answerText", "handled")
    assert await house.connection.fetchval("SELECT count(*) FROM hazard") == 1
    assert (await deal(people["dora"], row, "handled"))[0] == 202


# ---------------------------------------------------------------------------------------------------------------- calls
async def in_vain(house: House) -> InboxRow:
    account, customer = house.folder.premises[0].account, house.folder.premises[0].customer
    event = HotlineReported(
        id="hot-1", at=from_ms(house.now), exercise=True, account=account, kind=ReportKind.CALL, customer=customer
    )
    await house.hear(HOTLINE_REPORTS, event)
    await house.later(30)
    [row] = await rows(house, "call")
    return row


async def test_calls_in_vain_are_told_and_acknowledged_for_the_account(house: House, people: People) -> None:
    row = await in_vain(house)
    account = house.folder.premises[0].account
    assert (row.reason, row.facts["account"]) == ("ladderAgain", account)
    assert int(row.facts["calls"] or 0) > int(row.facts["contacts"] or 0)
    assert row.actions == ("acknowledge", "handled")
    action = await decided(house, people["dora"], await deal(people["dora"], row, "acknowledge"))
    assert (action["state"], action["reason"]) == ("done", "acknowledged")
    state = await house.connection.fetchval("SELECT state FROM hotline_escalation WHERE outage = $1", row.subject)
    assert state == "acknowledged"
    assert await rows(house, "call") == []


# ------------------------------------------------------------------------------------------- once, and by whom it may be
async def test_of_two_who_deal_with_a_row_the_second_learns_who_was_first(house: House, people: People) -> None:
    await house.report(customer="C99999")
    await house.settle()
    [row] = await rows(house)
    answers = await asyncio.gather(*(deal(people[name], row, "dismiss") for name in ("dora", "dirk")))
    assert sorted(status for status, _ in answers) == [202, 409]
    [refused] = [body for status, body in answers if status == 409]
    assert refused["error"]["code"] == "handledAlready"
    assert {refused["error"]["by"]} <= {"Dora", "Dirk"}
    assert (refused["error"]["what"], refused["error"]["at_ms"]) == ("dismiss", house.now)
    assert await house.connection.fetchval("SELECT count(*) FROM person_action") == 1


async def test_the_same_request_deals_with_a_row_once(house: House, people: People) -> None:
    await house.report(customer="C99999")
    await house.settle()
    [row] = await rows(house)
    answers = [await deal(people["dora"], row, "dismiss", key="k") for _ in range(2)]
    assert [status for status, _ in answers] == [202, 202]
    assert answers[0][1]["action"]["id"] == answers[1][1]["action"]["id"]
    assert code(await deal(people["dora"], row, "place", key="k", customer="C00001")) == (409, "idempotencyMismatch")
    assert code(await deal(people["dora"], row, "dismiss", key="another")) == (409, "handledAlready")


async def test_who_may_not_act_does_not(house: House, people: People) -> None:
    await house.report(customer="C99999")
    await house.settle()
    [row] = await rows(house)
    for name in ("vera", "otto"):
        assert code(await deal(people[name], row, "dismiss")) == (403, "notAllowed")
    assert code(await deal(people["nobody"], row, "dismiss")) == (401, "notSignedIn")


GARBAGE: list[tuple[bytes, tuple[int, str]]] = [
    (b"", (400, "empty")),
    (b"nothing", (400, "malformed")),
    (b"{}", (422, "invalid")),
    (b'{"action":"dismiss","why":"aaa","more":1}', (422, "invalid")),
    (b'{"action":"dismiss","why":5}', (422, "invalid")),
    (b'{"action":"place","why":"aaa","customer":""}', (422, "invalid")),
]


async def test_garbage_is_refused(people: People) -> None:
    for body, expected in GARBAGE:
        assert code(await people["dora"].post("/api/inbox/report:x/actions", body)) == expected, body


async def test_what_is_personal_is_masked_for_the_others(house: House) -> None:
    await house.report(customer="C99999", phone="+999123456789")
    await garbage(house)
    await text(house, "+999000000001", "my name is known to you")
    shown = [masked_row(row) for row in await rows(house)]
    assert len(shown) == 3
    said = str(shown)
    for personal in ("+999", "my name", "123456"):
        assert personal not in said
    assert {row.facts["phone"] for row in shown if "phone" in row.facts} == {"***********89", "***********01"}


async def test_a_report_that_was_placed_is_no_row(house: House) -> None:
    customer = next(row for row in house.folder.grid.customers if row.phones and row.active)
    await house.hear(
        OUTAGE_REPORTS,
        OutageReported(id="r", at=from_ms(house.now), exercise=True, kind=ReportKind.CALL, customer=customer.customer),
    )
    await house.settle()
    assert await rows(house) == []
