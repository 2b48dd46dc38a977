"""What time brings: orders nobody answers, jobs whose verification is over, waiting jobs that get a crew or do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import IncidentState, OrderState
from schemas.ids import derived
from services.dispatch.entities import Duty, Job
from services.dispatch.nearest_depot import nearest_crew
from services.dispatch.ordering import active_order, duty_of, give, move_job, take_from_crew
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from services.dispatch.roster import Roster
    from services.engine.turn import Turn

ANSWER_WITHIN_MS = 5 * 60_000
"""How long a crew has to answer an order, milliseconds."""

VERIFIED_WITHIN_MS = 10 * 60_000
"""How long after a crew was done its incident may still be open before another crew is sent, milliseconds."""


def revoke_unanswered(turn: Turn) -> None:
    """Take every order that was not answered in time from its crew; wake up when the next one runs out."""
    for duty in turn.all(Duty, lambda duty: duty.order is not None):
        order = active_order(turn, duty.order)
        if order is None or order.state is not OrderState.SENT:
            continue
        until = order.sent_at + ANSWER_WITHIN_MS
        if turn.now < until:
            turn.wake(until)
            continue
        rests_on = [derived("orderChanged", order.id, OrderState.SENT)]
        take_from_crew(turn, order, OrderState.REVOKED, Reason.UNANSWERED, rests_on, crew="unreachable")
        job = turn.get(Job, order.incident)
        if job is not None and job.order == order.id:
            move_job(turn, job, "waiting", Reason.UNANSWERED, [order.id])


def reopen_unverified(turn: Turn) -> None:
    """Send for another crew where one was done and the incident is still open after the time for verification.

    One that is partially restored, or that has an open one nested in it, is being worked on under the nested one.
    """
    explained = {job.upstream for job in turn.all(Job, lambda job: job.state != "over")}
    for job in turn.all(Job, lambda job: job.state == "done"):
        if job.incident_state not in {IncidentState.PREDICTED, IncidentState.CONFIRMED} or job.id in explained:
            continue
        until = (job.done_at or 0) + VERIFIED_WITHIN_MS
        if turn.now < until:
            turn.wake(until)
        else:
            rests_on = [job.changed_by, derived("order", job.id, job.attempts)]
            move_job(turn, job, "waiting", Reason.STILL_OPEN_AFTER_WORK, rests_on)


def send_crews(turn: Turn, roster: Roster) -> None:
    """Give every waiting job a crew while crews are idle: oldest incident first, then by id."""
    idle = {crew for crew in roster.crews if duty_of(turn, crew).state == "available"}
    waiting = turn.all(Job, lambda job: job.state == "waiting")
    for job in sorted(waiting, key=lambda job: (job.started_at, job.id)):
        declined = {crew: until for crew, until in job.declined if until > turn.now}
        choice = nearest_crew(job.place, idle - declined.keys(), roster)
        if choice is not None:
            give(turn, job, choice)
            turn.wake(turn.now + ANSWER_WITHIN_MS)
            idle.remove(choice.crew)
            continue
        if declined:
            turn.wake(min(declined.values()))
        if not job.told_waiting:
            turn.put(msgspec.structs.replace(job, told_waiting=True))
            turn.note(job, "waiting", Reason.NO_CREW_IDLE, [job.changed_by, derived("order", job.id, job.attempts)])
