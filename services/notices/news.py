"""News: what a customer does not know by one of his ways, and should. Pure; nothing is decided here about when he is told."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from services.notices.audience import Affected, Followed, Returned, holder
from services.notices.moments import ETR_MOVED_MS, Kind, Moment
from services.notices.people import LOUD
from services.notices.wording import Calendar

if TYPE_CHECKING:
    import datetime as dt

    from services.engine.turn import Turn
    from services.notices.audience import Known
    from services.notices.people import Way


@dataclasses.dataclass(frozen=True, slots=True)
class News:
    """What a customer does not know by a way: moment, the incident that it is of, the customer as he stands or stood."""

    moment: Moment
    incident: str
    stands: Affected
    way: Way
    back_at: int | None = None

    @property
    def known(self) -> Known:
        """Return what he knows by this way."""
        return self.stands.known(self.way.id)


def news_of(turn: Turn, zone: dt.tzinfo, customer: str, way: Way) -> News | None:
    """Return what a customer does not know by a way; None: nothing that he should."""
    returned, affected = turn.get(Returned, customer), turn.get(Affected, customer)
    if returned is not None and way.id not in returned.done and hears_of_return(returned.was, way):
        return News(Moment.POWER_RESTORED, returned.incident, returned.was, way, returned.at)
    if affected is None:
        return None
    moment = _of_outage(turn, affected, way) if way.takes(Kind.OUTAGE) else None
    if moment is None and way.takes(Kind.ESTIMATE):
        moment = _of_estimate(turn, zone, affected, way)
    return None if moment is None else News(moment, affected.incident, affected, way)


def _of_outage(turn: Turn, affected: Affected, way: Way) -> Moment | None:
    known = affected.known(way.id)
    if not _knows(affected, known, way):
        return Moment.POWER_OUT
    if affected.above and holder(turn, known.still) != affected.incident:
        above = turn.get(Followed, affected.above)
        if above is None or above.back:
            return Moment.STILL_OUT
    followed = turn.get(Followed, affected.incident)
    new_crew = followed is not None and followed.crew and holder(turn, known.crew) != affected.incident
    return Moment.INFORM_DISPATCHED if new_crew else None


def _of_estimate(turn: Turn, zone: dt.tzinfo, affected: Affected, way: Way) -> Moment | None:
    followed, told = turn.get(Followed, affected.incident), affected.known(way.id).estimate
    if followed is None or followed.estimate is None or Calendar(turn.now, zone).ahead(followed.estimate) is None:
        return None
    if told is None:
        return Moment.INITIAL_ETR
    return Moment.ETR_CHANGE if abs(followed.estimate - told) >= ETR_MOVED_MS else None


def _knows(affected: Affected, known: Known, way: Way) -> bool:
    """Answers whether a customer knows that power is out; who told us himself is told so by letter only."""
    return known.out or (affected.told_us and way.channel in LOUD)


def hears_of_return(was: Affected, way: Way) -> bool:
    """Answers whether a return is told by a way: of an outage that was told by it, or by any to one that takes returns only."""
    if not way.takes(Kind.RESTORED):
        return False
    return _knows(was, was.known(way.id), way) or (not way.takes(Kind.OUTAGE) and was.told)
