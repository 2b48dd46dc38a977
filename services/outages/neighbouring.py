"""Whether what a single customer reports is the trouble of that premise alone: a neighbour on the same device has power.

A neighbour's word counts when it is of the same time: of long after, it may be that what had failed for all of them is mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.outages.entities import Pending, Supplied
from services.outages.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.outages.board import Board
    from services.outages.entities import Incident, Out

SAME_TIME_MS = 900_000
"""Power at a neighbour this soon after the report is power at the time of the report."""


def is_lone(incident: Incident) -> bool:
    """Answers whether an incident rests on the word of one customer, and nobody has looked at it or said more of it."""
    if not incident.is_open or incident.heard > 1 or incident.claimed or incident.fixed or incident.switched:
        return False
    return incident.upstream is None and incident.back_at is None and not incident.phases


def speaks_alone(incident: Incident, out: Out, at: int) -> bool:
    """Answers whether power at a neighbour at this time says nothing of a customer who alone reports that there is none."""
    if incident.of_one_premise:
        return True
    said = out.insisted_at
    return said is not None and is_lone(incident) and at <= said + SAME_TIME_MS


def hear_neighbour(board: Board, customer: str, device: str, at: int, fact: str) -> None:
    """Take it into account that a customer on a device has power at a time, for another one who alone reported there."""
    for neighbour in board.grid.direct(board.network).get(device, ()):
        out = board.ledger.out(neighbour) if neighbour != customer else None
        said = None if out is None else out.insisted_at
        if out is None or said is None or not said < at <= said + SAME_TIME_MS:
            continue
        incident = board.incident(out.holder)
        if incident is None or not is_lone(incident) or incident.premise:
            continue
        for held in board.ledger.held_by(incident):
            if not held.reported:
                board.ledger.void(held, Reason.NEIGHBOURS_HAVE_POWER)
        _alone(board, board.incident(incident.id) or incident, device, [fact])


def presumable(board: Board, incident: Incident, customers: Iterable[str]) -> Sequence[str]:
    """Return who of these may be put out under an incident: beside one who alone reported, nobody if a neighbour has power."""
    found = list(customers)
    if not is_lone(incident):
        return found
    waiting = (board.turn.get(Pending, each) for each in found)
    pendings = {each.id: each for each in waiting if each is not None}
    if incident.heard + len(pendings) != 1:
        return found
    if pendings:
        (name, pending), *_ = pendings.items()
        said = _said(pending)
    else:
        out = next((each for each in board.ledger.held_by(incident) if each.reported), None)
        if out is None:
            return found
        name, said = out.id, out.insisted_at
    device = board.ledger.device(name)
    if incident.premise:
        return list(pendings)
    if said is None or not any(
        _has_power(board, each, said) for each in board.grid.direct(board.network).get(device, ()) if each != name
    ):
        return found
    _alone(board, incident, device, pendings[name].reports if pendings else ())
    return list(pendings)


def _said(pending: Pending) -> int | None:
    return max((at for at in (pending.gasp_at, pending.call_at) if at is not None), default=None)


def _has_power(board: Board, customer: str, said: int) -> bool:
    supplied = board.turn.get(Supplied, customer)
    spoken = None if supplied is None else supplied.spoken_at
    return spoken is not None and said < spoken <= said + SAME_TIME_MS


def _alone(board: Board, incident: Incident, device: str, facts: Iterable[str]) -> None:
    board.change(incident, Reason.NEIGHBOURS_HAVE_POWER, facts, device=device, whole=False, premise=True)
