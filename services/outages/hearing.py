"""What a located report means: of a customer who is out already, in a window, powered since, or not explained yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import ReportKind
from services.outages.asking import By
from services.outages.board import SCADA
from services.outages.entities import Basis, Incident, Out, Pending, Proven, Supplied, Unanswered, Window
from services.outages.hinting import hear_hint
from services.outages.insisting import counts
from services.outages.isolating import active_window, belied, explains
from services.outages.learning import hear_meter
from services.outages.neighbouring import hear_neighbour
from services.outages.phasing import is_cut_off
from services.outages.questions import Asked
from services.outages.rates import QUANTUM_MS
from services.outages.reasons import Reason
from services.outages.report import Disposal, LocatedReport
from services.outages.scene import may_move

if TYPE_CHECKING:
    from services.outages.board import Board

ANSWERED_WITHIN_MS = 3_600_000
"""Who says within this time of a question that power is on answers it."""


def hear(board: Board, report: LocatedReport) -> None:
    """Take one report into account. Costs O(depth), plus who hangs directly on the devices that it proves live."""
    if report.customer is None:
        hear_hint(board, report)
        return
    try:
        device = board.ledger.device(report.customer)
    except KeyError:
        board.dispose(report.id, Disposal.ANSWERED, Reason.UNKNOWN_CUSTOMER)
        return
    match report.kind:
        case ReportKind.POWER_RESTORED:
            _hear_power(board, report, report.customer, device)
        case ReportKind.NO_ANSWER:
            _hear_silence(board, report, report.customer, device)
        case _:
            _hear_loss(board, report, report.customer, device)


def _hear_loss(board: Board, report: LocatedReport, customer: str, device: str) -> None:
    if report.kind is ReportKind.LAST_GASP:
        hear_meter(board)
    out = board.ledger.out(customer)
    if out is not None and not belied(board, report, out):
        _hear_again(board, report, out)
        return
    supplied = board.turn.get(Supplied, customer)
    if supplied is not None and report.at <= supplied.since:
        board.dispose(report.id, Disposal.ANSWERED, Reason.OLDER_THAN_RESTORATION)
        return
    window = active_window(board, device)
    if window is not None and explains(board, window, device, report):
        begun = board.ledger.begin(customer, window, report.at, Basis.SWITCHING, Reason.PLANNED_WORK)
        if begun is not None:
            gasp_at, call_at = _spoken(report)
            board.ledger.heard(begun, report=report.id, gasp_at=gasp_at, call_at=call_at)
        board.dispose(report.id, Disposal.MUTED, Reason.PLANNED_WORK, window.id)
        return
    _hold(board, report, customer, device, supplied)


def _spoken(report: LocatedReport) -> tuple[int | None, int | None]:
    """Return when the meter, or else the customer, says that power failed."""
    return (report.at, None) if report.kind is ReportKind.LAST_GASP else (None, report.at)


def _hear_power(board: Board, report: LocatedReport, customer: str, device: str) -> None:
    out = board.ledger.out(customer)
    pending = board.turn.get(Pending, customer)
    supplied = board.turn.get(Supplied, customer)
    if out is not None and report.at <= out.since:
        board.dispose(report.id, Disposal.ANSWERED, Reason.OLDER_THAN_LOSS, out.holder)
        return
    if _contradicts(board, device, report.at) or is_cut_off(board, customer, report.at):
        # Its device may have been closed without the news having come yet: then the message counts after all.
        claimed = max(report.at, (supplied.claimed or 0) if supplied is not None else 0)
        board.turn.put(replace(supplied or Supplied(id=customer, since=0), claimed=claimed))
        board.dispose(report.id, Disposal.ANSWERED, Reason.CONTRADICTS_TELEMETRY, None if out is None else out.holder)
        return
    board.touched.add(device)
    hear_neighbour(board, customer, device, report.at, report.id)
    out = board.ledger.out(customer)
    if _was_asked(board, customer, report.at) and (out is None or _is_presumed(board, out)):
        if out is not None:
            board.ledger.void(out, Reason.HAS_POWER)
        board.turn.put(Proven(id=customer, at=report.at))
        _keep_supplied(board, customer, report.at)
        state = Disposal.ANSWERED if out is None else Disposal.COUNTED
        board.dispose(report.id, state, Reason.HAS_POWER, None if out is None else out.holder)
        return
    board.power_at(device, report.at, [report.id], speaker=customer)
    supplied = board.turn.get(Supplied, customer)
    _keep_supplied(board, customer, report.at)
    if out is not None:
        board.dispose(report.id, Disposal.COUNTED, Reason.POWER_BACK, out.holder)
    elif (supplied is not None and supplied.ended is not None) or pending is not None:
        board.dispose(report.id, Disposal.ANSWERED, Reason.POWER_BACK)
    else:
        board.turn.put(Proven(id=customer, at=report.at))
        board.dispose(report.id, Disposal.ANSWERED, Reason.NOT_KNOWN_OUT)


def _keep_supplied(board: Board, customer: str, at: int) -> None:
    standing = board.turn.get(Supplied, customer) or Supplied(id=customer, since=0)
    spoken_at = max(at, standing.spoken_at or 0)
    board.turn.put(replace(standing, since=max(at, standing.since), spoken_at=spoken_at))


def _was_asked(board: Board, customer: str, at: int) -> bool:
    """Answers whether this may be the answer to a question: then it tells of power now, and not that power came back."""
    asked = board.turn.get(Asked, customer)
    last = None if asked is None else max((each for each in map(asked.last, By) if each is not None), default=None)
    return last is not None and last - QUANTUM_MS <= at <= last + ANSWERED_WITHIN_MS


def _is_presumed(board: Board, out: Out) -> bool:
    """Answers whether somebody is out only because of a guess that nobody has confirmed."""
    incident = board.incident(out.holder)
    return not out.reported and incident is not None and may_move(incident)


def _hear_silence(board: Board, report: LocatedReport, customer: str, device: str) -> None:
    """Take it into account that a meter was asked and did not answer; it may have no power, or only no signal."""
    out = board.ledger.out(customer)
    board.turn.put(Unanswered(id=customer, at=report.at))
    board.touched.add(device)
    board.dispose(report.id, Disposal.ANSWERED, Reason.NO_ANSWER, None if out is None else out.holder)


def _contradicts(board: Board, device: str, at: int) -> bool:
    """Answers whether a device above is told by measurement to stand open, since before the meter spoke."""
    top = board.network.open_above(device)
    position = None if top is None else board.position(top)
    return position is not None and position.source == SCADA and not position.closed and position.at <= at


def _hear_again(board: Board, report: LocatedReport, out: Out) -> None:
    gasp_at, call_at = _spoken(report)
    if counts(board, report, out):
        return
    again = (gasp_at is not None and out.gasp_at is not None) or (call_at is not None and out.call_at is not None)
    holder = board.holder_of(out)
    if isinstance(holder, Window):
        if not again:
            board.ledger.heard(out, report=report.id, gasp_at=gasp_at, call_at=call_at)
        board.dispose(report.id, Disposal.MUTED, Reason.PLANNED_WORK, holder.id)
        return
    if again:
        board.dispose(report.id, Disposal.DOUBLED, Reason.SAME_AGAIN, holder.id)
        return
    board.ledger.heard(out, report=report.id, gasp_at=gasp_at, call_at=call_at)
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
            board.ledger.start_earlier(out, loss)


def _hold(board: Board, report: LocatedReport, customer: str, device: str, supplied: Supplied | None) -> None:
    gasp = report.kind is ReportKind.LAST_GASP
    pending = board.turn.get(Pending, customer)
    if pending is not None and supplied is not None:
        heard = max(pending.gasp_at or 0, pending.call_at or 0)
        if heard < supplied.since:
            # Power came back in between: what was held is over, this is a new loss.
            for held in pending.reports:
                board.dispose(held, Disposal.ANSWERED, Reason.OLDER_THAN_RESTORATION)
            pending = None
    if pending is None:
        pending = Pending(id=customer, device=device, heard_at=board.now)
    if (pending.gasp_at if gasp else pending.call_at) is not None:
        board.dispose(report.id, Disposal.DOUBLED, Reason.SAME_AGAIN)
        return
    pending = replace(pending, reports=(*pending.reports, report.id), priority=pending.priority or report.priority)
    board.turn.put(replace(pending, gasp_at=report.at) if gasp else replace(pending, call_at=report.at))
    board.dispose(report.id, Disposal.HELD, Reason.GATHERING)
