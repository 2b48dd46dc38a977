"""What a process of ours tells of itself on its own port: its checks, and, of the relay, what is read from the database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog
from aiohttp import web
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.topics import TOPICS
from services.database.pool import UNUSABLE, connect
from services.settings import Settings
from services.telling import health, store
from services.telling.health import Check, Teller
from services.telling.metrics import Value
from streams import brokers

log = structlog.get_logger(__name__)

ANSWER_MS = 2_000


async def serve(
    settings: Settings, process: str, *, dsn: str, bootstrap: str | None, collects: bool = False
) -> web.AppRunner | None:
    """Serve `/metrics`, `/healthz` and `/readyz` of this process; None when no port is set or another program has it.

    `bootstrap` is given by those who cannot work without the broker; `collects` by the one that reads the database for all.
    """
    if not settings.metrics_port:
        return None

    async def database() -> str | None:
        return await store.reachable(dsn)

    checks: dict[str, Check] = {"database": database}
    if bootstrap is not None:
        place = bootstrap

        async def broker() -> str | None:
            return await broker_away(place)

        checks["kafka"] = broker

    async def collect() -> Sequence[Value]:
        return await collected(settings, dsn, bootstrap or "")

    return await health.listen(Teller(process, checks, collect if collects else None), settings.metrics_port)


async def broker_away(bootstrap: str) -> str | None:
    """Return why the broker cannot be used now, a stable code; None when it answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=ANSWER_MS)
    try:
        await admin.start()
    except (KafkaError, OSError) as error:
        return f"brokerAway:{type(error).__name__}"
    finally:
        await admin.close()
    return None


async def collected(settings: Settings, dsn: str, bootstrap: str) -> list[Value]:
    """Return what is read from the database, from the broker and from the supervisor's table; what is away is left out."""
    values: list[Value] = []
    for name, number in _restarts(settings.data_dir):
        values.append(("lamplighter_process_restarts", {"process": name}, float(number)))
    ends: Mapping[tuple[str, int], int] | None
    try:
        ends = await brokers.ends(bootstrap, settings.topic_prefix)
    except brokers.BrokerAway:
        ends = None
    values.append(("lamplighter_kafka_up", {}, float(ends is not None)))
    failed = False
    try:
        connection = await connect(dsn)
        try:
            values += await store.read(connection)
            if ends is not None:
                values += _untaken(ends, await store.progress(connection), exercise=settings.exercise)
        finally:
            await connection.close()
    except (*UNUSABLE, *store.SLOW) as error:
        failed = True
        log.warning("metrics.not_collected", error=type(error).__name__)
    values.append(("lamplighter_collect_failed", {}, float(failed)))
    return values


def _untaken(
    ends: Mapping[tuple[str, int], int], progress: Mapping[tuple[str, str, int], int], *, exercise: bool
) -> list[Value]:
    return [
        (
            "lamplighter_untaken_messages",
            {"stage": stage, "topic": topic.name},
            float(
                sum(
                    max(0, ends.get((topic.name, part), 0) - progress.get((stage, topic.name, part), 0))
                    for part in range(topic.partitions)
                )
            ),
        )
        for topic in TOPICS.values()
        for stage in topic.consumers
        if exercise or stage != "world"
    ]


def _restarts(data_dir: Path) -> list[tuple[str, int]]:
    """Return how often each process was started again, from the supervisor's table; nothing where there is none."""
    try:
        table = json.loads((data_dir / "processes.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    return [(name, int(each["restarts"])) for name, each in table.items()]
