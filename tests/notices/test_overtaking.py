"""What is urgent overtakes a hundred thousand texts that wait, on a real socket to the drill's operator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from services.database.pool import Wakeups
from services.engine.deathpoints import DeathPoints
from services.notices.gateways.routes import Routes
from services.notices.moments import Moment, Priority, TextBody
from streams.sender import Sender

if TYPE_CHECKING:
    from tests.notices.conftest import Exchange

WAITING, URGENT = 100_000, 20
BEFORE_IT = 1_000
"""So many texts are under way, or claimed at one stroke with it, when one is decided that is urgent; and no more go before it."""


async def test_what_is_urgent_overtakes_all_that_waits(exchange: Exchange) -> None:
    await exchange.connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, priority)
           SELECT 'k' || s, 'text', 'notify', 'A1', 0, c.now_ms, $1, $2 FROM clock c, generate_series(1, $3::integer) s""",
        exchange.body().decode(),
        Priority.OUTAGE,
        WAITING,
    )
    wakeups = await Wakeups.listen(exchange.dsn, "clock")
    gateway = exchange.gateway()
    sender = Sender(Routes([gateway]), exchange.pool, DeathPoints(None), wake=wakeups.wake)
    running = asyncio.create_task(sender.run(wakeups))
    try:
        await exchange.until("SELECT count(*) > 500 FROM drill.handset_text")
        for number in range(URGENT):
            danger = TextBody(customer="C1", moment=Moment.SAFETY, words="A wire is down near you.", safety=True)
            handed = await exchange.connection.fetchval("SELECT count(*) FROM drill.handset_text")
            await exchange.connection.execute(
                """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, priority)
                   SELECT $1, 'text', 'notify', 'A1', 0, now_ms, $2, $3 FROM clock""",
                f"urgent{number}",
                msgspec.json.encode(danger).decode(),
                Priority.SAFETY,
            )
            await exchange.until(
                "SELECT EXISTS (SELECT FROM drill.handset_text WHERE reference = $1)", f"urgent{number}"
            )
            before = await exchange.connection.fetchval(
                """SELECT count(*) FROM drill.handset_text
                   WHERE wall_taken < (SELECT wall_taken FROM drill.handset_text WHERE reference = $1)""",
                f"urgent{number}",
            )
            assert before - handed < BEFORE_IT
        assert await exchange.connection.fetchval("SELECT count(*) FROM effects WHERE state = 'due'") > WAITING / 2
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await sender.close()
        await wakeups.close()
