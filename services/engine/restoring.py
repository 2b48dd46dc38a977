"""A database that was put back to an earlier state: what Kafka has beyond it, and the hold until that is settled.

restored -> held -> released. While a restoration is not released no effect leaves: the lost database may have done it. In the
meantime facts are taken again and decided anew; what the lost database decided and published is named, and passed over.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from datetime import datetime

from schemas.topics import TOPICS
from services.engine.taking import Connection

SETTLES_MS = 900_000
"""How long after the first start effects are held at least: no timer of a rule that starts with a fact of before runs longer.

Those are: 1 minute of gathering, 3 and 10 of verifying, 5 until an interruption is lasting, 5 and 10 of waiting for a crew."""

HELD = "heldAfterRestore"
"""Reason of an effect that is due while a restoration is not released."""
ASKED = "askedAfterRestore"
"""Reason of an effect whose provider is asked, after the release, whether the lost database did it."""
MAY_HAVE_LEFT = "mayHaveLeftBeforeRestore"
"""Reason of an effect that is not done, because the lost database may have done the same under another key."""


@dataclasses.dataclass(frozen=True, slots=True)
class Restoration:
    """A restoration that is not released: its number, `restored` or `held`, when the back-up was made, how much was found."""

    id: int
    state: str
    backed_up_at: datetime | None
    held_at_ms: int | None
    orphans: int


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of a partition: where it ends, and the lowest offset that a consumer has still to take."""

    end: int
    next_offset: int | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far a partition reaches in Kafka, against what the database knew of it; offsets."""

    topic: str
    part: int
    known: Known
    first: int
    end: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A message that the lost database decided: its place, what its headers say, its key, Kafka's own time."""

    topic: str
    part: int
    offset: int
    event_id: str | None
    event_type: str | None
    source: str
    key: str
    event_at: str | None
    wall_at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Released:
    """How many effects go on as planned, are asked for at their provider, and are not done because they may have been."""

    go_on: int
    asked: int
    unknown: int


async def begin(connection: Connection, backed_up_at: datetime | None) -> None:
    """Note that this database was restored just now. Nothing happens when that is noted already."""
    await connection.execute("INSERT INTO restoration (backed_up_at) VALUES ($1) ON CONFLICT DO NOTHING", backed_up_at)


async def standing(connection: Connection) -> Restoration | None:
    """Return the restoration that is not released; None when there is none."""
    row = await connection.fetchrow(
        """SELECT r.id, r.state, r.backed_up_at, r.held_at_ms,
                  (SELECT count(*) FROM restoration_orphan o WHERE o.restoration = r.id) AS orphans
           FROM restoration r WHERE r.state <> 'released'"""
    )
    return None if row is None else Restoration(*row)


async def known(connection: Connection) -> dict[tuple[str, int], Known]:
    """Return what the database knows of every partition of our topics, also of those that it knows nothing of."""
    rows = await connection.fetch(
        """SELECT topic, part, max(e) AS known_end FROM (
               SELECT topic, part, end_offset AS e FROM heads UNION ALL SELECT topic, part, next_offset FROM progress) k
           GROUP BY topic, part"""
    )
    ends = {(row["topic"], row["part"]): row["known_end"] for row in rows}
    progress = await _progress(connection)
    consumers = await _consumers(connection)
    return {
        (topic.name, part): Known(
            ends.get((topic.name, part), 0),
            min((progress.get((stage, topic.name, part), 0) for stage in consumers[topic.name]), default=None),
        )
        for topic in TOPICS.values()
        for part in range(topic.partitions)
    }


async def unknown_ids(connection: Connection, ids: Collection[str]) -> set[str]:
    """Return those of these ids under which nothing stands in the outbox."""
    rows = await connection.fetch("SELECT id FROM outbox WHERE id = ANY ($1::text[])", list(ids))
    return set(ids) - {row["id"] for row in rows}


