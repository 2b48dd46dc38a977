"""Gives customers who stayed out when others got power back an incident of their own, where their silence sits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.outages.entities import Basis
from services.outages.verifying import silent_places

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.outages.board import Board
    from services.outages.entities import Out
    from services.outages.reasons import Reason


def places_of(
    board: Board, tops: Collection[str] | None, silent: Sequence[Out], at: int
) -> list[tuple[str, list[Out], bool]]:
    """Return the devices that explain the silence, each with the customers it holds, and whether it can have failed.

    A device that a measurement shows closed since `at` has not failed: then each of the silent groups is for itself.
    """
    counts: dict[str, int] = {}
    for out in board.ledger.outs():
        device = board.ledger.device(out.id)
        counts[device] = counts.get(device, 0) + 1
    by_device: dict[str, list[Out]] = {}
    for out in silent:
        by_device.setdefault(board.ledger.device(out.id), []).append(out)
    places = []
    for place, devices in silent_places(board.network, tops, counts, by_device.keys()):
        if board.shown_closed(place, at):
            places += [(device, by_device[device], not board.shown_closed(device, at)) for device in devices]
        else:
            places.append((place, [out for device in devices for out in by_device[device]], True))
    return places


def nest(
    board: Board,
    tops: Collection[str] | None,
    silent: Sequence[Out],
    *,
    basis: Basis,
    started_at: int,
    reason: Reason,
    upstream: str | None,
    back_at: int | None,
) -> None:
    """Open an incident for each place of the silence behind `tops`; the same interruptions go on under it.

    `upstream` is the incident that was mended above, `back_at` when power came back there, `started_at` its start.
    """
    at = board.now if back_at is None else back_at
    for device, outs, whole in places_of(board, tops, silent, at) if silent else ():
        nested = board.open(
            device=device,
            whole=whole,
            basis=Basis.METER if basis is Basis.TELEMETRY else basis,
            started_at=started_at,
            reason=reason,
            facts=reports_of(outs),
            upstream=upstream,
            upstream_back_at=back_at,
        )
        for out in outs:
            board.ledger.hand_over(out, nested, reason, at=at)
        board.quietly(nested, heard=sum(out.reported for out in outs))


def reports_of(outs: Sequence[Out]) -> list[str]:
    """Return the ids of the reports that these outages rest on, sorted."""
    return sorted(report for out in outs for report in out.reports)
