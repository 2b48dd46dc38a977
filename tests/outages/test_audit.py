"""Each audit rule holds on what the engine wrote, and names the row when the data is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from services.outages.audit import RULES
from services.reports.audit import RULES as REPORT_RULES
from tests.outages.played import afternoon, morning
from tests.stage_script import violations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import asyncpg

    from services.audit.rule import AuditRule

    Connection: TypeAlias = asyncpg.Connection[Any]

_OF_T11 = """(SELECT p.interruption FROM interruption_part p JOIN interruption i ON i.id = p.interruption
                        WHERE p.powered AND i.customer = 'T11-1')"""

_OF_T31 = "(SELECT id FROM incident WHERE device = 'transformer:T31')"
_AGAIN = """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
                                      reason, voided)
            SELECT 'again', customer, number, area, start_ms + 1, end_ms, planned, basis, holder_kind, holder, reason, voided
            FROM interruption WHERE customer = 'T31-2'"""

DAMAGE: dict[str, tuple[str, str]] = {
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
    "beliefsKept": (
        f"INSERT INTO incident_hypothesis SELECT {_OF_T31}, 9, rank, 'd' || rank, 100 * rank FROM generate_series(1, 2) rank",
        "['d1', 'd2']",
    ),
    "restoredHasEnded": (
        """UPDATE interruption_part p SET until_ms = until_ms + 36000000 FROM interruption i
           WHERE i.id = p.interruption AND i.customer = 'T12-2'""",
        "T12-2",
    ),
    "partsTileInterruption": (
        f"UPDATE interruption_part SET until_ms = until_ms - 1 WHERE interruption = {_OF_T11}",
        "T11-1",
    ),
    "lastingReturn": (
        f"UPDATE interruption_part SET until_ms = until_ms + 300000 WHERE powered AND interruption = {_OF_T11}",
        "T11-1",
    ),
    "momentaryIsShort": (
        "UPDATE interruption_part SET until_ms = until_ms + 300001 WHERE holder_kind = 'momentary'",
        "momentary",
    ),
    "everythingHeardAnswered": (
        "UPDATE journal SET facts = '{}' WHERE facts @> ARRAY['state-R1-1010']",
        "state-R1-1010",
    ),
    "positionWasHeard": (
        """UPDATE entity SET body = replace(body::text, '"closed":true', '"closed":false')::json
           WHERE kind = 'position' AND id = 'switch:L3'; DELETE FROM inbox WHERE id = 'state-L3-1040'""",
        "switch:L3",
    ),
    "telemetryWins": (
        """UPDATE entity SET body = replace(body::text, '"device":"transformer:T11"', '"device":"switch:L3"')::json
           WHERE kind = 'incident' AND body ->> 'device' = 'transformer:T11';
           UPDATE entity SET body = replace(body::text, '"confirmed"', '"predicted"')::json WHERE kind = 'incident'""",
        "switch:L3",
    ),
    "dispatcherFollowed": ("UPDATE incident SET fixed = false WHERE device = 'transformer:T31'", "confirmed"),
    "overrunTold": (
        """UPDATE entity SET body = replace(body::text, '"overrun":true', '"overrun":false')::json
           WHERE kind = 'window'""",
        "W-2",
    ),
    "hazardAccounted": ("UPDATE hazard SET revision = 7", "7"),
    "largeCustomerTold": (
        "DELETE FROM outbox WHERE topic = 'hotline.priority' AND convert_from(body, 'UTF8') LIKE '%T31-1%'",
        "T31-1",
    ),
}


REPORT_DAMAGE: dict[str, tuple[str, str]] = {
    "reportDecided": (
        """UPDATE report_batch SET decided = NULL
           WHERE number = (SELECT batch FROM report WHERE id = 'call-near-T21')""",
        "call-near-T21",
    ),
    "batchDecidedLater": ("UPDATE report_batch SET decided = decided + 1000 WHERE number = 1", "1"),
    "batchHoldsItsReports": (
        """UPDATE report_batch SET body = convert_to(replace(convert_from(body, 'UTF8'), 'call-T41-1-0900-0', 'x'), 'UTF8')""",
        "call-T41-1-0900-0",
    ),
    "reportAccounted": ("DELETE FROM entity WHERE kind = 'hint'", "call-near-T21"),
    "reportExplained": (
        "UPDATE report SET holder = 'lost' WHERE id = 'lastGasp-T21-1-060010-0'",
        "lastGasp-T21-1-060010-0",
    ),
}
"""Of the rules of reports those that look at what the inference made of them."""


async def test_what_the_engine_wrote_of_a_day_keeps_every_promise(connection: Connection) -> None:
    await afternoon(connection)
    assert await violations(connection, (*REPORT_RULES, *RULES)) == {}
    for rule in RULES:
        assert await connection.fetchval(rule.checked_sql) > 0, rule.name


async def test_damage_is_seen_by_its_rule(connection: Connection) -> None:
    await afternoon(connection)
    assert sorted(DAMAGE) == sorted(rule.name for rule in RULES)
    await _sees(connection, RULES, DAMAGE)


async def test_a_report_that_the_inference_lost_is_seen(connection: Connection) -> None:
    await morning(connection)
    assert await violations(connection, REPORT_RULES) == {}
    await _sees(connection, [rule for rule in REPORT_RULES if rule.name in REPORT_DAMAGE], REPORT_DAMAGE)


async def _sees(connection: Connection, rules: Iterable[AuditRule], damages: Mapping[str, tuple[str, str]]) -> None:
    for rule in rules:
        damage, named = damages[rule.name]
        trial = connection.transaction()
        await trial.start()
        await connection.execute(damage)
        found = await violations(connection, [rule])
        await trial.rollback()
        assert named in {str(value) for row in found.get(rule.name, []) for value in row}, rule.name


async def test_a_large_customer_whose_end_was_not_told_is_seen(connection: Connection) -> None:
    await afternoon(connection)
    await connection.execute(
        "DELETE FROM outbox WHERE topic = 'hotline.priority' AND convert_from(body, 'UTF8') LIKE '%customerRestored%'"
    )
    assert [row[0] for row in (await violations(connection, RULES))["largeCustomerTold"]] == ["V1-1"]


async def test_an_interruption_that_ended_for_a_short_return_is_seen(connection: Connection) -> None:
    await afternoon(connection)
    await connection.execute(
        """UPDATE interruption SET end_ms = start_ms + 60000 WHERE customer = 'T12-1' AND NOT voided;
           INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
                                     reason, voided)
           SELECT 'again', customer, number, area, start_ms + 120000, start_ms + 180000, planned, basis, holder_kind,
                  holder, reason, voided
           FROM interruption WHERE customer = 'T12-1' AND NOT voided ORDER BY start_ms LIMIT 1"""
    )
    assert ["T12-1", "again"] in [row[:2] for row in (await violations(connection, RULES))["lastingReturn"]]
