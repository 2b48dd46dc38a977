"""What follows when the wait for signs of restoration is over: the silent are handed upstream or nested in an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import IncidentState
from services.outages.entities import Basis, Incident, Out, Window, WindowState
from services.outages.nesting import nest, places_of, reports_of
from services.outages.reasons import Reason

if TYPE_CHECKING:
    from services.outages.board import Board


def check_incidents(board: Board) -> None:
    """Draw the conclusion for every incident whose wait is over; upper ones first, so that lower ones see what is open."""
    due = [each for each in board.incidents() if each.check_at is not None and each.check_at <= board.now]
    for incident in sorted(due, key=lambda each: (len(board.network.path_to_source(each.device)), each.id)):
        current = board.incident(incident.id)
        if current is not None and current.is_open and current.check_at is not None:
            _check(board, current)
    for lapsed in board.turn.all(Incident, lambda each: each.check_at is not None and each.check_at <= board.now):
        board.quietly(lapsed, check_at=None)


def _check(board: Board, incident: Incident) -> None:
    silent = _hand_upstream(board, incident)
    if not silent:
        if board.ledger.count(incident) == 0 and incident.back_at is None:
            upper = board.open_above(incident.device, incident.id)
            if upper is not None:
                board.merge(incident, upper, Reason.UPSTREAM_STILL_OUT)
        return
    if incident.back_at is None:
        # Nobody at all gave a sign: either the mending did not bring power back, or something above has failed too.
        board.change(incident, Reason.NO_SIGN_OF_RESTORATION, state=IncidentState.CONFIRMED, found=False, check_at=None)
        return
    board.change(incident, Reason.REST_IS_NESTED, check_at=None)
    nest(
        board,
        incident.device,
        silent,
        basis=incident.basis,
        started_at=incident.started_at,
        reason=Reason.NO_SIGN_OF_RESTORATION,
        upstream=incident.id,
        back_at=incident.back_at,
    )


def _hand_upstream(board: Board, incident: Incident) -> list[Out]:
    """Hand over whoever hangs below a fault that is known and open; return who gave no sign and has no such excuse."""
    silent = []
    for out in board.ledger.held_by(incident):
        upper = board.open_above(out.device, incident.id)
        if upper is None:
            silent.append(out)
        else:
            board.ledger.hand_over(out, upper, Reason.UPSTREAM_STILL_OUT)
    return silent


def check_windows(board: Board) -> None:
    """Draw the conclusion for every window whose wait is over: who is still out gets an incident of his own."""
    due = board.turn.all(Window, lambda each: each.check_at is not None and each.check_at <= board.now)
    for window in due:
        _check_window(board, window)
        board.turn.note(window, WindowState.OVER, Reason.WORK_COMPLETED)
        board.turn.remove(window)


def _check_window(board: Board, window: Window) -> None:
    completed_at = board.now if window.completed_at is None else window.completed_at
    silent = []
    for out in board.ledger.held_by(window):
        upper = board.open_above(out.device, window.id)
        if upper is None:
            silent.append(out)
        else:
            board.ledger.end_planned(out, completed_at, upper, Reason.UPSTREAM_STILL_OUT)
    for device, outs in places_of(board, window.device, silent) if silent else ():
        nested = board.open(
            device=device,
            whole=True,
            basis=Basis.METER,
            started_at=completed_at,
            reason=Reason.STILL_OUT_AFTER_WINDOW,
            facts=reports_of(outs) or [window.id],
            upstream_back_at=completed_at,
        )
        for out in outs:
            board.ledger.end_planned(out, completed_at, nested, Reason.STILL_OUT_AFTER_WINDOW)
