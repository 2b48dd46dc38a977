"""Effects: done once in the world. The row exists before the first attempt; an unknown outcome is looked into, not repeated.

due -> attempting -> done | failed | unknown;  due -> expired | superseded;  attempting -> due (it did not happen)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from services.engine.gateway import Result
from services.engine.taking import Connection
from services.engine.waking import wake


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """An effect that this process is about to do."""

    key: str
    shard: str
    body: bytes


async def claim(connection: Connection, kind: str, gateway: str, limit: int) -> tuple[int, list[Attempt]]:
    """Mark the effects of a kind that are due as being attempted, and return the time (ms) and them, oldest first.

    An effect is due at a tick greater than the one that decided it. What is past its expiry is marked so and not returned.
    While a restoration is not released nothing is claimed, and what is due is marked as held (`restoring.HELD`).
    """
    rows = await connection.fetch(
        """WITH due AS (
               SELECT e.key, t.now_ms, e.expires_at_ms <= t.now_ms AS late FROM effects e, tick() t
               WHERE e.state = 'due' AND e.kind = $1 AND e.due_at_ms <= t.now_ms AND e.tick < t.n
                 AND NOT EXISTS (SELECT FROM restoration WHERE restoration.state <> 'released')
               ORDER BY e.due_at_ms, e.key LIMIT $3 FOR UPDATE OF e SKIP LOCKED),
           held AS (
               UPDATE effects SET reason = 'heldAfterRestore'
               WHERE state = 'due' AND kind = $1 AND reason IS DISTINCT FROM 'heldAfterRestore'
                 AND EXISTS (SELECT FROM restoration WHERE restoration.state <> 'released'))
           UPDATE effects e SET
               state = CASE WHEN due.late THEN 'expired' ELSE 'attempting' END,
               reason = CASE WHEN due.late THEN 'pastExpiry' END,
               done_at_ms = CASE WHEN due.late THEN due.now_ms END,
               attempts = e.attempts + CASE WHEN due.late THEN 0 ELSE 1 END,
               gateway = $2, wall_attempted = clock_timestamp()
           FROM due WHERE e.key = due.key
           RETURNING e.key, e.shard, e.body, e.state, due.now_ms""",
        kind,
        gateway,
        limit,
    )
    if rows:
        await wake(connection, "moved")
    now = rows[0]["now_ms"] if rows else 0
    attempts = [Attempt(r["key"], r["shard"], r["body"].encode()) for r in rows if r["state"] == "attempting"]
    return now, sorted(attempts, key=lambda attempt: attempt.key)


async def stuck(connection: Connection, kind: str) -> tuple[int, list[Attempt]]:
    """Return the time (ms) and the effects whose attempt an earlier process left without an outcome."""
    rows = await connection.fetch(
        """SELECT e.key, e.shard, e.body, t.now_ms FROM effects e, tick() t
           WHERE e.kind = $1 AND e.state = 'attempting' ORDER BY e.key""",
        kind,
    )
    return (rows[0]["now_ms"] if rows else 0), [Attempt(r["key"], r["shard"], r["body"].encode()) for r in rows]


async def settle(connection: Connection, now: int, results: Sequence[tuple[str, Result | None]]) -> None:
    """Write what became of attempts, at the clock's time; None: the attempt did not happen, the effect is due as before."""
    keys, states, reasons, references, retries = [], [], [], [], []
    for key, result in results:
        keys.append(key)
        states.append("due" if result is None or result.state == "later" else result.state)
        reasons.append(None if result is None else result.reason)
        references.append(None if result is None else result.reference)
        retries.append(now + (result.retry_after_ms or 0) if result is not None and result.state == "later" else None)
    await connection.execute(
        """UPDATE effects e SET state = r.state, reason = r.reason,
               gateway_reference = coalesce(r.reference, e.gateway_reference),
               due_at_ms = coalesce(r.retry_at, e.due_at_ms),
               done_at_ms = CASE WHEN r.state = 'due' THEN NULL ELSE $1::bigint END
           FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
                AS r (key, state, reason, reference, retry_at)
           WHERE e.key = r.key AND e.state = 'attempting'""",
        now,
        keys,
        states,
        reasons,
        references,
        retries,
    )
    await wake(connection, "moved")
