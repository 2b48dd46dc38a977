"""An import is a new version, or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest

from services.network import GridTables
from services.utility.contents import TABLES
from services.utility.folder import EXAMPLE, UtilityFolder, read_folder
from services.utility.store import NoUtilityError, load, make_current, save
from tests.utility.valley import write

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture(scope="module")
def example() -> UtilityFolder:
    return read_folder(EXAMPLE)


def renamed(folder: UtilityFolder, name: str) -> UtilityFolder:
    return replace(folder, name=name)


async def test_what_was_saved_is_loaded_again(connection: Connection, example: UtilityFolder) -> None:
    with pytest.raises(NoUtilityError):
        await load(connection)
    await save(connection, example)
    loaded = await load(connection)
    assert loaded == example
    assert loaded.digest == example.digest


async def test_a_folder_that_says_everything_is_kept_whole(connection: Connection, tmp_path: Path) -> None:
    valley = read_folder(write(tmp_path))
    assert all(valley.rows(table) for table in TABLES)
    await save(connection, valley)
    loaded = await load(connection)
    assert loaded == valley
    for table in TABLES:
        kinds = [[type(value) for value in row] for row in valley.rows(table)]
        assert [[type(value) for value in row] for row in loaded.rows(table)] == kinds, table.file
    assert await connection.fetch("SELECT customer, phone, rank FROM current_phone ORDER BY rank") == [
        ("C1", "+4915100000001", 1),
        ("C1", "+4915100000002", 2),
    ]


async def test_an_older_version_can_be_looked_at_in_a_transaction_that_is_taken_back(
    connection: Connection, example: UtilityFolder
) -> None:
    first = await save(connection, example)
    second = await save(connection, renamed(example, "Other Power"))
    trial = connection.transaction()
    await trial.start()
    await make_current(connection, first)
    assert await load(connection) == example
    with pytest.raises(NoUtilityError):
        await make_current(connection, second + 1)
    await trial.rollback()
    assert (await load(connection)).name == "Other Power"


async def test_the_same_content_again_is_no_new_version(connection: Connection, example: UtilityFolder) -> None:
    first = await save(connection, example)
    assert await save(connection, read_folder(EXAMPLE)) == first
    assert await connection.fetchval("SELECT count(*) FROM utility_version") == 1
    assert await connection.fetchval("SELECT count(*) FROM customer") == len(example.grid.customers)


async def test_other_content_is_the_next_version_and_going_back_is_possible(
    connection: Connection, example: UtilityFolder
) -> None:
    first = await save(connection, example)
    second = await save(connection, renamed(example, "Other Power"))
    assert second > first
    assert (await load(connection)).name == "Other Power"
    assert await save(connection, example) == first
    assert (await load(connection)).name == example.name
    assert await connection.fetchval("SELECT array_agg(version) FROM utility_version WHERE current") == [first]


async def test_an_import_that_fails_on_its_last_row_leaves_nothing(
    connection: Connection, example: UtilityFolder
) -> None:
    first = await save(connection, example)
    customers = (*example.grid.customers[:-1], example.grid.customers[-1]._replace(level="HV"))
    grid = GridTables(
        feeders=example.grid.feeders,
        nodes=example.grid.nodes,
        branches=example.grid.branches,
        customers=customers,
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await save(connection, replace(example, grid=grid))
    assert await connection.fetchval("SELECT array_agg(version) FROM utility_version WHERE current") == [first]
    for table in ("utility_feeder", "utility_node", "utility_branch", "customer"):
        assert await connection.fetchval(f"SELECT array_agg(DISTINCT version) FROM {table}") == [first]
    assert await load(connection) == example


async def test_two_imports_of_the_same_content_at_once_make_one_version(
    dsn: str, connection: Connection, example: UtilityFolder
) -> None:
    other = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            first = await save(connection, example)
            await other.execute("SET lock_timeout = '50ms'")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await save(other, example)
        assert await save(other, example) == first
    finally:
        await other.close()
