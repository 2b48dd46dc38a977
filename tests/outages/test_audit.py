"""Each audit rule holds on what the engine wrote, and names the row when the data is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from services.outages.audit import RULES
from services.reports.audit import RULES as REPORT_RULES
from tests.outages.played import morning
from tests.stage_script import violations

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

EVERY = (*REPORT_RULES, *RULES)

_OF_T31 = "(SELECT id FROM incident WHERE device = 'transformer:T31')"
_AGAIN = """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
                                      reason, voided)
            SELECT 'again', customer, number, area, start_ms + 1, end_ms, planned, basis, holder_kind, holder, reason, voided
            FROM interruption WHERE customer = 'T31-2'"""

DAMAGE: dict[str, tuple[str, str]] = {
    "reportDecided": ("UPDATE report SET decided = NULL WHERE id = 'call-T41-1-0900-0'", "call-T41-1-0900-0"),
    "reportAccounted": ("DELETE FROM entity WHERE kind = 'pending'", "call-T41-1-0900-0"),
    "reportExplained": (
        "UPDATE report SET holder = 'lost' WHERE id = 'lastGasp-T21-1-060010-0'",
        "lastGasp-T21-1-060010-0",
    ),
    "customerOutOnce": (f"ALTER TABLE interruption DROP CONSTRAINT interruption_once_at_a_time; {_AGAIN}", "T31-2"),
    "ledgerAgreesWithState": ("DELETE FROM entity WHERE kind = 'out' AND id = 'T31-3'", "T31-3"),
    "interruptionHeld": (
        "DELETE FROM interruption_holder USING interruption i WHERE i.id = interruption AND i.customer = 'T31-4'",
        "T31-4",
    ),
    "incidentHoldsItsCustomers": ("UPDATE incident SET customers_out = 9 WHERE device = 'transformer:T31'", "9"),
    "incidentReasoned": (
        f"UPDATE journal SET reason = 'because' WHERE subject = {_OF_T31}",
        "confirmed",
    ),
    "incidentPublished": ("UPDATE incident SET revision = 77 WHERE device = 'transformer:T31'", "77"),
    "incidentOver": ("UPDATE incident SET restored_at_ms = NULL WHERE device = 'switch:L1'", "closed"),
    "restoredHasEnded": (
        "UPDATE interruption SET end_ms = end_ms + 3600000 WHERE customer = 'T12-2' AND NOT planned",
        "T12-2",
    ),
    "largeCustomerTold": (
        "DELETE FROM outbox WHERE topic = 'hotline.priority' AND convert_from(body, 'UTF8') LIKE '%T31-1%'",
        "T31-1",
    ),
}


async def test_what_the_engine_wrote_of_a_morning_keeps_every_promise(connection: Connection) -> None:
    await morning(connection)
    assert await violations(connection, EVERY) == {}
    for rule in EVERY:
        assert await connection.fetchval(rule.checked_sql) > 0, rule.name


@pytest.mark.parametrize("name", sorted(rule.name for rule in EVERY))
async def test_damage_is_seen_by_its_rule(connection: Connection, name: str) -> None:
    await morning(connection)
    damage, named = DAMAGE[name]
    await connection.execute(damage)
    found = await violations(connection, [rule for rule in EVERY if rule.name == name])
    assert named in {str(value) for row in found[name] for value in row}


async def test_a_large_customer_whose_end_was_not_told_is_seen(connection: Connection) -> None:
    await morning(connection)
    await connection.execute(
        "DELETE FROM outbox WHERE topic = 'hotline.priority' AND convert_from(body, 'UTF8') LIKE '%customerRestored%'"
    )
    assert [row[0] for row in (await violations(connection, RULES))["largeCustomerTold"]] == ["V1-1"]
