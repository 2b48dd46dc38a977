"""An installation without Kafka: every stage really decides on a real database, and what is published is taken as a worker does.

Time belongs to the script. `House.settle` lets ticks pass until nothing is open; the clock's time stands meanwhile.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from schemas.cloudevents import headers
from schemas.codec import encode
from schemas.events import (
    CrewReported,
    CrewState,
    DeviceStateReported,
    Event,
    HazardKind,
    HazardReported,
    OutageReported,
    Quality,
    ReportKind,
    StateSource,
    SwitchPosition,
)
from schemas.topics import CREW_STATUS, DEVICE_STATES, OUTAGE_REPORTS, TOPICS, Topic, consumed_by
from services.access import people
from services.access.who import Role, Who
from services.clock import from_ms
from services.console.app import build_app
from services.database.pool import create_pool
from services.dispatch import store as dispatch
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore
from services.engine import clock, outbox
from services.engine.deciding import Deciding, InboxStore
from services.engine.taking import InboxKeeper, Message, Taking
from services.hotline import store as hotline
from services.hotline.stage import EscalateStage
from services.network import Network
from services.notices import store as notices
from services.notices.stage import NotifyStage
from services.notices.store import NotifyStore
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
from services.reports.store import ReportKeeper, read_premises
from services.utility import store as utility_store
from services.utility.contents import UtilityFolder

MINUTE_MS = 60_000
USERS = {"vera": Role.VIEWER, "dora": Role.DISPATCHER, "dirk": Role.DISPATCHER, "otto": Role.OPERATIONS}
TICKS = 300


class House:
    """All stages on one database, and the way between them."""

    def __init__(self, connection: asyncpg.Connection[Any], folder: UtilityFolder, network: Network) -> None:
        self.connection = connection
        self.folder = folder
        self.network = network
        self.now = 0
        self._deciding: dict[str, Deciding] = {}
        self._taking: dict[str, Taking] = {}
        self._ends: defaultdict[str, int] = defaultdict(int)
        self._said = 0

    @classmethod
    async def open(cls, connection: asyncpg.Connection[Any], folder: UtilityFolder, network: Network) -> House:
        """Let every stage begin on a database that holds this utility and whose clock stands."""
        house = cls(connection, folder, network)
        stages: list[Any] = [
            (CorrelateStage(network, await hotline.accounts_by_customer(connection)), CorrelateStore()),
            (DispatchStage(await dispatch.read_roster(connection)), DispatchStore()),
            (EscalateStage(*await hotline.read_accounts(connection)), InboxStore("escalate")),
            (
                NotifyStage(network, await notices.read_people(connection), await notices.read_manners(connection)),
                NotifyStore(),
            ),
        ]
        for stage, store in stages:
            await clock.make_shards(connection, stage.name, stage.shards())
            house._deciding[stage.name] = Deciding(stage, store, exercise=True)
            house._taking[stage.name] = Taking(stage.name, InboxKeeper(stage.name, stage.shard_of), exercise=True)
        keeper = ReportKeeper(network, await read_premises(connection))
        house._taking["intake"] = Taking("intake", keeper, exercise=True)
        standing = await clock.standing(connection)
        assert standing is not None
        house.now = standing.now_ms
        return house

    async def later(self, minutes: float) -> None:
        """Let time pass, minute by minute, with everything that is due on the way."""
        until = self.now + round(minutes * MINUTE_MS)
        while self.now < until:
            self.now = min(self.now + MINUTE_MS, until)
            await self._tick()
            await self.settle()

    async def hear(self, topic: Topic, *events: Event) -> None:
        """Let events come on a topic, and be taken by everybody who reads it."""
        for event in events:
            head = headers(event, "script")
            await self.arrive(topic, str(getattr(event, topic.key, None) or event.id), head, encode(event))

    async def arrive(self, topic: Topic, key: str, head: Any, body: bytes) -> None:
        """Let one message come, whatever is in it."""
        message = Message(topic.name, 0, self._ends[topic.name], key.encode(), tuple(head), body)
        self._ends[topic.name] += 1
        for stage, taking in self._taking.items():
            if topic in consumed_by(stage):
                await taking.take(self.connection, [message])

    async def settle(self) -> None:
        """Publish and decide until nothing is open."""
        for _ in range(TICKS):
            relayed = await self._relay()
            await self._tick()
            due = await clock.due_turns(self.connection, list(self._deciding))
            for turn in due:
                await self._deciding[turn.stage].decide(self.connection, turn.shard, turn.n, turn.now)
            if not due and not relayed:
                return
        raise AssertionError(f"{from_ms(self.now)} never ends")

    async def _tick(self) -> None:
        await self.connection.execute("UPDATE clock SET n = n + 1, now_ms = $1", self.now)

    async def _relay(self) -> bool:
        rows = await outbox.unsent(self.connection, 1_000)
        for row in rows:
            if row.topic in TOPICS and TOPICS[row.topic].events:
                await self.arrive(TOPICS[row.topic], row.key.decode(), row.headers, row.body)
        await outbox.mark_sent(self.connection, [row.id for row in rows], {})
        return bool(rows)

    # ------------------------------------------------------------------------------------------------ who speaks to it
    def _fields(self, at_ms: int | None = None) -> dict[str, Any]:
        self._said += 1
        return {"id": f"said-{self._said}", "at": from_ms(self.now if at_ms is None else at_ms), "exercise": True}

    async def call(self, *customers: str, **given: Any) -> None:
        """Let customers call, and decide what follows at once."""
        for customer in customers:
            await self.report(customer=customer, **given)
        await self.settle()

    async def report(self, *, kind: ReportKind = ReportKind.CALL, at_ms: int | None = None, **given: Any) -> str:
        """Let one report come, undecided as yet; return its id."""
        event = OutageReported(**self._fields(at_ms), kind=kind, **given)
        await self.hear(OUTAGE_REPORTS, event)
        return event.id

    async def danger(self, kind: HazardKind, **where: Any) -> str:
        """Let a danger be reported; return the id of the hazard that is known then."""
        await self.hear(OUTAGE_REPORTS, HazardReported(**self._fields(), hazard=kind, **where))
        await self.settle()
        return str(await self.connection.fetchval("SELECT id FROM hazard ORDER BY reported_at_ms DESC, id LIMIT 1"))

    async def measured(self, device: str, position: SwitchPosition) -> None:
        """Let telemetry say how a device stands."""
        event = DeviceStateReported(
            **self._fields(), device=device, position=position, source=StateSource.SCADA, quality=Quality.GOOD
        )
        await self.hear(DEVICE_STATES, event)
        await self.settle()

    async def crew(self, crew: str, status: str, order: str | None = None, **given: Any) -> None:
        """Let a crew speak."""
        event = CrewReported(**self._fields(), crew=crew, status=CrewState(status), order=order, **given)
        await self.hear(CREW_STATUS, event)
        await self.settle()

    # ------------------------------------------------------------------------------------------------ what is looked at
    async def incident(self) -> str:
        """Return the incident that was opened last."""
        found = await self.connection.fetchval("SELECT id FROM incident ORDER BY opened_at_ms DESC, id LIMIT 1")
        assert found is not None, "no incident was opened"
        return str(found)

    async def row(self, table: str, row_id: str) -> Any:
        """Return a row of a table by its id."""
        key = "order" if table == "dispatch_order" else "id"
        return await self.connection.fetchrow(f'SELECT * FROM {table} WHERE "{key}" = $1', row_id)

    async def order(self, incident: str) -> Any:
        """Return the last order about an incident."""
        return await self.connection.fetchrow(
            "SELECT * FROM dispatch_order WHERE incident = $1 ORDER BY sent_at_ms DESC, attempt DESC LIMIT 1", incident
        )

    async def sign_off_all(self) -> None:
        """Let every crew go off duty."""
        for row in self.folder.crews:
            await self.hear(CREW_STATUS, CrewReported(**self._fields(), crew=row.crew, status=CrewState.OFF_DUTY))
        await self.settle()


class Person:
    """Somebody at the console."""

    def __init__(self, session: ClientSession, user: str) -> None:
        self.session = session
        self.user = user

    async def get(self, path: str) -> tuple[int, Any]:
        """Ask; return status and answer."""
        async with self.session.get(path, headers={"X-User": self.user}) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: Any, *, key: str | None = None) -> tuple[int, Any]:
        """Send a body, bytes as they are and all else as JSON; return status and answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {
            "X-User": self.user,
            "Content-Type": "application/json",
            **({} if key is None else {"Idempotency-Key": key}),
        }
        async with self.session.post(path, data=data, headers=sent) as answer:
            return answer.status, await answer.json()


