"""The HTTP edge on a real database, spoken to over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from services.access import store
from services.access.keys import SCOPES
from services.database.pool import create_pool
from services.engine import clock
from services.engine.taking import Connection
from services.web import build_app
from tests.stage_script import ms

EVENTS_PER_S = 1_000.0


@pytest.fixture
async def house(connection: Connection) -> Connection:
    """A connection to a database whose clock stands at eight in the evening."""
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("20:00"))
    return connection


@pytest.fixture
async def key(house: Connection) -> str:
    """A key that may do everything."""
    return await store.create(house, "all", SCOPES)


@pytest.fixture
async def edge(house: Connection, dsn: str) -> AsyncIterator[ClientSession]:
    """A client of the running edge."""
    assert house
    pool = await create_pool(dsn, 2)
    app = build_app(pool, exercise=False, events_per_s=EVENTS_PER_S)
    async with TestServer(app, host="127.0.0.1") as server, ClientSession(server.make_url("/")) as session:
        yield session
    await pool.close()
