"""The SQL of the truth: what the drill's own log and handsets say, what the product's tables say, rows for digests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.engine.taking import Connection

SAYS_RESTORED = ("power is back", "已恢复供电")
"""By these words the drill knows a text that says so; every such text of the product holds them, in one language or other."""
SAME_TEXT_MS = 120_000
"""The same words to the same phone within this time are one text sent twice; later they may be about another outage."""
SUSTAINED_MS = 300_000
"""What lasted no longer is momentary: nobody has to have noticed it, and a text that comes just then is not wrong."""
STOPPED_WITHIN_MS = 60_000
"""From a customer's STOP until nothing reaches him any more but answers to what he writes."""
CALLED_WITHIN_MS = 600_000
"""Until so long after the end of an outage a call about it counts as one."""

_TRUTH = """
WITH now AS (SELECT now_ms FROM tick()),
     sustained AS (
         SELECT o.customer, o.from_ms, coalesce(o.until_ms, now.now_ms) AS until_ms FROM drill.outage o, now
         WHERE coalesce(o.until_ms, now.now_ms) - o.from_ms > $3),
     told AS (
         SELECT t.operator_id, t.at_ms, coalesce(n.customers, array(
             SELECT p.customer FROM current_phone p WHERE p.phone = t.phone)) AS customers
         FROM drill.handset_text t LEFT JOIN notice_decided n ON n.key = t.reference
         WHERE EXISTS (SELECT FROM unnest($1::text[]) AS says WHERE position(says IN lower(t.words)) > 0)),
     account_out AS (SELECT p.account, s.* FROM sustained s JOIN current_premise p USING (customer))
SELECT
    (SELECT count(*) FROM drill.fault) AS faults,
    (SELECT count(*) FROM drill.fault WHERE repaired_at_ms IS NOT NULL) AS repaired,
    (SELECT coalesce(sum(coalesce(o.until_ms, c.now_ms) - o.from_ms), 0)::bigint FROM drill.outage o, tick() c)
        AS customer_ms_true,
    (SELECT coalesce(sum(coalesce(i.end_ms, c.now_ms) - i.start_ms), 0)::bigint FROM measured_interruption i, tick() c)
        AS customer_ms_ledger,
    (SELECT count(*) FROM sustained o WHERE NOT EXISTS (
        SELECT FROM measured_interruption i
        WHERE i.customer = o.customer AND i.start_ms < o.until_ms AND coalesce(o.from_ms < i.end_ms, true)))
        AS never_in_ledger,
    (SELECT count(*) FROM told t WHERE EXISTS (
        SELECT FROM drill.outage o, now
        WHERE o.customer = ANY (t.customers) AND o.from_ms < t.at_ms AND coalesce(o.until_ms > t.at_ms, true)
            AND coalesce(o.until_ms, now.now_ms) - o.from_ms > $3))
        AS told_restored_while_out,
    (SELECT count(*) FROM drill.handset_text t WHERE EXISTS (
        SELECT FROM drill.handset_text e
        WHERE e.phone = t.phone AND (e.at_ms, e.operator_id) < (t.at_ms, t.operator_id)
            AND (e.reference = t.reference OR (e.words = t.words AND t.at_ms - e.at_ms <= $2))))
        AS texts_doubled,
    (SELECT count(*) FROM drill.handset_text t JOIN drill.opted_out s USING (phone)
        WHERE t.at_ms > s.at_ms + $4 AND EXISTS (SELECT FROM notice_decided n WHERE n.key = t.reference))
        AS texts_after_stop,
    (SELECT count(*) FROM drill.hazard WHERE appeared_at_ms IS NOT NULL) AS hazards,
    (SELECT count(*) FROM drill.hazard WHERE safe_at_ms IS NOT NULL) AS made_safe,
    (SELECT count(*) FROM hazard WHERE state = 'reported') AS hazards_left,
    (SELECT count(*) FROM account_out) AS accounts_out,
    (SELECT count(*) FROM account_out o WHERE EXISTS (
        SELECT FROM drill.call c WHERE c.account = o.account AND c.at_ms BETWEEN o.from_ms AND o.until_ms + $5))
        AS accounts_called,
    (SELECT count(*) FROM hotline_escalation WHERE state = 'calling') AS accounts_calling,
    (SELECT count(*) FROM crew_order a JOIN crew_order b ON a.crew = b.crew AND a."order" < b."order"
        AND int8range(a.sent_at_ms, a.ended_at_ms) && int8range(b.sent_at_ms, b.ended_at_ms)) AS double_orders
"""

