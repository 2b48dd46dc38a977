"""Take: what came from a topic is stored once, stamped with the clock's tick, in the transaction that moves the offset.

A fact taken while the clock stands at tick n is decided at a tick greater than n, never at n. The stamp is put on here, from
the clock's row, inside the transaction; so order of arrival, partitions, workers and redelivery cannot change a decision.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import asyncpg
import msgspec

from schemas.codec import Unreadable, decode, decoded_all
from schemas.events import Event
from schemas.ids import derived
from schemas.topics import DEAD_LETTERS, TOPICS
from services.clock import from_ms, to_ms
from services.engine.turn import Unplaced

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

PADDING = "lamplighter_padding"
"""The header of an empty message that only fills an offset (`streams/refilled.py`); it is taken and says nothing."""

FUTURE_MS = 600_000
"""An event that speaks of a time further ahead of the clock than this is parked: its sender's clock is wrong."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message as it came from the broker; `topic` is the name without prefix."""

    topic: str
    part: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    body: bytes | None


class Fenced(Exception):
    """Another process moved this row first: what this one knows is out of date and must be read again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Gap(Exception):
    """Offsets are missing between what was taken and what came: `wanted` is the next one to take."""

    topic: str
    part: int
    wanted: int
    got: int


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """A message that could not become a fact, with a stable reason and a detail for people."""

    message: Message
    reason: str
    detail: str
    event_id: str | None = None


class Readable(msgspec.Struct, frozen=True, gc=False):
    """A message, the event in it, and the canonical bytes of that."""

    message: Message
    event: Event
    canonical: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Stamp:
    """What the clock said when facts were taken: tick, time, and the time it is moving to (milliseconds)."""

    n: int
    now: int
    ahead: int


class Keeper(Protocol):
    """How a stage keeps the events it takes."""

    def prepare(self, events: Sequence[Readable]) -> Any:
        """Do what needs neither the database nor the clock, before the transaction."""

    async def keep(self, connection: Connection, prepared: Any, stamp: Stamp) -> list[Refused]:
        """Store what was prepared, dropping copies by id; return what has no place. Runs inside the take's transaction."""


class InboxKeeper:
    """Keeps facts in `inbox`, under the shard that the stage names. Another fact under an id that is taken is refused."""

    def __init__(self, stage: str, shard_of: Callable[[Event], str]) -> None:
        self._stage = stage
        self._shard_of = shard_of

    def prepare(self, events: Sequence[Readable]) -> Sequence[Readable]:
        """Return the events: there is nothing to do before."""
        return events

    async def keep(self, connection: Connection, prepared: Sequence[Readable], stamp: Stamp) -> list[Refused]:
        """Store the events in one statement; the primary key drops copies."""
        rows, refused = [], []
        for readable in prepared:
            event = readable.event
            try:
                shard = self._shard_of(event)
            except Unplaced as error:
                refused.append(Refused(readable.message, error.code, error.detail, event.id))
                continue
            rows.append((event.id, shard, to_ms(event.at), readable.message.topic, readable.message.body))
        if rows:
            ids, shards, ats, topics, bodies = zip(*rows, strict=True)
            done = await connection.execute(
                """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
                   SELECT $1, f.id, f.shard, f.at_ms, $2, f.topic, f.body
                   FROM unnest($3::text[], $4::text[], $5::bigint[], $6::text[], $7::bytea[])
                        AS f (id, shard, at_ms, topic, body)
                   ORDER BY f.id  -- two takes with the same events wait for each other, and never both
                   ON CONFLICT DO NOTHING""",
                self._stage,
                stamp.n,
                ids,
                shards,
                ats,
                topics,
                bodies,
            )
            if int(done.rsplit(" ", 1)[1]) < len(rows):
                refused += await self._others(connection, prepared)
        return refused

    async def _others(self, connection: Connection, events: Sequence[Readable]) -> list[Refused]:
        """Return the events under whose id another one was taken before; its bytes may differ and say the same."""
        by_id = {readable.event.id: readable for readable in events}
        taken = await connection.fetch(
            "SELECT id, topic, body FROM inbox WHERE stage = $1 AND id = ANY ($2::text[]) ORDER BY id",
            self._stage,
            list(by_id),
        )
        return [
            same_id(by_id[row["id"]].message, row["id"])
            for row in taken
            if row["body"] != by_id[row["id"]].message.body
            and decode(row["body"], TOPICS[row["topic"]]) != by_id[row["id"]].event
        ]


