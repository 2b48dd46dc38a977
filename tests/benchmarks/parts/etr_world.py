"""A world for the estimates: storms of all sizes, what fails and why, how crews drive and how long they mend.

A repair lasts the median of the device's class, times what its cause, the weather, the night and the crew make of it, times
chance (log-normal). Nobody but the crew on site knows the cause, and one in five does not say it; nobody is told the weather.
"""

from __future__ import annotations

import dataclasses
import heapq
import math
import random
from collections.abc import Callable, Iterator, Sequence

from schemas.events import (
    CrewReported,
    CrewState,
    Event,
    HazardKind,
    HazardReported,
    OrderChanged,
    OrderState,
    OrderWork,
    OutageReported,
    Place,
    ReportKind,
)
from services.clock import from_ms
from services.dispatch.roster import Crew, Depot, Roster
from services.drill.crews import drive_ms
from services.drill.faults import Fault, found_from
from services.network import DeviceClass, Network
from services.utility.contents import UtilityFolder

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
BEGINS_MS = 1_772_323_200_000
"""Midnight UTC; the utility's clocks are UTC."""
MEDIAN_MIN = {
    DeviceClass.BREAKER: 50,
    DeviceClass.RECLOSER: 55,
    DeviceClass.FUSE: 60,
    DeviceClass.TRANSFORMER: 110,
    DeviceClass.LV_FUSE: 35,
    DeviceClass.SWITCH: 50,
}
CAUSE_FACTOR = {"WILDLIFE": 0.5, "LIGHTNING": 0.8, "EQUIPMENT": 1.0, "VEGETATION": 1.5, "WEATHER": 1.9}
CAUSE_SHARES = (
    {"WILDLIFE": 30, "LIGHTNING": 10, "EQUIPMENT": 40, "VEGETATION": 15, "WEATHER": 5},
    {"WILDLIFE": 8, "LIGHTNING": 20, "EQUIPMENT": 22, "VEGETATION": 35, "WEATHER": 15},
    {"WILDLIFE": 2, "LIGHTNING": 10, "EQUIPMENT": 13, "VEGETATION": 45, "WEATHER": 30},
)
"""By weather, from calm to severe."""
WEATHER_FACTOR, DRIVE_FACTOR = (1.0, 1.2, 1.5), (1.0, 1.1, 1.3)
NIGHT_FACTOR, CREW_SIGMA, REPAIR_SIGMA, DRIVE_SIGMA = 1.2, 0.18, 0.38, 0.22
FAULTS = ((4, 12), (20, 45), (45, 80))
"""How many devices fail, at least and at most, by weather."""
LASTS_H = (10.0, 6.0, 8.0)
CALLS, GASPS, RESTORES = 0.12, 0.85, 0.9
SEEN_DANGER = {
    "VEGETATION": (HazardKind.TREE_ON_LINE, 0.45),
    "WEATHER": (HazardKind.WIRE_DOWN, 0.4),
    "EQUIPMENT": (HazardKind.SPARKING, 0.05),
}
"""By cause: what somebody sees there, and tells in such a share of the faults."""
MAKING_SAFE_MIN = (10, 25)
SAYS_CAUSE, SAYS_WHEN = 0.8, 0.2
REFUSES = 0.03
LOOKS_MS = 6 * MINUTE_MS

