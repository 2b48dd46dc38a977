"""What the inference remembers: incidents, customers without power, unexplained reports, windows, proofs of supply."""

from __future__ import annotations

import enum
from typing import ClassVar

from schemas.events import IncidentState
from services.engine.turn import Entity, Record

OPEN_STATES = frozenset({IncidentState.PREDICTED, IncidentState.CONFIRMED, IncidentState.PARTIALLY_RESTORED})


class Basis(enum.StrEnum):
    """What the start of an interruption rests on."""

    METER = "meter"
    CALL = "call"
    PRESUMED = "presumed"
    SWITCHING = "switching"


class Incident(Entity, frozen=True, kw_only=True):
    """One cause, one failed device, its customers. Times are milliseconds.

    `whole`: everybody behind the device is taken to be out, else only who reported. `heard` counts customers who reported,
    `out` who is out under it. `back_at` is the first proof of power among its customers, `done_at` when the crew was done,
    `check_at` when the wait for signs of restoration ends, `leave_at` when it is closed or forgotten. `upstream` is the
    incident in whose shadow it was found, `upstream_back_at` when power came back there. `found`: a crew has seen the fault.
    """

    kind: ClassVar[str] = "incident"
    device: str
    state: IncidentState
    reason: str
    whole: bool
    basis: Basis
    opened_at: int
    started_at: int
    estimate: int
    revision: int = 0
    heard: int = 0
    out: int = 0
    found: bool = False
    back_at: int | None = None
    done_at: int | None = None
    check_at: int | None = None
    leave_at: int | None = None
    upstream: str | None = None
    upstream_back_at: int | None = None
    merged_into: str | None = None

    @property
    def is_open(self) -> bool:
        """Answers whether somebody may still be out under it."""
        return self.state in OPEN_STATES


class Out(Entity, frozen=True, kw_only=True):
    """A customer without power; `id` is the customer, so that nobody is out twice. `since` is milliseconds.

    `holder` is an incident or a window (`planned`). `gasp_at` and `call_at` are the customer's own reports of this outage,
    `reports` their ids. `outage` names it to the hotline, for customers with an account.
    """

    kind: ClassVar[str] = "out"
    device: str
    holder: str
    planned: bool
    since: int
    basis: Basis
    interruption: str
    outage: str | None = None
    gasp_at: int | None = None
    call_at: int | None = None
    reports: tuple[str, ...] = ()

    @property
    def reported(self) -> bool:
        """Answers whether the customer or the meter spoke of this outage."""
        return bool(self.reports)


class Pending(Entity, frozen=True, kw_only=True):
    """A customer whose report nothing explains yet; `id` is the customer, `heard_at` the time of the first turn it was in."""

    kind: ClassVar[str] = "pending"
    device: str
    heard_at: int
    gasp_at: int | None = None
    call_at: int | None = None
    reports: tuple[str, ...] = ()


class Gathering(Entity, frozen=True, kw_only=True):
    """That there are unexplained reports; `id` is the area, `due_at` when the first of them have been held long enough."""

    kind: ClassVar[str] = "gathering"
    due_at: int


class WindowState(enum.StrEnum):
    """Life of a window of planned work, as the inference sees it."""

    ANNOUNCED = "announced"
    ACTIVE = "active"
    VERIFYING = "verifying"
    OVER = "over"


class Window(Entity, frozen=True, kw_only=True):
    """Planned work behind an isolation point. `check_at` is when the wait for signs of restoration ends, milliseconds."""

    kind: ClassVar[str] = "window"
    device: str
    state: WindowState
    started_at: int | None = None
    completed_at: int | None = None
    check_at: int | None = None


class Supplied(Entity, frozen=True, kw_only=True):
    """Since when a customer is known to have power; `id` is the customer.

    `ended` is where his last interruption in the ledger ends: none of his may begin before it. Milliseconds.
    """

    kind: ClassVar[str] = "supplied"
    since: int
    ended: int | None = None


class Disposed(Record, frozen=True, kw_only=True):
    """What became of a report."""

    report: str
    state: str
    reason: str
    holder: str | None = None


class LedgerRow(Record, frozen=True, kw_only=True):
    """An interruption as it stands now; it replaces the row of the same id."""

    id: str
    customer: str
    start: int
    end: int | None
    planned: bool
    basis: str
    holder_kind: str
    holder: str
    reason: str
    voided: bool = False


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
