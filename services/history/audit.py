"""What must hold of the history."""

from __future__ import annotations

from services.audit.rule import AuditRule

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="historyTimesInOrder",
        promise="An outage of the past begins before it ends, and was seen in between; seen or ended, it had readings.",
        checked_sql="SELECT count(*) FROM history_outage",
        violations_sql="""
            SELECT id, utility, start_ms, seen_from_ms, seen_until_ms, end_ms FROM history_outage
            WHERE seen_from_ms > seen_until_ms OR seen_until_ms >= end_ms OR (kind <> 'noOutage' AND start_ms > seen_until_ms)
               OR (seen_from_ms IS NULL) <> (seen_until_ms IS NULL) OR (seen_from_ms IS NULL) <> (readings = 0)
               OR (end_ms IS NOT NULL AND seen_until_ms IS NULL)
            ORDER BY id""",
    ),
    AuditRule(
        name="historyEndsOnlyWhereSeen",
        promise="Of an outage of the past that has no end, and of a record that is none, it is said why.",
        checked_sql="SELECT count(*) FROM history_outage",
        violations_sql="""
            SELECT id, utility, kind, why FROM history_outage
            WHERE (end_ms IS NULL) <> (why IS NOT NULL)
               OR (kind = 'noOutage') <> coalesce(why IN ('noCustomers', 'askedFor', 'notBegun', 'standing'), false)
               OR (kind = 'unfinished') <> coalesce(why IN ('stillShown', 'notRead', 'feedCut'), false)
            ORDER BY id""",
    ),
    AuditRule(
        name="historyCountsCustomers",
        promise="An outage of the past had customers; planned work and what is no known spelling are told apart.",
        checked_sql="SELECT count(*) FROM history_outage",
        violations_sql="""
            SELECT id, utility, customers, cause, planned FROM history_outage
            WHERE customers < 0 OR (customers = 0) <> coalesce(why = 'noCustomers', false)
               OR (cause = 'PLANNED' AND NOT planned) OR (NOT cause_known AND cause NOT IN ('UNKNOWN', 'PLANNED'))
            ORDER BY id""",
    ),
)
