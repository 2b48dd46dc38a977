"""Who is sent where: the most urgent work first, and for whom nobody can be sent, why."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from schemas.events import OrderState
from services.dispatch.eligibility import Candidate, Excluded, Standing
from services.dispatch.entities import UNDER_WAY, Job
from services.dispatch.nearest_depot import nearest_crew
from services.dispatch.ordering import active_order, duty_of, end_order, free_job, give, order_id
from services.dispatch.priorities import Priority
from services.dispatch.reasons import Reason
from services.dispatch.waiting import ANSWER_WITHIN_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.dispatch.roster import Roster
    from services.engine.turn import Turn

WHY_NOBODY = frozenset(
    {
        Reason.DISPATCHER_HELD,
        Reason.NO_CREWS,
        Reason.SKILL_MISSING,
        Reason.CERTIFICATE_MISSING,
        Reason.KIT_MISSING,
        Reason.NO_GUIDE,
        Reason.HELPS_ALREADY,
        Reason.DECLINED,
        Reason.HOURS_UP,
        Reason.BUSY,
        Reason.UNREACHABLE,
        Reason.OFF_DUTY,
        Reason.ON_BREAK,
        Reason.OFF_SHIFT,
    }
)
"""Why nobody is sent to a job that waits: a dispatcher holds it, or the rules that keep crews from it."""


def send_crews(turn: Turn, roster: Roster) -> None:
    """Give every waiting job a crew while one can be sent: by class of priority, then the oldest first, then by id."""
    crews = roster.crews_of(turn.shard)
    standing = {crew.id: Standing(crew, duty_of(turn, crew.id), roster, turn.now) for crew in crews.values()}
    for hazards in (True, False):
        for job in _waiting(turn, hazards=hazards):
            if job.held_by is not None:
                _tell(turn, job, {Reason.DISPATCHER_HELD: [job.held_by]})
                continue
            judged = [each.judge(job) for each in standing.values()]
            choice = nearest_crew(job.place, (each for each in judged if isinstance(each, Candidate)), roster)
            excluded = [each for each in judged if isinstance(each, Excluded)]
            reason = Reason.NEAREST_DEPOT
            if choice is not None and choice.past_shift:
                reason = Reason.NEAREST_DEPOT_PAST_SHIFT
            elif choice is None and hazards:
                choice, reason = _redirect(turn, roster, job, excluded), Reason.REDIRECTED
            if choice is None:
                _say_why(turn, job, excluded)
                continue
            give(turn, job, choice, reason, [job.changed_by])
            turn.wake(turn.now + ANSWER_WITHIN_MS)
            standing[choice.crew] = Standing(crews[choice.crew], duty_of(turn, choice.crew), roster, turn.now)


def _waiting(turn: Turn, *, hazards: bool) -> list[Job]:
    waiting = turn.all(Job, lambda job: job.state == "waiting" and (job.priority is Priority.HAZARD) == hazards)
    return sorted(waiting, key=lambda job: (job.priority.rank, job.started_at, job.id))


def _redirect(turn: Turn, roster: Roster, job: Job, excluded: list[Excluded]) -> Candidate | None:
    """Take the nearest crew that is under way to work of a lower class, unless a dispatcher sent it; nobody is idle."""
    busy = {
        each.crew: each.all_the_same
        for each in excluded
        if each.reasons == (Reason.BUSY,) and _can_be_redirected(turn, each.crew, job)
    }
    choice = nearest_crew(job.place, busy.values(), roster)
    if choice is None:
        return None
    order = active_order(turn, duty_of(turn, choice.crew).order)
    assert order is not None, "it has an order that can be taken back"
    facts = [job.changed_by]
    end_order(turn, order, OrderState.REVOKED, Reason.REDIRECTED_TO_HAZARD, facts, crew="available")
    free_job(turn, order, Reason.REDIRECTED_TO_HAZARD, facts)
    return choice


def _can_be_redirected(turn: Turn, crew: str, job: Job) -> bool:
    order = active_order(turn, duty_of(turn, crew).order)
    if order is None or order.state not in UNDER_WAY or order.pinned:
        return False
    other = turn.get(Job, order.job)
    return other is not None and other.priority.rank > job.priority.rank


def _say_why(turn: Turn, job: Job, excluded: list[Excluded]) -> None:
    """Note for each rule which crews it excluded: once, until the job moves or changes; wake up when that may be over."""
    for until in (each.until for each in excluded if each.until is not None):
        turn.wake(until)
    kept: dict[Reason, list[str]] = defaultdict(list)
    for each in excluded:
        kept[each.reasons[0]].append(each.crew)
    _tell(turn, job, kept or {Reason.NO_CREWS: []})


def _tell(turn: Turn, job: Job, why: Mapping[Reason, list[str]]) -> None:
    new = sorted(why.keys() - set(job.told))
    if new:
        turn.put(msgspec.structs.replace(job, told=tuple(sorted({*job.told, *new}))))
    for reason in new:
        turn.note(job, "waiting", reason, [job.changed_by, order_id(job, job.attempts), *why[reason]])
