"""The script of a storm: facts at clock times go through the stage turn by turn, and expectations are read off its state."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.events import (
    DeviceStateReported,
    Event,
    HazardChanged,
    HazardKind,
    IncidentChanged,
    IncidentState,
    LargeCustomerOut,
    OrderChanged,
    OrderState,
    Place,
    Quality,
    ReportKind,
    StateSource,
    SwitchPosition,
    WindowAnnounced,
    WorkCompleted,
    WorkStarted,
)
from services.clock import from_ms
from services.engine.deciding import Entities, apply, canonical, encoded
from services.engine.turn import Fact, Record, Turn
from services.outages.entities import Incident, Out
from services.outages.records import Disposed, Held, LedgerRow
from services.outages.report import LocatedHazard, LocatedReport
from services.outages.stage import CorrelateStage
from services.outages.stretches import LASTING_MS
from tests.outages.town import device_id, name_of, town

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.network import Network

MIDNIGHT = 1_772_323_200_000
"""2026-03-01T00:00:00Z, where the clock times of a script begin."""


def clock(time: str) -> int:
    """Return the milliseconds since the epoch of a script's clock time, `06:10` or `06:10:30`."""
    hours, minutes, *seconds = (int(part) for part in time.split(":"))
    return MIDNIGHT + ((hours * 60 + minutes) * 60 + sum(seconds)) * 1000


def tiles(row: LedgerRow) -> bool:
    """Answers whether the parts of an interruption tile it, with short returns of power only in between."""
    parts = row.parts
    joined = all(before.until == after.at for before, after in itertools.pairwise(parts))
    ends = (parts[0].at, parts[-1].until) == (row.start, row.end)
    powered = [place for place, part in enumerate(parts) if part.powered]
    inside = all(0 < place < len(parts) - 1 for place in powered)
    short = all((parts[place].until or 0) - parts[place].at < LASTING_MS for place in powered)
    return joined and ends and inside and short and (row.end is not None or parts[-1].holder == row.holder)


