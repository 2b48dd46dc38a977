"""What people send us, as it came: bytes in one of many alphabets, and often only a part of the whole."""

from __future__ import annotations

import dataclasses
from typing import Final

from services.notices.gsm import decoded

ASCII, LATIN_1 = 0x01, 0x03
_EIGHT_BITS, _UCS_2 = 0x04, 0x08
_WORDS_LENGTH: Final = 1_600
_KEPT: Final = "\t\n\r"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A text, or one part of it: who sent it (international form, empty: nobody who could be answered), its bytes.

    `coding` is the data_coding of the bytes. `reference` is what all parts of a text share, empty for one that is whole.
    `operator_id` is the operator's name for it, empty where it gives none.
    """

    phone: str
    coding: int
    body: bytes
    operator_id: str = ""
    reference: str = ""
    total: int = 1
    number: int = 1


def words_of(coding: int, body: bytes) -> str:
    """Return the words in these bytes; what cannot be read is marked, what no text may hold is left out."""
    if coding == ASCII:
        words = body.decode("ascii", "replace")
    elif coding == LATIN_1:
        words = body.decode("latin-1")
    elif coding & 0x0C == _UCS_2:
        words = body.decode("utf-16-be", "replace") if body[:2] != b"\xff\xfe" else body.decode("utf-16", "replace")
    elif coding & 0x0C == _EIGHT_BITS or coding == 0x02:  # noqa: PLR2004 (SMPP 3.4, 5.2.19: octets too)
        words = _of_octets(body)
    else:
        words = decoded(body)
    plain = "".join(c for c in words if c in _KEPT or (c.isprintable() and not "\ud800" <= c <= "\udfff"))
    return plain[:_WORDS_LENGTH]


def _of_octets(body: bytes) -> str:
    """Return what octets of no declared alphabet most likely say."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")
