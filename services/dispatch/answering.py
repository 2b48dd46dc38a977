"""What a crew's report does to its order, its job and itself. Statuses may come in any order, or leave some out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from schemas.events import CrewReported, CrewState, OrderState
from services.clock import to_ms
from services.dispatch.clearing import doubt_work, release_clearance, take_clearance
from services.dispatch.entities import ON_SITE, Duty, DutyState, Job, JobState, Order, assist_job
from services.dispatch.finding import tell_what_was_found
from services.dispatch.helping import open_help
from services.dispatch.hours import on_duty_since, shift_at, signed_on
from services.dispatch.ordering import (
    active_order,
    duty_of,
    end_order,
    free_job,
    job_of,
    keep_order,
    move_crew,
    move_job,
    move_order,
)
from services.dispatch.reasons import Reason
from services.dispatch.rules import rules_of
from services.network.places import distance_m

if TYPE_CHECKING:
    from services.dispatch.roster import Roster
    from services.engine.turn import Turn

FARTHEST_M = 300_000
"""A crew is not believed to be farther from its depot than this, metres."""

_PROGRESS: dict[CrewState, OrderState] = {
    CrewState.ACCEPTED: OrderState.ACCEPTED,
    CrewState.ENROUTE: OrderState.ENROUTE,
    CrewState.ARRIVED: OrderState.ARRIVED,
    CrewState.ASSESSING: OrderState.ASSESSING,
    CrewState.REPAIRED: OrderState.REPAIRED,
    CrewState.DONE: OrderState.DONE,
}
_RANK = {state: rank for rank, state in enumerate((OrderState.SENT, *_PROGRESS.values()))}
_MAY_BE_LEFT_OUT = frozenset({OrderState.ASSESSING, OrderState.REPAIRED})
_OF_ITSELF = frozenset({CrewState.SIGNED_ON, CrewState.AVAILABLE, CrewState.ON_BREAK, CrewState.OFF_DUTY})


def take_report(turn: Turn, roster: Roster, fact_id: str, report: CrewReported) -> None:
    """Apply one report of a crew. What it says of an order that is not its active one is noted, no more."""
    duty = duty_of(turn, report.crew)
    if report.crew not in roster.crews:
        turn.note((Duty.kind, report.crew), "refused", Reason.UNKNOWN_CREW, [fact_id])
        return
    at = min(to_ms(report.at), turn.now)
    if report.place is not None and distance_m(report.place, roster.home(report.crew).place) > FARTHEST_M:
        turn.note(duty, duty.state, Reason.PLACE_TOO_FAR, [fact_id])
        report = msgspec.structs.replace(report, place=None)
    elif report.place is not None and at >= (duty.place_at or at):
        duty = msgspec.structs.replace(duty, place=report.place, place_at=at)
        turn.put(duty)
    if duty.state == "unreachable":
        duty = move_crew(turn, duty, "available", Reason.HEARD_OF, [fact_id])
    if report.status is CrewState.POSITION:
        return
    if report.status in _OF_ITSELF:
        _of_itself(turn, roster, fact_id, duty, report)
    elif report.status is CrewState.FOUND_FAULT:
        tell_what_was_found(turn, fact_id, duty, report)
    else:
        _of_an_order(turn, fact_id, duty, report)


def _of_an_order(turn: Turn, fact_id: str, duty: Duty, report: CrewReported) -> None:
    order = None if report.order is None else turn.get(Order, report.order)
    if order is None:
        turn.note(duty, duty.state, Reason.UNKNOWN_ORDER, [fact_id])
    elif order.crew != report.crew:
        turn.note(duty, duty.state, Reason.NOT_ITS_ORDER, [fact_id])
    elif report.status is CrewState.RELEASED:
        release_clearance(turn, fact_id, order)
    elif active_order(turn, order.id) is None:
        turn.note(order, order.state, Reason.ORDER_OVER, [fact_id])
    elif report.status is CrewState.CLEARED:
        take_clearance(turn, fact_id, order)
    elif report.status in _PROGRESS:
        _progressed(turn, fact_id, order, report)
    elif report.status is CrewState.HELP_NEEDED:
        _help_needed(turn, fact_id, order, report)
    elif report.status is CrewState.MATERIAL_NEEDED:
        _material_needed(turn, fact_id, order)
    else:
        _given_up(turn, fact_id, order, report)


def _given_up(turn: Turn, fact_id: str, order: Order, report: CrewReported) -> None:
    refused = report.status is CrewState.REFUSED
    if refused and order.state is OrderState.REPAIRED:
        turn.note(order, order.state, Reason.OUT_OF_ORDER, [fact_id])
        return
    state = OrderState.REFUSED if refused else OrderState.HANDED_OVER
    reason = Reason.CREW_REFUSED if refused else Reason.HANDED_OVER
    end_order(turn, order, state, reason, [fact_id], crew="available", at=to_ms(report.at))
    free_job(turn, order, reason, [fact_id], decline=True)


def _of_itself(turn: Turn, roster: Roster, fact_id: str, duty: Duty, report: CrewReported) -> None:
    if report.status is CrewState.OFF_DUTY:
        _off_duty(turn, roster, fact_id, duty)
    elif duty.order is not None:
        turn.note(duty, duty.state, Reason.ORDER_ACTIVE, [fact_id])
    elif report.status is CrewState.ON_BREAK:
        move_crew(turn, duty, "onBreak", Reason.CREW_REPORTED, [fact_id])
    elif report.status is CrewState.SIGNED_ON or _begins(turn, roster, duty):
        at, rules = to_ms(report.at), rules_of(turn)
        began = at if turn.now - rules.sign_on_holds_ms < at <= turn.now else turn.now
        # Who is on duty and signs on again does not begin its hours anew.
        said = signed_on(duty, turn.now, rules) or began
        move_crew(turn, duty, "available", Reason.SIGNED_ON, [fact_id], signed_on=said)
    else:
        move_crew(turn, duty, "available", Reason.CREW_REPORTED, [fact_id])


def _begins(turn: Turn, roster: Roster, duty: Duty) -> bool:
    """Answers whether a crew that says it is available begins its duty by that."""
    crew = roster.crews[duty.id]
    off_shift = bool(crew.shifts) and shift_at(crew, roster.zone, turn.now) is None
    return duty.state == "offDuty" or (off_shift and signed_on(duty, turn.now, rules_of(turn)) is None)


def _off_duty(turn: Turn, roster: Roster, fact_id: str, duty: Duty) -> None:
    if duty.state == "offDuty":
        return
    since = on_duty_since(duty, shift_at(roster.crews[duty.id], roster.zone, turn.now), turn.now, rules_of(turn))
    rested: dict[str, Any] = {"signed_on": None, "since": since, "worked_until": turn.now}
    order = active_order(turn, duty.order)
    if order is None:
        move_crew(turn, duty, "offDuty", Reason.CREW_REPORTED, [fact_id], **rested)
        return
    state = OrderState.HANDED_OVER if order.state in ON_SITE else OrderState.REVOKED
    end_order(turn, order, state, Reason.CREW_OFF_DUTY, [fact_id], crew="offDuty")
    turn.put(msgspec.structs.replace(duty_of(turn, duty.id), **rested))
    free_job(turn, order, Reason.CREW_OFF_DUTY, [fact_id])


def _progressed(turn: Turn, fact_id: str, order: Order, report: CrewReported) -> None:
    state = _PROGRESS[report.status]
    if state is order.state and state is not OrderState.REPAIRED and report.estimate is not None:
        _new_estimate(turn, fact_id, order, to_ms(report.estimate))
        return
    if _RANK[state] <= _RANK[order.state]:
        turn.note(order, order.state, Reason.OUT_OF_ORDER, [fact_id])
        return
    repaired = order.state is OrderState.REPAIRED
    skipped = [each for each, rank in _RANK.items() if _RANK[order.state] < rank < _RANK[state]]
    reason = Reason.CREW_REPORTED if _MAY_BE_LEFT_OUT.issuperset(skipped) else Reason.CREW_JUMPED
    given: dict[str, Any] = {}
    if report.estimate is not None:
        given["completion_estimate"] = to_ms(report.estimate)
    if report.cause is not None and state in ON_SITE:
        given["cause"] = report.cause
    ends = state in {OrderState.REPAIRED, OrderState.DONE}
    if ends:
        given |= {
            "found": report.found or order.found,
            "cause": report.cause or order.cause,
            "completion_estimate": None,
        }
    order = move_order(turn, order, state, reason, [fact_id], at=to_ms(report.at), **given)
    doubt_work(turn, fact_id, order)
    duty = duty_of(turn, order.crew)
    place = order.place if report.place is None and state in ON_SITE else duty.place
    job = job_of(turn, order)
    if state is OrderState.DONE:
        facts = [order.id, fact_id]
        move_crew(turn, duty, "available", Reason.ORDER_ENDED, facts, order=None, place=place, worked_until=turn.now)
        if job is not None:
            over = job.state == "over" or job.assists is not None
            ended: JobState = "over" if over else "done"
            done_at = job.done_at if repaired else turn.now
            move_job(turn, job, ended, reason, facts, done_at=done_at, waits_for_material=False)
        return
    doing: DutyState = "onSite" if state in ON_SITE else "enroute" if state is OrderState.ENROUTE else "ordered"
    move_crew(turn, duty, doing, reason, [fact_id], place=place)
    if job is not None and state is OrderState.REPAIRED:
        turn.put(msgspec.structs.replace(job, done_at=turn.now, waits_for_material=False))
        turn.note(job, job.state, Reason.REPAIRED_NOT_DONE, [order.id, fact_id])


def _help_needed(turn: Turn, fact_id: str, order: Order, report: CrewReported) -> None:
    """Open a job to help the crew; help for a helper is more help for the order that it helps."""
    leading = active_order(turn, order.assists) or order
    job = turn.get(Job, leading.job)
    known = turn.get(Job, assist_job(leading.id, report.skill))
    if job is None or (known is not None and known.state != "over"):
        turn.note(order, order.state, Reason.HELP_ASKED_BEFORE, [fact_id])
        return
    turn.note(order, order.state, Reason.HELP_ASKED_FOR, [fact_id])
    name = assist_job(leading.id, report.skill)
    open_help(turn, job, leading, name, report.skill, Reason.HELP_ASKED_FOR, fact_id)


def _new_estimate(turn: Turn, fact_id: str, order: Order, estimate: int) -> None:
    keep_order(turn, order, Reason.NEW_ESTIMATE, fact_id, completion_estimate=estimate)
    job = job_of(turn, order)
    if job is not None:
        turn.put(msgspec.structs.replace(job, waits_for_material=False))


def _material_needed(turn: Turn, fact_id: str, order: Order) -> None:
    keep_order(turn, order, Reason.MATERIAL_NEEDED, fact_id, completion_estimate=None)
    job = job_of(turn, order)
    if job is not None and not job.waits_for_material:
        turn.put(msgspec.structs.replace(job, waits_for_material=True))
        turn.note(job, job.state, Reason.MATERIAL_NEEDED, [order.id, fact_id])
