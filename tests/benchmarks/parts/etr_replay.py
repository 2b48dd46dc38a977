"""A storm goes through the product's own inference and dispatch, in memory; what was stated of each incident is written down."""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Iterable, Mapping

from schemas.events import CrewReported, EstimatesLearnt, Event, HazardReported, OutageReported
from schemas.topics import CREW_STATUS, OUTAGE_REPORTS, TOPICS, Topic
from services.clock import to_ms
from services.dispatch.entities import Order, OrderRow
from services.dispatch.roster import Roster
from services.dispatch.stage import DispatchStage
from services.engine.deciding import Entities, apply
from services.engine.turn import Emission, Fact, Stage, Turn
from services.estimates.measuring import Past, PastOrder
from services.network import Network
from services.outages.entities import EstimateBasis, Expected, Incident
from services.outages.records import HazardRow, IncidentRow, LedgerRow, PlannedRow
from services.outages.report import LocatedHazard, LocatedReport
from services.outages.stage import CorrelateStage
from tests.benchmarks.parts.etr_world import Storm, World

QUANTUM_MS = 10_000
LASTS_AT_MOST_MS = 6 * 86_400_000
ROUNDS_AN_INSTANT = 300


@dataclasses.dataclass(slots=True)
class Told:
    """What customers could know of an incident: each promise with when it was made and what it rested on, milliseconds."""

    promises: list[tuple[int, int, EstimateBasis]] = dataclasses.field(default_factory=list)
    stated: list[tuple[int, Expected]] = dataclasses.field(default_factory=list)
    cause_at: int | None = None


@dataclasses.dataclass(slots=True)
class Seen:
    """What the product wrote of a storm, as its tables hold it."""

    incidents: dict[str, IncidentRow] = dataclasses.field(default_factory=dict)
    over: dict[str, int] = dataclasses.field(default_factory=dict)
    ledger: dict[str, LedgerRow] = dataclasses.field(default_factory=dict)
    orders: dict[str, Order] = dataclasses.field(default_factory=dict)
    planned: dict[str, list[tuple[int, int]]] = dataclasses.field(default_factory=dict)
    hazards: set[str] = dataclasses.field(default_factory=set)
    told: dict[str, Told] = dataclasses.field(default_factory=dict)
    area: dict[str, str] = dataclasses.field(default_factory=dict)
    left_open: int = 0


@dataclasses.dataclass(slots=True)
class _Shard:
    stage: Stage
    name: str
    entities: Entities
    heard: list[Fact] = dataclasses.field(default_factory=list)
    wake_at: int | None = None


