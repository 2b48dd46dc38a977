"""The rows that the inference writes beside its state."""

from __future__ import annotations

from services.engine.turn import Record
from services.outages.entities import Hazard, Incident
from services.outages.stretches import Part


class Disposed(Record, frozen=True, kw_only=True):
    """What became of a report."""

    report: str
    state: str
    reason: str
    holder: str | None = None


class LedgerRow(Record, frozen=True, kw_only=True):
    """An interruption as it stands now; it replaces the row of the same id, and its parts."""

    id: str
    customer: str
    start: int
    end: int | None
    planned: bool
    basis: str
    holder_kind: str
    holder: str
    reason: str
    feeder: str
    region: str
    tier: str
    kva: float | None
    life_support: bool
    voided: bool = False
    parts: tuple[Part, ...] = ()


class Held(Record, frozen=True, kw_only=True):
    """From this turn on an interruption is held by this incident or window."""

    interruption: str
    holder_kind: str
    holder: str
    reason: str


class IncidentRow(Record, frozen=True, kw_only=True):
    """An incident as it stands after the turn; `restored_at` is milliseconds, None until it is restored."""

    incident: Incident
    restored_at: int | None
    region: str
    feeder: str
    device_class: str


class PlannedRow(Record, frozen=True, kw_only=True):
    """A plan expects a crew at an incident (`arrival`), as it said at a time; milliseconds. `crew` may not be settled."""

    incident: str
    said_at: int
    arrival: int
    crew: str | None


class HazardRow(Record, frozen=True, kw_only=True):
    """A hazard as it stands after the turn; `ended_at` is milliseconds, None while the danger lasts."""

    hazard: Hazard
    region: str
    ended_at: int | None
