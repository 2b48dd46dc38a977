"""The audit rules of the figures name what was damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.measures.audit import RULES
from tests.measures.written import Served, Spell, serve, write

if TYPE_CHECKING:
    from tests.measures.written import Connection


async def violations(connection: Connection, name: str) -> list[str]:
    """Return the first column of what a rule finds."""
    (rule,) = [rule for rule in RULES if rule.name == name]
    return [str(row[0]) for row in await connection.fetch(rule.violations_sql)]


async def test_an_interruption_without_feeder_is_named(connection: Connection) -> None:
    await serve(connection, [Served("C1"), Served("C2")], now_ms=9_000_000)
    await write(connection, [Spell("C1", 0, 600_000), Spell("C2", 0, 600_000)])
    assert await violations(connection, "measuredOnce") == []
    await connection.execute("UPDATE interruption SET feeder = '' WHERE customer = 'C2'")
    assert await violations(connection, "measuredOnce") == ["i1"]


async def test_an_incident_that_was_restored_before_it_began_is_named(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                 restored_at_ms, changed_at_ms, heard, customers_out, region, feeder)
           SELECT 'I' || n, 'A1', 'D', 'restored', 'r', 1, 'meter', 60000, 0, 90000, 80000, 80000, 1, 0, 'R1', 'F1'
           FROM generate_series(1, 2) n"""
    )
    assert await violations(connection, "incidentTimesInOrder") == []
    await connection.execute("UPDATE incident SET restored_at_ms = -1 WHERE id = 'I2'")
    assert await violations(connection, "incidentTimesInOrder") == ["I2"]


async def test_an_estimate_that_was_not_kept_is_named(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                 changed_at_ms, heard, customers_out)
           SELECT 'I' || n, 'A1', 'D', 'confirmed', 'r', 2, 'meter', 60000, 0, 90000, 80000, 1, 0
           FROM generate_series(1, 3) n"""
    )
    await connection.execute(
        """INSERT INTO incident_estimate
           SELECT 'I' || n, r, r, 30000 * (r + 1), 'device' FROM generate_series(1, 3) n, generate_series(1, 2) r"""
    )
    assert await violations(connection, "estimatesKept") == []
    await connection.execute("UPDATE incident SET estimate_ms = 99999 WHERE id = 'I2'")
    await connection.execute("UPDATE incident_estimate SET estimate_ms = 90000 WHERE incident = 'I3'")
    assert await violations(connection, "estimatesKept") == ["I2", "I3"]
