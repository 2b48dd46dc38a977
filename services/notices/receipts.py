"""What an operator's receipt becomes: a fact about a notice."""

from __future__ import annotations

from schemas.events import TextOutcome, TextReceipt
from schemas.ids import derived
from services.clock import from_ms


def receipt_event(
    *, key: str, area: str, outcome: TextOutcome, operator_code: str, now: int, exercise: bool
) -> TextReceipt:
    """Return the fact. A receipt that comes twice is one fact: its id derives from the notice and the outcome alone."""
    return TextReceipt(
        id=derived("textReceipt", key, outcome),
        at=from_ms(now),
        exercise=exercise,
        notice=key,
        area=area,
        outcome=outcome,
        operator_code=operator_code[:64],
    )
