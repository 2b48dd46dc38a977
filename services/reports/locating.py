"""Locates what was heard: whose it is, behind which device, in which supply area, or why it has no place. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from schemas.events import HazardReported, HotlineReported, OutageReported, Place
from schemas.ids import AreaId
from services.clock import to_ms
from services.network import Network
from services.reports.danger import danger_of
from services.reports.premises import NONE, Premises
from services.reports.reasons import Reason
from services.reports.spots import spot_of, spot_of_account
from services.reports.states import ReportState

LATE_MS = 86_400_000
"""A report of something longer ago than this takes no part in an inference."""

Heard: TypeAlias = OutageReported | HazardReported | HotlineReported


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where a report belongs. `at` is milliseconds; customer, device and area are None as far as they are not known.

    `candidates` are pairs of customer (None: nobody is named) and device; `place` is where the danger is.
    """

    state: ReportState
    reason: Reason
    at: int
    customer: str | None = None
    device: str | None = None
    area: AreaId | None = None
    candidates: tuple[tuple[str | None, str], ...] = ()
    place: Place | None = None


_NAMES = {
    OutageReported: ("customer", "meter", "phone", "pole", "device", "place"),
    HazardReported: ("place", "pole", "device", "customer", "phone"),
    HotlineReported: ("account",),
}


def names_anything(report: Heard) -> bool:
    """Answer whether a report says at all where it may belong; one that does not cannot be located by anybody."""
    return any(getattr(report, name) is not None for name in _NAMES[type(report)])


def locate(report: Heard, network: Network, now: int, premises: Premises = NONE) -> Located:
    """Return where the report belongs. A report from a clock that runs ahead counts as of `now` (milliseconds)."""
    at = min(to_ms(report.at), now)
    if isinstance(report, HazardReported):
        return _danger(report, network, max(at, now - LATE_MS), premises)
    if isinstance(report, HotlineReported):
        found = spot_of_account(report, network, premises)
    else:
        found = spot_of(report, network, premises)
    if isinstance(found, Reason):
        return Located(state=ReportState.UNKNOWN, reason=found, at=at)
    if found.device is None:
        return Located(state=ReportState.CLOSED_ACCOUNT, reason=Reason.ACCOUNT_CLOSED, at=at, customer=found.customer)
    late = at < now - LATE_MS
    sure = ReportState.AMBIGUOUS if found.candidates else ReportState.LOCATED
    return Located(
        state=ReportState.LATE if late else sure,
        reason=Reason.OLDER_THAN_A_DAY if late else found.reason,
        at=at,
        customer=found.customer,
        device=found.device,
        area=network.area_of(found.device),
        candidates=found.candidates,
    )


def _danger(report: HazardReported, network: Network, at: int, premises: Premises) -> Located:
    """Return where the danger is. It does not lapse: one of long ago counts as of a day ago."""
    found = danger_of(report, network, premises)
    if isinstance(found, Reason):
        return Located(state=ReportState.UNKNOWN, reason=found, at=at)
    spot = found.spot
    return Located(
        state=ReportState.AMBIGUOUS if spot.candidates else ReportState.LOCATED,
        reason=spot.reason,
        at=at,
        customer=spot.customer,
        device=spot.device,
        area=network.area_of(found.nearest),
        candidates=spot.candidates,
        place=found.place,
    )