Say = Callable[[Event], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Struck:
    """A device that fails at a time, milliseconds, and why."""

    device: str
    at: int
    cause: str


@dataclasses.dataclass(frozen=True, slots=True)
class Storm:
    """What happens: weather from 0, calm, to 2, severe; the faults by time."""

    seed: int
    weather: int
    faults: tuple[Struck, ...]

    @property
    def name(self) -> str:
        """How it is called in ids."""
        return f"s{self.seed}"


def storm_of(network: Network, seed: int, begins_ms: int) -> Storm:
    """Return the storm of a seed: half of them are severe or rough, half are ordinary days."""
    draw = random.Random(f"storm {seed}")
    weather = draw.choices((0, 1, 2), (35, 40, 25))[0]
    begins = begins_ms + draw.randrange(24) * HOUR_MS
    devices = sorted(each.id for each in network.devices if network.count_behind(each.id) > 1)
    weights = [1.0 + 4.0 * (network.count_behind(each) > 8) for each in devices]
    failing = sorted(set(draw.choices(devices, weights, k=draw.randint(*FAULTS[weather]))))
    shares = CAUSE_SHARES[weather]
    faults = [
        Struck(
            device,
            begins + round(draw.betavariate(2.0, 3.0) * LASTS_H[weather] * HOUR_MS) // 1_000 * 1_000,
            draw.choices(list(shares), list(shares.values()))[0],
        )
        for device in failing
    ]
    return Storm(seed, weather, tuple(sorted(faults, key=lambda each: (each.at, each.device))))


def roster_of(folder: UtilityFolder) -> Roster:
    """Return the crews of a folder, all always on duty."""
    depots = [Depot(row.depot, Place(row.lon, row.lat), row.region) for row in folder.depots]
    crews = [
        Crew(row.crew, row.depot, frozenset(row.skills), frozenset(row.certificates), frozenset(row.kit))
        for row in folder.crews
    ]
    return Roster(depots, crews)


class World:
    """Meters, callers and crews of one storm. `say(event)` is how it is heard; it is said at the event's time."""

    def __init__(self, network: Network, roster: Roster, storm: Storm, say: Say) -> None:
        self._network, self._roster, self._storm, self._say = network, roster, storm, say
        self._open: dict[str, Fault] = {}
        self._cause = {each.device: each.cause for each in storm.faults}
        self._tasks: dict[str, int] = {}
        self._at: dict[str, Place] = {}
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._number = 0
        for fault in storm.faults:
            self._later(fault.at, lambda now, fault=fault: self._strike(now, fault))  # type: ignore[misc]

    def next_at(self) -> int | None:
        """Return when something happens next, milliseconds."""
        return self._due[0][0] if self._due else None

    def happen(self, now: int) -> None:
        """Let happen what was to happen until now."""
        while self._due and self._due[0][0] <= now:
            at, _, do = heapq.heappop(self._due)
            do(at)

    def hear(self, order: OrderChanged, now: int) -> None:
        """Let a crew take an order, or be called back from it."""
        if order.state is OrderState.SENT:
            self._take(order, now)
        elif order.state is OrderState.REVOKED:
            self._tasks.pop(order.order, None)

    # ------------------------------------------------------------------------------------------------------ power
    def _strike(self, now: int, struck: Struck) -> None:
        dark = self._dark()
        self._open[struck.device] = Fault(id=struck.device, device=struck.device, struck_at=now)
        draw = self._draw("lost", struck.device)
        for customer in sorted(self._dark() - dark):
            if draw.random() < GASPS:
                self._report(
                    ReportKind.LAST_GASP, customer, now, round(1_000 * min(240.0, draw.lognormvariate(2.0, 0.8)))
                )
            if draw.random() < CALLS:
                self._report(ReportKind.CALL, customer, now, round(MINUTE_MS * draw.lognormvariate(math.log(12), 0.9)))
        danger, share = SEEN_DANGER.get(struck.cause, (HazardKind.OTHER, 0.0))
        if draw.random() < share:
            self._endanger(struck, danger, now + round(MINUTE_MS * draw.lognormvariate(math.log(15), 0.8)))

    def _endanger(self, struck: Struck, danger: HazardKind, at: int) -> None:
        place = self._network.switch(struck.device).place
        self._later(
            at,
            lambda now: self._say(
                HazardReported(
                    id=f"{self._storm.name}-{danger}-{struck.device}",
                    at=from_ms(now),
                    exercise=True,
                    hazard=danger,
                    place=Place(place.lon, place.lat),
                    device=struck.device,
                )
            ),
        )

    def _mend(self, now: int, fault: str) -> None:
        dark = self._dark()
        self._open.pop(fault, None)
        draw = self._draw("back", fault)
        for customer in sorted(dark - self._dark()):
            if draw.random() < RESTORES:
                self._report(
                    ReportKind.POWER_RESTORED, customer, now, round(1_000 * min(300.0, draw.lognormvariate(3.0, 0.8)))
                )

    def _dark(self) -> set[str]:
        return {str(each) for device in self._open for each in self._network.customers_behind(device)}

    def _report(self, kind: ReportKind, customer: str, at: int, delay_ms: int) -> None:
        event = OutageReported(
            id=f"{self._storm.name}-{kind}-{customer}-{at}",
            at=from_ms(at if kind is not ReportKind.CALL else at + delay_ms),
            exercise=True,
            kind=kind,
            customer=customer,
        )

        def speak(_: int) -> None:
            if kind is not ReportKind.CALL or customer in self._dark():
                self._say(event)

        self._later(at + delay_ms, speak)

    # ------------------------------------------------------------------------------------------------------ crews
    def _take(self, order: OrderChanged, now: int) -> None:
        draw = self._draw("order", order.order)
        self._tasks[order.order] = now
        start = self._at.get(order.crew) or self._roster.home(order.crew).place
        drive = drive_ms(start, order.place) * DRIVE_FACTOR[self._storm.weather]
        accepted = now + draw.randint(20, 120) * 1_000
        if draw.random() < REFUSES:
            self._later(accepted, lambda at: self._tell(order, CrewState.REFUSED, at))
            return
        left = accepted + draw.randint(1, 6) * MINUTE_MS
        there = left + max(MINUTE_MS, round(drive * draw.lognormvariate(0.0, DRIVE_SIGMA)))
        self._later(accepted, lambda at: self._tell(order, CrewState.ACCEPTED, at))
        self._later(left, lambda at: self._tell(order, CrewState.ENROUTE, at))
        self._later(there, lambda at: self._arrive(order, at))

    def _arrive(self, order: OrderChanged, now: int) -> None:
        if order.order not in self._tasks:
            return
        self._at[order.crew] = order.place
        self._tell(order, CrewState.ARRIVED, now)
        if order.work is not OrderWork.REPAIR:
            safe = now + self._draw("safe", order.order).randint(*MAKING_SAFE_MIN) * MINUTE_MS
            self._later(safe, lambda at: self._tell(order, CrewState.DONE, at))
            return
        found = found_from(self._network, order.device or "", self._open.values())
        if found is None:
            self._later(now + LOOKS_MS, lambda at: self._tell(order, CrewState.DONE, at))
            return
        draw = self._draw("repair", found.device, order.order)
        cause = self._cause[found.device]
        ends = now + self._repair_ms(draw, found.device, cause, order.crew, now)
        said = draw.random() < SAYS_CAUSE
        estimate = None
        if draw.random() < SAYS_WHEN:
            estimate = now + round((ends - now) * draw.lognormvariate(0.0, 0.25))
        seen = now + min((ends - now) // 3, draw.randint(4, 12) * MINUTE_MS)
        self._later(
            seen,
            lambda at: self._tell(
                order, CrewState.ASSESSING, at, cause=cause if said else None, estimate=estimate and max(estimate, at)
            ),
        )
        self._later(ends, lambda at: self._mended(order, found.device, cause if said else None, at))

    def _mended(self, order: OrderChanged, device: str, cause: str | None, now: int) -> None:
        self._mend(now, device)
        self._later(now + 30_000, lambda at: self._tell(order, CrewState.DONE, at, found=device, cause=cause))

    def _repair_ms(self, draw: random.Random, device: str, cause: str, crew: str, now: int) -> int:
        hour = now // HOUR_MS % 24
        night = NIGHT_FACTOR if hour >= 21 or hour < 6 else 1.0
        pace = random.Random(f"crew {crew}").lognormvariate(0.0, CREW_SIGMA)
        usual = (
            MEDIAN_MIN[self._network.switch(device).kind] * CAUSE_FACTOR[cause] * WEATHER_FACTOR[self._storm.weather]
        )
        return max(5 * MINUTE_MS, round(usual * night * pace * draw.lognormvariate(0.0, REPAIR_SIGMA) * MINUTE_MS))

    def _tell(
        self,
        order: OrderChanged,
        state: CrewState,
        at: int,
        *,
        found: str | None = None,
        cause: str | None = None,
        estimate: int | None = None,
    ) -> None:
        if order.order not in self._tasks:
            return
        if state in {CrewState.DONE, CrewState.REFUSED}:
            del self._tasks[order.order]
        self._say(
            CrewReported(
                id=f"{order.order}-{state}",
                at=from_ms(at),
                exercise=True,
                crew=order.crew,
                status=state,
                order=order.order,
                place=self._at.get(order.crew),
                found=found,
                cause=cause,
                estimate=None if estimate is None else from_ms(estimate),
            )
        )

    # ------------------------------------------------------------------------------------------------------- chance
    def _draw(self, *key: str) -> random.Random:
        return random.Random(f"{self._storm.seed} {' '.join(key)}")

    def _later(self, at: int, do: Callable[[int], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, (at, self._number, do))


def storms_of(network: Network, seeds: Sequence[int], begins_ms: int = BEGINS_MS) -> Iterator[Storm]:
    """Yield the storms of these seeds, a week apart."""
    for place, seed in enumerate(seeds):
        yield storm_of(network, seed, begins_ms + place * 7 * 24 * HOUR_MS)
