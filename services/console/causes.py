"""The causes that a person may give an incident: the ten words of IEEE Std 1782, and the codes that stand under them. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from services.history.causes import RUS_CODES, Cause


class CauseCode(msgspec.Struct, frozen=True, kw_only=True):
    """A cause: its code, the group of IEEE Std 1782 that it belongs to, and the words of bulletin 1730A-119 for it."""

    code: str
    group: str
    words: str


CAUSES: Final = (
    *(CauseCode(code=cause.value, group=cause.value, words="") for cause in Cause),
    *(CauseCode(code=code, group=cause.value, words=words) for code, (cause, words) in sorted(RUS_CODES.items())),
)
"""Every cause: the groups themselves, which crews give too, then the codes."""
CODES: Final = frozenset(each.code for each in CAUSES)
