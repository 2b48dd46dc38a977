"""Audit rules of the room: what is promised about texts, checked on the data."""

from __future__ import annotations

from typing import Final

from services.audit.rule import AuditRule
from services.notices.moments import ETR_MOVED_MS
from services.notices.questioning import PAUSE_MS

DRILL_PREFIX: Final = "drill:"
"""What the name of every gateway of an exercise begins with, and of no other."""

_UNDER_VERSION = """
            SELECT n.*, coalesce(t.version, (SELECT v.version FROM utility_version v WHERE v.current)) AS version
            FROM notice_decided n LEFT JOIN ticks t ON t.stage = 'notify' AND t.shard = n.area AND t.n = n.tick"""
"""Every notice with the utility's version under which it was decided."""

_TEXTS = "SELECT count(*) FROM effects WHERE kind = 'text'"

RULES: Final = (
    AuditRule(
        name="notices.restoredWhileOut",
        promise="Nobody is told that power is back while known to be out.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'powerRestored'",
        # Known: what held the stretch without power held the interruption before the notice was decided. What is learned later
        # of that time, by a late report, could not stop it; nor could a loss in the very instant.
        violations_sql="""
            SELECT n.key, i.customer, n.incident, n.decided_at_ms, i.id AS interruption, p.from_ms, p.until_ms, p.holder
            FROM notice_decided n
            CROSS JOIN LATERAL unnest(n.customers) AS c (customer)
            JOIN interruption i ON i.customer = c.customer AND NOT i.voided
            JOIN interruption_part p ON p.interruption = i.id AND NOT p.powered
                AND p.from_ms < n.decided_at_ms AND (p.until_ms IS NULL OR p.until_ms > n.decided_at_ms)
            WHERE n.moment = 'powerRestored'
              AND EXISTS (SELECT FROM interruption_holder h
                          WHERE h.interruption = i.id AND h.holder = p.holder AND h.from_ms < n.decided_at_ms)
            ORDER BY n.key, i.customer""",
    ),
    AuditRule(
        name="notices.toldTwice",
        promise="Nobody is told the same moment of an incident twice without the opposite in between.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment NOT IN ('etrChange', 'question')",
        violations_sql="""
            SELECT n.key, n.customer, n.incident, n.moment, n.earlier
            FROM (SELECT key, customer, incident, moment, decided_at_ms, tick,
                         lag(key) OVER told AS earlier, lag(tick) OVER told AS earlier_tick
                  FROM (SELECT n.key, c.customer, n.incident, n.moment, n.decided_at_ms, n.tick
                        FROM notice_decided n, unnest(n.customers) AS c (customer)
                        WHERE n.moment NOT IN ('etrChange', 'question')) told
                  WINDOW told AS (PARTITION BY incident, customer, moment ORDER BY tick, key)) n
            WHERE n.earlier IS NOT NULL AND NOT EXISTS (
                SELECT FROM notice_decided o
                WHERE o.customers @> ARRAY[n.customer] AND o.tick BETWEEN n.earlier_tick AND n.tick
                  AND o.moment = CASE n.moment WHEN 'powerRestored' THEN 'powerOut' ELSE 'powerRestored' END)
            ORDER BY n.key, n.customer""",
    ),
    AuditRule(
        name="notices.askedOnceADay",
        promise="No phone is asked more than once a day whether power is on.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'question'",
        violations_sql=f"""
            SELECT n.key, n.customer, n.incident, n.earlier_ms
            FROM (SELECT key, customer, incident, decided_at_ms,
                         lag(decided_at_ms) OVER (PARTITION BY handle ORDER BY decided_at_ms, key) AS earlier_ms
                  FROM notice_decided WHERE moment = 'question') n
            WHERE n.decided_at_ms - n.earlier_ms < {PAUSE_MS}
            ORDER BY n.key""",  # noqa: S608 (a constant of the room)
    ),
    AuditRule(
        name="notices.changedEstimateIsOne",
        promise="Nobody is told of a changed estimate that is not, by half an hour or more, another than the last he was told.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'etrChange'",
        violations_sql=f"""
            SELECT n.key, n.customer, n.incident, n.estimate_ms, n.earlier_ms
            FROM (SELECT n.key, c.customer, n.incident, n.moment, n.estimate_ms,
                         lag(n.estimate_ms) OVER (PARTITION BY c.customer ORDER BY n.tick, n.key) AS earlier_ms
                  FROM notice_decided n, unnest(n.customers) AS c (customer)
                  WHERE n.estimate_ms IS NOT NULL OR n.moment = 'etrChange') n
            WHERE n.moment = 'etrChange'
              AND abs(n.estimate_ms - n.earlier_ms) >= {ETR_MOVED_MS} IS NOT TRUE
            ORDER BY n.key, n.customer""",  # noqa: S608 (a constant of the room)
    ),
    AuditRule(
        name="notices.nightIsQuiet",
        promise="No notice that can wait is decided in quiet hours: none for who depends on power to live, no question in a storm.",
        checked_sql="SELECT count(*) FROM notice_decided",
        violations_sql=f"""
            SELECT n.key, n.moment, n.decided_at_ms, v.quiet_from, v.quiet_until
            FROM ({_UNDER_VERSION}) n
            JOIN utility_version v USING (version)
            CROSS JOIN LATERAL (SELECT (to_timestamp(n.decided_at_ms / 1000.0) AT TIME ZONE v.time_zone)::time AS at) here
            WHERE CASE WHEN v.quiet_from <= v.quiet_until THEN here.at >= v.quiet_from AND here.at < v.quiet_until
                       ELSE here.at >= v.quiet_from OR here.at < v.quiet_until END
              AND CASE WHEN n.moment = 'question'
                       THEN (SELECT s.mode FROM asking_set s WHERE s.shard = n.area AND s.decided <= n.tick
                             ORDER BY s.decided DESC, s.tick DESC LIMIT 1) IS DISTINCT FROM 'storm'
                       ELSE NOT EXISTS (SELECT FROM customer c
                                        WHERE c.version = v.version AND c.customer = ANY (n.customers) AND c.life_support) END
            ORDER BY n.key""",  # noqa: S608 (a constant of this module)
    ),
    AuditRule(
        name="notices.toldAgainstWill",
        promise="Nobody is told anything who wants no texts: what his phone said last counts, else the utility's folder.",
        checked_sql="SELECT (SELECT count(*) FROM notice_decided) + (SELECT count(*) FROM consent_log)",
        violations_sql=f"""
            SELECT n.key, n.customer, n.moment, n.decided_at_ms
            FROM ({_UNDER_VERSION}) n
            LEFT JOIN LATERAL (SELECT l.consents FROM consent_log l
                               WHERE l.handle = n.handle AND l.area = n.area AND l.tick <= n.tick
                               ORDER BY l.at_ms DESC, l.tick DESC, l.id DESC LIMIT 1) said ON true
            WHERE NOT coalesce(said.consents, (SELECT bool_and(c.consent) FROM customer c
                                               WHERE c.version = n.version AND c.customer = ANY (n.customers)), true)
            ORDER BY n.key""",  # noqa: S608 (a constant of this module)
    ),
    AuditRule(
        name="notices.inboundHasItsState",
        promise="Every text that was taken from a customer has a state, and an answer or a reason why there is none.",
        checked_sql="SELECT count(*) FROM inbox WHERE stage = 'notify' AND topic = 'notice.inbound'",
        violations_sql="""
            SELECT i.id AS key, t.state, t.reason, t.answer
            FROM inbox i
            LEFT JOIN inbound_text t ON t.id = i.id
            LEFT JOIN effects e ON e.key = t.answer AND e.kind = 'text'
            WHERE i.stage = 'notify' AND i.topic = 'notice.inbound' AND i.decided IS NOT NULL AND (
                t.id IS NULL OR (t.answer IS NOT NULL AND e.body ->> 'inbound' IS DISTINCT FROM t.id)
                OR (t.answer IS NULL AND NOT EXISTS (
                        SELECT FROM journal j WHERE j.stage = 'notify' AND j.subject_kind = 'text' AND j.subject = t.id
                          AND j.became = 'unanswered' AND j.reason = 'answersSpent')))
            ORDER BY i.id""",
    ),
    AuditRule(
        name="notices.textSettledOrOpenWithReason",
        promise="Every text is done, or not done for a reason, or open with a reason and a next attempt.",
        checked_sql=_TEXTS,
        violations_sql="""
            SELECT e.key, e.state, e.attempts, e.reason FROM effects e
            WHERE e.kind = 'text' AND CASE e.state
                WHEN 'done' THEN e.done_at_ms IS NULL OR e.gateway IS NULL
                WHEN 'due' THEN e.attempts > 0 AND e.reason IS NULL
                WHEN 'attempting' THEN e.gateway IS NULL
                ELSE e.reason IS NULL END
            ORDER BY e.key""",
    ),
    AuditRule(
        name="notices.noticeHasItsText",
        promise="Every notice has its text effect and every text effect is a notice's, of its customer and moment, or an answer.",
        checked_sql="SELECT count(*) FROM notice_decided",
        violations_sql="""
            SELECT coalesce(n.key, e.key) AS key, n.customer, n.moment, e.state
            FROM notice_decided n
            FULL JOIN (SELECT * FROM effects e WHERE kind = 'text' AND NOT EXISTS (
                           SELECT FROM inbound_text t WHERE t.answer = e.key)) e ON e.key = n.key
            WHERE n.key IS NULL OR e.key IS NULL OR e.shard <> n.area
               OR e.expires_at_ms IS DISTINCT FROM n.expires_at_ms
               OR e.body ->> 'customer' IS DISTINCT FROM n.customer OR e.body ->> 'moment' IS DISTINCT FROM n.moment
            ORDER BY 1""",
    ),
    AuditRule(
        name="notices.receiptHasItsText",
        promise="A receipt belongs to a text that went out.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE receipt IS NOT NULL",
        violations_sql="""
            SELECT n.key, n.receipt, e.state FROM notice_decided n LEFT JOIN effects e ON e.key = n.key
            WHERE n.receipt IS NOT NULL AND (e.key IS NULL OR e.state <> 'done')
            ORDER BY n.key""",
    ),
    AuditRule(
        name="notices.drillStaysInside",
        promise="Nothing of a drill goes through a real gateway, and nothing real through a drill's.",
        checked_sql=f"{_TEXTS} AND gateway IS NOT NULL",
        violations_sql=f"""
            SELECT e.key, e.gateway FROM effects e, instance i
            WHERE e.kind = 'text' AND e.gateway IS NOT NULL AND starts_with(e.gateway, '{DRILL_PREFIX}') <> i.exercise
            ORDER BY e.key""",  # noqa: S608 (a constant of this module)
    ),
)
