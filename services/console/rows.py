"""The rows of the sheets, as `web/src/lib/types.ts` declares them. Times are milliseconds of the installation's clock."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

SheetName: TypeAlias = Literal["summary", "incidents", "hazards", "crews", "network", "inbox", "presence"]
SHEETS: tuple[SheetName, ...] = ("summary", "incidents", "hazards", "crews", "network", "inbox", "presence")
"""Every sheet there is."""

Next: TypeAlias = Literal[
    "sendCrew",
    "crewAnswers",
    "crewArrives",
    "crewAssesses",
    "crewRepairs",
    "verifyRestoration",
    "waitsForMaterial",
    "held",
    "upstreamFirst",
    "windowEnds",
    "dangerFirst",
    "close",
    "nothing",
]
"""What happens next about an incident or a danger."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a sheet; `id` is unique in its sheet."""

    id: str


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What a tab is told every two seconds, and whenever a sheet has another version."""

    stream: str
    epoch: str
    now_ms: int
    speed: float
    read_age_ms: int
    versions: dict[str, int]


class TextStop(msgspec.Struct, frozen=True, kw_only=True):
    """A stop that holds: of the texts of an incident, or (null) of all; by whom, since when, why."""

    incident: str | None
    since_ms: int
    by: str
    why: str


class SummaryRow(Row, frozen=True, kw_only=True):
    """The figures of the whole installation; its only row has the id `summary`. `held`: no text and no call leaves.

    `lag_s` is for how long what was taken has waited for its turn, `intake_lag_s` how far intake lags in event time;
    `broadcasts_asked` are those that wait for a second person.
    """

    customers_served: int
    customers_out: int
    customers_planned: int
    life_support_out: int
    incidents_open: int
    hazards_open: int
    crews_busy: int
    crews_on_duty: int
    texts_sent: int
    texts_failed: int
    calls_open: int
    inbox: int
    parked: int
    lag_s: float
    intake_lag_s: float
    saidi_min: float
    saifi: float
    caidi_min: float
    held: bool
    text_stops: tuple[TextStop, ...]
    broadcasts_asked: int


class IncidentRow(Row, frozen=True, kw_only=True):
    """An incident; `uncertain`: it may be another device; `overdue`: the estimate has passed and customers are still out.

    `phases` are those that it took out, empty: it is not of single phases. `contradicted` is the reason that speaks against
    what a dispatcher said it is.
    """

    device: str
    device_class: str
    device_number: str
    feeder: str
    region: str
    area: str
    lon: float
    lat: float
    state: str
    reason: str
    basis: str
    revision: int
    changed_at_ms: int
    opened_at_ms: int
    started_at_ms: int
    estimate_ms: int | None
    restored_at_ms: int | None
    customers_out: int
    heard: int
    life_support: int
    important: int
    accounts: int
    upstream: str | None
    merged_into: str | None
    fixed: bool
    phases: str
    contradicted: str | None
    priority: str
    order: str | None
    order_state: str | None
    crew: str | None
    arrival_ms: int | None
    held: bool
    cause: str | None
    remarks: int
    next: Next
    next_at_ms: int | None
    next_why: str
    uncertain: bool
    unassigned: bool
    overdue: bool


class HazardRow(Row, frozen=True, kw_only=True):
    """A danger at a place."""

    kind: str
    state: str
    reason: str
    revision: int
    lon: float
    lat: float
    area: str
    region: str
    device: str | None
    incident: str | None
    reports: int
    reported_at_ms: int
    changed_at_ms: int
    ended_at_ms: int | None
    crew: str | None
    order: str | None
    order_state: str | None
    arrival_ms: int | None
    held: bool
    next: Next
    next_at_ms: int | None
    next_why: str


class NetworkRow(Row, frozen=True, kw_only=True):
    """A branch that is not fed as it normally is, or a switch that does not stand as it normally does."""

    branch: int | None
    state: Literal["out", "uncertain", "planned", "tieFed", "open", "closed"]
    incident: str | None = None
    window: str | None = None
    feeder: str | None = None


class PresenceRow(Row, frozen=True, kw_only=True):
    """Who looks at which incident or danger in which tab, and what is being typed there."""

    user: str
    name: str
    incident: str | None
    hazard: str | None
    doing: str | None
    since_ms: int
