"""What was heard and located, the facts that the inference decides on, and what can become of a report."""

from __future__ import annotations

import enum

import msgspec

from schemas.events import HazardKind, Place, ReportKind


class LocatedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report with its place in the network. `at` is milliseconds; `device` is the lowest device that feeds the place.

    `customer` None: only a place, a pole or a device is known, or one of `candidates` (customer, None where nobody is
    named, and device) is meant. `priority`: it comes from a hotline account and is not held for others to come.
    """

    id: str
    kind: ReportKind
    at: int
    device: str
    customer: str | None = None
    candidates: tuple[tuple[str | None, str], ...] = ()
    priority: bool = False


class LocatedHazard(msgspec.Struct, frozen=True, kw_only=True):
    """Danger at a place. `at` is milliseconds; `device` is the lowest one that feeds what is near, `customer` who named it."""

    id: str
    hazard: HazardKind
    at: int
    place: Place
    device: str | None = None
    customer: str | None = None


class Disposal(enum.StrEnum):
    """What became of a located report; a held one stays located, or ambiguous, until its fault is explained."""

    HELD = "located"
    AMBIGUOUS = "ambiguous"
    MUTED = "muted"
    COUNTED = "counted"
    ANSWERED = "answered"
    DOUBLED = "doubled"
