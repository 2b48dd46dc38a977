"""Access keys: their form, their hash, and what they allow. Pure but for the drawing of a new one."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

SCOPES = frozenset({"reports:write", "maintenance:write", "crew-status:write", "hotline"})
"""What a key may be allowed."""

FORM = re.compile(r"lk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


class UnknownScope(ValueError):
    """A scope that there is not; the message names it and those there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Who speaks. `account` is the hotline account that the key belongs to; None: it belongs to no account."""

    id: str
    name: str
    scopes: frozenset[str]
    account: str | None = None


def drawn_key() -> tuple[str, str]:
    """Return the id of a new key and the key itself, `lk_<id>_<random>`, with 256 bits of randomness."""
    key_id = secrets.token_hex(6)
    return key_id, f"lk_{key_id}_{secrets.token_urlsafe(32)}"


def id_of(presented: str) -> str | None:
    """Return the id that a presented key claims; None for what has not the form of a key."""
    found = FORM.fullmatch(presented)
    return found[1] if found else None


def hashed(presented: str) -> str:
    """Return the SHA-256 of a key, hexadecimal. A key is random to 256 bits, so it needs no slow hash."""
    return hashlib.sha256(presented.encode()).hexdigest()


def checked(scopes: frozenset[str]) -> frozenset[str]:
    """Return these scopes. Raises `UnknownScope` for one that there is not, or when there is none."""
    if not scopes or scopes - SCOPES:
        wrong = ", ".join(sorted(scopes - SCOPES)) or "none"
        raise UnknownScope(f"not a scope: {wrong}; there are: {', '.join(sorted(SCOPES))}")
    return scopes
