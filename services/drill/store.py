"""The drill's own tables: the scenario, the schedule of what the world will say, what truly happened; and the lockstep.

In lockstep one query in one snapshot says whether all has settled. Each transaction moves an event from one of the
places it looks at to the next, so no snapshot can miss one; two queries could.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from schemas import cloudevents
from schemas.codec import Unreadable, decode
from schemas.topics import TOPICS
from services.drill.asking import Asked, By
from services.drill.faults import Appeared, MadeSafe, Mended, OptedOut, PowerBack, PowerLost
from services.drill.messages import Said
from services.engine.taking import Fenced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.engine.taking import Connection
    from services.engine.turn import Record

from services.engine.deciding import inbox_decided, inbox_facts
from services.engine.turn import Fact

SOURCE = "drill"
"""Who speaks in the messages of the world."""

SETTLED = """
WITH consumer (stage, topic) AS (SELECT * FROM unnest($1::text[], $2::text[])),
     open_effect AS (SELECT state, due_at_ms, tick FROM effects WHERE state IN ('due', 'attempting'))
SELECT t.n, t.now_ms, c.target_ms,
    array_remove(ARRAY[
        CASE WHEN EXISTS (SELECT FROM outbox WHERE NOT sent) THEN 'an event is not published' END,
        CASE WHEN EXISTS (
            SELECT FROM heads h JOIN consumer USING (topic) LEFT JOIN progress p USING (stage, topic, part)
            WHERE coalesce(p.next_offset, 0) < h.end_offset) THEN 'a message is not taken' END,
        CASE WHEN EXISTS (SELECT FROM undecided u WHERE u.tick < t.n) THEN 'a fact is not decided' END,
        CASE WHEN EXISTS (SELECT FROM turns w WHERE w.wake_at_ms <= t.now_ms AND w.ticked_to < t.n)
            THEN 'a turn was not woken' END,
        CASE WHEN EXISTS (SELECT FROM open_effect e WHERE e.state = 'attempting')
            THEN 'an effect is being attempted' END,
        CASE WHEN EXISTS (
            SELECT FROM open_effect e WHERE e.state = 'due' AND e.due_at_ms <= t.now_ms AND e.tick < t.n)
            THEN 'an effect is due' END,
        CASE WHEN EXISTS (
            SELECT FROM drill.schedule s
            WHERE s.channel = 'smpp' AND NOT s.sent AND s.at_ms <= greatest(c.target_ms, t.now_ms))
            THEN 'a receipt or a text to us is not delivered' END
    ], NULL) AS unsettled,
    EXISTS (SELECT FROM undecided)
        OR EXISTS (SELECT FROM open_effect e WHERE e.due_at_ms <= t.now_ms) AS open_now,
    least((SELECT min(s.at_ms) FROM drill.schedule s WHERE NOT s.sent),
          (SELECT min(w.wake_at_ms) FROM turns w),
          (SELECT min(e.due_at_ms) FROM open_effect e)) AS next_at_ms
FROM clock c, tick() t
"""
"""One row, one snapshot; $1 and $2 are the stages and topics of all consumers."""

_CONSUMERS = [(stage, topic.name) for topic in TOPICS.values() for stage in topic.consumers]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Where a clock in lockstep stands, times in milliseconds.

    `unsettled` says in words what is still under way. `open_now`: something will be decidable, or due, at the next
    tick of this same instant. `next_at_ms` is when the next thing is due, None when nothing will ever be.
    """

    n: int
    now_ms: int
    target_ms: int | None
    unsettled: tuple[str, ...]
    open_now: bool
    next_at_ms: int | None

    @property
    def settled(self) -> bool:
        """Whether nothing is under way: the clock may move."""
        return not self.unsettled


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A message of the world that is to be published: topic without prefix, key, headers and body as bytes."""

    id: str
    topic: str
    key: bytes
    headers: list[tuple[str, bytes]]
    body: bytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What this database's drill plays."""

    storm: str
    seed: int
    utility: str
    starts_at_ms: int
    made: list[str]


async def settled(connection: Connection) -> Settled:
    """Return whether all has settled, and what comes next. Raises `LookupError` in a database without a clock."""
    row = await connection.fetchrow(SETTLED, [stage for stage, _ in _CONSUMERS], [topic for _, topic in _CONSUMERS])
    if row is None:
        raise LookupError("the database has no clock: the drill was not prepared")
    return Settled(
        n=row["n"],
        now_ms=row["now_ms"],
        target_ms=row["target_ms"],
        unsettled=tuple(row["unsettled"]),
        open_now=row["open_now"],
        next_at_ms=row["next_at_ms"],
    )


async def unpublished(connection: Connection, until_ms: int) -> list[Scheduled]:
    """Return what the world says until a time and nobody has published, in the order of its arrival."""
    rows = await connection.fetch(
        """SELECT id, topic, key, body, report_id FROM drill.schedule
           WHERE channel = 'kafka' AND NOT sent AND at_ms <= $1 ORDER BY at_ms, id""",
        until_ms,
    )
    return [
        Scheduled(
            id=row["id"],
            topic=row["topic"],
            key=row["key"].encode(),
            headers=_headers(row["topic"], row["body"], row["report_id"]),
            body=row["body"],
        )
        for row in rows
    ]


