"""A drill that can be hurt: plays a storm in lockstep while processes are killed, halted, or die at named points."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from deploy import demo, rehearsal
from deploy.demo import Play
from deploy.installation import Backends
from deploy.supervisor import Supervisor
from services.database.pool import LOST, Wakeups, connect
from services.drill import store
from services.engine.taking import Connection
from services.settings import Settings
from services.utility.folder import EXAMPLE, read_folder
from streams import brokers

How = Literal["kill", "term", "die", "halt"]

STARTED_AFRESH_S = 60.0


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Harm:
    """What is done from tick n on, as soon as work is pending: a process killed by -9, ended by SIGTERM, halted, or made
    to die at a point.

    `target` is the name of a process, or of a death point.
    """

    n: int
    how: How
    target: str


@dataclasses.dataclass(slots=True)
class Played:
    """What came of one run."""

    figures: dict[str, Any]
    digests: dict[str, str]
    harmed: list[dict[str, Any]]
    copies: int
    failures: list[str]


class Rig:
    """Plays drills one after the other on one PostgreSQL and one broker, which may be killed too."""

    def __init__(self, settings: Settings, supervisor: Supervisor, found: Backends, storm: str, seed: int) -> None:
        # Members that die are given up sooner than in earnest, so that a run spends its time on what it proves.
        self.settings = settings.model_copy(update={"kafka_session_s": 2.0})
        self.supervisor = supervisor
        self.found = found
        self.storm = storm
        self.seed = seed
        self.deaths = settings.data_dir / "deaths"

    async def play(self, harms: Sequence[Harm], workers: int = 1) -> Played:
        """Play the storm once, doing each harm; return the judged figures and what was done when."""
        shutil.rmtree(self.deaths, ignore_errors=True)
        self.deaths.mkdir(parents=True)
        wanted = Play(storm=self.storm, seed=self.seed, utility=None, lockstep=True, speed=1.0, workers=workers)
        with contextlib.redirect_stdout(None):
            drill = await demo.prepare(self.settings, self.found, wanted, read_folder(EXAMPLE))
        drill = drill.model_copy(update={"death_dir": self.deaths})
        harmer = Harmer(self.supervisor, _dsn(drill), self.deaths)
        harming = asyncio.create_task(harmer.do(sorted(harms)))
        try:
            code = await demo.run(self.supervisor, drill, wanted)
        finally:
            harming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await harming
            names = [name for name in self.supervisor.states() if name not in {"postgres", "kafka"}]
            for name in ("postgres", "kafka"):
                await self.supervisor.wait_ready(name)
            await self.supervisor.stop(*names)
        figures = await demo.judge(drill, self.found, wall_s=0.0)
        failures = rehearsal.failures(figures)
        if code != 0:
            failures.append(f"The drill ended with status {code}.")
        undone = len(harms) - len(harmer.done)
        if undone:
            failures.append(f"{undone} of {len(harms)} harms found no pending work to fall into.")
        if harmer.armed():
            failures.append(f"Nobody died at {', '.join(harmer.armed())}.")
        digests = {**figures["digests"], "decisions": await decisions(_dsn(drill))}
        return Played(figures, digests, harmer.done, await copies(_dsn(drill), self.found, drill), failures)


class Harmer:
    """Does harm when its tick has come and work is pending."""

    def __init__(self, supervisor: Supervisor, dsn: str, deaths: Path) -> None:
        self._supervisor = supervisor
        self._dsn = dsn
        self._deaths = deaths
        self.done: list[dict[str, Any]] = []

    async def do(self, harms: Sequence[Harm]) -> None:
        """Do each harm in order. The next does not wait for the victim to be up again, unless it is to be hurt once more."""
        for harm in harms:
            n = await self._pending(harm.n)
            await getattr(self, f"_{harm.how}")(harm.target)
            self.done.append({"kind": harm.target, "how": harm.how, "tick": n})

    def armed(self) -> list[str]:
        """Return the death points that nobody has passed."""
        return sorted(marker.name for marker in self._deaths.iterdir())

    async def _pending(self, n: int) -> int:
        """Return the tick, once it is at least n and something is under way."""
        while True:
            with contextlib.suppress(*LOST, LookupError):
                connection = await connect(self._dsn)
                try:
                    return await self._pending_by(connection, n)
                finally:
                    await connection.close()
            await asyncio.sleep(0.05)

    async def _pending_by(self, connection: Connection, n: int) -> int:
        wakeups = await Wakeups.listen(self._dsn, "clock", "moved", "target")
        try:
            while True:
                state = await store.settled(connection)
                if state.n >= n and not state.settled:
                    return state.n
                await wakeups.wait(0.25)
        finally:
            await wakeups.close()

    async def _kill(self, name: str) -> None:
        async with asyncio.timeout(STARTED_AFRESH_S):
            await self._supervisor.wait_ready(name)
        self._supervisor.kill(name, signal.SIGKILL)

    async def _term(self, name: str) -> None:
        """End a process in the ordinary way; it is started again."""
        async with asyncio.timeout(STARTED_AFRESH_S):
            await self._supervisor.wait_ready(name)
        self._supervisor.kill(name, signal.SIGTERM)

    async def _die(self, point: str) -> None:
        """Have whoever passes the point next die there."""
        (self._deaths / point).touch()

    async def _halt(self, name: str) -> None:
        """Halt a process, let the others take its turns, and let it wake up again."""
        async with asyncio.timeout(STARTED_AFRESH_S):
            await self._supervisor.wait_ready(name)
        self._supervisor.kill(name, signal.SIGSTOP)
        try:
            await self._turns_taken()
        finally:
            self._supervisor.kill(name, signal.SIGCONT)

    async def _turns_taken(self) -> None:
        connection = await connect(self._dsn)
        try:
            before = (await store.settled(connection)).n
            async with asyncio.timeout(STARTED_AFRESH_S):
                while (await store.settled(connection)).n < before + 3:
                    await asyncio.sleep(0.05)
        finally:
            await connection.close()


async def decisions(dsn: str) -> str:
    """Return one digest of every turn's decision, byte for byte: stronger than what came of them."""
    connection = await connect(dsn)
    try:
        return str(
            await connection.fetchval(
                """SELECT encode(sha256(convert_to(string_agg(
                       concat_ws(' ', stage, shard, n, now_ms, facts, outcome), E'\n' ORDER BY stage, shard, n), 'UTF8')), 'hex')
                   FROM ticks"""
            )
        )
    finally:
        await connection.close()


async def copies(dsn: str, found: Backends, drill: Settings) -> int:
    """Return how many messages on the topics are copies of an event that was there already."""
    connection = await connect(dsn)
    try:
        distinct = await connection.fetchval(
            """SELECT (SELECT count(*) FROM outbox WHERE sent)
                    + (SELECT count(*) FROM drill.schedule WHERE channel = 'kafka' AND sent)"""
        )
    finally:
        await connection.close()
    ends = await brokers.ends(found.bootstrap, drill.topic_prefix)
    return sum(ends.values()) - int(distinct)


def _dsn(settings: Settings) -> str:
    assert settings.postgres_dsn is not None
    return settings.postgres_dsn.get_secret_value()
