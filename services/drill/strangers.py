"""Strangers: phones that no customer has. Some link themselves to an account, and send back the code that they are sent; others are
for whoever sits at the panel of an exercise.
"""

from __future__ import annotations

import re
from typing import Final

LINKERS: Final = ("+999000000000111", "+999000000000112")
"""Phones whose owners ask to be linked in a rough storm, and answer the code by themselves."""
AT_THE_PANEL: Final = ("+999000000000121", "+999000000000122")
"""Phones that are there to be typed on."""
ANSWERS_CODE_AFTER_MS: Final = 40_000
WISHES: Final = {"zh": "关联{customer}"}
"""How somebody of a language asks to be linked; `LINK` in every other."""

_CODE: Final = re.compile(r"(?<!\d)\d{6}(?!\d)")


def wish(customer: str, language: str) -> str:
    """Return the text by which a stranger asks to be linked to a customer's account."""
    return WISHES.get(language, "LINK {customer}").format(customer=customer)


def code_sent_back(phone: str, words: str) -> str | None:
    """Return what a stranger answers to a text: the code in it; None: he does not answer."""
    found = _CODE.search(words) if phone in LINKERS else None
    return None if found is None else found[0]
