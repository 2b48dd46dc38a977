"""Whom switching could feed again before what has failed is mended: so much less the mending is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import HazardState, IncidentState
from services.network.places import Place
from services.outages.entities import Hazard, WindowState
from services.switching.circuit import NOBODY, People
from services.switching.faulted import Danger, Fault, Situation
from services.switching.proposing import propose, restored_by_switching

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.outages.entities import Incident

_KNOWN = frozenset({IncidentState.CONFIRMED, IncidentState.PARTIALLY_RESTORED})


def switchable(board: Board, incident: Incident) -> People:
    """Return who can be fed another way as the grid stands now, wherever in what the device protects the fault lies.

    Nobody as long as the incident is not confirmed, or only some phases or single customers are out.
    """
    device = incident.device
    if incident.state not in _KNOWN or not incident.whole or not incident.out or not _has_tie(board, device):
        return NOBODY
    grid = board.grid
    stands = {each.id: each.closed for each in board.positions()}
    # What opened since the fault stood closed before; what closed is taken to have stood as it normally does.
    since = {each.id: each for each in board.positions() if each.at >= incident.started_at}
    stood = {each: closed for each, closed in stands.items() if each not in since}
    situation = Situation(
        fault=Fault(device, stands_open=not board.closed_again(incident)),
        stood=stood | {each: True for each, position in since.items() if not position.closed},
        stands=stands,
        faults=tuple(
            Fault(each.device, stands_open=not board.closed_again(each))
            for each in board.incidents()
            if each.whole and each.device != device
        ),
        dangers=tuple(
            Danger(each.device, Place(each.place.lon, each.place.lat))
            for each in board.turn.all(Hazard)
            if each.state is HazardState.REPORTED
        ),
        isolates=frozenset(
            isolate for each in board.windows(WindowState.ACTIVE, WindowState.VERIFYING) for isolate in each.isolates
        ),
        open_phases={each.id: each.open_phases for each in board.positions() if each.open_phases},
    )
    return restored_by_switching(propose(grid.circuit, grid.wiring, situation))


def _has_tie(board: Board, device: str) -> bool:
    """Answers whether a tie ends behind a device in normal state: without one nobody can be fed another way."""
    normal = board.grid.normal
    known = board.grid.is_device(device) and device in board.grid.circuit.links
    return known and any(normal.is_behind(each, device) for each in board.grid.beside_ties)
