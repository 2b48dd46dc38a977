"""What must hold of the figures."""

from __future__ import annotations

from services.audit.rule import AuditRule

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="measuredOnce",
        promise="Every interruption that was not voided is measured, once, with the customer's feeder and tier.",
        checked_sql="SELECT count(*) FROM interruption WHERE NOT voided",
        violations_sql="""
            SELECT i.id, count(m.id) AS measured FROM interruption i LEFT JOIN measured_interruption m ON m.id = i.id
            WHERE NOT i.voided GROUP BY i.id
            HAVING count(m.id) <> 1 OR bool_or(coalesce(m.feeder, '') = '' OR coalesce(m.tier, '') = '') ORDER BY i.id""",
    ),
    AuditRule(
        name="incidentTimesInOrder",
        promise="No incident was restored, defined or reached before it began, nor reached before somebody was sent.",
        checked_sql="SELECT count(*) FROM incident_times",
        violations_sql="""
            SELECT incident, started_at_ms, defined_at_ms, dispatched_at_ms, arrived_at_ms, restored_at_ms FROM incident_times
            WHERE defined_at_ms < started_at_ms OR restored_at_ms < started_at_ms OR arrived_at_ms < dispatched_at_ms
            ORDER BY incident""",
    ),
    AuditRule(
        name="estimatesKept",
        promise="The last estimate that was kept of an incident is the one that it has, and none was kept twice in a row.",
        checked_sql="SELECT count(*) FROM incident_estimate",
        violations_sql="""
            SELECT k.incident, k.revision, k.estimate_ms, i.estimate_ms AS has
            FROM (SELECT e.*, lead(estimate_ms) OVER (PARTITION BY incident ORDER BY revision) AS next FROM incident_estimate e) k
            JOIN incident i ON i.id = k.incident
            WHERE k.next = k.estimate_ms OR (k.next IS NULL AND k.estimate_ms <> i.estimate_ms) ORDER BY k.incident, k.revision""",
    ),
)
