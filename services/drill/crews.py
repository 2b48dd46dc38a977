"""Crews: how they answer an order, drive, look and mend, and what their terminals say of it.

What a crew does with an order depends on that order alone. It drives 1.3 times the straight distance at 45 km/h.
A crew that is called back on its way is taken to be where it set out from.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.events import CrewReported, CrewState
from schemas.events import Place as PlaceOnTheWire
from schemas.ids import derived
from schemas.topics import CREW_STATUS
from services.clock import from_ms
from services.drill.draws import between
from services.drill.messages import Said, say
from services.engine.turn import Entity
from services.network import DeviceClass, Place, distance_m

if TYPE_CHECKING:
    from schemas.events import OrderChanged

UNDER_WAY_MS = 2_000
"""How long a crew's word travels."""
LEAVE_AFTER_MS = 60_000
LOOK_MS = 300_000
"""How long a crew looks around before it says that supply is in order."""
DONE_AFTER_MS = 30_000
"""From power back to the crew's word that it is done."""
DRIVE_MS_PER_M = 104
"""1.3 times the straight distance at 45 km/h: 1.3 / 12.5 s for each metre."""
SHORTEST_DRIVE_MS = 60_000

MEDIAN_REPAIR_MIN = {
    DeviceClass.BREAKER: 30,
    DeviceClass.RECLOSER: 35,
    DeviceClass.FUSE: 30,
    DeviceClass.TRANSFORMER: 60,
    DeviceClass.LV_FUSE: 25,
}
"""From arrival to power back, patrol included, minutes."""


class Step(enum.StrEnum):
    """Where a crew stands with an order."""

    HEARD = "heard"
    ACCEPTED = "accepted"
    ENROUTE = "enroute"
    MENDING = "mending"
    LOOKING = "looking"
    WAITING = "waiting"
    MENDED = "mended"
    DONE = "done"
    CALLED_BACK = "calledBack"


class Task(Entity, frozen=True, kw_only=True):
    """An order as its crew lives it. `fault` is what it mends.

    `next_at` is when the next step comes, milliseconds; None when it comes by nothing but an event, or never.
    """

    kind: ClassVar[str] = "task"
    crew: str
    device: str
    step: Step
    next_at: int | None
    fault: str | None = None

    def to(self, step: Step, next_at: int | None, fault: str | None = None) -> Task:
        """Return the task at another step."""
        return msgspec.structs.replace(self, step=step, next_at=next_at, fault=fault)


class Whereabouts(Entity, frozen=True, kw_only=True):
    """The device at which a crew last was; a crew without an entry is at its depot."""

    kind: ClassVar[str] = "whereabouts"
    device: str


def heard(seed: int, order: OrderChanged, now: int) -> Task:
    """Return the task of a crew that got an order now: it answers after 20 to 60 seconds."""
    answers = now + between(seed, 20, 60, "answer", order.order) * 1000
    return Task(id=order.order, crew=order.crew, device=order.device, step=Step.HEARD, next_at=answers)


def drive_ms(start: Place, goal: Place) -> int:
    """Return how long a crew drives, milliseconds."""
    return max(SHORTEST_DRIVE_MS, round(distance_m(start, goal) * DRIVE_MS_PER_M))


def repair_ms(seed: int, fault: str, device_class: DeviceClass, pace: float) -> int:
    """Return how long a crew mends this fault, milliseconds in whole seconds.

    It is 0.6 to 1.6 times the median of the device's class, times `pace`.
    """
    share = between(seed, 60, 160, "repair", fault) / 100
    return round(MEDIAN_REPAIR_MIN[device_class] * 60 * pace * share) * 1000


def status(
    task: Task, state: CrewState, at: int, place: Place, *, found: str | None = None, cause: str | None = None
) -> Said:
    """Return what the crew's terminal says at this time; `found` and `cause` come with done if something had failed."""
    event = CrewReported(
        id=derived("crew", task.id, state),
        at=from_ms(at),
        exercise=True,
        crew=task.crew,
        status=state,
        order=task.id,
        place=PlaceOnTheWire(lon=place.lon, lat=place.lat),
        found=found,
        cause=cause,
    )
    return say(event, CREW_STATUS, task.crew, at + UNDER_WAY_MS)
