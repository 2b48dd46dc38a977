"""Replay: the stored facts and ticks, decided again by the same rules, must give the stored decisions, byte for byte."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable

from schemas.codec import encode
from services.engine.deciding import Entities, apply, digest, encoded
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
    """Decide every turn of a shard again, from the first; return how many, and where decisions differ.

    `as_of` gives the stage as it was for each turn; left out, the one given decides all of them.
    """
    name = stage.name
    ticks = await connection.fetch(
        "SELECT n, now_ms, facts, outcome, version FROM ticks WHERE stage = $1 AND shard = $2 ORDER BY n", name, shard
    )
    entities: Entities = {}
    differences: list[Difference] = []
    for tick in ticks:
        n = tick["n"]
        if as_of is not None:
            stage, store = await as_of(tick["version"])
        facts = await store.decided(connection, shard, n)
        if len(facts) != tick["facts"]:
            differences.append(Difference(name, shard, n, "facts"))
        turn = Turn(shard=shard, now=tick["now_ms"], facts=facts, entities=entities, exercise=exercise)
        stage.decide(turn)
        if digest(turn.outcome) != tick["outcome"]:
            differences.append(Difference(name, shard, n, "outcome"))
        differences += [
            Difference(name, shard, n, p) for p in await _rows_that_differ(connection, name, shard, n, turn.outcome)
        ]
        apply(entities, turn.outcome)
    stored = await connection.fetch("SELECT kind, id, body FROM entity WHERE stage = $1 AND shard = $2", name, shard)
    left = {(kind, i): encoded(entity) for kind, of_kind in entities.items() for i, entity in of_kind.items()}
    if {(row["kind"], row["id"]): row["body"] for row in stored} != left:
        differences.append(Difference(name, shard, ticks[-1]["n"] if ticks else 0, "entities"))
    return len(ticks), differences


async def _rows_that_differ(connection: Connection, stage: str, shard: str, n: int, outcome: Outcome) -> list[str]:
    of_turn = (stage, shard, n)
    journal = await connection.fetch(
        """SELECT id, subject_kind, subject, became, reason, facts FROM journal
           WHERE stage = $1 AND shard = $2 AND tick = $3""",
        *of_turn,
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
    if sorted((r["topic"], r["key"], r["body"]) for r in events) != sorted(
        (e.topic.name, e.key, encode(e.event)) for e in outcome.events
    ):
        differing.append("events")
    if sorted(
        (r["key"], r["kind"], r["expires_at_ms"] or 0, json.dumps(json.loads(r["body"]))) for r in effects
    ) != sorted((f.key, f.kind, f.expires_at or 0, json.dumps(json.loads(encoded(f.body)))) for f in outcome.effects):
        differing.append("effects")
    return differing