_PRODUCT = """
SELECT
    (SELECT count(DISTINCT report_id) FROM (
        SELECT report_id FROM drill.schedule WHERE sent
        UNION ALL SELECT id FROM outbox WHERE sent AND topic IN ('outage.reports', 'hotline.reports')) r) AS sent,
    (SELECT count(*) FROM report) AS applied,
    (SELECT count(DISTINCT coalesce(event_id, id)) FROM parked
        WHERE stage = 'intake' AND topic IN ('outage.reports', 'hotline.reports') AND state = 'parked') AS parked,
    (SELECT count(*) FROM crew_order) AS orders,
    (SELECT count(*) FROM hotline_call WHERE state = 'done') AS calls,
    (SELECT count(DISTINCT subject) FROM journal
        WHERE stage = 'escalate' AND subject_kind = 'escalation' AND became = 'acknowledged'
            AND reason = 'acknowledged') AS acknowledged,
    count(*) AS opened,
    count(*) FILTER (WHERE state IN ('restored', 'closed')) AS restored,
    count(*) FILTER (WHERE state = 'merged') AS merged,
    count(*) FILTER (WHERE state = 'dismissed') AS dismissed
FROM incident
"""

_TEXTS = """
SELECT
    count(*) FILTER (WHERE effect_state = 'done') AS submitted,
    count(*) FILTER (WHERE receipt = 'delivered') AS delivered,
    count(*) FILTER (WHERE receipt IN ('failed', 'expired') OR effect_state IN ('failed', 'expired')) AS failed,
    count(*) FILTER (WHERE effect_state = 'superseded') AS superseded,
    count(*) FILTER (WHERE effect_state = 'unknown') AS unknown
FROM notice
"""

DIGESTED = {
    "ledger": """
        SELECT i.customer, i.start_ms, i.end_ms, i.planned, i.basis, i.holder, p.from_ms, p.until_ms, p.holder_kind,
            p.holder, p.powered
        FROM measured_interruption i LEFT JOIN interruption_part p ON p.interruption = i.id
        ORDER BY i.customer, i.start_ms, p.from_ms""",
    "orders": """
        SELECT subject, now_ms, became, reason, facts FROM journal
        WHERE stage = 'dispatch' AND subject_kind = 'order' ORDER BY subject, now_ms, became, id""",
    "texts": """
        SELECT key, body ->> 'words', body ->> 'customer', done_at_ms, state FROM effects
        WHERE kind = 'text' ORDER BY key""",
    "hazards": """
        SELECT id, area, region, kind, device, incident, state, reason, reports, reported_at_ms, ended_at_ms FROM hazard
        ORDER BY id""",
    "calls": """
        SELECT key, account, outage, said, at_ms, acknowledged FROM drill.call ORDER BY key""",
}
"""For each digest its rows in their order: decisions and times of the clock, never ticks or wall times."""


async def truth(connection: Connection) -> Mapping[str, int]:
    """Return the figures of what truly happened, and how the ledger stands beside it; times in milliseconds."""
    given = (list(SAYS_RESTORED), SAME_TEXT_MS, SUSTAINED_MS, STOPPED_WITHIN_MS, CALLED_WITHIN_MS)
    return _counts(await connection.fetchrow(_TRUTH, *given))


async def product(connection: Connection) -> Mapping[str, int]:
    """Return the counts of what the product took in and did."""
    return _counts(await connection.fetchrow(_PRODUCT))


async def texts(connection: Connection) -> dict[str, int]:
    """Return how the texts fared."""
    return _counts(await connection.fetchrow(_TEXTS))


async def rows(connection: Connection, digest: str) -> list[tuple[Any, ...]]:
    """Return the rows of one of the digests. Raises `KeyError` for another name."""
    return [tuple(row) for row in await connection.fetch(DIGESTED[digest])]


def _counts(row: Mapping[str, int] | None) -> dict[str, int]:
    assert row is not None, "a select of aggregates has one row"
    return {name: int(value) for name, value in row.items()}
