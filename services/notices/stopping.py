"""Stopping: a dispatcher lets nobody be told of an incident, or of anything, until it is resumed.

While it holds, customers wait; what was decided before and had not left is taken back, and they count as not told. So when it is
resumed each is told what holds then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from schemas.events import NoticesResumed, NoticesStopped, Unsent
from services.engine.turn import Entity
from services.notices.audience import Affected, Known, Returned, holder
from services.notices.moments import Moment
from services.notices.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.engine.turn import Turn

ALL: Final = "all"
HELD: Final = 2**53
"""Until when (ms) a customer waits of whom nobody knows when he may be told: no clock wakes him."""


class Stopped(Entity, frozen=True, kw_only=True):
    """A stop that holds since `since` (ms); `id` is the incident, or `ALL`."""

    kind: ClassVar[str] = "noticeStop"
    since: int
    by: str


class Waiting(Entity, frozen=True, kw_only=True):
    """A customer who has something to be told, and is told at `until` (ms) what holds then.

    `id` is the customer, and behind a space the way, where that is not the first phone.
    """

    kind: ClassVar[str] = "waiting"
    until: int


def waiter(customer: str, way: str) -> str:
    """Return the id under which a customer waits to be told something by a way."""
    return f"{customer} {way}" if way else customer


def stopped(turn: Turn, incident: str, stops: Sequence[Stopped] | None = None) -> bool:
    """Answers whether nobody is to be told of an incident now. `stops` are all there are, for whoever asks often in a turn."""
    standing = turn.all(Stopped) if stops is None else stops
    return any(stop.id in {ALL, incident} or holder(turn, stop.id) == incident for stop in standing)


def take_stops(turn: Turn) -> None:
    """Keep what is stopped, and let those wait who count as not told; who waited for its end is due now."""
    resumed = False
    for fact in turn.facts:
        change = fact.what
        if not isinstance(change, NoticesStopped | NoticesResumed):
            continue
        scope = change.incident or ALL
        standing = turn.get(Stopped, scope)
        for unsent in change.unsent:
            _untell(turn, unsent)
        if isinstance(change, NoticesStopped):
            stop = standing or Stopped(id=scope, since=fact.at, by=change.by)
            turn.put(stop)
            turn.note(stop, "stopped", Reason.TEXTS_STOPPED, [fact.id])
        else:
            resumed = True
            if standing is not None:
                turn.remove(standing)
            turn.note(("noticeStop", scope), "resumed", Reason.TEXTS_RESUMED, [fact.id])
    if resumed:
        for waiting in turn.all(Waiting, lambda each: each.until == HELD):
            if not stopped(turn, _incident_of(turn, waiting.id.partition(" ")[0])):
                turn.put(msgspec.structs.replace(waiting, until=turn.now))


def _incident_of(turn: Turn, customer: str) -> str:
    stands = turn.get(Returned, customer) or turn.get(Affected, customer)
    return "" if stands is None else stands.incident


def _untell(turn: Turn, unsent: Unsent) -> None:
    """Let the customers of a notice that never left count as not told by it."""
    for customer in sorted(unsent.customers):
        returned, affected = turn.get(Returned, customer), turn.get(Affected, customer)
        if returned is not None:
            for way in [way for way, key in returned.notices.items() if key == unsent.notice]:
                notices = {each: key for each, key in returned.notices.items() if each != way}
                done = tuple(each for each in returned.done if each != way)
                returned = msgspec.structs.replace(returned, notices=notices, done=done)
                turn.put(returned)
                _let_wait(turn, customer, way, returned)
            for way in ("", *returned.was.others):
                known = returned.was.known(way)
                if unsent.notice in known.notices:
                    # Who was never told that power is out needs not be told that it is back.
                    returned = msgspec.structs.replace(returned, was=returned.was.knowing(way, _without(known, unsent)))
                    turn.put(returned)
                    _let_wait(turn, customer, way, returned)
        if affected is not None:
            for way in ("", *affected.others):
                known = affected.known(way)
                if unsent.notice in known.notices:
                    affected = affected.knowing(way, _without(known, unsent))
                    turn.put(affected)
                    _let_wait(turn, customer, way, affected)


def _let_wait(turn: Turn, customer: str, way: str, stands: Entity) -> None:
    turn.put(Waiting(id=waiter(customer, way), until=HELD))
    turn.note(stands, "waits", Reason.TEXTS_STOPPED)


def _without(known: Known, unsent: Unsent) -> Known:
    """Return what is known by a way but for what a notice would have told."""
    left = msgspec.structs.replace(known, notices=tuple(each for each in known.notices if each != unsent.notice))
    match unsent.moment:
        case Moment.POWER_OUT:
            return Known(notices=left.notices)
        case Moment.INITIAL_ETR | Moment.ETR_CHANGE:
            return msgspec.structs.replace(left, estimate=None, at=0)
        case Moment.INFORM_DISPATCHED:
            return msgspec.structs.replace(left, crew="")
        case Moment.STILL_OUT:
            return msgspec.structs.replace(left, still="")
        case _:
            return left
