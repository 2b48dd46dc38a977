"""The priority channel under flood: how long from an outage at a hotline account to the first call, while reports wait.

    ./lamplighter bench priority --json

A drill's database and broker on the example utility, with a running clock. A million last gasps of other customers are
published before the bulk worker starts; with them waiting, accounts report outages by the API and their meters do on
`hotline.reports`, and each is timed until the drill's voice provider takes the first call about it. Then the broker is stopped,
and the accounts report by the API again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import datetime as dt
import json
import math
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from deploy import demo, rehearsal
from deploy.demo import Play
from deploy.installation import APART, Backends, backends, process, product_parts
from deploy.parts import PartError
from deploy.supervisor import Supervisor
from schemas.codec import encode
from schemas.events import HotlineReported, OutageReported, ReportKind
from schemas.topics import HOTLINE_REPORTS, OUTAGE_REPORTS
from services.access import store as access
from services.clock import from_ms
from services.database.pool import connect
from services.drill.prepare import STARTS_AT_MS
from services.engine import clock
from services.engine.taking import Connection
from services.hotline import store as hotline
from services.hotline.accounts import Account
from services.hotline.audit import RULES
from services.hotline.openapi import BASE
from services.settings import Settings, load_settings
from services.utility.folder import EXAMPLE, UtilityFolder, read_folder
from streams.brokers import physical, producing, send_all

GOAL_S = 30.0
LOOK_S = 0.02
CALLED_WITHIN_S = 120.0
BULK = ("worker-", *APART)
BATCH_BYTES = 900_000


@dataclasses.dataclass(slots=True)
class Timed:
    """Seconds from outage to first call, by how the outage was made known."""

    api: list[float] = dataclasses.field(default_factory=list)
    meter: list[float] = dataclasses.field(default_factory=list)

    def all(self) -> list[float]:
        """Return all of them."""
        return self.api + self.meter


class Accounts:
    """The hotline accounts of the utility as they report outages and power back, and what is known of their calls."""

    def __init__(self, connection: Connection, client: httpx.AsyncClient, drill: Settings) -> None:
        self._connection = connection
        self._client = client
        self._drill = drill
        self._said = 0
        self._keys: dict[str, str] = {}
        self.all: tuple[Account, ...] = ()

    async def read(self) -> None:
        """Read the accounts and make a key for each."""
        accounts, _ = await hotline.read_accounts(self._connection)
        self.all = tuple(account for account in accounts if account.premises and account.contacts)
        for account in self.all:
            self._keys[account.id] = await access.create(self._connection, "bench", ["hotline"], account.id)

    async def round(self, timed: Timed, *, by_meter: bool) -> None:
        """Let all accounts lose power at once, time their first calls, and let power be back."""
        known = [row["key"] for row in await self._connection.fetch("SELECT key FROM drill.call")]
        begun = {account.id: time.monotonic() for account in self.all}
        if by_meter:
            await self._by_meters(begun)
        else:
            await asyncio.gather(*(self._tell(account, "outage", begun) for account in self.all))
        waiting, until = set(begun), time.monotonic() + CALLED_WITHIN_S
        while waiting:
            if time.monotonic() > until:
                raise PartError(f"nobody was called for {', '.join(sorted(waiting))} within {CALLED_WITHIN_S:.0f} s")
            rows = await self._connection.fetch(
                "SELECT DISTINCT account FROM drill.call WHERE account = ANY ($1::text[]) AND key <> ALL ($2::text[])",
                sorted(waiting),
                known,
            )
            now = time.monotonic()
            for account in waiting & {row["account"] for row in rows}:
                (timed.meter if by_meter else timed.api).append(now - begun[account])
                waiting.remove(account)
            await asyncio.sleep(LOOK_S)
        await asyncio.gather(*(self._tell(account, "powerBack", begun) for account in self.all))
        async with asyncio.timeout(CALLED_WITHIN_S):
            while await self._connection.fetchval(
                "SELECT EXISTS (SELECT FROM hotline_escalation WHERE state <> 'over')"
            ):
                await asyncio.sleep(LOOK_S)

    async def _tell(self, account: Account, kind: str, begun: dict[str, float]) -> None:
        self._said += 1
        headers = {"Authorization": f"Bearer {self._keys[account.id]}", "Idempotency-Key": f"bench-{self._said}"}
        if kind == "outage":
            begun[account.id] = time.monotonic()
        answered = await self._client.post(
            f"{BASE}/reports", json={"kind": kind, "customer": account.premises[0].customer}, headers=headers
        )
        answered.raise_for_status()

    async def _by_meters(self, begun: dict[str, float]) -> None:
        standing = await hotline.standing(self._connection)
        assert self._drill.kafka_bootstrap is not None
        async with producing(self._drill.kafka_bootstrap) as made:
            messages: list[tuple[str, bytes, list[tuple[str, bytes]], bytes]] = []
            for account in self.all:
                self._said += 1
                event = HotlineReported(
                    id=f"bench-gasp-{self._said}",
                    at=from_ms(standing.now_ms),
                    exercise=True,
                    account=account.id,
                    kind=ReportKind.LAST_GASP,
                    customer=account.premises[0].customer,
                )
                messages.append((HOTLINE_REPORTS.name, account.id.encode(), [], encode(event)))
                begun[account.id] = time.monotonic()
            await send_all(made, self._drill.topic_prefix, messages)


async def bench(settings: Settings, reports: int, rounds: int) -> dict[str, Any]:
    """Run the bench; return its result."""
    async with backends(settings) as (supervisor, found):
        folder = read_folder(EXAMPLE)
        wanted = Play(storm="tiny", seed=1, utility=None, lockstep=False, speed=1.0)
        with contextlib.redirect_stdout(None):
            drill = await demo.prepare(settings, found, wanted, folder)
        async with _speaking(drill) as (connection, accounts):
            return await _measured(supervisor, found, drill, connection, accounts, folder, reports, rounds)


@contextlib.asynccontextmanager
async def _speaking(drill: Settings) -> AsyncIterator[tuple[Connection, Accounts]]:
    assert drill.postgres_dsn is not None
    connection = await connect(drill.postgres_dsn.get_secret_value())
    try:
        base = f"http://127.0.0.1:{drill.hotline_port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60.0) as client:
            accounts = Accounts(connection, client, drill)
            await accounts.read()
            yield connection, accounts
    finally:
        await connection.close()


async def _measured(
    supervisor: Supervisor,
    found: Backends,
    drill: Settings,
    connection: Connection,
    accounts: Accounts,
    folder: UtilityFolder,
    reports: int,
    rounds: int,
) -> dict[str, Any]:
    assert drill.postgres_dsn is not None
    await rehearsal.set_running(drill.postgres_dsn.get_secret_value(), now_ms=STARTS_AT_MS, speed=1.0)
    await supervisor.start(process(drill, "operator", "streams.operator"))
    parts = product_parts(drill)
    await asyncio.gather(*(supervisor.start(part) for part in parts if not part.name.startswith(BULK)))
    begun = time.monotonic()
    await _flood(connection, found, drill, others(folder, accounts.all), reports)
    published_s = time.monotonic() - begun
    await asyncio.gather(*(supervisor.start(part) for part in parts if part.name.startswith(BULK)))
    waiting = [await _waiting(connection, reports)]
    flooded = Timed()
    for number in range(rounds):
        await accounts.round(flooded, by_meter=number % 2 == 1)
    waiting.append(await _waiting(connection, reports))
    restarts = sum(supervisor.restarts().values())
    await supervisor.stop("kafka")
    alone = Timed()
    for _ in range(rounds):
        await accounts.round(alone, by_meter=False)
    broken = [rule.name for rule in RULES if await connection.fetch(rule.violations_sql)]
    return _result(flooded, alone, waiting, reports, published_s, restarts, broken)


def others(folder: UtilityFolder, accounts: Sequence[Account]) -> list[str]:
    """Return the active customers on feeders where no hotline account is: their outages are not the accounts'."""
    customers = {customer.customer: customer for customer in folder.grid.customers}
    taken = {customers[premise.customer].feeder for account in accounts for premise in account.premises}
    return sorted(name for name, each in customers.items() if each.active and each.feeder not in taken)


