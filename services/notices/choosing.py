"""Choosing: premises are offered by number, as many at a time as one text holds; 0 asks for the next ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, TypeAlias

from services.notices.gsm import segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.notices.wording import Wording

About: TypeAlias = Literal["out", "status"]
"""What the number is wanted for: where power is out, or of which premise something is to be said."""


@dataclasses.dataclass(frozen=True, slots=True)
class Offer:
    """Words that offer premises by number, and the place of the first one that they do not offer (0: all were offered)."""

    words: str
    next: int


def offer(wording: Wording, about: About, names: Sequence[str], start: int, of: int) -> Offer:
    """Return the words that offer the premises from this place on: at least one, at most what one text holds.

    `of` is how many premises the phone stands for.
    """
    rest = len(names) - start
    whole = _words(wording, about, names, range(start, len(names)), of, last=True)
    if segments(wording.exercise + whole) == 1 or rest == 1:
        return Offer(whole, 0)
    count = 1
    while count + 1 < rest and _fits(wording, about, names, range(start, start + count + 1), of):
        count += 1
    return Offer(_words(wording, about, names, range(start, start + count), of, last=False), start + count)


def _fits(wording: Wording, about: About, names: Sequence[str], places: range, of: int) -> bool:
    return segments(wording.exercise + _words(wording, about, names, places, of, last=False)) == 1


def _words(wording: Wording, about: About, names: Sequence[str], places: range, of: int, *, last: bool) -> str:
    numbered = (wording.say("place.numbered", number=place + 1, name=names[place]) for place in places)
    choices = wording.say("place.comma").join(numbered)
    variant = "plain" if last else "page"
    if about == "out":
        return wording.say(f"which.{variant}", choices=choices)
    return wording.say(f"which_known.{variant}", choices=choices, count=len(names), of=of)
