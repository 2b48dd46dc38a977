"""Crews of other utilities that come to help: how they are named, taken in, treated as one's own, and seen off.

A visiting crew is named `visit.REGION.NAME`. Its reports carry no region, and where a fact belongs is found out before any
state is looked at: so the name itself says which region decides on it. Of regions that begin alike the longest one is meant.
Whether the crew is here at all is state, and the stage answers for it: the words of one that is not are noted, no more.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import ClassVar

from schemas.events import CrewLeft, CrewVisiting, OrderState, Place
from services.clock import to_ms
from services.dispatch.entities import ON_SITE
from services.dispatch.ordering import active_order, duty_of, end_order, free_job
from services.dispatch.reasons import Reason
from services.dispatch.roster import Crew, Depot, Roster
from services.engine.turn import Entity, Turn

PREFIX = "visit."


class Visitor(Entity, frozen=True, kw_only=True):
    """A visiting crew that is here; its id is the crew's. `place` is its base, of `depot` if it starts from one.

    `since` is when it came, `until` when it leaves by itself, milliseconds. `told_by` is the fact that said all this last.
    """

    kind: ClassVar[str] = "visitor"

    place: Place
    depot: str | None
    home: str
    skills: tuple[str, ...]
    certificates: tuple[str, ...]
    kit: tuple[str, ...]
    members: int
    guide: str | None
    since: int
    until: int | None
    told_by: str


def visited_region(crew: str, regions: Iterable[str]) -> str | None:
    """Return the region that the name of a visiting crew says; None: it is no such name, or nobody has that region."""
    named = [
        region for region in regions if crew.startswith(f"{PREFIX}{region}.") and len(crew) > len(f"{PREFIX}{region}.")
    ]
    return max(named, key=len, default=None)


def welcome(turn: Turn, own: Roster) -> Roster:
    """Take in the crews that come, and return the roster with all who are here."""
    for fact in turn.facts:
        if isinstance(fact.what, CrewVisiting):
            _come(turn, own, fact.id, fact.what)
    return hosting(turn, own)


def see_off(turn: Turn, own: Roster) -> Roster:
    """Let crews go that leave, or whose time is over; return the roster with those who stay. Wakes up for the next one."""
    for fact in turn.facts:
        if isinstance(fact.what, CrewLeft):
            visitor = turn.get(Visitor, fact.what.crew)
            if visitor is None:
                turn.note((Visitor.kind, fact.what.crew), "refused", Reason.NOT_A_VISITOR, [fact.id])
            else:
                _go(turn, visitor, Reason.VISITOR_LEFT, fact.id)
    for visitor in turn.all(Visitor):
        if visitor.until is not None and visitor.until <= turn.now:
            _go(turn, visitor, Reason.VISIT_OVER, visitor.told_by)
        elif visitor.until is not None:
            turn.wake(visitor.until)
    return hosting(turn, own)


def hosting(turn: Turn, own: Roster) -> Roster:
    """Return the roster with the visiting crews that are here in this turn's region."""
    here = tuple(turn.all(Visitor))
    return with_visitors(own, turn.shard, here) if here else own


@functools.lru_cache(maxsize=16)
def with_visitors(own: Roster, region: str, visitors: tuple[Visitor, ...]) -> Roster:
    """Return the roster with these visiting crews in a region."""
    return own.hosting((as_crew(each), Depot(each.depot or each.id, each.place, region)) for each in visitors)


def as_crew(visitor: Visitor) -> Crew:
    """Return a visitor as a crew like the region's own: always on duty, within the hours."""
    return Crew(
        visitor.id,
        visitor.depot or visitor.id,
        frozenset(visitor.skills),
        frozenset(visitor.certificates),
        frozenset(visitor.kit),
        visiting=True,
        guide=visitor.guide,
        members=visitor.members,
    )


def refusal(event: CrewVisiting, own: Roster, region: str, now: int) -> Reason | None:
    """Return why a crew cannot come to a region like that; None: it can."""
    if visited_region(event.crew, own.regions) != region or event.crew in own.crews:
        return Reason.NOT_A_VISITOR
    if event.until is not None and to_ms(event.until) <= now:
        return Reason.VISIT_OVER
    return Reason.NO_BASE if _base(event, own) is None else None


def _base(event: CrewVisiting, own: Roster) -> Place | None:
    depot = None if event.depot is None else own.depots.get(event.depot)
    return event.place if depot is None else depot.place


def _come(turn: Turn, own: Roster, fact_id: str, event: CrewVisiting) -> None:
    refused, base = refusal(event, own, turn.shard, turn.now), _base(event, own)
    if refused is not None or base is None:
        turn.note((Visitor.kind, event.crew), "refused", refused or Reason.NO_BASE, [fact_id])
        return
    known = turn.get(Visitor, event.crew)
    turn.put(
        Visitor(
            id=event.crew,
            place=base,
            depot=event.depot if event.depot in own.depots else None,
            home=event.home,
            skills=tuple(sorted(set(event.skills))),
            certificates=tuple(sorted(set(event.certificates))),
            kit=tuple(sorted(set(event.kit))),
            members=event.members,
            guide=event.guide,
            since=turn.now if known is None else known.since,
            until=None if event.until is None else to_ms(event.until),
            told_by=fact_id,
        )
    )
    turn.note((Visitor.kind, event.crew), "visiting", Reason.VISITING, [fact_id])


def _go(turn: Turn, visitor: Visitor, reason: Reason, fact_id: str) -> None:
    order = active_order(turn, duty_of(turn, visitor.id).order)
    if order is not None:
        state = OrderState.HANDED_OVER if order.state in ON_SITE else OrderState.REVOKED
        end_order(turn, order, state, reason, [fact_id], crew="available")
        free_job(turn, order, reason, [fact_id])
    turn.remove(visitor)
    turn.note(visitor, "left", reason, [fact_id])