async def hold(connection: Connection, reached: Sequence[Reached], orphans: Sequence[Orphan]) -> None:
    """Begin the hold, in one transaction: write down what Kafka has, and mark what is due as held."""
    async with connection.transaction():
        await begin(connection, None)
        restoration = await connection.fetchval(
            """UPDATE restoration SET state = 'held', tick = t.n, held_at_ms = t.now_ms FROM tick() t
               WHERE state = 'restored' RETURNING id"""
        )
        if restoration is None:
            return
        counts = {(each.topic, each.part): 0 for each in reached}
        for orphan in orphans:
            counts[orphan.topic, orphan.part] += 1
        await connection.executemany(
            """INSERT INTO restoration_part (restoration, topic, part, known_end, next_offset, end_offset, first_offset, orphans)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            [
                (
                    restoration,
                    r.topic,
                    r.part,
                    r.known.end,
                    r.known.next_offset,
                    r.end,
                    r.first,
                    counts[r.topic, r.part],
                )
                for r in reached
            ],
        )
        await connection.executemany(
            """INSERT INTO restoration_orphan
                   (restoration, topic, part, "offset", event_id, event_type, source, key, event_at, wall_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING""",
            [(restoration, *dataclasses.astuple(orphan)) for orphan in orphans],
        )
        await connection.execute("UPDATE effects SET reason = $1 WHERE state = 'due'", HELD)


async def orphans(connection: Connection) -> list[Orphan]:
    """Return the messages of the lost database that were named last, by their places."""
    rows = await connection.fetch(
        """SELECT topic, part, "offset", event_id, event_type, source, key, event_at, wall_at FROM restoration_orphan
           WHERE restoration = (SELECT max(id) FROM restoration) ORDER BY topic, part, "offset" """
    )
    return [
        Orphan(
            topic=row["topic"],
            part=row["part"],
            offset=row["offset"],
            event_id=row["event_id"],
            event_type=row["event_type"],
            source=row["source"],
            key=row["key"],
            event_at=row["event_at"],
            wall_at=row["wall_at"],
        )
        for row in rows
    ]


async def open_points(connection: Connection) -> list[str]:
    """Return in words what keeps the hold from being released; empty when nothing does."""
    found = []
    row = await connection.fetchrow("SELECT id, state, held_at_ms FROM restoration WHERE state <> 'released'")
    if row is None:
        return []
    if row["state"] == "restored":
        return ["it was not compared with Kafka yet: start the installation first"]
    progress = await _progress(connection)
    consumers = await _consumers(connection)
    parts = await connection.fetch(
        "SELECT topic, part, end_offset FROM restoration_part WHERE restoration = $1 ORDER BY topic, part", row["id"]
    )
    for topic, part, end in parts:
        for stage in consumers[topic]:
            lacking = end - progress.get((stage, topic, part), 0)
            if lacking > 0:
                found.append(f"{lacking} messages of {topic}/{part} were not taken by {stage} yet")
    state = await connection.fetchrow(
        """SELECT t.now_ms, (SELECT count(*) FROM undecided u WHERE u.tick < t.n - 1) AS undecided,
                  (SELECT count(*) FROM turns w WHERE w.wake_at_ms <= t.now_ms AND w.ticked_to < t.n - 1) AS sleeping,
                  (SELECT count(*) FROM outbox WHERE NOT sent) AS unsent
           FROM tick() t"""
    )
    assert state is not None, "a restoration that is held has a clock"
    if state["undecided"]:
        found.append(f"{state['undecided']} facts are not decided yet")
    if state["sleeping"]:
        found.append(f"{state['sleeping']} turns are due")
    if state["unsent"]:
        found.append(f"{state['unsent']} events are not published yet")
    wait_ms = row["held_at_ms"] + SETTLES_MS - state["now_ms"]
    if wait_ms > 0:
        found.append(f"timers that began before the loss may run for {-(-wait_ms // 1000)} s more")
    return found


async def release(connection: Connection) -> Released:
    """End the hold: what the lost database cannot have done goes on, what it may have done is asked for, or not done.

    What the back-up had and was due only after the first start: goes on. What the back-up had and was due before: its provider
    is asked under the very key, and what it never got is done. What was decided since: not done, since the lost
    database may have done the same under another key. Raises `LookupError` when nothing is held.
    """
    async with connection.transaction():
        row = await connection.fetchrow(
            """UPDATE restoration SET state = 'released', released_at_ms = t.now_ms FROM tick() t
               WHERE state = 'held' RETURNING tick, held_at_ms, released_at_ms"""
        )
        if row is None:
            raise LookupError("no restoration is held")
        states = await connection.fetch(
            """UPDATE effects SET
                   state = CASE WHEN tick > $1 THEN 'unknown' WHEN due_at_ms > $2 THEN 'due' ELSE 'attempting' END,
                   reason = CASE WHEN tick > $1 THEN $4 WHEN due_at_ms > $2 THEN NULL ELSE $5 END,
                   done_at_ms = CASE WHEN tick > $1 THEN $3::bigint END,
                   attempts = attempts + CASE WHEN tick <= $1 AND due_at_ms <= $2 THEN 1 ELSE 0 END
               WHERE state = 'due' RETURNING state""",
            row["tick"],
            row["held_at_ms"],
            row["released_at_ms"],
            MAY_HAVE_LEFT,
            ASKED,
        )
        await connection.execute("SELECT pg_notify('clock', '')")
    counted = [each["state"] for each in states]
    return Released(counted.count("due"), counted.count("attempting"), counted.count("unknown"))


async def _progress(connection: Connection) -> dict[tuple[str, str, int], int]:
    rows = await connection.fetch("SELECT stage, topic, part, next_offset FROM progress")
    return {(row["stage"], row["topic"], row["part"]): row["next_offset"] for row in rows}


async def _consumers(connection: Connection) -> dict[str, tuple[str, ...]]:
    exercise = bool(await connection.fetchval("SELECT exercise FROM instance"))
    return {
        topic.name: tuple(stage for stage in topic.consumers if exercise or stage != "world")
        for topic in TOPICS.values()
    }
