"""Telling: what a customer knows is compared with what holds, and the difference is told, in one text for each phone.

Whatever has to wait (for the end of quiet hours, for an estimate that wavers) is not written down as words to be sent later:
the customer waits, and is told what holds when the wait is over. So nothing stale is ever sent.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.events import OrderChanged, OrderState, OrderWork
from schemas.ids import derived
from services.clock import to_ms
from services.engine.turn import Entity, Fact, Turn
from services.notices.audience import Affected, Followed, Heard, Returned, holder
from services.notices.consents import consents
from services.notices.languages import wording_in
from services.notices.moments import (
    EFFECT_KIND,
    ETR_MOVED_MS,
    ETR_PAUSE_MS,
    LIFETIME_MS,
    Moment,
    NoticeDecided,
    TextBody,
)
from services.notices.reasons import Reason
from services.notices.wording import Calendar, Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.notices.people import Manners, People

_LIFE = {state: place for place, state in enumerate(OrderState)}
"""How far an order is: of two states told at one instant the later one counts."""

LONG_BACK_MS = 30 * 60_000
"""Who is told this long after it that power is back is told since when."""

_WHY = {
    Moment.POWER_OUT: Reason.NEWLY_OUT,
    Moment.INITIAL_ETR: Reason.FIRST_ESTIMATE,
    Moment.ETR_CHANGE: Reason.ESTIMATE_MOVED,
    Moment.INFORM_DISPATCHED: Reason.CREW_ENROUTE,
    Moment.POWER_RESTORED: Reason.POWER_BACK,
}


class Waiting(Entity, frozen=True, kw_only=True):
    """A customer who has something to be told, and is told at `until` (ms) what holds then."""

    kind: ClassVar[str] = "waiting"
    until: int


@dataclasses.dataclass(frozen=True, slots=True)
class News:
    """What a customer does not know: moment, the incident that it is of, the customer as he stands or stood."""

    moment: Moment
    incident: str
    stands: Affected
    back_at: int | None = None


class Telling:
    """Tells people, in the manner of their utility."""

    def __init__(self, people: People, manners: Manners) -> None:
        self._people = people
        self._manners = manners

    def tell(self, turn: Turn, heard: Heard) -> None:
        """Tell everybody whom this turn's facts, or the end of a wait, give something to be told."""
        orders = _take_orders(turn, heard)
        groups: dict[tuple[str, Moment, str], list[tuple[News, str]]] = {}
        reached: set[str] = set()
        for customer, cause in sorted(self._concerned(turn, heard).items()):
            news = self._news(turn, customer, cause)
            if news is None:
                continue
            if self._may_tell(turn, news, cause, heard):
                handle = self._people.texted(customer)
                groups.setdefault((handle, news.moment, news.incident), []).append((news, cause))
                reached.add(news.incident)
            elif turn.get(Waiting, customer) is not None:
                reached.add(news.incident)
        for (handle, moment, incident), found in sorted(groups.items(), key=lambda group: group[0]):
            self._text(turn, handle, moment, incident, found)
        for fact, order, incident in orders:
            to, why = ("followed", Reason.CREW_ENROUTE) if incident in reached else ("untold", Reason.NOBODY_TO_TELL)
            turn.note(("order", order), to, why, [fact.id])
        for waiting in turn.all(Waiting):
            turn.wake(waiting.until)

    def _concerned(self, turn: Turn, heard: Heard) -> dict[str, str]:
        """Return who may have something to be told, each with what brings it up: a fact, or the end of a wait."""
        found = {w.id: f"waited:{w.until}" for w in turn.all(Waiting, lambda waiting: waiting.until <= turn.now)}
        if heard.incidents:
            for affected in turn.all(Affected, lambda affected: affected.incident in heard.incidents):
                found[affected.id] = heard.incidents[affected.incident]
        return found | heard.moved | heard.out | heard.back

    def _news(self, turn: Turn, customer: str, cause: str) -> News | None:
        """Return what a customer does not know and should; whoever waits for nothing any more is let go."""
        returned, affected = turn.get(Returned, customer), turn.get(Affected, customer)
        waiting = turn.get(Waiting, customer)
        if returned is not None:
            return News(Moment.POWER_RESTORED, returned.incident, returned.was, returned.at)
        moment = None if affected is None else self._moment(turn, affected)
        if affected is None or moment is None:
            if waiting is not None:
                turn.remove(waiting)
                turn.note(waiting, "over", Reason.NOTHING_NEW, [] if _is_wait(cause) else [cause])
            return None
        return News(moment, affected.incident, affected)

    def _moment(self, turn: Turn, affected: Affected) -> Moment | None:
        if not affected.told_out:
            return Moment.POWER_OUT
        followed = turn.get(Followed, affected.incident)
        if followed is None:
            return None
        if followed.crew and holder(turn, affected.told_crew) != affected.incident:
            return Moment.INFORM_DISPATCHED
        if Calendar(turn.now, self._manners.zone).ahead(followed.estimate) is None or followed.estimate is None:
            return None
        if affected.told_estimate is None:
            return Moment.INITIAL_ETR
        return Moment.ETR_CHANGE if abs(followed.estimate - affected.told_estimate) >= ETR_MOVED_MS else None

    def _may_tell(self, turn: Turn, news: News, cause: str, heard: Heard) -> bool:
        """Say whether a customer is to be told now; if not, he waits or there is a reason to say nothing."""
        customer = news.stands.id
        reached = self._people.get(customer)
        silent = None
        if reached is None:
            silent = Reason.NO_PHONE
        elif not consents(turn, self._people.texted(customer), reached):
            silent = Reason.NO_CONSENT
        if silent is not None or reached is None:
            returned, waiting = turn.get(Returned, customer), turn.get(Waiting, customer)
            for over in (returned, waiting):
                if over is not None:
                    turn.remove(over)
            if customer in heard.out or returned is not None or waiting is not None:
                turn.note(news.stands, "untold", silent or Reason.NO_PHONE, [] if _is_wait(cause) else [cause])
            return False
        wait = None if reached.life_support else self._manners.quiet_end(turn.now)
        why = Reason.QUIET_HOURS
        if wait is None and news.moment is Moment.ETR_CHANGE and turn.now < news.stands.told_at + ETR_PAUSE_MS:
            wait, why = news.stands.told_at + ETR_PAUSE_MS, Reason.TOLD_LATELY
        waiting = turn.get(Waiting, customer)
        if wait is not None and (waiting is None or waiting.until != wait):
            turn.put(Waiting(id=customer, until=wait))
            turn.note(news.stands, "waits", why, [] if _is_wait(cause) else [cause])
        elif wait is None and waiting is not None:
            turn.remove(waiting)
        return wait is None

    def _text(self, turn: Turn, handle: str, moment: Moment, incident: str, found: Sequence[tuple[News, str]]) -> None:
        """Decide on one text, recall what it overtakes, and keep what its customers know from now on."""
        customers = tuple(news.stands.id for news, _ in found)
        causes = sorted({cause for _, cause in found})
        facts = [cause for cause in causes if not _is_wait(cause)]
        key = derived("text", incident, moment, *customers, *causes)
        expires_at = turn.now + LIFETIME_MS[moment]
        followed = turn.get(Followed, incident)
        expected = None if followed is None else Calendar(turn.now, self._manners.zone).ahead(followed.estimate)
        estimate = (
            None if followed is None or expected is None or moment is Moment.POWER_RESTORED else followed.estimate
        )
        words = self._words(turn, handle, [news for news, _ in found], followed)
        turn.effect(
            key, EFFECT_KIND, TextBody(customer=customers[0], moment=moment, words=words), expires_at=expires_at
        )
        turn.record(
            NoticeDecided(
                key=key,
                handle=handle,
                incident=incident,
                customers=customers,
                moment=moment,
                estimate=estimate,
                expires_at=expires_at,
            )
        )
        turn.note(("notice", key), "due", _WHY[moment], facts)
        kept = self._recall(turn, handle, found, facts)
        for news, _ in found:
            if moment is Moment.POWER_RESTORED:
                returned = turn.get(Returned, news.stands.id)
                assert returned is not None, "news of a return are of a customer who returned"
                turn.remove(returned)
                continue
            crew = incident if followed is not None and followed.crew else news.stands.told_crew
            turn.put(
                msgspec.structs.replace(
                    news.stands,
                    told_out=True,
                    told_estimate=news.stands.told_estimate if estimate is None else estimate,
                    told_at=news.stands.told_at if estimate is None else turn.now,
                    told_crew=crew,
                    notices=(*kept, key),
                )
            )

    def _recall(
        self, turn: Turn, handle: str, found: Sequence[tuple[News, str]], facts: Sequence[str]
    ) -> tuple[str, ...]:
        """Recall the older notices of these customers and return those that stay, since others need them."""
        told = {news.stands.id for news, _ in found}
        others = {
            notice
            for customer in self._people.premises(handle)
            if customer not in told and (affected := turn.get(Affected, customer)) is not None
            for notice in affected.notices
        }
        older = sorted({notice for news, _ in found for notice in news.stands.notices})
        for notice in older:
            if notice not in others:
                turn.recall(notice)
                turn.note(("notice", notice), "recalled", Reason.NEWER_NOTICE, facts)
        return tuple(notice for notice in older if notice in others)

    def _words(self, turn: Turn, handle: str, found: Sequence[News], followed: Followed | None) -> str:
        first = found[0]
        reached = self._people.get(first.stands.id)
        wording = wording_in("" if reached is None else reached.language, *self._manners.languages)
        calendar = Calendar(turn.now, self._manners.zone)
        names = tuple(self._people.name(news.stands.id) for news in found)
        where = Where(names, len(self._people.premises(handle)))
        expected = None if followed is None else calendar.ahead(followed.estimate)
        match first.moment:
            case Moment.POWER_OUT:
                since = min(news.stands.since for news in found)
                crew = followed is not None and bool(followed.crew)
                said = wording.power_out(where, calendar, since=since, expected=expected, crew=crew)
            case Moment.INFORM_DISPATCHED:
                arrival = None if followed is None else calendar.ahead(followed.arrival)
                said = wording.crew_enroute(where, calendar, arrival=arrival, expected=expected)
            case Moment.POWER_RESTORED:
                back_at = min(news.back_at or turn.now for news in found)
                long_ago = turn.now - back_at >= LONG_BACK_MS
                said = wording.power_restored(where, calendar, since=back_at if long_ago else None)
            case _:
                assert expected is not None, "there is news of an estimate only where there is one"
                told = first.stands.told_estimate
                if first.moment is Moment.INITIAL_ETR or told is None:
                    said = wording.initial_etr(where, calendar, expected=expected)
                else:
                    said = wording.etr_change(where, calendar, expected=expected, later=expected > told)
        return (wording.exercise if turn.exercise else "") + said


