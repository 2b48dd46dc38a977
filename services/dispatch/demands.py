"""What work asks of a crew: one of these skills, these certificates and kit, and about how long it takes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from schemas.events import OrderWork
from services.dispatch.priorities import FEEDER_DEVICES, LATERAL_DEVICES

if TYPE_CHECKING:
    from services.dispatch.entities import Job

LINE, SERVICE = "line", "service"
_MINUTE_MS = 60_000


@dataclasses.dataclass(frozen=True, slots=True)
class Demands:
    """What a crew must have for a piece of work (any one of `skills`), and its expected time on site, milliseconds.

    A certificate or a piece of kit that no crew of the region has on record is not asked for: that folder does not say.
    """

    skills: tuple[str, ...]
    expected_ms: int
    certificates: tuple[str, ...] = ()
    kit: tuple[str, ...] = ()


_FEEDER = Demands((LINE,), 45 * _MINUTE_MS, certificates=("HV-switching",))
_LATERAL = Demands((LINE,), 30 * _MINUTE_MS, kit=("bucket-truck",))
_SMALL = Demands((LINE, SERVICE), 45 * _MINUTE_MS)
_MAKE_SAFE = Demands((LINE, SERVICE), 30 * _MINUTE_MS)


def demands_of(job: Job) -> Demands:
    """Return what a job asks for. Help asks for the skill that was named, else for that of the work it helps with."""
    if job.work is OrderWork.ASSIST and job.skill is not None:
        return Demands((job.skill,), _SMALL.expected_ms)
    if job.hazard is not None:
        return _MAKE_SAFE
    if job.device_class in FEEDER_DEVICES:
        return _FEEDER
    return _LATERAL if job.device_class in LATERAL_DEVICES else _SMALL
