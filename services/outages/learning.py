"""What an area's own history says of reports: the share of those who call, of meters that are heard, and whether meters speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from services.outages.entities import Learnt, Suspected
from services.outages.suspecting import KNOWN, with_shares

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.outages.rates import Rates

DEAF, PERHAPS_DEAF = 0.02, 0.5
"""How likely it is that no meter of a feeder can be heard just now; and where none ever was."""
FADES = 9
"""What was learnt before counts so many tenths of itself when more is learnt."""


def learnt(board: Board) -> Learnt:
    """Return what was learnt here so far."""
    return board.turn.get(Learnt, board.turn.shard) or Learnt(id=board.turn.shard)


def rates(board: Board) -> Rates:
    """Return what is believed of reports here: the usual rates, with the shares mended by what was heard before and now."""
    counted = [learnt(board).heard, *(each.heard for each in board.turn.all(Suspected))]
    return with_shares(
        board.grid.rates, ((calls, asked / 1000, gasps, due / 1000) for calls, asked, gasps, due in counted)
    )


def unsure(board: Board) -> bool:
    """Answers whether little is known here of how many call."""
    asked = learnt(board).heard[1] + sum(each.heard[1] for each in board.turn.all(Suspected))
    return asked < KNOWN * 1000


def deaf(board: Board) -> float:
    """Return how likely it is that no meter of a feeder can be heard."""
    return DEAF if learnt(board).meters_speak else PERHAPS_DEAF


def hear_meter(board: Board) -> None:
    """Keep in mind that meters speak here."""
    known = learnt(board)
    if not known.meters_speak:
        board.turn.put(replace(known, meters_speak=True))


def learn(board: Board, over: Suspected) -> None:
    """Keep what was heard on a feeder of which nothing is suspected any more."""
    known = learnt(board)
    if any(over.heard):
        heard = tuple(FADES * old // 10 + new for old, new in zip(known.heard, over.heard, strict=True))
        board.turn.put(replace(known, heard=heard))
    board.turn.remove(over)
