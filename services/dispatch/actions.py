"""What a dispatcher decides: which crew goes, what is taken back, what is held. Safety rules stand above a dispatcher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import (
    ClearanceSet,
    CrewAssigned,
    HoursExtended,
    OrderRevoked,
    OrderState,
    PairForbidden,
    SecondCrewAsked,
    WorkHeld,
    WorkPrioritised,
)
from services.clock import to_ms
from services.dispatch.clearing import set_clearance
from services.dispatch.eligibility import Candidate, Standing
from services.dispatch.entities import ON_SITE, Duty, Job, Order, OrderRow, hazard_job
from services.dispatch.ordering import active_order, duty_of, end_order, free_job, give, publish_again
from services.dispatch.overriding import Override, allowing, override
from services.dispatch.reasons import Reason
from services.dispatch.rules import rules_of

if TYPE_CHECKING:
    from services.dispatch.roster import Roster
    from services.engine.turn import Turn


Action = CrewAssigned | OrderRevoked | WorkHeld | Override | HoursExtended | ClearanceSet


def act(turn: Turn, roster: Roster, fact_id: str, action: Action) -> None:
    """Apply one action of a dispatcher. What it names and is not there, or forbids itself, is answered by a reason."""
    match action:
        case OrderRevoked():
            _revoke(turn, fact_id, action)
        case HoursExtended():
            _extend_hours(turn, roster, fact_id, action)
        case ClearanceSet():
            set_clearance(turn, fact_id, action)
        case _:
            _about_work(turn, roster, fact_id, action)


def _about_work(turn: Turn, roster: Roster, fact_id: str, action: CrewAssigned | WorkHeld | Override) -> None:
    job = _named(turn, fact_id, action)
    if job is None:
        return
    if isinstance(action, WorkHeld):
        _hold(turn, fact_id, job, action)
    elif isinstance(action, PairForbidden | WorkPrioritised | SecondCrewAsked):
        override(turn, roster, fact_id, job, action)
    else:
        _assign(turn, roster, fact_id, job, action.crew)


def _named(turn: Turn, fact_id: str, action: CrewAssigned | WorkHeld | Override) -> Job | None:
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
    judged = Standing(known, duty_of(turn, crew), roster, turn.now, rules_of(turn)).judge(job)
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
    give(turn, allowing(standing, crew), judged, Reason.DISPATCHER_ASSIGNED, [fact_id], pinned=True)


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
    stricter = action.held and action.safety and not job.held_for_safety
    if (job.held_by is not None) == action.held and not stricter:
        turn.note(job, job.state, Reason.NOTHING_TO_CHANGE, [fact_id])
        return
    of_safety = action.safety if action.held else job.held_for_safety
    held = msgspec.structs.replace(
        job, held_by=fact_id if action.held else None, held_for_safety=action.held and of_safety
    )
    turn.put(held)
    reason = Reason.SAFETY_HELD if of_safety else Reason.DISPATCHER_HELD
    turn.note(held, held.state, reason if action.held else Reason.DISPATCHER_RELEASED, [fact_id])
    if of_safety:
        _for_safety(turn, fact_id, held)


def _for_safety(turn: Turn, fact_id: str, held: Job) -> None:
    """Hold, or let go, the help with work as well; call back who is under way, and tell who is on site."""
    alike = turn.all(
        Job, lambda job: (job.incident, job.hazard) == (held.incident, held.hazard) and job.state != "over"
    )
    for each in alike:
        job = msgspec.structs.replace(each, held_by=held.held_by, held_for_safety=held.held_for_safety)
        turn.put(job)
        order = active_order(turn, job.order)
        if order is None:
            continue
        if order.state in ON_SITE:
            reason = Reason.SAFETY_HELD if job.held_for_safety else Reason.DISPATCHER_RELEASED
            publish_again(turn, order, reason, fact_id)
        elif job.held_for_safety:
            end_order(turn, order, OrderState.REVOKED, Reason.SAFETY_HELD, [fact_id], crew="available")
            free_job(turn, order, Reason.SAFETY_HELD, [fact_id])


def _extend_hours(turn: Turn, roster: Roster, fact_id: str, action: HoursExtended) -> None:
    """Let a crew work longer: not for longer than a sign-on holds, after which nothing is known of its hours."""
    if action.crew not in roster.crews_of(turn.shard):
        turn.note((Duty.kind, action.crew), "refused", Reason.UNKNOWN_CREW, [fact_id])
        return
    duty, until = duty_of(turn, action.crew), to_ms(action.until)
    if not turn.now < until <= turn.now + rules_of(turn).sign_on_holds_ms:
        turn.note(duty, "refused", Reason.NO_SUCH_HOURS, [fact_id])
    elif until == duty.extended_until:
        turn.note(duty, duty.state, Reason.NOTHING_TO_CHANGE, [fact_id])
    else:
        extended = msgspec.structs.replace(duty, extended_until=until, extended_by=fact_id)
        turn.put(extended)
        turn.note(extended, duty.state, Reason.HOURS_EXTENDED, [fact_id])
