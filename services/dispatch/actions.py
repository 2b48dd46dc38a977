"""What a dispatcher decides: which crew goes, what is taken back, what is held. Safety rules stand above a dispatcher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import CrewAssigned, OrderRevoked, OrderState, WorkHeld
from services.dispatch.eligibility import Candidate, Standing
from services.dispatch.entities import ON_SITE, Duty, Job, Order, OrderRow, hazard_job
from services.dispatch.ordering import active_order, duty_of, end_order, free_job, give
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from services.dispatch.roster import Roster
    from services.engine.turn import Turn


def act(turn: Turn, roster: Roster, fact_id: str, action: CrewAssigned | OrderRevoked | WorkHeld) -> None:
    """Apply one action of a dispatcher. What it names and is not there, or forbids itself, is answered by a reason."""
    if isinstance(action, OrderRevoked):
        _revoke(turn, fact_id, action)
        return
    job = _named(turn, fact_id, action)
    if job is None:
        return
    if isinstance(action, WorkHeld):
        _hold(turn, fact_id, job, action)
    else:
        _assign(turn, roster, fact_id, job, action.crew)


def _named(turn: Turn, fact_id: str, action: CrewAssigned | WorkHeld) -> Job | None:
    name = action.incident if action.hazard is None else hazard_job(action.hazard)
    job = None if name is None else turn.get(Job, name)
    if job is None:
        turn.note((Job.kind, name or ""), "refused", Reason.UNKNOWN_WORK, [fact_id])
    elif job.state == "over":
        turn.note(job, "refused", Reason.WORK_OVER, [fact_id])
    else:
        return job
    return None


def _assign(turn: Turn, roster: Roster, fact_id: str, job: Job, crew: str) -> None:
    known = roster.crews_of(turn.shard).get(crew)
    if known is None:
        turn.note((Duty.kind, crew), "refused", Reason.UNKNOWN_CREW, [fact_id])
        return
    order = active_order(turn, job.order)
    if order is not None and order.crew == crew:
        _pin(turn, fact_id, order)
        return
    judged = Standing(known, duty_of(turn, crew), roster, turn.now).judge(job)
    if not isinstance(judged, Candidate):
        if judged.forbidden is not None:
            turn.note(job, "refused", judged.forbidden, [fact_id, crew])
            return
        judged = judged.all_the_same
    if order is not None:
        state = OrderState.HANDED_OVER if order.state in ON_SITE else OrderState.REVOKED
        end_order(turn, order, state, Reason.DISPATCHER_CHANGED_CREW, [fact_id], crew="available")
        free_job(turn, order, Reason.DISPATCHER_CHANGED_CREW, [fact_id], decline=True)
    standing = turn.get(Job, job.id)
    assert standing is not None, "its order was taken from it, no more"
    give(turn, standing, judged, Reason.DISPATCHER_ASSIGNED, [fact_id], pinned=True)


def _pin(turn: Turn, fact_id: str, order: Order) -> None:
    if order.pinned:
        turn.note(order, order.state, Reason.NOTHING_TO_CHANGE, [fact_id])
        return
    pinned = msgspec.structs.replace(order, pinned=True)
    turn.put(pinned)
    turn.record(OrderRow(order=pinned))
    turn.note(order, order.state, Reason.DISPATCHER_PINNED, [fact_id])


def _revoke(turn: Turn, fact_id: str, action: OrderRevoked) -> None:
    order = turn.get(Order, action.order)
    if order is None:
        turn.note((Order.kind, action.order), "refused", Reason.UNKNOWN_ORDER, [fact_id])
    elif active_order(turn, order.id) is None:
        turn.note(order, order.state, Reason.ORDER_OVER, [fact_id])
    else:
        end_order(turn, order, OrderState.REVOKED, Reason.DISPATCHER_REVOKED, [fact_id], crew="available")
        free_job(turn, order, Reason.DISPATCHER_REVOKED, [fact_id], decline=True)


def _hold(turn: Turn, fact_id: str, job: Job, action: WorkHeld) -> None:
    if (job.held_by is not None) == action.held:
        turn.note(job, job.state, Reason.NOTHING_TO_CHANGE, [fact_id])
        return
    turn.put(msgspec.structs.replace(job, held_by=fact_id if action.held else None))
    turn.note(job, job.state, Reason.DISPATCHER_HELD if action.held else Reason.DISPATCHER_RELEASED, [fact_id])
