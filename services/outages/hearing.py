"""What a located report means: of a customer who is out already, in a window, powered since, or not explained yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import ReportKind
from services.outages.entities import Basis, Gathering, Incident, Out, Pending, Supplied, Window, WindowState
from services.outages.gathering import HOLD_MS
from services.outages.reasons import Reason
from services.outages.report import Disposal, LocatedReport

if TYPE_CHECKING:
    from services.outages.board import Board


def hear(board: Board, report: LocatedReport) -> None:
    """Take one report into account. Costs O(depth), plus who hangs directly on the devices that it proves live."""
    if report.kind is ReportKind.POWER_RESTORED:
        _hear_power(board, report)
        return
    out = board.ledger.out(report.customer)
    if out is not None:
        _hear_again(board, report, out)
        return
    supplied = board.turn.get(Supplied, report.customer)
    if supplied is not None and report.at <= supplied.since:
        board.dispose(report.id, Disposal.ANSWERED, Reason.OLDER_THAN_RESTORATION)
        return
    window = _active_window(board, report.device)
    if window is not None:
        begun = board.ledger.begin(report.customer, window, report.at, Basis.SWITCHING, Reason.PLANNED_WORK)
        if begun is not None:
            gasp_at, call_at = _spoken(report)
            board.ledger.heard(begun, window, report=report.id, gasp_at=gasp_at, call_at=call_at)
        board.dispose(report.id, Disposal.MUTED, Reason.PLANNED_WORK, window.id)
        return
    _hold(board, report, supplied)


def _spoken(report: LocatedReport) -> tuple[int | None, int | None]:
    """Return when the meter, or else the customer, says that power failed."""
    return (report.at, None) if report.kind is ReportKind.LAST_GASP else (None, report.at)


def _hear_power(board: Board, report: LocatedReport) -> None:
    out = board.ledger.out(report.customer)
    pending = board.turn.get(Pending, report.customer)
    if out is not None and report.at <= out.since:
        board.dispose(report.id, Disposal.ANSWERED, Reason.OLDER_THAN_LOSS, out.holder)
        return
    board.power_at(report.device, report.at, [report.id])
    supplied = board.turn.get(Supplied, report.customer)
    if supplied is None:
        board.turn.put(Supplied(id=report.customer, since=report.at))
    elif report.at > supplied.since:
        board.turn.put(replace(supplied, since=report.at))
    if out is not None:
        board.dispose(report.id, Disposal.COUNTED, Reason.POWER_BACK, out.holder)
    elif (supplied is not None and supplied.ended is not None) or pending is not None:
        board.dispose(report.id, Disposal.ANSWERED, Reason.POWER_BACK)
    else:
        board.dispose(report.id, Disposal.ANSWERED, Reason.NOT_KNOWN_OUT)


def _hear_again(board: Board, report: LocatedReport, out: Out) -> None:
    gasp_at, call_at = _spoken(report)
    again = (gasp_at is not None and out.gasp_at is not None) or (call_at is not None and out.call_at is not None)
    holder: Incident | Window | None = board.incident(out.holder) or board.turn.get(Window, out.holder)
    if holder is None:
        raise LookupError(f"{out.id} is out under {out.holder}, which is neither an incident nor a window")
    if isinstance(holder, Window):
        if not again:
            board.ledger.heard(out, holder, report=report.id, gasp_at=gasp_at, call_at=call_at)
        board.dispose(report.id, Disposal.MUTED, Reason.PLANNED_WORK, holder.id)
        return
    if again:
        board.dispose(report.id, Disposal.DOUBLED, Reason.SAME_AGAIN, holder.id)
        return
    board.ledger.heard(out, holder, report=report.id, gasp_at=gasp_at, call_at=call_at)
    board.dispose(report.id, Disposal.COUNTED, Reason.ALREADY_OUT, holder.id)
    if not out.reported:
        holder = board.quietly(holder, heard=holder.heard + 1)
        board.confirm(holder)
    if gasp_at is not None and holder.basis is Basis.CALL and gasp_at < holder.started_at:
        _begin_earlier(board, holder, gasp_at, report.id)


def _begin_earlier(board: Board, incident: Incident, loss: int, fact: str) -> None:
    """Let an incident that rested on calls begin when a meter of it lost power."""
    current = board.incident(incident.id) or incident
    changed = board.change(current, Reason.EARLIER_LOSS, [fact], started_at=loss, basis=Basis.METER)
    for out in board.ledger.held_by(changed):
        if out.gasp_at is None:
            board.ledger.start_earlier(out, changed, loss)


def _active_window(board: Board, device: str) -> Window | None:
    active = board.turn.all(Window, lambda each: each.state is WindowState.ACTIVE)
    return next((each for each in active if board.network.is_behind(device, each.device)), None)


def _hold(board: Board, report: LocatedReport, supplied: Supplied | None) -> None:
    turn = board.turn
    gasp = report.kind is ReportKind.LAST_GASP
    pending = turn.get(Pending, report.customer)
    if pending is not None and supplied is not None:
        heard = max(pending.gasp_at or 0, pending.call_at or 0)
        if heard < supplied.since:
            # Power came back in between: what was held is over, this is a new loss.
            for held in pending.reports:
                board.dispose(held, Disposal.ANSWERED, Reason.OLDER_THAN_RESTORATION)
            pending = None
    if pending is None:
        pending = Pending(id=report.customer, device=report.device, heard_at=board.now)
    if (pending.gasp_at if gasp else pending.call_at) is not None:
        board.dispose(report.id, Disposal.DOUBLED, Reason.SAME_AGAIN)
        return
    pending = replace(pending, reports=(*pending.reports, report.id))
    turn.put(replace(pending, gasp_at=report.at) if gasp else replace(pending, call_at=report.at))
    board.dispose(report.id, Disposal.HELD, Reason.GATHERING)
    if turn.get(Gathering, turn.shard) is None:
        gathering = Gathering(id=turn.shard, due_at=board.now + HOLD_MS)
        turn.put(gathering)
        turn.note(gathering, "gathering", Reason.GATHERING, [report.id])
