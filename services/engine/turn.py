"""What a rule sees and what it answers: facts, entities, and the outcome of one turn.

A stage is a pure rule over *entities* (its state, frozen structures) and *facts* (what was taken since its last turn). It is
handed a `Turn`, reads entities through it, and writes its decision into it; nothing it read is changed in place, so a turn
that fails leaves no trace. All times are integers, milliseconds since the epoch, UTC.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol, TypeVar

import msgspec

from schemas.events import Event
from schemas.ids import EffectKey, derived
from schemas.topics import Topic


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a stage's state. `kind` names its class in storage; `id` is unique within stage and kind."""

    kind: ClassVar[str]
    id: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A row that a stage's `store.py` writes to a table of its own, in the transaction of the turn."""


class EffectBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway needs in order to do an effect."""


AnyEntity = TypeVar("AnyEntity", bound=Entity)

_NONE: Final[Mapping[str, Any]] = {}

PRIORITY: Final = 5
"""The priority of an effect about which nothing was said; 0 goes before all others, 9 after them."""


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Fact:
    """Something that became known: ordered by event time, then id. `what` is an event, or a report as it was located."""

    at: int
    id: str
    what: msgspec.Struct = dataclasses.field(compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Reasoned:
    """One transition and its reason: `subject` (kind and id) went to `to` because of `reason`, resting on these facts."""

    id: str
    subject_kind: str
    subject: str
    to: str
    reason: str
    facts: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Emission:
    """An event to publish: on which topic, under which key."""

    topic: Topic
    key: str
    event: Event


@dataclasses.dataclass(frozen=True, slots=True)
class EffectDraft:
    """Something to be done in the world once. `expires_at`: not done after it. `kind` names the gateway: `text`, `call`, `ping`.

    Of what is due at once the lowest `priority` is done first.
    """

    key: EffectKey
    kind: str
    due_at: int
    expires_at: int | None
    body: EffectBody
    priority: int = PRIORITY


@dataclasses.dataclass(slots=True)
class Outcome:
    """Everything one turn decided, in the order it was decided."""

    entities: dict[tuple[str, str], Entity | None] = dataclasses.field(default_factory=dict)
    journal: list[Reasoned] = dataclasses.field(default_factory=list)
    events: list[Emission] = dataclasses.field(default_factory=list)
    effects: list[EffectDraft] = dataclasses.field(default_factory=list)
    recalled: list[EffectKey] = dataclasses.field(default_factory=list)
    records: list[Record] = dataclasses.field(default_factory=list)
    wake_at: int | None = None


class Turn:
    """One turn of one shard at one tick: `shard`, `now`, `facts` (sorted), entities by kind and id, and the outcome so far."""

    def __init__(
        self,
        *,
        shard: str,
        now: int,
        facts: Iterable[Fact],
        entities: Mapping[str, Mapping[str, Entity]],
        exercise: bool = False,
    ) -> None:
        self.shard = shard
        self.now = now
        self.exercise = exercise
        self.facts: Sequence[Fact] = tuple(sorted(facts))
        self.outcome = Outcome()
        self._entities = entities
        # What the outcome holds, by kind, and the ids of what stood, sorted once: rules ask for all of a kind again and again.
        self._changed: dict[str, dict[str, Entity | None]] = {}
        self._sorted: dict[str, Sequence[str]] = {}
        self._noted: set[str] = set()

    def get(self, kind: type[AnyEntity], entity_id: str) -> AnyEntity | None:
        """Return the entity as this turn has left it so far, or None."""
        changed = self._changed.get(kind.kind, _NONE)
        standing = self._entities.get(kind.kind, _NONE)
        found = changed[entity_id] if entity_id in changed else standing.get(entity_id)
        if found is not None and type(found) is not kind:
            raise TypeError(f"{(kind.kind, entity_id)} is a {type(found).__name__}")
        return found

    def all(self, kind: type[AnyEntity], where: Callable[[AnyEntity], bool] | None = None) -> list[AnyEntity]:
        """Return the entities of a kind sorted by id, as this turn has left them so far."""
        standing: Mapping[str, Any] = self._entities.get(kind.kind, _NONE)
        ids = self._sorted.get(kind.kind)
        if ids is None:
            ids = self._sorted[kind.kind] = sorted(standing)
        if changed := self._changed.get(kind.kind):
            ids = sorted(standing.keys() | changed.keys())
            standing = {**standing, **changed}
        found = map(standing.__getitem__, ids)
        return [entity for entity in found if entity is not None and (where is None or where(entity))]

    def put(self, entity: Entity) -> None:
        """Write an entity; an entity equal to what stands is no change."""
        key = (entity.kind, entity.id)
        if key not in self.outcome.entities and self._entities.get(entity.kind, {}).get(entity.id) == entity:
            return
        self._change(key, entity)

    def remove(self, entity: Entity) -> None:
        """Take an entity out of the state (its history stays in the journal)."""
        self._change((entity.kind, entity.id), None)

    def _change(self, key: tuple[str, str], entity: Entity | None) -> None:
        self.outcome.entities[key] = entity
        self._changed.setdefault(key[0], {})[key[1]] = entity

    def note(self, subject: Entity | tuple[str, str], to: str, reason: str, facts: Iterable[str] = ()) -> None:
        """Write a transition into the journal; the same one twice in a turn is one.

        Transitions are noted, never looks that changed nothing.
        """
        kind, entity_id = (subject.kind, subject.id) if isinstance(subject, Entity) else subject
        rests_on = tuple(sorted(facts))
        entry = derived("journal", self.shard, kind, entity_id, to, reason, self.now, *rests_on)
        if entry not in self._noted:
            self._noted.add(entry)
            self.outcome.journal.append(Reasoned(entry, kind, entity_id, to, reason, rests_on))

    def emit(self, topic: Topic, key: str, event: Event) -> None:
        """Publish an event; its id must be derived from its cause and its `exercise` mark must be the turn's."""
        if event.exercise != self.exercise:
            raise ValueError(f"event {event.id} does not carry the exercise mark of its turn")
        self.outcome.events.append(Emission(topic, key, event))

    def effect(
        self,
        key: str,
        kind: str,
        body: EffectBody,
        *,
        due_at: int | None = None,
        expires_at: int | None = None,
        priority: int = PRIORITY,
    ) -> None:
        """Have something done once in the world, at `due_at` (default: now); of what waits the lowest priority (0 to 9) first."""
        due = self.now if due_at is None else due_at
        self.outcome.effects.append(EffectDraft(EffectKey(key), kind, due, expires_at, body, int(priority)))

    def recall(self, key: str) -> None:
        """Supersede an effect that nobody has begun. What is due at this very time is being done and cannot be recalled."""
        self.outcome.recalled.append(EffectKey(key))

    def record(self, row: Record) -> None:
        """Have the stage's store write a row of a table of its own."""
        self.outcome.records.append(row)

    def wake(self, at: int) -> None:
        """Ask for a turn at this time, though no fact may come; the earliest request counts. It must lie after now."""
        if at <= self.now:
            raise ValueError(f"a wake-up at {at} does not lie after now, {self.now}: it would repeat for ever")
        if self.outcome.wake_at is None or at < self.outcome.wake_at:
            self.outcome.wake_at = at


