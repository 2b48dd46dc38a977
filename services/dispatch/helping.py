"""Jobs to help the crew of an order: asked for by it, or because the work needs two crews from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import OrderWork
from services.dispatch.demands import demands_of
from services.dispatch.entities import Job, second_job
from services.dispatch.ordering import active_order, move_job
from services.dispatch.reasons import Reason
from services.dispatch.rules import rules_of

if TYPE_CHECKING:
    from services.dispatch.entities import Order
    from services.engine.turn import Turn


def open_help(turn: Turn, job: Job, order: Order, name: str, skill: str | None, reason: Reason, fact_id: str) -> None:
    """Open a job of this name to help with an order of a job; what is held because of safety, so is its help."""
    fresh = msgspec.structs.replace(
        job,
        id=name,
        work=OrderWork.ASSIST,
        assists=order.id,
        skill=skill,
        started_at=turn.now,
        opened_by=fact_id,
        changed_by=fact_id,
        attempts=0,
        done_at=None,
        waits_for_material=False,
        held_by=job.held_by if job.held_for_safety else None,
        upstream=None,
    )
    move_job(turn, fresh, "waiting", reason, [fact_id, order.id])


def open_second_crews(turn: Turn) -> bool:
    """Open a job for the second crew of every order whose work needs two, by its kind or because a dispatcher wants it.

    Answer whether there is one more now.
    """
    rules, opened = rules_of(turn), False
    for job in turn.all(Job, lambda job: job.state == "ordered" and job.assists is None):
        if job.second_by is None and demands_of(job, rules).crews == 1:
            continue
        order = active_order(turn, job.order)
        if order is None or turn.get(Job, second_job(order.id)) is not None:
            continue
        reason = Reason.NEEDS_TWO_CREWS if job.second_by is None else Reason.SECOND_CREW_ASKED
        open_help(turn, job, order, second_job(order.id), None, reason, job.second_by or job.changed_by)
        opened = True
    return opened
