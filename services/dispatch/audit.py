"""What must hold in the data of the dispatch room."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.dispatch.audit_safety import GIVEN, LATEST_VISIT
from services.dispatch.audit_safety import RULES as OF_SAFETY
from services.dispatch.reasons import Reason
from services.dispatch.sending import WHY_NOBODY


def _listed(reasons: frozenset[Reason] | type[Reason]) -> str:
    return ", ".join(f"'{reason}'" for reason in sorted(reasons))


_PUBLISHED = """
    SELECT id, event
    FROM (SELECT id, convert_from(body, 'UTF8')::json AS event
          FROM outbox WHERE stage = 'dispatch' AND topic = 'crew.assignments') e
    WHERE event ->> 'type' = 'crew.orderChanged.v1'
"""
_CHANGES = """
    SELECT shard, convert_from(body, 'UTF8')::json AS event
    FROM inbox WHERE stage = 'dispatch' AND topic = 'outage.incidents' AND decided IS NOT NULL
"""
_SAID = """
    SELECT decided, at_ms, id, event ->> 'crew' AS crew, event ->> 'status' AS status
    FROM (SELECT decided, at_ms, id, convert_from(body, 'UTF8')::json AS event
          FROM inbox WHERE stage = 'dispatch' AND topic = 'crew.status' AND decided IS NOT NULL) s
