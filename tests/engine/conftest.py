"""A database with a clock in lockstep and the toy stage's turns."""

from __future__ import annotations

import pytest

from services.engine import clock
from services.engine.deciding import Deciding, InboxStore
from services.engine.taking import Connection, InboxKeeper, Taking
from tests.engine.toy import START_MS, Toy


@pytest.fixture
async def house(connection: Connection) -> Connection:
    """A connection to a database that is founded for an exercise."""
    await clock.found(connection, exercise=True, topic_prefix="test.")
    await clock.set_lockstep(connection, now_ms=START_MS)
    await clock.make_shards(connection, "toy", Toy().shards())
    return connection


@pytest.fixture
def taking() -> Taking:
    """What takes for the toy stage."""
    return Taking("toy", InboxKeeper("toy", Toy().shard_of), exercise=True)


@pytest.fixture
def deciding() -> Deciding:
    """What decides for the toy stage."""
    return Deciding(Toy(), InboxStore("toy"), exercise=True)
