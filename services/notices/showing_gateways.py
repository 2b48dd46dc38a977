"""How texts leave, gateway by gateway: rates, what fails and why, what waits. All from what stands beside each text."""

from __future__ import annotations

import dataclasses
from typing import Final

from services.engine.effects import NOTICES
from services.engine.taking import Connection

MINUTE_MS: Final = 60_000
LOOKED_AT_MS: Final = 60 * MINUTE_MS
"""The time that is looked back over."""
FAILURES: Final = 8
"""So many reasons of failures are named for each gateway."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GatewayFigures:
    """What a gateway did in the last hour, and what waits for one of its kind. Times are milliseconds.

    `sent`: the provider took it; `delivered`: so says its receipt; `failed`: here or on the way. `last_ms` is when something was
    settled last, `throttled` what it put off and is tried again. `waiting` is due and nobody has begun it, `oldest_ms` since when.
    """

    gateway: str
    kind: str
    last_ms: int | None
    last_minute: int
    sent: int
    delivered: int
    failed: int
    unknown: int
    throttled: int
    waiting: int
    oldest_ms: int | None


async def gateways(connection: Connection, now_ms: int) -> list[GatewayFigures]:
    """Return the figures of every gateway that attempted something within the hour, or for whose kind something waits."""
    rows = await connection.fetch(
        """WITH settled AS (
               SELECT e.gateway, e.kind, max(e.done_at_ms) AS last_ms,
                      count(*) FILTER (WHERE e.done_at_ms > $3 AND e.state = 'done') AS last_minute,
                      count(*) FILTER (WHERE e.state = 'done') AS sent,
                      count(*) FILTER (WHERE e.state = 'failed') AS failed,
                      count(*) FILTER (WHERE e.state = 'unknown') AS unknown
               FROM effects e
               WHERE e.done_at_ms > $2 AND e.gateway IS NOT NULL AND e.kind = ANY ($4::text[]) AND e.attempts > 0
               GROUP BY 1, 2),
           receipts AS (
               SELECT e.gateway, e.kind, count(*) FILTER (WHERE n.receipt = 'delivered') AS delivered,
                      count(*) FILTER (WHERE n.receipt <> 'delivered') AS failed
               FROM notice_decided n JOIN effects e ON e.key = n.key
               WHERE n.receipt_at_ms > $2 AND e.gateway IS NOT NULL GROUP BY 1, 2),
           put_off AS (
               SELECT e.gateway, e.kind, count(*) AS throttled FROM effects e
               WHERE e.state = 'due' AND e.kind = ANY ($4::text[]) AND e.attempts > 0 AND e.gateway IS NOT NULL GROUP BY 1, 2),
           waiting AS (
               SELECT e.kind, count(*) AS waiting, min(e.due_at_ms) AS oldest_ms FROM effects e
               WHERE e.state = 'due' AND e.kind = ANY ($4::text[]) AND e.due_at_ms <= $1 GROUP BY 1),
           named AS (
               SELECT gateway, kind FROM settled UNION SELECT gateway, kind FROM receipts UNION SELECT gateway, kind FROM put_off
               UNION SELECT '', w.kind FROM waiting w
               WHERE NOT EXISTS (SELECT FROM settled s WHERE s.kind = w.kind)
                 AND NOT EXISTS (SELECT FROM put_off p WHERE p.kind = w.kind))
           SELECT n.gateway, n.kind, s.last_ms, coalesce(s.last_minute, 0)::integer AS last_minute,
                  coalesce(s.sent, 0)::integer AS sent, coalesce(r.delivered, 0)::integer AS delivered,
                  (coalesce(s.failed, 0) + coalesce(r.failed, 0))::integer AS failed, coalesce(s.unknown, 0)::integer AS unknown,
                  coalesce(p.throttled, 0)::integer AS throttled, coalesce(w.waiting, 0)::integer AS waiting, w.oldest_ms
           FROM named n
           LEFT JOIN settled s USING (gateway, kind) LEFT JOIN receipts r USING (gateway, kind)
           LEFT JOIN put_off p USING (gateway, kind) LEFT JOIN waiting w USING (kind)
           ORDER BY n.gateway, n.kind""",
        now_ms,
        now_ms - LOOKED_AT_MS,
        now_ms - MINUTE_MS,
        list(NOTICES),
    )
    return [GatewayFigures(**row) for row in rows]


async def failures(connection: Connection, now_ms: int) -> dict[str, list[tuple[str, int]]]:
    """Return why attempts of the last hour failed, by gateway, the commonest reasons first."""
    rows = await connection.fetch(
        """SELECT gateway, reason, sum(texts)::integer AS texts FROM (
               SELECT e.gateway, coalesce(e.reason, '') AS reason, count(*) AS texts FROM effects e
               WHERE e.done_at_ms > $1 AND e.gateway IS NOT NULL AND e.kind = ANY ($2::text[])
                 AND e.state IN ('failed', 'unknown') GROUP BY 1, 2
               UNION ALL
               SELECT e.gateway, coalesce(n.operator_code, n.receipt), count(*)
               FROM notice_decided n JOIN effects e ON e.key = n.key
               WHERE n.receipt_at_ms > $1 AND n.receipt <> 'delivered' AND e.gateway IS NOT NULL GROUP BY 1, 2) f
           GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2""",
        now_ms - LOOKED_AT_MS,
        list(NOTICES),
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        of_gateway = found.setdefault(row["gateway"], [])
        if len(of_gateway) < FAILURES:
            of_gateway.append((row["reason"], row["texts"]))
    return found


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OneMinute:
    """What was settled in the minute that begins at `at_ms`."""

    at_ms: int
    sent: int
    delivered: int
    failed: int


async def series(connection: Connection, now_ms: int) -> list[OneMinute]:
    """Return the last sixty minutes, the oldest first; the last one is not over yet."""
    rows = await connection.fetch(
        """WITH minute AS (SELECT ($1::bigint / $3::bigint - 60 + m) * $3::bigint AS at_ms FROM generate_series(1, 60) m),
                went AS (
                    SELECT e.done_at_ms / $3::bigint * $3::bigint AS at_ms, count(*) FILTER (WHERE e.state = 'done') AS sent,
                           count(*) FILTER (WHERE e.state = 'failed') AS failed
                    FROM effects e WHERE e.done_at_ms > $2 AND e.gateway IS NOT NULL AND e.kind = ANY ($4::text[]) GROUP BY 1),
                came AS (
                    SELECT n.receipt_at_ms / $3::bigint * $3::bigint AS at_ms,
                           count(*) FILTER (WHERE n.receipt = 'delivered') AS delivered,
                           count(*) FILTER (WHERE n.receipt <> 'delivered') AS failed
                    FROM notice_decided n WHERE n.receipt_at_ms > $2 GROUP BY 1)
           SELECT m.at_ms, coalesce(w.sent, 0)::integer AS sent, coalesce(c.delivered, 0)::integer AS delivered,
                  (coalesce(w.failed, 0) + coalesce(c.failed, 0))::integer AS failed
           FROM minute m LEFT JOIN went w USING (at_ms) LEFT JOIN came c USING (at_ms) ORDER BY 1""",
        now_ms,
        now_ms - LOOKED_AT_MS,
        MINUTE_MS,
        list(NOTICES),
    )
    return [OneMinute(**row) for row in rows]
