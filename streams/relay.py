"""The relay: publishes what stands in the outbox, in order, and marks it with how far the topics now reach.

python -m streams.relay
"""

from __future__ import annotations

import structlog
from aiokafka.errors import KafkaError

from services.database.pool import LOST, Wakeups, exclusively
from services.engine import outbox
from services.engine.deathpoints import DeathPoints
from services.logs import configure_logs
from services.ready import announce_ready
from services.settings import Settings, load_settings
from services.telling import metrics
from streams.brokers import producing, send_all, wait_for
from streams.leaving import leave
from streams.processes import run_process

log = structlog.get_logger(__name__)

LOCK = 7_240_011
BATCH = 2_000
LOOK_S = 0.25


async def relay(settings: Settings, dsn: str, bootstrap: str) -> None:
    """Publish the outbox, for ever; ends the process when PostgreSQL or the broker is away."""
    deaths = DeathPoints(settings.death_dir)
    try:
        await wait_for(bootstrap, 60.0)
        async with (
            exclusively(
                dsn,
                LOCK,
                on_wait=lambda: log.info("relay.waits_for_its_turn"),
                on_lost=lambda: leave("relay.lock_lost"),
            ) as connection,
            producing(bootstrap) as made,
        ):
            wakeups = await Wakeups.listen(dsn, "outbox")
            announce_ready(settings)
            while True:
                rows = await outbox.unsent(connection, BATCH)
                if not rows:
                    await wakeups.wait(LOOK_S)
                    continue
                heads = await send_all(
                    made, settings.topic_prefix, [(row.topic, row.key, row.headers, row.body) for row in rows]
                )
                for row in rows:
                    metrics.count("lamplighter_relay_sent_total", topic=row.topic)
                deaths.passed("relay.sent")
                await outbox.mark_sent(connection, [row.id for row in rows], heads)
    except LOST as error:  # a time-out of the broker is among them
        leave("relay.connection_lost", error=type(error).__name__)
    except KafkaError as error:
        leave("relay.broker_lost", error=type(error).__name__)


def main() -> None:
    """Run the relay of this installation."""
    settings = load_settings()
    configure_logs(settings, "relay")
    run_process(lambda dsn, bootstrap: relay(settings, dsn, bootstrap), settings, broker=True, collects=True)


if __name__ == "__main__":
    main()
