"""What one turn works on: the incidents of the area, their changes, and what is published of them when the turn ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from schemas.events import IncidentChanged, IncidentState
from schemas.events import Place as PlaceOnTheWire
from schemas.ids import derived
from schemas.topics import OUTAGE_INCIDENTS
from services.clock import from_ms
from services.outages.entities import (
    Basis,
    Disposed,
    Incident,
    IncidentRow,
    Out,
    Pending,
    Supplied,
    Window,
    WindowState,
)
from services.outages.estimate import estimate
from services.outages.ledger import Delta, Ledger
from services.outages.reasons import Reason
from services.outages.report import Disposal
from services.outages.verifying import QUIET_MS, live_devices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.engine.turn import Turn
    from services.network import Network

MOST_IN_ONE_EVENT = 5_000
"""Customers in one list of one event; more go into further revisions."""
CONFIRMING_REPORTERS = 3
"""As many customers who reported confirm an incident without a crew."""
REMEMBERED_MS = 14_400_000
"""How long a merged or dismissed incident is remembered, so that its crew's late words find their place."""
REACH_BACK_MS = 86_400_000
"""How far back what is told late may reach: no report older than this takes part."""
SUPPLY_MEMORY_MS = 2 * REACH_BACK_MS
"""How long it is remembered since when a customer has power: longer than anything reaches back, also when turns are late."""


