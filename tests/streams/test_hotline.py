"""The priority channel as a process, with a broker that is not there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import httpx
import pytest

from deploy.parts import free_port
from services.clock import wall_ms
from services.engine import clock
from services.hotline.audit import RULES
from services.hotline.openapi import BASE
from streams.leaving import EXIT_RESTART
from tests.hotline.accounts import import_accounts, key_for
from tests.hotline.test_voice_gateway import Provider
from tests.stage_script import violations

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]

WITHIN_S = 30.0


class Channel:
    """A process of the priority channel and an account that speaks to it."""

    def __init__(self, dsn: str, provider: Provider, key: str) -> None:
        self.port = free_port(0)
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}{BASE}", headers={"Authorization": f"Bearer {key}"}, trust_env=False
        )
        read, write = os.pipe()
        settings = {
            "POSTGRES_DSN": dsn,
            "KAFKA_BOOTSTRAP": "127.0.0.1:1",  # nobody listens there
            "HOTLINE_PORT": str(self.port),
            "VOICE_URL": provider.base,
            "READY_FD": str(write),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streams.hotline"],
            env={**os.environ, **{f"LAMPLIGHTER_{name}": value for name, value in settings.items()}},
            pass_fds=[write],
        )
        os.close(write)
        self._ready = read

    async def ready(self) -> None:
        """Return when the process says that it is ready."""
        assert b"READY" in await asyncio.wait_for(asyncio.to_thread(os.read, self._ready, 64), WITHIN_S)

    async def tell(self, kind: str, once: str, **given: str) -> int:
        """Report something of the premise C-1."""
        content = {"kind": kind, "customer": "C-1", **given}
        return (await self._client.post("/reports", json=content, headers={"Idempotency-Key": once})).status_code

    async def outages(self) -> list[dict[str, Any]]:
        """Return the account's outages."""
        found: list[dict[str, Any]] = (await self._client.get("/outages")).json()["outages"]
        return found

    async def end(self) -> int:
        """End the process in the ordinary way; return its exit code."""
        await self._client.aclose()
        os.close(self._ready)
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, WITHIN_S)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    await made.start()
    yield made
    await made.stop()


async def test_it_answers_decides_and_calls_without_a_broker(
    connection: Connection, dsn: str, provider: Provider
) -> None:
    await import_accounts(connection)
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_running(connection, now_ms=wall_ms(), speed=1.0, step_s=0.05)
    channel = Channel(dsn, provider, await key_for(connection, "MILL"))
    try:
        await channel.ready()
        assert await channel.tell("outage", "k-1") == 202
        async with asyncio.timeout(WITHIN_S):
            while not provider.calls:
                await asyncio.sleep(0.05)
        (call,) = provider.calls.values()
        assert (call["account"], call["contact"], call["phone"]) == ("MILL", "K-1", "+99901111111")
        assert await channel.tell("powerBack", "k-2") == 202
        async with asyncio.timeout(WITHIN_S):
            while [each["state"] for each in await channel.outages()] != ["over"]:
                await asyncio.sleep(0.05)
        assert await connection.fetchval("SELECT count(*) FROM outbox WHERE NOT sent") == 2
        assert await violations(connection, RULES) == {}
    finally:
        code = await channel.end()
    assert code == 0


async def test_it_starts_afresh_when_a_new_version_of_the_utility_was_imported(
    connection: Connection, dsn: str, provider: Provider
) -> None:
    await import_accounts(connection)
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_running(connection, now_ms=wall_ms(), speed=1.0, step_s=0.05)
    channel = Channel(dsn, provider, await key_for(connection, "MILL"))
    try:
        await channel.ready()
        async with connection.transaction():
            await import_accounts(connection, "d2")
            await connection.execute("NOTIFY utility")
        assert await asyncio.to_thread(channel.process.wait, WITHIN_S) == EXIT_RESTART
    finally:
        await channel.end()
