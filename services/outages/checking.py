"""What follows when the wait for signs of restoration is over: the silent are handed upstream or nested in an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import IncidentState
from services.outages.entities import Basis, Incident, Out, Window, WindowState
from services.outages.nesting import nest, places_of, reports_of
from services.outages.reasons import Reason
from services.outages.switching import feeding

if TYPE_CHECKING:
    from services.outages.board import Board

SPEAKING_METERS = 3
"""So many meters that told of the loss do not all keep silent when power is back."""


def check_incidents(board: Board) -> None:
    """Draw the conclusion for every incident whose wait is over; upper ones first, so that lower ones see what is open."""
    due = [each for each in board.incidents() if each.check_at is not None and each.check_at <= board.now]
    for incident in sorted(due, key=lambda each: (len(board.path(each.device)), each.id)):
        current = board.incident(incident.id)
        if current is not None and current.is_open and current.check_at is not None:
            _check(board, current)
    for lapsed in board.remembered():
        if lapsed.check_at is not None and lapsed.check_at <= board.now:
            board.quietly(lapsed, check_at=None)


def _check(board: Board, incident: Incident) -> None:
    silent = _hand_upstream(board, board.ledger.held_by(incident), incident, incident.done_at)
    if not silent:
        if board.ledger.count(incident) == 0 and incident.back_at is None:
            upper = board.open_above(incident.device, incident.id)
            if upper is not None:
                board.merge(incident, upper, Reason.UPSTREAM_STILL_OUT)
        return
    if incident.back_at is None:
        # Nobody at all gave a sign: either the mending did not bring power back, or something above has failed too.
        board.change(
            incident,
            Reason.NO_SIGN_OF_RESTORATION,
            state=IncidentState.CONFIRMED,
            found=False,
            repaired=None,
            check_at=None,
        )
        return
    board.change(incident, Reason.REST_IS_NESTED, check_at=None)
    _nest(board, incident, [incident.device], silent, incident.back_at)


def _nest(board: Board, incident: Incident, tops: list[str] | None, silent: list[Out], back_at: int) -> None:
    nest(
        board,
        tops,
        silent,
        basis=incident.basis,
        started_at=incident.started_at,
        reason=Reason.NO_SIGN_OF_RESTORATION,
        upstream=incident.id,
        back_at=back_at,
    )


def _hand_upstream(board: Board, outs: list[Out], incident: Incident, at: int | None) -> list[Out]:
    """Hand over whoever hangs below a fault that is known and open; return who gave no sign and has no such excuse."""
    silent = []
    for out in outs:
        upper = board.open_above(board.ledger.device(out.id), incident.id)
        if upper is None:
            silent.append(out)
        else:
            board.ledger.hand_over(out, upper, Reason.UPSTREAM_STILL_OUT, at=board.now if at is None else at)
    return silent


def check_steps(board: Board) -> None:
    """Draw the conclusion for customers whom switching feeds again, when the wait for signs of it is over.

    Where others gave a sign, silence has a place: something else has failed there. Where nobody gave one, the switching is
    believed, unless so many meters had told of the loss that they cannot all be silent by chance.
    """
    for incident in board.incidents():
        if incident.step_check_at is None or incident.step_check_at > board.now:
            continue
        at = board.now if incident.step_at is None else incident.step_at
        incident = board.quietly(incident, step_check_at=None)  # noqa: PLW2901 - as it stands now
        fed = feeding(board)
        held = [out for out in board.ledger.held_by(incident) if out.since < at]
        stepped = [out for out in held if fed.feeds(out.id, incident.id)]
        if board.closed_again(incident):
            waiting = {out.id for out in stepped}
            _hand_upstream(board, [out for out in held if out.id not in waiting], incident, at)
        if not stepped:
            continue
        if incident.last_back_at is not None and incident.last_back_at >= at:
            board.change(incident, Reason.REST_IS_NESTED, [incident.device])
            _nest(board, incident, None, stepped, at)
        elif sum(out.gasp_at is not None for out in stepped) >= SPEAKING_METERS:
            board.change(incident, Reason.NO_SIGN_OF_RESTORATION, [incident.device], state=IncidentState.CONFIRMED)
        else:
            for out in stepped:
                board.ledger.end(out, at, Reason.SWITCHED_BACK)
            board.came_back(incident.id, at, Reason.SWITCHED_BACK, ())


def check_windows(board: Board) -> None:
    """Draw the conclusion for every window whose wait is over: who is still out gets an incident of his own."""
    for window in board.windows(WindowState.VERIFYING):
        if window.check_at is not None and window.check_at <= board.now:
            _check_window(board, window)
            board.forget_window(window, Reason.WORK_COMPLETED)


def _check_window(board: Board, window: Window) -> None:
    completed_at = board.now if window.completed_at is None else window.completed_at
    silent = []
    for out in board.ledger.held_by(window):
        upper = board.open_above(board.ledger.device(out.id), window.id)
        if upper is None:
            silent.append(out)
        else:
            board.ledger.end_planned(out, completed_at, upper, Reason.UPSTREAM_STILL_OUT)
    for device, outs, whole in places_of(board, window.tops, silent, completed_at) if silent else ():
        nested = board.open(
            device=device,
            whole=whole,
            basis=Basis.METER,
            started_at=completed_at,
            reason=Reason.STILL_OUT_AFTER_WINDOW,
            facts=reports_of(outs) or [window.id],
            upstream_back_at=completed_at,
        )
        for out in outs:
            board.ledger.end_planned(out, completed_at, nested, Reason.STILL_OUT_AFTER_WINDOW)
