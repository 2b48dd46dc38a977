"""What follows when the wait for signs of restoration is over: the silent are handed upstream or nested in an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import IncidentState
from services.outages.entities import Incident, Out, Window, WindowState
from services.outages.nesting import nest, open_below
from services.outages.reasons import Reason
from services.outages.verifying import WAIT_MS

if TYPE_CHECKING:
    from services.outages.board import Board


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


def await_the_rest(board: Board) -> None:
    """Await signs from everybody under an incident of which some meters have just shown power, though nobody claimed a repair.

    A dispatcher's word, and what switching took out, is not drawn into question by it.
    """
    for name in sorted(board.ledger.ended):
        incident = board.incident(name)
        shown = name in board.why and board.why[name][0] is Reason.METERS_REPORT_POWER
        if incident is None or not shown or not incident.is_open or not board.ledger.count(incident):
            continue
        if name in board.why and board.why[name][0] is Reason.NETWORK_CHANGED:
            continue
        if not (incident.fixed or incident.switched or incident.claimed or incident.done_at is not None):
            board.quietly(incident, check_at=board.now + WAIT_MS)


def _check(board: Board, incident: Incident) -> None:
    silent = hand_upstream(board, board.ledger.held_by(incident), incident, incident.done_at)
    if silent and incident.done_at is None:
        silent = _telling(board, silent, incident.back_at)
        if not silent:
            board.quietly(incident, check_at=None)
            return
    if not silent:
        if board.ledger.count(incident) == 0 and incident.back_at is None:
            upper = board.open_above(incident.device, incident.id)
            if upper is not None:
                board.merge(incident, upper, Reason.UPSTREAM_STILL_OUT)
        return
    if incident.of_one_premise and incident.found and incident.done_at is not None:
        silent = _believe_crew(board, incident, silent, incident.done_at)
        if not silent:
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
    nest_below(board, incident, [incident.device], silent, incident.back_at)


def _telling(board: Board, silent: list[Out], back_at: int | None) -> list[Out]:
    """Return those whose silence says something though nobody claimed a repair: a meter told of the loss, or somebody insists."""
    told = {
        board.ledger.device(out.id)
        for out in silent
        if out.gasp_at is not None or (back_at is not None and (out.insisted_at or 0) > back_at)
    }
    return [out for out in silent if board.ledger.device(out.id) in told]


def _believe_crew(board: Board, incident: Incident, silent: list[Out], done_at: int) -> list[Out]:
    """End the outage of a single premise on the crew's word, if nobody has said since that there is no power."""
    believed = [out for out in silent if out.insisted_at is None or out.insisted_at <= done_at]
    for out in believed:
        board.ledger.end(out, max(done_at, out.since), Reason.CREW_BELIEVED)
    if believed:
        board.came_back(incident.id, done_at, Reason.CREW_BELIEVED, ())
    return [out for out in silent if out not in believed]


def nest_below(board: Board, incident: Incident, tops: list[str] | None, silent: list[Out], back_at: int) -> None:
    """Give those who stay out below an incident that is mended incidents of their own."""
    nest(
        board,
        tops,
        silent,
        basis=incident.basis,
        started_at=incident.started_at,
        reason=Reason.NO_SIGN_OF_RESTORATION,
        upstream=incident.id,
        back_at=back_at,
        phases=incident.phases,
    )


def hand_upstream(board: Board, outs: list[Out], incident: Incident, at: int | None) -> list[Out]:
    """Hand over whoever hangs below a fault that is known and open; return who gave no sign and has no such excuse."""
    silent = []
    for out in outs:
        upper = board.open_above(board.ledger.device(out.id), incident.id)
        if upper is None:
            silent.append(out)
        else:
            board.ledger.hand_over(out, upper, Reason.UPSTREAM_STILL_OUT, at=board.now if at is None else at)
    return silent


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
    open_below(board, window, silent, completed_at, window.tops, Reason.STILL_OUT_AFTER_WINDOW)
