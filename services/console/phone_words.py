"""From what a crew's phone says to events: each once, by the phone's own id, in any order, at times that make sense. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import Annotated, Final

import msgspec

from schemas.codec import Unreadable, decode, encode
from schemas.events import CrewReported, CrewState, Event, HazardKind, HazardReported, Id, Note, Place
from schemas.events.base import Lat, Lon
from schemas.ids import derived
from schemas.topics import CREW_STATUS, OUTAGE_REPORTS, Topic
from services.clock import from_ms

HAZARD: Final = "hazard"
"""The status of a report of danger."""
AHEAD_MS = 60_000
"""A phone's clock may go ahead of ours by so much."""
OLD_MS = 24 * 3_600_000
"""What a phone kept for longer than this is told as of now: nobody waits for the network that long."""
FARTHEST_ESTIMATE_MS = 7 * 24 * 3_600_000
MOST_AT_ONCE = 200

_OF_ITSELF = frozenset(
    {CrewState.SIGNED_ON, CrewState.AVAILABLE, CrewState.ON_BREAK, CrewState.OFF_DUTY, CrewState.POSITION}
)
_STATUSES = frozenset(status.value for status in CrewState)
_NAMES_A_DEVICE = frozenset({CrewState.REPAIRED, CrewState.DONE, CrewState.FOUND_FAULT})


class CrewSays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that a crew's phone says. `id` is the phone's own, `at_ms` when it was said, of the installation's clock."""

    id: Id
    at_ms: int
    status: Annotated[str, msgspec.Meta(max_length=40)]
    order: Id | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    found: Id | None = None
    cause: Id | None = None
    estimate_ms: int | None = None
    skill: Id | None = None
    material: Note = ""
    why: Note = ""
    hazard: HazardKind | None = None

    @property
    def place(self) -> Place | None:
        """Where the phone says that it is."""
        return None if self.lon is None or self.lat is None else Place(lon=self.lon, lat=self.lat)


class Refused(msgspec.Struct, frozen=True):
    """Something that was not taken, and why."""

    id: str
    code: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One thing that was said, as the event that carries it. `retimed`: its time made no sense and was replaced by now."""

    says: CrewSays
    topic: Topic
    key: str
    event: Event
    retimed: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What can be named: devices and causes; and where the crew is taken to be, for what it says without a place."""

    is_device: Callable[[str], bool]
    causes: Collection[str]
    place: Place


def understand(
    crew: str, said: Sequence[CrewSays], ground: Ground, now_ms: int, *, exercise: bool
) -> tuple[list[Understood], list[Refused]]:
    """Return the events of what a crew's phone says, and what of it cannot be taken, with a code.

    What is said again with the same id has the same event id. Of several that are told as of now each keeps its place in the
    order in which it was said.
    """
    understood: list[Understood] = []
    refused: list[Refused] = []
    for number, says in enumerate(said):
        sane = now_ms - OLD_MS <= says.at_ms <= now_ms + AHEAD_MS
        at = says.at_ms if sane else now_ms - len(said) + number
        code = _wrong(says, ground, now_ms)
        if code is not None:
            refused.append(Refused(says.id, code))
            continue
        event, topic, key = _event(crew, says, ground, at, exercise=exercise)
        try:
            decode(encode(event), topic)
        except (Unreadable, ValueError):
            refused.append(Refused(says.id, "invalid"))
            continue
        understood.append(Understood(says=says, topic=topic, key=key, event=event, retimed=not sane))
    return understood, refused


def event_id(crew: str, phone_id: str) -> str:
    """Return the id of the event that carries what a phone said under an id of its own."""
    return derived("phone", crew, phone_id)


def _wrong(says: CrewSays, ground: Ground, now_ms: int) -> str | None:
    """Return the code of the first thing that is wrong with what was said."""
    hazard = says.status == HAZARD
    of_an_order = not hazard and says.status not in _OF_ITSELF
    fault = says.status == CrewState.FOUND_FAULT
    until, estimate = now_ms + FARTHEST_ESTIMATE_MS, says.estimate_ms
    wrong = (
        ("unknownStatus", not hazard and says.status not in _STATUSES),
        ("unknownDevice", says.found is not None and not ground.is_device(says.found)),
        ("noHazard", hazard and says.hazard is None),
        ("noPlace", says.status == CrewState.POSITION and says.place is None),
        ("noDevice", fault and says.found is None),
        ("noOrder", of_an_order and not fault and says.order is None),
        ("unknownCause", of_an_order and says.cause is not None and says.cause not in ground.causes),
        ("insaneEstimate", of_an_order and estimate is not None and not now_ms - OLD_MS <= estimate <= until),
    )
    return next((code for code, is_so in wrong if is_so), None)


def _event(crew: str, says: CrewSays, ground: Ground, at: int, *, exercise: bool) -> tuple[Event, Topic, str]:
    name = event_id(crew, says.id)
    if says.status == HAZARD and says.hazard is not None:
        hazard = HazardReported(
            id=name,
            at=from_ms(at),
            exercise=exercise,
            hazard=says.hazard,
            place=says.place or ground.place,
            device=says.found,
            words=says.why,
        )
        return hazard, OUTAGE_REPORTS, name
    status = CrewState(says.status)
    of_itself = status in _OF_ITSELF
    reported = CrewReported(
        id=name,
        at=from_ms(at),
        exercise=exercise,
        crew=crew,
        status=status,
        order=None if of_itself else says.order,
        place=says.place,
        found=says.found if status in _NAMES_A_DEVICE else None,
        cause=says.cause if status in _NAMES_A_DEVICE else None,
        estimate=None if of_itself or says.estimate_ms is None else from_ms(says.estimate_ms),
        skill=says.skill if status is CrewState.HELP_NEEDED else None,
        material=says.material,
        why=says.why,
    )
    return reported, CREW_STATUS, crew
