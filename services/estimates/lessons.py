"""What a learning tells the inference of each area. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import EstimatesLearnt
from schemas.ids import derived
from services.clock import from_ms

if TYPE_CHECKING:
    from services.estimates.learning import Lesson


def learnt_event(
    lesson: Lesson, *, learning: str, area: str, at: int, utc_offset_s: int, exercise: bool
) -> EstimatesLearnt:
    """Return what an area is told of a lesson at a time, milliseconds; of one without parts, that nothing is known."""
    return EstimatesLearnt(
        id=derived("estimatesLearnt", learning, area),
        at=from_ms(at),
        exercise=exercise,
        area=area,
        learning=learning,
        incidents=lesson.incidents,
        utc_offset_s=utc_offset_s,
        bounds=list(lesson.bounds),
        parts=list(lesson.parts),
        paces=list(lesson.paces),
    )
