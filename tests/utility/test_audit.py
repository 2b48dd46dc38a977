"""Each rule of the room names the row that breaks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import asyncpg

from services.audit.store import in_one_snapshot
from services.utility.audit import RULES
from services.utility.folder import read_folder
from services.utility.store import save
from tests.utility.valley import write

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def found(connection: Connection) -> dict[str, tuple[int, list[dict[str, Any]]]]:
    rules = await in_one_snapshot(connection, RULES, {})
    return {
        rule.name: (checked, [dict(row) for row in rows]) for rule, (checked, rows) in zip(RULES, rules, strict=True)
    }


async def open_something(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO entity (stage, kind, id, shard, body) VALUES
           ('correlate', 'out', 'C1', 'A1', '{"since": 1772388000000}'),
           ('correlate', 'pending', 'C2', 'A1', '{"device": "switch:2"}'),
           ('correlate', 'window', 'W1', 'A1', '{"state": "active", "isolates": ["switch:2", "transformer:T1"]}'),
           ('escalate', 'escalation', 'o1', 'L1', '{"account": "L1", "customer": "C2", "state": "calling"}')"""
    )


async def test_a_utility_on_which_everything_open_rests_breaks_no_rule(connection: Connection, tmp_path: Path) -> None:
    await save(connection, read_folder(write(tmp_path)))
    await open_something(connection)
    assert await found(connection) == {"aVersionIsCurrent": (1, []), "openRestsOnTheUtility": (4, [])}


async def test_what_was_pulled_away_is_named(connection: Connection, tmp_path: Path) -> None:
    await save(connection, read_folder(write(tmp_path)))
    await open_something(connection)
    await connection.execute("DELETE FROM customer WHERE customer = 'C1'")
    await connection.execute("DELETE FROM utility_branch WHERE kind = 'switch' AND id = '2'")
    await connection.execute("DELETE FROM hotline_account")
    checked, violations = (await found(connection))["openRestsOnTheUtility"]
    assert checked == 4
    assert [(row["kind"], row["id"], row["what"]) for row in violations] == [
        ("account", "L1", "the escalation of outage o1"),
        ("customer", "C1", "the outage since 2026-03-01T18:00Z"),
        ("device", "switch:2", "a report that nothing explains yet"),
        ("device", "switch:2", "planned work W1"),
    ]


async def test_a_utility_of_which_no_version_is_current_is_named(connection: Connection, tmp_path: Path) -> None:
    version = await save(connection, read_folder(write(tmp_path)))
    await connection.execute("UPDATE utility_version SET current = false")
    assert (await found(connection))["aVersionIsCurrent"] == (1, [{"newest": version}])