async def _flood(
    connection: Connection, found: Backends, drill: Settings, customers: Sequence[str], reports: int
) -> None:
    """Publish last gasps of these customers in turn, in batches as large as the broker takes them."""
    standing = await clock.standing(connection)
    assert standing is not None
    at, topic = from_ms(standing.now_ms), physical(drill.topic_prefix, OUTAGE_REPORTS.name)
    producer = AIOKafkaProducer(bootstrap_servers=found.bootstrap, max_batch_size=BATCH_BYTES, acks="all")
    await producer.start()
    try:
        batches = [producer.create_batch() for _ in range(OUTAGE_REPORTS.partitions)]
        pending = []
        for number in range(reports):
            customer = customers[number % len(customers)]
            part = number % len(customers) % len(batches)
            event = OutageReported(
                id=f"flood-{number}", at=at, exercise=True, kind=ReportKind.LAST_GASP, customer=customer
            )
            key, body = customer.encode(), encode(event)
            if batches[part].append(key=key, value=body, timestamp=None) is None:
                pending.append(await producer.send_batch(batches[part], topic, partition=part))
                batches[part] = producer.create_batch()
                batches[part].append(key=key, value=body, timestamp=None)
        pending += [await producer.send_batch(batch, topic, partition=part) for part, batch in enumerate(batches)]
        await asyncio.gather(*pending)
    finally:
        await producer.stop()


