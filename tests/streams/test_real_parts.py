"""The product on a real PostgreSQL and a real Kafka: poison, gaps, ordinary stops, stalls."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from deploy import demo
from deploy.demo import Play
from deploy.installation import Backends, backends, process, product_parts
from deploy.supervisor import Supervisor
from schemas.codec import encode
from schemas.events import CrewReported, CrewState, OutageReported, ReportKind
from schemas.topics import CREW_STATUS, DEAD_LETTERS, OUTAGE_REPORTS, TOPICS
from services.clock import from_ms
from services.database.pool import Wakeups, connect
from services.drill.prepare import STARTS_AT_MS
from services.engine.taking import Connection
from services.settings import Settings, load_settings
from services.utility.folder import EXAMPLE, read_folder
from streams import brokers
from tests.hostile.payloads import HOSTILE

LIMIT_S = 90


class Stack:
    """A drill that was prepared but has no driver: its clock stands, its messages are the test's."""

    def __init__(self, supervisor: Supervisor, found: Backends, drill: Settings) -> None:
        assert drill.postgres_dsn is not None
        self.supervisor = supervisor
        self.found = found
        self.drill = drill
        self.dsn = drill.postgres_dsn.get_secret_value()

    async def publish(self, messages: list[tuple[str, bytes, bytes]]) -> None:
        """Publish (topic, key, body)."""
        async with brokers.producing(self.found.bootstrap) as made:
            await brokers.send_all(made, self.drill.topic_prefix, [(t, k, [], b) for t, k, b in messages])

    async def until(self, sql: str, *arguments: object) -> None:
        """Return when a query answers true; whatever is stored wakes it."""
        connection = await connect(self.dsn)
        wakeups = await Wakeups.listen(self.dsn, "moved")
        try:
            async with asyncio.timeout(LIMIT_S):
                while not await connection.fetchval(sql, *arguments):
                    await wakeups.wait(0.25)
        finally:
            await wakeups.close()
            await connection.close()

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Connection]:
        """Lend a connection."""
        connection = await connect(self.dsn)
        try:
            yield connection
        finally:
            await connection.close()


