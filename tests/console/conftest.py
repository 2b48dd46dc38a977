"""What tests of the console share: an installation that really decides, cloned from one that was made once, and people at it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.database import databases
from services.drill.prepare import STARTS_AT_MS
from services.engine import clock
from services.network import Network
from services.utility import store as utility_store
from services.utility.contents import UtilityFolder
from services.utility.folder import EXAMPLE, read_folder
from tests.conftest import TEMPLATE
from tests.console.house import House, Person, make_people, people_at

TAKEN_HOME = "lamplighter_with_people"
_numbers = itertools.count(1)
_made: set[str] = set()


@pytest.fixture(scope="session")
def example() -> tuple[UtilityFolder, Network]:
    """The example utility and its network."""
    folder = read_folder(EXAMPLE)
    return folder, Network(folder.grid)


@pytest.fixture
async def home(server_dsn: str, example: tuple[UtilityFolder, Network]) -> AsyncIterator[str]:
    """The DSN of a database with the example utility, people, and a clock in lockstep."""
    if server_dsn not in _made:
        connection = await asyncpg.connect(await databases.create(server_dsn, TAKEN_HOME, template=TEMPLATE))
        await utility_store.save(connection, example[0])
        await clock.found(connection, exercise=True, topic_prefix="t-")
        await clock.set_lockstep(connection, now_ms=STARTS_AT_MS)
        await make_people(connection)
        await connection.close()
        _made.add(server_dsn)
    name = f"console_{next(_numbers)}"
    yield await databases.create(server_dsn, name, template=TAKEN_HOME)
    await databases.drop(server_dsn, name)


@pytest.fixture
async def house(home: str, example: tuple[UtilityFolder, Network]) -> AsyncIterator[House]:
    """An installation whose stages have begun."""
    connection = await asyncpg.connect(home)
    yield await House.open(connection, *example)
    await connection.close()


@pytest.fixture
async def people(home: str, house: House) -> AsyncIterator[dict[str, Person]]:
    """Everybody who may sit at the console of this installation, by name."""
    assert house.now
    async with people_at(home) as everybody:
        yield everybody
