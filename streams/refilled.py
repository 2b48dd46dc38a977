"""A Kafka that has less than the database: a new one, or one that lost its log. It is filled up, so that offsets go on.

Offsets are how a database knows what it has taken. In an empty Kafka they would begin anew, and facts would be passed over as
old. So each partition is filled with empty messages (header `PADDING`, which every consumer passes over) up to where the database
knew it to end; and what the database had published and not every consumer had taken is published once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from services.engine.outbox import send_again
from services.engine.restoring import Reached
from services.engine.taking import PADDING, Connection
from streams.brokers import physical, producing

log = structlog.get_logger(__name__)

AT_ONCE = 5_000


async def refill(connection: Connection, bootstrap: str, prefix: str, behind: Sequence[Reached]) -> int:
    """Fill these partitions up to where the database knew them to end; return how many events will be published once more.

    Call it before any consumer or relay runs. Killed in the middle, it goes on where it stood. Raises `KafkaError`.
    """
    async with producing(bootstrap) as made:
        for each in behind:
            lacking = each.known.end - each.end
            while lacking:
                number = min(lacking, AT_ONCE)
                sent = [
                    await made.send(physical(prefix, each.topic), b"", partition=each.part, headers=[(PADDING, b"")])
                    for _ in range(number)
                ]
                await asyncio.gather(*sent)
                lacking -= number
            log.warning(
                "restoration.refilled", topic=each.topic, part=each.part, from_offset=each.end, until=each.known.end
            )
    return await send_again(connection)
