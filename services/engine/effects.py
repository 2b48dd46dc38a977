"""Effects: done once in the world. The row exists before the first attempt; an unknown outcome is looked into, not repeated.

due -> attempting -> done | failed | unknown;  due -> expired | superseded;  attempting -> due (it did not happen);
unknown -> done | failed | due, once somebody who knows has said so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

import asyncpg

from services.engine.gateway import Result
from services.engine.taking import Connection
from services.engine.waking import wake

NOTICES: Final = ("text", "email", "webhook", "voiceNotice")
"""The kinds of effect that tell people something: all that the switch stops which stops all texts."""

STOPPED: Final = "textsStopped"
"""Reason of an effect that is due while somebody has stopped all texts."""
REPEATED: Final = "repeatedForSafety"
"""Reason of an effect that was done again although it may have been done: it speaks of danger."""
NOT_HANDED_OVER: Final = "notHandedOver"
"""Reason of an effect that is due again: its provider was away, or says that it never got it."""
PAST_EXPIRY: Final = "pastExpiry"
"""Reason of an effect that was not done in time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """An effect that is about to be done, or was left in the middle of it.

    `gateway` names who does it, `attempts` counts from 1. `safety`: it speaks of danger. `repeated`: it may have been done before.
    """

    key: str
    shard: str
    body: bytes
    gateway: str = ""
    attempts: int = 1
    safety: bool = False
    repeated: bool = False


async def claim(connection: Connection, kind: str, gateway: str, limit: int) -> tuple[int, list[Attempt]]:
    """Mark the effects of a kind that are due as being attempted, and return the time (ms) and them.

    Those of the lowest priority come first, of one priority the oldest. An effect is due at a tick greater than the one that
    decided it. What is past its expiry is marked so and not returned. While a restoration is not released, or
    texts are stopped, nothing is claimed, and what is due is marked as held (`restoring.HELD`, `STOPPED`).
    """
    rows = await connection.fetch(_CLAIM, kind, gateway, limit, kind in NOTICES)
    if rows:
        await wake(connection, "moved")
    now = rows[0]["now_ms"] if rows else 0
    ours = [row for row in rows if row["state"] == "attempting"]
    ours.sort(key=lambda row: (row["priority"], row["due_at_ms"], row["key"]))
    return now, [_attempt(row) for row in ours]


# One index range for each priority, so that nothing which waits for later, or behind others, is looked at.
_CLAIM = f"""
WITH now AS MATERIALIZED (SELECT * FROM tick()),
hold AS MATERIALIZED (
    SELECT CASE WHEN EXISTS (SELECT FROM restoration WHERE state <> 'released') THEN 'heldAfterRestore'
                WHEN $4 AND EXISTS (SELECT FROM notice_stop WHERE scope = 'all' AND until_ms IS NULL)
                    THEN '{STOPPED}' END AS reason),
due AS MATERIALIZED (
    SELECT e.key, now.now_ms, e.expires_at_ms <= now.now_ms AS late
    FROM now CROSS JOIN generate_series(0, 9) AS p (priority)
    CROSS JOIN LATERAL (
        SELECT f.key, f.expires_at_ms FROM effects f
        WHERE f.state = 'due' AND f.kind = $1 AND f.priority = p.priority AND f.due_at_ms <= now.now_ms AND f.tick < now.n
        ORDER BY f.due_at_ms, f.key LIMIT $3 FOR UPDATE OF f SKIP LOCKED) e
    WHERE (SELECT reason FROM hold) IS NULL
    LIMIT $3),
held AS (
    UPDATE effects SET reason = (SELECT reason FROM hold)
    WHERE (SELECT reason FROM hold) IS NOT NULL
      AND state = 'due' AND kind = $1 AND reason IS DISTINCT FROM (SELECT reason FROM hold))
UPDATE effects e SET
    state = CASE WHEN due.late THEN 'expired' ELSE 'attempting' END,
    reason = CASE WHEN due.late THEN '{PAST_EXPIRY}' WHEN e.reason = '{REPEATED}' THEN e.reason END,
    done_at_ms = CASE WHEN due.late THEN due.now_ms END,
    attempts = e.attempts + CASE WHEN due.late THEN 0 ELSE 1 END,
    gateway = $2, wall_attempted = clock_timestamp()
FROM due WHERE e.key = due.key
RETURNING e.key, e.shard, e.body, e.state, e.gateway, e.attempts, e.reason, e.priority, e.due_at_ms, due.now_ms
"""  # noqa: S608 (constants of this module)


