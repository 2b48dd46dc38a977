"""Wrong passwords: how many, and how long nobody is let in. Kept in PostgreSQL, so that it holds in every process.

An attempt is counted before its password is looked at, so that attempts side by side are counted too, and taken back when the
password was right. Users that there are not are counted like those that there are.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from services.engine.taking import Connection

USER_MAY_FAIL = 5
ADDRESS_MAY_FAIL = 50
FIRST_LOCK_S = 60
LONGEST_LOCK_S = 900
FORGOTTEN_AFTER = timedelta(hours=24)


def locked_for_s(failed: int, may_fail: int) -> int:
    """Return how long nobody is let in after so many wrong passwords, seconds: 0, then a minute, doubling up to a quarter hour."""
    over = failed - may_fail
    return 0 if over < 0 else min(LONGEST_LOCK_S, FIRST_LOCK_S * 2 ** min(over, 10))


def hashed_subject(subject: str) -> bytes:
    """Return under what a user name or address is counted."""
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).digest()


async def begin(connection: Connection, user: str, address: str) -> int:
    """Count an attempt of this user from this address. Return 0; or, when it may not be made, the seconds until it may."""
    counted = (("user", user, USER_MAY_FAIL), ("address", address, ADDRESS_MAY_FAIL))
    await connection.execute(
        """DELETE FROM sign_in_failure WHERE (kind, subject) IN (
               SELECT kind, subject FROM sign_in_failure WHERE wall_last < clock_timestamp() - $1::interval
               FOR UPDATE SKIP LOCKED)""",
        FORGOTTEN_AFTER,
    )
    async with connection.transaction():
        failed: dict[str, int] = {}
        for kind, subject, _ in counted:  # the rows are locked in this order by everybody
            row = await connection.fetchrow(
                """INSERT INTO sign_in_failure AS f (kind, subject, failed, wall_last)
                   VALUES ($1, $2, 0, clock_timestamp())
                   ON CONFLICT (kind, subject) DO UPDATE SET failed = f.failed
                   RETURNING failed, ceil(extract(epoch FROM wall_locked_until - clock_timestamp()))::integer AS wait_s""",
                kind,
                hashed_subject(subject),
            )
            assert row is not None
            if (wait_s := row["wait_s"] or 0) > 0:
                return int(wait_s)
            failed[kind] = row["failed"] + 1
        for kind, subject, may_fail in counted:
            await connection.execute(
                """UPDATE sign_in_failure
                   SET failed = $3, wall_last = clock_timestamp(), wall_locked_until = clock_timestamp() + $4::interval
                   WHERE kind = $1 AND subject = $2""",
                kind,
                hashed_subject(subject),
                failed[kind],
                timedelta(seconds=locked_for_s(failed[kind], may_fail)),
            )
    return 0


async def succeeded(connection: Connection, user: str, address: str) -> None:
    """Take the attempt back that `begin` counted, and forget the user's wrong passwords: the right one was given."""
    await connection.execute(
        """UPDATE sign_in_failure SET failed = greatest(0, failed - 1), wall_locked_until = NULL
           WHERE kind = 'address' AND subject = $1""",
        hashed_subject(address),
    )
    await unlock(connection, user)


async def unlock(connection: Connection, user: str) -> bool:
    """Forget the wrong passwords of a user; False when there were none."""
    done = await connection.fetchval(
        "DELETE FROM sign_in_failure WHERE kind = 'user' AND subject = $1 RETURNING true", hashed_subject(user)
    )
    return bool(done)
