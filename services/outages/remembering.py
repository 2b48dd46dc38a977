"""What is kept: how long, until nothing that is told late can touch it, and what becomes of it under another network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from services.outages.board import REACH_BACK_MS
from services.outages.entities import Charted, Hazard, Out, Pending, Supplied, WindowState
from services.outages.reasons import Reason
from services.outages.report import Disposal

if TYPE_CHECKING:
    from services.outages.board import Board

SUPPLY_MEMORY_MS = 2 * REACH_BACK_MS
"""How long it is remembered since when a customer has power: longer than anything reaches back, also when turns are late."""


def forget(board: Board) -> None:
    """Forget since when customers have power, and how devices stand that stand as usual, when that was long ago."""
    oldest = min((each.started_at for each in board.incidents()), default=board.now)
    horizon = min(board.now - SUPPLY_MEMORY_MS, oldest)
    for supplied in board.turn.all(Supplied, lambda each: max(each.since, each.ended or 0) < horizon):
        if board.ledger.out(supplied.id) is None:
            board.turn.remove(supplied)
    normal = board.grid.normal
    for position in board.positions():
        usual = position.closed is normal.switch(position.id).normally_closed
        if usual and position.check_at is None and position.at < board.now - REACH_BACK_MS:
            board.forget_position(position)


def chart(board: Board) -> None:
    """Bring what is known into the network as it is now, if that is another one than it was."""
    charted = Charted(id=board.turn.shard, network=board.grid.version)
    standing = board.turn.get(Charted, charted.id)
    board.turn.put(charted)
    if standing is not None and standing.network != charted.network:
        _places(board)
        _incidents(board)
        _customers(board)


def _customers(board: Board) -> None:
    """End the outages of customers whom nothing feeds any more, and answer their reports."""
    for out in board.turn.all(Out):
        if not _is_fed_at_all(board, out.id):
            board.ledger.end(out, max(board.now, out.since + 1), Reason.NETWORK_CHANGED)
            board.came_back(out.holder, board.now, Reason.NETWORK_CHANGED, ())
    for pending in board.turn.all(Pending):
        if not _is_fed_at_all(board, pending.id):
            board.turn.remove(pending)
            for report in pending.reports:
                board.dispose(report, Disposal.ANSWERED, Reason.UNKNOWN_CUSTOMER)


def _is_fed_at_all(board: Board, customer: str) -> bool:
    try:
        board.ledger.device(customer)
    except KeyError:
        return False
    return True


def _places(board: Board) -> None:
    """Give what lies at a device that is no more another place, or none."""
    for position in board.positions():
        if not board.known(position.id):
            board.forget_position(position)
    for hazard in board.turn.all(Hazard):
        if hazard.device is not None and not board.known(hazard.device):
            board.turn.put(replace(hazard, device=None))
    for window in board.windows(*WindowState):
        isolates = tuple(each for each in window.isolates if board.known(each))
        awaited = tuple(each for each in window.awaited if board.known(each))
        tops = tuple(each for each in window.tops if board.is_device(each))
        if (isolates, awaited, tops) != (window.isolates, window.awaited, window.tops):
            window = replace(window, isolates=isolates, awaited=awaited, tops=tops)  # noqa: PLW2901 - as it stands now
            board.keep_window(window, Reason.NETWORK_CHANGED, to="stays")


def _incidents(board: Board) -> None:
    """Put incidents at a device that is no more to the lowest one that their customers share."""
    network = board.network
    for incident in board.remembered():
        if board.is_device(incident.device):
            continue
        held = [out.id for out in board.ledger.held_by(incident) if _is_fed_at_all(board, out.id)]
        device: str | None = network.lowest_common(board.ledger.device(each) for each in held)
        if device is None:
            first = min(each.id for each in network.devices if each.area == board.turn.shard)
            device = board.ledger.device(held[0]) if held else first
        moved = board.quietly(incident, device=device, whole=False, switched=False)
        if moved.is_open:
            board.change(moved, Reason.NETWORK_CHANGED)
