"""Runs everything configured, in earnest, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio

from deploy.installation import LastRun, backends, database_of, placed, product_parts
from deploy.supervisor import interruptions
from services.clock import wall_ms
from services.database import databases
from services.database.pool import connect
from services.engine.clock import found as founded
from services.engine.clock import set_running
from services.settings import Settings
from services.utility import store as utility
from streams import brokers

STEP_S = 0.5


def run(settings: Settings) -> int:
    """Start the installation and keep it running; return 0 after it was stopped in order."""
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    print("Starting PostgreSQL and Kafka ...", flush=True)
    with interruptions() as interrupted:
        async with backends(settings) as (supervisor, found):
            name = database_of(settings)
            dsn = await databases.ensure(found.admin_dsn, name)
            connection = await connect(dsn)
            try:
                await founded(connection, exercise=False, topic_prefix=settings.topic_prefix)
                await utility.load(connection)
                await set_running(connection, now_ms=wall_ms(), speed=1.0, step_s=STEP_S)
            except utility.NoUtilityError:
                print("No utility was imported yet: run `lamplighter import-utility DIR` first.")
                return 2
            finally:
                await connection.close()
            await brokers.create_topics(found.bootstrap, settings.topic_prefix)
            LastRun(name, settings.topic_prefix, exercise=False).keep(settings.data_dir)
            own = placed(settings, found, database=name)
            await asyncio.gather(*(supervisor.start(part) for part in product_parts(own)))
            print(
                f"Lamplighter runs; Kafka is at {found.bootstrap}, the web edge at http://127.0.0.1:{own.web_port}, "
                f"the hotline at http://127.0.0.1:{own.hotline_port}. Ctrl-C stops it.",
                flush=True,
            )
            await interrupted.wait()
    return 0
