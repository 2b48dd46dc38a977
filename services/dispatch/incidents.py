"""What a change of an incident or a hazard means for its job: begin, follow, stop, begin again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import HazardChanged, HazardState, IncidentChanged, IncidentState, OrderState, OrderWork
from services.clock import to_ms
from services.dispatch.entities import NEEDS_CREW, ON_SITE, Job, JobState, hazard_job
from services.dispatch.ordering import active_order, end_order, move_job
from services.dispatch.priorities import Priority, priority_of
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from services.engine.turn import Turn

_INCIDENT_OVER: dict[str, Reason] = {
    IncidentState.RESTORED: Reason.INCIDENT_RESTORED,
    IncidentState.MERGED: Reason.INCIDENT_MERGED,
    IncidentState.DISMISSED: Reason.INCIDENT_DISMISSED,
    IncidentState.CLOSED: Reason.INCIDENT_CLOSED,
}
_HAZARD_OVER: dict[str, Reason] = {
    HazardState.MADE_SAFE: Reason.HAZARD_MADE_SAFE,
    HazardState.DISMISSED: Reason.HAZARD_DISMISSED,
}


def follow_incident(turn: Turn, fact_id: str, change: IncidentChanged) -> None:
    """Apply one change of an incident; changes of one incident are expected in the order of their revisions."""
    _follow(
        turn,
        Job(
            id=change.incident,
            incident=change.incident,
            hazard=None,
            area=change.area,
            device=change.device,
            place=change.place,
            started_at=to_ms(change.started_at),
            revision=change.revision,
            standing=change.state,
            opened_by=fact_id,
            changed_by=fact_id,
            changed_at=turn.now,
            priority=priority_of(change),
            device_class=change.device_class,
            upstream=change.upstream,
            customers=change.customers_out,
            life_support=change.life_support,
            important=change.important,
            switchable=(change.switchable, change.switchable_life_support, change.switchable_important),
            known_at=turn.now,
        ),
    )


def follow_hazard(turn: Turn, fact_id: str, change: HazardChanged) -> None:
    """Apply one change of a hazard: while it is reported, somebody has to make it safe."""
    _follow(
        turn,
        Job(
            id=hazard_job(change.hazard),
            incident=None,
            hazard=change.hazard,
            area=change.area,
            device=change.device,
            place=change.place,
            started_at=to_ms(change.reported_at),
            revision=change.revision,
            standing=change.state,
            opened_by=fact_id,
            changed_by=fact_id,
            changed_at=turn.now,
            priority=Priority.HAZARD,
            work=OrderWork.MAKE_SAFE,
            known_at=turn.now,
            about=change.incident,
        ),
    )


def stop_helping(turn: Turn) -> bool:
    """Need nobody any more to help with an order that is over; answer whether there was such help.

    A helper on site stays until it is done.
    """
    stopped = False
    for job in turn.all(Job, lambda job: job.assists is not None and job.state != "over"):
        if active_order(turn, job.assists) is None:
            _stop(turn, job, Reason.HELPED_ORDER_OVER, job.assists or "")
            stopped = True
    return stopped


def _follow(turn: Turn, fresh: Job) -> None:
    fact = fresh.changed_by
    known = turn.get(Job, fresh.id)
    if known is not None and fresh.revision <= known.revision:
        turn.note(known, known.state, Reason.OUTDATED_REVISION, [fact])
        return
    if known is None or fresh.priority is not known.priority:
        turn.note(("priority", fresh.id), fresh.priority, fresh.priority.reason, [fact])
    over = None if fresh.standing in NEEDS_CREW else _over(fresh)
    if known is None:
        opened = Reason.INCIDENT_OPEN if fresh.hazard is None else Reason.HAZARD_REPORTED
        move_job(turn, fresh, "waiting" if over is None else "over", over or opened, [fact])
        return
    job = msgspec.structs.replace(
        known,
        area=fresh.area,
        device=fresh.device,
        place=fresh.place,
        started_at=fresh.started_at,
        revision=fresh.revision,
        standing=fresh.standing,
        changed_by=fact,
        priority=fresh.priority,
        device_class=fresh.device_class,
        upstream=fresh.upstream,
        customers=fresh.customers,
        life_support=fresh.life_support,
        important=fresh.important,
        switchable=fresh.switchable,
        about=fresh.about,
    )
    turn.put(job)
    if over is not None:
        _stop(turn, job, over, fact)
    elif known.state == "over":
        _resume(turn, job)
    elif known.state == "done":
        turn.note(job, "done", Reason.BEING_VERIFIED, [fact])
    elif fresh.device != known.device:
        standing = known.state == "ordered"
        turn.note(job, job.state, Reason.ORDER_STANDS if standing else Reason.DEVICE_CORRECTED, [fact])


def _over(job: Job) -> Reason:
    return (_INCIDENT_OVER if job.hazard is None else _HAZARD_OVER)[job.standing]


def _stop(turn: Turn, job: Job, reason: Reason, fact: str) -> None:
    order = active_order(turn, job.order)
    if order is not None and order.state in ON_SITE:
        turn.note(order, order.state, Reason.CREW_ON_SITE, [fact])
    elif order is not None:
        end_order(turn, order, OrderState.REVOKED, reason, [fact], crew="available")
        order = None
    if job.state != "over":
        move_job(turn, job, "over", reason, [fact], order=None if order is None else order.id)
    elif order is None and job.order is not None:
        turn.put(msgspec.structs.replace(job, order=None))


def _resume(turn: Turn, job: Job) -> None:
    order = active_order(turn, job.order)
    state: JobState = "waiting" if order is None else "ordered"
    reason = Reason.INCIDENT_OPEN_AGAIN if job.hazard is None else Reason.HAZARD_REPORTED_AGAIN
    move_job(turn, job, state, reason, [job.changed_by], order=None if order is None else order.id)
