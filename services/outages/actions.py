"""What a dispatcher decides by hand: it is followed, or it is said why it has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import (
    EstimateGiven,
    HazardDismissed,
    HazardState,
    IncidentConfirmed,
    IncidentRejected,
    IncidentsMerged,
    IncidentSplit,
    IncidentState,
)
from services.clock import to_ms
from services.outages.crews import concerned, release
from services.outages.entities import EstimateBasis, Hazard, Incident
from services.outages.hazards import end_hazard
from services.outages.reasons import Reason
from services.outages.reconciling import absorb
from services.outages.report import Disposal
from services.outages.settling import dismiss

if TYPE_CHECKING:
    from services.outages.board import Board

Action = IncidentsMerged | IncidentSplit | IncidentRejected | IncidentConfirmed | EstimateGiven | HazardDismissed


def hear_action(board: Board, fact: str, action: Action) -> None:
    """Do what a dispatcher says. Of an incident that is unknown or over, it has no effect."""
    if isinstance(action, HazardDismissed):
        hazard = board.turn.get(Hazard, action.hazard)
        if hazard is None or hazard.state is not HazardState.REPORTED:
            board.turn.note((Hazard.kind, action.hazard), "stays", Reason.UNKNOWN_HAZARD, [fact])
        else:
            end_hazard(board, hazard, HazardState.DISMISSED, Reason.DISPATCHER_DISMISSED, fact)
        return
    incident = board.incident(action.incident)
    if incident is None or not incident.is_open:
        board.turn.note((Incident.kind, action.incident), "stays", Reason.OVER_ALREADY, [fact])
        return
    match action:
        case IncidentsMerged():
            _merge(board, fact, incident, board.incident(action.into))
        case IncidentSplit():
            _split(board, fact, incident, action.device)
        case IncidentRejected():
            _reject(board, fact, incident)
        case IncidentConfirmed():
            _confirm(board, fact, incident, action.device)
        case EstimateGiven():
            if not board.revise(incident, to_ms(action.estimate), EstimateBasis.DISPATCHER, [fact]):
                board.turn.note(incident, "stays", Reason.ESTIMATE_KEPT, [fact])


def _merge(board: Board, fact: str, incident: Incident, into: Incident | None) -> None:
    if into is None or not into.is_open or into.id == incident.id:
        board.turn.note(incident, "stays", Reason.OVER_ALREADY, [fact])
        return
    started_at = min(incident.started_at, into.started_at)
    into = board.change(into, Reason.DISPATCHER_MERGED, [fact], fixed=True, started_at=started_at)
    absorb(board, into, incident, Reason.DISPATCHER_MERGED, [fact], one_loss=False)


def _split(board: Board, fact: str, incident: Incident, device: str) -> None:
    held = board.ledger.held_by(incident)
    taken = [out for out in held if board.behind(board.ledger.device(out.id), device)]
    if not taken or len(taken) == len(held):
        board.turn.note(incident, "stays", Reason.NOTHING_TO_SPLIT, [fact])
        return
    board.change(incident, Reason.DISPATCHER_SPLIT, [fact], fixed=True)
    part = board.open(
        device=device,
        whole=not incident.phases,
        basis=incident.basis,
        started_at=incident.started_at,
        reason=Reason.DISPATCHER_SPLIT,
        facts=[fact],
        state=IncidentState.CONFIRMED,
    )
    for out in taken:
        board.ledger.hand_over(out, part, Reason.DISPATCHER_SPLIT)
    board.quietly(part, fixed=True, phases=incident.phases, heard=sum(out.reported for out in taken))


def _reject(board: Board, fact: str, incident: Incident) -> None:
    for out in board.ledger.held_by(incident):
        board.ledger.void(out, Reason.DISPATCHER_REJECTED)
        for report in out.reports:
            board.dispose(report, Disposal.ANSWERED, Reason.DISPATCHER_REJECTED)
    dismiss(board, incident, Reason.DISPATCHER_REJECTED, {fact})


def _confirm(board: Board, fact: str, incident: Incident, device: str) -> None:
    if not board.known(device) or not board.is_device(device):
        board.turn.note(incident, "stays", Reason.FOUND_UNKNOWN_DEVICE, [fact])
        return
    if incident.device != device:
        release(board, incident, device)
    predicted = incident.state is IncidentState.PREDICTED
    kept = incident.phases if incident.device == device else ""
    incident = board.change(
        board.incident(incident.id) or incident,
        Reason.DISPATCHER_CONFIRMED,
        [fact],
        device=device,
        whole=not kept,
        phases=kept,
        premise=False,
        fixed=True,
        switched=incident.switched and incident.device == device,
        state=IncidentState.CONFIRMED if predicted else incident.state,
    )
    board.bring_out(incident, concerned(board, incident), Reason.DISPATCHER_CONFIRMED)