class Storm:
    """Facts in, decisions out. `resumed`: the state goes through its stored form before every turn."""

    def __init__(
        self,
        network: Network | None = None,
        accounts: Mapping[str, str] | None = None,
        *,
        resumed: bool = False,
        reclosing_s: float = 60,
    ) -> None:
        self.network = network or town()
        self.stage = CorrelateStage(self.network, accounts or {}, reclosing_s=reclosing_s)
        self.now = MIDNIGHT
        self.ledger: dict[str, LedgerRow] = {}
        self.held: dict[str, str] = {}
        self.events: list[Event] = []
        self.reasons: list[tuple[str, str, str, str]] = []
        self.reports: dict[str, Disposed] = {}
        self.outcomes: list[bytes] = []
        self.journal: set[str] = set()
        self.turns: list[tuple[int, list[Fact]]] = []
        self.records: list[list[Record]] = []
        self._resumed = resumed
        self._entities: Entities = {kind.kind: {} for kind in self.stage.entities}
        self._facts: list[Fact] = []
        self._wake_at: int | None = None
        self._numbers = itertools.count(1)

    # ------------------------------------------------------------------------------------------------------- script
    def at(self, time: str) -> Storm:
        """Decide what is due up to this time, then stand at it."""
        self._flush()
        target = clock(time)
        while self._wake_at is not None and self._wake_at <= target:
            self._decide(self._wake_at, [])
        self.now = target
        return self

    def report(self, kind: ReportKind, customers: Iterable[str], at: int, *, ids: Iterable[str] | None = None) -> Storm:
        """Have customers, or their meters, report something observed at this time."""
        for customer, name in zip(customers, ids or itertools.repeat(""), strict=False):
            report = LocatedReport(
                id=name or f"{kind}-{customer}-{at}-{next(self._numbers)}",
                kind=kind,
                customer=customer,
                device=self.network.customer_device(customer),
                at=at,
            )
            self._facts.append(Fact(at, report.id, report))
        return self

    def gasp(self, *customers: str, lost: str) -> Storm:
        """Have meters tell that they lost power."""
        return self.report(ReportKind.LAST_GASP, customers, clock(lost))

    def call(self, *customers: str) -> Storm:
        """Have customers call now."""
        return self.report(ReportKind.CALL, customers, self.now)

    def power(self, *customers: str, since: str) -> Storm:
        """Have meters tell that power is back."""
        return self.report(ReportKind.POWER_RESTORED, customers, clock(since))

    def everybody(self, *devices: str, besides: Iterable[str] = ()) -> list[str]:
        """Return the customers behind devices, some left out."""
        behind = sorted(c for name in devices for c in self.network.customers_behind(device_id(name)))
        return [customer for customer in behind if customer not in set(besides)]

    def done(self, incident: Incident, *, found: str | None, at: str) -> Storm:
        """Have the crew sent to an incident be done."""
        return self.crew(incident, OrderState.DONE, found=found, at=at)

    def crew(self, incident: Incident, state: OrderState, *, found: str | None = None, at: str, **more: Any) -> Storm:
        """Have the news of an order come."""
        event = OrderChanged(
            id=f"order-{incident.id}-{state}-{at}",
            at=from_ms(clock(at)),
            order=f"order-{incident.id}",
            crew="C1",
            incident=incident.id,
            area="A1",
            device=incident.device,
            place=Place(lon=8.0, lat=50.0),
            state=state,
            reason="script",
            found=None if found is None else device_id(found),
            **more,
        )
        return self.say(event)

    def state(
        self,
        device: str,
        position: str,
        *,
        at: str,
        source: StateSource = StateSource.SCADA,
        quality: Quality = Quality.GOOD,
        phases: str = "ABC",
    ) -> Storm:
        """Have the state of a device come."""
        event = DeviceStateReported(
            id=f"state-{device}-{at}-{position}-{source}{phases.removeprefix('ABC')}".replace(":", ""),
            at=from_ms(clock(at)),
            device=device_id(device),
            position=SwitchPosition(position),
            source=source,
            quality=quality,
            phases=phases,
        )
        return self.say(event)

    def hint(self, name: str, device: str, *candidates: str, kind: ReportKind = ReportKind.CALL) -> Storm:
        """Have a report come that names no one customer, but a device or several customers."""
        report = LocatedReport(
            id=name,
            kind=kind,
            at=self.now,
            device=device_id(device),
            candidates=tuple((customer, self.network.customer_device(customer)) for customer in candidates),
        )
        self._facts.append(Fact(report.at, report.id, report))
        return self

    def hazard(
        self, name: str, kind: HazardKind, lon: float, *, device: str | None = None, customer: str | None = None
    ) -> Storm:
        """Have danger be reported at a place on the town's street, by a customer if one is named."""
        where, place = None if device is None else device_id(device), Place(lon=lon, lat=50.0)
        report = LocatedHazard(id=name, hazard=kind, at=self.now, place=place, device=where, customer=customer)
        self._facts.append(Fact(report.at, report.id, report))
        return self

    def hazards(self) -> list[HazardChanged]:
        """Return what was published of dangers."""
        self._flush()
        return [event for event in self.events if isinstance(event, HazardChanged)]

    def parts(self, customer: str) -> list[tuple[int, int | None, str, bool]]:
        """Return the parts of a customer's interruptions: from, until, what holds it (an incident's device), powered."""
        self._flush()
        rows = sorted(
            (r for r in self.ledger.values() if r.customer == customer and not r.voided), key=lambda r: r.start
        )
        return [(p.at, p.until, self._held(p.holder_kind, p.holder), p.powered) for row in rows for p in row.parts]

    def _held(self, kind: str, holder: str) -> str:
        devices = [e.device for e in self.events if isinstance(e, IncidentChanged) and e.incident == holder]
        return name_of(devices[-1]) if kind == "incident" and devices else kind

    def noted(self, kind: str, subject: str) -> list[tuple[str, str]]:
        """Return what became of a subject and why, in order."""
        self._flush()
        return [(to, str(reason)) for k, i, to, reason in self.reasons if (k, i) == (kind, subject)]

    def planned_work(self, window: str, *, behind: str, until: str) -> Storm:
        """Announce planned work."""
        begins, ends = from_ms(self.now), from_ms(clock(until))
        return self.say(
            WindowAnnounced(
                id=f"announced-{window}",
                at=begins,
                window=window,
                isolates=[device_id(behind)],
                starts_at=begins,
                ends_at=ends,
            )
        )

    def work_started(self, window: str, *, behind: str, at: str) -> Storm:
        """Tell that a window's isolation point was opened."""
        moment = from_ms(clock(at))
        return self.say(WorkStarted(id=f"started-{window}", at=moment, window=window, isolates=[device_id(behind)]))

    def work_completed(self, window: str, *, behind: str, at: str) -> Storm:
        """Tell that a window's work is complete."""
        moment = from_ms(clock(at))
        return self.say(WorkCompleted(id=f"completed-{window}", at=moment, window=window, isolates=[device_id(behind)]))

    def say(self, event: Event) -> Storm:
        """Have an event come."""
        return self.hear(Fact(int(event.at.timestamp() * 1000), event.id, event))

    def hear(self, fact: Fact) -> Storm:
        """Have a fact come."""
        self._facts.append(fact)
        return self

    # ------------------------------------------------------------------------------------------------- expectations
    def incidents(self) -> list[Incident]:
        """Return the open incidents, by device."""
        self._flush()
        found = [each for each in self._entities[Incident.kind].values() if isinstance(each, Incident) and each.is_open]
        return sorted(found, key=lambda each: each.device)

    def known(self) -> list[Incident]:
        """Return every incident that is remembered, by id."""
        self._flush()
        found = self._entities[Incident.kind].values()
        return sorted((each for each in found if isinstance(each, Incident)), key=lambda each: each.id)

    def incident(self, device: str) -> Incident:
        """Return the one open incident at a device; fails when there is none."""
        found = [each for each in self.incidents() if each.device == device_id(device)]
        assert len(found) == 1, f"open incidents at {[name_of(each.device) for each in self.incidents()]}, not {device}"
        return found[0]

    def state_of(self, incident: Incident) -> IncidentState:
        """Return the state that was last published of an incident."""
        self._flush()
        changes = [e for e in self.events if isinstance(e, IncidentChanged) and e.incident == incident.id]
        return changes[-1].state

    def open_at(self) -> list[str]:
        """Return the devices of the open incidents."""
        return [name_of(each.device) for each in self.incidents()]

    def out(self) -> set[str]:
        """Return who is out."""
        self._flush()
        return set(self._entities[Out.kind])

    def told_restored(self) -> set[str]:
        """Return who was ever listed as having power again."""
        self._flush()
        return {c for e in self.events if isinstance(e, IncidentChanged) for c in e.restored}

    def told_out(self) -> list[str]:
        """Return who was listed as out, as often as it happened."""
        self._flush()
        return sorted(c for e in self.events if isinstance(e, IncidentChanged) for c in e.out)

    def called_out(self) -> list[LargeCustomerOut]:
        """Return what was told to the hotline of large customers without power."""
        self._flush()
        return [event for event in self.events if isinstance(event, LargeCustomerOut)]

    def stretches(self, customer: str) -> list[tuple[int, int | None, bool]]:
        """Return a customer's interruptions: start, end (milliseconds), planned."""
        self._flush()
        return sorted(
            (row.start, row.end, row.planned)
            for row in self.ledger.values()
            if row.customer == customer and not row.voided
        )

    def disposal(self, kind: ReportKind, customer: str) -> list[tuple[str, str]]:
        """Return state and reason of a customer's reports of a kind, in the order of their ids."""
        self._flush()
        prefix = f"{kind}-{customer}-"
        return [(d.state, d.reason) for i, d in sorted(self.reports.items()) if i.startswith(prefix)]

    def because(self, incident: Incident) -> list[tuple[str, str]]:
        """Return the states an incident went through, with their reasons."""
        self._flush()
        return [(to, reason) for kind, i, to, reason in self.reasons if kind == "incident" and i == incident.id]

    def quiet(self) -> Storm:
        """Decide whatever is still due, until nothing is."""
        self._flush()
        while self._wake_at is not None:
            self.now = self._wake_at
            self._decide(self._wake_at, [])
        return self

    # ------------------------------------------------------------------------------------------------------ machinery
    def _flush(self) -> None:
        if self._facts:
            facts, self._facts = self._facts, []
            self._decide(self.now, facts)

    def turn(self, now: int, facts: list[Fact]) -> None:
        """Decide one turn."""
        self.now = now
        self._decide(now, facts)

    def _decide(self, now: int, facts: list[Fact]) -> None:
        if self._resumed:
            self._entities = {
                kind.kind: {i: msgspec.json.decode(encoded(e), type=kind) for i, e in self._entities[kind.kind].items()}
                for kind in self.stage.entities
            }
        self.turns.append((now, facts))
        turn = Turn(shard="A1", now=now, facts=facts, entities=self._entities)
        self.stage.decide(turn)
        outcome = turn.outcome
        apply(self._entities, outcome)
        self._wake_at = outcome.wake_at
        self.outcomes.append(canonical(outcome))
        self.events += [emission.event for emission in outcome.events]
        for entry in outcome.journal:
            assert entry.id not in self.journal, f"noted twice: {entry}"
            self.journal.add(entry.id)
            self.reasons.append((entry.subject_kind, entry.subject, entry.to, entry.reason))
        self.records.append(outcome.records)
        for record in outcome.records:
            if isinstance(record, LedgerRow):
                self.ledger[record.id] = record
            elif isinstance(record, Held):
                self.held[record.interruption] = record.holder
            elif isinstance(record, Disposed):
                self.reports[record.report] = record
        self._check()

    def _check(self) -> None:
        """What must hold after every turn: events once, interruptions apart, ledger and state agreed."""
        ids = [event.id for event in self.events]
        assert len(set(ids)) == len(ids)
        rows: dict[str, list[tuple[int, float]]] = {}
        for row in self.ledger.values():
            if not row.voided:
                assert self.held.get(row.id) == row.holder, f"the history of {row.id} ends with {self.held.get(row.id)}"
                end = float("inf") if row.end is None else row.end
                assert row.start < end
                assert tiles(row), row
                rows.setdefault(row.customer, []).append((row.start, end))
        for customer, stretches in rows.items():
            for (_, end), (start, _) in itertools.pairwise(sorted(stretches)):
                assert end <= start, f"{customer} is out twice at once"
        lasting = {row.customer: row for row in self.ledger.values() if row.end is None and not row.voided}
        outs = {i: e for i, e in self._entities[Out.kind].items() if isinstance(e, Out)}
        assert set(lasting) == set(outs)
        for customer, out in outs.items():
            row = lasting[customer]
            assert (row.id, row.start, row.holder) == (out.interruption, out.start, out.holder)
        for incident in self._entities[Incident.kind].values():
            assert isinstance(incident, Incident)
            held = sum(out.holder == incident.id for out in outs.values())
            assert incident.out == held
            assert incident.is_open == bool(held)
            assert incident.started_at <= incident.opened_at
