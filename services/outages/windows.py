"""Planned work: what is announced, what its isolation point takes out, and how its end is verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import WindowAnnounced, WorkCompleted, WorkStarted
from services.clock import to_ms
from services.outages.board import REACH_BACK_MS
from services.outages.entities import Basis, Pending, Window, WindowState
from services.outages.gathering import NEAR_LOSS_MS
from services.outages.reasons import Reason
from services.outages.report import Disposal
from services.outages.verifying import WAIT_MS

if TYPE_CHECKING:
    from services.outages.board import Board

Notice = WindowAnnounced | WorkStarted | WorkCompleted


def hear_work(board: Board, fact: str, notice: Notice) -> None:
    """Take a notice of planned work into account. Notices that come twice, or late, change nothing."""
    window = board.turn.get(Window, notice.window)
    match notice:
        case WindowAnnounced() if window is None:
            window = Window(id=notice.window, device=notice.device, state=WindowState.ANNOUNCED)
            board.turn.put(window)
            board.turn.note(window, window.state, Reason.ANNOUNCED, [fact])
        case WorkStarted() if window is None or window.state is WindowState.ANNOUNCED:
            _start(board, fact, notice)
        case WorkCompleted() if window is not None and window.state is WindowState.ACTIVE:
            window = replace(
                window,
                state=WindowState.VERIFYING,
                completed_at=to_ms(notice.at),
                check_at=board.now + WAIT_MS,
            )
            board.turn.put(window)
            board.turn.note(window, window.state, Reason.AWAITING_SIGNS, [fact])
        case WorkCompleted() if window is None:
            board.turn.note((Window.kind, notice.window), "stays", Reason.UNKNOWN_WINDOW, [fact])
        case _:
            board.turn.note((Window.kind, notice.window), "stays", Reason.SAME_AGAIN, [fact])


def _start(board: Board, fact: str, notice: WorkStarted) -> None:
    """Take out everybody behind the isolation point, and let the window explain what its opening has just set off.

    Work told of more than a day late counts from a day ago: who had power before that is remembered by the ledger alone.
    """
    at = max(to_ms(notice.at), board.now - REACH_BACK_MS)
    window = Window(id=notice.window, device=notice.device, state=WindowState.ACTIVE, started_at=at)
    board.turn.put(window)
    board.turn.note(window, window.state, Reason.WORK_STARTED, [fact])
    for incident in board.incidents():
        near = abs(incident.started_at - at) <= NEAR_LOSS_MS and not incident.found
        if near and board.network.is_behind(incident.device, window.device):
            for out in board.ledger.held_by(incident):
                board.ledger.hand_over(out, window, Reason.PLANNED_WORK)
            board.change(incident, Reason.PLANNED_WORK, [fact])
    for customer in board.network.customers_behind(window.device):
        pending = board.turn.get(Pending, customer)
        heard = () if pending is None else pending.reports
        if board.ledger.begin(customer, window, at, Basis.SWITCHING, Reason.PLANNED_WORK) is not None:
            for report in heard:
                board.dispose(report, Disposal.MUTED, Reason.PLANNED_WORK, window.id)
