"""A restored database is compared with Kafka before anything of the product runs.

What Kafka has of the lost database's decisions is named and will be passed over; consumer groups are put back to what the
database wants next, so that facts are taken again; and the hold begins (`services.engine.restoring`).
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from schemas.topics import DEAD_LETTERS, TOPICS, consumed_by
from services.database.pool import connect
from services.engine import restoring
from services.engine.restoring import Known, Orphan, Reached
from services.engine.taking import Connection
from streams import refilled
from streams.brokers import physical
from streams.rules import STAGES

log = structlog.get_logger(__name__)

PLACES = tuple((topic.name, part) for topic in TOPICS.values() for part in range(topic.partitions))
DECIDING = frozenset({*STAGES, "world"})
SOURCE_ROOT = "/lamplighter/"
GROUP_FREE_S = 60.0
"""The broker keeps a dead consumer in its group until its session has timed out; offsets are put back after that."""


class KafkaBehind(Exception):
    """This Kafka has less than the database took from it: it is another one, or it lost its log."""


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """What was found: the partitions that reach beyond the database, the decisions of the lost one, whether effects are held."""

    ahead: tuple[Reached, ...]
    orphans: tuple[Orphan, ...]
    held: bool


async def compare(
    dsn: str, bootstrap: str, prefix: str, groups: Sequence[tuple[str, ...]], *, refill: bool = False
) -> Compared:
    """Compare the database with Kafka, and hold effects when it was restored. Call it before any consumer runs.

    `groups` are the stages of each worker, whose consumer group is named after them. A database that nobody said to be restored
    is held too when Kafka has decisions that it does not know. A Kafka that has less than the database is filled up with
    `refill`; else `KafkaBehind` is raised. Raises `KafkaError` when the broker is away.
    """
    connection = await connect(dsn)
    try:
        known = await restoring.known(connection)
        reached = await _reached(bootstrap, prefix, known)
        behind = [each for each in reached if each.end < each.known.end]
        if behind and refill:
            again = await refilled.refill(connection, bootstrap, prefix, behind)
            log.error("restoration.kafka_was_behind", partitions=len(behind), published_again=again)
            reached = await _reached(bootstrap, prefix, known)
        elif behind:
            raise KafkaBehind(
                "Kafka has less than the database took from it ("
                + ", ".join(f"{each.topic}/{each.part} ends at {each.end}, not {each.known.end}" for each in behind[:5])
                + "): give it its log back, or start with the Kafka that this database belongs to; if its log is lost, fill it "
                "up with `lamplighter up --refill-kafka`"
            )
        ahead = [each for each in reached if each.end > each.known.end and each.topic != DEAD_LETTERS.name]
        orphans = await _orphans(connection, bootstrap, prefix, ahead)
        open_one = await restoring.standing(connection)
        if open_one is None and not orphans:
            return Compared(tuple(ahead), (), held=False)
        if open_one is None or open_one.state == "restored":
            await _put_groups_back(bootstrap, prefix, groups, known)
            await restoring.hold(connection, reached, orphans)
            _alarm(ahead, orphans)
        return Compared(tuple(ahead), tuple(await restoring.orphans(connection)), held=True)
    finally:
        await connection.close()


def _alarm(ahead: Sequence[Reached], orphans: Sequence[Orphan]) -> None:
    counts = Counter((each.topic, each.part) for each in orphans)
    for each in ahead:
        log.warning(
            "restoration.partition_ahead",
            topic=each.topic,
            part=each.part,
            known_end=each.known.end,
            end_offset=each.end,
            orphans=counts[each.topic, each.part],
        )
    log.error(
        "restoration.held",
        partitions_ahead=len(ahead),
        orphans=len(orphans),
        from_at=min((each.wall_at.isoformat() for each in orphans), default=None),
        until_at=max((each.wall_at.isoformat() for each in orphans), default=None),
    )


async def _reached(bootstrap: str, prefix: str, known: Mapping[tuple[str, int], Known]) -> list[Reached]:
    places = {place: TopicPartition(physical(prefix, place[0]), place[1]) for place in PLACES}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    try:
        await consumer.start()
        ends = await consumer.end_offsets(list(places.values()))
        firsts = await consumer.beginning_offsets(list(places.values()))
    finally:
        await consumer.stop()
    return [
        Reached(topic=topic, part=part, known=known[topic, part], first=firsts[place], end=ends[place])
        for (topic, part), place in places.items()
    ]


async def _orphans(connection: Connection, bootstrap: str, prefix: str, ahead: Sequence[Reached]) -> list[Orphan]:
    """Return the messages beyond what the database knows that our stages decided and that are not in its outbox.

    What is in it, unsent, was sent by a relay that died before it could say so. What others said is a fact like any other.
    """
    found = []
    for each in ahead:
        for record in await _read(bootstrap, TopicPartition(physical(prefix, each.topic), each.part), each):
            headers = {name: value.decode("utf-8", "replace") for name, value in record.headers}
            source = headers.get("ce_source", "").removeprefix(SOURCE_ROOT)
            if source in DECIDING:
                found.append(
                    Orphan(
                        topic=each.topic,
                        part=each.part,
                        offset=record.offset,
                        event_id=headers.get("ce_id"),
                        event_type=headers.get("ce_type"),
                        source=source,
                        key=(record.key or b"").decode("utf-8", "replace"),
                        event_at=headers.get("ce_time"),
                        wall_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
                    )
                )
    unknown = await restoring.unknown_ids(connection, {each.event_id or "" for each in found})
    return [each for each in found if (each.event_id or "") in unknown]


async def _read(bootstrap: str, place: TopicPartition, reached: Reached) -> list[Any]:
    """Return the records of a partition from where the database knew it to end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    records: list[Any] = []
    try:
        await consumer.start()
        consumer.assign([place])
        consumer.seek(place, max(reached.known.end, reached.first))
        while await consumer.position(place) < reached.end:
            batches = await consumer.getmany(place, timeout_ms=1_000)
            records += batches.get(place, [])
    finally:
        await consumer.stop()
    return [record for record in records if record.offset < reached.end]


async def _put_groups_back(
    bootstrap: str, prefix: str, groups: Sequence[tuple[str, ...]], known: Mapping[tuple[str, int], Known]
) -> None:
    for stages in groups:
        wanted = {
            TopicPartition(physical(prefix, topic.name), part): known[topic.name, part].next_offset or 0
            for stage in stages
            if stage != "intake"  # it begins where PostgreSQL says, whatever its group has committed
            for topic in consumed_by(stage)
            for part in range(topic.partitions)
        }
        async with asyncio.timeout(GROUP_FREE_S):
            while not await _put_back(bootstrap, prefix + "+".join(stages), wanted):  # noqa: ASYNC110
                await asyncio.sleep(0.5)  # the broker tells nobody when a group has become free


async def _put_back(bootstrap: str, group: str, wanted: Mapping[TopicPartition, int]) -> bool:
    """Let a group without members begin where the database wants; False while a member is still there."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign(list(wanted))
        ahead = {}
        for place, offset in wanted.items():
            committed = await consumer.committed(place)
            if committed is not None and committed > offset:
                ahead[place] = OffsetAndMetadata(offset, "")
        if ahead:
            await consumer.commit(ahead)
    except KafkaError as error:
        log.info("restoration.group_not_free", group=group, error=type(error).__name__)
        return False
    finally:
        await consumer.stop()
    return True
