"""What must hold in the data of the dispatch room."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.dispatch.reasons import Reason

_REASONS = ", ".join(f"'{reason}'" for reason in Reason)

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
        name="incidentWithOneOrder",
        promise="No incident has two active orders.",
        checked_sql="SELECT count(DISTINCT incident) FROM crew_order",
        violations_sql="""
            SELECT incident, array_agg("order" ORDER BY "order") AS orders
            FROM crew_order WHERE active GROUP BY incident HAVING count(*) > 1 ORDER BY incident
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
        checked_sql="SELECT count(*) FROM dispatch_job",
        violations_sql="""
            SELECT coalesce(j.incident, o.incident) AS incident, j."order" AS held, o."order" AS active
            FROM (SELECT * FROM dispatch_job WHERE "order" IS NOT NULL OR state = 'ordered') j
            FULL JOIN (SELECT * FROM crew_order WHERE active) o ON o.incident = j.incident AND o."order" = j."order"
            WHERE j.incident IS NULL OR o.incident IS NULL
            ORDER BY 1, 2, 3
        """,
    ),
    AuditRule(
        name="orderReasoned",
        promise="Every state that an order was published in is in the journal, with one of the room's reasons.",
        checked_sql="SELECT count(*) FROM outbox WHERE stage = 'dispatch' AND topic = 'crew.assignments'",
        violations_sql=f"""
            WITH published AS (
                SELECT id, convert_from(body, 'UTF8')::json AS event
                FROM outbox WHERE stage = 'dispatch' AND topic = 'crew.assignments'
            )
            SELECT p.event ->> 'order' AS "order", p.event ->> 'state' AS state, p.id AS event
            FROM published p
            WHERE NOT EXISTS (
                SELECT FROM journal j
                WHERE j.stage = 'dispatch' AND j.subject_kind = 'order' AND j.subject = p.event ->> 'order'
                  AND j.became = p.event ->> 'state' AND j.reason = p.event ->> 'reason' AND j.reason IN ({_REASONS})
            )
            ORDER BY 1, 2
        """,  # noqa: S608 - the reasons are the room's own words
    ),
    AuditRule(
        name="orderPublished",
        promise="Every order was published as sent, and in the state that it has now.",
        checked_sql="SELECT count(*) FROM crew_order",
        violations_sql="""
            SELECT o."order", due.state, o.crew, o.incident
            FROM crew_order o, unnest(ARRAY['sent', o.state]) AS due (state)
            EXCEPT
            SELECT event ->> 'order', event ->> 'state', event ->> 'crew', event ->> 'incident'
            FROM (
                SELECT convert_from(body, 'UTF8')::json AS event
                FROM outbox WHERE stage = 'dispatch' AND topic = 'crew.assignments'
            ) published
            ORDER BY 1, 2
        """,
    ),
    AuditRule(
        name="openIncidentHasJob",
        promise="Every incident has a job that rests on its newest change; it is over exactly when the incident is.",
        checked_sql="""
            SELECT count(DISTINCT convert_from(body, 'UTF8')::json ->> 'incident')
            FROM inbox WHERE stage = 'dispatch' AND topic = 'outage.incidents' AND decided IS NOT NULL
        """,
        violations_sql="""
            WITH change AS (
                SELECT convert_from(body, 'UTF8')::json AS event
                FROM inbox WHERE stage = 'dispatch' AND topic = 'outage.incidents' AND decided IS NOT NULL
            ), newest AS (
                SELECT DISTINCT ON (event ->> 'incident')
                       event ->> 'incident' AS incident, event ->> 'state' AS state,
                       (event ->> 'revision')::integer AS revision
                FROM change ORDER BY event ->> 'incident', (event ->> 'revision')::integer DESC
            )
            SELECT n.incident, n.state, n.revision, j.state AS job
            FROM newest n LEFT JOIN dispatch_job j USING (incident)
            WHERE j.incident IS NULL OR j.revision <> n.revision
               OR (n.state IN ('predicted', 'confirmed', 'partiallyRestored')) <> (j.state <> 'over')
            ORDER BY 1
        """,
    ),
    AuditRule(
        name="waitingReasoned",
        promise="The journal says of every job that waits why nobody was sent.",
        checked_sql="SELECT count(*) FROM dispatch_job WHERE state = 'waiting'",
        violations_sql=f"""
            SELECT d.incident
            FROM dispatch_job d
            WHERE d.state = 'waiting' AND NOT EXISTS (
                SELECT FROM journal j
                WHERE j.stage = 'dispatch' AND j.subject_kind = 'job' AND j.subject = d.incident
                  AND j.became = 'waiting' AND j.reason = '{Reason.NO_CREW_IDLE}'
            )
            ORDER BY 1
        """,  # noqa: S608 - the reason is the room's own word
    ),
)
"""The audit rules of the dispatch room."""
