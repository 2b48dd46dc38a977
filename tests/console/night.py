"""A night in a small town on a real database: the real stages decide, each fact is taken as a worker would take it.

The town is `tests.outages.town.tied`: recloser R1, T1 to T3 behind it (T2 and T3 behind the knife switch K1), T4 on the other
feeder, the open tie K9. Crew C-1 repairs lines, C-2 only premises; account M1 holds T3-1.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from aiohttp.test_utils import TestServer

from schemas.events import CrewReported, DeviceStateReported, Event, StateSource, SwitchPosition
from schemas.topics import CREW_ASSIGNMENTS, CREW_STATUS, DEVICE_STATES, OUTAGE_INCIDENTS, Topic
from services.access.signing_in import who_asks
from services.clock import from_ms
from services.console.app import build_app
from services.console.watching import WATCHING, Watching
from services.database.pool import create_pool
from services.dispatch import store as dispatch
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore
from services.engine import clock
from services.engine.clock import make_shards
from services.engine.deciding import Deciding
from services.engine.direct import take_directly
from services.engine.taking import Connection
from services.hotline import store as hotline
from services.network.tables import GridTables
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
from services.utility import store as utility
from services.utility.contents import UtilityFolder
from services.utility.rows import AccountRow, CrewRow, DepotRow, PremiseRow, RegionRow
from tests.access.console import Console
from tests.outages.town import tied
from tests.stage_script import ms

PHONE = "+4915112345678"
_numbers = itertools.count(1)


def folder() -> UtilityFolder:
    """Return the town as a utility: nodes have poles P-n-NAME, customers a service point, T2-1 a telephone."""
    grid = tied().ground.grid
    return UtilityFolder(
        name="Small Town Power",
        time_zone="UTC",
        attribution="drawn by hand",
        grid=GridTables.of(
            list(grid.feeders),
            [row._replace(pole=f"P-{row.node}") for row in grid.nodes],
            [row._replace(device_number="D-7") if row.id == "K1" else row for row in grid.branches],
            [
                row._replace(service_point=f"SP-{row.customer}", phones=(PHONE,) if row.customer == "T2-1" else ())
                for row in grid.customers
            ],
        ),
        regions=(RegionRow("R1", "All"),),
        depots=(DepotRow("D1", "Yard", "R1", 8.0, 50.0),),
        crews=(CrewRow("C-1", "D1", ("line",)), CrewRow("C-2", "D1", ("service",))),
        accounts=(AccountRow("M1", "Old Mill"),),
        premises=(PremiseRow("M1", "T3-1"),),
    )


class Night:
    """The stages `correlate` and `dispatch` on a database, and the clock, which moves when the script says so."""

    def __init__(self, connection: Connection, decidings: dict[str, Deciding], now: int) -> None:
        self.connection = connection
        self.now = now
        self._decidings = decidings
        self._tick = 1

    @classmethod
    async def begin(cls, connection: Connection, at: str = "20:00") -> Night:
        """Import the town and let the night begin."""
        await clock.found(connection, exercise=False, topic_prefix="")
        await clock.set_lockstep(connection, now_ms=ms(at))
        await utility.save(connection, folder())
        stages: list[tuple[Any, Any]] = [
            (CorrelateStage(tied(), await hotline.accounts_by_customer(connection)), CorrelateStore()),
            (DispatchStage(await dispatch.read_roster(connection)), DispatchStore()),
        ]
        for stage, _ in stages:
            await make_shards(connection, stage.name, stage.shards())
        return cls(connection, {s.name: Deciding(s, store, exercise=False) for s, store in stages}, ms(at))

    async def at(self, clock_time: str) -> None:
        """Let time pass, minute by minute, as wake-ups would have it."""
        while self.now < ms(clock_time):
            self.now = min(self.now + 60_000, ms(clock_time))
            await self.decide()

    async def hear(self, topic: Topic, event: Event) -> None:
        """Let a fact be taken by whoever consumes it."""
        for name, deciding in self._decidings.items():
            if name in topic.consumers:
                await take_directly(self.connection, name, deciding.stage.shard_of(event), topic, event)

    async def decide(self) -> None:
        """Let ticks pass until nothing is left to decide."""
        while True:
            self._tick += 1
            await self.connection.execute("UPDATE clock SET n = $1, now_ms = $2", self._tick, self.now)
            events = []
            for deciding in self._decidings.values():
                for shard in deciding.stage.shards():
                    outcome = await deciding.decide(self.connection, shard, self._tick, self.now)
                    events += [] if outcome is None else outcome.events
            for emission in events:
                if emission.topic in {OUTAGE_INCIDENTS, CREW_ASSIGNMENTS}:
                    await self.hear(emission.topic, emission.event)
            if not events:
                return

    async def switched(self, device: str, *, closed: bool, source: StateSource = StateSource.SCADA) -> None:
        """Let a device be told to stand open or closed, and decide."""
        position = SwitchPosition.CLOSED if closed else SwitchPosition.OPEN
        await self.hear(
            DEVICE_STATES,
            DeviceStateReported(
                id=f"state-{next(_numbers)}", at=from_ms(self.now), device=device, position=position, source=source
            ),
        )
        await self.decide()

    async def says(self, crew: str, status: str, **said: Any) -> None:
        """Let a crew say something, and decide."""
        event = CrewReported(id=f"said-{next(_numbers)}", at=from_ms(self.now), crew=crew, status=status, **said)  # type: ignore[arg-type]  # a word of the enumeration
        await self.hear(CREW_STATUS, event)
        await self.decide()

    async def fault(self, device: str = "switch:R1") -> str:
        """Let a device open for good; return the incident that is opened for it."""
        await self.switched(device, closed=False)
        self.now += int(dt.timedelta(minutes=2).total_seconds() * 1000)
        await self.decide()
        incident: str = await self.connection.fetchval(
            "SELECT id FROM incident WHERE device = $1 ORDER BY opened_at_ms DESC LIMIT 1", device
        )
        assert incident is not None
        return incident

    async def order_of(self, incident: str) -> str:
        """Return the active order about an incident."""
        order: str = await self.connection.fetchval(
            'SELECT "order" FROM dispatch_order WHERE incident = $1 AND ended_at_ms IS NULL', incident
        )
        assert order is not None
        return order


@contextlib.asynccontextmanager
async def watched(dsn: str) -> AsyncIterator[tuple[Console, Watching]]:
    """Run a console on this database as its process does, its looks at the database included."""
    pool = await create_pool(dsn, 3)
    watching = Watching(dsn)
    app = build_app(pool, exercise=False, asks=who_asks, state={WATCHING: watching})
    app.on_shutdown.append(watching.close)
    looking = asyncio.create_task(watching.run())
    try:
        async with TestServer(app, host="127.0.0.1") as server:
            yield Console(server), watching
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        pool.terminate()


async def looked(watching: Watching) -> None:
    """Return when what was committed before this call has been shown."""
    # The look under way may have begun before: the one after it has not.
    reads = watching.reads + 2
    async with asyncio.timeout(20):
        while watching.reads < reads:
            with watching.tab() as moved, contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await moved.wait()


class Wire:
    """The wire to the database's server, which can be cut and mended; `dsn` leads over it."""

    def __init__(self, dsn: str) -> None:
        self._there = urlsplit(dsn)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()

    @property
    def dsn(self) -> str:
        """The DSN over the wire."""
        place = f"{self._there.username}:{self._there.password}@127.0.0.1:{self._port}"
        return self._there._replace(netloc=place).geturl()

    async def mend(self) -> None:
        """Let connections through from now on."""
        self._server = await asyncio.start_server(self._through, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        assert self._server is not None, "it is whole"
        self._server.close()
        for end in list(self._ends):
            end.transport.abort()
        await self._server.wait_closed()

    async def _through(self, near_in: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        far_in, far = await asyncio.open_connection(self._there.hostname, self._there.port)
        self._ends |= {near, far}
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(_carry(near_in, far), _carry(far_in, near))
        self._ends -= {near, far}


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()
    sink.close()
