"""What all processes need of the broker: names of topics, their creation, patience at start, ends of partitions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from aiokafka.structs import TopicPartition

from schemas.topics import DEAD_LETTERS, TOPICS, Topic

MAX_MESSAGE_BYTES = 4_194_304
HEARTBEATS_A_SESSION = 3
ANSWER_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 2.0


class BrokerAway(Exception):
    """A broker that does not answer, or refuses what it is asked; the message is for the person at the terminal."""


@contextlib.contextmanager
def _in_words(bootstrap: str) -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError) as problem:  # a time-out is among the latter
        raise BrokerAway(f"the Kafka at {bootstrap} cannot be used ({type(problem).__name__})") from problem


def physical(prefix: str, topic: str) -> str:
    """Return the name of a topic on the broker."""
    return prefix + topic


async def create_topics(bootstrap: str, prefix: str, topics: Iterable[Topic] = tuple(TOPICS.values())) -> None:
    """Create the topics that do not exist yet, before any consumer starts. Raises `BrokerAway`."""
    wanted = [
        NewTopic(
            name=physical(prefix, topic.name),
            num_partitions=topic.partitions,
            replication_factor=1,
            topic_configs={
                "retention.ms": str(topic.retention_ms),
                "max.message.bytes": str(MAX_MESSAGE_BYTES if topic is DEAD_LETTERS else MAX_MESSAGE_BYTES // 2),
            },
        )
        for topic in topics
    ]
    async with _admin(bootstrap) as admin:
        answer = await admin.create_topics(wanted)
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(f"cannot create topic {name}")


async def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete all our topics under a prefix; no error for those that are not there. Raises `BrokerAway`."""
    async with _admin(bootstrap) as admin:
        answer = await admin.delete_topics([physical(prefix, name) for name in TOPICS])
        for name, code in answer.topic_error_codes:
            error = for_code(code)
            if code and error is not UnknownTopicOrPartitionError:
                raise error(f"cannot delete topic {name}")


@contextlib.asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    with _in_words(bootstrap):
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()


@contextlib.asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that neither loses nor repeats what it is given while it is acknowledged. Raises `KafkaError`."""
    made = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        request_timeout_ms=8_000,
        max_request_size=MAX_MESSAGE_BYTES,
    )
    try:
        await made.start()
        yield made
    finally:
        # With the broker away it would wait for acknowledgements that nobody counts on any more.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await made.stop()


async def send_all(
    made: AIOKafkaProducer, prefix: str, messages: Iterable[tuple[str, bytes, list[tuple[str, bytes]], bytes]]
) -> dict[tuple[str, int], int]:
    """Send (topic, key, headers, body) in order, await every acknowledgement, return the new end offsets by partition.

    Raises `TimeoutError` when the broker does not answer in time (`send` blocks while it is away), or `KafkaError`.
    """
    heads: dict[tuple[str, int], int] = {}
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        pending = [
            (topic, await made.send(physical(prefix, topic), body, key=key, headers=headers))
            for topic, key, headers, body in messages
        ]
        for topic, acknowledged in pending:
            written = await acknowledged
            place = (topic, written.partition)
            heads[place] = max(heads.get(place, 0), written.offset + 1)
    return heads


async def ends(bootstrap: str, prefix: str) -> dict[tuple[str, int], int]:
    """Return the end offset of every partition of our topics, as the broker has them. Raises `BrokerAway`."""
    places = [TopicPartition(physical(prefix, t.name), p) for t in TOPICS.values() for p in range(t.partitions)]
    with _in_words(bootstrap):
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        try:
            await consumer.start()
            found = await consumer.end_offsets(places)
        finally:
            await consumer.stop()
    return {(place.topic.removeprefix(prefix), place.partition): offset for place, offset in found.items()}


async def wait_for(bootstrap: str, limit_s: float) -> None:
    """Return when the broker answers; clients refuse to start without one. Raises `TimeoutError`."""
    pause = 0.1
    async with asyncio.timeout(limit_s):
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
            try:
                await admin.start()
            except KafkaError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
            else:
                return
            finally:
                await admin.close()