async def mark_published(connection: Connection, ids: Sequence[str], heads: Mapping[tuple[str, int], int]) -> None:
    """Mark messages of the schedule as published, together with how far their partitions now reach (end offsets)."""
    await connection.execute(
        """WITH marked AS (
               UPDATE drill.schedule SET sent = true, wall_sent = clock_timestamp() WHERE id = ANY ($1::text[])),
           moved AS (
               INSERT INTO heads AS h (topic, part, end_offset)
               SELECT * FROM unnest($2::text[], $3::integer[], $4::bigint[])
               ON CONFLICT (topic, part) DO UPDATE SET end_offset = greatest(h.end_offset, excluded.end_offset))
           SELECT pg_notify('moved', '')""",
        list(ids),
        [topic for topic, _ in heads],
        [part for _, part in heads],
        list(heads.values()),
    )


async def set_target(connection: Connection, target_ms: int) -> None:
    """Commit to the time that the clock moves to next, before anything is published for it.

    A target once set is reached before another is: whoever comes after a dead driver finishes its step. Raises `Fenced`
    when another one stands, or when this one does not lie after now.
    """
    moved = await connection.fetchval(
        """WITH aimed AS (
               UPDATE clock SET target_ms = $1
               WHERE mode = 'lockstep' AND now_ms < $1 AND (target_ms IS NULL OR target_ms <= now_ms OR target_ms = $1)
               RETURNING 1)
           SELECT pg_notify('target', '') IS NOT NULL FROM aimed""",
        target_ms,
    )
    if moved is None:
        raise Fenced(f"the clock's target cannot become {target_ms}")


async def advance(connection: Connection, n: int, now_ms: int) -> None:
    """Move the clock from tick n to the next, at this time. Raises `Fenced` if it does not stand at n, or is later."""
    moved = await connection.fetchval(
        """WITH moved AS (
               UPDATE clock SET n = n + 1, now_ms = $2, target_ms = CASE WHEN target_ms > $2 THEN target_ms END
               WHERE mode = 'lockstep' AND n = $1 AND now_ms <= $2 RETURNING 1)
           SELECT pg_notify('clock', '') IS NOT NULL FROM moved""",
        n,
        now_ms,
    )
    if moved is None:
        raise Fenced(f"the clock does not stand at tick {n} before {now_ms}")


def _headers(topic: str, body: bytes, report_id: str | None) -> list[tuple[str, bytes]]:
    """Return the headers of a message; of an unreadable one only the id is known."""
    try:
        return cloudevents.headers(decode(body, TOPICS[topic]), SOURCE)
    except Unreadable:
        return [("ce_id", report_id.encode())] if report_id is not None else []


class WorldStore:
    """The store of the stage `world`: what it says goes on the schedule, what it does into the log of the truth."""

    async def facts(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decides, marked so."""
        asked = await connection.fetch(
            "UPDATE drill.asked SET decided = $1 WHERE decided IS NULL AND tick < $1 RETURNING id, customer, by, at_ms",
            tick,
        )
        return await inbox_facts(connection, "world", shard, tick) + list(map(_asked, asked))

    async def decided(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decided."""
        asked = await connection.fetch("SELECT id, customer, by, at_ms FROM drill.asked WHERE decided = $1", tick)
        return await inbox_decided(connection, "world", shard, tick) + list(map(_asked, asked))

    async def save(
        self,
        connection: Connection,
        shard: str,  # noqa: ARG002 - the engine's signature; the world is one shard
        tick: int,  # noqa: ARG002 - as above; its times are its own
        now: int,  # noqa: ARG002 - as above
        records: Sequence[Record],
    ) -> None:
        """Write what the world said and what truly happened, in order. Raises `TypeError` for an unknown record."""
        said: list[Said] = []
        for record in records:
            match record:
                case Said():
                    said.append(record)
                case PowerLost():
                    await connection.execute(
                        """INSERT INTO drill.outage (customer, from_ms, planned)
                           SELECT c, $2, $3 FROM unnest($1::text[]) AS c""",
                        list(record.customers),
                        record.at,
                        record.planned,
                    )
                case PowerBack():
                    await connection.execute(
                        "UPDATE drill.outage SET until_ms = $2 WHERE customer = ANY ($1::text[]) AND until_ms IS NULL",
                        list(record.customers),
                        record.at,
                    )
                case Mended():
                    await connection.execute(
                        "UPDATE drill.fault SET repaired_at_ms = $2 WHERE id = $1", record.fault, record.at
                    )
                case Appeared():
                    await connection.execute(
                        "UPDATE drill.hazard SET appeared_at_ms = $2 WHERE id = $1", record.hazard, record.at
                    )
                case MadeSafe():
                    await connection.execute(
                        "UPDATE drill.hazard SET safe_at_ms = $2 WHERE id = $1", record.hazard, record.at
                    )
                case OptedOut():
                    await connection.execute(
                        "INSERT INTO drill.opted_out (phone, at_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                        record.phone,
                        record.at,
                    )
                case _:
                    raise TypeError(f"the world has no table for {type(record).__name__}")
        await schedule(connection, said)


def _asked(row: Mapping[str, Any]) -> Fact:
    return Fact(row["at_ms"], row["id"], Asked(customer=row["customer"], by=By(row["by"])))


async def schedule(connection: Connection, said: Sequence[Said]) -> None:
    """Put messages on the schedule; each is sent when its time has come."""
    if not said:
        return
    await connection.execute(
        """INSERT INTO drill.schedule (id, at_ms, topic, key, body, report_id, channel)
           SELECT * FROM unnest(
               $1::text[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[])""",
        [one.id for one in said],
        [one.at for one in said],
        [one.topic for one in said],
        [one.key for one in said],
        [one.body for one in said],
        [one.report for one in said],
        [one.channel for one in said],
    )
