"""From what the rooms' tables say to the rows of incidents and dangers: only rows that something has moved are made anew. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.ids import DeviceId
from services.console.next_step import (
    DangerNow,
    IncidentNow,
    JobNow,
    OrderNow,
    WindowNow,
    next_of_hazard,
    next_of_incident,
)
from services.console.rows import HazardRow, IncidentRow
from services.dispatch.entities import Job, hazard_job
from services.dispatch.priorities import priority_of
from services.dispatch.showing_live import ShownOrder
from services.network.network import Network
from services.outages.entities import OPEN_STATES
from services.outages.showing import Remarked, ShownHazard, ShownIncident, ShownWindow

OVER_SHOWN_MS = 2 * 3_600_000
"""What is over is shown for so long after it changed last."""
_NOTHING_SAID = Remarked(0, None)


class Spot(NamedTuple):
    """Where a device is, and the number painted on it."""

    lon: float
    lat: float
    device_number: str


class Assembly:
    """What is known of incidents, dangers, their jobs and orders; `rows` and `hazard_rows` make of it what is shown."""

    def __init__(self) -> None:
        self.incidents: dict[str, ShownIncident] = {}
        self.hazards: dict[str, ShownHazard] = {}
        self.windows: Sequence[ShownWindow] = ()
        self.positions: Mapping[str, bool] = {}
        self.jobs: dict[str, Job] = {}
        self.orders: dict[str, ShownOrder] = {}
        self.lone: set[str] = set()
        self._reasons: dict[str, str] = {}
        self._orders_of: defaultdict[str, set[str]] = defaultdict(set)
        self._below: defaultdict[str, set[str]] = defaultdict(set)
        self._hazards_at: defaultdict[str, set[str]] = defaultdict(set)
        self._accounts: Mapping[str, int] = {}
        self._remarks: Mapping[str, Remarked] = {}
        self._network: Network | None = None
        self._spots: dict[str, Spot] = {}
        self._dirty: set[str] = set()

    @property
    def open(self) -> list[ShownIncident]:
        """The incidents under which somebody may be out."""
        return [each for each in self.incidents.values() if each.state in OPEN_STATES]

    # -------------------------------------------------------------------------------------------------- what was read
    def stand_on(self, network: Network) -> None:
        """Take this network as the ground; everything is made anew."""
        self._network = network
        self._spots.clear()
        self._dirty.update(self.incidents)

    def forget(self) -> None:
        """Forget incidents, jobs and orders: all of them are told anew."""
        for known in (self.incidents, self.jobs, self.orders, self._reasons, self._orders_of, self._below):
            known.clear()
        self._dirty.clear()

    def hear_incidents(self, found: Iterable[ShownIncident]) -> None:
        """Take in incidents that are new or have changed."""
        for each in found:
            known = self.incidents.get(each.id)
            self.incidents[each.id] = each
            self._dirty.add(each.id)
            if each.upstream is not None:
                self._below[each.upstream].add(each.id)
            if known is None or known.state != each.state:
                self._dirty |= self._below.get(each.id, set()) & self.incidents.keys()

    def hear_hazards(self, found: Iterable[ShownHazard]) -> None:
        """Take these for all the dangers there are."""
        before, self.hazards = self.hazards, {each.id: each for each in found}
        for hazard in before.keys() - self.hazards.keys():
            for order in self._orders_of.pop(hazard, ()):
                del self.orders[order]
        at: defaultdict[str, set[str]] = defaultdict(set)
        for each in self.hazards.values():
            if each.incident is not None and each.state == "reported":
                at[each.incident].add(each.id)
        self._dirty |= {
            incident
            for incident in at.keys() | self._hazards_at.keys()
            if at.get(incident) != self._hazards_at.get(incident)
        }
        self._hazards_at = at

    def hear_windows(self, found: Sequence[ShownWindow]) -> None:
        """Take these for all the planned work under way."""
        if list(found) != list(self.windows):
            self.windows = found
            self._dirty.update(self.incidents)

    def hear_accounts(self, found: Mapping[str, int]) -> None:
        """Take in how many hotline accounts are out under each incident."""
        self._dirty |= _differing(self._accounts, found)
        self._accounts = found

    def hear_remarks(self, found: Mapping[str, Remarked]) -> None:
        """Take in what people remarked."""
        self._dirty |= _differing(self._remarks, found)
        self._remarks = found

    def hear_jobs(self, found: Iterable[Job], reasons: Mapping[str, str]) -> None:
        """Take in jobs that are new or have changed, with the journal's last reasons about jobs."""
        for job in found:
            self.jobs[job.id] = job
            self._reasons[job.id] = reasons.get(job.id, "")
            if job.incident is not None:
                self._dirty.add(job.incident)

    def forget_jobs(self, kept: Collection[str]) -> None:
        """Forget all jobs but these."""
        for job in [self.jobs.pop(job_id) for job_id in self.jobs.keys() - set(kept)]:
            self._reasons.pop(job.id, None)
            if job.incident is not None:
                self._dirty.add(job.incident)

    def hear_orders(self, found: Iterable[ShownOrder]) -> None:
        """Take in orders that are new or have changed."""
        for order in found:
            self.orders[order.order] = order
            self._orders_of[order.incident or order.hazard or ""].add(order.order)
            if order.incident is not None:
                self._dirty.add(order.incident)
            elif (hazard := self.hazards.get(order.hazard or "")) is not None and hazard.incident is not None:
                self._dirty.add(hazard.incident)

    # -------------------------------------------------------------------------------------------------- what is shown
    def forget_old(self, now_ms: int) -> list[str]:
        """Forget the incidents that are over for long, with their orders; return their ids."""
        until = now_ms - OVER_SHOWN_MS
        gone = [
            each.id
            for each in self.incidents.values()
            if each.changed_at_ms <= until and each.state not in OPEN_STATES and each.state != "restored"
        ]
        for incident in gone:
            del self.incidents[incident]
            self._below.pop(incident, None)
            for order in self._orders_of.pop(incident, ()):
                del self.orders[order]
        self._dirty.difference_update(gone)
        return gone

    def dirty(self) -> list[str]:
        """Return the incidents whose rows are to be made anew; from now on they count as made."""
        found = [incident for incident in self._dirty if incident in self.incidents]
        self._dirty.clear()
        return found

    def overdue(self, rows: Iterable[IncidentRow], now_ms: int) -> list[str]:
        """Return the incidents that time alone has made overdue since their rows were made."""
        return [
            row.id
            for row in rows
            if not row.overdue and row.id in self.incidents and _overdue(self.incidents[row.id], now_ms)
        ]

    def row(self, incident: str, now_ms: int) -> IncidentRow:
        """Return the row of an incident as it stands."""
        i = self.incidents[incident]
        job, order = self.jobs.get(i.id), self._active(i.id)
        is_open = i.state in OPEN_STATES
        said = self._remarks.get(i.id, _NOTHING_SAID)
        spot = self._spot(i.device, i.feeder)
        upstream = self.incidents.get(i.upstream or "")
        step = next_of_incident(
            IncidentNow(
                state=i.state,
                reason=i.reason,
                changed_at_ms=i.changed_at_ms,
                job=self._job(job),
                order=_order(order),
                upstream_open=upstream is not None and upstream.state in OPEN_STATES,
                window=self._window(i) if is_open else None,
                danger=self._danger(i.id),
            )
        )
        return IncidentRow(
            id=i.id,
            device=i.device,
            device_class=i.device_class,
            device_number=spot.device_number,
            feeder=i.feeder,
            region=i.region,
            area=i.area,
            lon=spot.lon,
            lat=spot.lat,
            state=i.state,
            reason=i.reason,
            basis=i.basis,
            revision=i.revision,
            changed_at_ms=i.changed_at_ms,
            opened_at_ms=i.opened_at_ms,
            started_at_ms=i.started_at_ms,
            estimate_ms=i.estimate_ms,
            restored_at_ms=i.restored_at_ms,
            customers_out=i.customers_out,
            heard=i.heard,
            life_support=i.life_support,
            important=i.important,
            accounts=self._accounts.get(i.id, 0),
            upstream=i.upstream,
            merged_into=i.merged_into,
            fixed=i.fixed,
            phases=i.phases,
            contradicted=i.contradicted,
            priority=(priority_of(i) if job is None else job.priority).value,
            order=None if order is None else order.order,
            order_state=None if order is None else order.state,
            crew=None if order is None else order.crew,
            arrival_ms=None if order is None else order.arrived_at_ms or order.arrival_estimate_ms,
            held=job is not None and job.held_by is not None,
            cause=said.cause or self._found_cause(i.id),
            remarks=said.remarks,
            next=step.next,
            next_at_ms=step.at_ms,
            next_why=str(step.why),
            uncertain=i.state == "predicted",
            unassigned=is_open and order is None and (job is None or job.state != "done"),
            overdue=_overdue(i, now_ms),
        )

    def hazard_rows(self) -> list[HazardRow]:
        """Return the rows of all dangers."""
        return [self._hazard_row(each) for each in self.hazards.values()]

    def _hazard_row(self, h: ShownHazard) -> HazardRow:
        job, order = self.jobs.get(hazard_job(h.id)), self._active(h.id)
        step = next_of_hazard(h.state, h.reason, self._job(job), _order(order))
        return HazardRow(
            id=h.id,
            kind=h.kind,
            state=h.state,
            reason=h.reason,
            revision=h.revision,
            lon=h.lon,
            lat=h.lat,
            area=h.area,
            region=h.region,
            device=h.device,
            incident=h.incident,
            reports=h.reports,
            reported_at_ms=h.reported_at_ms,
            changed_at_ms=h.changed_at_ms,
            ended_at_ms=h.ended_at_ms,
            crew=None if order is None else order.crew,
            order=None if order is None else order.order,
            order_state=None if order is None else order.state,
            arrival_ms=None if order is None else order.arrived_at_ms or order.arrival_estimate_ms,
            held=job is not None and job.held_by is not None,
            next=step.next,
            next_at_ms=step.at_ms,
            next_why=str(step.why),
        )

    # ------------------------------------------------------------------------------------------------------- the parts
    def _active(self, subject: str) -> ShownOrder | None:
        """Return the active order that leads the work about an incident or a danger."""
        found = (self.orders[order] for order in self._orders_of.get(subject, ()))
        return next((each for each in found if each.ended_at_ms is None and each.assists is None), None)

    def _found_cause(self, incident: str) -> str | None:
        """Return the cause that a crew gave last."""
        told = [self.orders[order] for order in self._orders_of.get(incident, ()) if self.orders[order].cause]
        return max(told, key=lambda each: each.changed_at_ms).cause if told else None

    def _job(self, job: Job | None) -> JobNow | None:
        if job is None:
            return None
        return JobNow(
            state=job.state,
            held=job.held_by is not None,
            told=job.told,
            done_at_ms=job.done_at,
            waits_for_material=job.waits_for_material,
            reason=self._reasons.get(job.id, ""),
        )

    def _danger(self, incident: str) -> DangerNow | None:
        dangers = [self._active(hazard) for hazard in self._hazards_at.get(incident, ())]
        if not dangers:
            return None
        ends = [None if each is None else each.completion_estimate_ms for each in dangers]
        known = [each for each in ends if each is not None]
        return DangerNow(safe_at_ms=max(known) if len(known) == len(ends) else None)

    def _window(self, incident: ShownIncident) -> WindowNow | None:
        """Return the planned work above the incident's device."""
        if not self.windows or self._network is None:
            return None
        try:
            path = set(self._network.path_to_source(incident.device))
        except KeyError:
            path = {DeviceId(incident.device)}
        for window in self.windows:
            if not path.isdisjoint(window.isolates):
                return WindowNow(ends_at_ms=window.ends_at_ms, overrun=window.overrun)
        return None

    def _spot(self, device: str, feeder: str) -> Spot:
        """Return where a device is; of one that the network has no more, the place of its feeder."""
        spot = self._spots.get(device)
        if spot is None:
            spot = self._spots[device] = _spot(self._network, device, feeder)
        return spot


def _spot(network: Network | None, device: str, feeder: str) -> Spot:
    if network is None:
        return Spot(0.0, 0.0, "")
    try:
        switch = network.switch(device)
    except KeyError:
        rows = network.ground.grid.feeders
        home = next((row for row in rows if row.feeder == feeder), rows[0])
        return Spot(home.lon, home.lat, "")
    return Spot(switch.place.lon, switch.place.lat, switch.device_number)


def _order(order: ShownOrder | None) -> OrderNow | None:
    if order is None:
        return None
    return OrderNow(
        state=order.state,
        reason=order.reason,
        sent_at_ms=order.sent_at_ms,
        arrival_ms=order.arrival_estimate_ms,
        completion_ms=order.completion_estimate_ms,
        answer_until_ms=order.answer_until_ms,
    )


def _overdue(incident: ShownIncident, now_ms: int) -> bool:
    return incident.state in OPEN_STATES and incident.customers_out > 0 and incident.estimate_ms < now_ms


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
