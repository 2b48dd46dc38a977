"""What must hold in the data of who may do which work, where and for how long; of holds because of safety, and of clearances."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.dispatch.reasons import Reason
from services.dispatch.rules import DEFAULTS

GIVEN = """
    SELECT j.subject AS "order", min(j.tick) AS tick, min(t.version) AS version
    FROM journal j JOIN ticks t ON t.stage = j.stage AND t.shard = j.shard AND t.n = j.tick
    WHERE j.stage = 'dispatch' AND j.subject_kind = 'order' AND j.became = 'sent' GROUP BY j.subject
"""
"""When each order was given: the tick, and the utility's version under which it was decided."""
LATEST_VISIT = """
    LEFT JOIN LATERAL (
        SELECT i.decided, e.event ->> 'guide' AS guide, ARRAY(SELECT json_array_elements_text(e.event -> 'skills')) AS skills,
               coalesce((e.event ->> 'members')::integer, 2) AS members
        FROM inbox i, LATERAL (SELECT convert_from(i.body, 'UTF8')::json AS event) e
        WHERE i.stage = 'dispatch' AND i.topic = 'crew.actions' AND i.decided <= g.tick AND starts_with(o.crew, 'visit.')
          AND e.event ->> 'type' = 'crew.visiting.v1' AND e.event ->> 'crew' = o.crew AND EXISTS (
            SELECT FROM journal j
            WHERE j.stage = 'dispatch' AND j.subject_kind = 'visitor' AND j.subject = o.crew AND j.became = 'visiting'
              AND i.id = ANY (j.facts))
        ORDER BY i.decided DESC, i.at_ms DESC, i.id DESC LIMIT 1
    ) v ON true
"""
"""What was said last of the visiting crew of order `o`, given (`g`) at a tick, and taken in."""
_ORDERS = "SELECT count(*) FROM dispatch_order"
_OF_ITS_VERSION = """
    JOIN utility_version u ON u.version = g.version OR (g.version IS NULL AND u.current)
    LEFT JOIN crew c ON c.version = u.version AND c.crew = o.crew
"""


def _rule(name: str, default: int) -> str:
    """Return the SQL of a rule of the region of order `o` at the tick `g` at which it was given."""
    return f"""coalesce((
        SELECT (s.rules ->> '{name}')::integer FROM dispatch_rules_set s
        WHERE s.shard = o.region AND s.decided <= g.tick ORDER BY s.decided DESC, s.tick DESC LIMIT 1), {default})"""  # noqa: S608 - the room's own words


