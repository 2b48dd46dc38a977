"""The operator's side of SMPP 3.4: bytes to what a client asks, answers and receipts to bytes. Pure.

Written from the specification and sharing nothing with the product's client, so that each is a check on the other.
"""

from __future__ import annotations

import dataclasses
import enum
import struct
from typing import Final

HEADER: Final = struct.Struct(">IIII")
RESPONSE: Final = 0x8000_0000
MAX_PDU: Final = 70_000

OPTION_REFERENCE: Final = 0x1501
"""The vendor option in which a client gives its own reference (agreed with this operator's customers)."""
OPTION_PAYLOAD, OPTION_RECEIPTED_ID, OPTION_MESSAGE_STATE = 0x0424, 0x001E, 0x0427

RECEIPT_CLASS: Final = 0x04
USER_DATA_HEADER: Final = 0x40
INTERNATIONAL: Final = 1
_UCS2: Final = 8
_ESCAPE: Final = 0x1B

_ALPHABET: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", "\f^{}\\[~]|€", strict=True))


class Command(enum.IntEnum):
    """What a message is; a response has the highest bit set."""

    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT = 0x04
    QUERY = 0x03
    DELIVER = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    NACK = RESPONSE


class Status(enum.IntEnum):
    """How a request went."""

    OK = 0x00
    INVALID_COMMAND = 0x03
    NOT_BOUND = 0x04
    SYSTEM_ERROR = 0x08
    INVALID_NUMBER = 0x0B
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_CLASS = 0x43
    THROTTLED = 0x58
    QUERY_FAILED = 0x67
    INVALID_OPTIONS = 0xC0
    OUR_OWN = 0x0401
    """A code of this operator alone, as operators have them."""


NO_ANSWER: Final = -1
"""Instead of a status: the request is not answered."""
CUT: Final = -2
"""Instead of a status: the line is cut instead of an answer."""


class Malformed(ValueError):
    """Bytes that are no message of SMPP 3.4."""


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """Length of the whole message, command as it came, status, sequence number."""

    length: int
    command: int
    status: int
    sequence: int


@dataclasses.dataclass(frozen=True, slots=True)
class Submit:
    """A text that a client hands over. `reference` is the client's own, empty when it gave none.

    `phone` has its plus sign when the client says that the number is an international one.
    """

    sender: str
    phone: str
    words: str
    reference: str
    esm_class: int


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """What the operator tells of a text: state word, its message_state number, error code."""

    operator_id: str
    sender: str
    phone: str
    state: str
    state_number: int
    error: int


@dataclasses.dataclass(frozen=True, slots=True)
class Inbound:
    """A text that somebody sends to a client: the operator's id of it, from whom, to which number, the words (at most 70)."""

    operator_id: str
    phone: str
    receiver: str
    words: str


def header(data: bytes) -> Header:
    """Return a header. Raises `Malformed` for a length that cannot be."""
    found = Header(*HEADER.unpack(data))
    if not HEADER.size <= found.length <= MAX_PDU:
        raise Malformed(f"a message of {found.length} bytes")
    return found


def message(command: int, sequence: int, body: bytes = b"", status: int = Status.OK) -> bytes:
    """Return the bytes of a message."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def text_field(value: str) -> bytes:
    """Return a text with its closing zero."""
    return value.encode("ascii") + b"\0"


def bind(body: bytes) -> tuple[str, str]:
    """Return the name and the password of a client that wants to bind. Raises `Malformed`."""
    reader = _Reader(body)
    return reader.text(), reader.text()


def submit(body: bytes) -> Submit:
    """Return the text in a submit_sm. Raises `Malformed`."""
    reader = _Reader(body)
    reader.text()
    reader.take(2)
    sender = reader.text()
    number_type = reader.take(2)[0]
    phone = reader.text()
    esm_class = reader.take(3)[0]
    reader.text()
    reader.text()
    coding = reader.take(4)[2]
    data = reader.take(reader.take(1)[0])
    options = reader.options()
    return Submit(
        sender=sender,
        phone=f"+{phone}" if number_type == INTERNATIONAL else phone,
        words=_words(options.get(OPTION_PAYLOAD, data), coding),
        reference=options.get(OPTION_REFERENCE, b"").rstrip(b"\0").decode("ascii", "replace"),
        esm_class=esm_class,
    )


def query(body: bytes) -> str:
    """Return the name of the text that a client asks for. Raises `Malformed`."""
    return _Reader(body).text()


def told(operator_id: str, state: int, error: int) -> bytes:
    """Return the body of the answer to it (SMPP 3.4, 4.8.2): no final date, the number of the state, the network's error."""
    return text_field(operator_id) + b"\0" + bytes([state, error])


def deliver_text(sequence: int, text: Inbound) -> bytes:
    """Return a text to a client as a deliver_sm: in the operator's alphabet where it fits, else in UCS-2."""
    try:
        coding, words = 0, bytes(_ALPHABET.index(character) for character in text.words)
    except ValueError:
        coding, words = _UCS2, text.words.encode("utf-16-be")
    body = b"".join(
        (
            b"\0\1\1",
            text_field(text.phone.removeprefix("+")),
            b"\0\1",
            text_field(text.receiver),
            bytes([0, 0, 0]),
            b"\0\0",
            bytes([0, 0, coding, 0, len(words)]),
            words,
            _option(OPTION_RECEIPTED_ID, text_field(text.operator_id)),
        )
    )
    return message(Command.DELIVER, sequence, body)


def deliver(sequence: int, receipt: Receipt, at: str) -> bytes:
    """Return a receipt as a deliver_sm (SMPP 3.4, appendix B); `at` is YYMMDDhhmm."""
    words = (
        f"id:{receipt.operator_id} sub:001 dlvrd:{receipt.state == 'DELIVRD':03d} submit date:{at} done date:{at} "
        f"stat:{receipt.state} err:{receipt.error:03d} text:"
    ).encode("ascii")
    body = b"".join(
        (
            b"\0\1\1",
            text_field(receipt.phone.removeprefix("+")),
            b"\0\1",
            text_field(receipt.sender),
            bytes([RECEIPT_CLASS, 0, 0]),
            b"\0\0",
            bytes([0, 0, 0, 0, len(words)]),
            words,
            _option(OPTION_RECEIPTED_ID, text_field(receipt.operator_id)),
            _option(OPTION_MESSAGE_STATE, bytes([receipt.state_number])),
        )
    )
    return message(Command.DELIVER, sequence, body)


def _option(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


def _words(data: bytes, coding: int) -> str:
    if coding & 0x0C == _UCS2:
        return data.decode("utf-16-be", "replace")
    words, octets = [], iter(data)
    for octet in octets:
        if octet == _ESCAPE:
            words.append(_EXTENSION.get(next(octets, 0), "?"))
        else:
            words.append(_ALPHABET[octet] if octet < len(_ALPHABET) else "?")
    return "".join(words)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise Malformed("the message ends too soon")
        self._at += count
        return taken

    def text(self) -> str:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise Malformed("a text without its end")
        value = self._data[self._at : end].decode("latin-1")
        self._at = end + 1
        return value

    def options(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while self._at < len(self._data):
            tag, length = struct.unpack(">HH", self.take(4))
            found[tag] = self.take(length)
        return found
