"""Audit rules of the room: what is promised about texts, checked on the data."""

from __future__ import annotations

from typing import Final

from services.audit.rule import AuditRule

DRILL_PREFIX: Final = "drill:"
"""What the name of every gateway of an exercise begins with, and of no other."""

_TEXTS = "SELECT count(*) FROM effects WHERE kind = 'text'"

RULES: Final = (
    AuditRule(
        name="notices.restoredWhileOut",
        promise="Nobody is told that power is back while known to be out.",
        checked_sql="SELECT count(*) FROM notice_decided WHERE moment = 'powerRestored'",
        # Known: somebody held the interruption before the notice was decided. What is learned later of that time, by
        # a late report, could not stop it.
        violations_sql="""
            SELECT n.key, n.customer, n.incident, n.decided_at_ms, i.id AS interruption, i.start_ms, i.end_ms
            FROM notice_decided n
            JOIN interruption i ON i.customer = n.customer AND NOT i.voided
            WHERE n.moment = 'powerRestored'
              AND i.start_ms <= n.decided_at_ms AND (i.end_ms IS NULL OR i.end_ms > n.decided_at_ms)
              AND EXISTS (SELECT FROM interruption_holder h
                          WHERE h.interruption = i.id AND h.from_ms < n.decided_at_ms)
            ORDER BY n.key""",
    ),
    AuditRule(
        name="notices.toldTwice",
        promise="Nobody is told the same moment of an incident twice without the opposite in between.",
        checked_sql="SELECT count(*) FROM notice_decided",
        violations_sql="""
            SELECT n.key, n.customer, n.incident, n.moment, n.earlier
            FROM (SELECT key, customer, incident, moment, decided_at_ms, tick,
                         lag(key) OVER told AS earlier, lag(tick) OVER told AS earlier_tick
                  FROM notice_decided
                  WINDOW told AS (PARTITION BY incident, customer, moment ORDER BY tick, key)) n
            WHERE n.earlier IS NOT NULL AND NOT EXISTS (
                SELECT FROM notice_decided o
                WHERE o.customer = n.customer AND o.tick BETWEEN n.earlier_tick AND n.tick
                  AND o.moment = CASE n.moment WHEN 'powerRestored' THEN 'powerOut' ELSE 'powerRestored' END)
            ORDER BY n.key""",
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
        promise="Every notice has its text effect and every text effect its notice, of the same customer and moment.",
        checked_sql="SELECT count(*) FROM notice_decided",
        violations_sql="""
            SELECT coalesce(n.key, e.key) AS key, n.customer, n.moment, e.state
            FROM notice_decided n
            FULL JOIN (SELECT * FROM effects WHERE kind = 'text') e ON e.key = n.key
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
