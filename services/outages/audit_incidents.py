"""What must hold of incidents and of who is out under them."""

from __future__ import annotations

from services.audit.rule import AuditRule
from services.outages.believing import MOVED_PERMILLE
from services.outages.reasons import Reason

_REASONS = ", ".join(f"'{reason}'" for reason in Reason)

_PUBLISHED = """published AS (
    SELECT e.event FROM outbox o, LATERAL (SELECT convert_from(o.body, 'UTF8')::json AS event) e
    WHERE o.stage = 'correlate' AND o.topic = 'outage.incidents' AND e.event ->> 'type' = 'outage.incidentChanged.v1')"""

INCIDENT_RULES: tuple[AuditRule, ...] = (
    AuditRule(
        name="customerOutOnce",
        promise="A customer is out at most once at a time.",
        checked_sql="SELECT count(*) FROM interruption WHERE NOT voided",
        violations_sql="""
            SELECT customer, id, before AS overlaps FROM (
                SELECT customer, id, start_ms, lag(id) OVER earlier AS before,
                       max(coalesce(end_ms, 9223372036854775807)) OVER (
                           earlier ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until_ms
                FROM interruption WHERE NOT voided
                WINDOW earlier AS (PARTITION BY customer ORDER BY start_ms, id)) i
            WHERE start_ms < until_ms ORDER BY customer, id""",
    ),
    AuditRule(
        name="ledgerAgreesWithState",
        promise="Who is out in the state is out in the ledger, since the same time and under the same holder.",
        checked_sql="SELECT count(*) FROM entity WHERE stage = 'correlate' AND kind = 'out'",
        violations_sql="""
            SELECT coalesce(o.customer, i.customer) AS customer, o.interruption AS in_state, i.id AS in_ledger
            FROM (SELECT id AS customer, body ->> 'interruption' AS interruption, (body ->> 'start')::bigint AS start,
                         body ->> 'holder' AS holder
                  FROM entity WHERE stage = 'correlate' AND kind = 'out') o
            FULL JOIN (SELECT * FROM interruption WHERE end_ms IS NULL AND NOT voided) i
                 ON i.id = o.interruption AND i.customer = o.customer AND i.start_ms = o.start AND i.holder = o.holder
            WHERE o.customer IS NULL OR i.customer IS NULL ORDER BY 1, 2, 3""",
    ),
    AuditRule(
        name="interruptionHeld",
        promise="Every interruption is held by an incident or window that there is, and its history ends with that one.",
        checked_sql="SELECT count(*) FROM interruption",
        violations_sql="""
            SELECT i.id, i.customer, i.holder FROM interruption i
            WHERE NOT EXISTS (
                    SELECT FROM interruption_holder h
                    WHERE h.interruption = i.id AND h.holder = i.holder AND h.from_ms = (
                        SELECT max(from_ms) FROM interruption_holder WHERE interruption = i.id))
               OR (i.holder_kind = 'incident' AND NOT EXISTS (SELECT FROM incident n WHERE n.id = i.holder))
               OR (i.holder_kind <> 'incident' AND NOT EXISTS (
                    SELECT FROM journal j WHERE j.subject_kind = i.holder_kind AND j.subject = i.holder))
            ORDER BY i.id""",
    ),
    AuditRule(
        name="incidentHoldsItsCustomers",
        promise="An incident counts whom the ledger shows out under it, and is open exactly while there is somebody.",
        checked_sql="SELECT count(*) FROM incident",
        violations_sql="""
            SELECT n.id, n.state, n.customers_out, held.count AS in_ledger FROM incident n, LATERAL (
                SELECT count(*) FROM interruption i
                WHERE i.holder = n.id AND i.end_ms IS NULL AND NOT i.voided) held
            WHERE n.customers_out <> held.count
               OR (n.state IN ('predicted', 'confirmed', 'partiallyRestored')) <> (held.count > 0)
            ORDER BY n.id""",
    ),
    AuditRule(
        name="incidentReasoned",
        promise="Every published state of an incident is in the journal, with one of the room's reasons.",
        checked_sql=f"WITH {_PUBLISHED} SELECT count(*) FROM published",  # noqa: S608 - built of this module's own text
        violations_sql=f"""
            WITH {_PUBLISHED}
            SELECT p.event ->> 'incident' AS incident, p.event ->> 'revision' AS revision, p.event ->> 'state' AS state
            FROM published p WHERE NOT EXISTS (
                SELECT FROM journal j
                WHERE j.stage = 'correlate' AND j.subject_kind = 'incident' AND j.subject = p.event ->> 'incident'
                  AND j.became = p.event ->> 'state' AND j.reason = p.event ->> 'reason' AND j.reason IN ({_REASONS}))
            ORDER BY 1, 2""",  # noqa: S608 - the reasons are the room's own words
    ),
    AuditRule(
        name="incidentPublished",
        promise=(
            "Every revision of an incident was published once, and the last one says how it stands; one without a revision is "
            "gathering reports, or was over before it was made known."
        ),
        checked_sql="SELECT count(*) FROM incident",
        violations_sql=f"""
            WITH {_PUBLISHED},
            revised AS (
                SELECT event ->> 'incident' AS incident, count(*) AS published, max((event ->> 'revision')::integer) AS last
                FROM published GROUP BY 1)
            SELECT n.id, n.revision, r.published, r.last FROM incident n
            LEFT JOIN revised r ON r.incident = n.id
            LEFT JOIN published p ON p.event ->> 'incident' = n.id AND (p.event ->> 'revision')::integer = n.revision
            WHERE NOT (n.revision = 0 AND r.published IS NULL AND n.state NOT IN ('restored', 'closed'))
              AND (r.published IS DISTINCT FROM n.revision OR r.last IS DISTINCT FROM n.revision
               OR p.event ->> 'state' IS DISTINCT FROM n.state OR p.event ->> 'device' IS DISTINCT FROM n.device
               OR (p.event ->> 'customers_out')::integer IS DISTINCT FROM n.customers_out
               OR p.event ->> 'merged_into' IS DISTINCT FROM n.merged_into)
            ORDER BY n.id""",  # noqa: S608 - built of this module's own text
    ),
    AuditRule(
        name="incidentOver",
        promise="A restored incident says when; a merged one went up in an incident that there is.",
        checked_sql="SELECT count(*) FROM incident WHERE state IN ('restored', 'closed', 'merged')",
        violations_sql="""
            SELECT n.id, n.state, n.restored_at_ms, n.merged_into FROM incident n
            WHERE (n.state IN ('restored', 'closed') AND n.restored_at_ms IS NULL)
               OR (n.state = 'merged' AND NOT EXISTS (SELECT FROM incident m WHERE m.id = n.merged_into AND m.id <> n.id))
            ORDER BY n.id""",
    ),
    AuditRule(
        name="restoredHasEnded",
        promise="Nobody is named as restored whose interruption had not ended by then.",
        checked_sql=f"WITH {_PUBLISHED} SELECT coalesce(sum(json_array_length(event -> 'restored')), 0)::bigint FROM published",  # noqa: S608 - as above
        violations_sql=f"""
            WITH {_PUBLISHED},
            named AS (
                SELECT event ->> 'incident' AS incident, restored.customer,
                       (extract(epoch FROM (event ->> 'at')::timestamptz) * 1000)::bigint AS at_ms
                FROM published, json_array_elements_text(event -> 'restored') AS restored (customer)),
            ended AS (
                SELECT i.customer, h.holder, min(CASE WHEN i.voided THEN i.start_ms ELSE p.until_ms END) AS at_ms
                FROM interruption i
                JOIN interruption_holder h ON h.interruption = i.id
                LEFT JOIN interruption_part p ON p.interruption = i.id AND NOT p.powered
                GROUP BY 1, 2)
            SELECT n.customer, n.incident, n.at_ms
            FROM named n LEFT JOIN ended e ON e.customer = n.customer AND e.holder = n.incident
            WHERE coalesce(e.at_ms > n.at_ms, true)
            ORDER BY 1, 2""",  # noqa: S608 - as above
    ),
    AuditRule(
        name="beliefsKept",
        promise="What may have failed is kept with the likeliest first, and the last ranking kept is what is believed now.",
        checked_sql="SELECT count(*) FROM incident",
        violations_sql=f"""
            WITH kept AS (
                SELECT incident, from_ms, array_agg(device ORDER BY rank) AS devices,
                       array_agg(permille ORDER BY rank) AS permilles, array_agg(rank ORDER BY rank) AS ranks,
                       array_agg(permille ORDER BY permille DESC) AS falling
                FROM incident_hypothesis GROUP BY 1, 2),
            last AS (SELECT DISTINCT ON (incident) * FROM kept ORDER BY incident, from_ms DESC),
            believed AS (
                SELECT e.id AS incident, array_agg(h.it ->> 'device' ORDER BY h.rank) AS devices,
                       array_agg((h.it ->> 'permille')::integer ORDER BY h.rank) AS permilles
                FROM entity e, json_array_elements(e.body -> 'hypotheses') WITH ORDINALITY AS h (it, rank)
                WHERE e.stage = 'correlate' AND e.kind = 'incident' GROUP BY 1)
            SELECT incident, from_ms, devices, permilles FROM kept
            WHERE falling <> permilles OR ranks[1] <> 1 OR ranks[cardinality(ranks)] <> cardinality(ranks)
            UNION ALL
            SELECT b.incident, l.from_ms, b.devices, b.permilles FROM believed b LEFT JOIN last l USING (incident)
            WHERE l.devices IS DISTINCT FROM b.devices
               OR EXISTS (SELECT FROM unnest(l.permilles, b.permilles) AS p (kept, now) WHERE abs(kept - now) >= {MOVED_PERMILLE})
            ORDER BY 1, 2""",  # noqa: S608 - a number of the room
    ),
)
