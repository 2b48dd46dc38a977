"""A course: a story that a stage lives through, and insane facts thrown into it that decode fine and make no sense.

Each course is played by a stage of its own, from stored state before each turn, and everything is kept to what storage
demands: journal entries, events and effects have keys of their own, and what is published can be read by others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.codec import decode, encode
from schemas.events import Event
from services.clock import to_ms
from services.engine.turn import Fact, Unplaced
from tests.stage_script import StageScript

if TYPE_CHECKING:
    from services.engine.turn import Outcome, Stage, Store

Heard = Event | Fact
"""An event, or a fact that a room located before its stage gets it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Insane:
    """Facts that make no sense. They come before the step of the story with number `before`.

    `parked`: the code with which the stage has no place for them. `unheard`: they are of a kind on which the stage does not
    act. `about`: names of subjects that they do bring into the world; everything else must come out as without them.
    """

    name: str
    facts: tuple[Heard, ...]
    before: int
    parked: str | None = None
    unheard: bool = False
    about: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A stage, one shard of it, its story (time in milliseconds, facts), when it ends, and what is thrown into it."""

    stage: Callable[[], Stage]
    store: Callable[[], Store]
    shard: str
    story: tuple[tuple[int, tuple[Heard, ...]], ...]
    until: int
    insane: tuple[Insane, ...]
    exercise: bool = False
    first_wake: int | None = None


class Played(StageScript):
    """A course that was played. `together`: the insane facts are decided in one turn with the step, else in a turn before."""

    def __init__(self, course: Course, insane: Insane | None = None, *, together: bool = False) -> None:
        super().__init__(course.stage(), course.shard, exercise=course.exercise, resumed=True)
        self.wake_at = course.first_wake
        self.parked: list[str] = []
        for number, (now, facts) in enumerate(course.story):
            self.go_to(now)
            if insane is not None and insane.before == number:
                self.take(*insane.facts)
                if not together:
                    self.settle()
            self.take(*facts)
            self.settle()
        self.go_to(course.until)

    def take(self, *facts: Heard) -> None:
        """Take facts; those for which the stage has no place are parked, those that nobody could read are no facts."""
        for heard in facts:
            if isinstance(heard, Fact):
                self._heard.append(heard)
                continue
            assert msgspec.json.decode(encode(heard), type=type(heard)) == heard, "the codec refuses it"
            try:
                assert self.stage.shard_of(heard) == self.shard
            except Unplaced as refused:
                self.parked.append(refused.code)
            else:
                self.hear(heard)

    def fits_storage(self) -> None:
        """Assert what the tables demand of everything decided."""
        for keys in (
            [entry.id for entry in self.journal],
            [emission.event.id for emission in self.emitted],
            [effect.key for outcome in self.outcomes for effect in outcome.effects],
        ):
            assert sorted(set(keys)) == sorted(keys)
        for emission in self.emitted:
            assert decode(encode(emission.event), emission.topic) == emission.event
        assert all(entry.reason and entry.to for entry in self.journal)

    def decided(self, insane: Insane) -> list[Any]:
        """Return what was decided apart from what rests on these facts, or is about what they brought into the world."""
        ids = {_id(fact) for fact in insane.facts}
        found: list[Any] = []
        for outcome in self.outcomes:
            found += [
                ("noted", entry.subject, entry.to, entry.reason)
                for entry in outcome.journal
                if ids.isdisjoint(entry.facts) and entry.subject not in insane.about
            ]
            found += [("published", e.event) for e in outcome.events if _subjects(e.event).isdisjoint(insane.about)]
            found += [("done", effect) for effect in outcome.effects if _subjects(effect.body).isdisjoint(insane.about)]
        for kind, entities in sorted(self.entities.items()):
            found += [("stands", kind, entity) for name, entity in sorted(entities.items()) if name not in insane.about]
        return found

    def answered(self, insane: Insane) -> set[str]:
        """Return which of these facts were answered: an entry of the journal rests on them, or a record names them."""
        ids = {_id(fact) for fact in insane.facts}
        noted = {fact for entry in self.journal for fact in entry.facts}
        recorded = {value for outcome in self.outcomes for value in _recorded(outcome)}
        return ids & (noted | recorded)


def _id(heard: Heard) -> str:
    return heard.id


def _subjects(structure: msgspec.Struct) -> set[str]:
    named = ("incident", "order", "account", "outage", "customer", "window", "phone", "inbound")
    return {value for name in named if isinstance(value := getattr(structure, name, None), str)}


def _recorded(outcome: Outcome) -> set[str]:
    return {value for record in outcome.records if isinstance(value := getattr(record, "report", None), str)}


def event_at(event: Event) -> int:
    """Return the time of an event, milliseconds."""
    return to_ms(event.at)
