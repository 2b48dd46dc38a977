"""Whether what is believed to have failed has moved so far that it is kept as a new belief. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.outages.entities import Hypothesis

MOVED_PERMILLE = 50
"""A probability that is another by so much is another belief."""


def has_moved(was: Sequence[Hypothesis], now: Sequence[Hypothesis]) -> bool:
    """Answers whether the ranking is another one, or the probability of a device in it. An empty ranking says nothing new."""
    if not now:
        return False
    if [each.device for each in was] != [each.device for each in now]:
        return True
    return any(abs(old.permille - new.permille) >= MOVED_PERMILLE for old, new in zip(was, now, strict=True))
