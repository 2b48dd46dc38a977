"""Reporting: what a text says of power or of danger is reported like a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.events import HazardKind, HazardReported, OutageReported, ReportKind
from schemas.ids import derived
from schemas.topics import OUTAGE_REPORTS
from services.clock import from_ms

if TYPE_CHECKING:
    from services.engine.turn import Turn
    from services.notices.received import Received

NOTE_LENGTH: Final = 500


def report(turn: Turn, received: Received, customer: str | None, kind: ReportKind = ReportKind.TEXT) -> None:
    """Report that power is out, or as the kind says; None: nobody knows for which premise of the phone."""
    turn.emit(
        OUTAGE_REPORTS,
        customer or received.text.phone,
        OutageReported(
            id=derived("textReport", received.fact.id),
            at=from_ms(received.fact.at),
            exercise=turn.exercise,
            kind=kind,
            customer=customer,
            phone=received.text.phone,
            words=received.text.words[:NOTE_LENGTH],
        ),
    )


def report_danger(turn: Turn, received: Received, customer: str, hazard: HazardKind) -> None:
    """Report danger at a premise."""
    turn.emit(
        OUTAGE_REPORTS,
        customer,
        HazardReported(
            id=derived("textHazard", received.fact.id),
            at=from_ms(received.fact.at),
            exercise=turn.exercise,
            hazard=hazard,
            customer=customer,
            phone=received.text.phone,
            words=received.text.words[:NOTE_LENGTH],
        ),
    )
