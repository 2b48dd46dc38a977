"""Telephone numbers as providers write them, brought into one form."""

from __future__ import annotations

_FEWEST, _MOST = 7, 15  # E.164


def international(number: str) -> str:
    """Return a number with its plus sign; empty when it is none that could be called or written to."""
    digits = number.strip().removeprefix("+").removeprefix("00")
    fits = digits.isascii() and digits.isdecimal() and _FEWEST <= len(digits) <= _MOST and digits[0] != "0"
    return f"+{digits}" if fits else ""
