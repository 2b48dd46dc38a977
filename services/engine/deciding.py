"""Decide: one shard, one tick, one transaction around a pure rule.

The compare on `turns` proves that the cached state is the state as of the shard's last turn, and fences whoever slept while
another took its turn. Whatever goes wrong drops the cache: what it holds is not known to be durable.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from schemas import cloudevents
from schemas.codec import decode, encode
from schemas.topics import TOPICS
from services.engine.rulebook import edition_of
from services.engine.ruling import ruled
from services.engine.taking import Connection, Fenced
from services.engine.turn import PRIORITY, Entity, Fact, Outcome, Record, Stage, Store, Turn
from services.engine.waking import wake
from services.telling import metrics

Entities = dict[str, dict[str, Entity]]

WRITTEN_WITHIN_S = 120.0
"""A turn may be of a hundred thousand customers."""

_encoder = msgspec.json.Encoder(order="deterministic")


class InboxStore:
    """The store of a stage that has no tables of its own: its facts lie in `inbox`, it writes no records."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    async def facts(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decides, marked so."""
        return await inbox_facts(connection, self._stage, shard, tick)

    async def decided(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decided."""
        return await inbox_decided(connection, self._stage, shard, tick)

    async def save(
        self,
        connection: Connection,  # noqa: ARG002 - the port's form
        shard: str,  # noqa: ARG002 - as above
        tick: int,  # noqa: ARG002 - as above
        now: int,  # noqa: ARG002 - as above
        records: Sequence[Record],
    ) -> None:
        """Refuse records: there is no table for them."""
        if records:
            raise TypeError(f"stage {self._stage} has no table for records")


async def inbox_facts(connection: Connection, stage: str, shard: str, tick: int) -> list[Fact]:
    """Mark this shard's undecided facts in `inbox` with a tick before this one as decided by it, and return them."""
    rows = await connection.fetch(
        """UPDATE inbox SET decided = $3 WHERE stage = $1 AND shard = $2 AND decided IS NULL AND tick < $3
           RETURNING at_ms, id, topic, body""",
        stage,
        shard,
        tick,
    )
    return [Fact(row["at_ms"], row["id"], decode(row["body"], TOPICS[row["topic"]])) for row in rows]


async def inbox_decided(connection: Connection, stage: str, shard: str, tick: int) -> list[Fact]:
    """Return the facts in `inbox` that this tick decided."""
    rows = await connection.fetch(
        "SELECT at_ms, id, topic, body FROM inbox WHERE stage = $1 AND shard = $2 AND decided = $3", stage, shard, tick
    )
    return [Fact(row["at_ms"], row["id"], decode(row["body"], TOPICS[row["topic"]])) for row in rows]


class Outdated(Exception):
    """A new version of the utility was imported since the stage was built: its process has to build it anew."""


class Deciding:
    """Decides the turns of one stage. `decide` may be called by any process; the compare settles who did it.

    `version` is the utility's version that the stage was built from, None for a stage that needs no utility.
    """

    def __init__(self, stage: Stage, store: Store, *, exercise: bool, version: int | None = None) -> None:
        self.stage = stage
        self._store = store
        self._exercise = exercise
        self._version = version
        self._kinds = {kind.kind: kind for kind in stage.entities}
        self._cache: dict[str, tuple[int, Entities]] = {}
        self._rules = edition_of(stage.name)
        self._found: set[str] = set()  # shards whose last turn an earlier edition of the rules decided

    async def decide(self, connection: Connection, shard: str, n: int, now: int) -> Outcome | None:
        """Decide the turn of a shard at tick n; None when it was decided already. Raises `Fenced` and `Outdated`."""
        cached = self._cache.pop(shard, None) or await self._load(connection, shard)
        ticked_to, entities = cached
        if ticked_to >= n:
            self._cache[shard] = cached
            return None
        begun = time.perf_counter()
        async with connection.transaction():
            if not await connection.fetchval(
                _MOVE,
                self.stage.name,
                shard,
                n,
                ticked_to,
            ):
                raise Fenced(f"{self.stage.name}/{shard} at tick {n}, seen up to {ticked_to}")
            # An import locks `turns`: whoever got past the compare sees its version, or is waited for by it.
            if self._version is not None and self._version != await current_version(connection):
                raise Outdated(f"{self.stage.name}/{shard} was built from version {self._version}")
            if shard in self._found:
                await self._keep_base(connection, shard, ticked_to, entities)
            facts = await self._store.facts(connection, shard, n)
            turn = Turn(shard=shard, now=now, facts=facts, entities=entities, exercise=self._exercise)
            await ruled(connection, self.stage.decide, turn)
            await self._write(connection, turn, n)
            await self._store.save(connection, shard, n, now, turn.outcome.records)
        self._found.discard(shard)
        apply(entities, turn.outcome)
        self._cache[shard] = (n, entities)
        await wake(connection, "moved", *(["outbox"] if turn.outcome.events else []))
        metrics.observe("lamplighter_turn_seconds", time.perf_counter() - begun, stage=self.stage.name)
        metrics.count("lamplighter_turns_total", stage=self.stage.name)
        metrics.count("lamplighter_facts_decided_total", len(facts), stage=self.stage.name)
        return turn.outcome

    async def _load(self, connection: Connection, shard: str) -> tuple[int, Entities]:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            ticked_to = await connection.fetchval(
                "SELECT ticked_to FROM turns WHERE stage = $1 AND shard = $2", self.stage.name, shard
            )
            rows = await connection.fetch(
                "SELECT kind, id, body FROM entity WHERE stage = $1 AND shard = $2", self.stage.name, shard
            )
            rules = await connection.fetchval(
                "SELECT rules FROM ticks WHERE stage = $1 AND shard = $2 ORDER BY n DESC LIMIT 1",
                self.stage.name,
                shard,
            )
        if rules not in {None, self._rules}:
            self._found.add(shard)
        if ticked_to is None:
            raise LookupError(f"no turn for {self.stage.name}/{shard}: its shards were not made")
        entities: Entities = {kind: {} for kind in self._kinds}
        for row in rows:
            entities[row["kind"]][row["id"]] = msgspec.json.decode(row["body"], type=self._kinds[row["kind"]])
        return int(ticked_to), entities

    async def _keep_base(self, connection: Connection, shard: str, n: int, entities: Entities) -> None:
        """Keep the state that an earlier edition of the rules left, from which a replay by this one begins."""
        body = [
            [kind, i, entity] for kind, of_kind in sorted(entities.items()) for i, entity in sorted(of_kind.items())
        ]
        await connection.execute(
            """INSERT INTO replay_base (stage, shard, n, rules, entities) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (stage, shard, n) DO UPDATE SET rules = excluded.rules, entities = excluded.entities""",
            self.stage.name,
            shard,
            n,
            self._rules,
            _encoder.encode(body).decode(),
        )

    async def _write(self, connection: Connection, turn: Turn, n: int) -> None:
        outcome, stage, shard = turn.outcome, self.stage.name, turn.shard
        entities = _encoded_entities(outcome)
        kept = [(kind, i, body.decode()) for kind, i, body in entities if body is not None]
        gone: dict[str, list[str]] = {}
        for kind, i, body in entities:
            if body is None:
                gone.setdefault(kind, []).append(i)
        for kind, ids in gone.items():
            await connection.execute(_FORGET, stage, shard, kind, ids)
        await connection.execute(
            _WRITE,
            stage,
            shard,
            n,
            turn.now,
            *_columns(kept, 3),
            *_columns(
                [(j.id, j.subject_kind, j.subject, j.to, j.reason, _SEPARATOR.join(j.facts)) for j in outcome.journal],
                6,
            ),
            *_columns(
                [
                    (e.event.id, e.topic.name, e.key, json.dumps(_headers(e.event, stage)), encode(e.event))
                    for e in outcome.events
                ],
                5,
            ),
            *_columns(
                [(f.key, f.kind, f.due_at, f.expires_at, encoded(f.body), f.priority) for f in outcome.effects], 6
            ),
            list(outcome.recalled),
            outcome.wake_at,
            len(turn.facts),
            hashlib.sha256(_canonical(outcome, entities)).hexdigest(),
            self._version,
            self._rules,
            timeout=WRITTEN_WITHIN_S,
        )


async def current_version(connection: Connection) -> int | None:
    """Return the version of the utility that is current, None before the first import."""
    found: int | None = await connection.fetchval("SELECT version FROM utility_version WHERE current")
    return found


def apply(entities: Entities, outcome: Outcome) -> None:
    """Bring entities up to what a turn decided."""
    for (kind, entity_id), entity in outcome.entities.items():
        standing = entities.setdefault(kind, {})
        if entity is None:
            standing.pop(entity_id, None)
        else:
            standing[entity_id] = entity


def encoded(structure: msgspec.Struct) -> str:
    """Return the canonical JSON of an entity or a body."""
    return _encoder.encode(structure).decode()


def canonical(outcome: Outcome) -> bytes:
    """Return the canonical bytes of everything that was decided: equal decisions, equal bytes."""
    return _canonical(outcome, _encoded_entities(outcome))


def _encoded_entities(outcome: Outcome) -> list[tuple[str, str, bytes | None]]:
    """Return kind, id and canonical JSON (None: it is gone) of the entities that a turn wrote, in the order of kind and id."""
    return [
        (kind, i, None if entity is None else _encoder.encode(entity))
        for (kind, i), entity in sorted(outcome.entities.items(), key=itemgetter(0))
    ]


def _canonical(outcome: Outcome, entities: Sequence[tuple[str, str, bytes | None]]) -> bytes:
    parts: Mapping[str, Any] = {
        "entities": [(kind, i, None if body is None else msgspec.Raw(body)) for kind, i, body in entities],
        "journal": [[j.id, j.subject_kind, j.subject, j.to, j.reason, j.facts] for j in outcome.journal],
        "events": [[e.topic.name, e.key, e.event] for e in outcome.events],
        # A priority about which nothing was said is left out: so were all of them before there was one.
        "effects": [
            [f.key, f.kind, f.due_at, f.expires_at, f.body, *([] if f.priority == PRIORITY else [f.priority])]
            for f in outcome.effects
        ],
        "recalled": outcome.recalled,
        "records": [[type(r).__name__, r] for r in outcome.records],
        "wake_at": outcome.wake_at,
    }
    return _encoder.encode(parts)


def digest(outcome: Outcome) -> str:
    """Return the SHA-256 of what was decided."""
    return hashlib.sha256(canonical(outcome)).hexdigest()


def _headers(event: Any, stage: str) -> list[list[str]]:
    return [[name, value.decode("ascii")] for name, value in cloudevents.headers(event, stage)]


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


_SEPARATOR = "\x1f"
"""Parts the facts of a journal entry on their way to the database; no id has it."""

# While a turn is written no plan reads a whole table: it may have been made when the table was small, and is kept.
_MOVE = """
UPDATE turns SET ticked_to = $3 WHERE stage = $1 AND shard = $2 AND ticked_to = $4
RETURNING set_config('enable_seqscan', 'off', true) = 'off'
"""
_FORGET = "DELETE FROM entity WHERE stage = $1 AND shard = $2 AND kind = $3 AND id = ANY ($4::text[])"
# One statement: state, journal, outbox, effects, wake-up. Plain inserts, since a conflict is a bug and must be loud; but several
# ticks share one instant, and a transition that happens again in the same instant is one entry of the journal.
_WRITE = """
WITH kept AS (
    INSERT INTO entity (stage, shard, kind, id, body)
    SELECT $1, $2, k.kind, k.id, k.body::json FROM unnest($5::text[], $6::text[], $7::text[]) AS k (kind, id, body)
    ON CONFLICT (stage, shard, kind, id) DO UPDATE SET body = excluded.body),
noted AS (
    INSERT INTO journal (stage, shard, tick, now_ms, id, subject_kind, subject, became, reason, facts)
    SELECT $1, $2, $3, $4, j.id, j.kind, j.subject, j.became, j.reason, string_to_array(j.facts, E'\\x1f')
    FROM unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
         AS j (id, kind, subject, became, reason, facts)
    ON CONFLICT (id) DO NOTHING),
out AS (
    INSERT INTO outbox (stage, shard, tick, id, topic, key, headers, body)
    SELECT $1, $2, $3, o.id, o.topic, o.key, o.headers::json, o.body
    FROM unnest($14::text[], $15::text[], $16::text[], $17::text[], $18::bytea[])
         WITH ORDINALITY AS o (id, topic, key, headers, body, place) ORDER BY o.place),
done AS (
    INSERT INTO effects (stage, shard, tick, key, kind, due_at_ms, expires_at_ms, body, priority)
    SELECT $1, $2, $3, f.key, f.kind, f.due_at_ms, f.expires_at_ms, f.body::json, f.priority
    FROM unnest($19::text[], $20::text[], $21::bigint[], $22::bigint[], $23::text[], $24::smallint[])
         AS f (key, kind, due_at_ms, expires_at_ms, body, priority)),
recalled AS (
    UPDATE effects SET state = 'superseded', reason = 'newerNotice', done_at_ms = $4
    WHERE key = ANY ($25::text[]) AND state = 'due' AND due_at_ms <> $4),
woken AS (
    UPDATE turns SET wake_at_ms = $26 WHERE stage = $1 AND shard = $2)
INSERT INTO ticks (stage, shard, n, now_ms, facts, outcome, version, rules)
VALUES ($1, $2, $3, $4, $27, $28, $29, $30)
"""
