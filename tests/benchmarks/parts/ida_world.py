"""What surrounds the product in the bench `ida`: meters and callers on Kafka, crews, a mobile operator, a voice provider."""

from __future__ import annotations

import asyncio
import dataclasses
import heapq
import itertools
import random
import re
import time
import zlib
from collections.abc import Iterable

from aiohttp import web
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.parts import HOST
from schemas.codec import decode, encode
from schemas.events import (
    CrewReported,
    CrewState,
    DeviceStateReported,
    Event,
    OrderChanged,
    OrderState,
    OutageReported,
    ReportKind,
    StateSource,
    SwitchPosition,
)
from schemas.topics import CREW_ASSIGNMENTS, CREW_STATUS, DEVICE_STATES, OUTAGE_REPORTS, Topic
from services.clock import from_ms, wall_ms
from services.drill.smpp_pdu import Submit
from services.drill.smpp_server import SmppServer
from services.network import Network
from tests.benchmarks.parts.ida_storm import TOLD_AFTER_S, Fault, Said, Storm, back
from tests.benchmarks.parts.rural import Rural

SLOT_S = 0.02
BATCH_BYTES = 900_000
OPERATOR_NAME, OPERATOR_ACCOUNT = "BENCH-OPERATOR", ("lamplighter", "bench")
LOOKS_S = 2.0
"""How long a crew of the bench works where it has arrived."""
_OVER = frozenset({OrderState.REVOKED, OrderState.REFUSED, OrderState.DONE, OrderState.HANDED_OVER})


class Publisher:
    """Sends messages to Kafka when they are due, in batches; `sent_at` is when each report was handed to the producer first.

    Times are seconds of `time.time()`. `latest_s` is by how much the latest message was late.
    """

    def __init__(self, bootstrap: str) -> None:
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=BATCH_BYTES, acks="all")
        self._due: list[tuple[float, int, Topic, str, bytes, str]] = []
        self._numbers = itertools.count()
        self._answers: list[asyncio.Future[object]] = []
        self.sent_at: dict[str, float] = {}
        self.copies = 0
        self.latest_s = 0.0

    async def run(self) -> None:
        """Send what is due, for ever."""
        await self._producer.start()
        try:
            while True:
                await self._send_due()
                await asyncio.sleep(SLOT_S)
        finally:
            await self._producer.stop()

    def put(self, topic: Topic, key: str, event: Event, at: float | None = None) -> None:
        """Have an event sent at this time, now if none is given."""
        due = time.time() if at is None else at
        heapq.heappush(self._due, (due, next(self._numbers), topic, key, encode(event), event.id))

    async def sent(self) -> None:
        """Return when everything that was put is acknowledged."""
        while self._due:
            await asyncio.sleep(SLOT_S)
        await self.acknowledged()

    async def acknowledged(self) -> None:
        """Return when everything that was sent is acknowledged. Raises what Kafka raised about it."""
        answers, self._answers = self._answers, []
        await asyncio.gather(*answers)

    async def _send_due(self) -> None:
        now = time.time()
        batches: dict[tuple[str, int], list[tuple[bytes, bytes]]] = {}
        while self._due and self._due[0][0] <= now:
            due, _, topic, key, body, name = heapq.heappop(self._due)
            self.latest_s = max(self.latest_s, now - due)
            place = (topic.name, zlib.crc32(key.encode()) % topic.partitions)
            batches.setdefault(place, []).append((key.encode(), body))
            if topic is OUTAGE_REPORTS:
                self.copies += name in self.sent_at
                self.sent_at.setdefault(name, now)
        for (topic_name, part), messages in batches.items():
            batch = self._producer.create_batch()
            for key_bytes, body in messages:
                if batch.append(key=key_bytes, value=body, timestamp=None) is None:
                    self._answers.append(await self._producer.send_batch(batch, topic_name, partition=part))
                    batch = self._producer.create_batch()
                    batch.append(key=key_bytes, value=body, timestamp=None)
            self._answers.append(await self._producer.send_batch(batch, topic_name, partition=part))


def report_of(number: int, said: Said, begun: float) -> OutageReported:
    """Return the report of something said in a storm that began at this time (seconds)."""
    return OutageReported(
        id=f"ida-{number}",
        at=from_ms(int((begun + said.at) * 1000)),
        kind=ReportKind.CALL if said.call else ReportKind.LAST_GASP,
        customer=None if said.phone else said.customer,
        phone=said.phone,
    )


def breaker_state(device: str, at: float, *, closed: bool) -> DeviceStateReported:
    """Return what SCADA tells of a breaker."""
    return DeviceStateReported(
        id=f"scada-{device.rpartition(':')[2]}-{int(at * 1000)}",
        at=from_ms(int(at * 1000)),
        device=device,
        position=SwitchPosition.CLOSED if closed else SwitchPosition.OPEN,
        source=StateSource.SCADA,
    )


def put_storm(publisher: Publisher, plan: Storm, begun: float) -> None:
    """Have everything of the storm sent in its time, `begun` being when it begins."""
    reports = [report_of(number, said, begun) for number, said in enumerate(plan.said)]
    for said, report in zip(plan.said, reports, strict=True):
        publisher.put(OUTAGE_REPORTS, said.customer, report, begun + said.sent)
    for at, place in plan.copies:
        publisher.put(OUTAGE_REPORTS, plan.said[place].customer, reports[place], begun + at)
    dice = random.Random(len(reports))
    for fault in plan.faults:
        if fault.breaker:
            told = breaker_state(fault.what.device, begun + fault.at, closed=False)
            publisher.put(DEVICE_STATES, told.device, told, begun + fault.at + dice.uniform(*TOLD_AFTER_S))


