"""What is odd about a crew: what a dispatcher should look into though no rule acts on it. Times are milliseconds. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from schemas.events import Clearance, OrderState
from services.dispatch.entities import ON_SITE, UNDER_WAY
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from services.dispatch.entities import Duty, Order

LATE_MS = 15 * 60_000
"""So long after the estimated arrival, or after the end of work that the crew gave, an order is overdue."""

SILENT_MS = 60 * 60_000
"""A crew with an order of which nothing was heard for so long is silent."""

Oddity = Literal["unanswered", "overdue", "silent", "jumped", "noClearance", "clearanceHeld"]


def oddities(duty: Duty, order: Order | None, now: int) -> list[Oddity]:
    """Return what is odd about a crew with this active order.

    `unanswered`: it did not answer its last order and was not heard of since. `overdue`: it should have arrived, or been done.
    `silent`: nothing was heard of it for long, though it has an order. `jumped`: it left states of its order out.
    `noClearance`: it repaired without the clearance that the work needs. `clearanceHeld`: it has repaired, or left, and still holds
    its clearance.
    """
    found: list[Oddity] = ["unanswered"] if duty.state == "unreachable" else []
    clearance = order.clearance if order is not None and order.state is OrderState.REPAIRED else None
    if clearance in {Clearance.NEEDED, Clearance.GIVEN}:
        found.append("noClearance")
    if clearance is Clearance.TAKEN or duty.holds_clearance is not None:
        found.append("clearanceHeld")
    if order is None:
        return found
    due = order.arrival_estimate if order.state in UNDER_WAY else order.completion_estimate
    if due is not None and now > due + LATE_MS:
        found.append("overdue")
    heard = max(order.changed_at, duty.place_at or 0)
    says_until = order.completion_estimate or 0
    if order.state is not OrderState.SENT and now > max(heard, says_until) + SILENT_MS:
        found.append("silent")
    if order.reason == Reason.CREW_JUMPED and order.state in UNDER_WAY | ON_SITE:
        found.append("jumped")
    return found
