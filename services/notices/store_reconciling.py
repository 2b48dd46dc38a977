"""The SQL of what sticks: texts without a receipt, attempts without an outcome, texts that are put off again and again."""

from __future__ import annotations

from collections.abc import Sequence

from services.engine.effects import NOTICES
from services.engine.taking import Connection
from services.engine.waking import wake
from services.notices.moments import EFFECT_KIND
from services.notices.reconciling import (
    AGAIN_MS,
    GATEWAY_GONE,
    GIVEN_UP_MS,
    GONE_S,
    GRACE_MS,
    NO_RECEIPT,
    PUT_OFF,
    SOON_MS,
    Stuck,
)


async def stuck(connection: Connection, now: int, limit: int) -> list[Stuck]:
    """Return texts that may need something done, those first that nobody asked for: `limit` of each sort at most."""
    rows = await connection.fetch(
        """(SELECT e.key, e.shard, coalesce(e.gateway, '') AS gateway, true AS known, coalesce(e.reason, '') AS reason,
                   e.gateway_reference, e.done_at_ms, n.expires_at_ms, e.looked_at_ms
            FROM notice_decided n JOIN effects e ON e.key = n.key
            WHERE n.receipt IS NULL AND n.expires_at_ms BETWEEN $2::bigint - $4 - $5 AND $2::bigint - $5
              AND e.kind = $1 AND e.state = 'done' AND e.reason IS DISTINCT FROM $8
              AND coalesce(e.looked_at_ms, 0) <= $2::bigint - $6
            ORDER BY e.looked_at_ms NULLS FIRST, n.expires_at_ms, e.key LIMIT $3)
           UNION ALL
           (SELECT e.key, e.shard, coalesce(e.gateway, ''), false, coalesce(e.reason, ''),
                   e.gateway_reference, e.done_at_ms, coalesce(e.expires_at_ms, e.done_at_ms), e.looked_at_ms
            FROM effects e
            WHERE e.kind = $1 AND e.state = 'unknown' AND e.done_at_ms BETWEEN $2::bigint - $4 AND $2::bigint - $7
              AND coalesce(e.looked_at_ms, 0) <= $2::bigint - $6
            ORDER BY e.looked_at_ms NULLS FIRST, e.done_at_ms, e.key LIMIT $3)""",
        EFFECT_KIND,
        now,
        limit,
        2 * GIVEN_UP_MS,
        GRACE_MS,
        AGAIN_MS,
        SOON_MS,
        NO_RECEIPT,
    )
    return [
        Stuck(
            key=row["key"],
            area=row["shard"],
            gateway=row["gateway"],
            known=row["known"],
            reason=row["reason"],
            reference=row["gateway_reference"],
            done_at=row["done_at_ms"],
            expires_at=row["expires_at_ms"],
            looked_at=row["looked_at_ms"],
        )
        for row in rows
    ]


async def asked(connection: Connection, now: int, keys: Sequence[str]) -> None:
    """Note that the providers of these texts were asked for them at `now` (ms)."""
    await connection.execute("UPDATE effects SET looked_at_ms = $1 WHERE key = ANY ($2::text[])", now, list(keys))


async def give_up(connection: Connection, keys: Sequence[str]) -> None:
    """Note of texts that the operator took that it gave no receipt for them."""
    await connection.execute(
        "UPDATE effects SET reason = $1 WHERE key = ANY ($2::text[]) AND state = 'done'", NO_RECEIPT, list(keys)
    )


async def abandoned(connection: Connection, locks: Sequence[tuple[str, int]]) -> int:
    """Settle attempts of kinds that no process does any more as unknown; return how many.

    `locks` are the kinds with the lock that their sender holds: where somebody holds it, the attempts are his.
    """
    count = 0
    for kind, lock in locks:
        if kind not in NOTICES:
            continue
        async with connection.transaction():
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", lock):
                continue
            done: str = await connection.execute(
                """UPDATE effects SET state = 'unknown', reason = $1, done_at_ms = t.now_ms FROM tick() t
                   WHERE state = 'attempting' AND kind = $2
                     AND wall_attempted < clock_timestamp() - make_interval(secs => $3)""",
                GATEWAY_GONE,
                kind,
                GONE_S,
            )
            count += int(done.rsplit(" ", 1)[1])
    if count:
        await wake(connection, "moved")
    return count


async def put_off(connection: Connection) -> int:
    """Return how many notices were put off so many times that somebody should know."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM effects WHERE state = 'due' AND kind = ANY ($1::text[]) AND attempts >= $2",
            list(NOTICES),
            PUT_OFF,
        )
        or 0
    )
