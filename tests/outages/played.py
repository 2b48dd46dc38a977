"""A morning on the hand-drawn town, played through the engine on a real database, for tests of stores and audit rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.codec import encode
from schemas.events import (
    DeviceStateReported,
    Event,
    HazardDismissed,
    HazardKind,
    HazardReported,
    IncidentConfirmed,
    IncidentRejected,
    OrderChanged,
    OrderState,
    OutageReported,
    Place,
    ReportKind,
    StateSource,
    SwitchPosition,
    WindowAnnounced,
    WorkCompleted,
    WorkStarted,
)
from schemas.topics import CREW_ASSIGNMENTS, DEVICE_STATES, INCIDENT_ACTIONS, MAINTENANCE_NOTICES
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

AT_T21 = Place(lon=8.003, lat=50.0)
AT_T31 = Place(lon=8.014, lat=50.0)
ACCOUNTS = {"V1-1": "ACC-1", "T31-1": "ACC-2"}


class Morning:
    """Feeds facts to the database and lets the engine decide tick after tick."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.network = town()
        self.stage = CorrelateStage(self.network, ACCOUNTS)
        self._deciding = Deciding(self.stage, CorrelateStore(), exercise=False)
        self.tick = 0

    async def begin(self) -> None:
        """Make the shard and the hotline accounts."""
        await self.connection.execute("INSERT INTO turns (stage, shard) VALUES ('correlate', 'A1')")
        version = await self.connection.fetchval(
            """INSERT INTO utility_version (digest, name, time_zone, attribution, current)
               VALUES ('d', 'Town', 'UTC', '', true) RETURNING version"""
        )
        for customer, account in ACCOUNTS.items():
            await self.connection.execute(
                """WITH account AS (INSERT INTO hotline_account (version, account, name) VALUES ($1, $2, 'Mill')),
                   who AS (
                       INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter)
                       VALUES ($1, $3, 'n', '', 'F1', 'LV', '', true, $3))
                   INSERT INTO hotline_premise (version, account, customer) VALUES ($1, $2, $3)""",
                version,
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
        await insert(self.connection, rows, self.tick)

    async def report_place(self, report: str, place: Place, *, at: str) -> None:
        """Take a call that names a place and nobody, located as intake does it."""
        event = OutageReported(id=report, at=moment(at), kind=ReportKind.CALL, place=place)
        await insert(self.connection, [(event, locate(event, self.network, ms(at)))], self.tick)

    async def say(self, topic: Topic, event: Event) -> None:
        """Take an event into the inbox."""
        await self.connection.execute(
            """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
               VALUES ('correlate', $1, 'A1', $2, $3, $4, $5)""",
            event.id,
            to_ms(event.at),
            self.tick,
            topic.name,
            encode(event),
        )

    async def state(self, device: str, position: SwitchPosition, *, at: str) -> None:
        """Let SCADA tell how a device stands."""
        name = f"state-{device}-{at}".replace(":", "")
        event = DeviceStateReported(
            id=name, at=moment(at), device=device_id(device), position=position, source=StateSource.SCADA
        )
        await self.say(DEVICE_STATES, event)

    async def incident(self, device: str) -> str:
        """Return the incident at a device that is not over."""
        found = await self.connection.fetchval(
            "SELECT id FROM incident WHERE device = $1 AND state NOT IN ('closed', 'merged', 'dismissed')",
            device_id(device),
        )
        return str(found)

    async def done(self, device: str, *, found: str | None, at: str) -> None:
        """Let the crew of the open incident at a device be done."""
        incident = await self.incident(device)
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
        self.tick += 1
        await self._deciding.decide(self.connection, "A1", self.tick, ms(at))


async def morning(connection: Connection) -> Morning:
    """Play it: L1 fails and is mended, T13 stays silent; work behind L2 with a large customer; T31 fails later.

    At last a customer at T41 calls, which opens an incident, and somebody unknown near T21, which is held.
    """
    played = Morning(connection)
    await played.begin()
    gasp, call, power = ReportKind.LAST_GASP, ReportKind.CALL, ReportKind.POWER_RESTORED
    behind = played.network.customers_behind
    await played.report(gasp, *behind(device_id("L1")), at="06:00")
    await played.report(gasp, "T11-1", at="06:00", again=1)
    await played.report(call, "NOBODY", "GONE", at="06:00")
    await played.say(
        MAINTENANCE_NOTICES, WorkStarted(id="w-start", at=moment("06:00"), window="W-1", isolates=[device_id("L2")])
    )
    await played.decide("06:00:40")
    await played.report(gasp, "T21-1", at="06:00:10")
    await played.decide("06:01:40")
    await played.report(gasp, *behind(device_id("T31")), at="06:05:20")
    await played.decide("06:06")
    await played.decide("06:07")
    await played.report(power, "T11-1", "T12-1", at="07:00")
    await played.done("L1", found="L1", at="07:00:30")
    await played.decide("07:00:30")
    await played.decide("07:03:30")
    await played.say(
        MAINTENANCE_NOTICES, WorkCompleted(id="w-end", at=moment("08:00"), window="W-1", isolates=[device_id("L2")])
    )
    await played.report(power, "T21-1", "V1-1", "V2-1", at="08:00")
    await played.decide("08:00:30")
    await played.decide("08:03:30")
    await played.report(call, "T41-1", at="09:00")
    await played.report_place("call-near-T21", AT_T21, at="09:00")
    await played.decide("09:00")
    return played


async def afternoon(connection: Connection) -> Morning:
    """Play on: R1 opens and closes, T11 is out again soon after; L3 recloses; work overruns; danger; a dispatcher decides."""
    played = await morning(connection)
    gasp, power = ReportKind.LAST_GASP, ReportKind.POWER_RESTORED
    behind = played.network.customers_behind
    await played.decide("09:01")
    at_t42 = [device_id("T42")]
    ten, eleven = moment("10:00"), moment("11:00")
    announced = WindowAnnounced(id="w2-announced", at=ten, window="W-2", isolates=at_t42, starts_at=ten, ends_at=eleven)
    await played.say(MAINTENANCE_NOTICES, announced)
    await played.decide("10:00")
    await played.say(MAINTENANCE_NOTICES, WorkStarted(id="w2-start", at=ten, window="W-2", isolates=at_t42))
    await played.state("R1", SwitchPosition.OPEN, at="10:10")
    await played.decide("10:10:10")
    await played.decide("10:11")
    await played.state("R1", SwitchPosition.CLOSED, at="10:30")
    await played.report(power, *behind(device_id("R1")), at="10:30", again=2)
    await played.decide("10:30:20")
    await played.report(gasp, *behind(device_id("T11")), at="10:32")
    await played.decide("10:32:40")
    await played.decide("10:33:40")
    await played.state("L3", SwitchPosition.OPEN, at="10:40")
    await played.state("L3", SwitchPosition.CLOSED, at="10:40:05")
    await played.decide("10:40:10")
    await played.decide("10:43:10")
    danger = HazardReported(id="danger", at=moment("10:50"), hazard=HazardKind.FIRE, device=None, place=AT_T31)
    await insert(connection, [(danger, locate(danger, played.network, ms("10:50")))], played.tick)
    await played.decide("10:50")
    later = moment("10:55")
    fault, mistake = await played.incident("T31"), await played.incident("T41")
    words: list[Event] = [
        IncidentConfirmed(id="word-1", at=later, area="A1", incident=fault, by="ann", device=device_id("T31")),
        IncidentRejected(id="word-2", at=later, area="A1", incident=mistake, by="ann"),
    ]
    hazard = await connection.fetchval("SELECT id FROM hazard")
    words.append(HazardDismissed(id="word-3", at=later, area="A1", hazard=hazard, by="ann"))
    for said in words:
        await played.say(INCIDENT_ACTIONS, said)
    await played.decide("10:55")
    await played.decide("11:00")
    return played
