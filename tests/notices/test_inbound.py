"""Texts that people send us: every form in which an operator hands them over, on the wire and into a fact."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from typing import TYPE_CHECKING

import pytest
import structlog
from aiosmpplib import GSM7BitCodec
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode, encode
from schemas.events import TextReceived
from schemas.ids import derived
from schemas.topics import NOTICE_INBOUND
from services.clock import from_ms
from services.database.pool import create_pool
from services.notices.gateways.smpp import DRILL_SYSTEM_ID
from services.notices.gateways.smpp_inbound import Malformed, read
from services.notices.gsm import decoded
from services.notices.parts import Part, words_of
from services.settings import Settings
from streams import gateways
from tests.notices.conftest import SYSTEM_ID, T0

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.engine.taking import Connection

DELIVER, DELIVER_RESP, BIND_RESP = 0x05, 0x80000005, 0x80000009
OK, TRY_AGAIN = 0x00, 0x64


def deliver(
    words: bytes,
    *,
    coding: int = 0,
    sender: bytes = b"99900000001",
    kind: int = 0,
    options: dict[int, bytes] | None = None,
    sequence: int = 7,
) -> bytes:
    """Return a deliver_sm."""
    body = b"\0\x01\x01" + sender + b"\0\x01\x01LAMPLIGHT\0" + bytes([kind, 0, 0]) + b"\0\0"
    body += bytes([0, 0, coding, 0, len(words)]) + words
    for tag, value in (options or {}).items():
        body += struct.pack("!HH", tag, len(value)) + value
    return struct.pack("!IIII", 16 + len(body), DELIVER, 0, sequence) + body


def part(**given: object) -> Part:
    return Part(**{"phone": "+99900000001", "coding": 0, "body": b"OUT", **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pdu", "wanted"),
    [
        (deliver(b"OUT"), part()),
        (deliver(b"", options={0x0424: b"OUT"}), part()),
        (deliver(b"OUT", options={0x001E: b"OP-1\0"}), part(operator_id="OP-1")),
        (deliver(b"OUT", sender=b"+99900000001"), part()),
        (deliver(b"OUT", sender=b"MyBank"), part(phone="")),
        (deliver(b"OUT", sender=b"12345"), part(phone="")),
        (deliver(b"\x05\x00\x03\x2a\x03\x02OUT", kind=0x40), part(reference="2a", total=3, number=2)),
        (deliver(b"\x06\x08\x04\x01\x2a\x02\x01OUT", kind=0x40), part(reference="012a", total=2, number=1)),
        (deliver(b"\x09\x05\x04\x0b\x84\x0b\x84\x00\x03\x2a", kind=0x40), part(body=b"")),
        (deliver(b"\x05\x00\x03\x2a\x01\x01OUT", kind=0x40), part()),
        (
            deliver(b"OUT", options={0x020C: b"\x01\x2a", 0x020E: b"\x02", 0x020F: b"\x02"}),
            part(reference="012a", total=2, number=2),
        ),
        (deliver(b"id:1 stat:DELIVRD", kind=0x04), None),
        (deliver(b"read", kind=0x08), None),
    ],
)
def test_a_text_is_read_in_each_form(pdu: bytes, wanted: Part | None) -> None:
    assert read(pdu) == wanted


@pytest.mark.parametrize("cut", [16, 20, 40, 46])
def test_a_text_that_ends_too_early_is_malformed(cut: int) -> None:
    with pytest.raises(Malformed):
        read(deliver(b"a longer text")[:cut])


@given(st.binary(max_size=120))
def test_no_bytes_are_too_odd_to_be_refused(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        read(struct.pack("!IIII", 16 + len(body), DELIVER, 0, 1) + body)


@pytest.mark.parametrize(
    ("coding", "body", "words"),
    [
        (0x00, b"OUT\x1b\x65 \x00", "OUT€ @"),
        (0x01, b"OUT", "OUT"),
        (0x03, "hélas".encode("latin-1"), "hélas"),
        (0x08, "停电".encode("utf-16-be"), "停电"),
        (0x08, b"\xff\xfe" + "停电".encode("utf-16-le"), "停电"),
        (0x08, "🔥".encode("utf-16-be"), "🔥"),
        (0x08, "停".encode("utf-16-be") + b"\xd8", "停\ufffd"),
        (0x04, "停电".encode(), "停电"),
        (0x02, b"h\xe9las", "hélas"),
        (0x18, "停电".encode("utf-16-be"), "停电"),
        (0x00, b"\x0aOUT\x0d", "\nOUT\r"),
        (0x01, b"O\x00U\x07T", "OUT"),
    ],
)
def test_words_are_read_in_each_alphabet(coding: int, body: bytes, words: str) -> None:
    assert words_of(coding, body) == words


@given(st.integers(0, 255), st.binary(max_size=200))
def test_whatever_was_read_can_be_a_fact(coding: int, body: bytes) -> None:
    event = TextReceived(id="t", at=from_ms(T0), phone="+99900000001", words=words_of(coding, body))
    assert decode(encode(event), NOTICE_INBOUND) == event


@given(st.text("@£$¥ΔABCabc€{}[]~|^\\ \n\r\f", max_size=40))
def test_septets_are_decoded_as_the_gateways_codec_encodes(words: str) -> None:
    assert decoded(GSM7BitCodec.get_codec_info().encode(words)[0]) == words


class Carrier:
    """An operator that lets its one client in, hands over what a test gives it, and hears the answers."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        self.bound = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def hand_over(self, *messages: bytes) -> list[tuple[int, int]]:
        """Hand texts over and return the answers: sequence number and command status."""
        assert self._writer is not None
        self._writer.write(b"".join(messages))
        async with asyncio.timeout(10):
            return sorted([await self.answers.get() for _ in messages])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        try:
            while True:
                length, command, status, sequence = struct.unpack("!IIII", await reader.readexactly(16))
                await reader.readexactly(length - 16)
                if command == DELIVER_RESP:
                    self.answers.put_nowait((sequence, status))
                elif not command & 0x80000000:
                    body = DRILL_SYSTEM_ID.encode() + b"\0" if command == BIND_RESP & 0xFF else b""
                    writer.write(struct.pack("!IIII", 16 + len(body), command | 0x80000000, 0, sequence) + body)
                    self.bound.set()
        except (OSError, EOFError):
            writer.close()


