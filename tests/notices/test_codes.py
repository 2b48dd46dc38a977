"""What an operator's words and numbers mean: receipts in the forms operators give them, and every code of the table."""

from __future__ import annotations

import aiosmpplib
import pytest
import structlog

from services.notices.gateways.smpp import result_of
from services.notices.gateways.smpp_codes import REFUSALS, RETRY_MS, Blame
from services.notices.gateways.smpp_link import MESSAGE_STATE, RECEIPTED_MESSAGE_ID, Answer, Receipt, read_receipt


@pytest.mark.parametrize(
    ("words", "options", "expected"),
    [
        (
            "id:0A1B sub:001 dlvrd:001 submit date:2603011800 done date:2603011801 stat:DELIVRD err:000 text:Power",
            {},
            Receipt("0A1B", "DELIVRD", "000"),
        ),
        (
            "id:12 sub:x dlvrd:? submit date:20260301180059 done date: stat:undeliv err:0x1B Text:id:99 stat:DELIVRD",
            {},
            Receipt("12", "UNDELIV", "0x1B"),
        ),
        ("id:other stat:EXPIRED", {RECEIPTED_MESSAGE_ID: "0A1B"}, Receipt("0A1B", "EXPIRED", "")),
        ("delivered", {RECEIPTED_MESSAGE_ID: "0A1B", MESSAGE_STATE: 2}, Receipt("0A1B", "DELIVRD", "")),
        ("what?", {}, Receipt("", "", "")),
    ],
)
def test_a_receipt_is_read_in_whatever_form_it_comes(
    words: str, options: dict[int, str | int], expected: Receipt
) -> None:
    message = aiosmpplib.DeliverSm(
        short_message=words,
        esm_class=0x04,
        optional_params=[aiosmpplib.OptionalParam(tag, value) for tag, value in options.items()],
    )
    assert read_receipt(message) == expected


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_only_what_is_temporary_is_tried_again_and_what_is_ours_raises_an_alarm(status: int) -> None:
    refusal = REFUSALS[status]
    with structlog.testing.capture_logs() as logs:
        result = result_of(Answer(status, ""), "key-1")
    temporary = refusal.blame is Blame.TEMPORARY
    assert (result.state, result.retry_after_ms) == (("later", RETRY_MS) if temporary else ("failed", None))
    assert [line["event"] for line in logs] == ["notices.operator_refuses_ours"] * (refusal.blame is Blame.OURS)