async def _waiting(connection: Connection, reports: int) -> int:
    """Return how many reports of the flood are neither decided nor in a state that needs no decision."""
    done: int = await connection.fetchval(
        """SELECT count(*) FROM report r LEFT JOIN report_batch b ON (b.number, b.shard) = (r.batch, r.shard)
           WHERE r.id LIKE 'flood-%' AND (b.decided IS NOT NULL OR r.state IN ('unknown', 'closedAccount', 'late'))"""
    )
    return reports - done


def _result(
    flooded: Timed, alone: Timed, waiting: list[int], reports: int, published_s: float, restarts: int, broken: list[str]
) -> dict[str, Any]:
    figures = {
        "call_p50_s": _percentile(flooded.all(), 50),
        "call_p99_s": _percentile(flooded.all(), 99),
        "by_api_p50_s": _percentile(flooded.api, 50),
        "by_meter_p50_s": _percentile(flooded.meter, 50),
        "outages": len(flooded.all()),
        "waiting_reports": waiting[0],
        "waiting_reports_at_the_end": waiting[1],
        "call_p50_s_kafka_down": _percentile(alone.all(), 50),
        "call_p99_s_kafka_down": _percentile(alone.all(), 99),
        "outages_kafka_down": len(alone.all()),
        "published_reports": reports,
        "published_per_s": round(reports / published_s),
    }
    return {
        "name": "priority",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "figures": figures,
        "goals": [
            {"name": name, "goal": GOAL_S, "value": figures[name], "met": figures[name] <= GOAL_S}
            for name in ("call_p99_s", "call_p99_s_kafka_down")
        ]
        + [
            {"name": "processes that died under the flood", "goal": 0, "value": restarts, "met": restarts == 0},
            {"name": "audit rules of the hotline broken", "goal": [], "value": broken, "met": not broken},
        ],
    }


def _percentile(seconds: Sequence[float], percent: int) -> float:
    """Return the percentile by nearest rank, rounded to milliseconds; the median is the usual one."""
    if percent == 50:
        return round(statistics.median(seconds), 3)
    ordered = sorted(seconds)
    return round(ordered[math.ceil(len(ordered) * percent / 100) - 1], 3)


def main(argv: list[str]) -> int:
    """Run the bench; return 0 when the goals are met."""
    parser = argparse.ArgumentParser(prog="lamplighter bench priority", description=__doc__)
    parser.add_argument("--reports", type=int, default=1_000_000, help="how many reports of others wait")
    parser.add_argument("--rounds", type=int, default=20, help="how often all accounts lose power, each time at once")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    if given.reports < 1 or given.rounds < 2:
        parser.error("there must be a report and two rounds at least")
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-priority-"))
    folder.chmod(0o711)
    try:
        result = asyncio.run(bench(load_settings(data_dir=folder), given.reports, given.rounds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result if given.json else result["figures"], indent=1))
    return 0 if all(goal["met"] for goal in result["goals"]) else 1
