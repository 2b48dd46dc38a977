"""What a text costs, in segments (3GPP TS 23.040, 9.2.3.24).

The alphabet of seven bits is GSM 03.38 (3GPP TS 23.038, 6.2.1); one character outside of it, and all go in UCS-2.
"""

from __future__ import annotations

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
    if not _ONE.issuperset(set(words) - _TWO):
        return None
    return len(words) + sum(character in _TWO for character in words)


def segments(words: str) -> int:
    """Return into how many segments a text goes; one that is cut between two of them is counted as filling both."""
    size, one, part = septets(words), SEGMENT_SEPTETS, PART_SEPTETS
    if size is None:
        size, one, part = len(words.encode("utf-16-be")) // 2, SEGMENT_UNITS, PART_UNITS
    return 1 if size <= one else -(-size // part)
