"""A flood of last gasps: an installation of a generated utility, and reports of its meters waiting in Kafka, feeder by feeder."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer

from deploy.installation import Backends, placed
from schemas.codec import encode
from schemas.events import OutageReported, ReportKind
from services.clock import from_ms
from services.database import databases
from services.database.migrate import migrate
from services.database.pool import connect
from services.engine import clock
from services.settings import Settings
from services.utility import store as utility
from services.utility.folder import UtilityFolder, read_folder
from streams import brokers
from tests.benchmarks.parts import rural

BEGINS_MS = 1_772_323_200_000
BATCH_BYTES = 900_000
SPREAD_MS = 60_000
"""The reports speak of a minute."""


@dataclasses.dataclass(frozen=True, slots=True)
class Meter:
    """A meter, its transformer and its feeder."""

    id: str
    transformer: str
    feeder: str


def magnolia(meters: int) -> UtilityFolder:
    """Return a rural utility of about so many meters, as the product reads it; 116,000 is one in full size."""
    substations = max(3, rural.SUBSTATIONS * meters // rural.METERS)
    miles = rural.MILES * meters / rural.METERS
    made = rural.rural(substations, meters=meters, miles=miles, crews=rural.CREWS, spared=rural.SPARED)
    with tempfile.TemporaryDirectory(prefix="lamplighter-magnolia-") as folder:
        made.write(Path(folder))
        return read_folder(Path(folder))


def struck(folder: UtilityFolder, reports: int, seed: int) -> Iterator[Meter]:
    """Yield the meters in the order of their reports: feeders in any order, all of one in any order, and from the start again."""
    dice = random.Random(seed)
    feeders: dict[str, list[Meter]] = {}
    for each in folder.grid.customers:
        if each.active and each.meter:
            feeders.setdefault(each.feeder, []).append(Meter(each.meter, each.transformer, each.feeder))
    left = reports
    while left:
        order = sorted(feeders)
        dice.shuffle(order)
        for feeder in order:
            meters = feeders[feeder][:]
            dice.shuffle(meters)
            yield from meters[:left]
            left -= min(left, len(meters))


def gasp(number: int, meter: Meter, reports: int) -> tuple[str, bytes]:
    """Return the id and the bytes of the last gasp of this number among so many; equal numbers, equal ids."""
    name = f"{zlib.crc32(meter.id.encode()):08x}{number:024x}"
    at = BEGINS_MS - SPREAD_MS + number * SPREAD_MS // reports
    event = OutageReported(id=name, at=from_ms(at), kind=ReportKind.LAST_GASP, meter=meter.id)
    return name, encode(event)


async def install(settings: Settings, found: Backends, name: str, folder: UtilityFolder) -> Settings:
    """Make a database of this name and its topics, import the utility, let the clock run; return the settings of its processes."""
    await databases.drop(found.admin_dsn, name)
    dsn = await databases.create(found.admin_dsn, name)
    await migrate(dsn)
    prefix = f"{name}."
    await brokers.create_topics(found.bootstrap, prefix)
    connection = await connect(dsn)
    try:
        await clock.found(connection, exercise=False, topic_prefix=prefix)
        await utility.save(connection, folder)
        await clock.set_running(connection, now_ms=BEGINS_MS, speed=1.0, step_s=0.5)
    finally:
        await connection.close()
    return placed(settings, found, database=name, topic_prefix=prefix, exercise=False)


async def publish(
    bootstrap: str, topic: str, parts: int, meters: Iterable[Meter], message: Callable[[int, Meter], bytes]
) -> None:
    """Publish a message for each meter, keyed by its transformer, in batches as large as the broker takes them."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=BATCH_BYTES, acks="all")
    await producer.start()
    try:
        batches = [producer.create_batch() for _ in range(parts)]
        pending: list[asyncio.Future[object]] = []
        for number, meter in enumerate(meters):
            key, body = meter.transformer.encode(), message(number, meter)
            part = zlib.crc32(key) % parts
            if batches[part].append(key=key, value=body, timestamp=None) is None:
                pending.append(await producer.send_batch(batches[part], topic, partition=part))
                batches[part] = producer.create_batch()
                batches[part].append(key=key, value=body, timestamp=None)
        pending += [await producer.send_batch(batch, topic, partition=part) for part, batch in enumerate(batches)]
        await asyncio.gather(*pending)
    finally:
        await producer.stop()


def cores() -> tuple[set[int], set[int]]:
    """Return the core of what is measured, and those of everything else; the same one where there is but one."""
    usable: Sequence[int] = sorted(os.sched_getaffinity(0))
    return {usable[-1]}, set(usable[:-1]) or {usable[-1]}
