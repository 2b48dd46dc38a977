"""The SQL of the truth: what the drill's own log and handsets say, what the product's tables say, rows for digests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.engine.taking import Connection

SAYS_RESTORED = "power is back"
"""By these words the drill knows a text that says so; every such text of the product holds them."""
SAME_TEXT_MS = 120_000
"""The same words to the same phone within this time are one text sent twice; later they may be about another outage."""

_TRUTH = """
SELECT
    (SELECT count(*) FROM drill.fault) AS faults,
    (SELECT count(*) FROM drill.fault WHERE repaired_at_ms IS NOT NULL) AS repaired,
    (SELECT coalesce(sum(coalesce(o.until_ms, c.now_ms) - o.from_ms), 0)::bigint FROM drill.outage o, tick() c)
        AS customer_ms_true,
    (SELECT coalesce(sum(coalesce(i.end_ms, c.now_ms) - i.start_ms), 0)::bigint FROM measured_interruption i, tick() c)
        AS customer_ms_ledger,
    (SELECT count(*) FROM drill.outage o WHERE NOT EXISTS (
        SELECT FROM measured_interruption i
        WHERE i.customer = o.customer
            AND coalesce(i.start_ms < o.until_ms, true) AND coalesce(o.from_ms < i.end_ms, true)))
        AS never_in_ledger,
    (SELECT count(*) FROM drill.handset_text t WHERE position($1 IN lower(t.words)) > 0 AND EXISTS (
        SELECT FROM customer p JOIN utility_version v USING (version) JOIN drill.outage o USING (customer)
        WHERE v.current AND p.phone = t.phone AND o.from_ms <= t.at_ms AND coalesce(o.until_ms > t.at_ms, true)))
        AS told_restored_while_out,
    (SELECT count(*) FROM drill.handset_text t WHERE EXISTS (
        SELECT FROM drill.handset_text e
        WHERE e.phone = t.phone AND (e.at_ms, e.operator_id) < (t.at_ms, t.operator_id)
            AND (e.reference = t.reference OR (e.words = t.words AND t.at_ms - e.at_ms <= $2))))
        AS texts_doubled
"""

_PRODUCT = """
SELECT
    (SELECT count(DISTINCT report_id) FROM drill.schedule WHERE sent) AS sent,
    (SELECT count(*) FROM report) AS applied,
    (SELECT count(DISTINCT coalesce(event_id, id)) FROM parked
        WHERE stage = 'intake' AND topic = 'outage.reports' AND state = 'parked') AS parked,
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
        SELECT customer, start_ms, end_ms, planned, basis, holder FROM measured_interruption
        ORDER BY customer, start_ms""",
    "orders": """
        SELECT subject, now_ms, became, reason, facts FROM journal
        WHERE stage = 'dispatch' AND subject_kind = 'order' ORDER BY subject, now_ms, became, id""",
    "texts": """
        SELECT key, body ->> 'words', body ->> 'customer', done_at_ms, state FROM effects
        WHERE kind = 'text' ORDER BY key""",
}
"""For each digest its rows in their order: decisions and times of the clock, never ticks or wall times."""


async def truth(connection: Connection) -> Mapping[str, int]:
    """Return the figures of what truly happened, and how the ledger stands beside it; times in milliseconds."""
    return _counts(await connection.fetchrow(_TRUTH, SAYS_RESTORED, SAME_TEXT_MS))


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