@contextlib.asynccontextmanager
async def people_at(dsn: str) -> AsyncIterator[dict[str, Person]]:
    """Run the console on a database; who asks is whom the request names."""

    async def asks(request: Any) -> Who | None:
        user = request.headers.get("X-User", "")
        role = USERS.get(user)
        return None if role is None else Who(user=user, name=user.title(), role=role, session=f"session-{user}")

    pool = await create_pool(dsn, 3)
    app = build_app(pool, exercise=True, asks=asks)
    async with TestServer(app, host="127.0.0.1") as server, ClientSession(server.make_url("/")) as session:
        yield {user: Person(session, user) for user in [*USERS, "nobody"]}
    await pool.close()


async def make_people(connection: asyncpg.Connection[Any]) -> None:
    """Write the people of the console into the table of users."""
    for user, role in USERS.items():
        await people.insert(connection, user, user.title(), role, "quiet-river-77", must_change=False)


def code(answered: tuple[int, Any]) -> tuple[int, str]:
    """Return status and code of a refusal."""
    status, body = answered
    assert set(body) == {"error"}, body
    return status, body["error"]["code"]


async def folder_of(connection: asyncpg.Connection[Any]) -> UtilityFolder:
    """Return the utility that a database holds."""
    return await utility_store.load(connection)
