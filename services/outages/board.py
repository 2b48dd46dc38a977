"""What one turn works on: the incidents and windows of the area, the grid as it is switched, and signs of power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from schemas.events import IncidentState
from schemas.ids import derived
from services.outages.entities import (
    Basis,
    EstimateBasis,
    Incident,
    Out,
    Pending,
    Position,
    Supplied,
    Window,
    WindowState,
)
from services.outages.estimate import estimate, goes_before, is_possible, is_worth_telling, rounded
from services.outages.expecting import note_opening
from services.outages.ledger import Ledger
from services.outages.neighbouring import presumable
from services.outages.poles import measured_closed
from services.outages.reasons import Reason
from services.outages.records import Disposed
from services.outages.report import Disposal
from services.outages.scene import may_move
from services.outages.signs import ends
from services.outages.verifying import live_devices

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from services.engine.turn import Turn
    from services.network import Network
    from services.outages.grid import Grid

CONFIRMING_REPORTERS = 3
"""As many customers who reported confirm an incident without a crew."""
REMEMBERED_MS = 14_400_000
"""How long a merged or dismissed incident is remembered, so that its crew's late words find their place."""
REACH_BACK_MS = 86_400_000
"""How far back what is told late may reach: no report older than this takes part."""
FRESH_MS = 900_000
"""A measurement counts against what people and inference say for this long."""
SCADA = "scada"


