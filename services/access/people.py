"""All SQL of users: who may sign in, as what, and with which password. Nobody is ever deleted, only disabled."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from services.access import lockout, sessions
from services.access.passwords import checked_password, drawn_password, slow_hash
from services.access.who import Role, Who
from services.engine.taking import Connection

USER_FORM = re.compile(r"[a-z0-9._-]{2,40}")
TERMINAL = Who(user="terminal", name="terminal", role=Role.ADMINISTRATOR, session="")
"""Who acts by a command: somebody who may use the machine itself. No user can have this name."""
PERSON_ROLES = (Role.VIEWER, Role.DISPATCHER, Role.OPERATIONS, Role.ADMINISTRATOR)


class UserProblem(ValueError):
    """Why a user cannot be made or changed: a stable code and words for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to become of a user; None leaves it as it is."""

    name: str | None = None
    role: Role | None = None
    disabled: bool | None = None
    unlock: bool = False
    new_password: bool = False


def said_of(change: Change) -> dict[str, Any]:
    """Return what was asked for, for the table of actions: that the name was changed, and not to what."""
    asked = {
        name: value
        for name, value in dataclasses.asdict(change).items()
        if value not in {None, False} or name == "disabled"
    }
    if asked["disabled"] is None:
        del asked["disabled"]
    return {**asked, "name": True} if "name" in asked else asked


async def known_hash(connection: Connection, user: str) -> str | None:
    """Return the hash of a user's password; None for a user that there is not, or who is disabled."""
    known: str | None = await connection.fetchval(
        "SELECT password_hash FROM app_user WHERE user_id = $1 AND NOT disabled", user
    )
    return known


async def open_session(connection: Connection, user: str, known: str, renewed: str | None, agent: str) -> str | None:
    """Open a session for the user whose password has this hash, and return its token; `renewed` replaces the hash.

    None when the password was changed, or the user disabled, while the hash was being looked at.
    """
    async with connection.transaction():
        role = await connection.fetchval(
            "SELECT role FROM app_user WHERE user_id = $1 AND password_hash = $2 AND NOT disabled FOR UPDATE",
            user,
            known,
        )
        if role is None:
            return None
        if renewed is not None:
            await connection.execute("UPDATE app_user SET password_hash = $2 WHERE user_id = $1", user, renewed)
        return await sessions.open_for(connection, user, Role(role), agent)


async def replace_hash(connection: Connection, who: Who, known: str, made: str) -> list[str] | None:
    """Give a person the password with the hash `made`, end the other sessions and return their ids.

    None when the password is not the one with the hash `known` any more.
    """
    async with connection.transaction():
        done = await connection.fetchval(
            """UPDATE app_user SET password_hash = $3, must_change_password = false
               WHERE user_id = $1 AND password_hash = $2 RETURNING true""",
            who.user,
            known,
            made,
        )
        if not done:
            return None
        return await sessions.end_of_user(connection, who.user, "passwordChanged", but=who.session)


async def create(connection: Connection, user: str, name: str, role: Role) -> str:
    """Make a user with a drawn password that must be changed, and return the password. Raises `UserProblem`."""
    password = drawn_password()
    await insert(connection, user, name, role, password, must_change=True)
    return password


async def insert(connection: Connection, user: str, name: str, role: Role, password: str, *, must_change: bool) -> None:
    """Make a user with this password.

    Raises `UserProblem`: `badUserName`, `badPersonName`, `badRole`, `userExists`, `nameTaken`; and `WeakPassword`.
    """
    if not USER_FORM.fullmatch(user) or user == TERMINAL.user:
        raise UserProblem("badUserName", "2 to 40 of the characters a-z 0-9 . _ -, and not `terminal`")
    _check(name, role)
    made = await slow_hash(checked_password(user, password))
    await _check_told_apart(connection, user, name)
    done = await connection.fetchval(
        """INSERT INTO app_user (user_id, name, role, password_hash, must_change_password) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING RETURNING true""",
        user,
        name.strip(),
        role.value,
        made,
        must_change,
    )
    if not done:
        raise UserProblem("userExists", f"there is a user {user} already")


async def _check_told_apart(connection: Connection, user: str, name: str) -> None:
    """Let no other user who may sign in have this name: what somebody did is shown under it."""
    other = await connection.fetchval(
        "SELECT user_id FROM app_user WHERE lower(name) = lower($1) AND user_id <> $2 AND NOT disabled LIMIT 1",
        name.strip(),
        user,
    )
    if other is not None:
        raise UserProblem("nameTaken", f"{other} has this name: add something to tell them apart")


def _check(name: str | None, role: Role | None) -> None:
    if name is not None and not (1 <= len(name.strip()) <= 80 and name.isprintable()):  # noqa: PLR2004 (as the table has it)
        raise UserProblem("badPersonName", "a name has 1 to 80 characters")
    if role is not None and role not in PERSON_ROLES:
        raise UserProblem("badRole", f"there are: {', '.join(PERSON_ROLES)}")


async def change(
    connection: Connection, user: str, wanted: Change, *, but: str | None = None
) -> tuple[str | None, list[str]]:
    """Change a user; return the new password, if one was drawn, and the sessions that ended. Call it in a transaction.

    A change of role or password, or disabling, ends the user's sessions, all but `but`. Raises `UserProblem`: `noUser`,
    `badPersonName`, `badRole`, `nameTaken`, and `lastAdministrator` when nobody would be left who may administer.
    """
    _check(wanted.name, wanted.role)
    password = drawn_password() if wanted.new_password else None
    made = None if password is None else await slow_hash(password)
    administrators = await connection.fetch(
        "SELECT user_id FROM app_user WHERE role = 'administrator' AND NOT disabled ORDER BY user_id FOR UPDATE"
    )
    row = await connection.fetchrow("SELECT * FROM app_user WHERE user_id = $1 FOR UPDATE", user)
    if row is None:
        raise UserProblem("noUser", f"there is no user {user}")
    demoted = wanted.role not in {None, Role.ADMINISTRATOR} or wanted.disabled
    if demoted and [one["user_id"] for one in administrators] == [user]:
        raise UserProblem("lastAdministrator", "nobody else may administer: make another administrator first")
    if wanted.name is not None or wanted.disabled is False:
        await _check_told_apart(connection, user, wanted.name or row["name"])
    await connection.execute(
        """UPDATE app_user SET name = coalesce($2, name), role = coalesce($3, role), disabled = coalesce($4, disabled),
               password_hash = coalesce($5, password_hash), must_change_password = must_change_password OR $5 IS NOT NULL
           WHERE user_id = $1""",
        user,
        None if wanted.name is None else wanted.name.strip(),
        None if wanted.role is None else wanted.role.value,
        wanted.disabled,
        made,
    )
    if wanted.unlock or made is not None:
        await lockout.unlock(connection, user)
    why: sessions.EndedWhy
    if wanted.disabled and not row["disabled"]:
        why = "disabled"
    elif wanted.new_password:
        why = "passwordChanged"
    elif wanted.role is not None and wanted.role.value != row["role"]:
        why = "roleChanged"
    else:
        return password, []
    return password, await sessions.end_of_user(connection, user, why, but=but)
