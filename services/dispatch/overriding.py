"""What a dispatcher says of work beside who goes: a crew that must not, that it goes first, that a second crew shares it.

A plan keeps to it. It holds for the help with the work as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import OrderState, PairForbidden, SecondCrewAsked, WorkPrioritised
from services.dispatch.demands import demands_of
from services.dispatch.entities import ON_SITE, UNDER_WAY, Duty, Job, second_job
from services.dispatch.helping import open_help
from services.dispatch.ordering import active_order, end_order, free_job, move_job
from services.dispatch.reasons import Reason
from services.dispatch.rules import rules_of

if TYPE_CHECKING:
    from services.dispatch.roster import Roster
    from services.engine.turn import Turn

Override = PairForbidden | WorkPrioritised | SecondCrewAsked


def override(turn: Turn, roster: Roster, fact_id: str, job: Job, action: Override) -> None:
    """Apply a dispatcher's word about a job that is not over."""
    match action:
        case PairForbidden():
            _forbid(turn, roster, fact_id, job, action)
        case WorkPrioritised():
            _prioritise(turn, fact_id, job, action)
        case SecondCrewAsked():
            _share(turn, fact_id, job, action)


def allowing(job: Job, crew: str) -> Job:
    """Return a job to which this crew may be sent again: a dispatcher who sends it takes back what he forbade."""
    if crew not in job.forbidden:
        return job
    return msgspec.structs.replace(job, forbidden=tuple(each for each in job.forbidden if each != crew))


def _forbid(turn: Turn, roster: Roster, fact_id: str, job: Job, action: PairForbidden) -> None:
    if action.crew not in roster.crews_of(turn.shard):
        turn.note((Duty.kind, action.crew), "refused", Reason.UNKNOWN_CREW, [fact_id])
        return
    if (action.crew in job.forbidden) == action.forbidden:
        turn.note(job, job.state, Reason.NOTHING_TO_CHANGE, [fact_id])
        return
    reason = Reason.PAIR_FORBIDDEN if action.forbidden else Reason.PAIR_ALLOWED
    for each in _alike(turn, job):
        free = allowing(each, action.crew)
        crews = sorted({*free.forbidden, action.crew}) if action.forbidden else free.forbidden
        said = msgspec.structs.replace(free, forbidden=tuple(crews))
        turn.put(said)
        turn.note(said, said.state, reason, [fact_id, action.crew])
        order = active_order(turn, said.order)
        if action.forbidden and order is not None and order.crew == action.crew and order.state in UNDER_WAY:
            end_order(turn, order, OrderState.REVOKED, reason, [fact_id], crew="available")
            free_job(turn, order, reason, [fact_id])


def _prioritise(turn: Turn, fact_id: str, job: Job, action: WorkPrioritised) -> None:
    if job.first == action.first:
        turn.note(job, job.state, Reason.NOTHING_TO_CHANGE, [fact_id])
        return
    reason = Reason.DISPATCHER_PUT_FIRST if action.first else Reason.DISPATCHER_LEFT_FIRST
    for each in _alike(turn, job):
        said = msgspec.structs.replace(each, first=action.first)
        turn.put(said)
        turn.note(said, said.state, reason, [fact_id])


def _share(turn: Turn, fact_id: str, job: Job, action: SecondCrewAsked) -> None:
    if (job.second_by is not None) == action.wanted:
        turn.note(job, job.state, Reason.NOTHING_TO_CHANGE, [fact_id])
        return
    said = msgspec.structs.replace(job, second_by=fact_id if action.wanted else None)
    turn.put(said)
    reason = Reason.SECOND_CREW_ASKED if action.wanted else Reason.SECOND_CREW_NOT_WANTED
    turn.note(said, said.state, reason, [fact_id])
    order = active_order(turn, said.order)
    if order is None:
        return
    second = turn.get(Job, second_job(order.id))
    open_now = second is not None and second.state != "over"
    if action.wanted and not open_now:
        open_help(turn, said, order, second_job(order.id), None, reason, fact_id)
    elif not action.wanted and second is not None and open_now and demands_of(said, rules_of(turn)).crews == 1:
        _send_home(turn, fact_id, second)


def _send_home(turn: Turn, fact_id: str, second: Job) -> None:
    order = active_order(turn, second.order)
    if order is not None and order.state in ON_SITE:
        turn.note(order, order.state, Reason.CREW_ON_SITE, [fact_id])
        return
    if order is not None:
        end_order(turn, order, OrderState.REVOKED, Reason.SECOND_CREW_NOT_WANTED, [fact_id], crew="available")
    move_job(turn, second, "over", Reason.SECOND_CREW_NOT_WANTED, [fact_id])


def _alike(turn: Turn, job: Job) -> list[Job]:
    """Return a job and those to help with it."""
    return turn.all(
        Job, lambda each: (each.incident, each.hazard) == (job.incident, job.hazard) and each.state != "over"
    )
