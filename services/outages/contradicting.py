"""What speaks against a dispatcher's word. The word stands all the same: that something contradicts it is shown, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.outages.entities import Basis
from services.outages.gathering import NEAR_LOSS_MS
from services.outages.reasons import Reason

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.outages.entities import Incident

CALLED_MS = 900_000
"""Callers tell of a loss within this time: others who call so near to it may have lost power with it."""


def watch_dispatched(board: Board) -> None:
    """Say of each open incident of which a dispatcher said what it is whether anything since then contradicts that."""
    for incident in board.incidents():
        if incident.fixed and incident.contradicted is None:
            found = _contradiction(board, incident)
            if found is not None:
                reason, facts = found
                board.turn.note(incident, "contradicted", reason, facts)
                board.quietly(incident, contradicted=reason.value)
                board.why.setdefault(incident.id, (Reason(incident.reason), set()))


def _contradiction(board: Board, incident: Incident) -> tuple[Reason, list[str]] | None:
    """Return what speaks against the device of an incident, and the facts that say so."""
    if not incident.claimed and not incident.switched:
        position = board.position(incident.device)
        since_loss = position is not None and position.at >= incident.started_at
        if position is not None and since_loss and board.shown_closed(incident.device, board.now, incident.phases):
            return Reason.CONTRADICTED_BY_TELEMETRY, [position.fact]
        shown, facts = board.why.get(incident.id, (None, set[str]()))
        if shown is Reason.METERS_REPORT_POWER and board.ledger.count(incident):
            return Reason.CONTRADICTED_BY_POWER, sorted(facts)
    for other in board.incidents():
        if _is_of_now(board, other) and _speaks_of_the_same(board, other, incident):
            return Reason.CONTRADICTED_BY_REPORTS, sorted({other.id, *board.why[other.id][1]})
    return None


def _is_of_now(board: Board, other: Incident) -> bool:
    """Answers whether reports made or moved an incident in this turn, and nothing is known of it but these."""
    if other.id not in board.why or other.fixed or other.switched or other.found or other.upstream is not None:
        return False
    return other.opened_at == board.now or board.why[other.id][0] is Reason.NEIGHBOURS_REPORT


def _speaks_of_the_same(board: Board, other: Incident, incident: Incident) -> bool:
    """Answers whether customers outside the device of an incident lost power when those of the incident did."""
    network = board.network
    if not board.is_device(other.device) or not board.is_device(incident.device):
        return False
    if board.behind(other.device, incident.device):
        return False
    apart = CALLED_MS if Basis.CALL in {other.basis, incident.basis} else NEAR_LOSS_MS
    same_feeder = network.device(other.device).feeder == network.device(incident.device).feeder
    return same_feeder and abs(other.started_at - incident.started_at) <= apart
