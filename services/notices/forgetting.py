"""Forgetting: what is kept for a while only is looked through every full hour, in a turn that there is for another reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from services.engine.turn import Entity

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.engine.turn import Turn

EVERY_MS = 3_600_000
_ONE = "sweep"


class Sweep(Entity, frozen=True, kw_only=True):
    """That something is kept for a while, and when (ms) it is looked through next; there is one."""

    kind: ClassVar[str] = "sweep"
    at: int


def remember(turn: Turn) -> None:
    """Say that something was put which is to be forgotten one day."""
    if turn.get(Sweep, _ONE) is None:
        turn.put(Sweep(id=_ONE, at=_next(turn.now)))


def forget(turn: Turn, *sweepers: Callable[[Turn], bool]) -> None:
    """Have each sweeper drop what has served its time, if an hour has passed; each answers whether anything is left."""
    sweep = turn.get(Sweep, _ONE)
    if sweep is None or sweep.at > turn.now or not turn.facts:
        return
    left = [sweeper(turn) for sweeper in sweepers]
    if any(left):
        turn.put(Sweep(id=_ONE, at=_next(turn.now)))
    else:
        turn.remove(sweep)


def _next(now: int) -> int:
    return (now // EVERY_MS + 1) * EVERY_MS