def same_id(message: Message, event_id: str) -> Refused:
    """Return the refusal of an event under whose id another one was taken."""
    return Refused(message, "sameIdOtherContent", "another event of this id was taken before", event_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """Messages as far as they can be read without the database: what became of them, and what the keeper prepared of it."""

    messages: Sequence[Sequence[Message]]
    events: Sequence[Readable]
    refused: Sequence[Refused]
    prepared: Any

    def __len__(self) -> int:
        """Return how many messages these are."""
        return sum(map(len, self.messages))


class Taking:
    """Takes messages for one stage. One instance per consuming process; it remembers the next offset of each partition."""

    def __init__(self, stage: str, keeper: Keeper, *, exercise: bool) -> None:
        self.stage = stage
        self._keeper = keeper
        self._exercise = exercise
        self._next: dict[tuple[str, int], int] = {}
        self._orphans: frozenset[tuple[str, int, int]] | None = None

    async def next_offset(self, connection: Connection, topic: str, part: int) -> int:
        """Return the next offset to take, as the database has it; a partition never seen begins at 0."""
        await connection.execute(
            "INSERT INTO progress (stage, topic, part) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            self.stage,
            topic,
            part,
        )
        offset = int(
            await connection.fetchval(
                "SELECT next_offset FROM progress WHERE stage = $1 AND topic = $2 AND part = $3",
                self.stage,
                topic,
                part,
            )
        )
        self._next[topic, part] = offset
        return offset

    async def take(self, connection: Connection, messages: Sequence[Message]) -> int:
        """Take messages of one partition, in the order of their offsets; return how many were new. Raises as `store` does."""
        return await self.store(connection, self.read([messages]))

    def read(self, messages: Sequence[Sequence[Message]]) -> Read:
        """Read messages of some partitions, each in the order of its offsets, and prepare them; no step needs the database."""
        events, refused = self._decoded(messages)
        return Read(messages, events, refused, self._keeper.prepare(events))

    async def store(self, connection: Connection, read: Read) -> int:
        """Take what was read, all in one transaction; return how many messages were new.

        Raises `Gap` when offsets are missing before the first new one, `Fenced` when another process took them meanwhile.
        """
        if self._orphans is None:
            self._orphans = await orphaned(connection)
        new = [each for messages in read.messages if (each := await self._new(connection, messages))]
        if not new:
            return 0
        told = [[m for m in each if not (m.headers or self._orphans) or not self._passed_over(m)] for each in new]
        if sum(map(len, told)) != len(read):
            read = self.read(told)
        moves = [(each[0].topic, each[0].part, each[0].offset, each[-1].offset + 1) for each in new]
        try:
            async with connection.transaction():
                stamp = await self._move(connection, moves)
                refused = [*read.refused, *await self._keep(connection, read, stamp)]
                if refused:
                    await park(connection, self.stage, refused, stamp)
        except BaseException:  # whatever ended it, also a cancellation: what is remembered may not be durable
            for topic, part, _, _ in moves:
                self._next.pop((topic, part), None)
            raise
        self._next |= {(topic, part): last for topic, part, _, last in moves}
        return sum(map(len, new))

    async def _new(self, connection: Connection, messages: Sequence[Message]) -> Sequence[Message]:
        """Return those messages of a partition that were not taken yet. Raises `Gap`."""
        topic, part = messages[0].topic, messages[0].part
        known = self._next.get((topic, part))
        wanted = await self.next_offset(connection, topic, part) if known is None else known
        if messages[0].offset < wanted:
            messages = [message for message in messages if message.offset >= wanted]
        if messages and messages[0].offset != wanted:
            raise Gap(topic, part, wanted, messages[0].offset)
        return messages

    async def _keep(self, connection: Connection, read: Read, stamp: Stamp) -> list[Refused]:
        beyond = from_ms(stamp.ahead + FUTURE_MS + 1)
        insane = [each for each in read.events if each.event.at >= beyond]
        if not insane:
            return await self._keeper.keep(connection, read.prepared, stamp)
        sane = self._keeper.prepare([each for each in read.events if each.event.at < beyond])
        return [
            *(Refused(e.message, "future", f"speaks of {e.event.at.isoformat()}", e.event.id) for e in insane),
            *await self._keeper.keep(connection, sane, stamp),
        ]

    def _passed_over(self, message: Message) -> bool:
        """Answer whether a message only has an offset: an orphan of a lost database, or padding."""
        if message.headers and any(name == PADDING for name, _ in message.headers):
            return True
        return bool(self._orphans) and (message.topic, message.part, message.offset) in (self._orphans or ())

    def _decoded(self, parts: Sequence[Sequence[Message]]) -> tuple[list[Readable], list[Refused]]:
        readable: dict[str, Readable] = {}
        refused = []
        exercise = self._exercise
        for messages in parts:
            if not messages:
                continue
            bodies = [message.body for message in messages]
            for message, said in zip(messages, decoded_all(bodies, TOPICS[messages[0].topic]), strict=True):
                if type(said) is Unreadable:
                    refused.append(Refused(message, said.code, said.detail, _report_id(message)))
                    continue
                event, canonical = said  # type: ignore[misc]  # it is no refusal
                if event.exercise is not exercise:
                    refused.append(Refused(message, "exerciseMismatch", "exercise and real life do not mix", event.id))
                elif event.id not in readable:
                    readable[event.id] = Readable(message, event, canonical)
                elif readable[event.id].canonical != canonical:
                    refused.append(same_id(message, event.id))
        return list(readable.values()), refused

    async def _move(self, connection: Connection, moves: Sequence[tuple[str, int, int, int]]) -> Stamp:
        topics, parts, wanted, last = (list(column) for column in zip(*sorted(moves), strict=True))
        row = await connection.fetchrow(
            """WITH held AS (  -- in one order, so that two takes of the same partitions wait for each other, and never both
                   SELECT a.* FROM progress p
                   JOIN unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[]) AS a (topic, part, wanted, last)
                     ON p.topic = a.topic AND p.part = a.part
                   WHERE p.stage = $1 ORDER BY a.topic, a.part FOR UPDATE OF p),
               moved AS (
                   UPDATE progress p SET next_offset = a.last FROM held a
                   WHERE p.stage = $1 AND p.topic = a.topic AND p.part = a.part AND p.next_offset = a.wanted
                   RETURNING a.*),
               kept AS (
                   INSERT INTO taken (stage, topic, part, first_offset, next_offset, tick)
                   SELECT $1, m.topic, m.part, m.wanted, m.last, t.n FROM moved m, tick() t)
               SELECT t.n, t.now_ms, greatest(t.now_ms, c.target_ms) AS ahead, (SELECT count(*) FROM moved) AS moved,
                      pg_notify('moved', '')  -- heard when this transaction commits
               FROM tick() t, clock c""",
            self.stage,
            topics,
            parts,
            wanted,
            last,
        )
        if row is None or row["moved"] != len(moves):
            raise Fenced(f"{self.stage} {', '.join(f'{topic}/{part} at {at}' for topic, part, at, _ in moves)}")
        return Stamp(row["n"], row["now_ms"], row["ahead"])


async def orphaned(connection: Connection) -> frozenset[tuple[str, int, int]]:
    """Return the places (topic, part, offset) of what a lost database decided: a restored one passes it over, and decides anew.

    They are written down before any consumer starts, and never later.
    """
    rows = await connection.fetch('SELECT topic, part, "offset" FROM restoration_orphan')
    return frozenset((row["topic"], row["part"], row["offset"]) for row in rows)


def _report_id(message: Message) -> str | None:
    """Return the id that the headers of an unreadable message give, so that its sender can be told which one was lost."""
    for name, value in message.headers:
        if name == "ce_id":
            return value.decode("utf-8", "replace")[:64]
    return None


async def park(connection: Connection, stage: str, refused: Sequence[Refused], stamp: Stamp) -> None:
    """Keep what could not become a fact: reason, origin and bytes in `parked`, and a copy for `dead.letters`."""
    for one in refused:
        message = one.message
        parked_id = derived("parked", stage, message.topic, message.part, message.offset)
        origin = f"{message.topic}/{message.part}/{message.offset}"
        headers = [[name, value.decode("latin-1")] for name, value in message.headers]
        written = await connection.fetchval(
            """INSERT INTO parked (id, stage, topic, part, "offset", key, headers, body, reason, detail, event_id, tick, at_ms)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING true""",
            parked_id,
            stage,
            message.topic,
            message.part,
            message.offset,
            message.key,
            json.dumps(headers),
            message.body,
            one.reason,
            one.detail,
            one.event_id,
            stamp.n,
            stamp.now,
        )
        if not written:
            continue
        copied = [*headers, ["lamplighter_reason", one.reason], ["lamplighter_origin", origin]]
        await connection.execute(
            """INSERT INTO outbox (id, stage, shard, tick, topic, key, headers, body)
               VALUES ($1, $2, '', $3, $4, $5, $6, $7)""",
            derived("deadLetter", parked_id),
            stage,
            stamp.n,
            DEAD_LETTERS.name,
            origin,
            json.dumps(copied),
            message.body or b"",
        )
        await connection.execute("SELECT pg_notify('outbox', '')")