@pytest.fixture
async def carrier(dsn: str, connection: Connection, settings: Settings) -> AsyncIterator[Carrier]:
    """A carrier with the gateway of an exercise bound to it; the clock stands."""
    made = Carrier()
    port = await made.open()
    await connection.execute(
        """INSERT INTO drill.operator (host, smpp_port, http_port, system_id, password)
           VALUES ('127.0.0.1', $1, 1, $2, 'drill')""",
        port,
        SYSTEM_ID,
    )
    pool = await create_pool(dsn, 2)
    (gateway,) = (await gateways.texts(settings.model_copy(update={"exercise": True}), pool)).routes.gateways
    await gateway.start()
    async with asyncio.timeout(10):
        await made.bound.wait()
    yield made
    await gateway.stop()
    await made.close()
    await pool.close()


async def clock_stands(connection: Connection) -> None:
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1)", T0)


async def heard(connection: Connection) -> list[TextReceived]:
    rows = await connection.fetch("SELECT body FROM outbox WHERE topic = 'notice.inbound' ORDER BY seq")
    events = [decode(row["body"], NOTICE_INBOUND) for row in rows]
    return [event for event in events if isinstance(event, TextReceived)]


async def test_a_text_is_a_fact_before_it_is_acknowledged(carrier: Carrier, connection: Connection) -> None:
    assert await carrier.hand_over(deliver("停电".encode("utf-16-be"), coding=8)) == [
        (7, TRY_AGAIN)
    ]  # nobody knows the time
    assert await heard(connection) == []
    await clock_stands(connection)
    assert await carrier.hand_over(deliver("停电".encode("utf-16-be"), coding=8)) == [(7, OK)]
    (event,) = await heard(connection)
    assert (event.phone, event.words, event.exercise) == ("+99900000001", "停电", True)
    assert event.nonce == derived("nonce", event.id), "in an exercise it is the same whenever it is played"


async def test_a_text_that_comes_again_is_one_fact(carrier: Carrier, connection: Connection) -> None:
    await clock_stands(connection)
    named = [deliver(b"OUT", options={0x001E: b"OP-1\0"}, sequence=number) for number in (1, 2)]
    unnamed = [deliver(b"HELP", sequence=number) for number in (3, 4)]
    assert await carrier.hand_over(*named, *unnamed) == [(1, OK), (2, OK), (3, OK), (4, OK)]
    assert sorted(event.words for event in await heard(connection)) == ["HELP", "OUT"]


async def test_a_long_text_is_one_fact_when_all_its_parts_have_come(carrier: Carrier, connection: Connection) -> None:
    await clock_stands(connection)
    whole = ("我家停电了" * 20).encode("utf-16-be")
    parts = [
        deliver(b"\x05\x00\x03\x2a\x02" + bytes([number]) + body, coding=8, kind=0x40, sequence=number)
        for number, body in ((1, whole[:101]), (2, whole[101:]))
    ]
    assert await carrier.hand_over(parts[1]) == [(2, OK)]
    assert await heard(connection) == []
    assert await carrier.hand_over(parts[0]) == [(1, OK)]
    assert [event.words for event in await heard(connection)] == ["我家停电了" * 20]


async def test_what_nobody_could_be_answered_for_is_acknowledged_and_said(
    carrier: Carrier, connection: Connection
) -> None:
    await clock_stands(connection)
    with structlog.testing.capture_logs() as logs:
        assert await carrier.hand_over(deliver(b"Cheap loans!", sender=b"MyBank")) == [(7, OK)]
    assert await heard(connection) == []
    assert logs == [{"event": "notices.inbound_from_no_number", "log_level": "warning", "sequence": 7}]
