"""The driver of a drill: publishes what the world says when its time has come, and knows when all has settled.

In lockstep it moves the clock only when everything of the present tick is done; running, the clock runs by itself. Its own
state is durable: the time it moves to is committed before it publishes, so that it can be killed at any point.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import NoReturn

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.database.pool import LOST, Wakeups, exclusively
from services.drill import rounds, store
from services.drill.rounds import Round
from services.drill.store import Settled
from services.engine.deathpoints import DeathPoints
from services.engine.taking import Connection
from services.settings import Settings
from streams.brokers import producing, send_all
from streams.leaving import leave

log = structlog.get_logger(__name__)

LOCK = 7_240_031
QUANTUM_MS = 10_000
LOOK_S = 0.25
RUNNING_LOOK_S = 0.05
ROUNDS_AN_INSTANT = 200
ROUNDS_AT_ONCE = 100
SAY_AFTER_S = 10.0
STUCK_S = 120.0
EXIT_PLAYED, EXIT_STUCK = 0, 3


async def drive(settings: Settings, dsn: str, bootstrap: str, mode: str) -> None:
    """Play the drill to its end, then end the process: 0 when all is over, 3 when nothing moves any more."""
    try:
        async with (
            exclusively(
                dsn,
                LOCK,
                on_wait=lambda: log.info("drill.waits_for_its_turn"),
                on_lost=lambda: leave("drill.lock_lost"),
            ) as connection,
            producing(bootstrap) as made,
        ):
            driver = Driver(settings, connection, made, await Wakeups.listen(dsn, "moved"))
            await (driver.lockstep() if mode == "lockstep" else driver.running())
    except LOST as error:
        leave("drill.connection_lost", error=type(error).__name__)
    except KafkaError as error:
        leave("drill.broker_lost", error=type(error).__name__)
    log.info("drill.played")
    _end(EXIT_PLAYED)


def _end(code: int) -> NoReturn:
    sys.stderr.flush()
    os._exit(code)


class Driver:
    """Moves the drill on, step by step."""

    def __init__(self, settings: Settings, connection: Connection, made: AIOKafkaProducer, wakeups: Wakeups) -> None:
        self._prefix = settings.topic_prefix
        self._connection = connection
        self._producer = made
        self._wakeups = wakeups
        self._deaths = DeathPoints(settings.death_dir)
        self._rounds: list[Round] = []

    async def lockstep(self) -> None:
        """Move the clock whenever all has settled, until nothing is left to come."""
        of_instant = 0
        while True:
            begun = time.perf_counter()
            state = await self._settled()
            settled_ms = (time.perf_counter() - begun) * 1000
            if state.target_ms is not None and state.target_ms > state.now_ms:
                target = state.target_ms  # a step once begun is finished, also by the next driver
            elif state.open_now:
                target = state.now_ms
            elif state.next_at_ms is None:
                await self._keep_rounds()
                return
            else:
                due = max(state.now_ms + 1, state.next_at_ms)
                target = -(-due // QUANTUM_MS) * QUANTUM_MS
                await store.set_target(self._connection, target)
                self._deaths.passed("drill.targeted")
            if target > state.now_ms:
                of_instant = 0
                if await self._publish(target):
                    self._deaths.passed("drill.published")
                await self._settled()
            of_instant += 1
            if of_instant > ROUNDS_AN_INSTANT:
                log.error("drill.instant_never_ends", now_ms=state.now_ms, rounds=of_instant)
                _end(EXIT_STUCK)
            await store.advance(self._connection, state.n, target)
            self._rounds.append(Round(state.n, state.now_ms, settled_ms, (time.perf_counter() - begun) * 1000))
            if len(self._rounds) >= ROUNDS_AT_ONCE:
                await self._keep_rounds()

    async def running(self) -> None:
        """Publish what is due while the clock runs, until nothing is left to come."""
        while True:
            state = await store.settled(self._connection)
            await self._publish(state.now_ms)
            if state.settled and not state.open_now and state.next_at_ms is None:
                return
            await asyncio.sleep(RUNNING_LOOK_S)

    async def _settled(self) -> Settled:
        """Return once all has settled. Ends the process, saying what hangs, when nothing moves for too long."""
        began, said = time.monotonic(), 0.0
        while True:
            state = await store.settled(self._connection)
            if state.settled:
                return state
            waited = time.monotonic() - began
            if waited - said > SAY_AFTER_S:
                said = waited
                log.warning(
                    "drill.unsettled",
                    n=state.n,
                    now_ms=state.now_ms,
                    open=list(state.unsettled),
                    waited_s=round(waited),
                )
            if waited > STUCK_S:
                log.error("drill.stuck", n=state.n, now_ms=state.now_ms, open=list(state.unsettled))
                _end(EXIT_STUCK)
            await self._wakeups.wait(LOOK_S)

    async def _publish(self, until_ms: int) -> int:
        rows = await store.unpublished(self._connection, until_ms)
        if rows:
            heads = await send_all(
                self._producer, self._prefix, [(row.topic, row.key, row.headers, row.body) for row in rows]
            )
            self._deaths.passed("drill.sent")
            await store.mark_published(self._connection, [row.id for row in rows], heads)
        return len(rows)

    async def _keep_rounds(self) -> None:
        await rounds.keep(self._connection, self._rounds)
        self._rounds = []
