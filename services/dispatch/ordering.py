"""The moves of orders, jobs and crews, each with its reason, its event and its journal entries kept together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from schemas.events import Clearance, OrderChanged, OrderState
from schemas.ids import derived
from schemas.topics import CREW_ASSIGNMENTS
from services.clock import from_ms
from services.dispatch.demands import demands_of
from services.dispatch.entities import ACTIVE, ON_SITE, UNDER_WAY, Duty, DutyState, Job, JobState, Order, OrderRow
from services.dispatch.reasons import Reason
from services.dispatch.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.dispatch.eligibility import Candidate
    from services.engine.turn import Turn

ASK_AGAIN_MS = 30 * 60_000
"""How long a crew that refused a job, or was taken off it, is not asked for it again, milliseconds."""


def order_id(job: Job, attempt: int) -> str:
    """Return the id of an order: a job that was forgotten and opened again gives orders of other names."""
    return derived("order", job.id, job.opened_by, attempt)


def give(
    turn: Turn, job: Job, choice: Candidate, reason: Reason, facts: Iterable[str], *, pinned: bool = False
) -> None:
    """Send the chosen crew to a job without an active order."""
    attempt, rules = job.attempts + 1, rules_of(turn)
    ask = demands_of(job, rules)
    order = Order(
        id=order_id(job, attempt),
        crew=choice.crew,
        job=job.id,
        incident=job.incident,
        hazard=job.hazard,
        area=job.area,
        device=job.device,
        place=job.place,
        region=turn.shard,
        work=job.work,
        priority=job.priority,
        assists=job.assists,
        attempt=attempt,
        skills=ask.skills,
        on_duty_since=choice.since,
        sent_at=turn.now,
        arrival_estimate=turn.now + choice.drive_ms,
        state=OrderState.SENT,
        reason=reason,
        changed_at=turn.now,
        pinned=pinned,
        answer_until=turn.now + rules.answer_within_ms,
        clearance=Clearance.NEEDED if ask.clearance else Clearance.NOT_NEEDED,
    )
    _write(turn, order, facts)
    turn.wake(turn.now + (rules.call_again_ms or rules.answer_within_ms))
    move_job(turn, job, "ordered", reason, [order.id], order=order.id, attempts=attempt)
    duty = duty_of(turn, order.crew)
    move_crew(turn, duty, "ordered", Reason.ORDERED, [order.id], order=order.id, since=choice.since)


def move_order(
    turn: Turn,
    order: Order,
    state: OrderState,
    reason: Reason,
    facts: Iterable[str],
    *,
    at: int | None = None,
    **given: Any,
) -> Order:
    """Write an order's new state. `at` is when it began: not before the state that it leaves, and not in the future."""
    began = turn.now if at is None else max(order.changed_at, min(at, turn.now))
    if state in _STAMPS:
        given[_STAMPS[state]] = began
    elif state not in ACTIVE:
        given["ended_at"] = began
    moved = msgspec.structs.replace(order, state=state, reason=reason, changed_at=began, **given)
    _write(turn, moved, facts)
    if state not in ACTIVE and order.clearance is Clearance.TAKEN:
        turn.put(msgspec.structs.replace(duty_of(turn, order.crew), holds_clearance=order.id))
    return moved


def publish_again(turn: Turn, order: Order, reason: Reason, fact: str) -> None:
    """Publish an order once more in the state that it has, with what else changed of it, because of a fact or a time."""
    _write(turn, order, [fact], again=derived("again", reason, fact), why=reason)


def keep_order(turn: Turn, order: Order, reason: Reason, fact: str, **given: Any) -> None:
    """Note something about an order that leaves its state; a new estimate of a crew on site is published."""
    kept = msgspec.structs.replace(order, **given)
    if order.state in ON_SITE and kept.completion_estimate != order.completion_estimate:
        _write(turn, msgspec.structs.replace(kept, reason=reason), [fact], again=fact)
        return
    if kept != order:
        turn.put(kept)
        turn.record(OrderRow(order=kept))
    turn.note(order, order.state, reason, [fact])


