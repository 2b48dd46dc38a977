"""What the hotline is told: that a customer with an account lost power, what explains it and how long, that it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import LargeCustomerOut, LargeCustomerRestored
from schemas.ids import derived
from schemas.topics import HOTLINE_PRIORITY
from services.clock import from_ms
from services.outages.entities import Incident, Out, Supplied
from services.outages.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.outages.board import Board


def tell_hotline(board: Board, accounts: Mapping[str, str]) -> None:
    """Publish what changed for customers with an account; it is told as it stands at the end of the turn."""
    turn = board.turn
    # An account that the utility does not have any more is nobody to tell.
    for was in sorted(
        (each for each in board.ledger.over if each.id in accounts), key=lambda each: (each.id, each.since)
    ):
        if was.outage is None or _goes_on(board, was):
            continue
        restored = LargeCustomerRestored(
            id=derived("largeCustomerRestored", was.outage),
            at=from_ms(board.now),
            exercise=turn.exercise,
            account=accounts[was.id],
            customer=was.id,
            outage=was.outage,
        )
        turn.emit(HOTLINE_PRIORITY, accounts[was.id], restored)
    for customer in sorted(accounts):
        out = board.ledger.out(customer)
        if out is not None:
            _tell(board, accounts[customer], out)


def _goes_on(board: Board, was: Out) -> bool:
    """Let an outage that was explained anew in this turn be the one that the hotline knows; answers whether there is one."""
    now = board.ledger.out(was.id)
    if now is None or now.outage is not None or now.since > was.since:
        return False
    board.turn.put(replace(now, outage=was.outage, told=was.told, tellings=was.tellings))
    return True


def _tell(board: Board, account: str, out: Out) -> None:
    holder = board.holder_of(out)
    incident = holder if isinstance(holder, Incident) else None
    if incident is not None and not incident.revision:
        return  # it may be over before it is made known
    estimate = None if incident is None else incident.estimate
    if out.told == (holder.id, estimate):
        return
    outage = out.outage
    if outage is None:
        supplied = board.turn.get(Supplied, out.id) or Supplied(id=out.id, since=0)
        board.turn.put(replace(supplied, outages=supplied.outages + 1))
        outage = derived("outage", account, out.id, out.since, supplied.outages, board.now)
    event = LargeCustomerOut(
        id=derived("largeCustomerOut", outage, out.tellings),
        at=from_ms(board.now),
        exercise=board.turn.exercise,
        account=account,
        customer=out.id,
        outage=outage,
        reason=Reason.PLANNED_WORK if incident is None else incident.reason,
        incident=None if incident is None else incident.id,
        window=holder.id if incident is None else None,
        estimate=None if estimate is None else from_ms(estimate),
        since=from_ms(out.since),
    )
    board.turn.put(replace(out, outage=outage, told=(holder.id, estimate), tellings=out.tellings + 1))
    board.turn.emit(HOTLINE_PRIORITY, account, event)