class Crews:
    """The crews: they accept every order and drive off; once `repairing` is set they arrive, mend and are done.

    What is mended is what failed at the ordered device, else behind or above it on the same feeder.
    """

    def __init__(self, publisher: Publisher, utility: Rural, network: Network, plan: Storm, *, spread_s: float) -> None:
        self._publisher = publisher
        self._network = network
        self._spread_s = spread_s
        self._transformer_of = {
            customer: each.device for feeder in utility.feeders for each in feeder.transformers for customer in each.customers
        }  # fmt: skip
        self.open: dict[str, Fault] = {fault.what.device: fault for fault in plan.faults}
        self.repairing = asyncio.Event()
        self.orders = 0
        self._working: dict[str, asyncio.Task[None]] = {}

    async def run(self, bootstrap: str) -> None:
        """Follow orders, for ever."""
        consumer = AIOKafkaConsumer(CREW_ASSIGNMENTS.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            async for message in consumer:
                order = decode(message.value, CREW_ASSIGNMENTS)
                if not isinstance(order, OrderChanged):
                    continue
                if order.state is OrderState.SENT and order.order not in self._working:
                    self.orders += 1
                    self._working[order.order] = asyncio.create_task(self._work(order))
                elif order.state in _OVER:
                    self._working[order.order].cancel()
        finally:
            await consumer.stop()
            for task in self._working.values():
                task.cancel()

    async def _work(self, order: OrderChanged) -> None:
        dice = random.Random(order.order)
        await asyncio.sleep(dice.uniform(0.2, 2.0))
        self._say(order, CrewState.ACCEPTED)
        self._say(order, CrewState.ENROUTE)
        if not self.repairing.is_set():
            await self.repairing.wait()
            await asyncio.sleep(dice.uniform(0.0, self._spread_s))
        self._say(order, CrewState.ARRIVED)
        await asyncio.sleep(LOOKS_S)
        fault = self._fault_at(order.device)
        if fault is not None:
            self.repair(fault)
        self._say(order, CrewState.DONE, None if fault is None else fault.what.device)

    def _say(self, order: OrderChanged, status: CrewState, found: str | None = None) -> None:
        event = CrewReported(
            id=f"crew-{order.order}-{status}",
            at=from_ms(wall_ms()),
            crew=order.crew,
            status=status,
            order=order.order,
            found=found,
            cause=None if found is None else "weather",
        )
        self._publisher.put(CREW_STATUS, order.crew, event)

    def _fault_at(self, device: str | None) -> Fault | None:
        if device is None or device in self.open:
            return self.open.get(device or "")
        found = re.search(r"F\d{3}(?=\.|$)", device)
        near = [each for each in self.open.values() if found is not None and each.feeder == found[0]]
        touched = [
            each
            for each in near
            if self._network.is_behind(each.what.device, device) or self._network.is_behind(device, each.what.device)
        ]
        return max(touched, key=lambda each: (len(each.what.customers), each.what.device), default=None)

    def repair(self, fault: Fault) -> None:
        """Give power back behind a fault: the breaker closes, meters speak."""
        del self.open[fault.what.device]
        now = time.time()
        if fault.breaker:
            told = breaker_state(fault.what.device, now, closed=True)
            self._publisher.put(DEVICE_STATES, told.device, told, now + 1.0)
        for after_s, customer in back(fault, self._transformer_of, len(fault.what.customers)):
            event = OutageReported(
                id=f"back-{customer}",
                at=from_ms(int((now + 0.1) * 1000)),
                kind=ReportKind.POWER_RESTORED,
                customer=customer,
            )
            self._publisher.put(OUTAGE_REPORTS, customer, event, now + after_s)


class Operator:
    """A mobile operator that takes every text at once, over real SMPP; it sends no receipts."""

    def __init__(self) -> None:
        self._server = SmppServer(OPERATOR_ACCOUNT, self._take, name=OPERATOR_NAME)
        self.taken = 0

    async def start(self) -> int:
        """Listen, and return the port."""
        return await self._server.start(HOST, 0)

    async def stop(self) -> None:
        """Stop listening."""
        await self._server.stop()

    async def _take(self, text: Submit) -> tuple[int, str]:
        self.taken += 1
        return 0, text.reference[-16:] or str(self.taken)


@dataclasses.dataclass(slots=True)
class Voice:
    """A voice provider that notes when the calls of each account came, seconds of `time.monotonic()`."""

    calls: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    _runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen, and return the address."""
        app = web.Application()
        app.add_routes([web.post("/calls", self._call), web.get("/calls/{key}", self._unknown)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        return f"http://{HOST}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def called_since(self, account: str, at: float) -> float | None:
        """Return when an account was called first since this time."""
        return next((each for each in self.calls.get(account, ()) if each >= at), None)

    async def _call(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.calls.setdefault(asked["account"], []).append(time.monotonic())
        return web.json_response({"key": asked["key"], "reference": asked["key"][-32:]}, status=201)

    async def _unknown(self, _: web.Request) -> web.Response:
        raise web.HTTPNotFound


def breakers(utility: Rural) -> Iterable[str]:
    """Return the breakers, which tell their state."""
    return (each.breaker.device for each in utility.feeders)
