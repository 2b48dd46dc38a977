"""All SQL of sessions: opened with a token of which only the hash is kept, in real time, never the clock of a drill."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Literal

from services.access.who import Role, Who
from services.engine.taking import Connection

PERSON_LASTS = timedelta(hours=12)
PERSON_IDLES = timedelta(hours=2)
CREW_LASTS = timedelta(hours=16)
CREW_IDLES = timedelta(hours=16)
LINK_LASTS = timedelta(minutes=10)
MOST_AGENT = 200

EndedWhy = Literal["signedOut", "ended", "passwordChanged", "roleChanged", "disabled"]


def hashed_token(token: str) -> bytes:
    """Return the SHA-256 of a token. A token is random to 256 bits, so it needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


async def open_for(connection: Connection, user: str, role: Role, agent: str) -> str:
    """Open a session of a person and return its token. `agent` is what the browser calls itself."""
    return await _open(connection, user, None, role, agent, PERSON_IDLES, PERSON_LASTS)


async def _open(
    connection: Connection,
    user: str | None,
    crew: str | None,
    role: Role,
    agent: str,
    idles: timedelta,
    lasts: timedelta,
) -> str:
    token = secrets.token_urlsafe(32)
    await connection.execute(
        """INSERT INTO session (id, token_sha256, user_id, crew, role, agent, idle, wall_expires)
           VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8)""",
        secrets.token_hex(8),
        hashed_token(token),
        user,
        crew,
        role.value,
        agent[:MOST_AGENT].replace("\0", ""),
        idles,
        lasts,
    )
    return token


async def who_has(connection: Connection, token: str, *, touch: bool) -> Who | None:
    """Return whose open session this token is; None for an unknown, expired or ended one, or of a disabled user.

    `touch` says that a request came now.
    """
    row = await connection.fetchrow(
        """SELECT s.id, s.crew, s.user_id, u.name, u.role, u.must_change_password
           FROM open_session s LEFT JOIN app_user u USING (user_id)
           WHERE s.token_sha256 = $1 AND (s.crew IS NOT NULL OR NOT u.disabled)""",
        hashed_token(token),
    )
    if row is None:
        return None
    if touch:
        await connection.execute("UPDATE session SET wall_seen = clock_timestamp() WHERE id = $1", row["id"])
    if row["crew"] is not None:
        return Who(user=f"crew:{row['crew']}", name=row["crew"], role=Role.CREW, session=row["id"], crew=row["crew"])
    return Who(
        user=row["user_id"],
        name=row["name"],
        role=Role(row["role"]),
        session=row["id"],
        must_change_password=row["must_change_password"],
    )


async def end(connection: Connection, session: str, why: EndedWhy) -> bool:
    """End a session; False when there is none of this id that is open."""
    done = await connection.fetchval(
        """UPDATE session SET wall_ended = clock_timestamp(), ended_why = $2
           WHERE id IN (SELECT id FROM open_session WHERE id = $1) RETURNING true""",
        session,
        why,
    )
    return bool(done)


async def end_of_user(connection: Connection, user: str, why: EndedWhy, *, but: str | None = None) -> list[str]:
    """End the open sessions of a user, all but one, and return their ids."""
    rows = await connection.fetch(
        """UPDATE session SET wall_ended = clock_timestamp(), ended_why = $2
           WHERE id IN (SELECT id FROM open_session WHERE user_id = $1) AND id IS DISTINCT FROM $3 RETURNING id""",
        user,
        why,
        but,
    )
    return [row["id"] for row in rows]


async def make_crew_link(connection: Connection, who: Who, crew: str) -> tuple[str, int]:
    """Make a link that opens the page of a crew's phone once; return its path and until when it does, milliseconds of real time.

    The token stands behind `#`, so that no server and no log sees it in an address.
    """
    token = secrets.token_urlsafe(32)
    expires_at_ms: int = await connection.fetchval(
        """INSERT INTO crew_link (token_sha256, crew, made_by, wall_expires)
           VALUES ($1, $2, $3, clock_timestamp() + $4)
           RETURNING (extract(epoch FROM wall_expires) * 1000)::bigint""",
        hashed_token(token),
        crew,
        who.user,
        LINK_LASTS,
    )
    return f"/phone#{token}", expires_at_ms


async def enter(connection: Connection, token: str, agent: str) -> str | None:
    """Open a session of the crew whose link this token is, and return its token.

    None for a link that is unknown, was used, or is too old.
    """
    async with connection.transaction():
        crew = await connection.fetchval(
            """SELECT crew FROM crew_link WHERE token_sha256 = $1 AND session IS NULL AND clock_timestamp() < wall_expires
               FOR UPDATE""",
            hashed_token(token),
        )
        if crew is None:
            return None
        opened = await _open(connection, None, crew, Role.CREW, agent, CREW_IDLES, CREW_LASTS)
        await connection.execute(
            "UPDATE crew_link SET session = (SELECT id FROM session WHERE token_sha256 = $2) WHERE token_sha256 = $1",
            hashed_token(token),
            hashed_token(opened),
        )
    return opened
