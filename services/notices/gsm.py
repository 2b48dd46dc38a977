"""What a text costs, in segments, counted as the network counts (3GPP TS 23.040, 9.2.3.24).

The alphabet of seven bits is GSM 03.38 (3GPP TS 23.038, 6.2.1); one character outside of it, and all go in UCS-2. A text of
several segments is cut into parts, and no character is cut in two: neither an escape and what follows it, nor a pair of
surrogates. So a part may stay short by one.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

SEGMENT_SEPTETS, PART_SEPTETS = 160, 153
"""What fits into one segment, and into each of several."""
SEGMENT_UNITS, PART_UNITS = 70, 67
"""The same in UCS-2, in units of 16 bits."""

_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = "\x1b"
_ESCAPED = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_ONE = frozenset(_ALPHABET) - {_ESCAPE}
_TWO = frozenset(_ESCAPED.values())
_LAST_OF_ONE_UNIT: Final = 0xFFFF


def decoded(body: bytes) -> str:
    """Return the words in septets of one octet each; what follows an escape that is unknown stands for itself."""
    words, escaped = [], False
    for octet in body:
        character = _ALPHABET[octet & 0x7F]
        if escaped:
            words.append(_ESCAPED.get(octet, character))
        elif character != _ESCAPE:
            words.append(character)
        escaped = not escaped and character == _ESCAPE
    return "".join(words)


def septets(words: str) -> int | None:
    """Return how many septets a text takes, or None when a character lies outside of the alphabet."""
    if outside(words):
        return None
    return len(words) + sum(character in _TWO for character in words)


def outside(words: str) -> str:
    """Return the characters that the alphabet of seven bits does not have, each once, in the order in which they come."""
    return "".join(dict.fromkeys(each for each in words if each not in _ONE and each not in _TWO))


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """What a text costs: its alphabet, its length in septets or units of 16 bits, its segments, and what the last one has left."""

    alphabet: Literal["gsm7", "ucs2"]
    units: int
    segments: int
    left: int


def measure(words: str) -> Measured:
    """Return what a text costs, as the network counts it."""
    if len(words) <= SEGMENT_SEPTETS and _ONE.issuperset(words):
        return Measured("gsm7", len(words), 1, SEGMENT_SEPTETS - len(words))
    if outside(words):
        return _measured("ucs2", [1 + (ord(each) > _LAST_OF_ONE_UNIT) for each in words], SEGMENT_UNITS, PART_UNITS)
    return _measured("gsm7", [1 + (each in _TWO) for each in words], SEGMENT_SEPTETS, PART_SEPTETS)


def _measured(alphabet: Literal["gsm7", "ucs2"], lengths: Iterable[int], one: int, part: int) -> Measured:
    sizes = list(lengths)
    units = sum(sizes)
    if units <= one:
        return Measured(alphabet, units, 1, one - units)
    parts, filled = 1, 0
    for size in sizes:
        if filled + size > part:
            parts, filled = parts + 1, 0
        filled += size
    return Measured(alphabet, units, parts, part - filled)


def segments(words: str) -> int:
    """Return into how many segments a text goes."""
    return measure(words).segments
