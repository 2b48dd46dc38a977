"""Audit rules of the mechanism: offsets, facts, turns, outbox, effects, reasons, exercise."""

from __future__ import annotations

from schemas.topics import TOPICS
from services.audit.rule import AuditRule

_CONSUMERS = ", ".join(f"('{stage}', '{topic.name}')" for topic in TOPICS.values() for stage in topic.consumers)

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="offsetsWithoutGap",
        promise="Every offset of a partition was taken exactly once: batches lie end to end, from 0 to what is next.",
        checked_sql="SELECT count(*) FROM taken",
        violations_sql="""
            WITH laid AS (
                SELECT stage, topic, part, first_offset, next_offset,
                       lag(next_offset, 1, 0::bigint) OVER (PARTITION BY stage, topic, part ORDER BY first_offset) AS before
                FROM taken)
            SELECT stage, topic, part, before AS expected, first_offset AS found FROM laid WHERE first_offset <> before
            UNION ALL
            SELECT p.stage, p.topic, p.part, coalesce(max(t.next_offset), 0), p.next_offset
            FROM progress p LEFT JOIN taken t USING (stage, topic, part)
            GROUP BY p.stage, p.topic, p.part, p.next_offset HAVING coalesce(max(t.next_offset), 0) <> p.next_offset""",
    ),
    AuditRule(
        name="headsEqualEnds",
        promise="What we know to be on the topics is what the broker has: no message was written past us.",
        checked_sql="SELECT count(*) FROM broker_end",
        violations_sql="""
            SELECT e.topic, e.part, coalesce(h.end_offset, 0) AS known, e.end_offset AS broker
            FROM broker_end e LEFT JOIN heads h USING (topic, part)
            WHERE coalesce(h.end_offset, 0) <> e.end_offset AND (SELECT exercise FROM instance)""",
    ),
    AuditRule(
        name="everythingTaken",
        promise="No fact is lost: what is on a topic was taken by each of its consumers.",
        checked_sql="SELECT count(*) FROM progress",
        # The stage `world` is there in an exercise alone.
        violations_sql=f"""
            SELECT c.stage, e.topic, e.part, coalesce(p.next_offset, 0) AS next_offset, e.end_offset
            FROM broker_end e JOIN (VALUES {_CONSUMERS}) AS c (stage, topic) USING (topic)
            LEFT JOIN progress p USING (stage, topic, part), instance i
            WHERE coalesce(p.next_offset, 0) <> e.end_offset AND (i.exercise OR c.stage <> 'world')
            ORDER BY 1, 2, 3""",  # noqa: S608 - the table of topics is our own
    ),
    AuditRule(
        name="nothingUndecided",
        promise="No fact older than the clock is undecided.",
        checked_sql="SELECT count(*) FROM inbox",
        violations_sql="SELECT u.stage, u.shard, u.tick, c.n AS clock FROM undecided u, tick() c WHERE u.tick < c.n - 1",
    ),
    AuditRule(
        name="decidedLater",
        promise="A fact taken at tick n is decided at a tick greater than n.",
        checked_sql="SELECT count(*) FROM inbox WHERE decided IS NOT NULL",
        violations_sql="SELECT stage, id, tick, decided FROM inbox WHERE decided <= tick",
    ),
    AuditRule(
        name="everyTurnOnRecord",
        promise="Every fact was decided by a turn that is on record.",
        checked_sql="SELECT count(*) FROM ticks",
        violations_sql="""
            SELECT i.stage, i.id, i.decided FROM inbox i
            LEFT JOIN ticks t ON t.stage = i.stage AND t.shard = i.shard AND t.n = i.decided
            WHERE i.decided IS NOT NULL AND t.n IS NULL""",
    ),
    AuditRule(
        name="everyDecisionHasAReason",
        promise="Every transition has a reason.",
        checked_sql="SELECT count(*) FROM journal",
        violations_sql="SELECT id, subject_kind, subject, became FROM journal WHERE reason = '' OR became = ''",
    ),
    AuditRule(
        name="everythingPublished",
        promise="Every event decided has left the outbox.",
        checked_sql="SELECT count(*) FROM outbox",
        violations_sql="SELECT o.id, o.topic, o.tick FROM outbox o, tick() c WHERE NOT o.sent AND o.tick < c.n - 1",
    ),
    AuditRule(
        name="effectsDoneOnce",
        promise="Every effect is done, or open with a reason and a next attempt.",
        checked_sql="SELECT count(*) FROM effects",
        violations_sql="""
            SELECT e.key, e.kind, e.state, e.attempts FROM effects e, tick() c
            WHERE (e.state IN ('done', 'failed', 'unknown', 'expired', 'superseded') AND (e.done_at_ms IS NULL OR e.reason IS NULL))
               OR (e.state = 'done' AND e.attempts < 1)
               OR (e.state = 'attempting' AND e.tick < c.n - 1)
               OR (e.state = 'due' AND e.due_at_ms < c.now_ms AND e.tick < c.n - 1)""",
    ),
    AuditRule(
        name="parkedCanBeReplayed",
        promise="What could not be read is kept with its reason, origin and bytes, and a copy for the dead letters.",
        checked_sql="SELECT count(*) FROM parked",
        violations_sql="""
            SELECT p.id, p.topic, p.part, p."offset", p.reason FROM parked p
            LEFT JOIN outbox o ON o.topic = 'dead.letters' AND o.key = p.topic || '/' || p.part || '/' || p."offset"
            WHERE p.reason = '' OR o.id IS NULL OR o.body IS DISTINCT FROM coalesce(p.body, ''::bytea)""",
    ),
    AuditRule(
        name="drillsCannotLeak",
        promise="Nothing of a drill went through a real gateway, and no exercise event is in real life.",
        checked_sql="SELECT (SELECT count(*) FROM effects) + (SELECT count(*) FROM inbox)",
        violations_sql="""
            SELECT e.key AS id, e.gateway AS what FROM effects e, instance i
            WHERE e.gateway IS NOT NULL AND i.exercise <> (e.gateway LIKE 'drill:%')
            UNION ALL
            SELECT b.id, b.topic FROM inbox b, instance i
            WHERE coalesce((convert_from(b.body, 'UTF8')::json ->> 'exercise')::boolean, false) <> i.exercise""",
    ),
)
