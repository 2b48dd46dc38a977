"""What work asks of a crew: skills, certificates, kit, people, a second crew, a clearance, and about how long it takes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from schemas.events import OrderWork
from services.dispatch.priorities import FEEDER_DEVICES, LATERAL_DEVICES
from services.dispatch.rules import DEFAULTS

if TYPE_CHECKING:
    from services.dispatch.entities import Job
    from services.dispatch.rules import Rules

LINE, SERVICE = "line", "service"
_MINUTE_MS = 60_000


@dataclasses.dataclass(frozen=True, slots=True)
class Demands:
    """What a crew must have for a piece of work: any one of `skills`, all certificates and kit, so many `members`.

    A certificate or a piece of kit that no crew of the region has on record is not asked for: that folder does not say.
    `expected_ms` is the expected time on site, milliseconds; `patrol_ms` of it goes by before the crew knows what has failed.
    `crews` is how many crews the work needs, `clearance` whether it needs that of the dispatcher.
    """

    skills: tuple[str, ...]
    expected_ms: int
    patrol_ms: int = 0
    certificates: tuple[str, ...] = ()
    kit: tuple[str, ...] = ()
    members: int = 1
    crews: int = 1
    clearance: bool = False


def demands_of(job: Job, rules: Rules = DEFAULTS) -> Demands:
    """Return what a job asks for. Help asks for the skill that was named, else for that of the work it helps with.

    Work that only a crew with the skill line may do is line work: nobody does it alone. Who helps is not alone.
    """
    helps = job.work is OrderWork.ASSIST
    if helps and job.skill is not None:
        return Demands((job.skill,), _minutes(_REPAIR_MIN[SERVICE]))
    if job.hazard is not None:
        return Demands((LINE, SERVICE), _minutes(_MAKE_SAFE_MIN))
    kind = job.device_class
    of = "feeder" if kind in FEEDER_DEVICES else "lateral" if kind in LATERAL_DEVICES else SERVICE
    on_line = of != SERVICE
    return Demands(
        (LINE,) if on_line else (LINE, SERVICE),
        _minutes(_PATROL_MIN[of] + _REPAIR_MIN[of]),
        patrol_ms=_minutes(_PATROL_MIN[of]),
        certificates=rules.certificates_for(kind),
        kit=rules.kit_for(kind),
        members=rules.fewest_on_line if on_line and not helps else 1,
        crews=2 if kind in rules.two_crews and not helps else 1,
        clearance=kind in rules.clearance_for and not helps,
    )


def _minutes(minutes: int) -> int:
    return minutes * _MINUTE_MS


_PATROL_MIN = {"feeder": 20, "lateral": 10, SERVICE: 5}
"""Minutes from arrival until what has failed is known: a feeder is driven along, a lateral walked, a premise looked at."""
_REPAIR_MIN = {"feeder": 45, "lateral": 30, SERVICE: 45}
_MAKE_SAFE_MIN = 30