class Replay:
    """One storm with all that belongs to it. `learnt` by area is known from the beginning."""

    def __init__(
        self, network: Network, roster: Roster, storm: Storm, learnt: Mapping[str, EstimatesLearnt] | None = None
    ) -> None:
        self.seen = Seen()
        self._network = network
        self._schedule: list[tuple[int, int, Topic, Event]] = []
        self._number = 0
        self._now = storm.faults[0].at
        self._world = World(network, roster, storm, self._say)
        stages: list[Stage] = [CorrelateStage(network, {}), DispatchStage(roster)]
        self._shards = {
            (stage.name, shard): _Shard(stage, shard, {kind.kind: {} for kind in stage.entities})
            for stage in stages
            for shard in stage.shards()
        }
        for area, event in (learnt or {}).items():
            self._shards["correlate", area].heard.append(Fact(self._now, event.id, event))

    def run(self) -> Seen:
        """Let the storm end; return what was written. Raises RuntimeError when it never ends."""
        begun = self._now
        while (due := self._next()) is not None and due - begun < LASTS_AT_MOST_MS:
            self._now = max(self._now, -(-due // QUANTUM_MS) * QUANTUM_MS)
            rounds = 0
            while self._deliver() or self._round():
                rounds += 1
                if rounds > ROUNDS_AN_INSTANT:
                    raise RuntimeError(f"{self._now} never ends")
        self.seen.left_open = sum(
            isinstance(each, Incident) and each.is_open
            for shard in self._shards.values()
            for each in shard.entities.get(Incident.kind, {}).values()
        )
        return self.seen

    def _next(self) -> int | None:
        due = [each for each in (shard.wake_at for shard in self._shards.values()) if each is not None]
        due += [each for each in [self._world.next_at()] if each is not None]
        due += [self._schedule[0][0]] if self._schedule else []
        due += [self._now] if any(shard.heard for shard in self._shards.values()) else []
        return min(due, default=None)

    def _say(self, event: Event) -> None:
        topic = CREW_STATUS if isinstance(event, CrewReported) else OUTAGE_REPORTS
        self._number += 1
        heapq.heappush(self._schedule, (to_ms(event.at), self._number, topic, event))

    def _deliver(self) -> bool:
        self._world.happen(self._now)
        any_due = False
        while self._schedule and self._schedule[0][0] <= self._now:
            _, _, topic, event = heapq.heappop(self._schedule)
            self._take(topic, event)
            any_due = True
        return any_due

    def _take(self, topic: Topic, event: Event) -> None:
        at = to_ms(event.at)
        if isinstance(event, OutageReported):
            customer = event.customer or ""
            device = self._network.customer_device(customer)
            report = LocatedReport(id=event.id, kind=event.kind, at=at, device=device, customer=customer)
            self._shards["correlate", str(self._network.area_of(customer))].heard.append(Fact(at, event.id, report))
            return
        if isinstance(event, HazardReported):
            assert event.place is not None, "the world knows where danger is"
            danger = LocatedHazard(id=event.id, hazard=event.hazard, at=at, place=event.place, device=event.device)
            area = str(self._network.switch(event.device or "").area)
            self._shards["correlate", area].heard.append(Fact(at, event.id, danger))
            return
        for name in topic.consumers:
            shard = next((self._shards[key] for key in self._shards if key[0] == name), None)
            if shard is not None:
                self._shards[name, shard.stage.shard_of(event)].heard.append(Fact(at, event.id, event))

    def _round(self) -> bool:
        turns = []
        for _, shard in sorted(self._shards.items()):
            if shard.heard or (shard.wake_at is not None and shard.wake_at <= self._now):
                turns.append((shard, shard.heard))
                shard.heard = []
        for shard, heard in turns:
            turn = Turn(shard=shard.name, now=self._now, facts=heard, entities=shard.entities, exercise=True)
            shard.stage.decide(turn)
            shard.wake_at = turn.outcome.wake_at
            apply(shard.entities, turn.outcome)
            self._write(shard.name, turn.outcome.records)
            self._watch(turn.outcome.entities)
            for emission in turn.outcome.events:
                self._publish(emission)
        return bool(turns)

    def _publish(self, emission: Emission) -> None:
        event = emission.event
        if emission.topic.name == "crew.assignments" and hasattr(event, "state"):
            self._world.hear(event, self._now)  # type: ignore[arg-type]
        if isinstance(event, CrewReported):
            raise TypeError("crews speak for themselves")
        if {"correlate", "dispatch"} & set(TOPICS[emission.topic.name].consumers):
            self._take(emission.topic, event)

    def _write(self, shard: str, records: Iterable[object]) -> None:
        seen = self.seen
        for record in records:
            match record:
                case IncidentRow():
                    seen.incidents[record.incident.id] = record
                    seen.area[record.incident.id] = shard
                    if not record.incident.is_open:
                        seen.over.setdefault(record.incident.id, self._now)
                    else:
                        seen.over.pop(record.incident.id, None)
                case LedgerRow():
                    seen.ledger[record.id] = record
                case OrderRow():
                    seen.orders[record.order.id] = record.order
                case PlannedRow():
                    seen.planned.setdefault(record.incident, []).append((record.said_at, record.arrival))
                case HazardRow():
                    if record.hazard.incident is not None:
                        seen.hazards.add(record.hazard.incident)

    def _watch(self, entities: Mapping[tuple[str, str], object]) -> None:
        for incident in entities.values():
            if not isinstance(incident, Incident) or not incident.is_open or not incident.revision:
                continue
            told = self.seen.told.setdefault(incident.id, Told())
            if not told.promises or told.promises[-1][1] != incident.estimate:
                told.promises.append((self._now, incident.estimate, incident.estimate_basis))
            if told.cause_at is None and incident.work is not None and incident.work.cause is not None:
                told.cause_at = self._now
            if incident.expected is not None and (not told.stated or told.stated[-1][1] != incident.expected):
                told.stated.append((self._now, incident.expected))


def pasts_of(seen: Seen) -> list[Past]:
    """Return the incidents of a storm that are over, as `services.estimates.store` reads them from the tables."""
    held: dict[str, list[LedgerRow]] = {}
    for row in seen.ledger.values():
        if not row.voided:
            held.setdefault(row.holder, []).append(row)
    orders: dict[str, list[PastOrder]] = {}
    for order in sorted(seen.orders.values(), key=lambda each: (each.sent_at, each.id)):
        if order.incident is not None and order.work == "repair":
            orders.setdefault(order.incident, []).append(
                PastOrder(
                    crew=order.crew,
                    sent_at=order.sent_at,
                    arrival=order.arrival_estimate,
                    enroute_at=order.enroute_at,
                    arrived_at=order.arrived_at,
                    cause=order.cause,
                )
            )
    return [
        Past(
            id=incident,
            area=seen.area[incident],
            device_class=row.device_class,
            opened_at=row.incident.opened_at,
            over_at=seen.over[incident],
            back_at=max((each.end for each in held.get(incident, ()) if each.end is not None), default=None),
            size=len(held.get(incident, ())),
            hazard=incident in seen.hazards,
            orders=tuple(orders.get(incident, ())),
            planned=tuple(seen.planned.get(incident, ())),
        )
        for incident, row in sorted(seen.incidents.items())
        if incident in seen.over
    ]
