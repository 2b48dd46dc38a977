"""Intake: reports in bulk, by an aiokafka consumer of its own that runs as a task of the worker.

A Faust agent takes a tenth of what a plain consumer does; everything after the intake is low in rate and lives in agents.
It begins where PostgreSQL says, not where the group's committed offsets are: those are a hint for lag monitors.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition

from schemas.topics import Topic
from services.database.pool import LOST, Pool
from services.engine.taking import Taking
from streams.brokers import HEARTBEATS_A_SESSION, physical
from streams.leaving import leave
from streams.loop import message_of, take_or_leave
from streams.watchdog import Watchdog

log = structlog.get_logger(__name__)

BATCH = 5_000
COMMIT_EACH_S = 1.0


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
    )
    consumer.subscribe(
        [physical(prefix, topic.name)],
        listener=_SeekToOurs(consumer, taking, pool, prefix),
    )
    await consumer.start()
    taken: dict[TopicPartition, int] = {}
    committed = time.monotonic()
    try:
        while True:
            batches = await consumer.getmany(timeout_ms=200, max_records=BATCH)
            for place, records in batches.items():
                messages = [message_of(record, prefix) for record in records]
                with watchdog.in_hand():
                    await take_or_leave(taking, pool, messages, prefix=prefix, bootstrap=bootstrap)
                taken[place] = records[-1].offset + 1
            if taken and time.monotonic() - committed > COMMIT_EACH_S:
                # A hint for lag monitors only; a rebalance meanwhile makes it void.
                with contextlib.suppress(KafkaError, IllegalStateError):
                    await consumer.commit(taken)
                taken, committed = {}, time.monotonic()
    finally:
        await consumer.stop()
