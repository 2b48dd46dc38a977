"""A morning on the hand-drawn town, played through the engine on a real database, for tests of stores and audit rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.codec import encode
from schemas.events import (
    Event,
    OrderChanged,
    OrderState,
    OutageReported,
    Place,
    ReportKind,
    WorkCompleted,
    WorkStarted,
)
from schemas.topics import CREW_ASSIGNMENTS, MAINTENANCE_NOTICES
from services.clock import to_ms
from services.engine.deciding import Deciding
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
from services.reports.locating import locate
from services.reports.store import insert
from tests.outages.town import device_id, town
from tests.stage_script import moment, ms

if TYPE_CHECKING:
    import asyncpg

    from schemas.topics import Topic

    Connection: TypeAlias = asyncpg.Connection[Any]

ACCOUNTS = {"V1-1": "ACC-1", "T31-1": "ACC-2"}


class Morning:
    """Feeds facts to the database and lets the engine decide tick after tick."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.network = town()
        self.stage = CorrelateStage(self.network, ACCOUNTS)
        self._deciding = Deciding(self.stage, CorrelateStore(), exercise=False)
        self._tick = 0

    async def begin(self) -> None:
        """Make the shard and the hotline accounts."""
        await self.connection.execute("INSERT INTO turns (stage, shard) VALUES ('correlate', 'A1')")
        for customer, account in ACCOUNTS.items():
            await self.connection.execute(
                "INSERT INTO hotline_account (account, customer, contact_phone, name) VALUES ($1, $2, '+9990', 'Mill')",
                account,
                customer,
            )

    async def report(self, kind: ReportKind, *customers: str, at: str, again: int = 0) -> None:
        """Take reports, located as intake does it."""
        events = [
            OutageReported(id=f"{kind}-{c}-{at}-{again}".replace(":", ""), at=moment(at), kind=kind, customer=c)
            for c in customers
        ]
        rows = [(event, locate(event, self.network, ms(at))) for event in events]
        await insert(self.connection, rows, self._tick)

    async def say(self, topic: Topic, event: Event) -> None:
        """Take an event into the inbox."""
        await self.connection.execute(
            """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
               VALUES ('correlate', $1, 'A1', $2, $3, $4, $5)""",
            event.id,
            to_ms(event.at),
            self._tick,
            topic.name,
            encode(event),
        )

    async def done(self, device: str, *, found: str | None, at: str) -> None:
        """Let the crew of the open incident at a device be done."""
        incident = await self.connection.fetchval(
            "SELECT id FROM incident WHERE device = $1 AND state NOT IN ('closed', 'merged', 'dismissed')",
            device_id(device),
        )
        event = OrderChanged(
            id=f"done-{device}",
            at=moment(at),
            order=f"order-{device}",
            crew="C1",
            incident=incident,
            area="A1",
            device=device_id(device),
            place=Place(lon=8.0, lat=50.0),
            state=OrderState.DONE,
            reason="crewReported",
            found=None if found is None else device_id(found),
        )
        await self.say(CREW_ASSIGNMENTS, event)

    async def decide(self, at: str) -> None:
        """Decide one turn at this time."""
        self._tick += 1
        await self._deciding.decide(self.connection, "A1", self._tick, ms(at))


async def morning(connection: Connection) -> Morning:
    """Play it: L1 fails and is mended, T13 stays silent; work behind L2 with a large customer; T31 is out; a call is held."""
    played = Morning(connection)
    await played.begin()
    gasp, call, power = ReportKind.LAST_GASP, ReportKind.CALL, ReportKind.POWER_RESTORED
    behind = played.network.customers_behind
    await played.report(gasp, *behind(device_id("L1")), at="06:00")
    await played.report(gasp, "T11-1", at="06:00", again=1)
    await played.report(call, "NOBODY", "GONE", at="06:00")
    await played.say(
        MAINTENANCE_NOTICES, WorkStarted(id="w-start", at=moment("06:00"), window="W-1", device=device_id("L2"))
    )
    await played.decide("06:00:40")
    await played.report(gasp, "T21-1", at="06:00:10")
    await played.report(gasp, *behind(device_id("T31")), at="06:00:20")
    await played.decide("06:01")
    await played.decide("06:02")
    await played.report(power, "T11-1", "T12-1", at="07:00")
    await played.done("L1", found="L1", at="07:00:30")
    await played.decide("07:00:30")
    await played.decide("07:03:30")
    await played.say(
        MAINTENANCE_NOTICES, WorkCompleted(id="w-end", at=moment("08:00"), window="W-1", device=device_id("L2"))
    )
    await played.report(power, "T21-1", "V1-1", "V2-1", at="08:00")
    await played.decide("08:00:30")
    await played.decide("08:03:30")
    await played.report(call, "T41-1", at="09:00")
    await played.decide("09:00")
    return played
