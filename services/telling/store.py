"""What the relay reads from the database for all: one short read-only transaction, bounded in time and in what it looks at."""

from __future__ import annotations

from typing import Final

import asyncpg

from services.database.pool import UNUSABLE, connect
from services.engine.taking import Connection
from services.telling.metrics import DESCRIBED, Value

STATEMENT_TIMEOUT_MS: Final = 2_000
SLOW: Final = (asyncpg.QueryCanceledError,)
"""What is raised when a statement takes longer."""

_LABELLED: Final = {
    "lamplighter_undecided_facts": """
        SELECT stage, topic, count(*) FROM inbox WHERE decided IS NULL GROUP BY 1, 2
        UNION ALL
        SELECT 'correlate', 'outage.reports', sum(reports) FROM report_batch WHERE decided IS NULL HAVING sum(reports) > 0""",
    "lamplighter_lag_seconds": """
        SELECT f.stage, f.topic, greatest(0, t.now_ms - min(f.at_ms)) / 1000.0 FROM tick() t, (
            SELECT stage, topic, at_ms FROM inbox WHERE decided IS NULL
            UNION ALL
            SELECT 'correlate', 'outage.reports', first_at_ms FROM report_batch WHERE decided IS NULL) f
        GROUP BY f.stage, f.topic, t.now_ms""",
    "lamplighter_intake_lag_seconds": "SELECT topic, lag_ms / 1000.0 FROM intake_lag",
    "lamplighter_taken_age_seconds": """
        SELECT 'outage.reports', greatest(0, t.now_ms - max(b.last_at_ms)) / 1000.0 FROM tick() t, report_batch b
        WHERE b.last_at_ms > t.now_ms - 86400000 GROUP BY t.now_ms
        UNION ALL
        SELECT i.topic, greatest(0, t.now_ms - max(i.at_ms)) / 1000.0 FROM tick() t, inbox i
        WHERE i.at_ms > t.now_ms - 86400000 AND i.topic <> 'outage.reports' GROUP BY i.topic, t.now_ms""",
    "lamplighter_shard_waiting_seconds": """
        WITH due AS (
            SELECT w.stage, w.shard, (t.now_ms - w.wake_at_ms) / 1000.0 / c.speed AS waited
            FROM turns w, tick() t, clock c WHERE w.wake_at_ms <= t.now_ms
            UNION ALL
            SELECT i.stage, i.shard, extract(epoch FROM clock_timestamp() - i.wall_taken)
            FROM inbox i, tick() t WHERE i.decided IS NULL AND i.tick < t.n
            UNION ALL
            SELECT 'correlate', b.shard, extract(epoch FROM clock_timestamp() - b.wall_taken)
            FROM report_batch b, tick() t WHERE b.decided IS NULL AND b.tick < t.n)
        SELECT stage, shard, greatest(0, max(waited)) FROM due GROUP BY 1, 2""",
    "lamplighter_shard_since_tick_seconds": """
        SELECT w.stage, w.shard, greatest(0, t.now_ms - coalesce(
            (SELECT k.now_ms FROM ticks k WHERE k.stage = w.stage AND k.shard = w.shard ORDER BY k.n DESC LIMIT 1),
            t.now_ms)) / 1000.0
        FROM turns w, tick() t
        WHERE w.wake_at_ms <= t.now_ms
           OR EXISTS (SELECT FROM undecided u WHERE u.stage = w.stage AND u.shard = w.shard AND u.tick < t.n)""",
    "lamplighter_effect_oldest_seconds": """
        SELECT k.kind, coalesce((SELECT (t.now_ms - min(e.due_at_ms)) / 1000.0 FROM effects e
            WHERE e.kind = k.kind AND e.state IN ('due', 'attempting') AND e.due_at_ms <= t.now_ms), 0)
        FROM tick() t, (VALUES ('text'), ('call'), ('ping'), ('email'), ('webhook'), ('voiceNotice')) AS k (kind)""",
    "lamplighter_effects": """
        SELECT e.kind, e.state, count(*) FROM effects e, tick() t
        WHERE e.state IN ('due', 'attempting') OR e.due_at_ms > t.now_ms - 86400000 GROUP BY 1, 2""",
    "lamplighter_texts": """
        SELECT n.state, count(*) FROM notice n, tick() t
        WHERE n.decided_at_ms > t.now_ms - 86400000 AND n.state IS NOT NULL GROUP BY 1""",
    "lamplighter_questions": """
        SELECT q.by, CASE WHEN answer.kind IS NOT NULL THEN 'answered' WHEN q.at_ms > t.now_ms - 900000 THEN 'open'
                          ELSE 'unanswered' END, count(*)
        FROM tick() t JOIN question q ON q.at_ms > t.now_ms - 86400000
        LEFT JOIN LATERAL (
            SELECT r.kind FROM report r
            WHERE r.customer = q.customer AND r.at_ms BETWEEN q.at_ms - 60000 AND q.at_ms + 3600000
              AND r.kind IN ('powerRestored', 'noAnswer', 'text') LIMIT 1) answer ON true
        GROUP BY 1, 2""",
    "lamplighter_reports": """
        SELECT r.state, count(*) FROM report r, tick() t WHERE r.at_ms > t.now_ms - 86400000 GROUP BY 1""",
    "lamplighter_parked": "SELECT reason, count(*) FROM parked WHERE state = 'parked' GROUP BY 1",
    "lamplighter_incidents_open": """
        SELECT state, count(*) FROM incident WHERE state IN ('predicted', 'confirmed', 'partiallyRestored') GROUP BY 1""",
}
"""By metric: one row for each set of labels, in the order of its labels, then the value."""

