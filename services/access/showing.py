"""What the console shows of access: the utility whose installation it is, users, open sessions, and what everybody did."""

from __future__ import annotations

import msgspec

from services.access.lockout import hashed_subject
from services.access.who import Role
from services.engine.taking import Connection

_LIKE_MS = "(extract(epoch FROM {}) * 1000)::bigint"


class UtilityBrief(msgspec.Struct, kw_only=True, frozen=True):
    """The utility of this installation, as of its current version."""

    name: str
    time_zone: str
    attribution: str
    version: int


class UserRow(msgspec.Struct, kw_only=True, frozen=True):
    """A user. Times are real time, milliseconds."""

    user: str
    name: str
    role: Role
    disabled: bool
    must_change_password: bool
    locked_until_ms: int | None
    last_seen_ms: int | None
    sessions: int


class SessionRow(msgspec.Struct, kw_only=True, frozen=True):
    """An open session; `current`: the one of who asks. Times are real time, milliseconds."""

    id: str
    user: str
    role: Role
    crew: str | None
    opened_at_ms: int
    seen_at_ms: int
    expires_at_ms: int
    agent: str
    current: bool


async def utility(connection: Connection) -> UtilityBrief | None:
    """Return the utility of this installation; None before the first import."""
    row = await connection.fetchrow(
        """SELECT v.name, v.time_zone, v.version,
                  concat_ws('; ', nullif(v.attribution, ''), (SELECT attribution FROM current_roads)) AS attribution
           FROM utility_version v WHERE v.current"""
    )
    return None if row is None else UtilityBrief(**dict(row))


async def users(connection: Connection, user: str | None = None) -> list[UserRow]:
    """Return the users, or this one, by name."""
    rows = await connection.fetch(
        f"""SELECT u.user_id AS "user", u.name, u.role, u.disabled, u.must_change_password,
                   (SELECT {_LIKE_MS.format("max(s.wall_seen)")} FROM session s WHERE s.user_id = u.user_id) AS last_seen_ms,
                   (SELECT count(*) FROM open_session s WHERE s.user_id = u.user_id) AS sessions
            FROM app_user u WHERE $1::text IS NULL OR u.user_id = $1 ORDER BY u.user_id""",  # noqa: S608 (this module's own text)
        user,
    )
    locks = await connection.fetch(
        f"""SELECT subject, {_LIKE_MS.format("wall_locked_until")} AS until_ms FROM sign_in_failure
            WHERE kind = 'user' AND wall_locked_until > clock_timestamp()"""  # noqa: S608 (as above)
    )
    locked = {bytes(row["subject"]): row["until_ms"] for row in locks}
    return [
        UserRow(**{**dict(row), "role": Role(row["role"])}, locked_until_ms=locked.get(hashed_subject(row["user"])))
        for row in rows
    ]


async def sessions(connection: Connection, current: str | None = None) -> list[SessionRow]:
    """Return the open sessions, the newest first. `current` is the session of who asks."""
    rows = await connection.fetch(
        f"""SELECT id, coalesce(user_id, 'crew:' || crew) AS "user", role, crew, agent,
                   {_LIKE_MS.format("wall_opened")} AS opened_at_ms, {_LIKE_MS.format("wall_seen")} AS seen_at_ms,
                   {_LIKE_MS.format("wall_closes")} AS expires_at_ms
            FROM open_session ORDER BY wall_opened DESC, id"""  # noqa: S608 (as above)
    )
    return [SessionRow(**{**dict(row), "role": Role(row["role"])}, current=row["id"] == current) for row in rows]


async def actions(
    connection: Connection,
    *,
    user: str | None = None,
    subject: str | None = None,
    kind: str | None = None,
    before_ms: int | None = None,
    before_id: str | None = None,
    limit: int = 200,
) -> list[str]:
    """Return the ids of what people did, the newest first: before this time, behind this row, by user, subject and kind."""
    rows = await connection.fetch(
        """SELECT a.id FROM person_action a
           WHERE ($1::text IS NULL OR a.by_user = $1) AND ($2::text IS NULL OR a.subject = $2)
             AND ($3::text IS NULL OR a.kind = $3) AND ($4::bigint IS NULL OR a.at_ms < $4)
             AND ($5::text IS NULL OR (a.at_ms, a.wall_at, a.id) <
                     (SELECT b.at_ms, b.wall_at, b.id FROM person_action b WHERE b.id = $5))
           ORDER BY a.at_ms DESC, a.wall_at DESC, a.id DESC LIMIT $6""",
        user,
        subject,
        kind,
        before_ms,
        before_id,
        limit,
    )
    return [row["id"] for row in rows]
