"""Gives customers who stayed out when others got power back an incident of their own, where their silence sits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.outages.entities import Basis
from services.outages.verifying import silent_places

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.outages.board import Board
    from services.outages.entities import Out, Window
    from services.outages.reasons import Reason


def places_of(
    board: Board, tops: Collection[str] | None, silent: Sequence[Out], at: int
) -> list[tuple[str, list[Out], bool]]:
    """Return the devices that explain the silence, each with the customers it holds, and whether it can have failed.

    A device that a measurement shows closed since `at`, or behind which somebody has power, has not failed: who is silent
    is so for himself.
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
            found = [(device, by_device[device]) for device in devices]
        else:
            found = [(place, [out for device in devices for out in by_device[device]])]
        places += [(device, outs, _may_have_failed(board, device, counts, at)) for device, outs in found]
    return places


def _may_have_failed(board: Board, device: str, dark: Mapping[str, int], at: int) -> bool:
    """Answers whether everybody behind a device is dark, and no measurement shows it closed."""
    behind = sum(count for each, count in dark.items() if board.behind(each, device))
    return behind >= board.network.count_behind(device) and not board.shown_closed(device, at)


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
    phases: str = "",
) -> None:
    """Open an incident for each place of the silence behind `tops`; the same interruptions go on under it.

    `upstream` is the incident that was mended above, `back_at` when power came back there, `started_at` its start, `phases`
    those that it took out.
    """
    at = board.now if back_at is None else back_at
    for device, outs, whole in places_of(board, tops, silent, at) if silent else ():
        nested = board.open(
            device=device,
            whole=whole and not phases,
            basis=Basis.METER if basis is Basis.TELEMETRY else basis,
            started_at=started_at,
            reason=reason,
            facts=reports_of(outs),
            upstream=upstream,
            upstream_back_at=back_at,
        )
        for out in outs:
            board.ledger.hand_over(out, nested, reason, at=at)
        board.quietly(nested, heard=sum(out.reported for out in outs), phases=phases)


def reports_of(outs: Sequence[Out]) -> list[str]:
    """Return the ids of the reports that these outages rest on, sorted."""
    return sorted(report for out in outs for report in out.reports)


def open_below(
    board: Board, window: Window, silent: list[Out], at: int, tops: Collection[str] | None, reason: Reason
) -> None:
    """Open an incident wherever customers stay out whose planned outage should have ended at `at`."""
    for device, outs, whole in places_of(board, tops, silent, at) if silent else ():
        nested = board.open(
            device=device,
            whole=whole,
            basis=Basis.METER,
            started_at=at,
            reason=reason,
            facts=reports_of(outs) or [window.id],
            upstream_back_at=at,
        )
        for out in outs:
            board.ledger.end_planned(out, at, nested, reason)
