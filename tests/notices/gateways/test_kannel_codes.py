from __future__ import annotations

import pytest
import structlog

from schemas.events import TextOutcome
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.callbacks import Told
from services.notices.gateways.kannel import Status, read_inbound, read_receipt, read_status, result_of, token
from services.notices.gateways.kannel_codes import ANSWERS, RETRY_MS
from services.notices.gateways.smpp_codes import Blame
from services.notices.parts import words_of

STATUS = """<?xml version="1.0"?><gateway><status>running, uptime 0d</status>
<boxes><box><type>smsbox</type><id>lamplighter</id></box></boxes>
<smscs><count>2</count>
 <smsc><name>SMPP:a</name><admin-id>other</admin-id><id>other</id><status>online 9s</status></smsc>
 <smsc><name>SMPP:b</name><admin-id>operator</admin-id><id>operator</id><status>{}</status></smsc></smscs></gateway>"""


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (STATUS.format("online 3s"), None),
        (STATUS.format("re-connecting"), "notBound"),
        (STATUS.format("dead"), "notBound"),
        (STATUS.format("online 3s").replace("smsbox", "wapbox"), "smsboxAway"),
        (STATUS.format("online 3s").replace("operator", "somebody"), "noSuchSmsc"),
        ("Denied", "statusRefused"),
    ],
)
def test_the_status_says_whether_anything_can_be_handed_over(status: str, why: str | None) -> None:
    assert read_status(status, "operator").away == why


def test_the_status_says_how_many_texts_wait_for_our_operator() -> None:
    status = STATUS.format("online 3s").replace("online 9s</status>", "online 9s</status><queued>7</queued>")
    assert read_status(status, "operator") == Status(None, 0)
    assert read_status(status, "other") == Status(None, 7)


def test_an_answer_of_202_means_that_kannel_has_the_text() -> None:
    assert result_of(202, "0: Accepted for delivery", "k") == Result(state="done", reason="accepted")
    assert result_of(202, "3: Queued for later delivery", "k") == Result(state="done", reason="queuedAtKannel")


def test_whoever_is_not_let_in_has_handed_nothing_over() -> None:
    with pytest.raises(GatewayAway, match="loginRefused"):
        result_of(403, "Authorization failed for sendsms", "k")


@pytest.mark.parametrize("status", sorted(ANSWERS))
def test_only_what_is_temporary_is_tried_again_and_what_is_ours_raises_an_alarm(status: int) -> None:
    refusal = ANSWERS[status]
    with structlog.testing.capture_logs() as logs:
        result = result_of(status, "", "k")
    temporary = refusal.blame is Blame.TEMPORARY
    assert (result.state, result.retry_after_ms) == (("later", RETRY_MS) if temporary else ("failed", None))
    assert [line["event"] for line in logs] == ["notices.operator_refuses_ours"] * (refusal.blame is Blame.OURS)


def test_an_answer_in_no_table_raises_an_alarm_and_is_not_guessed() -> None:
    with structlog.testing.capture_logs() as logs:
        assert result_of(418, "", "k") == Result(state="unknown", reason="kannelAnswer418")
    assert [line["event"] for line in logs] == ["notices.operator_code_unknown"]


@pytest.mark.parametrize(
    ("kind", "reply", "told", "alarms"),
    [
        (b"8", b"ACK/", (None, "taken"), 0),
        (b"1", b"id:1 stat:DELIVRD err:000 text:Power", (TextOutcome.DELIVERED, "DELIVRD:000"), 0),
        (b"1", b"", (TextOutcome.DELIVERED, "delivered"), 0),
        (b"2", b"id:1 stat:REJECTD err:00B text:", (TextOutcome.FAILED, "REJECTD:00B"), 0),
        (b"34", b"id:1 stat:EXPIRED text:stat:DELIVRD", (TextOutcome.EXPIRED, "EXPIRED"), 0),
        (b"2", b"id:1 stat:UNKNOWN err:1", (None, "UNKNOWN:1"), 1),
        (b"16", b"NACK/0x0000000b/Invalid Destination Address", (TextOutcome.FAILED, "NACK:0x0b"), 0),
        (b"16", b"NACK/0x0000000a/Invalid Source Address", (TextOutcome.FAILED, "NACK:0x0a"), 1),
        (b"16", b"NACK/0x00000401/Vendor-specific error", (TextOutcome.FAILED, "NACK:0x401"), 1),
        (b"16", b"NACK/what", (TextOutcome.FAILED, "NACK"), 1),
    ],
)
def test_a_receipt_is_read_with_the_operators_own_code(
    kind: bytes, reply: bytes, told: tuple[TextOutcome | None, str], alarms: int
) -> None:
    said = {"id": b"key-1", "type": kind, "reply": reply, "foreign": b"0A1B"}
    with structlog.testing.capture_logs() as logs:
        found = read_receipt(said)
    assert found is not None
    assert (found.key, found.outcome, found.code) == ("key-1", *told)
    assert len([line for line in logs if line["log_level"] == "error"]) == alarms


@pytest.mark.parametrize("kind", [b"%d", b"", b"3", b"64", b"999999"])
def test_a_receipt_of_no_kind_raises_an_alarm(kind: bytes) -> None:
    with structlog.testing.capture_logs() as logs:
        assert read_receipt({"id": b"key-1", "type": kind}) is None
    assert [line["event"] for line in logs] == ["notices.receipt_code_unknown"]


@pytest.mark.parametrize(
    ("charset", "sent"),
    [
        (b"UTF-8", "停电 €".encode()),
        (b"UTF-16BE", "停电 €".encode("utf-16-be")),
        (b"", "停电 €".encode()),
    ],
)
def test_what_people_write_is_read_in_the_charset_that_kannel_names(charset: bytes, sent: bytes) -> None:
    part = read_inbound({"id": b"7f", "from": b"99900000007", "charset": charset, "text": sent})
    assert (part.phone, words_of(part.coding, part.body), part.operator_id) == ("+99900000007", "停电 €", "7f")


def test_western_letters_are_read_too() -> None:
    part = read_inbound({"from": b"+99900000007", "charset": b"WINDOWS-1252", "text": "é€".encode("cp1252")})
    assert words_of(part.coding, part.body) == "é€"


def test_a_sender_that_is_no_number_is_nobody() -> None:
    assert not read_inbound({"from": b"PIZZA", "text": b"buy"}).phone


def test_the_mark_in_our_addresses_does_not_give_the_password_away() -> None:
    assert token("secret") != token("secret2")
    assert "secret" not in token("secret")


def test_what_is_told_is_a_whole_object() -> None:
    said = {"id": b"key-1", "type": b"8", "reply": b"", "foreign": b"0A1B"}
    assert read_receipt(said) == Told(key="key-1", outcome=None, code="taken", reference="0A1B")
