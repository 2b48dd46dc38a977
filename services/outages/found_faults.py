"""A crew in the field finds a device that has failed beside what it was sent to: an incident of its own is opened there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import FaultFound, IncidentState
from services.clock import to_ms
from services.outages.crews import concerned
from services.outages.entities import Basis, Incident
from services.outages.nesting import reports_of
from services.outages.reasons import Reason
from services.outages.scene import may_move

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.outages.entities import Out


def hear_fault(board: Board, fact: str, fault: FaultFound) -> None:
    """Open a confirmed incident at a device that a crew found failed, or confirm the one that is there.

    Who is out behind it by another fault goes on under the new one, nested in that of the fault above. Where everybody of a guess
    above lies behind it, it is what had failed there. Where a measurement shows it closed it has not failed.
    """
    device, at = fault.device, min(to_ms(fault.at), board.now)
    if not board.known(device) or not board.is_device(device):
        board.turn.note((Incident.kind, device), "stays", Reason.FOUND_UNKNOWN_DEVICE, [fact])
        return
    own = next((each for each in board.incidents() if each.device == device and each.whole), None)
    if own is not None:
        _confirm(board, fact, own)
        return
    behind = [out for out in board.ledger.outs() if board.behind(board.ledger.device(out.id), device)]
    taken = [out for out in behind if board.incident(out.holder) is not None]
    guess = _guessed_above(board, taken, device)
    if guess is not None:
        board.change(guess, Reason.FOUND_BY_CREW, [fact], state=IncidentState.CONFIRMED, device=device, fixed=True)
    elif board.shown_closed(device, at):
        board.turn.note((Incident.kind, device), "stays", Reason.CONTRADICTS_TELEMETRY, [fact])
    else:
        _open(board, fact, device, at, taken)


def _confirm(board: Board, fact: str, own: Incident) -> None:
    state = IncidentState.CONFIRMED if own.state is IncidentState.PREDICTED else own.state
    if own.fixed and state is own.state:
        board.turn.note(own, "stays", Reason.FOUND_BY_CREW, [fact])
    else:
        board.change(own, Reason.FOUND_BY_CREW, [fact], state=state, fixed=True)


def _guessed_above(board: Board, taken: list[Out], device: str) -> Incident | None:
    """Return a guess above the device, all of whose customers lie behind it."""
    for holder in sorted({out.holder for out in taken}):
        incident = board.incident(holder)
        if incident is None or not may_move(incident) or not board.behind(device, incident.device):
            continue
        if board.ledger.count(incident) == sum(out.holder == holder for out in taken):
            return incident
    return None


def _open(board: Board, fact: str, device: str, at: int, taken: list[Out]) -> None:
    upper = board.open_above(device, "")
    incident = board.open(
        device=device,
        whole=True,
        basis=Basis.CALL if upper is None else upper.basis,
        started_at=min([out.since for out in taken], default=at),
        reason=Reason.FOUND_BY_CREW,
        facts=[fact, *reports_of(taken)],
        state=IncidentState.CONFIRMED,
        upstream=None if upper is None else upper.id,
    )
    incident = board.quietly(incident, fixed=True, heard=sum(out.reported for out in taken))
    for out in taken:
        board.ledger.hand_over(out, incident, Reason.FOUND_BY_CREW)
    for holder in sorted({out.holder for out in taken}):
        other = board.incident(holder)
        if other is not None and board.ledger.count(other) == 0 and may_move(other):
            board.merge(other, incident, Reason.FOUND_BY_CREW, [fact])
    incident = board.incident(incident.id) or incident
    board.bring_out(incident, concerned(board, incident), Reason.FOUND_BY_CREW)
