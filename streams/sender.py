"""The sender: does the effects of one kind through its gateways, each once.

One sender at a time works on a kind. It keeps a few seconds' worth of them under way and refills as answers come, so that nothing
waits for the slowest, and what is urgent goes before all that still lies in the database. What an earlier one left in
mid-attempt is looked up at the provider that was asked to do it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog

from services.database.pool import LOST, Pool, Wakeups, exclusively
from services.engine import clock, effects
from services.engine.deathpoints import DeathPoints
from services.engine.effects import REPEATED, Attempt
from services.engine.gateway import Gateway, GatewayAway, Result
from services.notices.gateways.pace import Pace
from services.notices.gateways.routes import Routes
from services.notices.reconciling import GATEWAY_GONE
from services.ready import announce_ready
from services.settings import Settings
from services.telling import metrics
from streams.leaving import leave

log = structlog.get_logger(__name__)

LOCKS: Final = {
    "text": 7_240_021,
    "call": 7_240_022,
    "ping": 7_240_024,
    "email": 7_240_025,
    "webhook": 7_240_026,
    "voiceNotice": 7_240_027,
}
BATCH: Final = 200
ENOUGH: Final = 50
"""So many results are written at once, or what came within `GATHER_S` of the first."""
GATHER_S: Final = 0.05
LOOK_S: Final = 0.25
STUCK_LOOK_S: Final = 1.0
LOOK_UPS: Final = 100
"""So many attempts without an outcome are asked for at a time."""
REPEATS: Final = 3
"""How often something that speaks of danger is attempted while nobody can say whether it went out."""
AWAY_PAUSE_S: Final = (0.2, 5.0)
GOODBYE_S: Final = 4.0
"""How long what is under way is waited for when the process is told to end."""

TOO_BUSY: Final = frozenset(
    {"throttled", "operatorQueueFull", "providerThrottles", "providerBusy", "providerQueueFull", "kannelBusy"}
)
"""Reasons by which a provider says that it gets more than it can take."""

Chore = Callable[[], Awaitable[None]]
"""Something to look after every second, beside what is sent."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """What an attempt came to, or, `asked`, what its provider said of it when it was looked up."""

    attempt: Attempt
    outcome: Result | GatewayAway | None
    asked: bool


class Sender:
    """Claims effects of a kind, has them done, writes what became of them. `wake` is called when there is something to write."""

    def __init__(
        self,
        routes: Routes,
        pool: Pool,
        deaths: DeathPoints,
        *,
        per_s: float = 1_000.0,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._routes = routes
        self._pool = pool
        self._deaths = deaths
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._paces = {gateway.name: Pace(per_s, self._loop.time()) for gateway in routes.gateways}
        self._working: dict[str, asyncio.Task[Any]] = {}
        self._open: set[str] = set()  # begun here, and what became of it is not written yet
        self._in_flight: Counter[str] = Counter()
        self._under_way: defaultdict[str, set[asyncio.Task[Any]]] = defaultdict(set)  # those, and look-ups
        self._ended: list[Ended] = []
        self._failure: BaseException | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, float] = {}
        self._chore: asyncio.Task[None] | None = None
        self._look_at = 0.0

    async def send_due(self) -> int:
        """Begin what is due, as far as there is room for it; return how many attempts were begun."""
        begun = 0
        for gateway, share in self._routes.shares(BATCH, self._loop.time(), self._in_flight):
            pace = self._paces[gateway.name]
            room = min(share, pace.room(self._in_flight[gateway.name], self._loop.time()))
            if not room:
                continue
            async with self._pool.acquire() as connection:
                _, attempts = await effects.claim(connection, self._routes.kind, gateway.name, room)
            if attempts:
                self._deaths.passed(f"sender.{self._routes.kind}.claimed")
            pace.handed(len(attempts))
            for attempt in attempts:
                self._begin(gateway, attempt, gateway.perform(attempt.key, attempt.shard, attempt.body))
            begun += len(attempts)
        return begun

    async def look_into_stuck(self) -> int:
        """Begin to ask for attempts that were left without an outcome, of this sender or an earlier one; return how many."""
        self._look_at = self._loop.time() + STUCK_LOOK_S
        async with self._pool.acquire() as connection:
            _, found = await effects.stuck(connection, self._routes.kind)
        begun = 0
        for attempt in found:
            gateway = self._routes.named(attempt.gateway)
            if attempt.key in self._open or begun == LOOK_UPS:
                continue
            if gateway is None:
                self._open.add(attempt.key)
                self._ended.append(Ended(attempt, Result(state="unknown", reason=GATEWAY_GONE), asked=True))
            elif self._routes.is_connected(gateway):
                self._begin(gateway, attempt, gateway.look_up(attempt.key), asked=True)
                begun += 1
        if begun:
            log.info("effect.looked_into", kind=self._routes.kind, count=begun)
        return begun

    async def settle(self) -> int:
        """Write what has come in; return how many results that were. Raises what an attempt failed with that is no answer."""
        if self._failure is not None:
            raise self._failure
        ended, self._ended = self._ended, []
        known = [(each.attempt.key, result) for each in ended for result in self._known(each)]
        if known:
            self._deaths.passed(f"sender.{self._routes.kind}.called")
            async with self._pool.acquire() as connection:
                stands = await clock.standing(connection)
                assert stands is not None, "what is attempted was claimed at a time"
                await effects.settle(connection, stands.now_ms, known)
            self._deaths.passed(f"sender.{self._routes.kind}.settled")
        self._open.difference_update(each.attempt.key for each in ended)
        return len(known)

    async def drained(self) -> None:
        """Return when nothing is under way any more and all of it is written."""
        while self._working:
            await asyncio.wait(self._working.values())
            await asyncio.sleep(0)  # let what follows from their end be noted
            await self.settle()
        await self.settle()

    async def run(self, wakeups: Wakeups, chore: Chore | None = None) -> None:
        """Do all of this for ever. A provider that is away is waited for."""
        for gateway in self._routes.gateways:
            self._connect(gateway)
        chore_at = 0.0
        while True:
            await self.settle()
            if await self.send_due():
                continue
            now = self._loop.time()
            if not self._working or now >= self._look_at:
                await self.look_into_stuck()
            if chore is not None and now >= chore_at and (self._chore is None or self._chore.done()):
                if self._chore is not None:
                    self._chore.result()
                chore_at, self._chore = now + STUCK_LOOK_S, asyncio.ensure_future(chore())
            if not self._ended:
                await wakeups.wait(LOOK_S)

    async def close(self) -> None:
        """Wait a while for what is under way, write it, and let go of the providers."""
        for task in (*self._connecting.values(), *([self._chore] if self._chore else [])):
            task.cancel()
        self._failure = None  # whoever runs this knows of it by now
        with contextlib.suppress(TimeoutError, *LOST):
            async with asyncio.timeout(GOODBYE_S):
                await self.drained()
        await asyncio.gather(*(gateway.stop() for gateway in self._routes.gateways), return_exceptions=True)

    def _known(self, ended: Ended) -> list[Result | None]:
        """Return what is to be written of an attempt: nothing while its outcome can still be found out."""
        outcome, attempt = ended.outcome, ended.attempt
        if isinstance(outcome, GatewayAway):
            return [] if ended.asked else [None]
        if outcome is None or outcome.state != "unknown":
            return [outcome]
        if outcome.ask and not ended.asked:
            self._look_at = 0.0
            return []
        if attempt.safety and attempt.attempts < REPEATS:
            log.warning("effect.repeated_for_safety", kind=self._routes.kind, key=attempt.key, reason=outcome.reason)
            return [Result(state="later", reason=REPEATED, retry_after_ms=0)]
        return [outcome]

    def _begin(
        self, gateway: Gateway, attempt: Attempt, work: Coroutine[Any, Any, Result | None], *, asked: bool = False
    ) -> None:
        async def done() -> Result | GatewayAway | None:
            try:
                return await work
            except GatewayAway as error:
                return error

        task = asyncio.create_task(done())
        self._working[attempt.key] = task
        self._open.add(attempt.key)
        self._under_way[gateway.name].add(task)
        if not asked:
            self._in_flight[gateway.name] += 1
        task.add_done_callback(lambda over: self._over(gateway, attempt, over, asked=asked))

    def _over(
        self, gateway: Gateway, attempt: Attempt, task: asyncio.Task[Result | GatewayAway | None], *, asked: bool
    ) -> None:
        del self._working[attempt.key]
        self._under_way[gateway.name].discard(task)
        if not asked:
            self._in_flight[gateway.name] -= 1
        if task.cancelled() or task.exception() is not None:
            self._failure = self._failure or (None if task.cancelled() else task.exception())
            self._wake()
            return
        outcome = task.result()
        self._ended.append(Ended(attempt, outcome, asked))
        if not asked:
            self._fared(gateway, outcome)
        if not self._working or len(self._ended) >= ENOUGH:
            self._ring()
        elif self._timer is None:
            self._timer = self._loop.call_later(GATHER_S, self._ring)

    def _ring(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    def _fared(self, gateway: Gateway, outcome: Result | GatewayAway | None) -> None:
        """Let routes and pace know how an attempt went."""
        now = self._loop.time()
        if isinstance(outcome, GatewayAway):
            metrics.count("lamplighter_effect_attempts_total", kind=self._routes.kind, outcome="away")
            if self._routes.is_connected(gateway):
                log.warning("gateway.away", gateway=gateway.name, reason=str(outcome))
                self._routes.lost(gateway, now)
                self._connect(gateway, again=True)
            return
        assert outcome is not None, "only a look-up may find that nothing happened"
        metrics.count("lamplighter_effect_attempts_total", kind=self._routes.kind, outcome=outcome.state)
        busy = outcome.state == "later" and outcome.reason in TOO_BUSY
        good = busy or outcome.state in {"done", "failed"}
        if good:
            self._pauses.pop(gateway.name, None)
        self._routes.answered(gateway, good=good, now=now)
        self._paces[gateway.name].answered(busy=busy, now=now)

    def _connect(self, gateway: Gateway, *, again: bool = False) -> None:
        """Have a gateway connected, and tried until it is."""
        standing = self._connecting.get(gateway.name)
        if standing is None or standing.done():
            self._connecting[gateway.name] = asyncio.create_task(self._connected(gateway, again=again))

    async def _connected(self, gateway: Gateway, *, again: bool) -> None:
        metrics.put("lamplighter_gateway_connected", 0, gateway=gateway.name)
        try:
            if again:
                if self._under_way[gateway.name]:  # what is left of it finds the line dead, or its time is over
                    await asyncio.wait(self._under_way[gateway.name])
                await gateway.stop()
                await self._rest(gateway)  # it let itself be connected before, and was away all the same
            while True:
                try:
                    await gateway.start()
                except GatewayAway:
                    await self._rest(gateway)
                else:
                    break
        except Exception as error:  # noqa: BLE001 (whatever it is, whoever runs this has to know)
            self._failure = error
        else:
            log.info("gateway.connected", gateway=gateway.name)
            metrics.put("lamplighter_gateway_connected", 1, gateway=gateway.name)
            self._routes.connected(gateway)
            self._look_at = 0.0
        self._wake()

    async def _rest(self, gateway: Gateway) -> None:
        """Wait before a gateway is tried again: longer each time, until an attempt of it goes well."""
        pause = self._pauses.get(gateway.name, AWAY_PAUSE_S[0])
        self._pauses[gateway.name] = min(2 * pause, AWAY_PAUSE_S[1])
        await asyncio.sleep(pause)


async def send(
    settings: Settings, dsn: str, routes: Routes, pool: Pool, *, per_s: float = 1_000.0, chore: Chore | None = None
) -> None:
    """Do the effects of a kind, for ever. Providers that are away are waited for; PostgreSQL away ends the process."""
    kind = routes.kind
    try:
        async with exclusively(
            dsn,
            LOCKS[kind],
            on_wait=lambda: log.info("sender.waits_for_its_turn", kind=kind),
            on_lost=lambda: leave("sender.lock_lost", kind=kind),
        ):
            wakeups = await Wakeups.listen(dsn, "clock")
            announce_ready(settings)  # waiting for a provider that is away is part of the work
            sender = Sender(routes, pool, DeathPoints(settings.death_dir), per_s=per_s, wake=wakeups.wake)
            try:
                await sender.run(wakeups, chore)
            finally:
                await sender.close()
    except LOST as error:
        leave("sender.database_lost", kind=kind, error=type(error).__name__)
