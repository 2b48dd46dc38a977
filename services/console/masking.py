"""What those see of a telephone number who may not see it. Pure."""

from __future__ import annotations


def masked(phone: str) -> str:
    """Return a phone number of which only the last two digits can be read."""
    return "*" * (len(phone) - 2) + phone[-2:] if phone else ""
