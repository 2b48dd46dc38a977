"""What the commands about people do: users, their sessions, and erasing what is personal."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC
from typing import Any

from deploy.keys import DONE, REFUSED, database_at_work
from services.access import people, sessions, showing
from services.access.actions import record
from services.access.people import TERMINAL, Change, UserProblem
from services.access.who import Role
from services.clock import from_ms
from services.settings import Settings
from streams import erasing


def create_user(settings: Settings, user: str, name: str, role: str) -> int:
    """Make a user, and print the password that was drawn, this once."""

    async def work() -> int:
        async with database_at_work(settings) as connection, connection.transaction():
            password = await people.create(connection, user, name, Role(role))
            await record(connection, TERMINAL, "createUser", "user", user, why="", said={"role": role})
        print("This password is shown once, and must be changed at the first sign-in.", file=sys.stderr)
        print(password)
        return DONE

    return _refusing(work())


def list_users(settings: Settings) -> int:
    """List every user: sign-in name, role, state, open sessions, when last seen, name."""

    async def work() -> int:
        async with database_at_work(settings) as connection:
            users = await showing.users(connection)
        for one in users:
            state = "disabled" if one.disabled else "locked" if one.locked_until_ms else "valid"
            seen = "never" if one.last_seen_ms is None else _time(one.last_seen_ms)
            print(f"{one.user:20}  {one.role:13}  {state:8}  {one.sessions:2} open  {seen:20}  {one.name}")
        print(f"{len(users)} users.")
        return DONE

    return _refusing(work())


def change_user(settings: Settings, user: str, change: Change) -> int:
    """Change a user, end the sessions that this ends, and print a new password, if one was drawn."""

    async def work() -> int:
        async with database_at_work(settings) as connection, connection.transaction():
            password, ended = await people.change(connection, user, change)
            said = {**people.said_of(change), "sessions_ended": len(ended)}
            await record(connection, TERMINAL, "changeUser", "user", user, why="", said=said)
        print(f"Done; {len(ended)} sessions ended.", file=sys.stderr)
        if password is not None:
            print("This password is shown once, and must be changed at the next sign-in.", file=sys.stderr)
            print(password)
        return DONE

    return _refusing(work())


def list_sessions(settings: Settings) -> int:
    """List the open sessions, the newest first."""

    async def work() -> int:
        async with database_at_work(settings) as connection:
            found = await showing.sessions(connection)
        for one in found:
            times = f"opened {_time(one.opened_at_ms)}  seen {_time(one.seen_at_ms)}  closes {_time(one.expires_at_ms)}"
            print(f"{one.id}  {one.user:20}  {one.role:13}  {times}  {one.agent}".rstrip())
        print(f"{len(found)} open sessions.")
        return DONE

    return _refusing(work())


def end_session(settings: Settings, session: str) -> int:
    """End an open session; the console lets go of it within two seconds."""

    async def work() -> int:
        async with database_at_work(settings) as connection, connection.transaction():
            if not await sessions.end(connection, session, "ended"):
                print(f"There is no open session {session}.", file=sys.stderr)
                return REFUSED
            await record(connection, TERMINAL, "endSession", "session", session, why="", said={})
        print(f"The session {session} is over.")
        return DONE

    return _refusing(work())


def erase_personal(settings: Settings, *, apply: bool, as_json: bool) -> int:
    """Erase what is personal and older than the retention, or say what would be erased."""

    async def work() -> int:
        async with database_at_work(settings) as connection:
            done = await erasing.erase(connection, settings, apply=apply)
        days = settings.personal_retention_days
        if as_json:
            rows = {} if done is None else dict(done.rows)
            until = None if done is None else _time(done.until_ms)
            print(
                json.dumps(
                    {"retention_days": days, "until": until, "applied": apply and done is not None, "rows": rows}
                )
            )
        elif done is None:
            print(
                "Nothing is erased: personal_retention_days is 0."
                if days == 0
                else "Nothing is erased: no clock runs in this database yet, or another process is erasing now."
            )
        else:
            print(f"Older than {days} days, from before {_time(done.until_ms)}:")
            for table, count in done.rows.items():
                print(f"  {table:32}  {count:9} rows")
            print(_ending(apply=apply, rows=sum(done.rows.values())))
        return DONE

    return asyncio.run(work())


def _ending(*, apply: bool, rows: int) -> str:
    if not rows:
        return "Nothing of it is left."
    return "Erased." if apply else "Nothing was changed: --apply erases it."


def _time(ms: int) -> str:
    return from_ms(ms).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _refusing(work: Any) -> int:
    """Run a command, and say in words why it is refused."""
    try:
        return int(asyncio.run(work))
    except UserProblem as problem:
        print(problem.detail, file=sys.stderr)
        return REFUSED