_EXTENSIONS = f"""
    SELECT i.decided, i.at_ms, i.id, i.shard AS region, e.event ->> 'crew' AS crew,
           round(extract(epoch FROM (e.event ->> 'until')::timestamptz) * 1000)::bigint AS until_ms
    FROM inbox i CROSS JOIN LATERAL (SELECT convert_from(i.body, 'UTF8')::json AS event) e
    WHERE i.stage = 'dispatch' AND i.topic = 'crew.actions' AND i.decided IS NOT NULL
      AND e.event ->> 'type' = 'dispatcher.extendHours.v1' AND EXISTS (
        SELECT FROM journal j WHERE j.stage = 'dispatch' AND j.subject_kind = 'crew' AND j.subject = e.event ->> 'crew'
          AND j.reason = '{Reason.HOURS_EXTENDED}' AND i.id = ANY (j.facts))
"""  # noqa: S608 - as above
"""Until when a dispatcher let a crew work."""

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="restKept",
        promise="No order was given to a crew that had been on duty for the most hours allowed, by the rules or by a dispatcher.",
        checked_sql=_ORDERS,
        violations_sql=f"""
            WITH extensions AS MATERIALIZED ({_EXTENSIONS})
            SELECT o."order", o.crew, o.on_duty_since_ms, o.sent_at_ms, extended.until_ms AS extended_until_ms
            FROM dispatch_order o LEFT JOIN ({GIVEN}) g USING ("order")
            LEFT JOIN LATERAL (
                SELECT until_ms FROM extensions e WHERE e.region = o.region AND e.crew = o.crew AND e.decided <= g.tick
                ORDER BY e.decided DESC, e.at_ms DESC, e.id DESC LIMIT 1) extended ON true
            WHERE o.sent_at_ms < o.on_duty_since_ms OR o.sent_at_ms > greatest(
                o.on_duty_since_ms + 3600000::bigint * {_rule("most_on_duty_h", DEFAULTS.most_on_duty_h)}, extended.until_ms)
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="nobodyAloneOnTheLine",
        promise="No order for work on the line was given to a crew with too few people, other than to help another crew.",
        checked_sql="SELECT count(*) FROM dispatch_order WHERE work = 'repair' AND skills = '{line}'",
        violations_sql=f"""
            SELECT o."order", o.crew, coalesce(c.members, v.members) AS members
            FROM dispatch_order o JOIN ({GIVEN}) g USING ("order")
            {_OF_ITS_VERSION}
            {LATEST_VISIT}
            WHERE o.work = 'repair' AND o.skills = '{{line}}'
              AND coalesce(c.members, v.members) < {_rule("fewest_on_line", DEFAULTS.fewest_on_line)}
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="nobodyWhereBarred",
        promise="No crew was sent to a place where it may not go, by the roster under which it was decided.",
        checked_sql="SELECT count(*) FROM dispatch_order o JOIN current_crew c ON c.crew = o.crew AND c.barred <> '{}'",
        violations_sql=f"""
            SELECT o."order", o.crew, b.circle
            FROM dispatch_order o JOIN ({GIVEN}) g USING ("order")
            {_OF_ITS_VERSION}
            CROSS JOIN LATERAL unnest(c.barred) AS b (circle)
            CROSS JOIN LATERAL (SELECT radians(split_part(b.circle, '/', 1)::float8) AS lat,
                                       radians(split_part(b.circle, '/', 2)::float8) AS lon,
                                       split_part(b.circle, '/', 3)::float8 AS radius_m) p
            WHERE 2 * 6371008.8 * asin(least(1, sqrt(
                    sin((radians(o.lat) - p.lat) / 2) ^ 2
                    + cos(p.lat) * cos(radians(o.lat)) * sin((radians(o.lon) - p.lon) / 2) ^ 2))) < p.radius_m * 0.99
            ORDER BY 1, 3
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="safetyHoldKept",
        promise="While work is held because of safety nobody is sent to it, nor under way.",
        checked_sql=f"SELECT count(*) FROM journal WHERE stage = 'dispatch' AND reason = '{Reason.SAFETY_HELD}'",  # noqa: S608 - as above
        violations_sql="""
            SELECT d.job, o."order", o.crew, o.state
            FROM entity e JOIN dispatch_job d ON d.job = e.id AND d.region = e.shard
            JOIN dispatch_order o ON o.job = d.job AND o.region = d.region AND o.state IN ('sent', 'accepted', 'enroute')
            WHERE e.stage = 'dispatch' AND e.kind = 'job' AND (e.body ->> 'held_for_safety')::boolean
            ORDER BY 1, 2
        """,
    ),
    AuditRule(
        name="clearanceAsked",
        promise="Whoever repaired without the clearance that the work needs, or still holds one, is named in the journal.",
        checked_sql="SELECT count(*) FROM dispatch_order WHERE clearance <> 'notNeeded'",
        violations_sql=f"""
            SELECT o."order", o.crew, o.state, o.clearance
            FROM dispatch_order o
            WHERE o.state IN ('repaired', 'done') AND o.clearance IN ('needed', 'given', 'taken') AND NOT EXISTS (
                SELECT FROM journal j
                WHERE j.stage = 'dispatch' AND j.subject_kind = 'order' AND j.subject = o."order"
                  AND j.reason IN ('{Reason.NO_CLEARANCE}', '{Reason.CLEARANCE_HELD}'))
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="calledAgainOnce",
        promise="An order was sent once more only while it was not answered, and once at most.",
        checked_sql="SELECT count(*) FROM dispatch_order WHERE called_again_at_ms IS NOT NULL",
        violations_sql=f"""
            SELECT o."order", o.crew, o.called_again_at_ms, o.accepted_at_ms, n.times
            FROM dispatch_order o
            LEFT JOIN LATERAL (
                SELECT count(*) AS times FROM journal j
                WHERE j.stage = 'dispatch' AND j.subject_kind = 'order' AND j.subject = o."order"
                  AND j.reason = '{Reason.CALLED_AGAIN}') n ON true
            WHERE n.times <> (o.called_again_at_ms IS NOT NULL)::integer
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
)
"""The audit rules of who may be sent where."""
