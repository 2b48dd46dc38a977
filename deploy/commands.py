"""What the commands do: each starts what it needs of the installation, and calls a room."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator

from deploy.installation import Backends, LastRun, database_of, placed, reach
from services.audit import run as auditing
from services.database import databases
from services.database import migrate as migrating
from services.database.pool import connect
from services.engine import erasure
from services.engine import parked as parking
from services.engine.replaying import decided_by_earlier_rules
from services.engine.taking import Connection
from services.settings import Settings
from streams import brokers
from streams import replay as replaying

HOLDS, BROKEN, NOTHING_THERE = 0, 1, 2


def migrate(settings: Settings) -> int:
    """Bring the installation's database to the newest schema."""

    async def work() -> int:
        async with reach(settings) as found:
            name = database_of(settings)
            dsn = databases.named(found.admin_dsn, name)
            if not await databases.exists(found.admin_dsn, name):
                await databases.create(found.admin_dsn, name)
            done = await migrating.migrate(dsn)
        print("\n".join(done) if done else "The database is at the newest schema already.")
        return HOLDS

    return asyncio.run(work())


@contextlib.asynccontextmanager
async def last_run(settings: Settings) -> AsyncIterator[tuple[Settings, Backends, Connection] | None]:
    """Give the last run of this data folder and a connection to its database; None when nothing ran here."""
    last = LastRun.read(settings.data_dir)
    if last is None:
        print(f"Nothing has run in {settings.data_dir} yet: play a storm with `lamplighter demo`.", file=sys.stderr)
        yield None
        return
    async with reach(settings) as found:
        run = placed(settings, found, database=last.database, topic_prefix=last.topic_prefix, exercise=last.exercise)
        connection = await connect(databases.named(found.admin_dsn, last.database))
        try:
            yield run, found, connection
        finally:
            await connection.close()


def audit(settings: Settings, *, as_json: bool) -> int:
    """Prove the promises on the data of the last run."""

    async def work() -> int:
        async with last_run(settings) as last:
            if last is None:
                return NOTHING_THERE
            run, found, connection = last
            findings = await auditing.audit(connection, await brokers.ends(found.bootstrap, run.topic_prefix))
        if as_json:
            print(json.dumps(auditing.as_json(findings), indent=1, ensure_ascii=False))
        else:
            print(auditing.in_words(findings))
        return BROKEN if any(finding.violations for finding in findings) else HOLDS

    return asyncio.run(work())


def replay(settings: Settings) -> int:
    """Decide every stored fact of the last run again and compare, byte for byte."""

    async def work() -> int:
        async with last_run(settings) as last:
            if last is None:
                return NOTHING_THERE
            run, _, connection = last
            turns, differences = await replaying.replay(
                connection, exercise=run.exercise, reclosing_s=settings.reclosing_s
            )
            earlier = await decided_by_earlier_rules(connection)
            uncompared = await erasure.uncompared(connection)
        for one in differences:
            print(f"{one.stage}/{one.shard} at tick {one.n}: {one.part} differ", file=sys.stderr)
        if uncompared:
            print(f"{uncompared} turns are not compared: what they rested on was erased as personal data.")
        print(f"{turns} turns decided again, {len(differences)} differences.")
        if earlier:
            print(f"{earlier} turns stand as an earlier version's rules decided them.")
        return BROKEN if differences else HOLDS

    return asyncio.run(work())


def parked_list(settings: Settings) -> int:
    """List what is parked, newest first."""

    async def work() -> int:
        async with last_run(settings) as last:
            if last is None:
                return NOTHING_THERE
            rows = await parking.listed(last[2])
        for one in rows:
            print(
                f"{one.id}  {one.state:8}  {one.topic}/{one.part}/{one.offset}  {one.stage}  {one.reason}: {one.detail}"
            )
        print(f"{len(rows)} parked.")
        return HOLDS

    return asyncio.run(work())


def parked_show(settings: Settings, parked_id: str) -> int:
    """Show one parked message whole."""

    async def work() -> int:
        async with last_run(settings) as last:
            if last is None:
                return NOTHING_THERE
            one = await parking.shown(last[2], parked_id)
        if one is None:
            print(f"Nothing is parked under {parked_id}.", file=sys.stderr)
            return BROKEN
        print(f"{one.topic}, partition {one.part}, offset {one.offset}; read by {one.stage}; {one.state}")
        print(f"reason: {one.reason}: {one.detail}")
        for name, value in one.headers:
            print(f"header {name}: {value}")
        print(f"key: {(one.key or b'')!r}")
        sys.stdout.flush()
        sys.stdout.buffer.write((one.body or b"") + b"\n")
        return HOLDS

    return asyncio.run(work())


def parked_requeue(settings: Settings, parked_id: str) -> int:
    """Send one parked message to its topic once more; the running relay publishes it."""

    async def work() -> int:
        async with last_run(settings) as last:
            if last is None:
                return NOTHING_THERE
            done = await parking.requeue(last[2], parked_id)
        if not done:
            print(f"Nothing is parked under {parked_id}, or it was requeued already.", file=sys.stderr)
            return BROKEN
        print("Requeued: it leaves with the next start of the relay.")
        return HOLDS

    return asyncio.run(work())
