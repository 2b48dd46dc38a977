"""The SQL of the console's own tables: which request made which action, and what was taken off the inbox."""

from __future__ import annotations

import dataclasses
import hashlib

from services.access.http import ApiError
from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A request that may come again: by whom, under which key, and the hash of what it asks for."""

    user: str
    key: str
    digest: bytes

    @classmethod
    def of(cls, user: str, key: str, path: str, body: bytes) -> Request:
        """Return the request of a user under a key."""
        return cls(user, key, hashlib.sha256(path.encode() + b"\n" + body).digest())


async def made_before(connection: Connection, request: Request | None) -> str | None:
    """Return the action that this request made before; None when it is new, or has no key.

    Within a transaction: whoever sends the same at once waits for it. Raises `ApiError` 409 `idempotencyMismatch`.
    """
    if request is None:
        return None
    await lock(connection, "request", f"{request.user} {request.key}")
    row = await connection.fetchrow(
        "SELECT sha256, action FROM attention_request WHERE by_user = $1 AND idempotency_key = $2",
        request.user,
        request.key,
    )
    if row is None:
        return None
    if row["sha256"] != request.digest:
        raise ApiError(409, "idempotencyMismatch", "another request was made under this Idempotency-Key")
    return str(row["action"])


async def keep(connection: Connection, request: Request | None, action: str) -> None:
    """Keep which action a request made."""
    if request is not None:
        await connection.execute(
            "INSERT INTO attention_request (by_user, idempotency_key, sha256, action) VALUES ($1, $2, $3, $4)",
            request.user,
            request.key,
            request.digest,
            action,
        )


async def lock(connection: Connection, kind: str, subject: str) -> None:
    """Let nobody else act on this subject before the caller's transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{kind} {subject}")


@dataclasses.dataclass(frozen=True, slots=True)
class Handled:
    """That somebody dealt with a row of the inbox: who (by name), when (milliseconds), and how."""

    by: str
    at_ms: int
    action: str


async def handled(connection: Connection, row_id: str) -> Handled | None:
    """Return who dealt with a row of the inbox; None when nobody did."""
    row = await connection.fetchrow(
        """SELECT coalesce(u.name, h.by_user) AS by, h.at_ms, h.action
           FROM attention_handled h LEFT JOIN app_user u ON u.user_id = h.by_user WHERE h.id = $1""",
        row_id,
    )
    return None if row is None else Handled(*row.values())


async def handle(
    connection: Connection,
    row_id: str,
    kind: str,
    subject: str,
    *,
    done: str,
    by: str,
    at_ms: int,
    why: str,
    action: str,
) -> None:
    """Take a row off the inbox."""
    await connection.execute(
        """INSERT INTO attention_handled (id, kind, subject, action, by_user, at_ms, why, person_action)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        row_id,
        kind,
        subject,
        done,
        by,
        at_ms,
        why,
        action,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Aside:
    """A parked message that nobody has dealt with. Times are milliseconds."""

    id: str
    stage: str
    topic: str
    reason: str
    detail: str
    event_id: str | None
    at_ms: int


async def parked(connection: Connection, limit: int) -> list[Aside]:
    """Return the newest parked messages that nobody has dealt with."""
    rows = await connection.fetch(
        """SELECT id, stage, topic, reason, detail, event_id, at_ms FROM parked p
           WHERE state = 'parked' AND NOT EXISTS (SELECT FROM attention_handled h WHERE h.id = 'parked:' || p.id)
           ORDER BY at_ms DESC, id LIMIT $1""",
        limit,
    )
    return [Aside(*row.values()) for row in rows]


async def parked_one(connection: Connection, message: str) -> Aside | None:
    """Return one parked message; None when there is none of this id, or it was requeued."""
    row = await connection.fetchrow(
        "SELECT id, stage, topic, reason, detail, event_id, at_ms FROM parked WHERE id = $1 AND state = 'parked'",
        message,
    )
    return None if row is None else Aside(*row.values())
