"""Texts that people send us, as they lie in a deliver_sm of SMPP 3.4 (5.2, 5.3): number, words or a part of them, where from.

A long text comes in parts, marked by a header in the text (3GPP TS 23.040, 9.2.3.24) or by the options sar_*; only the
bytes of all of them together are words, since a part may end in the middle of a character.
"""

from __future__ import annotations

import struct
from typing import Final

from services.notices.parts import Part

_HEADER: Final = 16
_TYPE, _HAS_HEADER = 0x3C, 0x40
_OPERATOR_ID, _PAYLOAD, _SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER = 0x001E, 0x0424, 0x020C, 0x020E, 0x020F
_CONCATENATED: Final = {0x00: 1, 0x08: 2}
"""Elements of the header that say which part this is: how many bytes their reference takes."""


class Malformed(ValueError):
    """Bytes that are no deliver_sm."""


def read(pdu: bytes) -> Part | None:
    """Return the text in a deliver_sm; None when it holds something else, such as a receipt. Raises `Malformed`."""
    try:
        return _read(pdu)
    except (IndexError, ValueError, struct.error) as error:
        raise Malformed(type(error).__name__) from error


def _read(pdu: bytes) -> Part | None:
    _, at = _string(pdu, _HEADER)
    sender, at = _string(pdu, at + 2)
    _, at = _string(pdu, at + 2)
    kind, at = pdu[at], at + 3
    if kind & _TYPE:
        return None
    for _ in range(2):
        _, at = _string(pdu, at)
    coding, length = pdu[at + 2], pdu[at + 4]
    at += 5
    body, options = pdu[at : at + length], _options(pdu, at + length)
    if len(body) < length:
        raise Malformed("a text longer than its message")
    body = body or options.get(_PAYLOAD, b"")
    reference, total, number = "", 1, 1
    if kind & _HAS_HEADER and body:
        header, body = body[1 : 1 + body[0]], body[1 + body[0] :]
        reference, total, number = _place(header)
    elif {_SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER} <= options.keys():
        reference = options[_SAR_REFERENCE].hex()
        total, number = options[_SAR_TOTAL][0], options[_SAR_NUMBER][0]
    if total <= 1 or not 1 <= number <= total:
        reference, total, number = "", 1, 1
    return Part(
        phone=_phone(sender.decode("ascii")),
        coding=coding,
        body=body,
        operator_id=options.get(_OPERATOR_ID, b"").rstrip(b"\0").decode("ascii"),
        reference=reference,
        total=total,
        number=number,
    )


def _place(header: bytes) -> tuple[str, int, int]:
    """Return which part of which text a header in the text says that this is."""
    at = 0
    while at + 2 <= len(header):
        element, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        width = _CONCATENATED.get(element)
        if width is not None and len(value) == width + 2:
            return value[:width].hex(), value[width], value[width + 1]
        at += 2 + length
    return "", 1, 1


def _string(pdu: bytes, at: int) -> tuple[bytes, int]:
    end = pdu.index(b"\0", at)
    return pdu[at:end], end + 1


def _options(pdu: bytes, at: int) -> dict[int, bytes]:
    found = {}
    while at + 4 <= len(pdu):
        tag, length = struct.unpack_from("!HH", pdu, at)
        found[tag] = pdu[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def _phone(sender: str) -> str:
    digits = sender.removeprefix("+").removeprefix("00")
    fits = digits.isascii() and digits.isdecimal() and 7 <= len(digits) <= 15 and digits[0] != "0"  # noqa: PLR2004 (E.164)
    return f"+{digits}" if fits else ""
