"""Crews: how they answer an order, drive, look, mend and make safe, and what their terminals say of it.

What a crew does with an order depends on that order alone. It drives by the roads of the utility, all of them open, where they are
known; else 1.3 times the straight distance at 45 km/h.
A crew that is called back on its way is taken to be where its terminal said last that it was.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import msgspec

from schemas.events import CrewReported, CrewState
from schemas.events import Place as PlaceOnTheWire
from schemas.ids import derived
from schemas.topics import CREW_STATUS
from services.clock import from_ms
from services.drill.draws import between, drawn
from services.drill.messages import Said, say
from services.engine.turn import Entity
from services.network import DeviceClass, Place, distance_m

if TYPE_CHECKING:
    from schemas.events import OrderChanged

Drives: TypeAlias = Callable[[Place, Place], int]
"""Says how long a crew drives from one place to another, milliseconds."""

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
OVERTIME_MS = 20 * 60_000
"""What a crew finishes within this time it finishes, though its shift is over."""
SILENT_MIN = (12, 30)
"""For how long a crew that falls silent is not heard of, minutes."""
MAKING_SAFE_MIN = (10, 25)
REFUSES, SILENT, JUMPS = 0.05, 0.03, 0.06
"""The shares of orders in a rough storm that a crew refuses, never hears, or speaks of in leaps."""
NEEDS_HELP, NEEDS_MATERIAL, GIVES_ESTIMATE, SAYS_REPAIRED = 0.06, 0.04, 0.4, 0.5
"""The shares of repairs in a rough storm of which a crew says so."""

MEDIAN_REPAIR_MIN = {
    DeviceClass.BREAKER: 30,
    DeviceClass.RECLOSER: 35,
    DeviceClass.FUSE: 30,
    DeviceClass.TRANSFORMER: 60,
    DeviceClass.LV_FUSE: 25,
    DeviceClass.SWITCH: 30,
}
"""From arrival to power back, patrol included, minutes."""


class Mood(enum.StrEnum):
    """How a crew takes an order."""

    WILLING = "willing"
    REFUSES = "refuses"
    SILENT = "silent"
    JUMPS = "jumps"


class Step(enum.StrEnum):
    """Where a crew stands with an order."""

    HEARD = "heard"
    ACCEPTED = "accepted"
    ENROUTE = "enroute"
    MENDING = "mending"
    MAKING_SAFE = "makingSafe"
    LOOKING = "looking"
    WAITING = "waiting"
    MENDED = "mended"
    DONE = "done"
    REFUSED = "refused"
    SILENT = "silent"
    HANDED_OVER = "handedOver"
    CALLED_BACK = "calledBack"


OVER = frozenset({Step.DONE, Step.REFUSED, Step.HANDED_OVER, Step.CALLED_BACK})


class Task(Entity, frozen=True, kw_only=True):
    """An order as its crew lives it: `device` and place (degrees) where it goes, `fault` or `danger` what it works on.

    `next_at` is when the next step comes, milliseconds; None when it comes by nothing but an event, or never.
    """

    kind: ClassVar[str] = "task"
    crew: str
    lon: float
    lat: float
    step: Step
    next_at: int | None
    mood: Mood = Mood.WILLING
    device: str | None = None
    hazard: str | None = None
    assists: str | None = None
    fault: str | None = None
    danger: str | None = None

    @property
    def place(self) -> Place:
        """Where the crew was sent."""
        return Place(self.lon, self.lat)

    def to(self, step: Step, next_at: int | None, *, fault: str | None = None, danger: str | None = None) -> Task:
        """Return the task at another step."""
        return msgspec.structs.replace(self, step=step, next_at=next_at, fault=fault, danger=danger)


class Whereabouts(Entity, frozen=True, kw_only=True):
    """Where a crew last was (degrees); a crew without an entry is at its depot."""

    kind: ClassVar[str] = "whereabouts"
    lon: float
    lat: float


class Duty(Entity, frozen=True, kw_only=True):
    """How many of a crew's shifts have begun and ended: `turns` counts both. `stays_until` is when overtime ends."""

    kind: ClassVar[str] = "duty"
    turns: int
    stays_until: int | None = None

    @property
    def on(self) -> bool:
        """Whether a shift is going on."""
        return self.turns % 2 == 1


def heard(seed: int, order: OrderChanged, now: int, *, mood: Mood) -> Task:
    """Return the task of a crew that got an order now: it answers after 20 to 60 seconds, or is silent for long."""
    answers = now + between(seed, 20, 60, "answer", order.order) * 1000
    silent = now + between(seed, *SILENT_MIN, "silent", order.order) * 60_000
    return Task(
        id=order.order,
        crew=order.crew,
        lon=order.place.lon,
        lat=order.place.lat,
        step=Step.SILENT if mood is Mood.SILENT else Step.HEARD,
        next_at=silent if mood is Mood.SILENT else answers,
        mood=mood,
        device=order.device,
        hazard=order.hazard,
        assists=order.assists,
    )


def mood_of(seed: int, order: str) -> Mood:
    """Return how a crew takes this order in a rough storm."""
    at = drawn(seed, "mood", order)
    for mood, share in ((Mood.REFUSES, REFUSES), (Mood.SILENT, SILENT), (Mood.JUMPS, JUMPS)):
        if at < share:
            return mood
        at -= share
    return Mood.WILLING


def drive_ms(start: Place, goal: Place) -> int:
    """Return how long a crew drives where no roads are known, milliseconds."""
    return max(SHORTEST_DRIVE_MS, round(distance_m(start, goal) * DRIVE_MS_PER_M))


def repair_ms(seed: int, fault: str, device_class: DeviceClass, pace: float) -> int:
    """Return how long a crew mends this fault, milliseconds in whole seconds.

    It is 0.6 to 1.6 times the median of the device's class, times `pace`.
    """
    share = between(seed, 60, 160, "repair", fault) / 100
    return round(MEDIAN_REPAIR_MIN[device_class] * 60 * pace * share) * 1000


def status(
    crew: str,
    state: CrewState,
    at: int,
    place: Place,
    *,
    order: str | None = None,
    found: str | None = None,
    cause: str | None = None,
    estimate: int | None = None,
    skill: str | None = None,
    material: str = "",
    why: str = "",
) -> Said:
    """Return what a crew's terminal says at this time; `found` and `cause` come with done if something had failed."""
    event = CrewReported(
        id=derived("crew", crew, order or "", state, at),
        at=from_ms(at),
        exercise=True,
        crew=crew,
        status=state,
        order=order,
        place=PlaceOnTheWire(lon=place.lon, lat=place.lat),
        found=found,
        cause=cause,
        estimate=None if estimate is None else from_ms(estimate),
        skill=skill,
        material=material,
        why=why,
    )
    return say(event, CREW_STATUS, crew, at + UNDER_WAY_MS)
