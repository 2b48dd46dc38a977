"""From the first released schema on: a database that was really used is migrated, and still holds and replays."""

from __future__ import annotations

import itertools
import lzma
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.backup import client_environment
from deploy.postgres import client
from services.audit import run as auditing
from services.database import databases
from services.database.migrate import UnknownSchema, migrate, migrations, verify
from services.database.pool import connect
from services.engine.replaying import decided_by_earlier_rules
from streams import replay

PLAYED = Path(__file__).with_name("played_0016.sql.xz")
FIRST_RELEASED = 16
_numbers = itertools.count(1)


@pytest.fixture
async def released(server_dsn: str) -> AsyncIterator[str]:
    """The DSN of a database as the first released program left it after a storm."""
    name = f"released_{next(_numbers)}"
    dsn = await databases.create(server_dsn, name)
    subprocess.run(
        [str(client("psql")), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"],
        env=client_environment(dsn),
        input=lzma.decompress(PLAYED.read_bytes()),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    yield dsn
    await databases.drop(server_dsn, name)


async def test_a_played_storm_of_the_first_release_is_migrated_holds_and_replays(released: str) -> None:
    newer = migrations()[FIRST_RELEASED:]
    assert await migrate(released) == [migration.name for migration in newer]
    await verify(released)
    connection = await connect(released)
    try:
        # There is no Kafka in this test; where its topics ended, the database knew.
        rows = await connection.fetch("SELECT topic, part, end_offset FROM heads")
        ends = {(row["topic"], row["part"]): row["end_offset"] for row in rows}
        findings = await auditing.audit(connection, ends)
        assert {f.rule.name: f.violations for f in findings if f.violations} == {}
        assert sum(finding.checked for finding in findings) > 6_000
        turns, differences = await replay.replay(connection, exercise=True)
        earlier = await decided_by_earlier_rules(connection)
        assert differences == [], "rules or entities changed: raise the stage's edition in services/engine/rulebook.py"
        assert turns > 5  # of the stages whose rules are those of the first release still
        assert turns + earlier == await connection.fetchval("SELECT count(*) FROM ticks")
    finally:
        await connection.close()


async def test_an_older_schema_is_refused_with_the_command_that_helps(released: str) -> None:
    with pytest.raises(UnknownSchema, match=r"lacks 0017_\w+\.sql: run `lamplighter migrate`"):
        await verify(released)


async def test_a_newer_schema_is_refused_and_left_as_it_is(dsn: str) -> None:
    connection = await connect(dsn)
    try:
        number = len(migrations()) + 1
        await connection.execute(
            "INSERT INTO schema_migration (number, name, digest) VALUES ($1, $2, 'x')", number, f"{number:04}_later.sql"
        )
        for look in (verify, migrate):
            with pytest.raises(UnknownSchema, match="a newer program ran here"):
                await look(dsn)
        assert await connection.fetchval("SELECT max(number) FROM schema_migration") == number
    finally:
        await connection.close()


async def test_a_migration_that_was_changed_after_it_was_applied_is_noticed(dsn: str) -> None:
    connection = await connect(dsn)
    try:
        await connection.execute("UPDATE schema_migration SET digest = 'x' WHERE number = 3")
        with pytest.raises(UnknownSchema, match="differs from what was applied"):
            await verify(dsn)
    finally:
        await connection.close()
