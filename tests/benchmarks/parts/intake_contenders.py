"""One contender of the bench `intake`, in a process of its own: takes the messages of a topic and says how many a second.

python -m tests.benchmarks.parts.intake_contenders NAME TOPIC MESSAGES

All read the same topic from its start. Timed is from the end of the first batch to the end of the last one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import mode.loop

mode.loop.use("uvloop")

import faust  # noqa: E402 - the event loop has to be chosen before
import msgspec  # noqa: E402
from aiokafka import AIOKafkaConsumer  # noqa: E402

from schemas.topics import OUTAGE_REPORTS  # noqa: E402
from services.database.pool import connect, create_pool  # noqa: E402
from services.engine.taking import Connection, Read, Taking  # noqa: E402
from services.network import Network  # noqa: E402
from services.reports.premises import Premises  # noqa: E402
from services.reports.store import ReportKeeper, read_premises  # noqa: E402
from services.reports.store_batches import gathered  # noqa: E402
from services.settings import Settings, load_settings  # noqa: E402
from services.utility import store as utility  # noqa: E402
from streams import intake  # noqa: E402
from streams.loop import messages_of  # noqa: E402
from streams.processes import addresses, settle  # noqa: E402
from streams.watchdog import Watchdog  # noqa: E402


class Gasp(msgspec.Struct):
    """A report as one decodes it who only counts."""

    id: str
    at: dt.datetime
    kind: str
    meter: str


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """What reports are located on."""

    network: Network
    premises: Premises


class Timed:
    """Counts what was done, from the end of the first batch on."""

    def __init__(self, messages: int) -> None:
        self._messages = messages
        self._begun = 0.0
        self._first = 0
        self.done = 0

    def add(self, count: int) -> None:
        """Say that so many more are done; with the last one the rate is said and the process ends."""
        now = time.perf_counter()
        self.done += count
        if not self._begun:
            self._begun, self._first = now, self.done
        if self.done >= self._messages:
            rate = (self.done - self._first) / (now - self._begun)
            os.write(1, (json.dumps({"per_s": round(rate), "taken": self.done}) + "\n").encode())
            os._exit(0)


async def _batches(settings: Settings, topic: str, group: str) -> Any:
    _, bootstrap = addresses(settings)
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=200,
        fetch_max_bytes=intake.FETCH_BYTES,
        max_partition_fetch_bytes=intake.PART_BYTES,
    )
    await consumer.start()
    while True:
        if found := await consumer.getmany(timeout_ms=200, max_records=intake.BATCH):
            yield found


def _transformers(network: Network) -> Mapping[str, str]:
    return {customer.meter: customer.transformer for customer in network.customers}


async def bare(settings: Settings, topic: str, timed: Timed, grid: Grid) -> None:
    """Decode each message, and count by transformer: what a program must do that does nothing else."""
    decode = msgspec.json.Decoder(Gasp).decode
    transformer_of = _transformers(grid.network)
    counts: dict[str, int] = defaultdict(int)
    async for found in _batches(settings, topic, "bare"):
        for records in found.values():
            for record in records:
                counts[transformer_of[decode(record.value).meter]] += 1
        timed.add(sum(map(len, found.values())))


class _Located(ReportKeeper):
    """Does what intake does before its transaction, but for the rows of the database."""

    def prepare(self, events: Any) -> Any:
        _, entries, refused = self.located(events)
        return gathered(entries), refused


async def rules(settings: Settings, topic: str, timed: Timed, grid: Grid) -> None:
    """Do what intake does without the database: decode strictly, drop copies, locate, gather by device."""
    taking = Taking("intake", _Located(grid.network, grid.premises), exercise=False)
    async for found in _batches(settings, topic, "rules"):
        read = taking.read([messages_of(records, settings.topic_prefix) for records in found.values()])
        _, refused = read.prepared
        assert not [*read.refused, *refused], "the bench sends good reports"
        timed.add(len(read.events))


class _Counted(Taking):
    """Takes as ever, and says how much."""

    def __init__(self, keeper: ReportKeeper, timed: Timed) -> None:
        super().__init__("intake", keeper, exercise=False)
        self._timed = timed

    async def store(self, connection: Connection, read: Read) -> int:
        taken = await super().store(connection, read)
        self._timed.add(taken)
        return taken


async def complete(settings: Settings, topic: str, timed: Timed, grid: Grid) -> None:
    """Run intake as the worker does."""
    assert topic == settings.topic_prefix + OUTAGE_REPORTS.name
    dsn, bootstrap = addresses(settings)
    await intake.run(
        topic=OUTAGE_REPORTS,
        taking=_Counted(ReportKeeper(grid.network, grid.premises), timed),
        pool=await create_pool(dsn, 2),
        prefix=settings.topic_prefix,
        session_s=settings.kafka_session_s,
        bootstrap=bootstrap,
        watchdog=Watchdog(3_600.0, lambda _: None),
    )


def plain_faust(settings: Settings, topic: str, timed: Timed, grid: Grid) -> None:
    """Run an ordinary Faust agent that decodes each message, and counts by transformer."""
    _, bootstrap = addresses(settings)
    decode = msgspec.json.Decoder(Gasp).decode
    transformer_of = _transformers(grid.network)
    counts: dict[str, int] = defaultdict(int)
    app = faust.App(
        "bench-faust",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=tempfile.mkdtemp(prefix="lamplighter-faust-"),
        web_enabled=False,
        topic_disable_leader=True,
        topic_replication_factor=1,
        topic_partitions=OUTAGE_REPORTS.partitions,
        consumer_auto_offset_reset="earliest",
    )

    async def count(stream: Any) -> None:
        async for body in stream:
            counts[transformer_of[decode(body).meter]] += 1
            timed.add(1)

    channel = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    app.agent(channel, name="count")(count)
    faust.Worker(app, loglevel="warn", quiet=True).execute_from_commandline()


CONTENDERS: Mapping[str, Callable[[Settings, str, Timed, Grid], Any]] = {
    "bare": bare,
    "rules": rules,
    "complete": complete,
    "faust": plain_faust,
}


async def _grid(settings: Settings) -> Grid:
    connection = await connect(addresses(settings)[0])
    try:
        return Grid(Network((await utility.load(connection)).grid), await read_premises(connection))
    finally:
        await connection.close()


def main(argv: list[str]) -> None:
    """Run one contender to its end."""
    name, topic, messages = argv
    settings = load_settings()
    grid = asyncio.run(_grid(settings))
    settle()  # all of them, as the worker does
    running = CONTENDERS[name](settings, topic, Timed(int(messages)), grid)
    if running is not None:
        asyncio.run(running)


if __name__ == "__main__":
    main(sys.argv[1:])
