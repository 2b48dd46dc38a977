"""The audit rules of the history name what was damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.engine.taking import Connection
from services.history.audit import RULES
from services.history.store import save
from tests.history.files import read_map, shown


async def violations(connection: Connection, name: str) -> list[str]:
    (rule,) = [rule for rule in RULES if rule.name == name]
    return [str(row["id"]) for row in await connection.fetch(rule.violations_sql)]


@pytest.mark.parametrize(
    ("rule", "damage"),
    [
        ("historyTimesInOrder", "end_ms = seen_until_ms"),
        ("historyTimesInOrder", "start_ms = seen_until_ms + 1"),
        ("historyTimesInOrder", "readings = 0"),
        ("historyEndsOnlyWhereSeen", "end_ms = NULL"),
        ("historyEndsOnlyWhereSeen", "kind = 'noOutage'"),
        ("historyEndsOnlyWhereSeen", "kind = 'unfinished'"),
        ("historyCountsCustomers", "customers = 0"),
        ("historyCountsCustomers", "cause = 'PLANNED'"),
        ("historyCountsCustomers", "cause_known = false"),
    ],
)
async def test_a_damaged_row_is_named(tmp_path: Path, connection: Connection, rule: str, damage: str) -> None:
    rows = [
        shown("10:00", "7"),
        shown("10:00", "8", lat=32),
        shown("10:00", "9", customers=0, lat=33),
        shown("12:00", "8", lat=32),
    ]
    outages = read_map(tmp_path, *rows, readings={"10:00": 3, "12:00": 1})
    await save(connection, outages)
    assert [await violations(connection, each.name) for each in RULES] == [[]] * len(RULES)
    (seven,) = [outage for outage in outages if outage.incident == "7"]
    await connection.execute(f"UPDATE history_outage SET {damage} WHERE id = $1", seven.id)
    assert await violations(connection, rule) == [seven.id]
