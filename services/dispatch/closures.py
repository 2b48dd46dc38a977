"""Which roads are closed: a dispatcher closes one and opens it again, and meanwhile no drive is reckoned over it.

What is closed is a fact. How crews drive around it follows from the roads of the utility's version, so a replay finds the same.
"""

from __future__ import annotations

import functools
from typing import ClassVar

from schemas.events import Place, RoadClosed, RoadOpened
from services.clock import to_ms
from services.dispatch.reasons import Reason
from services.dispatch.roster import Roster
from services.dispatch.travel import ClosedRoad
from services.engine.turn import Entity, Turn


class Closure(Entity, frozen=True, kw_only=True):
    """A road that is closed; its id is that of the event that closed it. Times are milliseconds.

    `until` is when it opens by itself.
    """

    kind: ClassVar[str] = "closure"

    places: tuple[Place, ...]
    within_m: int
    way: int | None
    by: str
    since: int
    until: int | None

    @property
    def road(self) -> ClosedRoad:
        """Return where nobody drives."""
        return ClosedRoad(self.places, self.within_m, self.way)


def follow_closures(turn: Turn, own: Roster) -> Roster:
    """Close and open what dispatchers say, open what is over, and return the roster whose crews drive on what is left."""
    for fact in turn.facts:
        if isinstance(fact.what, RoadClosed):
            close(turn, own, fact.id, fact.what)
        elif isinstance(fact.what, RoadOpened):
            open_again(turn, fact.id, fact.what)
    for closure in turn.all(Closure):
        if closure.until is None:
            continue
        if closure.until <= turn.now:
            turn.remove(closure)
            turn.note(closure, "open", Reason.CLOSURE_OVER, [closure.id])
        else:
            turn.wake(closure.until)
    return passable(turn, own)


def close(turn: Turn, own: Roster, fact_id: str, event: RoadClosed) -> None:
    """Close a road, unless there is none or the time is over already: that is answered by a reason."""
    closure = Closure(
        id=fact_id,
        places=tuple(event.places),
        within_m=event.within_m,
        way=event.way,
        by=event.by,
        since=turn.now,
        until=None if event.until is None else to_ms(event.until),
    )
    if closure.until is not None and closure.until <= turn.now:
        turn.note(closure, "refused", Reason.CLOSURE_OVER, [fact_id])
    elif not own.travel.closes(closure.road):
        turn.note(closure, "refused", Reason.NO_ROAD_THERE, [fact_id])
    else:
        turn.put(closure)
        turn.note(closure, "closed", Reason.ROAD_CLOSED, [fact_id])


def open_again(turn: Turn, fact_id: str, event: RoadOpened) -> None:
    """Open a road again; one that is not closed is answered by a reason."""
    closure = turn.get(Closure, event.closure)
    if closure is None:
        turn.note((Closure.kind, event.closure), "refused", Reason.NOT_CLOSED, [fact_id])
        return
    turn.remove(closure)
    turn.note(closure, "open", Reason.ROAD_OPENED, [fact_id])


def passable(turn: Turn, own: Roster) -> Roster:
    """Return the roster whose crews drive on the roads that are not closed in this turn's region."""
    closed = frozenset(each.road for each in turn.all(Closure))
    return driving_around(own, closed) if closed else own


@functools.lru_cache(maxsize=8)
def driving_around(own: Roster, closed: frozenset[ClosedRoad]) -> Roster:
    """Return the roster whose crews drive around these roads."""
    return own.travelling(own.travel.without(closed))
