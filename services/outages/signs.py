"""Whose outage a sign of power ends: that of whoever shares the fate of the one who gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.outages.neighbouring import speaks_alone
from services.outages.poles import proves

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.outages.entities import Out


def ends(board: Board, out: Out, at: int, speaker: str | None) -> bool:
    """Answers whether power at `speaker` (None: nobody knows at whom) at a time ends an outage on the same device.

    Not that of a customer who said later that there is none, who alone reports there, or who may lack another phase.
    """
    if speaker == out.id:
        return True
    said = out.insisted_at
    if said is not None and said >= at:
        return False
    incident = board.incident(out.holder)
    if incident is None:
        return True
    if incident.phases:
        network = board.network
        return speaker is not None and proves(network.customer(speaker).phases, network.customer(out.id).phases)
    return not speaks_alone(incident, out, at)
