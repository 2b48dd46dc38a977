"""What must hold of reports: each is accounted for."""

from __future__ import annotations

from services.audit.rule import AuditRule

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="reportDecided",
        promise="No located report is passed over: one that came before a turn was decided by it.",
        checked_sql="SELECT count(*) FROM report WHERE state = 'located'",
        violations_sql="""
            SELECT r.id, r.shard, r.tick, t.ticked_to FROM report r
            LEFT JOIN turns t ON t.stage = 'correlate' AND t.shard = r.shard
            WHERE r.state = 'located' AND r.decided IS NULL AND (t.shard IS NULL OR r.tick < t.ticked_to)
            ORDER BY r.id""",
    ),
    AuditRule(
        name="reportAccounted",
        promise="Every report that was decided is in a final state, or held until others of its fault have come.",
        checked_sql="SELECT count(*) FROM report",
        violations_sql="""
            SELECT r.id, r.state, r.reason FROM report r
            WHERE r.reason = '' OR (r.state = 'located' AND r.decided IS NOT NULL AND NOT EXISTS (
                SELECT FROM entity e, json_array_elements_text(e.body -> 'reports') AS held (report)
                WHERE e.stage = 'correlate' AND e.kind = 'pending' AND e.id = r.customer AND held.report = r.id))
            ORDER BY r.id""",
    ),
    AuditRule(
        name="reportExplained",
        promise="A report that was counted or muted names an incident or a window that there is.",
        checked_sql="SELECT count(*) FROM report WHERE state IN ('counted', 'muted')",
        violations_sql="""
            SELECT r.id, r.state, r.holder FROM report r
            WHERE r.state IN ('counted', 'muted')
              AND NOT EXISTS (SELECT FROM incident i WHERE i.id = r.holder)
              AND NOT EXISTS (SELECT FROM journal j WHERE j.subject_kind = 'window' AND j.subject = r.holder)
            ORDER BY r.id""",
    ),
)
