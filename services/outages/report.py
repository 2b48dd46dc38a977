"""A located report, the fact that the inference decides on, and what can become of it."""

from __future__ import annotations

import enum

import msgspec

from schemas.events import ReportKind


class LocatedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report whose customer is known. `at` is milliseconds; `device` is the lowest protective device that feeds him."""

    id: str
    kind: ReportKind
    customer: str
    device: str
    at: int


class Disposal(enum.StrEnum):
    """What became of a located report; a held one stays located until its fault is explained."""

    HELD = "located"
    MUTED = "muted"
    COUNTED = "counted"
    ANSWERED = "answered"
    DOUBLED = "doubled"