def end_order(
    turn: Turn,
    order: Order,
    state: OrderState,
    reason: Reason,
    facts: Iterable[str],
    *,
    crew: DutyState,
    at: int | None = None,
) -> None:
    """End an active order unfinished; its crew goes into the state given. The job is left to the caller."""
    facts = list(facts)
    move_order(turn, order, state, reason, facts, at=at)
    move_crew(turn, duty_of(turn, order.crew), crew, reason, [order.id, *facts], order=None, worked_until=turn.now)


def free_job(turn: Turn, order: Order, reason: Reason, facts: Iterable[str], *, decline: bool = False) -> None:
    """Let the job of an order that ended unfinished wait for the next crew, unless it is over.

    `decline`: the crew is not asked for it again for `ASK_AGAIN_MS`. Work that was reported repaired is only verified.
    """
    job = job_of(turn, order)
    if job is None:
        return
    declined = job.declined
    if decline:
        others = (pair for pair in declined if pair[0] != order.crew)
        declined = tuple(sorted((*others, (order.crew, turn.now + ASK_AGAIN_MS))))
    state: JobState = "waiting"
    if job.state == "over":
        state = "over"
    elif order.state is OrderState.REPAIRED:
        state = "done"
    move_job(turn, job, state, reason, [order.id, *facts], declined=declined)


def move_job(
    turn: Turn,
    job: Job,
    state: JobState,
    reason: Reason,
    facts: Iterable[str],
    *,
    order: str | None = None,
    **given: Any,
) -> Job:
    """Write a job's new state; what is not given is kept, except the order, which only an ordered job has."""
    moved = msgspec.structs.replace(job, state=state, order=order, changed_at=turn.now, told=(), **given)
    turn.put(moved)
    turn.note(moved, state, reason, facts)
    return moved


def move_crew(turn: Turn, duty: Duty, state: DutyState, reason: Reason, facts: Iterable[str], **given: Any) -> Duty:
    """Write a crew's new state, and note it when it is one."""
    moved = msgspec.structs.replace(duty, state=state, **given)
    turn.put(moved)
    if (moved.state, moved.order) != (duty.state, duty.order) or reason is Reason.SIGNED_ON:
        turn.note(moved, state, reason, facts)
    return moved


def duty_of(turn: Turn, crew: str) -> Duty:
    """Return what a crew is doing."""
    return turn.get(Duty, crew) or Duty(id=crew)


def active_order(turn: Turn, order: str | None) -> Order | None:
    """Return the order of this id while it binds its crew."""
    found = None if order is None else turn.get(Order, order)
    return found if found is not None and found.state in ACTIVE else None


def job_of(turn: Turn, order: Order) -> Job | None:
    """Return the job that holds this order as its own."""
    job = turn.get(Job, order.job)
    return job if job is not None and job.order == order.id else None


_STAMPS = {
    OrderState.ACCEPTED: "accepted_at",
    OrderState.ENROUTE: "enroute_at",
    OrderState.ARRIVED: "arrived_at",
}


def _write(
    turn: Turn, order: Order, facts: Iterable[str], *, again: str | None = None, why: Reason | None = None
) -> None:
    """Write, record, note and publish an order.

    `again`: the fact because of which a state is published once more, `why`: for another reason than that of the state.
    """
    reason = why or order.reason
    turn.put(order)
    turn.record(OrderRow(order=order))
    turn.note(order, order.state, reason, facts)
    event = OrderChanged(
        id=derived("orderChanged", order.id, order.state, *([] if again is None else [again])),
        at=from_ms(order.changed_at),
        exercise=turn.exercise,
        order=order.id,
        crew=order.crew,
        incident=order.incident,
        hazard=order.hazard,
        area=order.area,
        device=order.device,
        place=order.place,
        state=order.state,
        reason=reason,
        work=order.work,
        region=order.region,
        priority=order.priority,
        assists=order.assists,
        arrival_estimate=from_ms(order.arrival_estimate) if order.state in UNDER_WAY else None,
        completion_estimate=None if order.completion_estimate is None else from_ms(order.completion_estimate),
        found=order.found,
        cause=order.cause,
        clearance=order.clearance,
    )
    turn.emit(CREW_ASSIGNMENTS, order.area, event)
