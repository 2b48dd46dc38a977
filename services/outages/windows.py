"""Planned work: what is announced, what its isolation points take out, its end or overrun, and how its end is verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import (
    DeviceStateReported,
    WindowAnnounced,
    WindowCancelled,
    WindowChanged,
    WorkCompleted,
    WorkStarted,
)
from services.clock import to_ms
from services.outages.board import REACH_BACK_MS
from services.outages.entities import Basis, Pending, Window, WindowState
from services.outages.gathering import NEAR_LOSS_MS
from services.outages.reasons import Reason
from services.outages.report import Disposal
from services.outages.switching import WORK, work_stands
from services.outages.verifying import WAIT_MS

if TYPE_CHECKING:
    from services.outages.board import Board

EARLY_MS = 1_800_000
"""An isolation point that opens no longer than this before the announced time opens for the work."""
Notice = WindowAnnounced | WindowChanged | WindowCancelled | WorkStarted | WorkCompleted


def hear_work(board: Board, fact: str, notice: Notice) -> None:
    """Take a notice of planned work into account. Notices that come twice, or late, change nothing."""
    window = board.window(notice.window)
    match notice:
        case WindowAnnounced() if window is None:
            _announce(board, fact, notice)
        case WindowChanged() if window is None or window.state is WindowState.ANNOUNCED:
            _announce(board, fact, notice)
        case WindowChanged() if window is not None and window.state is WindowState.ACTIVE:
            _change(board, fact, notice, window)
        case WorkStarted() if window is None or window.state is WindowState.ANNOUNCED:
            _start(board, fact, notice, window)
        case WorkStarted() if window is not None and window.state is WindowState.ACTIVE and window.awaited:
            _isolate_rest(board, fact, notice, window)
        case WorkCompleted() if window is not None and window.state is WindowState.ACTIVE:
            _complete(board, fact, notice, window, Reason.AWAITING_SIGNS)
        case WindowCancelled() if window is not None and window.state is WindowState.ACTIVE:
            board.turn.note(window, "cancelled", Reason.WORK_CANCELLED, [fact])
            _complete(board, fact, notice, window, Reason.AWAITING_SIGNS)
        case WindowCancelled() if window is not None and window.state is WindowState.ANNOUNCED:
            board.forget_window(window, Reason.WORK_CANCELLED, [fact])
        case WorkCompleted() | WindowCancelled() if window is None:
            board.turn.note((Window.kind, notice.window), "stays", Reason.UNKNOWN_WINDOW, [fact])
        case _:
            board.turn.note((Window.kind, notice.window), "stays", Reason.SAME_AGAIN, [fact])


def _isolates(board: Board, notice: Notice) -> tuple[str, ...]:
    return tuple(sorted({isolate for isolate in notice.isolates if board.known(isolate)}))


def _announce(board: Board, fact: str, notice: WindowAnnounced | WindowChanged) -> None:
    changed = isinstance(notice, WindowChanged)
    window = Window(
        id=notice.window,
        isolates=_isolates(board, notice),
        state=WindowState.ANNOUNCED,
        fact=fact,
        starts_at=to_ms(notice.starts_at),
        ends_at=to_ms(notice.ends_at),
    )
    board.keep_window(window, Reason.WINDOW_CHANGED if changed else Reason.ANNOUNCED, [fact])


def _change(board: Board, fact: str, notice: WindowChanged, window: Window) -> None:
    """Give work that goes on another end, and further isolation points; those that are open stay so until it is complete."""
    ends_at = to_ms(notice.ends_at)
    further = tuple(sorted(set(_isolates(board, notice)) - {*window.isolates, *window.awaited}))
    overrun = window.overrun and ends_at <= board.now
    window = replace(
        window, isolates=tuple(sorted({*window.isolates, *further})), ends_at=ends_at, overrun=overrun, fact=fact
    )
    board.keep_window(window, Reason.WINDOW_CHANGED, [fact], to="changed")
    if further:
        _isolate(board, fact, window, max(to_ms(notice.at), board.now - REACH_BACK_MS), further)


def _start(board: Board, fact: str, notice: WorkStarted, window: Window | None) -> None:
    """Take out everybody behind the isolation points, and let the window explain what their opening has just set off.

    Work told of more than a day late counts from a day ago: who had power before that is remembered by the ledger alone.
    """
    at = max(to_ms(notice.at), board.now - REACH_BACK_MS)
    isolates = _isolates(board, notice)
    again = tuple(isolate for isolate in isolates if _seen_closed(board, isolate, at))
    window = Window(
        id=notice.window,
        isolates=tuple(isolate for isolate in isolates if isolate not in again),
        awaited=again,
        state=WindowState.ACTIVE,
        fact=fact,
        starts_at=None if window is None else window.starts_at,
        ends_at=None if window is None else window.ends_at,
        started_at=at,
    )
    window = board.keep_window(window, Reason.WORK_STARTED, [fact])
    _isolate(board, fact, window, at, window.isolates)


def _seen_closed(board: Board, isolate: str, at: int) -> bool:
    """Answers whether an isolation point was seen to be closed after it is said to have been opened."""
    position = board.position(isolate)
    return position is not None and position.closed and position.source != WORK and position.at > at


def _isolate_rest(board: Board, fact: str, notice: WorkStarted, window: Window) -> None:
    """Take it that the points of work that was seen to begin, and of which nobody saw how they stand, are open too."""
    at = max(to_ms(notice.at), board.now - REACH_BACK_MS)
    rest = tuple(each for each in window.awaited if each in notice.isolates and not _seen_closed(board, each, at))
    awaited = tuple(each for each in window.awaited if each not in rest)
    window = replace(window, isolates=tuple(sorted({*window.isolates, *rest})), awaited=awaited)
    window = board.keep_window(window, Reason.WORK_STARTED, [fact])
    _isolate(board, fact, window, at, rest)


def see_isolation(board: Board, fact: str, event: DeviceStateReported) -> None:
    """Let work begin, or go on, that an isolation point was just seen to open for; it mutes what lies behind that one."""
    position = board.position(event.device)
    if position is None or position.closed or position.fact != fact:
        return
    for window in board.windows(WindowState.ANNOUNCED, WindowState.ACTIVE):
        if window.state is WindowState.ANNOUNCED and event.device in window.isolates:
            if not _is_time(window, position.at):
                continue
            awaited = tuple(each for each in window.isolates if each != event.device)
            begun = replace(window, isolates=(event.device,), awaited=awaited, started_at=position.at)
        elif window.state is WindowState.ACTIVE and event.device in window.awaited:
            awaited = tuple(each for each in window.awaited if each != event.device)
            begun = replace(window, isolates=tuple(sorted({*window.isolates, event.device})), awaited=awaited)
        else:
            continue
        begun = board.keep_window(replace(begun, state=WindowState.ACTIVE), Reason.ISOLATION_OBSERVED, [fact])
        _isolate(board, fact, begun, position.at, (event.device,))


def _is_time(window: Window, at: int) -> bool:
    begins, ends = window.starts_at, window.ends_at
    return begins is not None and begins - EARLY_MS <= at and (ends is None or at < ends)


def _isolate(board: Board, fact: str, window: Window, at: int, isolates: tuple[str, ...]) -> None:
    work_stands(board, fact, isolates, at, closed=False)
    tops = {*window.tops}
    for isolate in isolates:
        # A switch is no device any more when it is closed again: power then comes back right behind it.
        fixed = board.grid.is_device(isolate)
        tops |= {isolate} if fixed else set(board.network.children(isolate)) if board.is_device(isolate) else set()
    window = replace(window, tops=tuple(sorted(tops)))
    board.keep_window(window, Reason.WORK_STARTED, [fact], to="isolated")
    for incident in board.incidents():
        near = abs(incident.started_at - at) <= NEAR_LOSS_MS and not incident.found and not incident.fixed
        if near and not set(board.path(incident.device)).isdisjoint(isolates):
            for out in board.ledger.held_by(incident):
                board.ledger.hand_over(out, window, Reason.PLANNED_WORK)
            board.change(incident, Reason.PLANNED_WORK, [fact])
    behind = {customer for isolate in isolates for customer in board.customers_behind(isolate)}
    for customer in sorted(behind):
        pending = board.turn.get(Pending, customer)
        heard = () if pending is None else pending.reports
        if board.ledger.begin(customer, window, at, Basis.SWITCHING, Reason.PLANNED_WORK) is not None:
            for report in heard:
                board.dispose(report, Disposal.MUTED, Reason.PLANNED_WORK, window.id)


def _complete(board: Board, fact: str, notice: WorkCompleted | WindowCancelled, window: Window, reason: Reason) -> None:
    """Await signs of power: that the isolation points are closed again is what people say."""
    at = to_ms(notice.at)
    work_stands(board, fact, window.isolates, at, closed=True)
    window = replace(
        window,
        state=WindowState.VERIFYING,
        overrun=False,
        completed_at=at,
        check_at=board.now + WAIT_MS,
        step_check_at=None,
    )
    board.keep_window(window, reason, [fact])


def watch_windows(board: Board) -> None:
    """Say of work whose time has passed without anybody saying that it is complete that it overruns.

    Of work that was announced only, nothing is expected any more a day after its time.
    """
    for window in board.windows(WindowState.ACTIVE):
        if not window.overrun and window.ends_at is not None and window.ends_at <= board.now:
            board.keep_window(replace(window, overrun=True), Reason.WORK_OVERRUN, [window.fact], to="overrun")
    for window in board.windows(WindowState.ANNOUNCED):
        if window.ends_at is not None and window.ends_at < board.now - REACH_BACK_MS:
            board.forget_window(window, Reason.NEVER_STARTED, [window.fact])
