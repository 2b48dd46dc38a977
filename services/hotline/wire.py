"""What the hotline's API reads and answers; the shapes of its OpenAPI document are made from these."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.events import HazardKind, Id, Instant, Note, Phone, Place

Kind = Literal["outage", "danger", "powerBack"]
Label = Annotated[str, Meta(max_length=200)]


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account tells. `customer` or `meter` names the premise; an account with one premise may leave both out.

    `at` is when it was seen, now if left out. `hazard` and `place` belong to a danger.
    """

    kind: Kind
    customer: Id | None = None
    meter: Id | None = None
    contact: Id | None = None
    at: Instant | None = None
    words: Note = ""
    hazard: HazardKind | None = None
    place: Place | None = None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked is stored and will be done; `id` names it for ever."""

    id: str


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who acknowledges."""

    contact: Id | None = None


class CrewsWay(msgspec.Struct, frozen=True, kw_only=True):
    """How far the crew is: the state of its order, and when it may arrive."""

    state: str
    arrival: dt.datetime | None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call to a contact: `state` is due, attempting, done, failed, expired, superseded or unknown, `reason` says why."""

    attempt: int
    contact: str
    state: str
    reason: str | None
    due: dt.datetime
    done: dt.datetime | None


class Outage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """An outage of a premise: `state` is calling, told (announced work, everybody was told), acknowledged or over.

    `source` says what began it: a report of the account, or an inference. `estimate` is when power may be back. `call_list`
    is given for a single outage alone.
    """

    id: str
    customer: str
    state: Literal["calling", "told", "acknowledged", "over"]
    source: Literal["report", "inference"]
    since: dt.datetime
    ended: dt.datetime | None
    planned: bool
    incident: str | None
    incident_state: str | None
    estimate: dt.datetime | None
    crew: CrewsWay | None
    calls: int
    next_call: dt.datetime | None
    acknowledged_by: str | None
    call_list: list[Call] | None = None


class Outages(msgspec.Struct, frozen=True, kw_only=True):
    """The outages that last and those that ended of late, in this order, the latest first."""

    outages: list[Outage]


class ContactChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact on its new place. `phone` left out or null: the one that the utility has."""

    contact: Id
    phone: Phone | None = None


class ContactChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All contacts of the account, each once, in the order in which they shall be called."""

    contacts: Annotated[list[ContactChange], Meta(min_length=1, max_length=100)]


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact. `own`: the phone is the account's own change, not the one that the utility has."""

    contact: str
    name: Label
    phone: str
    own: bool
    wait_s: int
    language: str


class Contacts(msgspec.Struct, frozen=True, kw_only=True):
    """The contacts of the account in the order in which they are called."""

    contacts: list[Contact]


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A stable code, and words for a person."""

    code: str
    detail: str


class Error(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was refused."""

    error: ErrorDetail
