"""Intake on a real broker: a backlog on every partition is taken whole, and what it tells of itself is right in the end."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from deploy.installation import product_parts
from schemas.codec import encode
from schemas.events import OutageReported, ReportKind
from schemas.topics import OUTAGE_REPORTS
from services.clock import from_ms
from services.drill.prepare import STARTS_AT_MS
from streams import brokers
from tests.streams.test_real_parts import Stack, stack

REPORTS = 12_000
BACK_MS = 5_000


def message(number: int, customer: str) -> tuple[str, bytes, bytes]:
    """A last gasp of some seconds ago; every third one is sent twice."""
    event = OutageReported(
        id=f"gasp-{number - number % 3 // 2}",
        at=from_ms(STARTS_AT_MS - BACK_MS),
        exercise=True,
        kind=ReportKind.LAST_GASP,
        customer=customer,
    )
    return OUTAGE_REPORTS.name, customer.encode(), encode(event)


async def test_a_backlog_of_every_partition_is_taken_once_and_the_lag_is_over_when_it_is() -> None:
    async with stack() as running:
        async with running.database() as connection:
            rows = await connection.fetch("SELECT customer FROM customer WHERE active ORDER BY customer LIMIT 400")
        customers = [row["customer"] for row in rows]
        await running.supervisor.stop("worker-1")
        messages = [message(n, customers[(n - n % 3 // 2) % len(customers)]) for n in range(REPORTS)]
        for first in range(0, REPORTS, 2_000):
            await running.publish(messages[first : first + 2_000])
        ends = await brokers.ends(running.found.bootstrap, running.drill.topic_prefix)
        await running.supervisor.start(product_parts(running.drill)[1])
        await running.until("SELECT sum(next_offset) = $1 FROM progress WHERE stage = 'intake'", REPORTS)
        await running.until("SELECT bool_and(lag_ms = 0) FROM intake_lag WHERE topic = 'outage.reports'")
        async with running.database() as connection:
            assert await connection.fetchval("SELECT count(*) FROM report") == REPORTS * 2 // 3
            assert await connection.fetchval("SELECT sum(reports) FROM report_batch") == REPORTS * 2 // 3
            takes = await connection.fetchval("SELECT count(DISTINCT batch) FROM report")
            parts = await connection.fetchval("SELECT count(*) FROM taken WHERE topic = 'outage.reports'")
            assert takes < parts, "what came of several partitions at once is one transaction"
            known = await connection.fetch("SELECT part, end_offset, newest_at_ms FROM intake_backlog")
        assert {row["part"]: row["end_offset"] for row in known if row["end_offset"]} == {
            part: end for (topic, part), end in ends.items() if topic == OUTAGE_REPORTS.name and end
        }
        assert {row["newest_at_ms"] for row in known if row["end_offset"]} == {STARTS_AT_MS - BACK_MS}
        await _committed(
            running, {part: end for (topic, part), end in ends.items() if topic == OUTAGE_REPORTS.name and end}
        )


async def _committed(running: Stack, ends: dict[int, int]) -> None:
    """Return when the group's committed offsets are where the partitions end: lag monitors see that nothing waits."""
    prefix = running.drill.topic_prefix
    places = {part: TopicPartition(prefix + OUTAGE_REPORTS.name, part) for part in ends}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=running.found.bootstrap,
        group_id=f"{prefix}intake-{OUTAGE_REPORTS.name}",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        consumer.assign(list(places.values()))
        async with asyncio.timeout(60):
            while {part: await consumer.committed(place) for part, place in places.items()} != ends:
                await asyncio.sleep(0.1)
    finally:
        await consumer.stop()