_PLAIN: Final = {
    "lamplighter_outbox_unsent": "SELECT count(*) FROM outbox WHERE NOT sent",
    "lamplighter_outbox_oldest_seconds": """
        SELECT coalesce(extract(epoch FROM clock_timestamp() - min(wall_written)), 0) FROM outbox WHERE NOT sent""",
    "lamplighter_customers_out": """
        SELECT count(*) FROM measured_interruption i, tick() t WHERE i.end_ms IS NULL AND i.start_ms <= t.now_ms""",
    "lamplighter_clock_timestamp_seconds": "SELECT now_ms / 1000.0 FROM tick()",
    "lamplighter_database_connections": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
    "lamplighter_database_bytes": "SELECT pg_database_size(current_database())",
    "lamplighter_restoration_held": "SELECT count(*) FROM restoration WHERE state <> 'released'",
    "lamplighter_restoration_orphans": """
        SELECT count(*) FROM restoration_orphan o JOIN restoration r ON r.id = o.restoration WHERE r.state <> 'released'""",
}
"""By metric: one value; none before the clock was set."""


async def read(connection: Connection) -> list[Value]:
    """Return the values that come from the database. Raises what PostgreSQL raises, also when a statement takes too long."""
    values: list[Value] = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
        for name, sql in _LABELLED.items():
            labels = DESCRIBED[name].labels
            for row in await connection.fetch(sql):
                *named, value = row
                values.append((name, dict(zip(labels, named, strict=True)), float(value)))
        for name, sql in _PLAIN.items():
            value = await connection.fetchval(sql)
            if value is not None:
                values.append((name, {}, float(value)))
    return values


async def progress(connection: Connection) -> dict[tuple[str, str, int], int]:
    """Return the next offset that each stage takes, by (stage, topic, part)."""
    rows = await connection.fetch("SELECT stage, topic, part, next_offset FROM progress")
    return {(row["stage"], row["topic"], row["part"]): row["next_offset"] for row in rows}


async def reachable(dsn: str) -> str | None:
    """Return why the database cannot be used now, a stable code; None when it answers."""
    try:
        connection = await connect(dsn)
    except UNUSABLE as error:
        return f"databaseAway:{type(error).__name__}"
    try:
        await connection.fetchval("SELECT 1")
    except UNUSABLE as error:
        return f"databaseAway:{type(error).__name__}"
    finally:
        await connection.close()
    return None
