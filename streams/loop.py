"""The one consuming loop that all Faust agents share.

An agent only feeds a lane: it hands over each event and never raises. The lane takes what has come, a batch a transaction,
and acknowledges after the write is durable. Input that cannot be read is parked by `take`; missing offsets are fetched from
the broker; when PostgreSQL or the broker is away the process ends and is started afresh: no exception ends the loop alone.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.database.pool import LOST, Pool
from services.engine.taking import Fenced, Gap, Message, Read, Taking
from services.telling import metrics
from streams.brokers import physical
from streams.leaving import leave
from streams.watchdog import Watchdog

log = structlog.get_logger(__name__)

BATCH = 2_000
RETRIES = 5


def message_of(record: Any, prefix: str) -> Message:
    """Return the message in what a Kafka client handed over."""
    return Message(
        record.topic.removeprefix(prefix),
        record.partition,
        record.offset,
        record.key,
        _headers(record.headers) if record.headers else (),
        record.value,
    )


def messages_of(records: Sequence[Any], prefix: str) -> list[Message]:
    """Return the messages in what a Kafka client handed over of one partition."""
    topic, part = records[0].topic.removeprefix(prefix), records[0].partition
    return [Message(topic, part, r.offset, r.key, _headers(r.headers) if r.headers else (), r.value) for r in records]


def _headers(headers: Any) -> tuple[tuple[str, bytes], ...]:
    pairs = headers.items() if isinstance(headers, dict) else headers
    return tuple((str(name), bytes(value or b"")) for name, value in pairs)


class Lane:
    """One stage's way in. `feed` is the body of its agents; `run` is a task of the worker."""

    def __init__(self, *, taking: Taking, prefix: str, bootstrap: str, watchdog: Watchdog) -> None:
        self._taking = taking
        self._prefix = prefix
        self._bootstrap = bootstrap
        self._watchdog = watchdog
        self._waiting: asyncio.Queue[Any] = asyncio.Queue(maxsize=2 * BATCH)

    async def feed(self, stream: Any) -> None:
        """Hand every event of a Faust stream to the lane; acknowledging is left to it."""
        async for event in stream.noack().events():
            await self._waiting.put(event)

    async def run(self, pool: Pool) -> None:
        """Take what has come, for ever. Ends the process when the infrastructure is away."""
        async for batch in self._batches():
            by_part: dict[tuple[str, int], list[Message]] = defaultdict(list)
            for event in batch:
                message = message_of(event.message, self._prefix)
                by_part[message.topic, message.part].append(message)
            with self._watchdog.in_hand():
                for messages in by_part.values():
                    read = self._taking.read([messages])
                    await take_or_leave(self._taking, pool, read, prefix=self._prefix, bootstrap=self._bootstrap)
                for event in batch:
                    event.ack()

    async def _batches(self) -> AsyncIterator[list[Any]]:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            yield batch


async def take_or_leave(taking: Taking, pool: Pool, read: Read, *, prefix: str, bootstrap: str) -> None:
    """Take what was read of one topic; when another process took it first, look again; when offsets are missing, fetch them."""
    first = read.messages[0][0]
    for _ in range(RETRIES + len(read.messages)):  # each partition may have offsets missing
        try:
            async with pool.acquire() as connection:
                taken = await taking.store(connection, read)
        except Fenced as fenced:
            log.info("take.fenced", place=str(fenced))
        except Gap as gap:
            log.warning("take.gap", topic=gap.topic, part=gap.part, wanted=gap.wanted, got=gap.got)
            missing = await fetch_between(bootstrap, prefix, gap)
            read = taking.read([[*missing, *each] if each[0].part == gap.part else each for each in read.messages])
        except LOST as error:
            leave("take.database_lost", error=type(error).__name__)
        else:
            metrics.count("lamplighter_facts_taken_total", taken, stage=taking.stage, topic=first.topic)
            return
    leave("take.gave_up", topic=first.topic, part=first.part, offset=first.offset)


async def fetch_between(bootstrap: str, prefix: str, gap: Gap) -> list[Message]:
    """Return the messages from `gap.wanted` up to before `gap.got`.

    The group's committed offsets may be ahead of ours (after a restore, or when they were moved by hand): then what lies
    between is read again. What the broker no longer has is lost for good: the process leaves and says which offsets.
    """
    place = TopicPartition(physical(prefix, gap.topic), gap.part)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    found: list[Message] = []
    try:
        consumer.assign([place])
        first = (await consumer.beginning_offsets([place]))[place]
        if first > gap.wanted:
            leave("take.offsets_lost", topic=gap.topic, part=gap.part, wanted=gap.wanted, first=first)
        consumer.seek(place, gap.wanted)
        while not found or found[-1].offset < gap.got - 1:
            batches = await consumer.getmany(place, timeout_ms=1_000)
            found += [message_of(r, prefix) for r in batches.get(place, []) if r.offset < gap.got]
    finally:
        await consumer.stop()
    return found
