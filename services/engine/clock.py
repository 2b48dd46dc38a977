"""The clock of a database: which tick it is, which turns are due, and how it is set going."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class DueTurn:
    """A turn that is to be decided: stage, shard, the tick n and its time (milliseconds), the tick it was last decided at."""

    stage: str
    shard: str
    n: int
    now: int
    ticked_to: int


async def due_turns(connection: Connection, stages: Sequence[str]) -> list[DueTurn]:
    """Return the turns of these stages that have an undecided fact older than the tick, or a wake-up that is due."""
    rows = await connection.fetch(
        """SELECT t.stage, t.shard, c.n, c.now_ms, t.ticked_to FROM tick() c JOIN turns t ON t.ticked_to < c.n
           WHERE t.stage = ANY ($1::text[]) AND (t.wake_at_ms <= c.now_ms OR EXISTS (
               SELECT FROM undecided u WHERE u.stage = t.stage AND u.shard = t.shard AND u.tick < c.n))
           ORDER BY t.stage, t.shard""",
        list(stages),
    )
    return [DueTurn(*row) for row in rows]


async def untaken(connection: Connection, stages: Sequence[str]) -> bool:
    """Say whether a message that we know to be on a topic was not taken by one of these stages."""
    return bool(
        await connection.fetchval(
            """SELECT EXISTS (
                   SELECT FROM heads h JOIN progress p USING (topic, part)
                   WHERE p.stage = ANY ($1::text[]) AND p.next_offset < h.end_offset)""",
            list(stages),
        )
    )


async def make_shards(connection: Connection, stage: str, shards: Sequence[str]) -> None:
    """Make the rows of turns that do not exist yet."""
    await connection.execute(
        "INSERT INTO turns (stage, shard) SELECT $1, s FROM unnest($2::text[]) AS s ON CONFLICT DO NOTHING",
        stage,
        list(shards),
    )


class WrongInstance(Exception):
    """The database was made for another installation, or for an exercise; the message is for the person at the terminal."""


async def found(connection: Connection, *, exercise: bool, topic_prefix: str) -> None:
    """Say once, in an empty database, what it is for. Raises `WrongInstance` when it is for something else already."""
    await connection.execute(
        "INSERT INTO instance (exercise, topic_prefix) VALUES ($1, $2) ON CONFLICT DO NOTHING", exercise, topic_prefix
    )
    row = await connection.fetchrow("SELECT exercise, topic_prefix FROM instance")
    if row is None or row["exercise"] != exercise or row["topic_prefix"] != topic_prefix:
        raise WrongInstance(
            "this database belongs to another installation, or to an exercise: its topic prefix differs"
        )


async def instance(connection: Connection) -> tuple[bool, str] | None:
    """Return whether this database is an exercise, and its topic prefix; None when it was not said yet."""
    row = await connection.fetchrow("SELECT exercise, topic_prefix FROM instance")
    return None if row is None else (row["exercise"], row["topic_prefix"])


async def set_running(connection: Connection, *, now_ms: int, speed: float, step_s: float) -> None:
    """Let the clock run from `now_ms` at `speed` times real time in steps of `step_s` real seconds.

    A clock that is set already goes on from where it stands: tick and time never fall back.
    """
    await connection.execute(
        """INSERT INTO clock (mode, n, now_ms, speed, step_s) VALUES ('running', 1, $1, $2, $3)
           ON CONFLICT (one) DO UPDATE SET mode = 'running', n = (SELECT n FROM tick()) + 1,
               now_ms = greatest((SELECT now_ms FROM tick()), $1), speed = $2, step_s = $3,
               wall_anchor = clock_timestamp(), target_ms = NULL""",
        now_ms,
        speed,
        step_s,
    )


async def set_lockstep(connection: Connection, *, now_ms: int) -> None:
    """Put a clock in lockstep, at tick 1 and this time, into a database that has none."""
    await connection.execute(
        "INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1) ON CONFLICT DO NOTHING", now_ms
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Where the clock stands: tick, time (milliseconds), `lockstep` or `running`, how many times real time it runs."""

    n: int
    now_ms: int
    mode: str
    speed: float


async def standing(connection: Connection) -> Standing | None:
    """Return where the clock stands; None in a database whose clock was not set yet."""
    row = await connection.fetchrow("SELECT t.n, t.now_ms, c.mode, c.speed FROM tick() t, clock c")
    return None if row is None else Standing(row["n"], row["now_ms"], row["mode"], row["speed"])
