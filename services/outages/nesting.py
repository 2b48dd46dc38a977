"""Gives customers who stayed out when others got power back an incident of their own, where their silence sits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.outages.verifying import silent_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.outages.board import Board
    from services.outages.entities import Basis, Out
    from services.outages.reasons import Reason


def places_of(board: Board, top: str, silent: Sequence[Out]) -> list[tuple[str, list[Out]]]:
    """Return the devices behind `top` that explain the silence, each with the customers it holds."""
    counts: dict[str, int] = {}
    for out in board.outs_behind(top):
        counts[out.device] = counts.get(out.device, 0) + 1
    by_device: dict[str, list[Out]] = {}
    for out in silent:
        by_device.setdefault(out.device, []).append(out)
    places = silent_places(board.network, top, counts, by_device.keys())
    return [(place, [out for device in devices for out in by_device[device]]) for place, devices in places]


def nest(
    board: Board,
    top: str,
    silent: Sequence[Out],
    *,
    basis: Basis,
    started_at: int,
    reason: Reason,
    upstream: str | None,
    back_at: int | None,
) -> None:
    """Open an incident for each place of the silence behind `top`; the same interruptions go on under it.

    `upstream` is the incident that was mended above, `back_at` when power came back there, `started_at` its start.
    """
    for device, outs in places_of(board, top, silent) if silent else ():
        nested = board.open(
            device=device,
            whole=True,
            basis=basis,
            started_at=started_at,
            reason=reason,
            facts=reports_of(outs),
            upstream=upstream,
            upstream_back_at=back_at,
        )
        for out in outs:
            board.ledger.hand_over(out, nested, reason)
        board.quietly(nested, heard=sum(out.reported for out in outs))


def reports_of(outs: Sequence[Out]) -> list[str]:
    """Return the ids of the reports that these outages rest on, sorted."""
    return sorted(report for out in outs for report in out.reports)