class Board:
    """The incidents and customers of one area within one turn; everything is read from the turn and written to it."""

    def __init__(self, turn: Turn, grid: Grid) -> None:
        self.turn = turn
        self.now = turn.now
        self.grid = grid
        self._positions = {each.id: each for each in turn.all(Position)}
        self.network: Network = grid.normal
        self.ledger = Ledger(turn, grid, self.network)
        self._look()
        self._incidents = {each.id: each for each in turn.all(Incident)}
        self._windows = {each.id: each for each in turn.all(Window)}
        self._failed: frozenset[str] | None = None
        self._proved: set[tuple[str, int, str]] = set()
        self.why: dict[str, tuple[Reason, set[str]]] = {}
        """Of every incident that something happened to in this turn: the last reason, and the facts it rests on."""
        self.disposed: dict[str, Disposed] = {}
        self._outs_by_head: dict[str, list[tuple[Out, int]]] | None = None
        self.touched: set[str] = set()
        """Devices of which something was heard that may change what is suspected."""
        self.rows: set[str] = set()
        """Incidents of which only what people see changed, and nothing that others are told."""
        self.stirred: dict[str, set[str]] = {}
        """Incidents of whose work there is news, with the facts that bring it."""
        self.hazards: set[str] = set()
        """The dangers of which something is to be published."""

    # ------------------------------------------------------------------------------------------------------ the grid
    def _look(self) -> None:
        self.network = self.grid.normal.present({each.id: each.closed for each in self._positions.values()})
        self.ledger.network = self.network

    def position(self, device: str) -> Position | None:
        """Return how a device stands, as far as anything was heard of it."""
        return self._positions.get(device)

    def positions(self) -> list[Position]:
        """Return the devices of which something was heard, by id."""
        return [self._positions[device] for device in sorted(self._positions)]

    def stand(self, position: Position) -> None:
        """Let a device stand like this from now on."""
        was = self._positions.get(position.id)
        self.turn.put(position)
        self._positions[position.id] = position
        if was is None or was.closed is not position.closed:
            self._look()

    def forget_position(self, position: Position) -> None:
        """Take a device to stand as it normally does."""
        self.turn.remove(position)
        del self._positions[position.id]
        self._look()

    def outs_by_head(self) -> Mapping[str, Sequence[tuple[Out, int]]]:
        """Return who is out by the feeder's head, each with the number of his device; as it was when this was first asked for."""
        if self._outs_by_head is None:
            tree, devices = self.grid.tree(self.network), self.network.devices
            number_behind, head = self.network.number_behind, tree.head
            by_head: dict[int, list[tuple[Out, int]]] = {}
            for out in self.turn.all(Out):
                number = number_behind(out.id)
                by_head.setdefault(head[number], []).append((out, number))
            self._outs_by_head = {str(devices[number].id): outs for number, outs in by_head.items()}
        return self._outs_by_head

    def behind(self, device: str, upper: str) -> bool:
        """Answers whether a device lies behind another one, as the grid is switched; what is no device now, does not."""
        try:
            return self.network.is_behind(device, upper)
        except KeyError:
            return False

    def customers_behind(self, device: str) -> tuple[str, ...]:
        """Return who is behind a device, as the grid is switched; nobody behind what is no device now."""
        try:
            return self.network.customers_behind(device)
        except KeyError:
            return ()

    def path(self, device: str) -> tuple[str, ...]:
        """Return a device and all above it; of what is no device now, itself alone."""
        try:
            return self.network.path_to_source(device)
        except KeyError:
            return (device,)

    def is_device(self, device: str) -> bool:
        """Answers whether this is a device as the grid is switched."""
        return self.behind(device, device)

    def known(self, device: str) -> bool:
        """Answers whether there is such a device or switch in this area."""
        return self.grid.in_area(device, self.turn.shard)

    def shown_closed(self, device: str, at: int, phases: str = "") -> bool:
        """Answers whether a measurement not much older than `at` shows the device closed: then it has not failed.

        `phases`: whether each of these was so measured by itself, which a state of all of them at once does not prove.
        """
        position = self._positions.get(device)
        return position is not None and position.source == SCADA and measured_closed(position, at - FRESH_MS, phases)

    # ----------------------------------------------------------------------------------------------------- incidents
    def incident(self, incident: str) -> Incident | None:
        """Return an incident as this turn has left it."""
        return self._incidents.get(incident)

    def incidents(self) -> list[Incident]:
        """Return the open incidents by id."""
        return [self._incidents[each] for each in sorted(self._incidents) if self._incidents[each].is_open]

    def remembered(self) -> list[Incident]:
        """Return every incident that is not forgotten, by id."""
        return [self._incidents[each] for each in sorted(self._incidents)]

    def keep(self, incident: Incident) -> Incident:
        """Write an incident into the state."""
        was = self._incidents.get(incident.id)
        self.turn.put(incident)
        self._incidents[incident.id] = incident
        if was is not None and may_move(was) and not may_move(incident):
            self.touched.add(was.device)  # what remains to be suspected there is another thing now
        if was is None or was.device != incident.device or was.is_open is not incident.is_open:
            self._failed = None
        return incident

    def forget(self, incident: Incident) -> None:
        """Take an incident out of the state."""
        self.turn.remove(incident)
        del self._incidents[incident.id]
        self._failed = None

    def open(
        self,
        *,
        device: str,
        whole: bool,
        basis: Basis,
        started_at: int,
        reason: Reason,
        facts: Iterable[str],
        state: IncidentState = IncidentState.PREDICTED,
        upstream: str | None = None,
        upstream_back_at: int | None = None,
        publish_at: int = 0,
    ) -> Incident:
        """Open an incident; nobody is out under it yet. It is made known at `publish_at`, milliseconds."""
        rests_on = sorted(facts)
        incident = Incident(
            id=self._free_id(device, started_at, self.now, upstream or "", *rests_on[:1]),
            device=device,
            region=self.grid.spot(device).region,
            state=state,
            reason=reason,
            whole=whole,
            basis=basis,
            opened_at=self.now,
            started_at=started_at,
            estimate=estimate(self.grid.spot(device).device_class, self.now),
            upstream=upstream,
            upstream_back_at=upstream_back_at,
            publish_at=publish_at,
        )
        self.turn.note(incident, incident.state, reason, rests_on)
        self.why[incident.id] = (reason, set(rests_on))
        note_opening(self)
        return self.keep(incident)

    def _free_id(self, *causes: str | int) -> str:
        """Return the id that these causes give; opened anew at the same instant, an incident is another one."""
        name = derived("incident", *causes)
        while self.incident(name) is not None:
            name = derived("incident", name)
        return name

    def change(self, incident: Incident, reason: Reason, facts: Iterable[str] = (), **fields: Any) -> Incident:
        """Change an incident and note why, under its state or, where that stays, under the reason."""
        changed = self.keep(replace(incident, reason=reason, **fields))
        self.turn.note(changed, changed.state, reason, facts)
        self.why[incident.id] = (reason, set(facts))
        return changed

    def quietly(self, incident: Incident, **fields: Any) -> Incident:
        """Keep something in mind that is no transition."""
        return self.keep(replace(incident, **fields))

    def merge(self, incident: Incident, into: Incident, reason: Reason, facts: Iterable[str] = ()) -> None:
        """Let an incident without customers go up in another one."""
        self.change(
            incident,
            reason,
            facts,
            state=IncidentState.MERGED,
            merged_into=into.id,
            check_at=None,
            step_check_at=None,
            leave_at=self.now + REMEMBERED_MS,
        )

    def revise(self, incident: Incident, until: int, basis: EstimateBasis, facts: Iterable[str]) -> bool:
        """Expect power back at another time, if that is worth telling; return whether it is."""
        new = rounded(until)
        if not incident.is_open or not is_possible(until, self.now) or not goes_before(basis, incident.estimate_basis):
            return False
        if not is_worth_telling(new, incident.estimate, basis):
            self.quietly(incident, estimate_basis=basis)
            return False
        self.change(incident, Reason.ESTIMATE_CHANGED, facts, estimate=new, estimate_basis=basis)
        return True

    def bring_out(self, incident: Incident, customers: Iterable[str], reason: Reason) -> None:
        """Put customers out under an incident; those of whom a meter has told meanwhile that power is back are so at once."""
        basis = Basis.SWITCHING if incident.basis is Basis.TELEMETRY else Basis.PRESUMED
        signs: set[tuple[str, int, str]] = set()
        heard = 0
        for customer in presumable(self, incident, customers):
            out = self.ledger.begin(customer, incident, incident.started_at, basis, reason)
            if out is not None and out.reported:
                heard += 1
                for report in out.reports:
                    self.dispose(report, Disposal.COUNTED, Reason.EXPLAINED, incident.id)
            supplied = self.turn.get(Supplied, customer)
            if supplied is not None and out is not None and supplied.since > out.since:
                signs.add((self.ledger.device(customer), supplied.since, customer))
        if heard:
            current = self.incident(incident.id) or incident
            self.quietly(current, heard=current.heard + heard)
        again = {(device, at) for device, at, _ in signs}
        self._proved = {proved for proved in self._proved if proved[:2] not in again}
        for device, at, customer in sorted(signs, key=lambda sign: (sign[1], sign[0], sign[2])):
            self.power_at(device, at, (), speaker=customer)

    def confirm(self, incident: Incident) -> None:
        """Confirm an incident that enough customers have reported."""
        if incident.state is IncidentState.PREDICTED and incident.heard >= CONFIRMING_REPORTERS:
            self.change(incident, Reason.REPORTERS_AGREE, state=IncidentState.CONFIRMED)

    def open_above(self, device: str, besides: str) -> Incident | None:
        """Return the nearest known fault on the way to the source that is not mended, other than `besides`."""
        faults = {
            each.device: each
            for each in reversed(self.incidents())
            if each.id != besides and each.whole and each.check_at is None and not self.closed_again(each)
        }
        return next((faults[step] for step in self.path(device) if step in faults), None)

    def closed_again(self, incident: Incident) -> bool:
        """Answers whether what took the power was an open device that stands closed again."""
        position = self._positions.get(incident.device)
        return incident.switched and position is not None and position.stands_closed(incident.phases)

    # ------------------------------------------------------------------------------------------------------- windows
    def window(self, window: str) -> Window | None:
        """Return a window as this turn has left it."""
        return self._windows.get(window)

    def windows(self, *states: WindowState) -> list[Window]:
        """Return the windows in these states, by id."""
        return [self._windows[each] for each in sorted(self._windows) if self._windows[each].state in states]

    def keep_window(
        self, window: Window, reason: Reason, facts: Iterable[str] = (), *, to: str | None = None
    ) -> Window:
        """Write a window into the state and note why; `to` says what it became, where that is not its state."""
        self.turn.put(window)
        self._windows[window.id] = window
        self._failed = None
        self.turn.note(window, to or window.state, reason, facts)
        return window

    def forget_window(self, window: Window, reason: Reason, facts: Iterable[str] = ()) -> None:
        """Take a window out of the state: it is over."""
        self.turn.note(window, WindowState.OVER, reason, facts)
        self.turn.remove(window)
        del self._windows[window.id]
        self._failed = None

    # ------------------------------------------------------------------------------------------------ signs of power
    def power_at(self, device: str, at: int, facts: Iterable[str], *, speaker: str | None = None) -> bool:
        """Take it as proven that power was back behind this device at `at`; return whether that ended somebody's outage.

        `speaker` is the customer at whom power was seen; None: nobody knows at whom.
        """
        restored: dict[str, None] = {}
        proven = [] if speaker is None else [speaker]
        voice = (device, at, "" if speaker is None else self.network.customer(speaker).phases)
        if voice not in self._proved:
            self._proved.add(voice)
            direct = self.grid.direct(self.network)
            for step in live_devices(self.network, device, self._tops()) or [device]:
                proven += direct.get(step, ())
        for customer in proven:
            out = self.ledger.out(customer)
            if out is not None and out.since < at and ends(self, out, at, speaker):
                self.ledger.end(out, at, Reason.METERS_REPORT_POWER)
                restored[out.holder] = None
        for holder in restored:
            self.came_back(holder, at, Reason.METERS_REPORT_POWER, facts)
        return bool(restored)

    def came_back(self, holder: str, at: int, reason: Reason, facts: Iterable[str]) -> None:
        """Keep in mind that customers of an incident have power again."""
        incident = self.incident(holder)
        if incident is not None:
            first, last = incident.back_at, incident.last_back_at
            self.quietly(
                incident,
                back_at=at if first is None else min(at, first),
                last_back_at=at if last is None else max(at, last),
            )
            known = self.why.get(incident.id)
            if known is not None and known[0] is reason:
                known[1].update(facts)
            else:
                self.why[incident.id] = (reason, set(facts))

    def _tops(self) -> Collection[str]:
        """Return the devices that are taken to have failed, or that work is done behind."""
        if self._failed is None:
            devices = {each.device for each in self._incidents.values() if each.is_open}
            for window in self.windows(WindowState.ACTIVE, WindowState.VERIFYING):
                devices |= {*window.isolates, *window.tops}
            self._failed = frozenset(devices)
        again = {holder for holder, moved in self.ledger.moved.items() if moved > 0} & self._incidents.keys()
        return self._failed | {self._incidents[each].device for each in again}

    # ------------------------------------------------------------------------------------------------------- reports
    def dispose(self, report: str, state: Disposal, reason: Reason, holder: str | None = None) -> None:
        """Say what became of a report; the last word of a turn stands."""
        self.disposed[report] = Disposed(report=report, state=state, reason=reason, holder=holder)

    def pendings(self) -> list[Pending]:
        """Return the customers whose reports are unexplained, by customer, with the devices that feed them now."""
        return [replace(each, device=self.ledger.device(each.id)) for each in self.turn.all(Pending)]

    def holder_of(self, out: Out) -> Incident | Window:
        """Return what holds an outage."""
        holder = self.incident(out.holder) or self.window(out.holder)
        if holder is None:
            raise LookupError(f"{out.id} is out under {out.holder}, which is neither an incident nor a window")
        return holder