def _is_wait(cause: str) -> bool:
    return cause.startswith("waited:")


def _take_orders(turn: Turn, heard: Heard) -> list[tuple[Fact, str, str]]:
    """Keep whose crew is on its way; return the orders that are, each with its fact and the incident it is for now."""
    enroute = []
    for fact, order in _latest_orders(turn.facts):
        assert order.incident is not None, "an order without an incident was left out"
        incident = holder(turn, order.incident)
        followed = turn.get(Followed, incident)
        if order.state is OrderState.ENROUTE:
            enroute.append((fact, order.order, incident))
            if followed is not None:
                arrival = None if order.arrival_estimate is None else to_ms(order.arrival_estimate)
                turn.put(msgspec.structs.replace(followed, crew=order.order, arrival=arrival))
                heard.incidents[incident] = fact.id
            continue
        if followed is not None and followed.crew == order.order:
            turn.put(msgspec.structs.replace(followed, crew="", arrival=None))
        if _was_enroute(turn.facts, order.order):
            turn.note(("order", order.order), "untold", Reason.NO_LONGER_ENROUTE, [fact.id])
    return enroute


def _latest_orders(facts: Sequence[Fact]) -> list[tuple[Fact, OrderChanged]]:
    """Return how each repair of an incident stands after these facts, by order. Who makes safe or assists is not told of."""
    latest: dict[str, tuple[Fact, OrderChanged]] = {}
    for fact in facts:
        order = fact.what
        if isinstance(order, OrderChanged) and order.incident is not None and order.work is OrderWork.REPAIR:
            standing = latest.get(order.order)
            if standing is None or _progress(fact, order) >= _progress(*standing):
                latest[order.order] = (fact, order)
    return [latest[order] for order in sorted(latest)]


def _progress(fact: Fact, order: OrderChanged) -> tuple[int, int, str]:
    return fact.at, _LIFE[order.state], fact.id


def _was_enroute(facts: Sequence[Fact], order: str) -> bool:
    return any(
        isinstance(fact.what, OrderChanged) and fact.what.order == order and fact.what.state is OrderState.ENROUTE
        for fact in facts
    )
