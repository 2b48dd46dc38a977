"""What must hold of reports: each is accounted for."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.reports.reasons import Reason

_BY_INTAKE = ", ".join(f"'{reason}'" for reason in Reason)

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="reportDecided",
        promise="No located or ambiguous report is passed over: one that came before a turn was decided by it.",
        checked_sql="SELECT count(*) FROM report WHERE state IN ('located', 'ambiguous')",
        violations_sql="""
            SELECT r.id, r.shard, r.tick, t.ticked_to FROM report r
            LEFT JOIN report_batch b ON (b.number, b.shard) = (r.batch, r.shard)
            LEFT JOIN turns t ON t.stage = 'correlate' AND t.shard = r.shard
            WHERE r.state IN ('located', 'ambiguous') AND b.decided IS NULL
              AND (b.number IS NULL OR t.shard IS NULL OR b.tick < t.ticked_to)
            ORDER BY r.id""",
    ),
    AuditRule(
        name="batchDecidedLater",
        promise="A batch of reports is decided at a later tick than it was taken at, by a turn that is on record.",
        checked_sql="SELECT count(*) FROM report_batch WHERE decided IS NOT NULL",
        violations_sql="""
            SELECT b.number, b.shard, b.tick, b.decided FROM report_batch b
            LEFT JOIN ticks t ON (t.stage, t.shard, t.n) = ('correlate', b.shard, b.decided)
            WHERE b.decided <= b.tick OR (b.decided IS NOT NULL AND t.n IS NULL)
            ORDER BY b.number, b.shard""",
    ),
    AuditRule(
        name="batchHoldsItsReports",
        promise="What a turn is given is what was taken: each batch holds its own reports, each of them once.",
        checked_sql="SELECT coalesce(sum(reports), 0) FROM report_batch",
        violations_sql="""
            WITH body AS (
                SELECT number, shard, reports, convert_from(body, 'UTF8')::json AS held FROM report_batch),
            one AS (
                SELECT number, shard, json_array_elements_text(alike -> 4) AS id
                FROM body, json_array_elements(held -> 'devices') alike
                UNION ALL
                SELECT number, shard, single ->> 0 FROM body, json_array_elements(held -> 'unsure') single
                UNION ALL
                SELECT number, shard, danger ->> 0 FROM body, json_array_elements(held -> 'dangers') danger),
            own AS (SELECT batch, shard, id FROM report WHERE batch IS NOT NULL)
            (SELECT number, shard, id FROM one EXCEPT ALL SELECT batch, shard, id FROM own)
            UNION ALL
            (SELECT batch, shard, id FROM own EXCEPT ALL SELECT number, shard, id FROM one)
            UNION ALL
            SELECT b.number, b.shard, b.reports::text FROM report_batch b
            LEFT JOIN (SELECT batch AS number, shard, count(*) AS reports FROM own GROUP BY 1, 2) o USING (number, shard)
            WHERE b.reports <> coalesce(o.reports, 0)
            ORDER BY 1, 2, 3""",
    ),
    AuditRule(
        name="reportAccounted",
        promise="Every report that was decided is in a final state, or held until others of its fault have come.",
        checked_sql="SELECT count(*) FROM report",
        violations_sql="""
            SELECT r.id, r.state, r.reason FROM report r
            LEFT JOIN report_batch b ON (b.number, b.shard) = (r.batch, r.shard)
            WHERE r.reason = '' OR (r.state IN ('located', 'ambiguous') AND b.decided IS NOT NULL AND NOT EXISTS (
                SELECT FROM entity e, json_array_elements_text(e.body -> 'reports') AS held (report)
                WHERE e.stage = 'correlate' AND held.report = r.id
                  AND (e.kind, e.id) IN (('pending', r.customer), ('hint', r.id))))
            ORDER BY r.id""",
    ),
    AuditRule(
        name="reportExplained",
        promise="A report that was counted or muted names an incident, a hazard or a window that there is.",
        checked_sql="SELECT count(*) FROM report WHERE state IN ('counted', 'muted')",
        violations_sql="""
            SELECT r.id, r.state, r.holder FROM report r
            WHERE r.state IN ('counted', 'muted')
              AND NOT EXISTS (SELECT FROM incident i WHERE i.id = r.holder)
              AND NOT EXISTS (SELECT FROM hazard h WHERE h.id = r.holder)
              AND NOT EXISTS (SELECT FROM journal j WHERE j.subject_kind IN ('window', 'momentary') AND j.subject = r.holder)
            ORDER BY r.id""",
    ),
    AuditRule(
        name="unlocatedForAReason",
        promise="What intake could not locate says why, in a word of intake; what is ambiguous names all that may be meant.",
        checked_sql="SELECT count(*) FROM report WHERE state IN ('ambiguous', 'unknown', 'closedAccount', 'late')",
        violations_sql=f"""
            SELECT id, state, reason FROM report
            WHERE (state IN ('unknown', 'closedAccount', 'late') AND reason NOT IN ({_BY_INTAKE}))
               OR (state = 'ambiguous' AND json_array_length(candidates) < 2)
            ORDER BY id""",  # noqa: S608 (the words are our own)
    ),
    AuditRule(
        name="edgeReportTaken",
        promise="Every report that was accepted over HTTP and published is a report here, or parked with its reason.",
        checked_sql="SELECT count(*) FROM edge_event WHERE topic = 'outage.reports'",
        violations_sql="""
            SELECT e.key_id, e.event_id FROM edge_event e JOIN outbox o ON o.id = e.outbox_id
            WHERE e.topic = 'outage.reports' AND o.sent
              AND NOT EXISTS (SELECT FROM report r WHERE r.id = e.event_id AND r.body_sha256 = e.sha256)
              AND NOT EXISTS (SELECT FROM parked p WHERE p.event_id = e.event_id AND (p.erased OR sha256(p.body) = e.sha256))
              AND NOT EXISTS (
                  SELECT FROM heads h LEFT JOIN progress p ON (p.stage, p.topic, p.part) = ('intake', h.topic, h.part)
                  WHERE h.topic = 'outage.reports' AND coalesce(p.next_offset, 0) < h.end_offset)
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="namesakeParked",
        promise="A report that was parked for its id names another report of this id that there is.",
        checked_sql="SELECT count(*) FROM parked WHERE stage = 'intake' AND reason = 'sameIdOtherContent'",
        violations_sql="""
            SELECT p.id, p.event_id FROM parked p
            WHERE p.stage = 'intake' AND p.reason = 'sameIdOtherContent'
              AND NOT EXISTS (SELECT FROM report r WHERE r.id = p.event_id AND r.body_sha256 <> sha256(p.body))
            ORDER BY p.id""",
    ),
)
