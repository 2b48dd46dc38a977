"""What must hold of incidents, of the ledger, and of what was heard."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.outages.audit_incidents import INCIDENT_RULES
from services.outages.board import FRESH_MS
from services.outages.stretches import LASTING_MS, SUSTAINED_MS

_PARTS = """parts AS (
    SELECT p.*, i.customer, i.start_ms, i.end_ms,
           lag(p.until_ms) OVER w AS before_until, row_number() OVER w AS place,
           row_number() OVER (PARTITION BY p.interruption ORDER BY p.from_ms DESC) AS from_last
    FROM interruption_part p JOIN interruption i ON i.id = p.interruption AND NOT i.voided
    WINDOW w AS (PARTITION BY p.interruption ORDER BY p.from_ms))"""

RULES: tuple[AuditRule, ...] = (
    *INCIDENT_RULES,
    AuditRule(
        name="partsTileInterruption",
        promise="The parts of an interruption lie end to end from its start to its end, each held by what there is.",
        checked_sql="SELECT count(*) FROM interruption_part",
        violations_sql=f"""
            WITH {_PARTS}
            SELECT customer, interruption, from_ms FROM parts
            WHERE (place = 1 AND from_ms <> start_ms) OR (place > 1 AND from_ms IS DISTINCT FROM before_until)
               OR (from_last = 1 AND until_ms IS DISTINCT FROM end_ms)
               OR (holder_kind = 'incident' AND NOT EXISTS (SELECT FROM incident n WHERE n.id = holder))
            UNION ALL
            SELECT i.customer, i.id, NULL FROM interruption i
            WHERE NOT i.voided AND NOT EXISTS (SELECT FROM interruption_part p WHERE p.interruption = i.id)
            ORDER BY 1, 2, 3""",  # noqa: S608 - built of this module's own text
    ),
    AuditRule(
        name="lastingReturn",
        promise="Power that is back for less than the setting does not end an interruption, for longer it does.",
        checked_sql="SELECT count(*) FROM interruption_part",
        violations_sql=f"""
            WITH {_PARTS}
            SELECT customer, interruption, from_ms FROM parts
            WHERE powered AND (place = 1 OR from_last = 1 OR until_ms - from_ms >= {LASTING_MS})
            UNION ALL
            SELECT customer, id, start_ms FROM (
                SELECT customer, id, start_ms, lag(end_ms) OVER (PARTITION BY customer, planned ORDER BY start_ms) AS before
                FROM interruption WHERE NOT voided) i
            WHERE start_ms - before < {LASTING_MS}
            ORDER BY 1, 2, 3""",  # noqa: S608 - as above
    ),
    AuditRule(
        name="momentaryIsShort",
        promise="A loss without an incident was over within the time that is momentary.",
        checked_sql="SELECT count(*) FROM interruption_part",
        violations_sql=f"""
            SELECT p.interruption, p.holder_kind, p.holder, p.from_ms FROM interruption_part p
            WHERE p.holder_kind = 'momentary' AND NOT p.powered
              AND (p.until_ms IS NULL OR p.until_ms - p.from_ms > {SUSTAINED_MS})
            ORDER BY 1, 4""",  # noqa: S608 - as above
    ),
    AuditRule(
        name="largeCustomerTold",
        promise="Every outage of a customer with a hotline account was told to the hotline, and so was its end.",
        checked_sql="SELECT count(*) FROM interruption i JOIN current_premise a USING (customer) WHERE NOT i.voided",
        violations_sql="""
            WITH told AS (
                SELECT convert_from(o.body, 'UTF8')::json AS event FROM outbox o
                WHERE o.stage = 'correlate' AND o.topic = 'hotline.priority'),
            outage AS (
                SELECT DISTINCT b.event ->> 'outage' AS outage, b.event ->> 'customer' AS customer,
                       e.event IS NOT NULL AS ended
                FROM told b LEFT JOIN told e ON e.event ->> 'outage' = b.event ->> 'outage'
                     AND e.event ->> 'type' = 'hotline.customerRestored.v1'
                WHERE b.event ->> 'type' = 'hotline.customerOut.v1')
            -- What was over when it was found out was not told.
            SELECT i.customer, i.id AS interruption, NULL AS outage
            FROM interruption i JOIN current_premise a USING (customer)
            WHERE NOT i.voided AND NOT EXISTS (SELECT FROM outage o WHERE o.customer = i.customer)
              AND coalesce(i.end_ms > (SELECT min(from_ms) FROM interruption_holder WHERE interruption = i.id), true)
            UNION ALL
            SELECT o.customer, min(i.id), min(o.outage) FROM outage o
            LEFT JOIN interruption i ON i.customer = o.customer AND i.end_ms IS NULL AND NOT i.voided
            GROUP BY o.customer
            HAVING count(DISTINCT o.outage) FILTER (WHERE NOT o.ended) <> count(DISTINCT i.id)
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="everythingHeardAnswered",
        promise="Every state of a device, notice of work and word of a dispatcher was answered with a reason.",
        checked_sql="""
            SELECT count(*) FROM inbox WHERE stage = 'correlate' AND decided IS NOT NULL AND topic <> 'crew.assignments'""",
        violations_sql="""
            SELECT b.id, b.topic, b.decided FROM inbox b
            WHERE b.stage = 'correlate' AND b.decided IS NOT NULL AND b.topic <> 'crew.assignments'
              AND NOT EXISTS (
                SELECT FROM journal j WHERE j.stage = 'correlate' AND j.shard = b.shard AND j.tick = b.decided
                  AND b.id = ANY (j.facts))
            ORDER BY b.id""",
    ),
    AuditRule(
        name="positionWasHeard",
        promise="Every device that was told of as a whole stands as a good state of it says, or as planned work has it.",
        checked_sql="SELECT count(*) FROM device_position",
        violations_sql="""
            SELECT p.device, p.closed, p.source FROM device_position p
            WHERE p.source <> 'work' AND p.poles = 0 AND NOT EXISTS (
                SELECT FROM inbox b, LATERAL (SELECT convert_from(b.body, 'UTF8')::json AS state) e
                WHERE b.stage = 'correlate' AND b.topic = 'device.states' AND b.shard = p.area
                  AND e.state ->> 'device' = p.device AND (e.state ->> 'position' = 'closed') = p.closed
                  AND coalesce(e.state ->> 'quality', 'good') = 'good' AND e.state ->> 'source' <> 'command')
            ORDER BY p.device""",
    ),
    AuditRule(
        name="telemetryWins",
        promise="Inference does not hold a device for failed that a measurement soon after the loss has shown closed.",
        checked_sql="SELECT count(*) FROM device_position WHERE source = 'scada'",
        violations_sql=f"""
            SELECT e.id, e.body ->> 'device' AS device, p.at_ms FROM entity e
            JOIN device_position p ON p.device = e.body ->> 'device' AND p.area = e.shard
            WHERE e.stage = 'correlate' AND e.kind = 'incident' AND p.closed AND p.source = 'scada'
              AND e.body ->> 'state' = 'predicted' AND (e.body ->> 'whole')::boolean
              AND e.body ->> 'upstream' IS NULL AND e.body ->> 'back_at' IS NULL
              AND p.at_ms - (e.body ->> 'started_at')::bigint BETWEEN 0 AND {FRESH_MS}
            ORDER BY e.id""",  # noqa: S608 - as above
    ),
    AuditRule(
        name="dispatcherFollowed",
        promise="An incident that a dispatcher rejected is dismissed, one that was confirmed is taken back by crews alone.",
        checked_sql="SELECT count(*) FROM journal WHERE stage = 'correlate' AND reason LIKE 'dispatcher%'",
        violations_sql="""
            SELECT n.id, n.state, n.fixed FROM incident n
            WHERE (n.state <> 'dismissed' AND EXISTS (
                    SELECT FROM journal j WHERE j.subject_kind = 'incident' AND j.subject = n.id
                      AND j.reason = 'dispatcherRejected'))
               OR (NOT n.fixed AND EXISTS (
                    SELECT FROM journal j WHERE j.subject_kind = 'incident' AND j.subject = n.id
                      AND j.reason = 'dispatcherConfirmed'))
            ORDER BY n.id""",
    ),
    AuditRule(
        name="overrunTold",
        promise="Of work whose time has passed, and that nobody said is complete, it is said that it overruns.",
        checked_sql="SELECT count(*) FROM work_window",
        violations_sql="""
            SELECT w."window", w.ends_at_ms FROM work_window w
            WHERE w.state = 'active' AND NOT w.overrun AND w.ends_at_ms <= (
                SELECT max(t.now_ms) FROM ticks t WHERE t.stage = 'correlate' AND t.shard = w.area)
            ORDER BY 1""",
    ),
    AuditRule(
        name="hazardAccounted",
        promise="Every danger is open or has an end, and was published as it stands, once for each revision.",
        checked_sql="SELECT count(*) FROM hazard",
        violations_sql="""
            WITH published AS (
                SELECT e.event FROM outbox o, LATERAL (SELECT convert_from(o.body, 'UTF8')::json AS event) e
                WHERE o.stage = 'correlate' AND o.topic = 'outage.incidents'
                  AND e.event ->> 'type' = 'outage.hazardChanged.v1')
            SELECT h.id, h.state, h.revision FROM hazard h
            LEFT JOIN published p ON p.event ->> 'hazard' = h.id AND (p.event ->> 'revision')::integer = h.revision
            WHERE p.event ->> 'state' IS DISTINCT FROM h.state
               OR h.revision <> (SELECT count(*) FROM published q WHERE q.event ->> 'hazard' = h.id)
               OR h.ended_at_ms < h.reported_at_ms
            ORDER BY h.id""",
    ),
)
