"""Customers who say that there is still no power after it was said, or shown, to be back where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import ReportKind
from services.outages.entities import Basis, Incident, Pending, Supplied
from services.outages.reasons import Reason
from services.outages.report import Disposal
from services.outages.verifying import QUIET_MS, WAIT_MS

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.outages.entities import Out, Window
    from services.outages.report import LocatedReport


def hear_again(board: Board, report: LocatedReport, out: Out) -> Out | None:
    """Keep in mind that a customer who is out says so after power was claimed to be back; None when it is no such word.

    What is wrong below a mended fault is then looked for within the time that signs are awaited for.
    """
    holder = board.holder_of(out)
    claims = _claims(holder)
    if not claims or report.at <= min(claims) or report.at <= (out.said_at or 0):
        return None
    said = replace(out, said_at=report.at)
    board.turn.put(said)
    awaited = holder.check_at is not None or holder.step_check_at is not None
    if isinstance(holder, Incident) and holder.back_at is not None and not awaited:
        board.change(holder, Reason.STILL_OUT, [report.id], check_at=board.now + WAIT_MS)
    return said


def _claims(holder: Incident | Window) -> list[int]:
    """Return when power was said or shown to be back for customers of this holder."""
    if isinstance(holder, Incident):
        found = (holder.back_at, holder.done_at, holder.step_at)
    else:
        found = (holder.completed_at, holder.step_at, None)
    return [at for at in found if at is not None]


def counts(board: Board, report: LocatedReport, out: Out) -> bool:
    """Take up the word of a customer that there is still no power; answers whether it was one, and what it was is said."""
    said = hear_again(board, report, out)
    if said is None:
        return False
    gasp = report.kind is ReportKind.LAST_GASP
    first = out.gasp_at is None if gasp else out.call_at is None
    if first:
        said = board.ledger.heard(
            said, report=report.id, gasp_at=report.at if gasp else None, call_at=None if gasp else report.at
        )
        holder = board.incident(out.holder)
        if holder is not None and not out.reported:
            board.quietly(holder, heard=holder.heard + 1)
    board.dispose(report.id, Disposal.COUNTED, Reason.STILL_OUT, out.holder)
    return True


def nest_insisting(board: Board) -> None:
    """Put customers out again whose outage has just ended by what others showed, and who call that there is still no power.

    Their interruption goes on from where it ended, under an incident of their own below the one that was mended. Where they
    call from several places at once something else has failed for all of them, which is for the inference to find.
    """
    late = [(each, last) for each in board.turn.all(Pending) for last in [_ended(board, each)] if last is not None]
    places: dict[str, set[str]] = {}
    for pending, (holder, _) in late:
        places.setdefault(holder, set()).add(board.ledger.device(pending.id))
    for pending, (holder, since) in late:
        if len(places[holder]) > 1:
            continue
        device = board.ledger.device(pending.id)
        incident = _nested(board, device, holder, since, pending)
        board.ledger.begin(pending.id, incident, since, Basis.CALL, Reason.STILL_OUT)
        for report in pending.reports:
            board.dispose(report, Disposal.COUNTED, Reason.STILL_OUT, incident.id)
        current = board.incident(incident.id) or incident
        board.confirm(board.quietly(current, heard=current.heard + 1))


def _ended(board: Board, pending: Pending) -> tuple[str, int] | None:
    """Return what held the outage of a customer who calls again so soon after its end, and when that was; else None."""
    supplied = board.turn.get(Supplied, pending.id)
    last = None if supplied is None else supplied.last
    if supplied is None or last is None or pending.gasp_at is not None or pending.call_at is None:
        return None
    by_himself = supplied.spoken_at is not None and supplied.spoken_at >= last.end
    if by_himself or not last.end < pending.call_at <= last.end + QUIET_MS:
        return None
    kind, holder = last.stretches[-1].holder_kind, last.stretches[-1].holder
    known = board.incident(holder) is not None if kind == Incident.kind else kind == "window"
    return (holder, last.end) if known else None


def _nested(board: Board, device: str, holder: str, since: int, pending: Pending) -> Incident:
    upper = board.incident(holder)
    name = None if upper is None else upper.id
    for each in board.incidents():
        if each.device == device and each.upstream == name and each.started_at == since and not each.found:
            return each
    return board.open(
        device=device,
        whole=False,
        basis=Basis.CALL,
        started_at=since,
        reason=Reason.STILL_OUT if upper is not None else Reason.STILL_OUT_AFTER_WINDOW,
        facts=pending.reports,
        upstream=name,
        upstream_back_at=since,
    )
