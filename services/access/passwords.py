"""Passwords: what is good enough for one, and its slow hash (argon2id, 19 MiB, two passes, one lane)."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST = 12
MOST = 200
"""A longer one is not hashed: it is nobody's password, and costs time."""
FEWEST_SIGNS = 4
"""A password of fewer different characters is a pattern."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="password")
"""So many are hashed at once, and no more than so many times 19 MiB are taken, however many sign in."""

_COMMONEST = frozenset(Path(__file__).with_name("commonest_passwords.txt").read_text("utf-8").split())
"""Those of sufficient length that are tried first."""

Weakness = Literal["tooShort", "tooLong", "isUserName", "commonest", "unchanged"]


class WeakPassword(ValueError):
    """A password that is not taken; `why` is stable, the message is for people."""

    def __init__(self, why: Weakness) -> None:
        super().__init__(_WORDS[why])
        self.why: Weakness = why


_WORDS: dict[Weakness, str] = {
    "tooShort": f"a password has at least {LEAST} characters",
    "tooLong": f"a password has at most {MOST} characters",
    "isUserName": "the password is the user name",
    "commonest": "this is one of the passwords that are tried first",
    "unchanged": "this is the password that is to be replaced",
}


def checked_password(user: str, password: str) -> str:
    """Return this password. Raises `WeakPassword` for one that is short, the user name, or among the commonest."""
    plain = password.casefold()
    if len(password) < LEAST:
        raise WeakPassword("tooShort")
    if len(password) > MOST:
        raise WeakPassword("tooLong")
    if plain == user.casefold():
        raise WeakPassword("isUserName")
    if plain in _COMMONEST or len(set(plain)) < FEWEST_SIGNS:
        raise WeakPassword("commonest")
    return password


def drawn_password() -> str:
    """Return a new password of 95 bits of chance, in groups that can be read out."""
    signs = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(5)) for _ in range(4))


async def slow_hash(password: str) -> str:
    """Return the argon2id hash of a password, computed in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def fits(password: str, known: str | None) -> bool:
    """Answer whether this is the password of the hash. Without a hash, the same work is done and the answer is no."""
    if len(password) > MOST:
        return False
    if known is None:
        await slow_hash(password)
        return False
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _fits, password, known)


def _fits(password: str, known: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(known: str) -> bool:
    """Answer whether a hash was made with other costs than those of today."""
    return _HASHER.check_needs_rehash(known)
