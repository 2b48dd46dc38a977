"""Locates a report: whose it is, behind which device, in which supply area, or why it has no place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.ids import AreaId, CustomerId, DeviceId
from services.clock import to_ms
from services.reports.reasons import Reason
from services.reports.states import ReportState

if TYPE_CHECKING:
    from schemas.events import OutageReported
    from services.network import Network

LATE_MS = 86_400_000
"""A report of something longer ago than this takes no part in an inference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where a report belongs. `at` is milliseconds; customer, device and area are None as far as they are not known."""

    state: ReportState
    reason: Reason
    at: int
    customer: CustomerId | None = None
    device: DeviceId | None = None
    area: AreaId | None = None


def locate(report: OutageReported, network: Network, now: int) -> Located:
    """Return where the report belongs.

    A meter that is known speaks for the customer it is installed at, whatever customer is named beside it: it cannot mistake
    itself. A report from a clock that runs ahead counts as of `now` (milliseconds).
    """
    at = min(to_ms(report.at), now)
    customer, reason = _whose(report, network)
    if customer is None:
        return Located(state=ReportState.UNKNOWN, reason=reason, at=at)
    known = network.customer(customer)
    if not known.active or known.device is None:
        return Located(state=ReportState.CLOSED_ACCOUNT, reason=Reason.ACCOUNT_CLOSED, at=at, customer=customer)
    area = network.area_of(known.device)
    late = at < now - LATE_MS
    return Located(
        state=ReportState.LATE if late else ReportState.LOCATED,
        reason=Reason.OLDER_THAN_A_DAY if late else reason,
        at=at,
        customer=customer,
        device=known.device,
        area=area,
    )


def _whose(report: OutageReported, network: Network) -> tuple[CustomerId | None, Reason]:
    if report.meter is not None:
        owner = network.by_meter(report.meter)
        if owner is not None:
            named = report.customer is None
            return owner, Reason.METER_NAMED if named else Reason.METER_SPEAKS
        if report.customer is None:
            return None, Reason.NO_SUCH_METER
    if report.customer is None:
        return None, Reason.NOBODY_NAMED
    try:
        return network.customer(report.customer).id, Reason.CUSTOMER_NAMED
    except KeyError:
        return None, Reason.NO_SUCH_CUSTOMER