async def stuck(connection: Connection, kind: str) -> tuple[int, list[Attempt]]:
    """Return the time (ms) and the effects whose attempt has no outcome yet: whoever asks leaves out its own."""
    rows = await connection.fetch(
        """SELECT e.key, e.shard, e.body, e.gateway, e.attempts, e.reason, t.now_ms FROM effects e, tick() t
           WHERE e.kind = $1 AND e.state = 'attempting' ORDER BY e.key""",
        kind,
    )
    return (rows[0]["now_ms"] if rows else 0), [_attempt(row) for row in rows]


def _attempt(row: asyncpg.Record) -> Attempt:
    body = row["body"].encode()
    return Attempt(
        key=row["key"],
        shard=row["shard"],
        body=body,
        gateway=row["gateway"] or "",
        attempts=row["attempts"],
        safety=_OF_DANGER in body,
        repeated=row["reason"] == REPEATED,
    )


_OF_DANGER: Final = b'"safety":true'
"""What the canonical JSON of a body holds that speaks of danger; within words the marks would be escaped."""


async def settle(connection: Connection, now: int, results: Sequence[tuple[str, Result | None]]) -> None:
    """Write what became of attempts, at the clock's time; None: the attempt did not happen, the effect is due as before."""
    await _write(connection, now, results, "attempting")


async def resolve(connection: Connection, now: int, results: Sequence[tuple[str, Result | None]]) -> None:
    """Write what was found out of attempts whose outcome was not known; None: it did not happen, and is due if it is still news."""
    await _write(connection, now, results, "unknown")


async def _write(connection: Connection, now: int, results: Sequence[tuple[str, Result | None]], stands: str) -> None:
    keys, states, reasons, references, retries = [], [], [], [], []
    for key, result in results:
        keys.append(key)
        states.append("due" if result is None or result.state == "later" else result.state)
        reasons.append(NOT_HANDED_OVER if result is None else result.reason)
        references.append(None if result is None else result.reference)
        retries.append(now + (result.retry_after_ms or 0) if result is not None and result.state == "later" else None)
    # Locked in the order of their keys, as receipts lock them: neither waits for the other in a circle.
    await connection.execute(
        f"""WITH mine AS MATERIALIZED (
               SELECT m.key FROM effects m WHERE m.key = ANY ($2::text[]) AND m.state = $7 ORDER BY m.key FOR UPDATE)
           UPDATE effects e SET state = r.state,
               reason = CASE WHEN e.reason = '{REPEATED}' AND r.state = 'done' THEN e.reason ELSE r.reason END,
               gateway_reference = coalesce(r.reference, e.gateway_reference),
               due_at_ms = coalesce(r.retry_at, e.due_at_ms),
               done_at_ms = CASE WHEN r.state = 'due' THEN NULL ELSE $1::bigint END
           FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
                AS r (key, state, reason, reference, retry_at) JOIN mine USING (key)
           WHERE e.key = r.key AND e.state = $7""",  # noqa: S608 (a constant of this module)
        now,
        keys,
        states,
        reasons,
        references,
        retries,
        stands,
    )
    await wake(connection, "moved")


async def fail_unserved(connection: Connection, kinds: Sequence[str], reason: str) -> int:
    """Mark what is due of kinds that nothing here can do as failed, for this reason; return how many."""
    done: str = await connection.execute(
        """UPDATE effects e SET state = 'failed', reason = $2, done_at_ms = t.now_ms FROM tick() t
           WHERE e.state = 'due' AND e.kind = ANY ($1::text[]) AND e.due_at_ms <= t.now_ms AND e.tick < t.n
             AND NOT EXISTS (SELECT FROM restoration WHERE restoration.state <> 'released')""",
        list(kinds),
        reason,
    )
    count = int(done.rsplit(" ", 1)[1])
    if count:
        await wake(connection, "moved")
    return count


async def expire(connection: Connection, kinds: Sequence[str], limit: int) -> int:
    """Mark what is past its expiry and was never claimed, since no gateway could take it or texts were stopped; return how many."""
    done: str = await connection.execute(
        f"""UPDATE effects e SET state = 'expired', reason = '{PAST_EXPIRY}', done_at_ms = late.now_ms
            FROM (SELECT f.key, t.now_ms FROM effects f, tick() t
                  WHERE f.state = 'due' AND f.kind = ANY ($1::text[]) AND f.expires_at_ms <= t.now_ms AND f.tick < t.n
                    AND NOT EXISTS (SELECT FROM restoration WHERE restoration.state <> 'released')
                  ORDER BY f.key LIMIT $2 FOR UPDATE OF f SKIP LOCKED) late
            WHERE e.key = late.key""",  # noqa: S608 (a constant of this module)
        list(kinds),
        limit,
    )
    count = int(done.rsplit(" ", 1)[1])
    if count:
        await wake(connection, "moved")
    return count
