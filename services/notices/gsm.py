"""The alphabet of a text that costs one segment: GSM 03.38, seven bits a character (3GPP TS 23.038, 6.2.1)."""

from __future__ import annotations

SEGMENT_SEPTETS = 160
"""What fits into one segment."""

_ONE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO = frozenset("\f^{}\\[~]|€")


def septets(words: str) -> int | None:
    """Return how many septets a text takes, or None when a character lies outside of the alphabet."""
    if not _ONE.issuperset(set(words) - _TWO):
        return None
    return len(words) + sum(character in _TWO for character in words)
