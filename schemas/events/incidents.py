"""Incidents and hazards: how they stand, and what a dispatcher decides about them."""

from __future__ import annotations

import enum

import msgspec

from schemas.events.base import Count, Event, Id, Instant, Note, Place
from schemas.events.reports import HazardKind


class IncidentState(enum.StrEnum):
    """Life of an incident (IEC 61968-3 words where it has them)."""

    PREDICTED = "predicted"
    CONFIRMED = "confirmed"
    PARTIALLY_RESTORED = "partiallyRestored"
    RESTORED = "restored"
    CLOSED = "closed"
    MERGED = "merged"
    DISMISSED = "dismissed"


class IncidentChanged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="outage.incidentChanged.v1"):
    """An incident opened or changed. The lists are what is *new* with this revision: who joined the outage, who has power again.

    `revision` counts from 1. `merged_into` is given exactly when the state is merged. `estimate` is the estimated
    restoration. `reason` is the reason code of the transition. Of the customers out, `life_support` depend on power to live
    and `important` are of the tiers important and large. `switchable` customers can be fed another way before the repair,
    as the grid stood then; of them `switchable_life_support` and `switchable_important`. `told_us` are those of `out` who have
    just reported it themselves.
    """

    incident: Id
    area: Id
    revision: Count
    state: IncidentState
    device: Id
    place: Place
    started_at: Instant
    reason: Id
    customers_out: Count
    out: list[Id] = msgspec.field(default_factory=list)
    restored: list[Id] = msgspec.field(default_factory=list)
    estimate: Instant | None = None
    upstream: Id | None = None
    merged_into: Id | None = None
    region: Id = "R1"
    device_class: Id = "breaker"
    life_support: Count = 0
    important: Count = 0
    switchable: Count = 0
    switchable_life_support: Count = 0
    switchable_important: Count = 0
    told_us: list[Id] = msgspec.field(default_factory=list)


class CustomerAsked(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="outage.customerAsked.v1"):
    """A customer is to be asked by text whether power is on: the answer tells apart what may have failed.

    He lies behind `device`, one of the devices in question, and not behind `other`, if one is named. `at_night`: the question may
    go out in quiet hours too.
    """

    area: Id
    region: Id
    incident: Id
    customer: Id
    device: Id
    other: Id | None = None
    at_night: bool = False


class HazardState(enum.StrEnum):
    """Life of a hazard."""

    REPORTED = "reported"
    MADE_SAFE = "madeSafe"
    DISMISSED = "dismissed"


class HazardChanged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="outage.hazardChanged.v1"):
    """A hazard became known or changed. Its clock runs from `reported_at`. `device` is the nearest one, as far as one is near.

    `told_us` are customers who have just reported it.
    """

    hazard: Id
    area: Id
    revision: Count
    state: HazardState
    hazard_kind: HazardKind
    place: Place
    reported_at: Instant
    reason: Id
    region: Id = "R1"
    reports: Count = 1
    device: Id | None = None
    incident: Id | None = None
    told_us: list[Id] = msgspec.field(default_factory=list)


class IncidentsMerged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.merge.v1"):
    """A dispatcher takes one incident for a part of another: `incident` goes up in `into`."""

    area: Id
    incident: Id
    into: Id
    by: Id
    why: Note = ""


class IncidentSplit(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.split.v1"):
    """A dispatcher takes what lies behind `device` for an incident of its own."""

    area: Id
    incident: Id
    device: Id
    by: Id
    why: Note = ""


class IncidentRejected(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.reject.v1"):
    """A dispatcher says that nothing has failed here: the incident is dismissed, its customers never were out."""

    area: Id
    incident: Id
    by: Id
    why: Note = ""


class IncidentConfirmed(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.confirm.v1"):
    """A dispatcher says which device has failed; inference does not take it back."""

    area: Id
    incident: Id
    device: Id
    by: Id
    why: Note = ""


class EstimateGiven(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.estimate.v1"):
    """A dispatcher gives the estimated restoration; it stands until a dispatcher or a crew gives another."""

    area: Id
    incident: Id
    estimate: Instant
    by: Id
    why: Note = ""


class HazardDismissed(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.dismissHazard.v1"):
    """A dispatcher says that there is no danger, or no more."""

    area: Id
    hazard: Id
    by: Id
    why: Note = ""
