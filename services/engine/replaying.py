"""Replay: the stored facts and ticks, decided again by the same rules, must give the stored decisions, byte for byte."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from schemas.codec import encode
from services.engine import erasure
from services.engine.deciding import Entities, apply, digest, encoded
from services.engine.rulebook import edition_of
from services.engine.taking import Connection
from services.engine.turn import Outcome, Stage, Store, Turn


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """A turn whose decision came out otherwise, and in which part."""

    stage: str
    shard: str
    n: int
    part: str


Built = Callable[[int | None], Awaitable[tuple[Stage, Store]]]
"""Returns the stage and its store as they are built from a version of the utility."""


async def shards(connection: Connection, stage: str) -> list[str]:
    """Return every shard of a stage that was ever decided."""
    rows = await connection.fetch("SELECT DISTINCT shard FROM ticks WHERE stage = $1 ORDER BY shard", stage)
    return [row["shard"] for row in rows]


async def replay_shard(
    connection: Connection, stage: Stage, store: Store, shard: str, *, exercise: bool, as_of: Built | None = None
) -> tuple[int, list[Difference]]:
    """Decide the turns of a shard again; return how many, and where decisions differ.

    They begin with the first turn, or with the state that this edition of the stage's rules found (`rulebook`). `as_of` gives the
    stage as it was for each turn; left out, the one given decides all of them. Where what turns rested on
    was erased as personal data, they are not compared: the first one is then that after them, with the state they left.
    """
    erased = await erasure.until_tick(connection)
    again = await _again(connection, stage, store, shard, exercise=exercise, as_of=as_of, erased=erased)
    differences = again.differences
    if again.stands:
        return 0, []
    name = stage.name
    stored = await connection.fetch("SELECT kind, id, body FROM entity WHERE stage = $1 AND shard = $2", name, shard)
    left = {(kind, i): encoded(entity) for kind, of_kind in again.entities.items() for i, entity in of_kind.items()}
    if {(row["kind"], row["id"]): _as_now(stage, row["kind"], row["body"]) for row in stored} != left:
        differences.append(Difference(name, shard, again.last, "entities"))
    return again.turns, differences


async def state_before(
    connection: Connection,
    stage: Stage,
    store: Store,
    shard: str,
    n: int,
    *,
    exercise: bool,
    as_of: Built | None = None,
) -> Entities | None:
    """Return the state of a shard as the turns before tick `n` left it, by deciding them again.

    None where an earlier edition of the rules decided them: they are not decided again, so nobody will ask for it.
    """
    erased = await erasure.until_tick(connection)
    again = await _again(
        connection, stage, store, shard, exercise=exercise, as_of=as_of, erased=erased, before=n, compare=False
    )
    return None if again.stands else again.entities


@dataclasses.dataclass(slots=True)
class _Again:
    """What came of deciding again; `stands`: another edition of the rules decided, and these have not decided anything yet."""

    entities: Entities
    last: int
    stands: bool = False
    turns: int = 0
    differences: list[Difference] = dataclasses.field(default_factory=list)


async def _again(
    connection: Connection,
    stage: Stage,
    store: Store,
    shard: str,
    *,
    exercise: bool,
    as_of: Built | None,
    erased: int,
    before: int | None = None,
    compare: bool = True,
) -> _Again:
    name = stage.name
    first, entities = await erasure.state_left(connection, stage, shard)
    base = await connection.fetchrow(
        "SELECT n, entities FROM replay_base WHERE stage = $1 AND shard = $2 ORDER BY n DESC LIMIT 1", name, shard
    )
    if base is not None and base["n"] >= first:
        first, entities = base["n"] + 1, _found(stage, base["entities"])
    again = _Again(entities, first)
    ticks = await connection.fetch(
        """SELECT n, now_ms, facts, outcome, version, rules FROM ticks
           WHERE stage = $1 AND shard = $2 AND n >= $3 AND ($4::bigint IS NULL OR n < $4) ORDER BY n""",
        name,
        shard,
        first,
        before,
    )
    again.stands = any(tick["rules"] != edition_of(name) for tick in ticks)
    for tick in () if again.stands else ticks:
        n = tick["n"]
        if as_of is not None:
            stage, store = await as_of(tick["version"])
        facts = await store.decided(connection, shard, n)
        turn = Turn(shard=shard, now=tick["now_ms"], facts=facts, entities=entities, exercise=exercise)
        stage.decide(turn)
        if compare:
            if len(facts) != tick["facts"]:
                again.differences.append(Difference(name, shard, n, "facts"))
            if digest(turn.outcome) != tick["outcome"]:
                again.differences.append(Difference(name, shard, n, "outcome"))
            differing = await _rows_that_differ(connection, name, shard, n, turn.outcome, erased=n < erased)
            again.differences += [Difference(name, shard, n, part) for part in differing]
        apply(entities, turn.outcome)
        again.turns, again.last = again.turns + 1, n
    return again


async def decided_by_earlier_rules(connection: Connection) -> int:
    """Return how many turns stand as an earlier edition of the rules decided them; they are not decided again."""
    rows = await connection.fetch("SELECT stage, rules, count(*) AS turns FROM ticks GROUP BY stage, rules")
    return sum(row["turns"] for row in rows if row["rules"] != edition_of(row["stage"]))


def _found(stage: Stage, text: str) -> Entities:
    """Return entities that are written as kind, id and body."""
    kinds = {kind.kind: kind for kind in stage.entities}
    entities: Entities = {kind: {} for kind in kinds}
    for kind, entity_id, body in msgspec.json.decode(text, type=list[tuple[str, str, msgspec.Raw]]):
        entities[kind][entity_id] = msgspec.json.decode(body, type=kinds[kind])
    return entities


def _as_now(stage: Stage, kind: str, body: str) -> str:
    """Return what stands as this program writes it: what no turn has touched since may lack fields that came later."""
    kinds = {each.kind: each for each in stage.entities}
    return encoded(msgspec.json.decode(body, type=kinds[kind])) if kind in kinds else body


async def _rows_that_differ(
    connection: Connection, stage: str, shard: str, n: int, outcome: Outcome, *, erased: bool
) -> list[str]:
    """Return which stored rows differ. With `erased`, words are in no effect any more, and events of some topics are not whole."""
    of_turn = (stage, shard, n)
    not_whole = erasure.PERSONAL_TOPICS if erased else frozenset()
    journal = await connection.fetch(
        """SELECT id, subject_kind, subject, became, reason, facts FROM journal
           WHERE stage = $1 AND shard = $2 AND (tick = $3 OR id = ANY ($4::text[]))""",
        *of_turn,
        [entry.id for entry in outcome.journal],
    )
    events = await connection.fetch(
        """SELECT topic, key, body FROM outbox
           WHERE stage = $1 AND shard = $2 AND tick = $3 AND topic <> 'dead.letters'""",
        *of_turn,
    )
    effects = await connection.fetch(
        "SELECT key, kind, expires_at_ms, body FROM effects WHERE stage = $1 AND shard = $2 AND tick = $3", *of_turn
    )
    differing = []
    if sorted(
        (r["id"], r["subject_kind"], r["subject"], r["became"], r["reason"], tuple(r["facts"])) for r in journal
    ) != sorted((j.id, j.subject_kind, j.subject, j.to, j.reason, j.facts) for j in outcome.journal):
        differing.append("journal")
    if sorted((r["topic"], r["key"], r["body"]) for r in events if r["topic"] not in not_whole) != sorted(
        (e.topic.name, e.key, encode(e.event)) for e in outcome.events if e.topic.name not in not_whole
    ):
        differing.append("events")
    if sorted((r["key"], r["kind"], r["expires_at_ms"] or 0, _body(r["body"], erased)) for r in effects) != sorted(
        (f.key, f.kind, f.expires_at or 0, _body(encoded(f.body), erased)) for f in outcome.effects
    ):
        differing.append("effects")
    return differing


def _body(body: str, erased: bool) -> str:
    told: dict[str, Any] = json.loads(body)
    if not erased:
        return json.dumps(told)
    return json.dumps({name: value for name, value in told.items() if name not in erasure.EFFECT_WORDS}, sort_keys=True)
