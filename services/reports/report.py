"""A report as it was located, and the states it can be in. The table `report` is the inbox of the stage `correlate`."""

from __future__ import annotations

import enum

import msgspec

from schemas.events import ReportKind


class ReportState(enum.StrEnum):
    """Where a report stands. The first four are decided where it is taken, the rest by the inference."""

    LOCATED = "located"
    UNKNOWN = "unknown"
    CLOSED_ACCOUNT = "closedAccount"
    LATE = "late"
    MUTED = "muted"
    COUNTED = "counted"
    ANSWERED = "answered"
    DOUBLED = "doubled"


class LocatedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report whose customer is known: the fact that `correlate` decides on. `at` is milliseconds since the epoch.

    `device` is the lowest protective device that feeds the customer.
    """

    id: str
    kind: ReportKind
    customer: str
    device: str
    at: int
