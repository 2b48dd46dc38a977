"""What time brings: orders nobody answers, hours that are up, verifications that are over, old work to forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import IncidentState, OrderState
from schemas.ids import derived
from services.dispatch.entities import NEEDS_CREW, ON_SITE, Duty, Job, Order
from services.dispatch.hours import HOUR_MS, on_duty_until
from services.dispatch.ordering import active_order, duty_of, end_order, free_job, move_job, order_id, publish_again
from services.dispatch.reasons import Reason
from services.dispatch.rules import DEFAULTS, rules_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.engine.turn import Turn

ANSWER_WITHIN_MS = DEFAULTS.answer_within_ms
"""How long a crew has to answer an order where no setting says otherwise, milliseconds."""

VERIFIED_WITHIN_MS = 10 * 60_000
"""How long after a crew was done its incident may still be open before another crew is sent, milliseconds."""

REMEMBERED_MS = 24 * HOUR_MS
"""How long a job that is over, with its orders, stays in the state: late words about them still find them, milliseconds."""


def revoke_unanswered(turn: Turn) -> None:
    """Send every order that is not answered once more, then take it from its crew; wake up when the next one runs out."""
    rules = rules_of(turn)
    for order in _active(turn):
        if order.state is not OrderState.SENT:
            continue
        until = order.answer_until or order.sent_at + rules.answer_within_ms
        rests_on = [derived("orderChanged", order.id, OrderState.SENT)]
        if turn.now < until:
            turn.wake(until)
            if rules.call_again_ms is None or order.called_again_at is not None:
                continue
            if turn.now < order.sent_at + rules.call_again_ms:
                turn.wake(order.sent_at + rules.call_again_ms)
                continue
            called = msgspec.structs.replace(order, called_again_at=turn.now)
            publish_again(turn, called, Reason.CALLED_AGAIN, rests_on[0])
            continue
        end_order(turn, order, OrderState.REVOKED, Reason.UNANSWERED, rests_on, crew="unreachable")
        free_job(turn, order, Reason.UNANSWERED, [])


def end_hours(turn: Turn, crews: Collection[str]) -> None:
    """Take work from crews whose hours are up, also those that a dispatcher extended, and from crews that the region lost.

    The end of a shift alone takes nothing: work in hand is finished, within the hours.
    """
    rules = rules_of(turn)
    for order in _active(turn):
        until = on_duty_until(duty_of(turn, order.crew), order.on_duty_since, rules)
        gone = order.crew not in crews
        if turn.now < until and not gone:
            turn.wake(until)
            continue
        reason = Reason.CREW_GONE if gone else Reason.HOURS_UP
        state = OrderState.HANDED_OVER if order.state in ON_SITE else OrderState.REVOKED
        rests_on = [derived("orderChanged", order.id, OrderState.SENT)]
        end_order(turn, order, state, reason, rests_on, crew="offDuty" if gone else "available")
        free_job(turn, order, reason, [])


def reopen_unverified(turn: Turn) -> None:
    """Send for another crew where one was done and the incident or hazard is still open after the time for verification.

    An incident that is partially restored, or that has an open one nested in it, is being worked on under the nested one.
    """
    explained = {job.upstream for job in turn.all(Job, lambda job: job.state != "over")}
    for job in turn.all(Job, lambda job: job.state == "done" and job.assists is None):
        if job.standing == IncidentState.PARTIALLY_RESTORED or job.standing not in NEEDS_CREW or job.id in explained:
            continue
        until = (job.done_at or 0) + VERIFIED_WITHIN_MS
        if turn.now < until:
            turn.wake(until)
        else:
            rests_on = [job.changed_by, order_id(job, job.attempts)]
            move_job(turn, job, "waiting", Reason.STILL_OPEN_AFTER_WORK, rests_on, done_at=None)


def forget_finished(turn: Turn) -> None:
    """Forget jobs that have been over for long, with their orders; the table of orders and the journal keep their history."""
    gone = {
        job.id
        for job in turn.all(Job, lambda job: job.state == "over" and job.order is None)
        if turn.now - job.changed_at >= REMEMBERED_MS
    }
    if not gone:
        return
    for order in turn.all(Order, lambda order: order.job in gone):
        turn.remove(order)
    for job in turn.all(Job, lambda job: job.id in gone):
        turn.remove(job)


def _active(turn: Turn) -> list[Order]:
    held = [active_order(turn, duty.order) for duty in turn.all(Duty, lambda duty: duty.order is not None)]
    return [order for order in held if order is not None]