"""
_ORDERS = "SELECT count(*) FROM dispatch_order"
_JOBS = "SELECT count(*) FROM dispatch_job"

RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="crewWithOneOrder",
        promise="No crew has two active orders.",
        checked_sql="SELECT count(DISTINCT crew) FROM crew_order",
        violations_sql="""
            SELECT crew, array_agg("order" ORDER BY "order") AS orders
            FROM crew_order WHERE active GROUP BY crew HAVING count(*) > 1 ORDER BY crew
        """,
    ),
    AuditRule(
        name="workWithOneLeadingOrder",
        promise="No incident and no hazard has two active orders that do not help another.",
        checked_sql="SELECT count(DISTINCT (incident, hazard)) FROM crew_order",
        violations_sql="""
            SELECT coalesce(incident, hazard) AS work, array_agg("order" ORDER BY "order") AS orders
            FROM crew_order WHERE active AND assists IS NULL GROUP BY incident, hazard HAVING count(*) > 1 ORDER BY 1
        """,
    ),
    AuditRule(
        name="helperHelps",
        promise="A helper that has not arrived helps an active order of another crew, about the same incident or hazard.",
        checked_sql="SELECT count(*) FROM crew_order WHERE assists IS NOT NULL",
        violations_sql="""
            SELECT h."order", h.assists, l.state
            FROM crew_order h LEFT JOIN crew_order l ON l."order" = h.assists
            WHERE h.assists IS NOT NULL AND (
                l."order" IS NULL OR l.crew = h.crew OR (l.incident, l.hazard) IS DISTINCT FROM (h.incident, h.hazard)
                OR (h.state IN ('sent', 'accepted', 'enroute') AND NOT l.active))
            ORDER BY 1
        """,
    ),
    AuditRule(
        name="crewHoldsItsOrder",
        promise="A crew and the active order it was given name each other.",
        checked_sql="SELECT count(*) FROM crew_duty",
        violations_sql="""
            SELECT coalesce(d.crew, o.crew) AS crew, d."order" AS held, o."order" AS active
            FROM (SELECT * FROM crew_duty WHERE "order" IS NOT NULL) d
            FULL JOIN (SELECT * FROM crew_order WHERE active) o ON o.crew = d.crew AND o."order" = d."order"
            WHERE d.crew IS NULL OR o.crew IS NULL
            ORDER BY 1, 2, 3
        """,
    ),
    AuditRule(
        name="jobHoldsItsOrder",
        promise="A job and its active order name each other.",
        checked_sql=_JOBS,
        violations_sql="""
            SELECT coalesce(j.job, o.job) AS job, j."order" AS held, o."order" AS active
            FROM (SELECT * FROM dispatch_job WHERE "order" IS NOT NULL OR state = 'ordered') j
            FULL JOIN (SELECT * FROM dispatch_order WHERE ended_at_ms IS NULL) o
                ON o.job = j.job AND o.region = j.region AND o."order" = j."order"
            WHERE j.job IS NULL OR o.job IS NULL
            ORDER BY 1, 2, 3
        """,
    ),
    AuditRule(
        name="orderAsDecided",
        promise="The row of an order says of it what the stage does.",
        checked_sql=_ORDERS,
        violations_sql="""
            SELECT e.id AS "order", e.body ->> 'crew' AS crew, e.body ->> 'state' AS state
            FROM entity e
            LEFT JOIN dispatch_order o ON o."order" = e.id AND o.crew = e.body ->> 'crew' AND o.job = e.body ->> 'job'
                AND o.state = e.body ->> 'state' AND o.changed_at_ms = (e.body ->> 'changed_at')::bigint
            WHERE e.stage = 'dispatch' AND e.kind = 'order' AND o."order" IS NULL
            ORDER BY 1
        """,
    ),
    AuditRule(
        name="orderReasoned",
        promise="Every state that an order was published in is in the journal, with one of the room's reasons.",
        checked_sql=f"SELECT count(*) FROM ({_PUBLISHED}) p",  # noqa: S608 - the module's own words
        violations_sql=f"""
            WITH published AS ({_PUBLISHED})
            SELECT p.event ->> 'order' AS "order", p.event ->> 'state' AS state, p.id AS event
            FROM published p
            WHERE NOT EXISTS (
                SELECT FROM journal j
                WHERE j.stage = 'dispatch' AND j.subject_kind = 'order' AND j.subject = p.event ->> 'order'
                  AND j.became = p.event ->> 'state' AND j.reason = p.event ->> 'reason' AND j.reason IN ({_listed(Reason)})
            )
            ORDER BY 1, 2
        """,  # noqa: S608 - the reasons are the room's own words
    ),
    AuditRule(
        name="orderPublished",
        promise="Every order was published as sent, and in the state that it has now.",
        checked_sql=_ORDERS,
        violations_sql=f"""
            SELECT o."order", due.state, o.crew, o.incident, o.hazard
            FROM crew_order o, unnest(ARRAY['sent', o.state]) AS due (state)
            EXCEPT
            SELECT event ->> 'order', event ->> 'state', event ->> 'crew', event ->> 'incident', event ->> 'hazard'
            FROM ({_PUBLISHED}) published
            ORDER BY 1, 2
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="skillsKept",
        promise="No order was given to a crew without the skill, by the roster under which it was decided.",
        checked_sql=_ORDERS,
        violations_sql=f"""
            SELECT o."order", o.crew, o.skills AS asked, coalesce(c.skills, v.skills) AS has
            FROM dispatch_order o JOIN ({GIVEN}) g USING ("order")
            JOIN utility_version u ON u.version = g.version OR (g.version IS NULL AND u.current)
            LEFT JOIN crew c ON c.version = u.version AND c.crew = o.crew
            {LATEST_VISIT}
            WHERE coalesce(c.skills, v.skills) IS NULL OR NOT coalesce(c.skills, v.skills) && o.skills
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="visitorsAreHere",
        promise="No order was given to a crew of another utility that had not come, or had left.",
        checked_sql="SELECT count(*) FROM dispatch_order WHERE starts_with(crew, 'visit.')",
        violations_sql=f"""
            SELECT o."order", o.crew, v.decided AS came
            FROM dispatch_order o JOIN ({GIVEN}) g USING ("order")
            {LATEST_VISIT}
            WHERE starts_with(o.crew, 'visit.') AND NOT EXISTS (SELECT FROM current_crew c WHERE c.crew = o.crew)
              AND (v.decided IS NULL OR EXISTS (
                SELECT FROM journal j
                WHERE j.stage = 'dispatch' AND j.subject_kind = 'visitor' AND j.subject = o.crew AND j.became = 'left'
                  AND j.tick BETWEEN v.decided AND g.tick))
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="visitorsGuided",
        promise="No rule sent a crew of another utility with which nobody was who knows the area.",
        checked_sql="SELECT count(*) FROM dispatch_order WHERE starts_with(crew, 'visit.')",
        violations_sql=f"""
            SELECT o."order", o.crew
            FROM dispatch_order o JOIN ({GIVEN}) g USING ("order")
            {LATEST_VISIT}
            WHERE v.decided IS NOT NULL AND v.guide IS NULL AND NOT EXISTS (
                SELECT FROM journal j
                WHERE j.stage = 'dispatch' AND j.subject_kind = 'order' AND j.subject = o."order" AND j.became = 'sent'
                  AND j.reason = '{Reason.DISPATCHER_ASSIGNED}')
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="signedOffStaysFree",
        promise="Whoever said that it is off duty got no order before it said otherwise.",
        checked_sql=_ORDERS,
        violations_sql=f"""
            WITH said AS MATERIALIZED (SELECT * FROM ({_SAID}) s WHERE status IN ('signedOn', 'available', 'offDuty'))
            SELECT o."order", o.crew, latest.id AS said
            FROM dispatch_order o JOIN ({GIVEN}) g USING ("order")
            JOIN LATERAL (
                SELECT id, status FROM said WHERE said.crew = o.crew AND said.decided <= g.tick
                ORDER BY decided DESC, at_ms DESC, id DESC LIMIT 1
            ) latest ON latest.status = 'offDuty'
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="silentStaysUnreachable",
        promise="Between an order that a crew did not answer and the next one it got, the crew was heard of.",
        checked_sql="SELECT count(*) FROM crew_order WHERE state = 'revoked' AND reason = 'unanswered'",
        violations_sql=f"""
            WITH said AS MATERIALIZED ({_SAID}),
            given AS MATERIALIZED (SELECT o."order", o.crew, g.tick FROM dispatch_order o JOIN ({GIVEN}) g USING ("order"))
            SELECT later."order", later.crew, silent.subject AS unanswered
            FROM journal silent
            JOIN dispatch_order o ON o."order" = silent.subject
            JOIN LATERAL (
                SELECT * FROM given
                WHERE given.crew = o.crew AND given.tick >= silent.tick AND given."order" <> o."order"
                ORDER BY given.tick LIMIT 1
            ) later ON true
            WHERE silent.stage = 'dispatch' AND silent.subject_kind = 'order' AND silent.became = 'revoked'
              AND silent.reason = '{Reason.UNANSWERED}' AND NOT EXISTS (
                SELECT FROM said WHERE said.crew = o.crew AND said.decided > silent.tick AND said.decided <= later.tick)
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="openWorkHasJob",
        promise="Every open incident and hazard has a job that rests on its newest change; the job is over exactly when it is.",
        checked_sql=f"""
            SELECT count(DISTINCT (event ->> 'incident', event ->> 'hazard')) FROM ({_CHANGES}) c
        """,  # noqa: S608 - as above
        violations_sql=f"""
            WITH newest AS (
                SELECT DISTINCT ON (shard, work) shard, work, event ->> 'state' AS state,
                       (event ->> 'revision')::integer AS revision,
                       event ->> 'state' IN ('predicted', 'confirmed', 'partiallyRestored', 'reported') AS open
                FROM (SELECT shard, event, coalesce('hazard:' || (event ->> 'hazard'), event ->> 'incident') AS work
                      FROM ({_CHANGES}) c) w
                ORDER BY shard, work, (event ->> 'revision')::integer DESC
            )
            SELECT n.work, n.state, n.revision, j.state AS job
            FROM newest n LEFT JOIN dispatch_job j ON j.job = n.work AND j.region = n.shard
            WHERE (j.job IS NULL AND n.open)
               OR (j.job IS NOT NULL AND (j.revision <> n.revision OR n.open = (j.state = 'over')))
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    AuditRule(
        name="waitingReasoned",
        promise="The journal says of every job that waits which rules kept crews from it, or that a dispatcher holds it.",
        checked_sql="SELECT count(*) FROM dispatch_job WHERE state = 'waiting'",
        violations_sql=f"""
            SELECT d.job
            FROM dispatch_job d
            WHERE d.state = 'waiting' AND NOT EXISTS (
                SELECT FROM journal j
                WHERE j.stage = 'dispatch' AND j.subject_kind = 'job' AND j.subject = d.job AND j.became = 'waiting'
                  AND j.now_ms >= d.changed_at_ms AND j.reason IN ({_listed(WHY_NOBODY)})
            )
            ORDER BY 1
        """,  # noqa: S608 - as above
    ),
    *OF_SAFETY,
)
"""The audit rules of the dispatch room."""