class Board:
    """The incidents and customers of one area within one turn.

    `direct` maps devices to the customers who hang on them directly. Everything is read from the turn and written to it.
    """

    def __init__(
        self, turn: Turn, network: Network, accounts: Mapping[str, str], direct: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.turn = turn
        self.now = turn.now
        self.network = network
        self.ledger = Ledger(turn, network, accounts)
        self._direct = direct
        self._why: dict[str, tuple[Reason, set[str]]] = {}
        self._proved: set[tuple[str, int]] = set()

    # ---------------------------------------------------------------------------------------------------- incidents
    def incident(self, incident: str) -> Incident | None:
        """Return an incident as this turn has left it."""
        return self.turn.get(Incident, incident)

    def incidents(self) -> list[Incident]:
        """Return the open incidents by id."""
        return self.turn.all(Incident, lambda each: each.is_open)

    def open(
        self,
        *,
        device: str,
        whole: bool,
        basis: Basis,
        started_at: int,
        reason: Reason,
        facts: Iterable[str],
        upstream: str | None = None,
        upstream_back_at: int | None = None,
    ) -> Incident:
        """Open an incident; nobody is out under it yet."""
        rests_on = sorted(facts)
        incident = Incident(
            id=self._free_id(device, started_at, self.now, upstream or "", *rests_on[:1]),
            device=device,
            state=IncidentState.PREDICTED,
            reason=reason,
            whole=whole,
            basis=basis,
            opened_at=self.now,
            started_at=started_at,
            estimate=estimate(self.network.device(device).device_class, self.now),
            upstream=upstream,
            upstream_back_at=upstream_back_at,
        )
        self.turn.put(incident)
        self.turn.note(incident, incident.state, reason, rests_on)
        self._why[incident.id] = (reason, set(rests_on))
        return incident

    def _free_id(self, *causes: str | int) -> str:
        """Return the id that these causes give; opened anew at the same instant, an incident is another one."""
        name = derived("incident", *causes)
        while self.incident(name) is not None:
            name = derived("incident", name)
        return name

    def change(self, incident: Incident, reason: Reason, facts: Iterable[str] = (), **fields: Any) -> Incident:
        """Change an incident and note why, under its state or, where that stays, under the reason."""
        changed: Incident = replace(incident, reason=reason, **fields)
        self.turn.put(changed)
        self.turn.note(changed, changed.state, reason, facts)
        self._why[incident.id] = (reason, set(facts))
        return changed

    def quietly(self, incident: Incident, **fields: Any) -> Incident:
        """Keep something in mind that is no transition."""
        changed: Incident = replace(incident, **fields)
        self.turn.put(changed)
        return changed

    def merge(self, incident: Incident, into: Incident, reason: Reason, facts: Iterable[str] = ()) -> None:
        """Let an incident without customers go up in another one."""
        self.change(
            incident,
            reason,
            facts,
            state=IncidentState.MERGED,
            merged_into=into.id,
            check_at=None,
            leave_at=self.now + REMEMBERED_MS,
        )

    def bring_out(self, incident: Incident, customers: Iterable[str], reason: Reason) -> None:
        """Put customers out under an incident; those of whom a meter has told meanwhile that power is back are so at once."""
        start = incident.started_at
        signs: set[tuple[str, int]] = set()
        heard = 0
        for customer in customers:
            out = self.ledger.begin(customer, incident, start, Basis.PRESUMED, reason)
            if out is not None and out.reported:
                heard += 1
                for report in out.reports:
                    self.dispose(report, Disposal.COUNTED, Reason.EXPLAINED, incident.id)
            supplied = self.turn.get(Supplied, customer)
            if supplied is not None and out is not None and supplied.since > out.since:
                signs.add((out.device, supplied.since))
        if heard:
            current = self.incident(incident.id) or incident
            self.quietly(current, heard=current.heard + heard)
        self._proved -= signs
        for device, at in sorted(signs, key=lambda sign: (sign[1], sign[0])):
            self.power_at(device, at, ())

    def confirm(self, incident: Incident) -> None:
        """Confirm an incident that enough customers have reported."""
        if incident.state is IncidentState.PREDICTED and incident.heard >= CONFIRMING_REPORTERS:
            self.change(incident, Reason.REPORTERS_AGREE, state=IncidentState.CONFIRMED)

    def open_above(self, device: str, besides: str) -> Incident | None:
        """Return the nearest known fault on the way to the source that is not mended, other than `besides`."""
        faults = {
            each.device: each
            for each in reversed(self.incidents())
            if each.id != besides and each.whole and each.check_at is None
        }
        return next((faults[step] for step in self.network.path_to_source(device) if step in faults), None)

    # ------------------------------------------------------------------------------------------------ signs of power
    def power_at(self, device: str, at: int, facts: Iterable[str]) -> bool:
        """Take it as proven that power was back behind this device at `at`; return whether that ended somebody's outage."""
        if (device, at) in self._proved:
            return False
        self._proved.add((device, at))
        holders = self._holders()
        restored: dict[str, None] = {}
        for step in live_devices(self.network, device, holders):
            for customer in self._direct.get(step, ()):
                out = self.ledger.out(customer)
                if out is not None and out.since < at:
                    self.ledger.end(out, at, Reason.METERS_REPORT_POWER)
                    restored[out.holder] = None
        for holder in restored:
            incident = self.incident(holder)
            if incident is not None:
                back_at = at if incident.back_at is None else min(at, incident.back_at)
                self.quietly(incident, back_at=back_at)
                self._because(incident.id, Reason.METERS_REPORT_POWER, facts)
        return bool(restored)

    def _holders(self) -> set[str]:
        windows = self.turn.all(Window, lambda each: each.state in {WindowState.ACTIVE, WindowState.VERIFYING})
        incidents = self.turn.all(Incident, lambda each: each.is_open or self.ledger.count(each) > 0)
        return {each.device for each in incidents} | {each.device for each in windows}

    def _because(self, incident: str, reason: Reason, facts: Iterable[str]) -> None:
        known = self._why.get(incident)
        if known is not None and known[0] is reason:
            known[1].update(facts)
        else:
            self._why[incident] = (reason, set(facts))

    def dispose(self, report: str, state: Disposal, reason: Reason, holder: str | None = None) -> None:
        """Say what became of a report."""
        self.turn.record(Disposed(report=report, state=state, reason=reason, holder=holder))

    # ------------------------------------------------------------------------------------------------ end of the turn
    def settle(self) -> None:
        """Draw what follows from who is out now, and publish every incident that changed."""
        touched = set(self._why) | set(self.ledger.deltas) | {i for i, moved in self.ledger.moved.items() if moved}
        for incident_id in sorted(touched):
            incident = self.incident(incident_id)
            if incident is not None:
                delta = self.ledger.deltas.get(incident_id, Delta())
                settled = self._settled(incident, bool(delta.back))
                self._publish(settled, delta)

    def _settled(self, incident: Incident, some_back: bool) -> Incident:
        count = self.ledger.count(incident)
        incident = self.quietly(incident, out=count)
        over = not incident.is_open
        reason, facts = self._why.get(incident.id, (Reason.METERS_REPORT_POWER, set[str]()))
        if count and incident.state is IncidentState.RESTORED:
            return self.change(incident, reason, facts, state=IncidentState.PARTIALLY_RESTORED, leave_at=None)
        if count and some_back and incident.state in {IncidentState.PREDICTED, IncidentState.CONFIRMED}:
            return self.change(incident, reason, facts, state=IncidentState.PARTIALLY_RESTORED)
        if count or over:
            return incident
        if incident.back_at is None and incident.done_at is None:
            why = reason if reason is Reason.PLANNED_WORK else Reason.NOBODY_PROVED_OUT
            leave_at = self.now + REMEMBERED_MS
            return self.change(incident, why, facts, state=IncidentState.DISMISSED, check_at=None, leave_at=leave_at)
        leave_at = self.now + QUIET_MS
        return self.change(incident, reason, facts, state=IncidentState.RESTORED, check_at=None, leave_at=leave_at)

    def _publish(self, incident: Incident, delta: Delta) -> None:
        out, back = sorted(delta.out), sorted(delta.back)
        chunks = max(1, -(-len(out) // MOST_IN_ONE_EVENT), -(-len(back) // MOST_IN_ONE_EVENT))
        for chunk in range(chunks):
            part = slice(chunk * MOST_IN_ONE_EVENT, (chunk + 1) * MOST_IN_ONE_EVENT)
            incident = self.quietly(incident, revision=incident.revision + 1)
            self.turn.emit(OUTAGE_INCIDENTS, self.turn.shard, self._event(incident, out[part], back[part]))
        restored_at = self.now if incident.state is IncidentState.RESTORED else None
        self.turn.record(IncidentRow(incident=incident, restored_at=restored_at))

    def _event(self, incident: Incident, out: list[str], back: list[str]) -> IncidentChanged:
        place = self.network.device(incident.device).place
        return IncidentChanged(
            id=derived("incidentChanged", incident.id, incident.revision),
            at=from_ms(self.now),
            exercise=self.turn.exercise,
            incident=incident.id,
            area=self.turn.shard,
            revision=incident.revision,
            state=incident.state,
            device=incident.device,
            place=PlaceOnTheWire(lon=place.lon, lat=place.lat),
            started_at=from_ms(incident.started_at),
            reason=incident.reason,
            customers_out=incident.out,
            out=out,
            restored=back,
            estimate=from_ms(incident.estimate),
            upstream=incident.upstream,
            merged_into=incident.merged_into,
        )

    def leave(self) -> None:
        """Close restored incidents that stayed quiet, and forget what no late word can touch any more."""
        left = self.turn.all(Incident, lambda each: each.leave_at is not None and each.leave_at <= self.now)
        for incident in left:
            if incident.state is IncidentState.RESTORED:
                closed = self.change(incident, Reason.QUIET, state=IncidentState.CLOSED)
                self._publish(closed, Delta())
                self._why.pop(incident.id)
            self.turn.remove(incident)
        if left:
            oldest = min((each.started_at for each in self.incidents()), default=self.now)
            horizon = min(self.now - SUPPLY_MEMORY_MS, oldest)
            for supplied in self.turn.all(Supplied, lambda each: max(each.since, each.ended or 0) < horizon):
                self.turn.remove(supplied)

    def pendings(self) -> list[Pending]:
        """Return the customers whose reports are unexplained, by customer."""
        return self.turn.all(Pending)

    def outs_behind(self, device: str) -> list[Out]:
        """Return who is out behind a device, by customer. O(customers behind it)."""
        found = (self.ledger.out(customer) for customer in self.network.customers_behind(device))
        return [out for out in found if out is not None]
