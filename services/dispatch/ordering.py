"""The moves of orders, jobs and crews, each with its reason, its event and its journal entries kept together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import OrderChanged, OrderState
from schemas.ids import derived
from schemas.topics import CREW_ASSIGNMENTS
from services.clock import from_ms
from services.dispatch.entities import ACTIVE, Duty, DutyState, Job, JobState, Order
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.dispatch.nearest_depot import Choice
    from services.engine.turn import Turn


def give(turn: Turn, job: Job, choice: Choice) -> None:
    """Send the chosen crew to a waiting job."""
    attempt = job.attempts + 1
    order = Order(
        id=derived("order", job.id, attempt),
        crew=choice.crew,
        incident=job.id,
        area=job.area,
        device=job.device,
        place=job.place,
        attempt=attempt,
        sent_at=turn.now,
        arrival_estimate=turn.now + choice.drive_ms,
        state=OrderState.SENT,
        reason=Reason.NEAREST_DEPOT,
        changed_at=turn.now,
    )
    _write(turn, order, [job.changed_by])
    move_job(turn, job, "ordered", Reason.NEAREST_DEPOT, [order.id], order=order.id, attempts=attempt)
    move_crew(turn, duty_of(turn, order.crew), "ordered", Reason.ORDERED, [order.id], order=order.id)


def move_order(
    turn: Turn,
    order: Order,
    state: OrderState,
    reason: Reason,
    facts: Iterable[str],
    *,
    at: int | None = None,
    found: str | None = None,
    cause: str | None = None,
) -> Order:
    """Write an order's new state. `at` is when it began: not before the order was sent, and not in the future."""
    began = turn.now if at is None else max(order.sent_at, min(at, turn.now))
    moved = msgspec.structs.replace(order, state=state, reason=reason, changed_at=began, found=found, cause=cause)
    _write(turn, moved, facts)
    return moved


def take_from_crew(
    turn: Turn, order: Order, state: OrderState, reason: Reason, facts: Iterable[str], *, crew: DutyState
) -> None:
    """End an active order unfinished; its crew goes into the state given. The job is left to the caller."""
    facts = list(facts)
    move_order(turn, order, state, reason, facts)
    move_crew(turn, duty_of(turn, order.crew), crew, reason, [order.id, *facts], order=None)


def move_job(
    turn: Turn,
    job: Job,
    state: JobState,
    reason: Reason,
    facts: Iterable[str],
    *,
    order: str | None = None,
    attempts: int | None = None,
    done_at: int | None = None,
    declined: tuple[tuple[str, int], ...] | None = None,
) -> Job:
    """Write a job's new state; what is not given is kept, except the order, which only an ordered job has."""
    moved = msgspec.structs.replace(
        job,
        state=state,
        order=order,
        attempts=job.attempts if attempts is None else attempts,
        done_at=job.done_at if done_at is None else done_at,
        declined=job.declined if declined is None else declined,
        told_waiting=False,
    )
    turn.put(moved)
    turn.note(moved, state, reason, facts)
    return moved


def move_crew(
    turn: Turn, duty: Duty, state: DutyState, reason: Reason, facts: Iterable[str], *, order: str | None
) -> None:
    """Write a crew's new state, and note it when it is one."""
    moved = Duty(id=duty.id, state=state, order=order)
    turn.put(moved)
    if moved != duty:
        turn.note(moved, state, reason, facts)


def duty_of(turn: Turn, crew: str) -> Duty:
    """Return what a crew is doing."""
    return turn.get(Duty, crew) or Duty(id=crew)


def active_order(turn: Turn, order_id: str | None) -> Order | None:
    """Return the order of this id while it binds its crew."""
    order = None if order_id is None else turn.get(Order, order_id)
    return order if order is not None and order.state in ACTIVE else None


def _write(turn: Turn, order: Order, facts: Iterable[str]) -> None:
    turn.put(order)
    turn.note(order, order.state, order.reason, facts)
    event = OrderChanged(
        id=derived("orderChanged", order.id, order.state),
        at=from_ms(order.changed_at),
        exercise=turn.exercise,
        order=order.id,
        crew=order.crew,
        incident=order.incident,
        area=order.area,
        device=order.device,
        place=order.place,
        state=order.state,
        reason=order.reason,
        arrival_estimate=from_ms(order.arrival_estimate) if order.state in ACTIVE - {OrderState.ARRIVED} else None,
        found=order.found,
        cause=order.cause,
    )
    turn.emit(CREW_ASSIGNMENTS, order.area, event)
