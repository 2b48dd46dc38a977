"""A stage small enough to see through: it counts calls of a customer and asks for a wake-up a minute after the first."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from schemas.codec import encode
from schemas.events import CrewReported, CrewState, Event
from schemas.topics import CREW_STATUS
from services.engine.taking import Message
from services.engine.turn import EffectBody, Entity, Turn, Unplaced

START = dt.datetime(2026, 3, 1, 18, tzinfo=dt.UTC)
START_MS = 1_772_388_000_000


class Heard(Entity, frozen=True, kw_only=True):
    """How often a crew was heard."""

    kind: ClassVar[str] = "heard"
    times: int
    last: str


class Ping(EffectBody, frozen=True, kw_only=True):
    """Something to do in the world."""

    crew: str


class Toy:
    """Counts what it hears of each crew."""

    name: str = "toy"
    entities: ClassVar[tuple[type[Entity], ...]] = (Heard,)

    def shards(self) -> tuple[str, ...]:
        return ("left", "right")

    def shard_of(self, event: Event) -> str:
        if not isinstance(event, CrewReported) or event.crew.startswith("X"):
            raise Unplaced("unknownCrew", event.id)
        return "left" if event.crew < "M" else "right"

    def decide(self, turn: Turn) -> None:
        for fact in turn.facts:
            assert isinstance(fact.what, CrewReported)
            crew = fact.what.crew
            standing = turn.get(Heard, crew)
            turn.put(Heard(id=crew, times=1 + (standing.times if standing else 0), last=fact.id))
            turn.note(("crew", crew), "heard", "said", [fact.id])
            if standing is None:
                turn.effect(f"ping:{crew}", "ping", Ping(crew=crew), expires_at=turn.now + 600_000)
                turn.wake(turn.now + 60_000)
            if fact.what.why == "break":
                raise RuntimeError("the rule is broken")


def said(crew: str, number: int, *, after_s: float = 0.0, why: str = "", exercise: bool = True) -> CrewReported:
    """An event: what a crew said."""
    at = START + dt.timedelta(seconds=after_s)
    return CrewReported(id=f"{crew}-{number}", at=at, exercise=exercise, crew=crew, status=CrewState.AVAILABLE, why=why)


def message(offset: int, what: Event | bytes, part: int = 0) -> Message:
    """A message that carries an event or raw bytes."""
    body = encode(what) if isinstance(what, Event) else what
    return Message(CREW_STATUS.name, part, offset, b"key", (("ce_id", b"named"),), body)
