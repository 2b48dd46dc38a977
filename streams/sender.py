"""The sender: does the effects of one kind through its gateway, each once.

One sender at a time works on a kind. What an earlier one left in mid-attempt is looked up at the provider first.
"""

from __future__ import annotations

import asyncio

import structlog

from services.database.pool import LOST, Pool, Wakeups, exclusively
from services.engine import effects
from services.engine.deathpoints import DeathPoints
from services.engine.effects import Attempt
from services.engine.gateway import Gateway, GatewayAway, Result
from services.ready import announce_ready
from services.settings import Settings
from services.telling import metrics
from streams.leaving import leave

log = structlog.get_logger(__name__)

LOCKS = {"text": 7_240_021, "call": 7_240_022, "ping": 7_240_024}
BATCH = 200
LOOK_S = 0.25
AWAY_PAUSE_S = (0.2, 5.0)


class Sender:
    """Claims effects of the gateway's kind, has them done, writes what became of them."""

    def __init__(self, gateway: Gateway, pool: Pool, deaths: DeathPoints) -> None:
        self._gateway = gateway
        self._pool = pool
        self._deaths = deaths

    async def look_into_stuck(self) -> int:
        """Ask the provider for every attempt that was left without an outcome; return how many there were.

        Raises `GatewayAway`: then they stay as they are, to be asked for again.
        """
        async with self._pool.acquire() as connection:
            now, attempts = await effects.stuck(connection, self._gateway.kind)
        if attempts:
            found = [(attempt.key, await self._gateway.look_up(attempt.key)) for attempt in attempts]
            async with self._pool.acquire() as connection:
                await effects.settle(connection, now, found)
            log.info("effect.looked_into", kind=self._gateway.kind, count=len(attempts))
        return len(attempts)

    async def send_due(self) -> int:
        """Do what is due; return how many attempts were made.

        An attempt that did not happen is due again; one of unknown outcome stays `attempting` until it is looked into.
        Raises `GatewayAway` after writing what is known.
        """
        async with self._pool.acquire() as connection:
            now, attempts = await effects.claim(connection, self._gateway.kind, self._gateway.name, BATCH)
        if not attempts:
            return 0
        self._deaths.passed(f"sender.{self._gateway.kind}.claimed")
        outcomes = await asyncio.gather(*(self._perform(attempt) for attempt in attempts))
        self._deaths.passed(f"sender.{self._gateway.kind}.called")
        for outcome in outcomes:
            word = "away" if isinstance(outcome, GatewayAway) else outcome.state
            metrics.count("lamplighter_effect_attempts_total", kind=self._gateway.kind, outcome=word)
        known = [
            (attempt.key, None if isinstance(outcome, GatewayAway) else outcome)
            for attempt, outcome in zip(attempts, outcomes, strict=True)
            if isinstance(outcome, GatewayAway) or not outcome.ask
        ]
        async with self._pool.acquire() as connection:
            await effects.settle(connection, now, known)
        away = next((outcome for outcome in outcomes if isinstance(outcome, GatewayAway)), None)
        if away is not None:
            raise away
        if len(known) < len(attempts):
            await self.look_into_stuck()
        return len(attempts)

    async def _perform(self, attempt: Attempt) -> Result | GatewayAway:
        try:
            return await self._gateway.perform(attempt.key, attempt.shard, attempt.body)
        except GatewayAway as error:
            return error


async def send(settings: Settings, dsn: str, kind: str, gateway: Gateway, pool: Pool) -> None:
    """Do the effects of a kind, for ever. A provider that is away is waited for; PostgreSQL away ends the process."""
    try:
        async with exclusively(
            dsn,
            LOCKS[kind],
            on_wait=lambda: log.info("sender.waits_for_its_turn", kind=kind),
            on_lost=lambda: leave("sender.lock_lost", kind=kind),
        ):
            wakeups = await Wakeups.listen(dsn, "clock")
            announce_ready(settings)  # waiting for a provider that is away is part of the work
            await _send_for_ever(Sender(gateway, pool, DeathPoints(settings.death_dir)), gateway, wakeups)
    except LOST as error:
        leave("sender.database_lost", kind=kind, error=type(error).__name__)
    finally:
        await gateway.stop()


async def _send_for_ever(sender: Sender, gateway: Gateway, wakeups: Wakeups) -> None:
    pause, connected = AWAY_PAUSE_S[0], False
    while True:
        try:
            if not connected:
                await gateway.start()
                await sender.look_into_stuck()
                connected, pause = True, AWAY_PAUSE_S[0]
                log.info("gateway.connected", gateway=gateway.name)
                metrics.put("lamplighter_gateway_connected", 1, gateway=gateway.name)
            # Between two attempts of ours, what is open was left by another process, or by a database that was restored.
            if not await sender.send_due() and not await sender.look_into_stuck():
                await wakeups.wait(LOOK_S)
        except GatewayAway as error:
            metrics.put("lamplighter_gateway_connected", 0, gateway=gateway.name)
            if connected:
                log.warning("gateway.away", gateway=gateway.name, reason=str(error))
                connected = False
                await gateway.stop()
            await asyncio.sleep(pause)
            pause = min(2 * pause, AWAY_PAUSE_S[1])
