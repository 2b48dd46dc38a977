"""Reports that name no one customer: of a place, a pole, a device, or of one of several premises of a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import ReportKind
from services.outages.entities import Hint, Out, Pending, Window, WindowState
from services.outages.reasons import Reason
from services.outages.report import Disposal, LocatedReport

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.outages.entities import Incident

NOBODY = "hint:"
"""Marks evidence that is no customer. No customer is called so: a customer's id comes from the utility's folder."""
PATIENCE_MS = 3_600_000
"""How long such a report waits for something that takes out whom it may mean."""


def hear_hint(board: Board, report: LocatedReport) -> None:
    """Count a report for what already takes out whom it may mean, or keep it in mind as evidence of its device."""
    if report.kind in {ReportKind.POWER_RESTORED, ReportKind.NO_ANSWER}:
        board.dispose(report.id, Disposal.ANSWERED, Reason.NO_METER)
        return
    if not board.known(report.device):
        board.dispose(report.id, Disposal.ANSWERED, Reason.UNKNOWN_CUSTOMER)
        return
    hint = Hint(
        id=report.id,
        device=report.device,
        at=report.at,
        heard_at=board.now,
        leave_at=board.now + PATIENCE_MS,
        candidates=tuple(sorted({customer for customer, _ in report.candidates if customer is not None})),
        reports=(report.id,),
    )
    if _count(board, hint):
        return
    board.turn.put(hint)
    if hint.candidates:
        board.dispose(report.id, Disposal.AMBIGUOUS, Reason.SEVERAL_MEANT)
        return
    board.dispose(report.id, Disposal.HELD, Reason.GATHERING)
    board.touched.add(hint.device)


def settle_hints(board: Board) -> None:
    """Count the reports that something takes up now, and answer those that have waited long enough."""
    for hint in board.turn.all(Hint):
        if hint.leave_at <= board.now:
            board.turn.remove(hint)
            if not hint.counted and not _count(board, hint):
                board.dispose(hint.id, Disposal.ANSWERED, Reason.NOT_CONFIRMED)
        elif not hint.counted and _count(board, hint):
            # What is only suspected goes on resting on it.
            board.turn.put(replace(hint, counted=True))


def evidence(board: Board) -> list[Pending]:
    """Return the reports that speak of a device and of nobody, in the form of those of customers.

    Those of one device count as one voice: nobody can tell whether they come from one person.
    """
    by_device: dict[str, list[Hint]] = {}
    for hint in board.turn.all(Hint):
        if not hint.candidates and board.is_device(hint.device):
            by_device.setdefault(hint.device, []).append(hint)
    return [
        Pending(
            id=NOBODY + min(each.id for each in hints),
            device=device,
            heard_at=min(each.heard_at for each in hints),
            call_at=min(each.at for each in hints),
            reports=tuple(sorted(report for each in hints for report in each.reports)),
        )
        for device, hints in sorted(by_device.items())
    ]


def _count(board: Board, hint: Hint) -> bool:
    """Count a report for what takes out whom it may mean; answers whether there is any."""
    holder = _candidate_out(board, hint) if hint.candidates else _device_out(board, hint)
    if holder is None:
        return False
    if isinstance(holder, Window):
        board.dispose(hint.id, Disposal.MUTED, Reason.PLANNED_WORK, holder.id)
    else:
        board.dispose(hint.id, Disposal.COUNTED, Reason.ALREADY_OUT, holder.id)
    return True


def _candidate_out(board: Board, hint: Hint) -> Incident | Window | None:
    outs = (board.turn.get(Out, customer) for customer in hint.candidates)
    out = next((each for each in outs if each is not None), None)
    return None if out is None else board.holder_of(out)


def _device_out(board: Board, hint: Hint) -> Incident | Window | None:
    path = set(board.path(hint.device))
    for window in board.windows(WindowState.ACTIVE, WindowState.VERIFYING):
        if not path.isdisjoint(window.isolates):
            return window
    standing = [each for each in board.incidents() if each.whole and each.device in path and each.back_at is None]
    return min(standing, key=lambda each: (-len(board.path(each.device)), each.id), default=None)
