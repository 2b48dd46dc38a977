"""What states of devices mean: which of them count, who is without power by them, and who may be fed again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import DeviceStateReported, IncidentState, Quality, StateSource, SwitchPosition
from schemas.ids import derived
from services.clock import to_ms
from services.outages.board import FRESH_MS, REACH_BACK_MS, SCADA
from services.outages.entities import Basis, Incident, Pending, Position, Supplied, WindowState
from services.outages.gathering import HOLD_MS, NEAR_LOSS_MS
from services.outages.inferring import absorb, again_now
from services.outages.reasons import Reason
from services.outages.settling import dismiss
from services.outages.stretches import Momentary
from services.outages.verifying import WAIT_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.network import Network
    from services.outages.board import Board

RECLOSING_MS = 60_000
"""A device that closes again within this time has reclosed: nothing is taken to have failed."""
WORK = "work"
"""The source of positions that follow from notices of planned work."""
_WHOLE = frozenset("ABC")


def hear_state(board: Board, fact: str, event: DeviceStateReported) -> None:
    """Take the state of a device into account, if it counts."""
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
    was_closed = _stands_closed(board, event.device)
    position = Position(id=event.device, closed=closed, source=event.source, at=at, fact=fact)
    reason = Reason.TOLD_CLOSED if closed else Reason.TOLD_OPEN
    if was_closed is closed:
        board.turn.note(position, "stays", reason, [fact])
        _again(board, position, standing)
        if closed and event.source is StateSource.SCADA:
            _clear_of_blame(board, fact, event.device, at)
        return
    board.turn.note(position, event.position, reason, [fact])
    if closed:
        _close(board, fact, position, standing)
    else:
        blinks = () if standing is None else standing.blinks
        board.stand(replace(position, check_at=at + RECLOSING_MS, blinks=blinks))


def _again(board: Board, position: Position, standing: Position | None) -> None:
    """Keep in mind that a device still stands as it did; what stands open does so since it opened."""
    if standing is None:
        board.stand(position)
        return
    source = SCADA if SCADA in {standing.source, position.source} else position.source
    board.stand(replace(standing, source=source, at=position.at if position.closed else standing.at))


def _doubt(
    board: Board, event: DeviceStateReported, standing: Position | None, at: int, *, closed: bool
) -> Reason | None:
    """Return why a state does not count, or None."""
    if event.quality is not Quality.GOOD:
        return Reason.DOUBTFUL_QUALITY
    if not set(event.phases) >= _WHOLE:
        return Reason.PARTIAL_PHASES
    if at < board.now - REACH_BACK_MS or (standing is not None and at < standing.at):
        return Reason.OLDER_STATE
    if standing is not None and standing.source == SCADA and event.source is not StateSource.SCADA:
        fresh = at - standing.at <= FRESH_MS
        if fresh and standing.closed is not closed:
            return Reason.CONTRADICTS_TELEMETRY
    return None


def _stands_closed(board: Board, device: str) -> bool:
    position = board.position(device)
    return board.grid.normal.switch(device).closed if position is None else position.closed


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
    lone: dict[str, str]
    """The devices of incidents under which only who reported is out."""
    _fed: dict[str, bool] = field(default_factory=dict)

    def feeds(self, customer: str, holder: str) -> bool:
        """Answers whether the customer is fed, given what holds his outage."""
        device = self.network.customer_device(customer)
        fed = self._fed.get(device)
        if fed is None:
            fed = self.network.is_fed(device) and self.faults.isdisjoint(self.network.path_to_source(device))
            self._fed[device] = fed
        at = self.lone.get(holder)
        return fed and (at is None or at not in self.network.path_to_source(device))


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
    lone = {each.id: each.device for each in open_incidents if not each.whole}
    return Feeding(network, frozenset(faults), lone)


def _close(board: Board, fact: str, position: Position, standing: Position | None) -> None:
    """Let a device close: reclosed, nothing had failed; after longer, who may be fed again gets power on signs of it."""
    device, at = position.id, position.at
    before = feeding(board)
    upper = board.path(device)[1:2]
    if standing is not None and standing.check_at is not None and not standing.closed:
        blinks = (*standing.blinks, (standing.at, at))
        board.stand(replace(position, check_at=board.now + WAIT_MS, blinks=blinks))
        board.turn.note(position, "reclosed", Reason.RECLOSED, [fact])
    else:
        board.stand(position)
    after = feeding(board)
    lost = [out for out in board.ledger.outs() if out.since < at and not out.planned]
    newly = (out for out in lost if after.feeds(out.id, out.holder) and not before.feeds(out.id, out.holder))
    for holder in sorted({out.holder for out in newly}):
        incident = board.incident(holder)
        if incident is not None:
            board.change(incident, Reason.SWITCHED_BACK, [fact], step_at=at, step_check_at=board.now + WAIT_MS)
    _believe_claims(board, fact)
    if not board.is_device(device):
        _move_up(board, fact, device, upper)


def _believe_claims(board: Board, fact: str) -> None:
    """Count the messages of meters that power is back which came before the news of the switching."""
    for out in board.ledger.outs():
        supplied = board.turn.get(Supplied, out.id)
        device = board.ledger.device(out.id)
        if supplied is not None and supplied.claimed is not None and board.network.is_fed(device):
            claimed = supplied.claimed
            board.turn.put(replace(supplied, since=max(supplied.since, claimed), claimed=None))
            board.power_at(device, claimed, [fact])


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
        if incident.device != device or not incident.whole or not soon:
            continue
        settled = incident.found or incident.fixed or incident.switched or incident.upstream is not None
        if settled or incident.back_at is not None:
            continue
        for out in board.ledger.held_by(incident):
            if out.reported:
                board.ledger.doubt(out, board.now - HOLD_MS, Reason.TELEMETRY_SHOWS_CLOSED)
                again_now(board)
            else:
                board.ledger.void(out, Reason.TELEMETRY_SHOWS_CLOSED)
        dismiss(board, board.incident(incident.id) or incident, Reason.TELEMETRY_SHOWS_CLOSED, {fact})


# ------------------------------------------------------------------------------------------------- what stays as it is
def check_positions(board: Board) -> None:
    """Draw the conclusion of every device that was told of a while ago: it stayed open, or it had only reclosed."""
    for position in board.positions():
        if position.check_at is not None and position.check_at <= board.now:
            if position.closed:
                _enter_blinks(board, position)
            else:
                board.stand(replace(position, check_at=None, blinks=()))
                _stayed_open(board, position)


def _enter_blinks(board: Board, position: Position) -> None:
    """Enter the momentary losses of those behind a device whom nothing else has taken out meanwhile."""
    board.stand(replace(position, check_at=None, blinks=()))
    waiting = {each.id for each in board.turn.all(Pending)}
    behind = [each for each in board.customers_behind(position.id) if each not in waiting]
    for since, until in position.blinks:
        momentary = Momentary(id=derived("momentary", position.id, since))
        board.turn.note((Momentary.kind, momentary.id), "over", Reason.RECLOSED, [position.fact])
        for customer in behind:
            if board.ledger.out(customer) is None and until > since:
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
    own = next((each for each in board.incidents() if each.device == device), None)
    below = [
        each
        for each in board.incidents()
        if each is not own
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
    board.bring_out(board.incident(incident.id) or incident, dark, Reason.DEVICE_OPEN)
    return True


def _confirmed(incident: Incident) -> IncidentState:
    return IncidentState.CONFIRMED if incident.state is IncidentState.PREDICTED else incident.state
