"""Foretelling: what a customer knows of planned work is compared with how it stands, and the difference is told.

It is announced, called to mind the day before, told anew when its time changes, when it is cancelled, when it takes longer, and
when it is over. As of outages nothing is written down to be sent later: the work is looked at again when a wait is over.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Final

import msgspec

from services.clock import from_ms, to_ms
from services.notices import caps
from services.notices.audience import Affected
from services.notices.consents import willing
from services.notices.linking import ways_of
from services.notices.moments import Channel, Kind, Moment
from services.notices.planned import EARLY_MS, FORGOTTEN_MS, Foretold, Work, WorkState, foretold_id
from services.notices.reasons import Reason
from services.notices.sending import Notice, send
from services.notices.wording import Calendar, Where, Wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.engine.turn import Turn
    from services.notices.people import Manners, People, Way

REMIND_AT: Final = dt.time(17)
"""At this hour of the day before customers are reminded of planned work."""
NEEDS_NO_REMINDER_MS: Final = 12 * 3_600_000
"""Who was told of it no longer than this before the hour of the reminder needs none."""
OVERDUE_MS: Final = 5 * 60_000
"""So long after its end work that goes on is taken to overrun: who completes it may be slow to say so."""

_WHY = {
    Moment.PLANNED_ANNOUNCED: Reason.WORK_PLANNED,
    Moment.PLANNED_REMINDER: Reason.WORK_NEAR,
    Moment.PLANNED_CHANGED: Reason.WORK_MOVED,
    Moment.PLANNED_CANCELLED: Reason.WORK_CANCELLED,
    Moment.PLANNED_OVER: Reason.WORK_OVER,
}
_ENDS = frozenset({Moment.PLANNED_CANCELLED, Moment.PLANNED_OVER})


@dataclasses.dataclass(slots=True)
class Look:
    """What one look at work finds: who is to be told what, and when it is to be looked at again (ms)."""

    groups: dict[tuple[str, str, Moment, int | None], list[tuple[str, Way]]] = dataclasses.field(default_factory=dict)
    again: list[int] = dataclasses.field(default_factory=list)


class Foretelling:
    """Tells people of planned work, in the manner of their utility."""

    def __init__(self, people: People, manners: Manners) -> None:
        self._people = people
        self._manners = manners

    def tell(self, turn: Turn, changed: Sequence[Work]) -> None:
        """Tell everybody whom what changed, or the end of a wait, gives something to be told of planned work."""
        touched = {work.id for work in changed}
        for work in turn.all(Work):
            if work.id in touched or (work.due_at is not None and work.due_at <= turn.now):
                self._look(turn, work)
        for work in turn.all(Work, lambda each: each.due_at is not None):
            assert work.due_at is not None, "they were chosen by it"
            turn.wake(work.due_at)

    def _look(self, turn: Turn, work: Work) -> None:
        if work.state is WorkState.ANNOUNCED and work.ends is not None and work.ends + FORGOTTEN_MS <= turn.now:
            self._forget(turn, work, Reason.NEVER_BEGUN)
            return
        if not work.overdue and _is_overdue(turn, work):
            work = msgspec.structs.replace(work, overdue=True, revision=work.revision + 1)
        look = Look(again=self._times(turn, work))
        over = work.state in {WorkState.CANCELLED, WorkState.OVER}
        gone = turn.all(Foretold, lambda told: told.work == work.id and told.customer not in work.customers)
        for customer in sorted({*work.customers, *(told.customer for told in gone)}):
            for way in ways_of(turn, self._people, customer):
                self._find(turn, work, look, customer, way)
        for (channel, handle, moment, _), group in sorted(look.groups.items(), key=_place):
            if channel == Channel.TEXT and not caps.has_room(turn, handle, self._manners):
                for customer, _ in group:
                    turn.note((Foretold.kind, foretold_id(work.id, customer, "")), "waits", Reason.CAPPED, [work.fact])
                look.again.append(self._manners.next_day(turn.now))
            else:
                self._text(turn, work, moment, group)
        later = [at for at in look.again if at > turn.now]
        if over and not later:
            self._forget(turn, work, None)
        else:
            turn.put(msgspec.structs.replace(work, due_at=min(later, default=None)))

    def _times(self, turn: Turn, work: Work) -> list[int]:
        """Return when work has to be looked at whatever is told (ms); some may have passed."""
        if work.ends is None or work.state in {WorkState.CANCELLED, WorkState.OVER}:
            return []
        if work.state is WorkState.UNDER_WAY:
            return [work.ends + OVERDUE_MS]
        reminder = None if work.begins is None else self._reminder(work.begins)
        return [at for at in (reminder, work.ends + FORGOTTEN_MS) if at is not None and at > turn.now]

    def _find(self, turn: Turn, work: Work, look: Look, customer: str, way: Way) -> None:
        """Find out what a customer is to be told of work by a way now; who need not hear of its end is forgotten."""
        told = turn.get(Foretold, foretold_id(work.id, customer, way.id))
        moment = self._moment(turn, work, customer, told) if way.takes(Kind.PLANNED) else None
        if moment is None or not willing(turn, way):
            if moment is not None and told is None:
                turn.note((Foretold.kind, foretold_id(work.id, customer, "")), "untold", Reason.NO_CONSENT, [work.fact])
            if told is not None and (work.state in {WorkState.CANCELLED, WorkState.OVER} or moment in _ENDS):
                turn.remove(told)
            return
        wait = self._manners.waits_until(turn.now, Kind.PLANNED, self._people.of(customer), way)
        if wait is not None:
            look.again.append(wait)
            return
        begins = told.begins if told is not None and moment in _ENDS else work.begins
        look.groups.setdefault((way.channel, way.handle, moment, begins), []).append((customer, way))

    def _moment(self, turn: Turn, work: Work, customer: str, told: Foretold | None) -> Moment | None:
        """Return what a customer does not know of work and should."""
        if customer not in work.customers:
            return None if told is None else Moment.PLANNED_CANCELLED
        match work.state:
            case WorkState.ANNOUNCED:
                return self._ahead(turn, work, told)
            case WorkState.UNDER_WAY:
                return _under_way(turn, work, customer, told)
            case WorkState.CANCELLED:
                return None if told is None else Moment.PLANNED_CANCELLED
            case WorkState.OVER:
                # Whoever is out under an incident hears of that one.
                done = told is not None and turn.get(Affected, customer) is None
                return Moment.PLANNED_OVER if done else None

    def _ahead(self, turn: Turn, work: Work, told: Foretold | None) -> Moment | None:
        if work.begins is None or work.begins <= turn.now:
            return None
        if told is None:
            return Moment.PLANNED_ANNOUNCED
        if (told.begins, told.ends) != (work.begins, work.ends):
            return Moment.PLANNED_CHANGED
        due = not told.reminded and self._reminder(work.begins) <= turn.now
        return Moment.PLANNED_REMINDER if due else None

    def _reminder(self, begins: int) -> int:
        """Return when customers are reminded of work that begins then (ms)."""
        day = from_ms(begins).astimezone(self._manners.zone).date() - dt.timedelta(days=1)
        return to_ms(dt.datetime.combine(day, REMIND_AT, self._manners.zone))

    def _text(self, turn: Turn, work: Work, moment: Moment, group: Sequence[tuple[str, Way]]) -> None:
        """Decide on one notice, recall what it overtakes, and keep what its customers know from now on."""
        stood = {customer: turn.get(Foretold, foretold_id(work.id, customer, way.id)) for customer, way in group}
        begun = work.state is WorkState.UNDER_WAY
        first = stood[group[0][0]]
        begins = first.begins if moment in _ENDS and first is not None else work.begins
        calendar = Calendar(turn.now, self._manners.zone)
        notice = Notice(
            moment=moment,
            of=work.id,
            revision=work.revision,
            way=group[0][1],
            customers=tuple(customer for customer, _ in group),
            says=lambda wording, where: _words(wording, where, calendar, moment, begins, work.ends, begun=begun),
            causes=[work.fact, *_waits(work, moment)],
            until=work.begins if work.state is WorkState.ANNOUNCED and work.begins is not None else None,
        )
        key = send(turn, self._people, self._manners, notice, _why(work, moment))
        for older in sorted({key for told in stood.values() if told is not None for key in told.notices}):
            turn.recall(older)
            turn.note(("notice", older), "recalled", Reason.NEWER_NOTICE, [work.fact])
        for customer, way in group:
            told = stood[customer]
            if moment in _ENDS:
                if told is not None:
                    turn.remove(told)
                continue
            reminder = None if work.begins is None else self._reminder(work.begins)
            turn.put(
                Foretold(
                    id=foretold_id(work.id, customer, way.id),
                    work=work.id,
                    customer=customer,
                    way=way.id,
                    begins=_begins(turn, work, told),
                    ends=work.ends,
                    reminded=reminder is None or turn.now >= reminder - NEEDS_NO_REMINDER_MS,
                    overrun=work.overdue,
                    notices=(key,),
                )
            )

    def _forget(self, turn: Turn, work: Work, why: Reason | None) -> None:
        for told in turn.all(Foretold, lambda each: each.work == work.id):
            turn.remove(told)
        turn.remove(work)
        if why is not None:
            turn.note(work, "forgotten", why, [work.fact])


def _under_way(turn: Turn, work: Work, customer: str, told: Foretold | None) -> Moment | None:
    if told is None:
        # Whoever is out under an incident already was told of that one.
        return Moment.PLANNED_ANNOUNCED if turn.get(Affected, customer) is None else None
    if work.overdue:
        return None if told.overrun else Moment.PLANNED_CHANGED
    moved = told.ends != work.ends or told.overrun or (told.begins or 0) > turn.now + EARLY_MS
    return Moment.PLANNED_CHANGED if moved and work.ends is not None and work.ends > turn.now else None


def _begins(turn: Turn, work: Work, told: Foretold | None) -> int:
    """Return when work begins (ms), as a customer knows it from now on: of work that is under way no later than now."""
    known = [at for at in (work.begins, None if told is None else told.begins) if at is not None]
    if work.state is WorkState.ANNOUNCED and work.begins is not None:
        return work.begins
    return min([turn.now, *known])


def _is_overdue(turn: Turn, work: Work) -> bool:
    return work.state is WorkState.UNDER_WAY and work.ends is not None and work.ends + OVERDUE_MS <= turn.now


def _waits(work: Work, moment: Moment) -> list[str]:
    """Return the time that brought a notice up where no news did: one fact may have been told of before."""
    if moment is Moment.PLANNED_REMINDER:
        return [f"waited:{work.begins}"]
    return [f"waited:{work.ends}"] if moment is Moment.PLANNED_CHANGED and work.overdue else []


def _why(work: Work, moment: Moment) -> Reason:
    if moment is Moment.PLANNED_ANNOUNCED and work.state is WorkState.UNDER_WAY:
        return Reason.WORK_BEGUN
    return Reason.WORK_OVERDUE if moment is Moment.PLANNED_CHANGED and work.overdue else _WHY[moment]


def _words(
    wording: Wording,
    where: Where,
    calendar: Calendar,
    moment: Moment,
    begins: int | None,
    ends: int | None,
    *,
    begun: bool,
) -> str:
    match moment:
        case Moment.PLANNED_ANNOUNCED:
            return wording.planned_announced(where, calendar, begins=begins, ends=ends, begun=begun)
        case Moment.PLANNED_CHANGED:
            return wording.planned_changed(where, calendar, begins=begins, ends=ends, begun=begun)
        case Moment.PLANNED_OVER:
            return wording.planned_over(where)
        case Moment.PLANNED_CANCELLED:
            assert begins is not None, "who was told of work was told a time"
            return wording.planned_cancelled(where, calendar, begins=begins)
        case _:
            assert begins is not None, "there is a reminder only of work with a time"
            assert ends is not None, "as above"
            return wording.planned_reminder(where, calendar, begins=begins, ends=ends)


def _place(group: tuple[tuple[str, str, Moment, int | None], object]) -> tuple[str, str, str, int]:
    channel, handle, moment, begins = group[0]
    return channel, handle, moment, begins or 0
