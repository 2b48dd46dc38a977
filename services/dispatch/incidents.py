"""What a change of an incident means for its job: begin, follow, stop, begin again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import IncidentChanged, IncidentState, OrderState
from services.clock import to_ms
from services.dispatch.entities import WAITING_FOR_POWER, Job, JobState
from services.dispatch.ordering import active_order, move_job, take_from_crew
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from services.engine.turn import Turn

_OVER: dict[IncidentState, Reason] = {
    IncidentState.RESTORED: Reason.INCIDENT_RESTORED,
    IncidentState.MERGED: Reason.INCIDENT_MERGED,
    IncidentState.DISMISSED: Reason.INCIDENT_DISMISSED,
    IncidentState.CLOSED: Reason.INCIDENT_CLOSED,
}


def follow_incident(turn: Turn, fact_id: str, change: IncidentChanged) -> None:
    """Apply one change of an incident; changes of one incident are expected in the order of their revisions."""
    known = turn.get(Job, change.incident)
    if known is not None and change.revision <= known.revision:
        turn.note(known, known.state, Reason.OUTDATED_REVISION, [fact_id])
        return
    needs_crew = change.state in WAITING_FOR_POWER
    fresh = Job(
        id=change.incident,
        area=change.area,
        device=change.device,
        place=change.place,
        started_at=to_ms(change.started_at),
        revision=change.revision,
        incident_state=change.state,
        changed_by=fact_id,
        upstream=change.upstream,
    )
    if known is None:
        if needs_crew:
            move_job(turn, fresh, "waiting", Reason.INCIDENT_OPEN, [fact_id])
        else:
            move_job(turn, fresh, "over", _OVER[change.state], [fact_id])
        return
    job = msgspec.structs.replace(
        fresh,
        state=known.state,
        order=known.order,
        attempts=known.attempts,
        declined=known.declined,
        done_at=known.done_at,
        told_waiting=known.told_waiting,
    )
    turn.put(job)
    if not needs_crew:
        _stop(turn, fact_id, job)
    elif known.state == "over":
        _resume(turn, fact_id, job)
    elif known.state == "done":
        turn.note(job, "done", Reason.BEING_VERIFIED, [fact_id])
    elif change.device != known.device:
        standing = known.state == "ordered"
        turn.note(job, job.state, Reason.ORDER_STANDS if standing else Reason.DEVICE_CORRECTED, [fact_id])


def _stop(turn: Turn, fact_id: str, job: Job) -> None:
    reason = _OVER[job.incident_state]
    order = active_order(turn, job.order)
    if order is not None and order.state is OrderState.ARRIVED:
        turn.note(order, order.state, Reason.CREW_ON_SITE, [fact_id])
    elif order is not None:
        take_from_crew(turn, order, OrderState.REVOKED, reason, [fact_id], crew="available")
        order = None
    if job.state != "over":
        move_job(turn, job, "over", reason, [fact_id], order=None if order is None else order.id)
    elif order is None and job.order is not None:
        turn.put(msgspec.structs.replace(job, order=None))


def _resume(turn: Turn, fact_id: str, job: Job) -> None:
    order = active_order(turn, job.order)
    state: JobState = "waiting" if order is None else "ordered"
    move_job(turn, job, state, Reason.INCIDENT_OPEN_AGAIN, [fact_id], order=None if order is None else order.id)
