"""A console on the example utility in which the dispatch stage has work: what is said over HTTP is taken and decided for real."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from schemas.events import IncidentChanged, IncidentState
from schemas.ids import derived
from schemas.topics import OUTAGE_INCIDENTS
from services.access.signing_in import who_asks
from services.clock import from_ms
from services.console.app import build_app
from services.console.land import lay
from services.console.watching import WATCHING, Watching
from services.database import databases
from services.database.pool import create_pool
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore, read_roster
from services.engine import clock
from services.engine.deciding import Deciding
from services.engine.taking import InboxKeeper, Message, Taking
from services.network import DeviceClass, Network
from services.utility import store as utility_store
from services.utility.folder import EXAMPLE, read_folder
from tests.access.console import PASSWORD, ask, make_users
from tests.conftest import TEMPLATE
from tests.dispatch.desk import go_on
from tests.stage_script import ms

MADE = "lamplighter_with_crews"
INCIDENT = "I-1"
NOW = ms("12:00")
_numbers = itertools.count(1)
_made: set[str] = set()
_networks: dict[str, Network] = {}


def network() -> Network:
    """Return the example's network, built once."""
    if "example" not in _networks:
        _networks["example"] = Network(read_folder(EXAMPLE).grid)
    return _networks["example"]


def fuse() -> str:
    """Return the fuse with the most customers behind it."""
    fuses = [device for device in network().devices if device.device_class is DeviceClass.FUSE]
    return max(fuses, key=lambda device: (network().count_behind(device.id), device.id)).id


def changed(incident: str, revision: int, device: str, state: str = "confirmed", at: int = NOW) -> IncidentChanged:
    """Return a change of an incident at a device of the example."""
    place = network().device(device).place
    return IncidentChanged(
        id=derived("incidentChanged", incident, revision),
        at=from_ms(at),
        incident=incident,
        area=network().area_of(device),
        revision=revision,
        state=IncidentState(state),
        device=device,
        place=place,
        started_at=from_ms(at - 600_000),
        reason="asReported",
        customers_out=network().count_behind(device),
        region=network().region_of(device),
        device_class=str(network().device(device).device_class),
        life_support=1,
    )


@dataclasses.dataclass
class CrewDesk:
    """A console in which one incident has a crew under way."""

    connection: asyncpg.Connection[Any]
    dsn: str
    stage: DispatchStage
    app_state: dict[str, Any]
    base: str = ""
    crew: str = ""
    order: str = ""
    _offsets: dict[str, int] = dataclasses.field(default_factory=dict)

    async def begin(self) -> None:
        """Read which crew has the order about the incident."""
        row = await self.connection.fetchrow('SELECT crew, "order" FROM crew_order WHERE active')
        assert row is not None
        self.crew, self.order = row["crew"], row["order"]

    async def settle(self) -> None:
        """Let the dispatch stage take what was published, as from its topics, and decide it in one more turn."""
        deciding = Deciding(self.stage, DispatchStore(), exercise=False)
        taking = Taking("dispatch", InboxKeeper("dispatch", self.stage.shard_of), exercise=False)
        rows = await self.connection.fetch(
            "UPDATE outbox SET sent = true WHERE NOT sent RETURNING topic, key, body, stage, seq"
        )
        for row in sorted(rows, key=lambda each: each["seq"]):
            topic = row["topic"]
            if row["stage"] != "dispatch" and topic in {"crew.status", "crew.actions"}:
                offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
                message = Message(topic, 0, offset, row["key"].encode(), (), row["body"])
                assert await taking.take(self.connection, [message]) == 1
        await self.connection.execute("UPDATE clock SET n = n + 1, now_ms = now_ms + 1000")
        standing = await clock.standing(self.connection)
        assert standing is not None
        for shard in self.stage.shards():
            await deciding.decide(self.connection, shard, standing.n, standing.now_ms)

    async def one(self, sql: str, *arguments: Any) -> Any:
        """Return one value of the database."""
        return await self.connection.fetchval(sql, *arguments)

    @contextlib.asynccontextmanager
    async def browser(self, user: str | None = None) -> AsyncIterator[ClientSession]:
        """Lend a browser, in which this user is signed in."""
        async with ClientSession(self.base, cookie_jar=CookieJar(unsafe=True)) as browser:
            if user is not None:
                assert (await ask(browser, "POST", "/api/session", {"user": user, "password": PASSWORD}))[0] == 200
            yield browser

    @contextlib.asynccontextmanager
    async def phone(self, crew: str) -> AsyncIterator[ClientSession]:
        """Lend the phone of a crew that has opened its link."""
        async with self.browser("dora") as dispatcher, self.browser() as phone:
            status, link = await ask(dispatcher, "POST", f"/api/crews/{crew}/link")
            assert status == 200, link
            token = link["path"].removeprefix("/phone#")
            status, session = await ask(phone, "POST", "/api/crew/enter", {"token": token})
            assert (status, session["crew"]) == (200, crew), session
            yield phone


@contextlib.asynccontextmanager
async def crew_desk(server_dsn: str) -> AsyncIterator[CrewDesk]:
    """Run a console on the example utility with an incident, to which the stage has sent a crew."""
    if server_dsn not in _made:
        await _make(server_dsn)
        _made.add(server_dsn)
    name = f"crews_{next(_numbers)}"
    dsn = await databases.create(server_dsn, name, template=MADE)
    connection = await asyncpg.connect(dsn)
    pool = await create_pool(dsn, 3)
    watching = Watching(dsn)
    land = lay(read_folder(EXAMPLE), 1)
    watching.reading.stand_on(land)
    watching.reading.shown.show(watching.reading.assembly)
    state: dict[str, Any] = {WATCHING: watching}
    desk = CrewDesk(connection, dsn, DispatchStage(await read_roster(connection)), state)
    await desk.begin()
    async with TestServer(build_app(pool, exercise=False, asks=who_asks, state=state), host="127.0.0.1") as server:
        desk.base = str(server.make_url("/"))
        yield desk
    await pool.close()
    await connection.close()
    await databases.drop(server_dsn, name)


async def _make(server_dsn: str) -> None:
    connection = await asyncpg.connect(await databases.create(server_dsn, MADE, template=TEMPLATE))
    await utility_store.save(connection, read_folder(EXAMPLE))
    await make_users(connection)
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=NOW)
    stage = DispatchStage(await read_roster(connection))
    await clock.make_shards(connection, stage.name, stage.shards())
    event = changed(INCIDENT, 1, fuse())
    await go_on(connection, stage, [(NOW, [(OUTAGE_INCIDENTS, event)])])
    await connection.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
               changed_at_ms, heard, customers_out, region, feeder, device_class, life_support, important)
           VALUES ($1, $2, $3, 'confirmed', 'asReported', 1, 'call', $4, $4, $4, $4, 3, $5, $6, $7, 'fuse', 1, 2)""",
        INCIDENT,
        event.area,
        event.device,
        NOW,
        event.customers_out,
        event.region,
        network().device(event.device).feeder,
    )
    await connection.execute("UPDATE clock SET n = 2")
    await connection.close()
