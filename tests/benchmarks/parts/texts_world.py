"""What the bench `texts` plays with: a utility of so many phones, outages and dangers as they are told on Kafka."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer

from deploy.installation import Backends, placed
from schemas.codec import encode
from schemas.events import Event, HazardChanged, HazardKind, HazardState, IncidentChanged, IncidentState
from schemas.events import Place as Point
from schemas.topics import OUTAGE_INCIDENTS
from services.clock import from_ms
from services.database import databases
from services.database.migrate import migrate
from services.database.pool import connect
from services.engine import clock
from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow
from services.settings import Settings
from services.utility import store as utility
from services.utility.contents import UtilityFolder
from streams import brokers

BEGINS_MS = 1_772_366_400_000
"""A morning, when nobody's quiet hours are: the bench is about what leaves."""
STEP_S = 0.5
FEEDERS, BEHIND_A_TRANSFORMER = 8, 50
NODE_EVERY_M, M_PER_DEGREE = 400, 111_320
CENTRE = (11.4, 53.6)
TOLD_AT_ONCE, TOLD_EVERY_S = 1_000, 1.0
"""An outage of many grows: so many customers join it with one revision, and so soon after the one before."""
SMALL = 5
"""Customers of each of the small outages."""

NUMBERS = {"A": "+9991", "B": "+9992", "N": "+9993", "H": "+9994"}
"""How the numbers of customers begin, by the first letter of their ids: of the two large outages, the small ones, near dangers."""

PLAIN = "01"
"""Ending of numbers with which the operator has no trouble."""


