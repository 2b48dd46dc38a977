"""What the commands about access keys do."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence

from deploy.installation import LastRun, database_of, reach
from deploy.supervisor import runs_already
from services.access import store
from services.access.keys import UnknownScope
from services.database import databases
from services.database.pool import connect
from services.engine.taking import Connection
from services.settings import Settings

DONE, REFUSED = 0, 1


@contextlib.asynccontextmanager
async def database_at_work(settings: Settings) -> AsyncIterator[Connection]:
    """Lend a connection to the database of what runs here now, a drill's too, else to the installation's.

    It is made and brought to the newest schema where need be.
    """
    running = LastRun.read(settings.data_dir) if runs_already(settings.data_dir) else None
    name = database_of(settings) if running is None else running.database
    async with reach(settings) as found:
        connection = await connect(await databases.ensure(found.admin_dsn, name))
        try:
            yield connection
        finally:
            await connection.close()


def create(settings: Settings, name: str, scopes: Sequence[str], account: str | None) -> int:
    """Make a key and print it, this once."""

    async def work() -> int:
        async with database_at_work(settings) as connection:
            try:
                key = await store.create(connection, name, scopes, account)
            except UnknownScope as problem:
                print(problem, file=sys.stderr)
                return REFUSED
        print("This key is shown once; only its hash is kept.", file=sys.stderr)
        print(key)
        return DONE

    return asyncio.run(work())


def list_keys(settings: Settings) -> int:
    """List every key: its id, its scopes, its account, whether it was revoked."""

    async def work() -> int:
        async with database_at_work(settings) as connection:
            keys = await store.listed(connection)
        for key, revoked in keys:
            state = "revoked" if revoked else "valid"
            print(f"{key.id}  {state:7}  {key.name}  {' '.join(sorted(key.scopes))}  {key.account or ''}".rstrip())
        print(f"{len(keys)} keys.")
        return DONE

    return asyncio.run(work())


def revoke(settings: Settings, key_id: str) -> int:
    """Let a key be refused from now on."""

    async def work() -> int:
        async with database_at_work(settings) as connection:
            done = await store.revoke(connection, key_id)
        if not done:
            print(f"There is no key {key_id}, or it was revoked already.", file=sys.stderr)
            return REFUSED
        print(f"The key {key_id} is refused from now on.")
        return DONE

    return asyncio.run(work())
