"""Crews: their orders, what they say, and what a dispatcher decides about them."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events.base import Event, Id, Instant, Note, Place


class OrderState(enum.StrEnum):
    """Life of an order."""

    SENT = "sent"
    ACCEPTED = "accepted"
    ENROUTE = "enroute"
    ARRIVED = "arrived"
    ASSESSING = "assessing"
    REPAIRED = "repaired"
    DONE = "done"
    REFUSED = "refused"
    REVOKED = "revoked"
    HANDED_OVER = "handedOver"


class OrderWork(enum.StrEnum):
    """What an order is for."""

    REPAIR = "repair"
    MAKE_SAFE = "makeSafe"
    ASSIST = "assist"


class OrderChanged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.orderChanged.v1"):
    """An order to a crew, or a change of its state. The crew acts on `sent` and `revoked`; everybody else follows the rest.

    An order is about an incident or a hazard; one that helps another names it in `assists`. `device` is where to go
    (None: a place with no device near). `found` is the device the crew found failed, `cause` why it failed; both come with
    done. With done and without `found` supply was in order. `completion_estimate` is what the crew says of its end of work.
    """

    order: Id
    crew: Id
    area: Id
    place: Place
    state: OrderState
    reason: Id
    incident: Id | None = None
    hazard: Id | None = None
    device: Id | None = None
    work: OrderWork = OrderWork.REPAIR
    region: Id = "R1"
    priority: Id = "single"
    assists: Id | None = None
    arrival_estimate: Instant | None = None
    completion_estimate: Instant | None = None
    found: Id | None = None
    cause: Id | None = None


class CrewState(enum.StrEnum):
    """What a crew says of itself or of its order."""

    SIGNED_ON = "signedOn"
    AVAILABLE = "available"
    ON_BREAK = "onBreak"
    OFF_DUTY = "offDuty"
    POSITION = "position"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ENROUTE = "enroute"
    ARRIVED = "arrived"
    ASSESSING = "assessing"
    HELP_NEEDED = "helpNeeded"
    MATERIAL_NEEDED = "materialNeeded"
    REPAIRED = "repaired"
    HANDED_OVER = "handedOver"
    DONE = "done"


class CrewReported(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.reported.v1"):
    """A crew's status. `order` is given for everything that is said of an order; `found` and `cause` come with done.

    With done and without `found` the crew found supply in order at the device: nothing had failed, or it was already mended.
    `estimate` is when the crew expects to be done. `skill` is what help is needed of, `material` what is lacking.
    """

    crew: Id
    status: CrewState
    order: Id | None = None
    place: Place | None = None
    found: Id | None = None
    cause: Id | None = None
    estimate: Instant | None = None
    skill: Id | None = None
    material: Note = ""
    why: Note = ""


class CrewAssigned(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.assign.v1"):
    """A dispatcher sends this crew to this incident or hazard, whatever the rule would choose."""

    region: Id
    crew: Id
    by: Id
    incident: Id | None = None
    hazard: Id | None = None
    why: Note = ""


class OrderRevoked(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.revoke.v1"):
    """A dispatcher takes an order back."""

    region: Id
    order: Id
    by: Id
    why: Note = ""


class WorkHeld(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.hold.v1"):
    """A dispatcher lets nobody be sent to an incident or hazard, or (`held` false) lets it go on."""

    region: Id
    held: bool
    by: Id
    incident: Id | None = None
    hazard: Id | None = None
    why: Note = ""


class CrewVisiting(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.visiting.v1"):
    """A crew of another utility comes to help in a region, or what was said of it changes.

    Its id is `visit.REGION.NAME`, by which everything that it says later is placed. It starts from a depot of the utility or
    from a place of its own; `guide` is the person or crew that shows it the way, without whom no rule sends it. It is treated
    as one of the region's own until it leaves or `until` has passed.
    """

    region: Id
    crew: Id
    by: Id
    depot: Id | None = None
    place: Place | None = None
    home: Note = ""
    skills: list[Id]
    certificates: list[Id] = msgspec.field(default_factory=list)
    kit: list[Id] = msgspec.field(default_factory=list)
    members: Annotated[int, Meta(ge=1, le=99)] = 2
    guide: Id | None = None
    until: Instant | None = None
    why: Note = ""


class CrewLeft(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.left.v1"):
    """A visiting crew goes home; what it has not finished is handed over."""

    region: Id
    crew: Id
    by: Id
    why: Note = ""
