"""What planned work explains: reports from behind its isolation points, of the time since these were opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import ReportKind
from services.outages.board import SCADA
from services.outages.entities import Out, Window, WindowState
from services.outages.gathering import NEAR_LOSS_MS
from services.outages.reasons import Reason

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.outages.report import LocatedReport


def active_window(board: Board, device: str) -> Window | None:
    """Return the window whose isolation cuts this device off."""
    path = board.path(device)
    active = board.windows(WindowState.ACTIVE)
    return next((each for each in active if not set(each.isolates).isdisjoint(path)), None)


def explains(board: Board, window: Window, device: str, report: LocatedReport) -> bool:
    """Answers whether a window explains a report from behind its isolation points.

    A meter that lost power before they were opened, or, where their opening was measured, well after it, lost it to something
    else. What people say of how long they have been without power decides nothing.
    """
    if report.kind is not ReportKind.LAST_GASP:
        return True
    opened_at, measured = _opened(board, window, device)
    if opened_at is None:
        return True
    return opened_at - NEAR_LOSS_MS <= report.at and not (measured and report.at > opened_at + NEAR_LOSS_MS)


def _opened(board: Board, window: Window, device: str) -> tuple[int | None, bool]:
    """Return when the isolation above a device was opened, and whether that was measured."""
    for step in board.path(device):
        if step in window.isolates:
            position = board.position(step)
            if position is not None and not position.closed:
                return position.at, position.source == SCADA
    return window.started_at, False


def belied(board: Board, report: LocatedReport, out: Out) -> bool:
    """Take a planned outage back that the customer's own meter shows to be another one; answers whether it did.

    What the customer had said before is explained anew, together with this report.
    """
    window = board.window(out.holder)
    if window is None or out.gasp_at is not None:
        return False
    if explains(board, window, board.ledger.device(out.id), report):
        return False
    if out.reported:
        board.ledger.doubt(out, board.now, Reason.NOT_BY_WORK)
    else:
        board.ledger.void(out, Reason.NOT_BY_WORK)
    return True
