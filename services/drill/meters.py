"""Meters: the last gasp of one that loses power, and its message when power is back.

A last gasp leaves after 30 to 45 s without voltage and takes up to 20 s; some are lost on the way (in the field
60 to 95 % arrive), a few are delivered twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import ReportKind
from services.drill.draws import between, chance
from services.drill.messages import Said, report_by_meter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.network import Network

GASPS_DELIVERED = 0.85
GASPS_COPIED = 0.02
GASPS_OF_A_BLINK = 0.08
"""The share of meters that do not wait before they say that voltage is gone."""
RETURNS_DELIVERED = 0.93


def last_gasps(
    seed: int, network: Network, held: Mapping[str, str], customers: Iterable[str], lost_at: int
) -> list[Said]:
    """Return the last gasps that arrive from meters which lost power at this time, copies included.

    `held` says which customers belong to which hotline account.
    """
    said = []
    for name in customers:
        if not chance(seed, GASPS_DELIVERED, "gasp", name, lost_at):
            continue
        customer, account = network.customer(name), held.get(name)
        arrives = lost_at + between(seed, 30_000, 45_000, "gasp held", name, lost_at)
        arrives += between(seed, 0, 20_000, "gasp under way", name, lost_at)
        said.append(report_by_meter(ReportKind.LAST_GASP, customer, lost_at, arrives, account=account))
        if chance(seed, GASPS_COPIED, "gasp copied", name, lost_at):
            again = arrives + between(seed, 0, 8_000, "copy under way", name, lost_at)
            said.append(report_by_meter(ReportKind.LAST_GASP, customer, lost_at, again, account=account, copy=1))
    return said


def blinked(
    seed: int, network: Network, held: Mapping[str, str], customers: Iterable[str], lost_at: int, back_at: int
) -> list[Said]:
    """Return what meters say of an interruption too short for most of them: a few gasp, and say that power is back."""
    said = []
    for name in customers:
        if chance(seed, GASPS_OF_A_BLINK, "blink", name, lost_at):
            customer, account = network.customer(name), held.get(name)
            gasp_at = back_at + between(seed, 1_000, 20_000, "gasp under way", name, lost_at)
            return_at = gasp_at + between(seed, 5_000, 40_000, "return under way", name, lost_at)
            said.append(report_by_meter(ReportKind.LAST_GASP, customer, lost_at, gasp_at, account=account))
            said.append(report_by_meter(ReportKind.POWER_RESTORED, customer, back_at, return_at, account=account))
    return said


def returns(seed: int, network: Network, held: Mapping[str, str], customers: Iterable[str], back_at: int) -> list[Said]:
    """Return the messages that arrive from meters which have power again since this time."""
    return [
        report_by_meter(
            ReportKind.POWER_RESTORED,
            network.customer(name),
            back_at,
            back_at + between(seed, 5_000, 60_000, "return under way", name, back_at),
            account=held.get(name),
        )
        for name in customers
        if chance(seed, RETURNS_DELIVERED, "return", name, back_at)
    ]
