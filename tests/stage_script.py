"""Plays a pure stage by script, in memory or on a real database: time belongs to the script, all else is real."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from schemas.codec import encode
from services.clock import to_ms
from services.engine.deciding import Deciding, Entities, InboxStore, apply, canonical
from services.engine.turn import Emission, Fact, Outcome, Reasoned, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import asyncpg

    from schemas.events import Event
    from schemas.topics import Topic
    from services.audit.rule import AuditRule
    from services.engine.turn import Stage, Store

DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def moment(clock: str) -> dt.datetime:
    """Return the moment of `HH:MM` or `HH:MM:SS` on the day of every script."""
    hours, minutes, *seconds = map(int, clock.split(":"))
    return DAY + dt.timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


def ms(clock: str) -> int:
    """Return the milliseconds of a moment of the day."""
    return to_ms(moment(clock))


class StageScript:
    """One shard of a stage, its facts and its turns; wake-ups are kept as the engine keeps them."""

    def __init__(self, stage: Stage, shard: str, *, exercise: bool = False, resumed: bool = False) -> None:
        self.stage = stage
        self.shard = shard
        self.now = to_ms(DAY)
        self.entities: Entities = {kind.kind: {} for kind in stage.entities}
        self.outcomes: list[Outcome] = []
        self.wake_at: int | None = None
        self.exercise = exercise
        self._resumed = resumed
        self._heard: list[Fact] = []

    def go_to(self, now: int) -> None:
        """Decide what was heard, then every wake-up on the way, and stand at this time."""
        self.settle()
        while self.wake_at is not None and self.wake_at <= now:
            self.now = self.wake_at
            self._turn()
        self.now = now

    def hear(self, *events: Event) -> None:
        """Take facts; those taken before the next `settle` are decided in one turn."""
        self._heard.extend(Fact(to_ms(event.at), event.id, event) for event in events)

    def hear_facts(self, *facts: Fact) -> None:
        """Take facts that are no events of a topic."""
        self._heard.extend(facts)

    def turn_round(self) -> None:
        """Have what was heard arrive the other way round."""
        self._heard.reverse()

    def settle(self) -> None:
        """Decide what was heard."""
        if self._heard:
            self._turn()

    def look(self) -> None:
        """Take a turn though there is nothing due: it must change nothing."""
        self._turn()

    @property
    def journal(self) -> list[Reasoned]:
        """Everything noted so far."""
        return [entry for outcome in self.outcomes for entry in outcome.journal]

    @property
    def emitted(self) -> list[Emission]:
        """Everything published so far."""
        return [event for outcome in self.outcomes for event in outcome.events]

    def bytes_decided(self) -> list[bytes]:
        """Return the canonical bytes of each turn."""
        return [canonical(outcome) for outcome in self.outcomes]

    def why(self, kind: str, subject: str) -> list[tuple[str, str]]:
        """Return what became of a subject and why, in order."""
        self.settle()
        return [(e.to, str(e.reason)) for e in self.journal if (e.subject_kind, e.subject) == (kind, subject)]

    def _turn(self) -> None:
        turn = Turn(shard=self.shard, now=self.now, facts=self._heard, entities=self.entities, exercise=self.exercise)
        self.stage.decide(turn)
        self._heard = []
        self.outcomes.append(turn.outcome)
        self.wake_at = turn.outcome.wake_at
        apply(self.entities, turn.outcome)
        if self._resumed:
            self._resume()

    def _resume(self) -> None:
        """Read the state back from what storage would hold, as a worker that took over does."""
        for kind in self.stage.entities:
            stored = {i: msgspec.json.encode(entity) for i, entity in self.entities[kind.kind].items()}
            self.entities[kind.kind] = {i: msgspec.json.decode(body, type=kind) for i, body in stored.items()}


Heard: TypeAlias = "tuple[Topic, Event]"


async def play(
    connection: asyncpg.Connection[Any],
    stage: Stage,
    ticks: Iterable[tuple[int, Sequence[Heard]]],
    store: Store | None = None,
) -> None:
    """Let the engine decide a stage on a database: for each tick its time, and the facts taken just before it."""
    deciding = Deciding(stage, store or InboxStore(stage.name), exercise=False)
    for shard in stage.shards():
        await connection.execute("INSERT INTO turns (stage, shard) VALUES ($1, $2)", stage.name, shard)
    for n, (now, heard) in enumerate(ticks, start=1):
        for topic, event in heard:
            await connection.execute(
                """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)""",
                stage.name,
                event.id,
                stage.shard_of(event),
                to_ms(event.at),
                n - 1,
                topic.name,
                encode(event),
            )
        for shard in stage.shards():
            await deciding.decide(connection, shard, n, now)


async def violations(connection: asyncpg.Connection[Any], rules: Iterable[AuditRule]) -> dict[str, list[list[Any]]]:
    """Return the rows that each broken rule names; every rule must have looked at something."""
    found = {}
    for rule in rules:
        assert isinstance(await connection.fetchval(rule.checked_sql), int), rule.name
        rows = [list(row.values()) for row in await connection.fetch(rule.violations_sql)]
        if rows:
            found[rule.name] = rows
    return found
