"""Crews: their orders, what they say, and what a dispatcher decides about them."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events.base import Event, Id, Instant, Note, Place
from schemas.events.reports import HazardKind


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


class Clearance(enum.StrEnum):
    """How the clearance stands that work needs: given by the dispatcher, taken and given back (`released`) by the crew."""

    NOT_NEEDED = "notNeeded"
    NEEDED = "needed"
    GIVEN = "given"
    TAKEN = "taken"
    RELEASED = "released"


class OrderChanged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.orderChanged.v1"):
    """An order to a crew, or a change of its state. The crew acts on `sent` and `revoked`; everybody else follows the rest.

    `sent` may come twice: it was not answered, and is sent once more. While `clearance` is `needed` nobody works there.

    An order is about an incident or a hazard; one that helps another names it in `assists`. `device` is where to go
    (None: a place with no device near). `found` is the device the crew found failed, `cause` why it failed; both come with
    done, the cause as soon as the crew says it. With done and without `found` supply was in order. `completion_estimate` is
    what the crew says of its end of work.
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
    clearance: Clearance = Clearance.NOT_NEEDED


class WorkPlanned(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.planned.v1"):
    """When a crew is expected at an incident that waits for one, by the region's plan, and which (None: not settled).

    It is said anew when the expected arrival moves by a quarter of an hour or more; an order takes its place.
    """

    region: Id
    area: Id
    incident: Id
    crew: Id | None = None
    arrival: Instant
    reason: Id


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
    CLEARED = "cleared"
    RELEASED = "released"
    FOUND_FAULT = "foundFault"


class CrewReported(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.reported.v1"):
    """A crew's status. `order` is given for everything that is said of an order; `found` and `cause` come with done.

    A cause may be told on site before that, as soon as it is seen. With done and without `found` the crew found supply in order
    at the device: nothing had failed, or it was already mended. `estimate` is when the crew expects to be done. `skill` is what
    help is needed of, `material` what is lacking.

    With foundFault `found` is a device that has failed beside what the order is about, or `hazard` is a danger at `place`.
    cleared: the crew works under the clearance that it was given; released: it is out of the way, and power may come.
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
    hazard: HazardKind | None = None
    why: Note = ""


class FaultFound(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.faultFound.v1"):
    """A crew in the field found a device that has failed beside what its order is about."""

    device: Id
    crew: Id
    order: Id | None = None
    cause: Id | None = None


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
    """A dispatcher lets nobody be sent to an incident or hazard, or (`held` false) lets it go on.

    Because of `safety`, whoever is under way is called back as well, whoever is on site is told, and nobody overrules it.
    """

    region: Id
    held: bool
    safety: bool = False
    by: Id
    incident: Id | None = None
    hazard: Id | None = None
    why: Note = ""


class PairForbidden(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.forbid.v1"):
    """A dispatcher lets no rule send this crew to this incident or hazard, or (`forbidden` false) allows it again.

    If it is under way there, it is called back; on site it stays. To send it all the same is to allow it.
    """

    region: Id
    crew: Id
    forbidden: bool
    by: Id
    incident: Id | None = None
    hazard: Id | None = None
    why: Note = ""


class WorkPrioritised(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.prioritise.v1"):
    """A dispatcher wants an incident or hazard done before all others, or (`first` false) as its weight says again."""

    region: Id
    first: bool
    by: Id
    incident: Id | None = None
    hazard: Id | None = None
    why: Note = ""


class SecondCrewAsked(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.secondCrew.v1"):
    """A dispatcher wants a second crew to share the work on an incident or hazard, or (`wanted` false) no more.

    A second crew that is on site by then stays until it is done.
    """

    region: Id
    wanted: bool
    by: Id
    incident: Id | None = None
    hazard: Id | None = None
    why: Note = ""


class HoursExtended(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.extendHours.v1"):
    """A dispatcher lets a crew work until a time though its hours are up before."""

    region: Id
    crew: Id
    until: Instant
    by: Id
    why: Note = ""


class ClearanceSet(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.clearance.v1"):
    """A dispatcher gives the clearance that an order needs, or (`given` false) takes it back."""

    region: Id
    order: Id
    given: bool
    by: Id
    why: Note = ""


class DispatchMode(enum.StrEnum):
    """How a region sends crews: from the nearest depot, by a plan, or not before a dispatcher accepts."""

    NEAREST_DEPOT = "nearest-depot"
    PLAN = "plan"
    ADVISE = "advise"


class ModeSet(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.mode.v1"):
    """A dispatcher says how crews are sent in a region, or (`mode` null) leaves it to the settings again."""

    region: Id
    by: Id
    mode: DispatchMode | None = None
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