def ending(number: int) -> str:
    """Return the last two digits of the phone of a customer of the second outage: of a hundred one throttled, one unknown.

    Of the unknown ones some were taken and not answered, some not taken, and of some nobody can tell but their receipt; in a few
    the link is cut. Of a thousand one each is refused, undeliverable, expires at the operator, has two receipts, has a receipt of
    another name as well, and has none until the operator is asked.
    """
    place = number % 1_000
    if place < 10:
        return "92"
    if place < 20:
        cut = place == 19 and number // 1_000 % 4 == 0
        return ("88" if number // 4_000 % 2 else "89") if cut else ("86", "87", "95")[place % 3]
    return {20: "93", 21: "90", 22: "91", 23: "82", 24: "83", 25: "84"}.get(place, PLAIN)


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """A utility, its only supply area, and who is concerned: by an outage of many, by small ones, by dangers.

    The ids of the many begin with `letter`, A or B; only those of B have numbers with which the operator has trouble.
    """

    folder: UtilityFolder
    area: str
    letter: str
    many: tuple[str, ...]
    small: tuple[tuple[str, ...], ...]
    endangered: tuple[str, ...]
    places: dict[str, Point]
    phones: dict[str, str]


def world(letter: str, recipients: int, small: int = 0, dangers: int = 0) -> World:
    """Return the world of a part: so many recipients, so many small outages, and customers who live alone near dangers."""
    many = tuple(f"{letter}{number:06d}" for number in range(recipients))
    others = tuple(tuple(f"N{number:04d}-{place}" for place in range(SMALL)) for number in range(small))
    alone = tuple(f"H{number:04d}" for number in range(dangers))
    if letter == "A":
        phones = {customer: f"{NUMBERS['A']}{number:07d}{PLAIN}" for number, customer in enumerate(many)}
    else:  # numbers of 15 digits have every magic ending (services/drill/operator_fate.py)
        phones = {customer: f"{NUMBERS['B']}{number:09d}{ending(number)}" for number, customer in enumerate(many)}
    phones |= {
        each: f"{NUMBERS['N']}{number:07d}{PLAIN}" for number, each in enumerate(c for group in others for c in group)
    }
    phones |= {customer: f"{NUMBERS['H']}{number:07d}{PLAIN}" for number, customer in enumerate(alone)}
    crowd = [*many, *(customer for group in others for customer in group)]
    shared = [crowd[start : start + BEHIND_A_TRANSFORMER] for start in range(0, len(crowd), BEHIND_A_TRANSFORMER)]
    folder = _folder([*shared, *([customer] for customer in alone)], phones)
    network = Network(folder.grid)
    (area,) = {str(each.id) for each in network.areas}
    homes = set(alone)
    places = {str(each.id): Point(each.lon, each.lat) for each in network.customers if str(each.id) in homes}
    return World(folder, area, letter, many, others, alone, places, phones)


def _folder(groups: Sequence[Sequence[str]], phones: dict[str, str]) -> UtilityFolder:
    """Return a utility of one substation: feeders like spokes, a transformer for each group of customers."""
    heads, points, lines, people = [], [], [], []
    for number in range(FEEDERS):
        feeder = f"F{number}"
        heads.append(FeederRow(feeder, f"Feeder {number}", "S1", f"{feeder}.0", *_at(number, 0)))
        points.append(NodeRow(f"{feeder}.0", *_at(number, 0)))
        for step, group in enumerate(groups[number::FEEDERS], start=1):
            here, before = f"{feeder}.{step}", f"{feeder}.{step - 1}"
            points += [NodeRow(here, *_at(number, step)), NodeRow(f"{here}t", *_at(number, step))]
            lines += [
                _branch(f"L{here}", BranchKind.MV_LINE, before, here, feeder, float(NODE_EVERY_M)),
                _branch(f"T{here}", BranchKind.TRANSFORMER, here, f"{here}t", feeder, None),
            ]
            people += [
                CustomerRow(
                    each,
                    f"{here}t",
                    f"T{here}",
                    feeder,
                    "LV",
                    "home",
                    True,  # noqa: FBT003
                    None,
                    f"M{each}",
                    (phones[each],),
                    f"SP-{each}",
                )
                for each in group
            ]
    return UtilityFolder(
        name="Far Meadow Power",
        time_zone="Europe/Berlin",
        attribution="made for a bench",
        quiet_from=dt.time(0),
        quiet_until=dt.time(0),
        grid=GridTables.of(heads, points, lines, people),
    )


def _at(feeder: int, step: int) -> tuple[float, float]:
    """Return a place on a spoke: each one lies `NODE_EVERY_M` from its neighbours, on rings that grow."""
    turn = 2 * math.pi * feeder / FEEDERS
    metres = 2_000 + step * NODE_EVERY_M / 4
    bend = turn + (step % 4 - 1.5) * NODE_EVERY_M / metres
    lat = CENTRE[1] + metres * math.sin(bend) / M_PER_DEGREE
    return CENTRE[0] + metres * math.cos(bend) / (M_PER_DEGREE * math.cos(math.radians(CENTRE[1]))), lat


def _branch(name: str, kind: BranchKind, start: str, end: str, feeder: str, length: float | None) -> BranchRow:
    return BranchRow(name, kind, start, end, True, "ABC", length, "", "", feeder)  # noqa: FBT003


async def install(settings: Settings, found: Backends, name: str, folder: UtilityFolder, *, exercise: bool) -> Settings:
    """Make a database of this name and its topics, import the utility, let the clock run; return the settings of its processes."""
    await databases.drop(found.admin_dsn, name)
    dsn = await databases.create(found.admin_dsn, name)
    await migrate(dsn)
    prefix = f"{name}."
    await brokers.create_topics(found.bootstrap, prefix)
    connection = await connect(dsn)
    try:
        await clock.found(connection, exercise=exercise, topic_prefix=prefix)
        await utility.save(connection, folder)
        await clock.set_running(connection, now_ms=BEGINS_MS, speed=1.0, step_s=STEP_S)
        if exercise:
            await connection.execute(
                "INSERT INTO drill.scenario (storm, seed, utility, starts_at_ms, made) VALUES ('texts', 1, 'bench', $1, '{}')",
                BEGINS_MS,
            )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return placed(settings, found, database=name, topic_prefix=prefix, exercise=exercise)


def outage(
    world_: World, name: str, customers: Sequence[str], now_ms: int, *, exercise: bool
) -> Iterator[IncidentChanged]:
    """Yield an outage as it grows."""
    for revision, start in enumerate(range(0, len(customers), TOLD_AT_ONCE), start=1):
        joined = list(customers[start : start + TOLD_AT_ONCE])
        yield IncidentChanged(
            id=f"{name}-{revision}",
            at=from_ms(now_ms),
            exercise=exercise,
            incident=name,
            area=world_.area,
            revision=revision,
            state=IncidentState.CONFIRMED,
            device="switch:S1",
            place=Point(*CENTRE),
            started_at=from_ms(now_ms),
            reason="feederFailed",
            customers_out=start + len(joined),
            out=joined,
        )


def danger(world_: World, customer: str, now_ms: int) -> HazardChanged:
    """Return that a wire is down where a customer lives."""
    return HazardChanged(
        id=f"danger-{customer}",
        at=from_ms(now_ms),
        exercise=True,
        hazard=f"danger-{customer}",
        area=world_.area,
        revision=1,
        state=HazardState.REPORTED,
        hazard_kind=HazardKind.WIRE_DOWN,
        place=world_.places[customer],
        reported_at=from_ms(now_ms),
        reason="reported",
    )


class Teller:
    """Tells events on the incidents' topic. `told_at` is when each was handed to the producer, seconds of `time.time()`, by id."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._topic = prefix + OUTAGE_INCIDENTS.name
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
        self.told_at: dict[str, float] = {}

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def stop(self) -> None:
        """Let what is under way go, and leave."""
        await self._producer.stop()

    async def tell(self, event: Event, area: str) -> None:
        """Tell an event and return when the broker has it."""
        self.told_at[event.id] = time.time()
        await self._producer.send_and_wait(self._topic, encode(event), key=area.encode())


def resident_mb(pid: int) -> float:
    """Return what a process holds in memory now, MB; 0 when it has ended."""
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return 0.0
    return 0.0 if found is None else int(found[1]) / 1_000


def told(words: str) -> None:
    """Say how far the bench is."""
    print(f"{dt.datetime.now(dt.UTC):%H:%M:%S} {words}", file=sys.stderr, flush=True)
