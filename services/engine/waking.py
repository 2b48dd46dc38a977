"""Wake-ups: who waits for something in the database to move is told to look, after it has.

A transaction that carries a notification holds a lock of the whole server until it is on disk, so that all of them queue up
behind one another's disk writes. So what moves is committed first, and told of by a transaction that writes nothing and waits
for no disk. One that is lost with its process is made up for by whoever waits: they look of themselves every so often.
"""

from __future__ import annotations

from services.engine.taking import Connection


async def wake(connection: Connection, *channels: str) -> None:
    """Wake those who listen on these channels, at once or, within a transaction of the caller, when that is committed."""
    if connection.is_in_transaction():  # its commit must reach the disk
        await connection.execute("SELECT pg_notify(c, '') FROM unnest($1::text[]) AS c", channels)
    else:
        await connection.execute(
            "SELECT set_config('synchronous_commit', 'off', true), pg_notify(c, '') FROM unnest($1::text[]) AS c",
            channels,
        )
