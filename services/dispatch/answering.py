"""What a crew's report does to its order, its job and itself. Statuses may come in any order, or leave some out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import CrewReported, CrewState, OrderState
from services.clock import to_ms
from services.dispatch.entities import Duty, DutyState, Job, JobState, Order
from services.dispatch.ordering import active_order, duty_of, move_crew, move_job, move_order, take_from_crew
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from services.engine.turn import Turn

ASK_AGAIN_MS = 30 * 60_000
"""How long a crew that refused a job is not asked for it again, milliseconds."""

_PROGRESS: dict[CrewState, OrderState] = {
    CrewState.ACCEPTED: OrderState.ACCEPTED,
    CrewState.ENROUTE: OrderState.ENROUTE,
    CrewState.ARRIVED: OrderState.ARRIVED,
    CrewState.DONE: OrderState.DONE,
}
_RANK = {
    OrderState.SENT: 0,
    OrderState.ACCEPTED: 1,
    OrderState.ENROUTE: 2,
    OrderState.ARRIVED: 3,
    OrderState.DONE: 4,
}
_DUTY: dict[OrderState, DutyState] = {
    OrderState.ACCEPTED: "ordered",
    OrderState.ENROUTE: "enroute",
    OrderState.ARRIVED: "onSite",
}


def take_report(turn: Turn, fact_id: str, report: CrewReported) -> None:
    """Apply one report of a known crew. What it says of an order that is not its active one is noted, no more."""
    duty = duty_of(turn, report.crew)
    if report.status is CrewState.OFF_DUTY:
        _off_duty(turn, fact_id, duty)
        return
    if duty.state == "unreachable" or (duty.state == "offDuty" and report.status is CrewState.AVAILABLE):
        move_crew(turn, duty, "available", Reason.HEARD_OF, [fact_id], order=None)
        duty = duty_of(turn, report.crew)
    if report.status is CrewState.AVAILABLE:
        if duty.order is not None:
            turn.note(duty, duty.state, Reason.ORDER_ACTIVE, [fact_id])
        return
    order = None if report.order is None else turn.get(Order, report.order)
    if order is None:
        turn.note(duty, duty.state, Reason.UNKNOWN_ORDER, [fact_id])
    elif order.crew != report.crew:
        turn.note(duty, duty.state, Reason.NOT_ITS_ORDER, [fact_id])
    elif active_order(turn, order.id) is None:
        turn.note(order, order.state, Reason.ORDER_OVER, [fact_id])
    elif report.status is CrewState.REFUSED:
        _refused(turn, fact_id, order)
    else:
        _progressed(turn, fact_id, order, report)


def _progressed(turn: Turn, fact_id: str, order: Order, report: CrewReported) -> None:
    state = _PROGRESS[report.status]
    if _RANK[state] <= _RANK[order.state]:
        turn.note(order, order.state, Reason.OUT_OF_ORDER, [fact_id])
        return
    done = state is OrderState.DONE
    order = move_order(
        turn,
        order,
        state,
        Reason.CREW_REPORTED,
        [fact_id],
        at=to_ms(report.at),
        found=report.found if done else None,
        cause=report.cause if done else None,
    )
    duty = duty_of(turn, order.crew)
    if not done:
        move_crew(turn, duty, _DUTY[state], Reason.CREW_REPORTED, [fact_id], order=order.id)
        return
    move_crew(turn, duty, "available", Reason.ORDER_ENDED, [order.id, fact_id], order=None)
    job = turn.get(Job, order.incident)
    if job is not None and job.order == order.id:
        ended: JobState = "over" if job.state == "over" else "done"
        move_job(turn, job, ended, Reason.CREW_REPORTED, [order.id, fact_id], done_at=turn.now)


def _refused(turn: Turn, fact_id: str, order: Order) -> None:
    move_order(turn, order, OrderState.REFUSED, Reason.CREW_REFUSED, [fact_id])
    move_crew(turn, duty_of(turn, order.crew), "available", Reason.CREW_REFUSED, [order.id, fact_id], order=None)
    job = turn.get(Job, order.incident)
    if job is None or job.order != order.id:
        return
    others = tuple(pair for pair in job.declined if pair[0] != order.crew)
    declined = tuple(sorted((*others, (order.crew, turn.now + ASK_AGAIN_MS))))
    state: JobState = "over" if job.state == "over" else "waiting"
    move_job(turn, job, state, Reason.CREW_REFUSED, [order.id, fact_id], declined=declined)


def _off_duty(turn: Turn, fact_id: str, duty: Duty) -> None:
    order = active_order(turn, duty.order)
    if order is None:
        move_crew(turn, duty, "offDuty", Reason.CREW_REPORTED, [fact_id], order=None)
        return
    take_from_crew(turn, order, OrderState.REVOKED, Reason.CREW_OFF_DUTY, [fact_id], crew="offDuty")
    job = turn.get(Job, order.incident)
    if job is not None and job.order == order.id:
        state: JobState = "over" if job.state == "over" else "waiting"
        move_job(turn, job, state, Reason.CREW_OFF_DUTY, [order.id, fact_id])
