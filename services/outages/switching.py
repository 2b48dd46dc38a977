"""What states of devices mean: which of them count, who is without power by them, and who may be fed again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import DeviceStateReported, IncidentState, Quality, StateSource, SwitchPosition
from schemas.ids import derived
from services.clock import to_ms
from services.outages.board import FRESH_MS, REACH_BACK_MS, SCADA
from services.outages.entities import Basis, Blink, Incident, Pending, Position, Supplied, WindowState
from services.outages.gathering import HOLD_MS, NEAR_LOSS_MS
from services.outages.phasing import is_cut_off, mixed, opened, phases, stayed_open
from services.outages.poles import cut_off, may_be_cut_off, told
from services.outages.reasons import Reason
from services.outages.reconciling import absorb
from services.outages.settling import dismiss
from services.outages.stretches import Momentary
from services.outages.verifying import WAIT_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.network import Network
    from services.outages.board import Board

RECLOSING_MS = 60_000
"""A device that closes again within this time has reclosed, unless the utility says otherwise: nothing is taken to have failed."""
WORK = "work"
"""The source of positions that follow from notices of planned work."""


def hear_state(board: Board, fact: str, event: DeviceStateReported, reclosing_ms: int = RECLOSING_MS) -> None:
    """Take the state of a device into account, if it counts; what opens is looked at again after `reclosing_ms`."""
    at = min(to_ms(event.at), board.now)
    closed = event.position is SwitchPosition.CLOSED
    if not board.known(event.device):
        board.turn.note((Position.kind, event.device), "stays", Reason.NETWORK_CHANGED, [fact])
        return
    standing = board.position(event.device)
    doubt = _doubt(board, event, standing, at, closed=closed)
    if doubt is not None:
        board.turn.note((Position.kind, event.device), "stays", doubt, [fact])
        return
    switch = board.grid.normal.switch(event.device)
    measured = _measured(event, switch.phases)
    stands, poles = told(standing, measured, switch.phases, at, closed=closed, usual=switch.normally_closed)
    # A state of some phases only is not one of the device, unless that stands another way by it.
    in_part = standing is not None and measured != switch.phases and stands is standing.closed
    since = standing.at if standing is not None and in_part else at
    position = Position(id=event.device, closed=stands, source=event.source, at=since, fact=fact, poles=poles)
    was, now = (opened(board, event.device, each) for each in (standing, position))
    reason = Reason.TOLD_CLOSED if closed else Reason.TOLD_OPEN
    if was == now:
        board.turn.note(position, "stays", reason, [fact])
        _again(board, position, standing)
        if closed and event.source is StateSource.SCADA:
            _clear_of_blame(board, fact, event.device, at)
        return
    board.turn.note(position, event.position, reason, [fact])
    if was - now:
        _close(board, fact, position, standing, was - now, at)
    else:
        blinks = () if standing is None else standing.blinks
        board.stand(replace(position, check_at=at + reclosing_ms, blinks=blinks))


def _measured(event: DeviceStateReported, carried: str) -> str:
    """Return of which phases of a device a state is."""
    return "".join(phase for phase in carried if phase in event.phases)


def _again(board: Board, position: Position, standing: Position | None) -> None:
    """Keep in mind that a device still stands as it did; what stands open does so since it opened."""
    if standing is None:
        board.stand(position)
        return
    source = SCADA if SCADA in {standing.source, position.source} else position.source
    at = position.at if position.closed else standing.at
    board.stand(replace(standing, source=source, at=at, poles=position.poles))


def _doubt(
    board: Board, event: DeviceStateReported, standing: Position | None, at: int, *, closed: bool
) -> Reason | None:
    """Return why a state does not count, or None."""
    carried = board.grid.normal.switch(event.device).phases
    measured = _measured(event, carried)
    if event.source is StateSource.COMMAND:
        return Reason.ONLY_COMMANDED
    if event.quality is not Quality.GOOD:
        return Reason.DOUBTFUL_QUALITY
    if not measured:
        return Reason.PARTIAL_PHASES
    poles = [] if standing is None else [pole for pole in standing.poles if pole.phase in measured]
    known = [*(pole.at for pole in poles), *([] if standing is None else [standing.at])]
    if at < max([board.now - REACH_BACK_MS, *known]):
        return Reason.OLDER_STATE
    if standing is None or standing.source != SCADA or event.source is StateSource.SCADA:
        return None
    # A measurement of all phases at once does not say how a single one stands: there a person is believed.
    stood = [(pole.closed, pole.at) for pole in poles]
    stood += [(standing.closed, standing.at)] if measured == carried or not standing.closed else []
    fresh = [was for was, when in stood if at - when <= FRESH_MS]
    return Reason.CONTRADICTS_TELEMETRY if fresh and closed not in fresh else None


def work_stands(board: Board, fact: str, isolates: Iterable[str], at: int, *, closed: bool) -> None:
    """Let isolation points stand as planned work has them, where nothing newer, or measured and fresh, says otherwise."""
    for isolate in isolates:
        standing = board.position(isolate)
        measured = standing is not None and standing.source == SCADA and at - standing.at <= FRESH_MS
        if standing is None or (standing.at <= at and not measured):
            board.stand(Position(id=isolate, closed=closed, source=WORK, at=at, fact=fact))


# ------------------------------------------------------------------------------------------------------------- closing
@dataclass(slots=True)
class Feeding:
    """Who is fed around every known fault, in one state of the grid."""

    network: Network
    faults: frozenset[str]
    lone: dict[str, Incident]
    """The incidents under which only who reported is out, or who is on some phases."""
    poles: dict[str, str]
    """The phases in which devices stand open that let power pass in others."""
    _fed: dict[str, bool] = field(default_factory=dict)

    def feeds(self, customer: str, holder: str) -> bool:
        """Answers whether the customer is fed, given what holds his outage."""
        device = self.network.customer_device(customer)
        fed = self._fed.get(device)
        if fed is None:
            fed = self.network.is_fed(device) and self.faults.isdisjoint(self.network.path_to_source(device))
            self._fed[device] = fed
        if not fed:
            return False
        path = self.network.path_to_source(device)
        phases = self.network.customer(customer).phases
        if any(cut_off(phases, self.poles[step]) for step in path if step in self.poles):
            return False
        lone = self.lone.get(holder)
        if lone is None or lone.device not in path:
            return True
        by_poles = bool(lone.phases) and lone.switched
        return by_poles and not may_be_cut_off(phases, self.poles.get(lone.device, ""))


def feeding(board: Board) -> Feeding:
    """Return who is fed now."""
    open_incidents = board.incidents()
    faults = {each.device for each in open_incidents if each.whole and not board.closed_again(each)}
    for window in board.windows(WindowState.ACTIVE, WindowState.VERIFYING):
        faults |= set(window.isolates)
    network = board.network
    if any(network.positions.values()):
        # A tie is closed: what has failed interrupts, though nobody said that it stands open.
        standing = {each.id: each.closed for each in board.positions()}
        network = board.grid.normal.present({**standing, **dict.fromkeys(sorted(faults), False)})
    lone = {each.id: each for each in open_incidents if not each.whole}
    poles = {each.id: each.open_phases for each in board.positions() if each.open_phases}
    return Feeding(network, frozenset(faults), lone, poles)


def _close(
    board: Board, fact: str, position: Position, standing: Position | None, closing: frozenset[str], at: int
) -> None:
    """Let a device close: reclosed, nothing had failed; after longer, who may be fed again gets power on signs of it."""
    device = position.id
    before = feeding(board)
    upper = board.path(device)[1:2]
    blink = None if standing is None else _blink(standing, position, closing, at)
    if standing is not None and blink is not None:
        board.stand(replace(position, check_at=board.now + WAIT_MS, blinks=(*standing.blinks, blink)))
        board.turn.note(position, "reclosed", Reason.RECLOSED, [fact])
    else:
        board.stand(position)
    mixed(board, fact, position)
    _end_isolation(board, fact, device)
    after = feeding(board)
    lost = [out for out in board.ledger.outs() if out.since < at]
    newly = (out for out in lost if after.feeds(out.id, out.holder) and not before.feeds(out.id, out.holder))
    for holder in sorted({out.holder for out in newly}):
        incident, window = board.incident(holder), board.window(holder)
        if incident is not None:
            board.change(incident, Reason.SWITCHED_BACK, [fact], step_at=at, step_check_at=board.now + WAIT_MS)
        elif window is not None and window.state is WindowState.ACTIVE:
            stepped = replace(window, step_at=at, step_check_at=board.now + WAIT_MS)
            board.keep_window(stepped, Reason.SWITCHED_BACK, [fact], to="switched")
    _believe_claims(board, fact)
    if not board.is_device(device):
        _move_up(board, fact, device, upper)


def _blink(standing: Position, position: Position, closing: frozenset[str], at: int) -> Blink | None:
    """Return for how long poles that close again so soon were open; None: it was no reclosing."""
    if standing.check_at is None:
        return None
    if not standing.closed:
        return Blink(standing.at, at, "".join(sorted(closing)) if position.open_phases else "")
    since = [pole.at for pole in standing.poles if not pole.closed and pole.phase in closing]
    return Blink(max(since), at, "".join(sorted(closing))) if since else None


def _end_isolation(board: Board, fact: str, device: str) -> None:
    """Take it that a device isolates no work any more: it was seen to close before the work was complete."""
    for window in board.windows(WindowState.ACTIVE):
        if device in window.isolates:
            left = tuple(each for each in window.isolates if each != device)
            ended = replace(window, isolates=left, awaited=tuple(sorted({*window.awaited, device})))
            board.keep_window(ended, Reason.ISOLATION_CLOSED, [fact], to="switched")


def _believe_claims(board: Board, fact: str) -> None:
    """Count the messages of meters that power is back which came before the news of the switching."""
    for out in board.ledger.outs():
        supplied = board.turn.get(Supplied, out.id)
        device = board.ledger.device(out.id)
        if supplied is None or supplied.claimed is None:
            continue
        if board.network.is_fed(device) and not is_cut_off(board, out.id):
            claimed = supplied.claimed
            board.turn.put(replace(supplied, since=max(supplied.since, claimed), spoken_at=claimed, claimed=None))
            board.power_at(device, claimed, [fact], speaker=out.id)


def _move_up(board: Board, fact: str, device: str, upper: Sequence[str]) -> None:
    """Find another place for incidents at a switch that is no device any more since it is closed."""
    for incident in board.incidents():
        if incident.device == device and upper:
            board.change(incident, Reason.SWITCHED_BACK, [fact, device], device=upper[0], whole=False, switched=False)


def _clear_of_blame(board: Board, fact: str, device: str, at: int) -> None:
    """Take inference back that opened a device which a measurement soon after the loss shows closed.

    A later one may be of a device that was mended and closed again.
    """
    for incident in board.incidents():
        soon = incident.started_at <= at <= incident.started_at + FRESH_MS
        blamed = incident.whole or bool(incident.phases)
        if incident.device != device or not blamed or not soon:
            continue
        if incident.phases and not board.shown_closed(device, incident.started_at, incident.phases):
            continue
        settled = incident.found or incident.fixed or incident.switched or incident.upstream is not None
        if settled or incident.back_at is not None:
            continue
        for out in board.ledger.held_by(incident):
            if out.reported:
                board.ledger.doubt(out, board.now - HOLD_MS, Reason.TELEMETRY_SHOWS_CLOSED)
            else:
                board.ledger.void(out, Reason.TELEMETRY_SHOWS_CLOSED)
        dismiss(board, board.incident(incident.id) or incident, Reason.TELEMETRY_SHOWS_CLOSED, {fact})


# ------------------------------------------------------------------------------------------------- what stays as it is
def check_positions(board: Board) -> None:
    """Draw the conclusion of every device that was told of a while ago: it stayed open, or it had only reclosed."""
    for position in board.positions():
        if position.check_at is not None and position.check_at <= board.now:
            board.stand(replace(position, check_at=None, blinks=()))
            if position.closed:
                _enter_blinks(board, position)
                if position.open_phases:
                    stayed_open(board, position)
            else:
                _stayed_open(board, position)


def _enter_blinks(board: Board, position: Position) -> None:
    """Enter the momentary losses of those behind a device whom nothing else has taken out meanwhile."""
    waiting = {each.id for each in board.turn.all(Pending)}
    behind = [each for each in board.customers_behind(position.id) if each not in waiting]
    for blink in position.blinks:
        since, until = blink.at, blink.until
        momentary = Momentary(id=derived("momentary", position.id, since))
        board.turn.note((Momentary.kind, momentary.id), "over", Reason.RECLOSED, [position.fact])
        for customer in behind:
            concerned = not blink.phases or cut_off(phases(board, customer), blink.phases)
            if concerned and board.ledger.out(customer) is None and until > since:
                board.ledger.brief(customer, momentary, since, until)


def _stayed_open(board: Board, position: Position) -> None:
    """Open an incident wherever an open device leaves somebody without power whom nothing explains."""
    opened = [each for each in board.positions() if not each.closed and each.check_at is None]
    found = False
    for each in sorted(opened, key=lambda one: (len(board.path(one.id)), one.id)):
        found |= _explain_by(board, each.id, position)
    if not found:
        board.turn.note(position, "stays", Reason.STAYED_OPEN, [position.fact])


def _explain_by(board: Board, device: str, told: Position) -> bool:
    """Open an incident at a device that stands open, or let the one that is there be confirmed, if somebody is out by it."""
    dark = [each for each in board.customers_behind(device) if board.ledger.out(each) is None]
    own = next((each for each in board.incidents() if each.device == device and not each.phases), None)
    below = [each for each in board.incidents() if each.device == device and each.phases]
    below += [
        each
        for each in board.incidents()
        if each is not own
        and each not in below
        and board.behind(each.device, device)
        and abs(each.started_at - told.at) <= NEAR_LOSS_MS
        and not (each.found or each.fixed or each.switched or each.upstream)
    ]
    if own is None and not dark and not below:
        return False
    if own is not None and own.switched and not dark:
        return False
    facts = [told.fact]
    if own is None:
        incident = board.open(
            device=device,
            whole=True,
            basis=Basis.TELEMETRY,
            started_at=told.at,
            reason=Reason.DEVICE_OPEN,
            facts=facts,
            state=IncidentState.CONFIRMED,
        )
    else:
        incident = board.change(own, Reason.DEVICE_OPEN, facts, state=_confirmed(own), whole=True)
    incident = board.quietly(incident, switched=True)
    for each in below:
        absorb(board, board.incident(incident.id) or incident, each, Reason.DEVICE_OPEN, facts)
    incident = board.incident(incident.id) or incident
    for out in board.ledger.held_by(incident):
        if told.at < out.since <= told.at + NEAR_LOSS_MS:
            board.ledger.start_earlier(out, told.at)
    board.bring_out(incident, dark, Reason.DEVICE_OPEN)
    return True


def _confirmed(incident: Incident) -> IncidentState:
    return IncidentState.CONFIRMED if incident.state is IncidentState.PREDICTED else incident.state
