"""Telling: what a customer knows is compared with what holds, and the difference is told, in one text for each phone.

Whatever has to wait (for the end of quiet hours, for an estimate that wavers) is not written down as words to be sent later:
the customer waits, and is told what holds when the wait is over. So nothing stale is ever sent.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from services.notices import caps
from services.notices.audience import Affected, Followed, Heard, Returned, Undone
from services.notices.consents import willing
from services.notices.forgetting import remember
from services.notices.linking import premises_of, ways_of
from services.notices.moments import ETR_PAUSE_MS, KIND_OF, LIFETIME_MS, Channel, Moment
from services.notices.news import News, hears_of_return, news_of
from services.notices.orders import note_orders, take_orders
from services.notices.planned import Covers
from services.notices.reasons import Reason
from services.notices.sending import Notice, send, wait_of
from services.notices.stopping import HELD, Stopped, Waiting, stopped, waiter
from services.notices.wording import Calendar, Where, Wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.engine.turn import Turn
    from services.notices.people import Manners, People, Way

LONG_BACK_MS = 30 * 60_000
"""Who is told this long after it that power is back is told since when."""

FIRST_TEXTS = 50
"""So many texts of an outage go before all other texts of outages, each time that something is told of it."""

UNSENT_MS = 10 * 60_000
"""A notice of a return that is no older than this may not have been sent, where it has to be called back."""

_WHY = {
    Moment.POWER_OUT: Reason.NEWLY_OUT,
    Moment.INITIAL_ETR: Reason.FIRST_ESTIMATE,
    Moment.ETR_CHANGE: Reason.ESTIMATE_MOVED,
    Moment.INFORM_DISPATCHED: Reason.CREW_ENROUTE,
    Moment.POWER_RESTORED: Reason.POWER_BACK,
    Moment.STILL_OUT: Reason.OTHER_REPAIR,
}


@dataclasses.dataclass(slots=True)
class Found:
    """What is to be told now, by channel, handle, moment and incident, and the incidents of which anybody is told, or will be.

    `covers` and `stops` are what holds some of it back.
    """

    covers: Covers
    stops: Sequence[Stopped]
    groups: dict[tuple[str, str, Moment, str], list[tuple[News, str]]] = dataclasses.field(default_factory=dict)
    reached: set[str] = dataclasses.field(default_factory=set)


class Telling:
    """Tells people, in the manner of their utility."""

    def __init__(self, people: People, manners: Manners) -> None:
        self._people = people
        self._manners = manners

    def tell(self, turn: Turn, heard: Heard) -> None:
        """Tell everybody whom this turn's facts, or the end of a wait, give something to be told."""
        orders = take_orders(turn, heard)
        for undone in heard.undone:
            self._call_back(turn, heard, undone)
        found = Found(Covers(turn), turn.all(Stopped))
        for customer, cause in sorted(self._concerned(turn, heard).items()):
            ways = ways_of(turn, self._people, customer)
            if not ways:
                self._nowhere(turn, heard, customer, cause)
            for way in ways:
                self._look(turn, heard, found, customer, way, cause)
            self._settle(turn, customer, ways)
        sent: Counter[str] = Counter()
        for (channel, handle, moment, incident), group in sorted(found.groups.items(), key=lambda group: group[0]):
            if channel != Channel.TEXT or caps.has_room(turn, handle, self._manners):
                self._text(turn, moment, incident, group, first=sent[incident] < FIRST_TEXTS)
                sent[incident] += 1
            else:
                for news, cause in group:
                    self._wait(turn, news, self._manners.next_day(turn.now), Reason.CAPPED, cause)
        note_orders(turn, orders, found.reached)
        for waiting in turn.all(Waiting, lambda each: each.until != HELD):
            if waiting.until > turn.now:
                turn.wake(waiting.until)
            else:  # by this way he is told nothing any more
                turn.remove(waiting)

    def _concerned(self, turn: Turn, heard: Heard) -> dict[str, str]:
        """Return who may have something to be told, each with what brings it up: a fact, or the end of a wait."""
        due = turn.all(Waiting, lambda waiting: waiting.until <= turn.now)
        found = {waiting.id.partition(" ")[0]: f"waited:{waiting.until}" for waiting in due}
        if heard.incidents:
            for affected in turn.all(Affected, lambda affected: affected.incident in heard.incidents):
                found[affected.id] = heard.incidents[affected.incident]
        return found | heard.moved | heard.out | heard.back

    def _look(self, turn: Turn, heard: Heard, found: Found, customer: str, way: Way, cause: str) -> None:
        """Find out what a customer is to be told by a way now; whoever waits for nothing any more is let go."""
        news = news_of(turn, self._manners.zone, customer, way)
        if news is None:
            waiting = turn.get(Waiting, _waiter(customer, way))
            if waiting is not None:
                turn.remove(waiting)
                turn.note(waiting, "over", Reason.NOTHING_NEW, [] if wait_of(cause) else [cause])
        elif self._may_tell(turn, news, cause, heard, found):
            found.groups.setdefault((way.channel, way.handle, news.moment, news.incident), []).append((news, cause))
            found.reached.add(news.incident)
        elif turn.get(Waiting, _waiter(customer, way)) is not None:
            found.reached.add(news.incident)

    def _nowhere(self, turn: Turn, heard: Heard, customer: str, cause: str) -> None:
        returned = turn.get(Returned, customer)
        affected = turn.get(Affected, customer) if returned is None else returned.was
        if affected is not None and (customer in heard.out or returned is not None):
            turn.note(affected, "untold", Reason.NO_PHONE, [] if wait_of(cause) else [cause])

    def _may_tell(self, turn: Turn, news: News, cause: str, heard: Heard, found: Found) -> bool:
        """Say whether a customer is to be told now; if not, he waits or there is a reason to say nothing."""
        customer, way = news.stands.id, news.way
        waiting, returned = turn.get(Waiting, _waiter(customer, way)), turn.get(Returned, customer)
        until, why = self._hindered(turn, news, found)
        if why is not None and until is not None:
            self._wait(turn, news, until, why, cause)
            return False
        if waiting is not None:
            turn.remove(waiting)
        if why is None:
            return True
        if returned is not None:
            turn.put(_done(returned, way))
        if customer in heard.out or returned is not None or waiting is not None:
            turn.note(news.stands, "untold", why, [] if wait_of(cause) else [cause])
        return False

    def _hindered(self, turn: Turn, news: News, found: Found) -> tuple[int | None, Reason | None]:
        """Return until when (ms) a customer waits and why; no time: he is told nothing of it; no reason: he is told now."""
        way = news.way
        if not willing(turn, way):
            return None, Reason.NO_CONSENT
        if stopped(turn, news.incident, found.stops):
            return HELD, Reason.TEXTS_STOPPED
        if (
            news.moment is Moment.POWER_OUT
            and (cover := found.covers.of(news.stands.id, way, news.stands.since)) is not None
        ):
            return cover.until, Reason.PLANNED_WORK
        quiet = self._manners.waits_until(turn.now, KIND_OF[news.moment], self._people.of(news.stands.id), way)
        if quiet is not None:
            return quiet, Reason.QUIET_HOURS
        pause = news.known.at + ETR_PAUSE_MS
        if news.moment is Moment.ETR_CHANGE and turn.now < pause:
            return pause, Reason.TOLD_LATELY
        return None, None

    def _wait(self, turn: Turn, news: News, until: int, why: Reason, cause: str) -> None:
        waiter = _waiter(news.stands.id, news.way)
        waiting = turn.get(Waiting, waiter)
        if waiting is None or waiting.until != until:
            turn.put(Waiting(id=waiter, until=until))
            turn.note(news.stands, "waits", why, [] if wait_of(cause) else [cause])

    def _settle(self, turn: Turn, customer: str, ways: Sequence[Way]) -> None:
        """Let go of a customer whose return nobody has to hear of, by whatever way."""
        returned = turn.get(Returned, customer)
        if returned is None or returned.notices:
            return
        if not any(way.id not in returned.done and hears_of_return(returned.was, way) for way in ways):
            turn.remove(returned)

    def _call_back(self, turn: Turn, heard: Heard, undone: Undone) -> None:
        """Call back a notice that power is back: one of its premises is without. The others may have to be told anew."""
        turn.recall(undone.notice)
        turn.note(("notice", undone.notice), "recalled", Reason.OUT_AGAIN, [undone.fact])
        way = next((each for each in ways_of(turn, self._people, undone.customer) if each.id == undone.way), None)
        for customer in () if way is None else premises_of(turn, self._people, way.handle):
            returned = turn.get(Returned, customer)
            mine = () if returned is None else [each for each, key in returned.notices.items() if key == undone.notice]
            if returned is not None and mine:
                left = {each: key for each, key in returned.notices.items() if each not in mine}
                unsent = turn.now - returned.told_at <= UNSENT_MS
                done = tuple(each for each in returned.done if not unsent or each not in mine)
                turn.put(msgspec.structs.replace(returned, notices=left, done=done))
                if unsent:
                    heard.back[customer] = undone.fact

    def _text(
        self, turn: Turn, moment: Moment, incident: str, found: Sequence[tuple[News, str]], *, first: bool
    ) -> None:
        """Decide on one notice, recall what it overtakes, and keep what its customers know from now on."""
        followed = turn.get(Followed, incident)
        expected = None if followed is None else Calendar(turn.now, self._manners.zone).ahead(followed.estimate)
        named = followed is not None and expected is not None and moment is not Moment.POWER_RESTORED
        estimate = followed.estimate if followed is not None and named else None
        notice = Notice(
            moment=moment,
            of=incident,
            revision=0 if followed is None else followed.revision,
            way=found[0][0].way,
            customers=tuple(news.stands.id for news, _ in found),
            says=lambda wording, where: self._words(turn, wording, where, [news for news, _ in found], followed),
            causes=[cause for _, cause in found],
            estimate=estimate,
            first=first,
        )
        key = send(turn, self._people, self._manners, notice, _WHY[moment])
        facts = sorted({cause for _, cause in found if not wait_of(cause)})
        kept = self._recall(turn, [news for news, _ in found], facts)
        for news, _ in found:
            if moment is Moment.POWER_RESTORED:
                returned = turn.get(Returned, news.stands.id)
                assert returned is not None, "news of a return are of a customer who returned"
                known = msgspec.structs.replace(returned.was.known(news.way.id), notices=())
                turn.put(
                    msgspec.structs.replace(
                        _done(returned, news.way),
                        was=returned.was.knowing(news.way.id, known),
                        notices={**returned.notices, news.way.id: key},
                        told_at=turn.now,
                    )
                )
                remember(turn)
                continue
            # As this turn has left him: he may be told by several ways.
            stands = turn.get(Affected, news.stands.id) or news.stands
            known = stands.known(news.way.id)
            told = msgspec.structs.replace(
                known,
                out=True,
                estimate=known.estimate if estimate is None else estimate,
                at=known.at if estimate is None else turn.now,
                crew=incident if followed is not None and followed.crew else known.crew,
                still=incident,
                notices=(*kept, key),
            )
            turn.put(stands.knowing(news.way.id, told))

    def _recall(self, turn: Turn, found: Sequence[News], facts: Sequence[str]) -> tuple[str, ...]:
        """Recall the older notices of these customers and return those that stay, since others need them."""
        way = found[0].way
        told = {news.stands.id for news in found}
        others = {
            notice
            for customer in premises_of(turn, self._people, way.handle)
            if customer not in told and (affected := turn.get(Affected, customer)) is not None
            for known in (affected.known(), *affected.others.values())
            for notice in known.notices
        }
        older = sorted({notice for news in found for notice in news.known.notices})
        for notice in older:
            if notice not in others:
                turn.recall(notice)
                turn.note(("notice", notice), "recalled", Reason.NEWER_NOTICE, facts)
        return tuple(notice for notice in older if notice in others)

    def _words(
        self, turn: Turn, wording: Wording, where: Where, found: Sequence[News], followed: Followed | None
    ) -> str:
        first = found[0]
        calendar = Calendar(turn.now, self._manners.zone)
        expected = None if followed is None else calendar.ahead(followed.estimate)
        crew = followed is not None and bool(followed.crew)
        match first.moment:
            case Moment.POWER_OUT:
                since = min(news.stands.since for news in found)
                return wording.power_out(where, calendar, since=since, expected=expected, crew=crew)
            case Moment.STILL_OUT:
                return wording.still_out(where, calendar, expected=expected, crew=crew)
            case Moment.INFORM_DISPATCHED:
                arrival = None if followed is None else calendar.ahead(followed.arrival)
                return wording.crew_enroute(where, calendar, arrival=arrival, expected=expected)
            case Moment.POWER_RESTORED:
                back_at = min(news.back_at or turn.now for news in found)
                long_ago = turn.now - back_at >= LONG_BACK_MS
                return wording.power_restored(where, calendar, since=back_at if long_ago else None)
            case _:
                assert expected is not None, "there is news of an estimate only where there is one"
                told = first.known.estimate
                if first.moment is Moment.INITIAL_ETR or told is None:
                    return wording.initial_etr(where, calendar, expected=expected)
                return wording.etr_change(where, calendar, expected=expected, later=expected > told)


def forget_returns(turn: Turn) -> bool:
    """Drop whoever was told so long ago that power is back that no notice of it can still be sent; answers whether any is left."""
    for returned in turn.all(Returned, lambda each: bool(each.notices) and _is_old(each, turn.now)):
        turn.remove(returned)
    return bool(turn.all(Returned))


def _is_old(returned: Returned, now: int) -> bool:
    return returned.told_at + LIFETIME_MS[Moment.POWER_RESTORED] <= now


def _waiter(customer: str, way: Way) -> str:
    return waiter(customer, way.id)


def _done(returned: Returned, way: Way) -> Returned:
    done = returned.done if way.id in returned.done else (*returned.done, way.id)
    return msgspec.structs.replace(returned, done=done)
