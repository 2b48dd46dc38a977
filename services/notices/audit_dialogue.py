"""Audit rules of the room: what is promised about talking with customers, checked on the data."""

from __future__ import annotations

from typing import Final

from services.audit.rule import AuditRule
from services.notices.linking import CODE_MS, CODES_AN_HOUR, HOUR_MS

GRACE_S: Final = 10
"""What was with a sender when all texts were stopped may leave for so long (seconds of real time)."""

RULES: Final = (
    AuditRule(
        name="notices.largeBroadcastHasTwoPersons",
        promise="A broadcast to as many phones as take a second person is sent only when somebody else approved it.",
        checked_sql="SELECT count(*) FROM broadcast WHERE state = 'sent'",
        violations_sql="""
            SELECT b.id AS key, b.phones, b.second_from, b.asked_by, b.approved_by
            FROM broadcast b
            WHERE b.state = 'sent' AND b.phones >= b.second_from AND (b.approved_by IS NULL OR b.approved_by = b.asked_by)
            ORDER BY b.id""",
    ),
    AuditRule(
        name="notices.broadcastIsSomebodys",
        promise="Every text of a broadcast belongs to one that was sent, and no phone gets it twice.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'broadcast'",
        violations_sql="""
            SELECT min(n.key) AS key, n.incident AS broadcast, n.handle, count(*) AS texts, min(b.state) AS state
            FROM notice_decided n LEFT JOIN broadcast b ON b.id = n.incident
            WHERE n.moment = 'broadcast'
            GROUP BY n.incident, n.handle
            HAVING count(*) > 1 OR min(b.state) IS DISTINCT FROM 'sent'
            ORDER BY 1""",
    ),
    AuditRule(
        name="notices.stoppedIsStopped",
        promise="While all texts were stopped none was handed over.",
        checked_sql="SELECT count(*) FROM notice_stop WHERE scope = 'all'",
        violations_sql=f"""
            SELECT e.key, e.gateway, e.wall_attempted, s.id AS stop
            FROM notice_stop s
            JOIN effects e ON e.kind IN ('text', 'email', 'webhook', 'voiceNotice') AND e.attempts > 0
                AND e.wall_attempted > s.wall_since + interval '{GRACE_S} seconds'
                AND e.wall_attempted < coalesce(s.wall_until, 'infinity')
            WHERE s.scope = 'all'
            ORDER BY e.key, s.id""",  # noqa: S608 (a constant of this module)
    ),
    AuditRule(
        name="notices.stoppedIncidentIsUntold",
        promise="Nobody is told of an incident between a stop of its texts, or of all, and its end.",
        checked_sql="SELECT count(*) FROM inbox WHERE stage = 'notify' AND topic = 'notice.actions' AND decided IS NOT NULL",
        # By the ticks that decided the stop and its end: what a person clicked is decided a moment later.
        violations_sql="""
            WITH switched AS (
                SELECT i.shard, i.decided, s.body ->> 'incident' AS incident, s.body ->> 'type' = 'notice.stopped.v1' AS stops
                FROM inbox i CROSS JOIN LATERAL (SELECT convert_from(i.body, 'UTF8')::jsonb AS body) s
                WHERE i.stage = 'notify' AND i.topic = 'notice.actions' AND i.decided IS NOT NULL
                  AND s.body ->> 'type' IN ('notice.stopped.v1', 'notice.resumed.v1'))
            SELECT n.key, n.incident, n.moment, n.tick, s.decided AS stopped
            FROM switched s
            JOIN notice_decided n ON n.area = s.shard AND n.tick > s.decided AND (s.incident IS NULL OR n.incident = s.incident)
                AND n.moment IN ('powerOut', 'initialEtr', 'etrChange', 'informDispatched', 'powerRestored', 'stillOut')
            WHERE s.stops AND NOT EXISTS (
                SELECT FROM switched r
                WHERE NOT r.stops AND r.shard = s.shard AND r.incident IS NOT DISTINCT FROM s.incident
                  AND r.decided > s.decided AND r.decided <= n.tick)
            ORDER BY n.key""",
    ),
    AuditRule(
        name="notices.answeredOnce",
        promise="A text that came in is answered by one person, once.",
        checked_sql="SELECT count(*) FROM inbound_answer",
        violations_sql="""
            SELECT a.text AS key, count(*) AS answers, array_agg(DISTINCT a.by_user) AS by
            FROM inbound_answer a LEFT JOIN inbound_text t ON t.id = a.text
            GROUP BY a.text HAVING count(*) > 1 OR count(t.id) = 0
            ORDER BY a.text""",
    ),
    AuditRule(
        name="notices.linkedByItsCode",
        promise="A phone follows a customer only after it gave back the code that it was sent, in time; it is sent few of them.",
        checked_sql="SELECT count(*) FROM inbound_text WHERE reason = 'codeSent' OR state = 'linked'",
        violations_sql=f"""
            SELECT t.id AS key, t.handle, t.decided_at_ms, 'noCode' AS why FROM inbound_text t
            WHERE t.state = 'linked' AND NOT EXISTS (
                SELECT FROM inbound_text c
                WHERE c.handle = t.handle AND c.reason = 'codeSent' AND c.area = t.area
                  AND c.tick <= t.tick AND c.decided_at_ms > t.decided_at_ms - {CODE_MS})
            UNION ALL
            SELECT c.id, c.handle, c.decided_at_ms, 'tooMany' FROM (
                SELECT c.*, lag(c.decided_at_ms, {CODES_AN_HOUR})
                                OVER (PARTITION BY handle, area ORDER BY decided_at_ms, id) AS earlier
                FROM inbound_text c WHERE c.reason = 'codeSent') c
            WHERE c.decided_at_ms - c.earlier < {HOUR_MS}
            UNION ALL
            SELECT l.id, l.handle, l.at_ms, 'noWish' FROM linked_phone l
            WHERE NOT EXISTS (SELECT FROM inbound_text t WHERE t.handle = l.handle AND t.state = 'linked' AND t.at_ms = l.at_ms)
            ORDER BY 1""",  # noqa: S608 (constants of the room)
    ),
)
