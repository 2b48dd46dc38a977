"""Intake: reports in bulk, by an aiokafka consumer of its own that runs as a task of the worker.

A Faust agent takes a tenth of what a plain consumer does; everything after the intake is low in rate and lives in agents.
It begins where PostgreSQL says, not where the group's committed offsets are: those are a hint for lag monitors.

A batch is read and located while the one before it is stored. Three batches at most are in memory, and what the client fetched
ahead, which is bounded too: however long the backlog, it stays in Kafka.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition

from schemas.topics import Topic
from services.clock import to_ms
from services.database.pool import LOST, Pool
from services.engine.taking import Read, Taking
from services.reports.store import note_backlog
from streams.brokers import HEARTBEATS_A_SESSION, physical
from streams.leaving import leave
from streams.loop import messages_of, take_or_leave
from streams.watchdog import Watchdog

log = structlog.get_logger(__name__)

BATCH = 5_000
"""So many messages at most are taken in one transaction."""
PART_BYTES, FETCH_BYTES = 1_048_576, 4_194_304
"""So much at most is fetched ahead of one partition, and in one answer of the broker."""
COMMIT_EACH_S = 1.0
NOTE_EACH_S = 1.0
"""The backlog is written down so often while there is one."""


class _Backlog:
    """Tells PostgreSQL how far the partitions reach, so that the lag is known: now and then, and when it comes or goes."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str, pool: Pool) -> None:
        self._consumer = consumer
        self._topic = topic
        self._pool = pool
        self._next: dict[int, int] = {}
        self._newest: dict[int, int] = {}
        self._waits: bool | None = None
        self._noted = 0.0

    def taken(self, read: Read) -> None:
        """Hear what was taken."""
        newest = to_ms(max(each.event.at for each in read.events)) if read.events else 0
        for messages in read.messages:
            part = messages[-1].part
            self._next[part] = messages[-1].offset + 1
            if newest > self._newest.get(part, 0):
                self._newest[part] = newest

    async def note(self) -> None:
        """Write down what is not known yet, or is old. Ends the process when PostgreSQL is away."""
        ends = {
            place.partition: end
            for place in self._consumer.assignment()
            if (end := self._consumer.highwater(place)) is not None
        }
        waits = any(end > self._next.get(part, end) for part, end in ends.items())
        now = time.monotonic()
        if not ends or (waits is self._waits and not (waits and now - self._noted > NOTE_EACH_S)):
            return
        try:
            async with self._pool.acquire() as connection:
                await note_backlog(connection, self._topic, ends, self._newest)
        except LOST as error:
            leave("intake.database_lost", error=type(error).__name__)
        self._waits, self._noted = waits, now


class _SeekToOurs(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, consumer: AIOKafkaConsumer, taking: Taking, pool: Pool, prefix: str) -> None:
        self._consumer = consumer
        self._taking = taking
        self._pool = pool
        self._prefix = prefix

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing is held: a batch is taken or it is not."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin each partition at the offset that PostgreSQL wants next."""
        try:
            async with self._pool.acquire() as connection:
                for place in assigned:
                    topic = place.topic.removeprefix(self._prefix)
                    self._consumer.seek(place, await self._taking.next_offset(connection, topic, place.partition))
        except LOST as error:
            leave("intake.database_lost", error=type(error).__name__)


async def run(
    *,
    topic: Topic,
    taking: Taking,
    pool: Pool,
    prefix: str,
    session_s: float,
    bootstrap: str,
    watchdog: Watchdog,
) -> None:
    """Take the reports of a topic, for ever. Ends the process when PostgreSQL or the broker is away."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=f"{prefix}intake-{topic.name}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=int(session_s * 1000),
        heartbeat_interval_ms=int(session_s * 1000 / HEARTBEATS_A_SESSION),
        fetch_max_wait_ms=200,
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=PART_BYTES,
    )
    consumer.subscribe(
        [physical(prefix, topic.name)],
        listener=_SeekToOurs(consumer, taking, pool, prefix),
    )
    await consumer.start()
    waiting: asyncio.Queue[Read] = asyncio.Queue(maxsize=1)
    taken: dict[TopicPartition, int] = {}
    backlog = _Backlog(consumer, topic.name, pool)

    def read(records: Sequence[Sequence[Any]]) -> Read:
        return taking.read([messages_of(each, prefix) for each in records])

    async def fetch() -> None:
        committed = time.monotonic()
        while True:
            batches = await consumer.getmany(timeout_ms=200, max_records=BATCH)
            if batches:
                # In a thread, so that the statements of the batch before it are not kept waiting by it.
                await waiting.put(await asyncio.to_thread(read, list(batches.values())))
            elif waiting.empty():
                await backlog.note()
            if taken and time.monotonic() - committed > COMMIT_EACH_S:
                done, committed = dict(taken), time.monotonic()
                taken.clear()
                # A hint for lag monitors only; a rebalance meanwhile makes it void.
                with contextlib.suppress(KafkaError, IllegalStateError):
                    await consumer.commit(done)

    async def store() -> None:
        while True:
            batch = await waiting.get()
            with watchdog.in_hand():
                await take_or_leave(taking, pool, batch, prefix=prefix, bootstrap=bootstrap)
            for messages in batch.messages:
                taken[TopicPartition(physical(prefix, topic.name), messages[-1].part)] = messages[-1].offset + 1
            backlog.taken(batch)
            await backlog.note()

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(fetch())
            both.create_task(store())
    finally:
        await consumer.stop()