class Unplaced(Exception):
    """A readable event that belongs to no shard (its device, incident or account is unknown). `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Stage(Protocol):
    """A pure rule. Its instance may hold the network and other things that never change while it lives."""

    @property
    def name(self) -> str:
        """Return the name under which its rows are kept."""

    @property
    def entities(self) -> tuple[type[Entity], ...]:
        """Return the kinds of entity it keeps, so that storage can read them back."""

    def shards(self) -> Sequence[str]:
        """Return every shard there is, sorted; rows in `turns` are made for them."""

    def shard_of(self, event: Event) -> str:
        """Return the shard that decides on this event. Raises `Unplaced`."""

    def decide(self, turn: Turn) -> None:
        """Decide one turn. Without facts and without a due wake-up it must change nothing.

        A wake-up holds for one turn: whoever still waits asks again.
        """


class Store(Protocol):
    """The SQL of a stage beyond the engine's: facts with a table of their own, and its records."""

    async def facts(self, connection: Any, shard: str, tick: int) -> list[Fact]:
        """Mark this shard's undecided facts with a tick before this one as decided by it, and return them."""

    async def decided(self, connection: Any, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decided, for replay."""

    async def save(self, connection: Any, shard: str, tick: int, now: int, records: Sequence[Record]) -> None:
        """Write the records of a turn."""
