"""What a crew finds in the field beside its order: another device that has failed, a danger. Both come in again as new facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import FaultFound, HazardReported
from schemas.ids import derived
from schemas.topics import DEVICE_STATES, OUTAGE_REPORTS
from services.dispatch.entities import Order
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from schemas.events import CrewReported
    from services.dispatch.entities import Duty
    from services.engine.turn import Turn


def tell_what_was_found(turn: Turn, fact_id: str, duty: Duty, report: CrewReported) -> None:
    """Publish a fault for the inference to open an incident for, and a danger as any other is reported."""
    order = None if report.order is None else turn.get(Order, report.order)
    place = report.place or duty.place or (None if order is None else order.place)
    if report.found is not None:
        fault = FaultFound(
            id=derived("faultFound", fact_id),
            at=report.at,
            exercise=turn.exercise,
            device=report.found,
            crew=report.crew,
            order=report.order,
            cause=report.cause,
        )
        turn.emit(DEVICE_STATES, report.found, fault)
        turn.note(duty, duty.state, Reason.FOUND_FAULT, [fact_id])
    if report.hazard is not None and (place is not None or report.found is not None):
        danger = HazardReported(
            id=derived("dangerFound", fact_id),
            at=report.at,
            exercise=turn.exercise,
            hazard=report.hazard,
            place=place,
            device=report.found,
            words=report.why,
        )
        turn.emit(OUTAGE_REPORTS, report.crew, danger)
        turn.note(duty, duty.state, Reason.FOUND_DANGER, [fact_id])
    elif report.found is None:
        turn.note(duty, duty.state, Reason.FOUND_NOTHING_NAMED, [fact_id])
