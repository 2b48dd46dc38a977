"""What tests of the drill share: a database with the example utility in it, cloned from one that was made once."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.database import databases
from services.drill.prepare import STARTS_AT_MS
from services.engine import clock
from services.utility import store as utility_store
from services.utility.folder import EXAMPLE, read_folder
from tests.conftest import TEMPLATE

WITH_EXAMPLE = "lamplighter_with_example"
_numbers = itertools.count(1)
_made: set[str] = set()


@pytest.fixture
async def utility(server_dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection to a database with the example utility and a clock in lockstep, where a drill can be prepared."""
    if server_dsn not in _made:
        connection = await asyncpg.connect(await databases.create(server_dsn, WITH_EXAMPLE, template=TEMPLATE))
        await utility_store.save(connection, read_folder(EXAMPLE))
        await clock.found(connection, exercise=True, topic_prefix="t-")
        await clock.set_lockstep(connection, now_ms=STARTS_AT_MS)
        await connection.close()
        _made.add(server_dsn)
    name = f"drill_{next(_numbers)}"
    connection = await asyncpg.connect(await databases.create(server_dsn, name, template=WITH_EXAMPLE))
    yield connection
    await connection.close()
    await databases.drop(server_dsn, name)
