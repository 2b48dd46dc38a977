"""What follows when switching has fed customers again, and the wait for signs of it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import IncidentState
from services.outages.checking import hand_upstream, nest_below
from services.outages.entities import Incident, Out, Supplied, Window, WindowState
from services.outages.nesting import open_below
from services.outages.reasons import Reason
from services.outages.switching import feeding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.outages.board import Board

SPEAKING_METERS = 3
"""So many meters that told of the loss do not all keep silent when power is back."""


def check_steps(board: Board) -> None:
    """Draw the conclusion for customers whom switching feeds again, when the wait for signs of it is over.

    Where others whom the same switching feeds gave a sign, under whichever incident, silence has a place: something else has
    failed there. Where nobody gave one, the switching is
    believed, unless so many meters had told of the loss that they cannot all be silent by chance; but not for those who
    said since that there is no power.
    """
    for incident in board.incidents():
        if incident.step_check_at is not None and incident.step_check_at <= board.now:
            _check_incident(board, incident, board.now if incident.step_at is None else incident.step_at)
    for window in board.windows(WindowState.ACTIVE):
        if window.step_check_at is not None and window.step_check_at <= board.now:
            _check_window(board, window, board.now if window.step_at is None else window.step_at)


def _check_incident(board: Board, incident: Incident, at: int) -> None:
    incident = board.quietly(incident, step_check_at=None)
    fed = feeding(board)
    held = [out for out in board.ledger.held_by(incident) if out.since < at]
    stepped = [out for out in held if fed.feeds(out.id, incident.id)]
    if board.closed_again(incident):
        waiting = {out.id for out in stepped}
        hand_upstream(board, [out for out in held if out.id not in waiting], incident, at)
    if not stepped:
        return
    silent = stepped
    signs = any(_shows_power(each, at) for each in board.incidents() if each.id == incident.id or each.step_at == at)
    if not signs:
        if _meters_are_silent(stepped):
            board.change(incident, Reason.NO_SIGN_OF_RESTORATION, [incident.device], state=IncidentState.CONFIRMED)
            return
        silent = _insisting(stepped, at)
        if _believe(board, stepped, silent, at):
            board.came_back(incident.id, at, Reason.SWITCHED_BACK, ())
    if silent:
        current = board.change(board.incident(incident.id) or incident, Reason.REST_IS_NESTED, [incident.device])
        nest_below(board, current, None, silent, at)


def _shows_power(incident: Incident, at: int) -> bool:
    return incident.last_back_at is not None and incident.last_back_at >= at


def _check_window(board: Board, window: Window, at: int) -> None:
    """Draw the same conclusion though the work goes on."""
    window = board.keep_window(
        replace(window, step_check_at=None), Reason.SWITCHED_BACK, [window.fact], to="switchingChecked"
    )
    fed = feeding(board)
    stepped = [out for out in board.ledger.held_by(window) if out.since < at and fed.feeds(out.id, window.id)]
    signs = bool(board.turn.all(Supplied, lambda each: _is_back(each, window.id, at)))
    silent = stepped if signs or _meters_are_silent(stepped) else _insisting(stepped, at)
    _believe(board, stepped, silent, at)
    open_below(board, window, silent, at, None, Reason.NO_SIGN_OF_RESTORATION)


def _meters_are_silent(outs: Sequence[Out]) -> bool:
    return sum(out.gasp_at is not None for out in outs) >= SPEAKING_METERS


def _insisting(outs: Sequence[Out], at: int) -> list[Out]:
    return [out for out in outs if (out.insisted_at or 0) > at]


def _believe(board: Board, stepped: Sequence[Out], silent: Sequence[Out], at: int) -> bool:
    """End the outages of those who are fed again and not silent; answers whether there are any."""
    believed = [out for out in stepped if out not in silent]
    for out in believed:
        board.ledger.end(out, at, Reason.SWITCHED_BACK)
    return bool(believed)


def _is_back(supplied: Supplied, window: str, at: int) -> bool:
    last = supplied.last
    return last is not None and last.end >= at and last.stretches[-1].holder == window
