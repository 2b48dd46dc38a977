"""query_sm and its answer, byte for byte, as SMPP 3.4 has them; whatever else comes is no answer."""

from __future__ import annotations

import pytest

from services.notices.gateways.smpp_query import HEADER, QUERY_RESPONSE, Queried, query, read_answer


def test_a_question_names_the_text_and_from_where_it_went() -> None:
    pdu = query(7, "0A1B", "12345", 0, 1)
    assert pdu == b"\0\0\0\x1d\0\0\0\x03\0\0\0\0\0\0\0\x07" + b"0A1B\0" + b"\0\x01" + b"12345\0"


def _answer(body: bytes, status: int = 0) -> bytes:
    return HEADER.pack(HEADER.size + len(body), QUERY_RESPONSE, status, 7) + body


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        (_answer(b"0A1B\0\0\x02\0"), Queried(0, 2, 0)),
        (_answer(b"0A1B\x00260301180000000+\0\x05\x1b"), Queried(0, 5, 27)),
        (_answer(b"", 0x67), Queried(0x67)),
        (_answer(b"0A1B\0\0\x02\0", 0x67), Queried(0x67)),
        (_answer(b""), Queried(-1)),
        (_answer(b"0A1B\0"), Queried(-1)),
        (_answer(b"0A1B\0\0\x02"), Queried(-1)),
        (_answer(b"0A1B"), Queried(-1)),
    ],
)
def test_an_answer_is_read_or_is_none(pdu: bytes, expected: Queried) -> None:
    assert read_answer(pdu) == expected
