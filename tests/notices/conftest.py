"""A gateway and the drill's operator over real sockets and a real database, with a cable between them that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator

import asyncpg
import httpx
import msgspec
import pytest

from schemas.events import TextOutcome
from services.database.pool import Wakeups, create_pool
from services.drill.operator import serve
from services.engine import effects
from services.engine.deathpoints import DeathPoints
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.smpp import DRILL_NAME, Endpoint, Receipted, SmppGateway
from services.notices.moments import Moment, TextBody
from services.notices.parts import Part
from streams.receipts import Receipts

T0 = 1_772_388_000_000
SYSTEM_ID, PASSWORD = "lamplighter", "secret"
WORDS = "The power is back at your address. {[€]} àé"


class Cable:
    """The line between gateway and operator: forwards bytes, can hold back the operator's answers, can be cut."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.upstream = port
        self.holding = False
        self.held = asyncio.Event()
        self._ends: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        for end in self._ends:
            end.close()
        self._ends.clear()
        self.holding = False
        self.held.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            writer.close()
            return
        self._ends += [writer, far_writer]
        for source, sink, answers in ((reader, far_writer, False), (far_reader, writer, True)):
            task = asyncio.create_task(self._forward(source, sink, answers=answers))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if answers and self.holding:
                    self.held.set()
                    continue
                sink.write(data)
                await sink.drain()
        sink.close()


@dataclasses.dataclass
class Exchange:
    """The running operator and what a test needs to know of it."""

    dsn: str
    connection: asyncpg.Connection[asyncpg.Record]
    cable: Cable
    pool: asyncpg.Pool[asyncpg.Record]
    moved: Wakeups
    phones: dict[str, str | None]
    taking: Receipts
    inbound: list[Part] = dataclasses.field(default_factory=list)
    receipts: list[tuple[str, TextOutcome, str]] = dataclasses.field(default_factory=list)
    refuse_receipts: int = 0
    operator: asyncio.Task[None] | None = None

    async def start_operator(self) -> None:
        ready = asyncio.Event()
        self.operator = asyncio.create_task(serve(self.dsn, system_id=SYSTEM_ID, password=PASSWORD, announce=ready.set))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([self.operator, waiting], return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set(), self.operator
        self.cable.upstream = await self.connection.fetchval("SELECT smpp_port FROM drill.operator")

    async def stop_operator(self) -> None:
        if self.operator is not None:
            self.operator.cancel()
            await asyncio.gather(self.operator, return_exceptions=True)

    async def endpoint(self) -> Endpoint:
        async with self.pool.acquire() as connection:
            url = f"http://127.0.0.1:{await connection.fetchval('SELECT http_port FROM drill.operator')}"
        return Endpoint(host="127.0.0.1", port=self.cable.port, system_id=SYSTEM_ID, password=PASSWORD, lookup_url=url)

    async def phone_of(self, text: TextBody) -> str | None:
        return self.phones.get(text.customer, "+99900000001")

    async def on_inbound(self, part: Part) -> None:
        if self.refuse_receipts:
            self.refuse_receipts -= 1
            raise LookupError("not now")
        self.inbound.append(part)

    async def on_receipt(self, receipt: Receipted) -> None:
        reference, outcome, code = receipt.reference, receipt.outcome, receipt.code
        self.receipts.append((reference, outcome, code))
        if self.refuse_receipts:
            self.refuse_receipts -= 1
            raise LookupError("not settled yet")
        await self.taking.take(receipt)

    def gateway(self, *, exercise: bool = True, enquire_s: float = 20.0) -> SmppGateway:
        """Make a gateway at the near end of the cable."""
        return SmppGateway(
            endpoint=self.endpoint,
            sender="LAMPLIGHT",
            exercise=exercise,
            phone_of=self.phone_of,
            on_receipt=self.on_receipt,
            on_inbound=self.on_inbound,
            enquire_s=enquire_s,
        )

    def body(self, customer: str = "C1") -> bytes:
        """Return what an effect carries."""
        return msgspec.json.encode(TextBody(customer=customer, moment=Moment.POWER_RESTORED, words=WORDS))

    async def attempt(self, gateway: SmppGateway, key: str, customer: str = "C1") -> Result:
        """Attempt until the gateway has a link; `GatewayAway` promises that nothing happened."""
        async with asyncio.timeout(20):
            while True:
                try:
                    return await gateway.perform(key, "A1", self.body(customer))
                except GatewayAway:
                    await asyncio.sleep(0.02)

    async def decided(self, key: str, customer: str = "C1") -> None:
        """Write an effect as the stage would, as it stands while it is attempted."""
        async with self.pool.acquire() as connection:
            await connection.execute(
                """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, attempts, gateway, wall_attempted)
               VALUES ($1, 'text', 'notify', 'A1', 0, $2, $3, 'attempting', 1, 'drill:smpp', clock_timestamp())""",
                key,
                T0,
                self.body(customer).decode(),
            )

    async def settle(self, key: str, result: Result | None) -> None:
        async with self.pool.acquire() as connection:
            await effects.settle(connection, T0, [(key, result)])

    async def move_clock(self, to: int) -> None:
        await self.connection.execute("UPDATE clock SET n = n + 1, now_ms = $1", to)
        await self.connection.execute("SELECT pg_notify('clock', '')")

    async def until(self, question: str, *arguments: object) -> None:
        """Return when SQL answers true; whoever changes something wakes us."""
        async with asyncio.timeout(20):
            while not await self.connection.fetchval(question, *arguments):
                await self.moved.wait(0.1)

    async def handset(self) -> list[tuple[str, str, str]]:
        rows = await self.connection.fetch(
            "SELECT reference, phone, words FROM drill.handset_text ORDER BY reference, operator_id"
        )
        return [tuple(row) for row in rows]


@pytest.fixture
async def exchange(dsn: str, connection: asyncpg.Connection[asyncpg.Record]) -> AsyncIterator[Exchange]:
    """The drill's operator, listening, with a cable to it."""
    await connection.execute("INSERT INTO instance (exercise, topic_prefix) VALUES (true, 'test.')")
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1)", T0)
    await connection.execute(
        "INSERT INTO drill.scenario (storm, seed, utility, starts_at_ms, made) VALUES ('tiny', 7, 'test', $1, '{}')", T0
    )
    cable = Cable(0)
    await cable.open()
    moved = await Wakeups.listen(dsn, "moved")
    pool = await create_pool(dsn, 4)
    taking = Receipts(pool, DRILL_NAME, exercise=True, deaths=DeathPoints(None))
    made = Exchange(dsn, connection, cable, pool, moved, {}, taking)
    await made.start_operator()
    yield made
    await made.stop_operator()
    await cable.close()
    await moved.close()
    await pool.close()


@pytest.fixture
async def gateway(exchange: Exchange) -> AsyncIterator[SmppGateway]:
    """A bound gateway of an exercise."""
    made = exchange.gateway()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client for the operator's HTTP side."""
    async with httpx.AsyncClient() as client:
        yield client
