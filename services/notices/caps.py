"""Caps: a phone gets so many texts on a day and no more; what there is to tell it then waits for the next day.

Warnings of danger and answers to what somebody wrote do not count. Supply areas count each for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from services.engine.turn import Entity
from services.notices.forgetting import remember

if TYPE_CHECKING:
    from services.engine.turn import Turn
    from services.notices.people import Manners


class Counted(Entity, frozen=True, kw_only=True):
    """How many texts a phone got on a day of the utility's time zone; `id` is its handle."""

    kind: ClassVar[str] = "counted"
    day: str
    texts: int


def has_room(turn: Turn, handle: str, manners: Manners) -> bool:
    """Answers whether a phone may get another text today."""
    counted = turn.get(Counted, handle)
    return counted is None or counted.day != manners.day(turn.now) or counted.texts < manners.texts_a_day


def count(turn: Turn, handle: str, manners: Manners) -> None:
    """Count a text to a phone."""
    day, counted = manners.day(turn.now), turn.get(Counted, handle)
    before = counted.texts if counted is not None and counted.day == day else 0
    turn.put(Counted(id=handle, day=day, texts=before + 1))
    remember(turn)


def forget_counts(turn: Turn, manners: Manners) -> bool:
    """Drop what was counted on earlier days; answers whether anything is left."""
    day = manners.day(turn.now)
    for counted in turn.all(Counted, lambda each: each.day != day):
        turn.remove(counted)
    return bool(turn.all(Counted))
