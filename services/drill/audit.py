"""The drill's rules of the audit: nothing is left unsaid, nothing leaks, nothing reaches a handset by itself."""

from __future__ import annotations

from services.audit.rule import AuditRule

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="saidWhenDue",
        promise="Every message of the world whose time has come was published or delivered.",
        checked_sql="SELECT count(*) FROM drill.schedule, tick() t WHERE at_ms <= t.now_ms",
        violations_sql="""
            SELECT id, channel, topic, at_ms FROM drill.schedule, tick() t
            WHERE NOT sent AND at_ms <= t.now_ms ORDER BY at_ms, id""",
    ),
    AuditRule(
        name="exerciseMarked",
        promise="Every event of an exercise says that it is one, and no event of real life does.",
        checked_sql="""
            SELECT (SELECT count(*) FROM outbox WHERE topic <> 'dead.letters') + (SELECT count(*) FROM inbox)""",
        violations_sql="""
            SELECT e.place, e.id, e.topic
            FROM (SELECT 'outbox' AS place, id, topic, body FROM outbox WHERE topic <> 'dead.letters'
                  UNION ALL SELECT 'inbox', id, topic, body FROM inbox) e, instance i
            WHERE coalesce((convert_from(e.body, 'UTF8')::json ->> 'exercise')::boolean, false) <> i.exercise
            ORDER BY e.place, e.id""",
    ),
    AuditRule(
        name="drillOnlyInExercise",
        promise="A database of real life holds nothing of a drill.",
        checked_sql="SELECT count(*) FROM instance",
        violations_sql="""
            SELECT 'schedule' AS place, s.id FROM drill.schedule s, instance i WHERE NOT i.exercise
            UNION ALL SELECT 'scenario', s.storm FROM drill.scenario s, instance i WHERE NOT i.exercise
            UNION ALL SELECT 'handset_text', t.operator_id FROM drill.handset_text t, instance i WHERE NOT i.exercise
            UNION ALL SELECT 'call', c.key FROM drill.call c, instance i WHERE NOT i.exercise
            UNION ALL SELECT 'told', t.key FROM drill.told t, instance i WHERE NOT i.exercise
            UNION ALL SELECT 'asked', a.id FROM drill.asked a, instance i WHERE NOT i.exercise
            ORDER BY 1, 2""",
    ),
    AuditRule(
        name="arrivedWasSent",
        promise="Every text on a handset, notice to a contact, call and ping of a meter belongs to an effect that was attempted.",
        checked_sql="""
            SELECT (SELECT count(*) FROM drill.handset_text) + (SELECT count(*) FROM drill.call)
                 + (SELECT count(*) FROM drill.told)""",
        violations_sql="""
            SELECT a.place, a.key FROM (
                SELECT 'handset_text' AS place, reference AS key FROM drill.handset_text
                UNION ALL SELECT 'call', key FROM drill.call
                UNION ALL SELECT channel, key FROM drill.told
                UNION ALL SELECT 'ping', id FROM drill.asked WHERE by = 'meter') a
            WHERE NOT EXISTS (SELECT FROM effects e WHERE e.key = a.key AND e.attempts > 0)
            ORDER BY a.place, a.key""",
    ),
)
"""What the audit asks of a drill's data."""