@contextlib.asynccontextmanager
async def stack(**given: object) -> AsyncIterator[Stack]:
    """Start everything but the drill's driver, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-stack-"))
    folder.chmod(0o711)
    settings = load_settings(data_dir=folder, **given)
    try:
        async with backends(settings) as (supervisor, found):
            wanted = Play(storm="tiny", seed=1, utility=None, lockstep=True, speed=1.0)
            drill = await demo.prepare(settings, found, wanted, read_folder(EXAMPLE))
            await supervisor.start(process(drill, "operator", "streams.operator"))
            await asyncio.gather(*(supervisor.start(part) for part in product_parts(drill)))
            yield Stack(supervisor, found, drill)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def call(number: int, customer: str) -> tuple[str, bytes, bytes]:
    """A good report."""
    event = OutageReported(
        id=f"good-{number}",
        at=from_ms(STARTS_AT_MS),
        exercise=True,
        kind=ReportKind.CALL,
        customer=customer,
    )
    return OUTAGE_REPORTS.name, b"one-key", encode(event)


def status(number: int) -> tuple[str, bytes, bytes]:
    """A good status of a crew."""
    event = CrewReported(
        id=f"good-{number}", at=from_ms(STARTS_AT_MS), exercise=True, crew="C01", status=CrewState.AVAILABLE
    )
    return CREW_STATUS.name, b"one-key", encode(event)


async def test_a_good_message_behind_the_poison_on_the_same_partition_is_processed() -> None:
    async with stack() as running:
        async with running.database() as connection:
            customer = await connection.fetchval("SELECT min(customer) FROM customer WHERE active")
        # The broker itself refuses what is larger than it allows; everything else reaches us.
        poison = [one for one in HOSTILE if len(one.body) <= brokers.MAX_MESSAGE_BYTES // 2 - 1024]
        assert len(poison) > 20
        for topic, good in ((OUTAGE_REPORTS, call(1, customer)), (CREW_STATUS, status(1))):
            await running.publish([(topic.name, b"one-key", one.body) for one in poison] + [good])
        await running.until("SELECT EXISTS (SELECT FROM report WHERE id = 'good-1')")
        await running.until("SELECT EXISTS (SELECT FROM inbox WHERE stage = 'dispatch' AND id = 'good-1')")
        async with running.database() as connection:
            rows = await connection.fetch("SELECT topic, body, reason FROM parked")
            assert await connection.fetchval("SELECT count(*) FROM report") == 1
        for topic in (OUTAGE_REPORTS, CREW_STATUS):
            kept = {bytes(row["body"]) for row in rows if row["topic"] == topic.name}
            assert kept == {one.body for one in poison}
        await running.until("SELECT NOT EXISTS (SELECT FROM outbox WHERE NOT sent)")
        ends = await brokers.ends(running.found.bootstrap, running.drill.topic_prefix)
        assert ends[DEAD_LETTERS.name, 0] == len(rows)
        assert running.supervisor.restarts() == dict.fromkeys(running.supervisor.restarts(), 0)


async def test_offsets_that_the_group_has_skipped_are_fetched_from_the_broker() -> None:
    async with stack() as running:
        await running.publish([status(number) for number in range(1, 4)])
        await running.until("SELECT count(*) = 3 FROM inbox WHERE stage = 'dispatch'")
        await running.supervisor.stop("dispatch")
        await running.publish([status(number) for number in range(4, 8)])
        await _commit_to_the_end(running)
        await running.supervisor.start(product_parts(running.drill)[2])
        await running.publish([status(8)])
        await running.until("SELECT count(*) = 8 FROM inbox WHERE stage = 'dispatch'")
        async with running.database() as connection:
            gaps = await connection.fetchval(
                """SELECT count(*) FROM (
                       SELECT first_offset, lag(next_offset) OVER (ORDER BY first_offset) AS before FROM taken
                       WHERE stage = 'dispatch' AND topic = 'crew.status'
                         AND part = (SELECT max(part) FROM taken WHERE stage = 'dispatch' AND topic = 'crew.status')) t
                   WHERE first_offset <> before"""
            )
        assert gaps == 0


async def _commit_to_the_end(running: Stack) -> None:
    """Move the group's committed offsets past what was taken, as a careless hand would."""
    name = brokers.physical(running.drill.topic_prefix, CREW_STATUS.name)
    places = [TopicPartition(name, part) for part in range(TOPICS[CREW_STATUS.name].partitions)]
    group = f"{running.drill.topic_prefix}dispatch"
    consumer = AIOKafkaConsumer(bootstrap_servers=running.found.bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.commit({place: OffsetAndMetadata(end, "") for place, end in ends.items()})
    finally:
        await consumer.stop()


async def test_an_ordinary_stop_in_the_middle_loses_nothing() -> None:
    async with stack() as running:
        async with running.database() as connection:
            rows = await connection.fetch("SELECT customer FROM customer WHERE active ORDER BY customer LIMIT 2000")
        messages = [call(number, row["customer"]) for number, row in enumerate(rows)]
        for start in range(0, len(messages), 500):
            await running.publish(messages[start : start + 500])
            await running.supervisor.stop("worker-1")
            await running.supervisor.start(product_parts(running.drill)[1])
        await running.until("SELECT count(*) = 2000 FROM report")


async def test_a_worker_without_progress_while_there_is_work_is_started_afresh() -> None:
    async with stack(worker_stall_s=4.0) as running:
        worker = running.supervisor.pids()["dispatch"]
        async with running.database() as connection, connection.transaction():
            # Nobody can move this stage's offsets: the worker has work and gets nowhere.
            await connection.execute("LOCK TABLE progress IN EXCLUSIVE MODE")
            await running.publish([status(1)])
            async with asyncio.timeout(LIMIT_S):
                while running.supervisor.pids().get("dispatch") in {worker, None}:
                    await asyncio.sleep(0.1)
        await running.until("SELECT EXISTS (SELECT FROM inbox WHERE stage = 'dispatch' AND id = 'good-1')")
        assert running.supervisor.restarts()["dispatch"] >= 1
        assert "worker.stalled" in running.supervisor.log_path("dispatch").read_text(encoding="utf-8")
