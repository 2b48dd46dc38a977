"""Locates what was heard: whose it is, behind which device, in which supply area, or why it has no place. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from schemas.events import HazardReported, HotlineReported, OutageReported, Place
from schemas.ids import AreaId
from services.clock import from_ms
from services.network import Network
from services.reports.danger import danger_of
from services.reports.premises import NONE, Premises
from services.reports.reasons import Reason
from services.reports.spots import customer_of, spot_of, spot_of_account
from services.reports.states import ReportState

LATE_MS = 86_400_000
"""A report of something longer ago than this takes no part in an inference."""

Heard: TypeAlias = OutageReported | HazardReported | HotlineReported

_EPOCH = from_ms(0)
_MILLISECOND = dt.timedelta(milliseconds=1)


class Belonging(msgspec.Struct, frozen=True, kw_only=True):
    """Where a report belongs, whatever time it is. Customer, device and area are None as far as they are not known.

    `candidates` are pairs of customer (None: nobody is named) and device; `place` is where the danger is.
    """

    state: ReportState
    reason: Reason
    customer: str | None = None
    device: str | None = None
    area: AreaId | None = None
    candidates: tuple[tuple[str | None, str], ...] = ()
    place: Place | None = None


class Located(Belonging, frozen=True, kw_only=True):
    """Where a report belongs, and the time that counts, milliseconds."""

    at: int


Entry: TypeAlias = tuple[Heard, Belonging, int]
"""A report, where it belongs, and the time that counts, milliseconds."""

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
    (entry,) = Locator(network, premises).entries([report])
    _, where, at = timely(entry, now)
    return Located(**msgspec.structs.asdict(where), at=at)


def timely(entry: Entry, now: int) -> Entry:
    """Return the entry as it counts at `now`, milliseconds: not ahead of it, and not longer ago than a day.

    Danger does not lapse: one of long ago counts as of a day ago. Every other report of then is late.
    """
    report, where, at = entry
    at = min(at, now)
    if at < now - LATE_MS:
        if isinstance(report, HazardReported):
            at = now - LATE_MS
        elif where.area is not None:
            late = {"state": ReportState.LATE, "reason": Reason.OLDER_THAN_A_DAY}
            where = msgspec.structs.replace(where, **late)
    return report, where, at


class Locator:
    """Locates reports on one network. It remembers where meters and customers belong, never more than there are of them."""

    def __init__(self, network: Network, premises: Premises = NONE) -> None:
        self._network = network
        self._premises = premises
        self._of_meter: dict[str, Belonging] = {}
        self._of_customer: dict[str, Belonging] = {}

    def entries(self, reports: Iterable[Heard]) -> list[Entry]:
        """Return where each report belongs, with the time that it gives itself; `timely` says what that counts for."""
        of_meter, of_customer = self._of_meter, self._of_customer
        found: list[Entry] = []
        for report in reports:
            where = None
            if type(report) is OutageReported:
                # A meter or customer that is known goes before everything else that is named.
                if report.customer is None:
                    if report.meter is not None:
                        where = of_meter.get(report.meter)
                elif report.meter is None:
                    where = of_customer.get(report.customer)
            if where is None:
                where = self._looked_up(report)
            found.append((report, where, (report.at - _EPOCH) // _MILLISECOND))
        return found

    def _looked_up(self, report: Heard) -> Belonging:
        where = self._belonging(report)
        if isinstance(report, OutageReported):
            if report.customer is None:
                if report.meter is not None and self._network.by_meter(report.meter) is not None:
                    self._of_meter[report.meter] = where
            elif report.meter is None and customer_of(report.customer, self._network) is not None:
                self._of_customer[report.customer] = where
        return where

    def _belonging(self, report: Heard) -> Belonging:
        network = self._network
        if isinstance(report, HazardReported):
            return self._danger(report)
        if isinstance(report, HotlineReported):
            found = spot_of_account(report, network, self._premises)
        else:
            found = spot_of(report, network, self._premises)
        if isinstance(found, Reason):
            return Belonging(state=ReportState.UNKNOWN, reason=found)
        if found.device is None:
            return Belonging(state=ReportState.CLOSED_ACCOUNT, reason=Reason.ACCOUNT_CLOSED, customer=found.customer)
        return Belonging(
            state=ReportState.AMBIGUOUS if found.candidates else ReportState.LOCATED,
            reason=found.reason,
            customer=found.customer,
            device=found.device,
            area=network.area_of(found.device),
            candidates=found.candidates,
        )

    def _danger(self, report: HazardReported) -> Belonging:
        found = danger_of(report, self._network, self._premises)
        if isinstance(found, Reason):
            return Belonging(state=ReportState.UNKNOWN, reason=found)
        spot = found.spot
        return Belonging(
            state=ReportState.AMBIGUOUS if spot.candidates else ReportState.LOCATED,
            reason=spot.reason,
            customer=spot.customer,
            device=spot.device,
            area=self._network.area_of(found.nearest),
            candidates=spot.candidates,
            place=found.place,
        )
