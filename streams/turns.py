"""The tick loop: decides the turns that are due, of the stages of this worker.

No stage waits until all turns of another one are decided and written; but rules run one at a time in a process (`engine.ruling`).
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Mapping

import structlog

from schemas.topics import Topic
from services.database.pool import LOST, Pool, Wakeups
from services.engine import clock
from services.engine.clock import DueTurn
from services.engine.deathpoints import DeathPoints
from services.engine.deciding import Deciding, Outdated
from services.engine.taking import Fenced
from streams.leaving import leave
from streams.watchdog import Watchdog

log = structlog.get_logger(__name__)

LOOK_S = 0.25
AT_ONCE = 2
"""So many turns of a stage are decided side by side: one reckons while the other's rows are written."""
ONE_BY_ONE = frozenset({"notify"})
"""Of these stages it is one turn at a time: texts are decided sooner than they can leave, and in a storm reports need the cores."""
ANYBODYS_AFTER_S = 2.0
"""Any worker may decide any turn. So that two do not race, the one that owns the shard's partition goes first."""


class TickLoop:
    """Decides turns of some stages whenever the clock wakes it.

    `owns(topic, part)` says whether this worker now reads that partition of a stage's first topic.
    """

    def __init__(
        self,
        *,
        decidings: Mapping[str, tuple[Deciding, Topic]],
        taken: list[str],
        owns: Callable[[str, int], bool],
        watchdog: Watchdog,
        deaths: DeathPoints,
    ) -> None:
        self._decidings = decidings
        self._taken = taken
        self._owns = owns
        self._watchdog = watchdog
        self._deaths = deaths
        self._behind: set[str] = set()
        self._first_seen: dict[str, dict[tuple[str, int], float]] = {}

    async def run(self, dsn: str, pool: Pool) -> None:
        """Decide what is due, for ever. Ends the process when PostgreSQL is away or a rule fails."""
        try:
            async with asyncio.TaskGroup() as group:
                for stage in self._decidings:
                    group.create_task(self._run_stage(stage, dsn, pool))
        except* LOST as lost:
            leave("turn.database_lost", error=type(lost.exceptions[0]).__name__)
        except* (
            Exception
        ) as failed:  # a failing rule must not end the loop silently: the whole process is started afresh
            log.exception("turn.failed")
            leave("turn.gave_up", error=type(failed.exceptions[0]).__name__)

    async def _run_stage(self, stage: str, dsn: str, pool: Pool) -> None:
        wakeups = await Wakeups.listen(dsn, "clock")
        while True:
            await wakeups.wait(LOOK_S)
            while await self._decide_due(stage, pool):
                pass

    async def _decide_due(self, stage: str, pool: Pool) -> bool:
        """Decide the due turns of a stage that are ours, side by side; say whether something was decided."""
        async with pool.acquire() as connection:
            due = await clock.due_turns(connection, [stage])
            (self._behind.add if due else self._behind.discard)(stage)
            if not self._behind and not await clock.untaken(connection, self._taken):
                self._watchdog.idle()
        slots = asyncio.Semaphore(1 if stage in ONE_BY_ONE else AT_ONCE)
        decided = await asyncio.gather(*(self._decide(pool, turn, slots) for turn in self._mine(stage, due)))
        return any(decided)

    async def _decide(self, pool: Pool, turn: DueTurn, slots: asyncio.Semaphore) -> bool:
        deciding, _ = self._decidings[turn.stage]
        try:
            async with slots, pool.acquire() as connection:
                outcome = await deciding.decide(connection, turn.shard, turn.n, turn.now)
        except Fenced as fenced:
            log.info("turn.fenced", place=str(fenced))
            return False
        except Outdated as outdated:
            leave("turn.outdated", place=str(outdated))
        if outcome is None:
            return False
        self._deaths.passed("worker.decided")
        self._watchdog.progressed()
        return True

    def _mine(self, stage: str, due: list[DueTurn]) -> list[DueTurn]:
        now = time.monotonic()
        # Kept by what the shard was decided up to: a running clock goes on, but nobody took the turn meanwhile.
        seen = {(turn.shard, turn.ticked_to): turn for turn in due}
        before = self._first_seen.get(stage, {})
        first = self._first_seen[stage] = {key: before.get(key, now) for key in seen}
        return [turn for key, turn in seen.items() if self._own(turn) or now - first[key] > ANYBODYS_AFTER_S]

    def _own(self, turn: DueTurn) -> bool:
        _, topic = self._decidings[turn.stage]
        return self._owns(topic.name, zlib.crc32(turn.shard.encode()) % topic.partitions)
