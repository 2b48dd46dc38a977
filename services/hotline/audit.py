"""What must hold in the data of the hotline room."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.hotline.reasons import Reason

_REASONS = ", ".join(f"'{reason}'" for reason in Reason)
_NO_CALL = ", ".join(
    f"'{reason}'"
    for reason in (
        Reason.BACK_BEFORE_CALL,
        Reason.OLDER_THAN_RETURN,
        Reason.NO_CONTACT,
        Reason.ACCOUNT_GONE,
        Reason.ACKNOWLEDGED,
        Reason.NEVER_BORNE_OUT,
    )
)
_HEARD = """heard AS (
                SELECT id, shard, convert_from(body, 'UTF8')::json AS event
                FROM inbox WHERE stage = 'escalate' AND decided IS NOT NULL)"""
_NOTED = "j.stage = 'escalate' AND j.subject_kind = 'escalation'"

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="largeOutageCalled",
        promise="Every outage that was found at a premise of an account has an escalation.",
        checked_sql="""
            SELECT count(DISTINCT convert_from(body, 'UTF8')::json ->> 'outage') FROM inbox
            WHERE stage = 'escalate' AND decided IS NOT NULL
              AND convert_from(body, 'UTF8')::json ->> 'type' LIKE 'hotline.customerOut.%'
        """,
        violations_sql=f"""
            WITH {_HEARD}
            SELECT DISTINCT h.event ->> 'account' AS account, h.event ->> 'outage' AS outage
            FROM heard h
            WHERE h.event ->> 'type' LIKE 'hotline.customerOut.%' AND NOT EXISTS (
                SELECT FROM hotline_escalation e
                WHERE e.account = h.shard AND h.event ->> 'outage' IN (e.outage, e.ledger_outage))
            ORDER BY 1, 2
        """,  # noqa: S608 - the room's own words, here and below
    ),
    AuditRule(
        name="escalationLedToACall",
        promise="Every escalation led to a call, or the journal says why it needed none.",
        checked_sql="SELECT count(*) FROM hotline_escalation",
        violations_sql=f"""
            SELECT e.account, e.outage
            FROM hotline_escalation e
            WHERE NOT EXISTS (SELECT FROM hotline_call c WHERE c.account = e.account AND c.outage = e.outage)
              AND NOT EXISTS (
                  SELECT FROM journal j
                  WHERE {_NOTED} AND j.shard = e.account AND j.subject = e.outage AND j.reason IN ({_NO_CALL}))
            ORDER BY 1, 2
        """,  # noqa: S608
    ),
    AuditRule(
        name="hotlineFactsAnswered",
        promise="The journal says of every fact of the hotline what came of it.",
        checked_sql="SELECT count(*) FROM inbox WHERE stage = 'escalate' AND decided IS NOT NULL",
        violations_sql="""
            WITH answered AS (SELECT DISTINCT shard, unnest(facts) AS id FROM journal WHERE stage = 'escalate')
            SELECT i.shard AS account, i.id FROM inbox i LEFT JOIN answered a USING (shard, id)
            WHERE i.stage = 'escalate' AND i.decided IS NOT NULL AND a.id IS NULL
            ORDER BY 1, 2
        """,
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
                SELECT account, outage, count(*) AS calls, max(attempt) AS last FROM hotline_call GROUP BY account, outage
            ) c ON c.outage = e.outage AND c.account = e.account
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
                     AND j.became = 'placed' AND j.reason IN ({_REASONS}))
            ORDER BY 1, 2
        """,  # noqa: S608
    ),
    AuditRule(
        name="ladderKept",
        promise="On one way up the ladder nobody is called twice.",
        checked_sql="SELECT count(*) FROM hotline_call",
        violations_sql=f"""
            WITH climbed AS (
                SELECT c.account, c.outage, c.contact, c.attempt,
                       count(*) FILTER (WHERE EXISTS (
                           SELECT FROM journal j
                           WHERE j.stage = 'escalate' AND j.subject_kind = 'call' AND j.subject = c.call
                             AND j.reason = '{Reason.LADDER_AGAIN}'))
                           OVER (PARTITION BY c.account, c.outage ORDER BY c.attempt) AS way,
                       (SELECT count(*) FROM journal j
                        WHERE {_NOTED} AND j.shard = c.account AND j.subject = c.outage AND j.tick <= c.tick
                          AND j.reason = '{Reason.NO_LONGER_PLANNED}') AS fresh
                FROM hotline_call c)
            SELECT account, outage, contact, max(attempt) AS attempt FROM climbed
            GROUP BY account, outage, contact, way, fresh HAVING count(*) > 1
            ORDER BY 1, 2, 3
        """,  # noqa: S608
    ),
    AuditRule(
        name="stoppedForAReason",
        promise="Calling stopped only by an acknowledgement, by power back, or because announced work was told to everybody.",
        checked_sql="SELECT count(*) FROM hotline_escalation WHERE state <> 'calling'",
        violations_sql=f"""
            WITH {_HEARD}
            SELECT e.account, e.outage, e.state
            FROM hotline_escalation e
            WHERE e.state <> 'calling' AND NOT EXISTS (
                SELECT FROM journal j LEFT JOIN heard h ON h.shard = j.shard AND h.id = ANY (j.facts)
                WHERE {_NOTED} AND j.shard = e.account AND j.subject = e.outage AND j.became = e.state
                  AND CASE e.state
                      WHEN 'told' THEN j.reason = '{Reason.PLANNED_TOLD}'
                      WHEN 'acknowledged' THEN h.event ->> 'type' LIKE 'hotline.acknowledged.%'
                          OR h.event ->> 'type' LIKE 'hotline.callAnswered.%' AND (h.event ->> 'acknowledged')::boolean
                      ELSE h.event ->> 'type' LIKE 'hotline.customerRestored.%'
                          OR h.event ->> 'type' LIKE 'hotline.reported.%' AND h.event ->> 'kind' = 'powerRestored'
                          OR j.reason IN ('{Reason.NEVER_BORNE_OUT}', '{Reason.ACCOUNT_GONE}', '{Reason.OLDER_THAN_RETURN}')
                      END)
            ORDER BY 1, 2
        """,  # noqa: S608
    ),
    AuditRule(
        name="nobodyCalledAfterwards",
        promise="No call was decided after somebody acknowledged or power was back, unless calling began anew.",
        checked_sql="SELECT count(*) FROM hotline_call",
        violations_sql=f"""
            SELECT c.account, c.outage, c.attempt
            FROM hotline_call c
            WHERE (SELECT max(j.tick) FROM journal j
                   WHERE {_NOTED} AND j.shard = c.account AND j.subject = c.outage AND j.tick < c.tick
                     AND j.became IN ('told', 'acknowledged', 'over'))
                > (SELECT coalesce(max(j.tick), 0) FROM journal j
                   WHERE {_NOTED} AND j.shard = c.account AND j.subject = c.outage AND j.tick <= c.tick
                     AND j.became = 'calling')
            ORDER BY 1, 2, 3
        """,  # noqa: S608
    ),
    AuditRule(
        name="toldByApiStored",
        promise="What an account told by the API is a fact of the hotline and on its way to everybody else, by one id.",
        checked_sql="SELECT count(*) FROM hotline_request",
        violations_sql="""
            SELECT r.account, r.event, r.topic
            FROM hotline_request r
            WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.id = r.event AND o.topic = r.topic)
               OR r.topic LIKE 'hotline.%' AND NOT EXISTS (
                   SELECT FROM inbox i WHERE i.stage = 'escalate' AND i.id = r.event AND i.shard = r.account)
            ORDER BY 1, 2
        """,
    ),
    AuditRule(
        name="toldByApiHeardByAll",
        promise="What an account reported by the API came to intake too, once intake has taken all there is.",
        checked_sql="SELECT count(*) FROM hotline_request WHERE topic LIKE '%.reports'",
        violations_sql="""
            SELECT r.account, r.event, r.topic
            FROM hotline_request r JOIN outbox o ON o.id = r.event
            WHERE r.topic LIKE '%.reports' AND o.sent
              AND NOT EXISTS (
                  SELECT FROM heads h LEFT JOIN progress p ON p.stage = 'intake' AND p.topic = h.topic AND p.part = h.part
                  WHERE h.topic = r.topic AND coalesce(p.next_offset, 0) < h.end_offset)
              AND NOT EXISTS (SELECT FROM report t WHERE t.id = r.event)
              AND NOT EXISTS (SELECT FROM parked k WHERE k.event_id = r.event AND k.stage = 'intake')
            ORDER BY 1, 2
        """,
    ),
    AuditRule(
        name="contactChangesKept",
        promise="What an account changed of its contacts is as its last change says, and every change is kept.",
        checked_sql="SELECT count(*) FROM hotline_contact_change",
        violations_sql="""
            SELECT o.account, o.contact, f.field
            FROM hotline_contact_override o,
                 LATERAL (VALUES ('phone', o.phone), ('place', o.place::text)) AS f (field, stands)
            WHERE f.stands IS DISTINCT FROM (
                SELECT c.became FROM hotline_contact_change c
                WHERE c.account = o.account AND c.contact = o.contact AND c.field = f.field
                ORDER BY c.number DESC LIMIT 1)
            ORDER BY 1, 2, 3
        """,
    ),
)
"""The audit rules of the hotline room."""
