"""Runs everything configured, in earnest, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio

from deploy import backup, kannel
from deploy.installation import GROUPS, LastRun, backends, database_of, placed, product_parts
from deploy.parts import PartError
from deploy.supervisor import interruptions
from services.access import showing as people_shown
from services.clock import wall_ms
from services.database import databases
from services.database.pool import connect
from services.engine.clock import found as founded
from services.engine.clock import set_running
from services.settings import Settings
from services.utility import store as utility
from streams import brokers, providers, restored

STEP_S = 0.5
SHOWN = 20  # messages of a lost database that are named at the start


def run(settings: Settings, *, refill_kafka: bool = False) -> int:
    """Start the installation and keep it running; return 0 after it was stopped in order.

    Raises `SettingsError` and `PartError` before anything is started where a way out is chosen and cannot be had.
    """
    providers.check(settings)
    if kannel.wanted(settings):
        kannel.installed()
    return asyncio.run(_run(settings, refill_kafka=refill_kafka))


async def _run(settings: Settings, *, refill_kafka: bool) -> int:
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
            await _look_back(settings, dsn, found.bootstrap, refill_kafka=refill_kafka)
            LastRun(name, settings.topic_prefix, exercise=False).keep(settings.data_dir)
            own = placed(settings, found, database=name)
            await asyncio.gather(*(supervisor.start(part) for part in product_parts(own)))
            print(
                f"Lamplighter runs. Console: http://127.0.0.1:{own.console_port}/  Kafka: {found.bootstrap}  "
                f"Web edge: http://127.0.0.1:{own.web_port}  Hotline: http://127.0.0.1:{own.hotline_port}  Ctrl-C stops it.",
                flush=True,
            )
            if not await _anybody(dsn):
                print(
                    'Nobody can sign in yet: lamplighter users create NAME --name "..." --role administrator',
                    flush=True,
                )
            await interrupted.wait()
    return 0


async def _look_back(settings: Settings, dsn: str, bootstrap: str, *, refill_kafka: bool) -> None:
    """Compare the database with Kafka, and say what a restored one lacks. Raises `PartError` when Kafka is behind."""
    try:
        compared = await restored.compare(dsn, bootstrap, settings.topic_prefix, GROUPS, refill=refill_kafka)
    except restored.KafkaBehind as problem:
        raise PartError(str(problem)) from problem
    if not compared.held:
        return
    if backup.marked(settings) is None:
        backup.mark(settings, "a time that is not known")
    print("This database was put back to an earlier state: no text and no call leaves until it is released.")
    for orphan in compared.orphans[:SHOWN]:
        print(f"  Kafka has, and the database lacks: {backup.in_words(orphan)}")
    if len(compared.orphans) > SHOWN:
        print(f"  and {len(compared.orphans) - SHOWN} more: `lamplighter restored` names them all.")
    print("  What came in is taken again. `lamplighter restored` says how it stands, `--release` ends it.", flush=True)


async def _anybody(dsn: str) -> bool:
    """Answer whether there is a user who may sign in."""
    connection = await connect(dsn)
    try:
        return any(not user.disabled for user in await people_shown.users(connection))
    finally:
        await connection.close()
