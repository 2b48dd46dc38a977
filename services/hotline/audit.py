"""What must hold in the data of the hotline room."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.hotline.reasons import Reason

_REASONS = ", ".join(f"'{reason}'" for reason in Reason)

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="largeOutageCalled",
        promise="Every outage of a large customer led to a call, unless the power was back before one could be placed.",
        checked_sql="""
            SELECT count(DISTINCT convert_from(body, 'UTF8')::json ->> 'outage') FROM inbox
            WHERE stage = 'escalate' AND decided IS NOT NULL
              AND convert_from(body, 'UTF8')::json ->> 'type' LIKE 'hotline.customerOut.%'
        """,
        violations_sql=f"""
            WITH out AS (
                SELECT DISTINCT event ->> 'account' AS account, event ->> 'outage' AS outage
                FROM (
                    SELECT convert_from(body, 'UTF8')::json AS event
                    FROM inbox WHERE stage = 'escalate' AND decided IS NOT NULL
                ) heard
                WHERE event ->> 'type' LIKE 'hotline.customerOut.%'
            )
            SELECT o.account, o.outage
            FROM out o
            WHERE NOT EXISTS (SELECT FROM hotline_call c WHERE c.outage = o.outage AND c.account = o.account)
              AND NOT EXISTS (
                  SELECT FROM journal j
                  WHERE j.stage = 'escalate' AND j.subject_kind = 'escalation' AND j.subject = o.outage
                    AND j.reason = '{Reason.BACK_BEFORE_CALL}'
              )
            ORDER BY 1, 2
        """,  # noqa: S608 - the reason is the room's own word
    ),
    AuditRule(
        name="callingGoesOn",
        promise="Whoever is being called has a next call, its time is known and the account wakes up for it.",
        checked_sql="SELECT count(*) FROM hotline_escalation WHERE state = 'calling'",
        violations_sql="""
            SELECT e.account, e.outage, e.next_call_at_ms, t.wake_at_ms
            FROM hotline_escalation e LEFT JOIN turns t ON t.stage = 'escalate' AND t.shard = e.account
            WHERE e.state = 'calling'
              AND (e.next_call_at_ms IS NULL OR t.wake_at_ms IS NULL OR t.wake_at_ms > e.next_call_at_ms)
            ORDER BY 1, 2
        """,
    ),
    AuditRule(
        name="escalationHasItsCalls",
        promise="An escalation counts as many calls as there are, numbered without a gap.",
        checked_sql="SELECT count(*) FROM hotline_escalation",
        violations_sql="""
            SELECT coalesce(e.outage, c.outage) AS outage, e.calls AS counted, c.calls AS placed
            FROM hotline_escalation e
            FULL JOIN (
                SELECT outage, count(*) AS calls, max(attempt) AS last FROM hotline_call GROUP BY outage
            ) c ON c.outage = e.outage
            WHERE e.outage IS NULL OR e.calls <> coalesce(c.calls, 0) OR e.calls <> coalesce(c.last, 0)
            ORDER BY 1
        """,
    ),
    AuditRule(
        name="callReasoned",
        promise="The journal says of every call why it was placed; a call that was not done says why.",
        checked_sql="SELECT count(*) FROM hotline_call",
        violations_sql=f"""
            SELECT c.outage, c.call, c.state
            FROM hotline_call c
            WHERE (c.state NOT IN ('due', 'attempting', 'done') AND c.reason IS NULL)
               OR NOT EXISTS (
                   SELECT FROM journal j
                   WHERE j.stage = 'escalate' AND j.subject_kind = 'call' AND j.subject = c.call
                     AND j.became = 'placed' AND j.reason IN ({_REASONS})
               )
            ORDER BY 1, 2
        """,  # noqa: S608 - the reasons are the room's own words
    ),
    AuditRule(
        name="stoppedForAReason",
        promise="Calling stopped only because a contact acknowledged or the power was back.",
        checked_sql="SELECT count(*) FROM hotline_escalation WHERE state <> 'calling'",
        violations_sql="""
            WITH heard AS (
                SELECT convert_from(body, 'UTF8')::json AS event
                FROM inbox WHERE stage = 'escalate' AND decided IS NOT NULL
            )
            SELECT e.account, e.outage, e.state
            FROM hotline_escalation e
            WHERE e.state <> 'calling' AND NOT EXISTS (
                SELECT FROM heard h
                WHERE h.event ->> 'outage' = e.outage
                  AND (h.event ->> 'type' LIKE 'hotline.customerRestored.%'
                       OR e.state = 'acknowledged' AND h.event ->> 'type' LIKE 'hotline.callAnswered.%'
                          AND (h.event ->> 'acknowledged')::boolean)
            )
            ORDER BY 1, 2
        """,
    ),
)
"""The audit rules of the hotline room."""
