"""What a person asks for about an incident, a danger or a device, and the event that carries it to the stage that decides. Pure.

What can be known now is refused now, with a code; everything else the stage decides.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, Literal, NoReturn, TypeAlias

import msgspec
from msgspec import Meta

from schemas.events import (
    ClearanceSet,
    CrewAssigned,
    DeviceStateReported,
    EstimateGiven,
    Event,
    HazardDismissed,
    IncidentConfirmed,
    IncidentRejected,
    IncidentsMerged,
    IncidentSplit,
    OrderRevoked,
    PairForbidden,
    SecondCrewAsked,
    StateSource,
    SwitchPosition,
    WorkHeld,
    WorkPrioritised,
)
from schemas.events.base import PRINTABLE, Id, Note
from schemas.topics import CREW_ACTIONS, DEVICE_STATES, INCIDENT_ACTIONS, Topic
from services.access.http import ApiError
from services.clock import from_ms
from services.console.causes import CODES
from services.dispatch.showing_incident import GivenOrder, Work
from services.network import Network
from services.outages.showing_incident import HazardStanding, Standing

ActionKind: TypeAlias = Literal[
    "confirm",
    "split",
    "merge",
    "reject",
    "estimate",
    "cause",
    "note",
    "hold",
    "holdForSafety",
    "release",
    "assign",
    "forbid",
    "allow",
    "first",
    "notFirst",
    "secondCrew",
    "oneCrew",
    "revoke",
    "giveClearance",
    "endClearance",
    "dismissHazard",
]
REMARKS: Final = frozenset({"cause", "note"})
"""Kinds that change nothing that is decided: they carry no event, and are taken whatever the incident has become."""
CLEARANCES: Final = frozenset({"giveClearance", "endClearance"})
OVERRIDES: Final = frozenset({"forbid", "allow", "first", "notFirst", "secondCrew", "oneCrew"})
"""Kinds by which a dispatcher binds the plan without sending anybody himself."""
CREW_WORK: Final = frozenset({"hold", "holdForSafety", "release", "assign", "revoke", *OVERRIDES, *CLEARANCES})
"""Kinds that the dispatch decides."""
OF_HAZARDS: Final = frozenset({"dismissHazard", "note", *CREW_WORK})
LEAST_WHY: Final = 3
AHEAD_MS: Final = 14 * 86_400_000
"""How far ahead an estimate may lie."""


class ActionAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action on an incident or a danger; `types.ts` says which fields go with which kind.

    `seen` is the revision that the person looked at, `seen_at_ms` the time of that look.
    """

    kind: ActionKind
    seen: Annotated[int, Meta(ge=0, le=2**53)]
    why: Note = ""
    seen_at_ms: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    device: Id | None = None
    into: Id | None = None
    estimate_ms: Annotated[int, Meta(ge=0, le=4_102_444_800_000)] | None = None
    cause: Annotated[str, Meta(max_length=40)] | None = None
    words: Note | None = None
    crew: Id | None = None
    order: Id | None = None


class StateAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person says how a device stands."""

    position: SwitchPosition
    why: Note
    seen: Annotated[int, Meta(ge=0, le=2**53)] = 0
    seen_at_ms: Annotated[int, Meta(ge=0, le=2**53)] | None = None


class UndoAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person takes an action back."""

    why: Annotated[str, Meta(max_length=500, pattern=PRINTABLE)]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What is meant: the event with its topic and key (None: it takes effect by itself), and what the record says of it."""

    said: Mapping[str, Any]
    words: str = ""
    """Words of a remark; they may name somebody, so that the record does not hold them."""
    topic: Topic | None = None
    key: str = ""
    event: Event | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What every event of a person has: its id, the time (milliseconds), whether it is an exercise, the user's id, the reason."""

    event_id: str
    now_ms: int
    exercise: bool
    by: str
    why: str

    @property
    def fields(self) -> dict[str, Any]:
        """Return them as fields of an event."""
        return {
            "id": self.event_id,
            "at": from_ms(self.now_ms),
            "exercise": self.exercise,
            "by": self.by,
            "why": self.why,
        }


def reasoned(why: str) -> str:
    """Return the reason that a person gave. Raises `ApiError` 422 `whyMissing` when it is too short to be one."""
    if len(why.strip()) < LEAST_WHY:
        raise ApiError(422, "whyMissing", f"say why, in at least {LEAST_WHY} characters")
    return why.strip()


def _refuse(code: str, detail: str) -> NoReturn:
    raise ApiError(422, code, detail)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known now of all that an action may name; what it does not name is left out."""

    network: Network
    held: Collection[str] = ()
    into: Standing | None = None
    work: Work | None = None
    order: GivenOrder | None = None
    region_of_crew: str | None = None


def about_incident(asked: ActionAsked, incident: Standing, known: Known, head: Head) -> Meant:
    """Return what an action on an incident means. Raises `ApiError` 422 with a code for what cannot be."""
    if asked.kind in CREW_WORK:
        return _crew_work(asked, incident.id, None, known, head)
    if asked.kind == "dismissHazard":
        _refuse("wrongSubject", "an incident is no danger")
    if asked.kind in REMARKS:
        return _remark(asked)
    if not incident.is_open:
        _refuse("notOpen", f"the incident is {incident.state}")
    event: Event
    said: dict[str, Any]
    common = {**head.fields, "area": incident.area, "incident": incident.id}
    match asked.kind:
        case "confirm":
            device = _device(asked, known.network, incident.area)
            event, said = IncidentConfirmed(**common, device=device), {"device": device, "before": incident.device}
        case "split":
            device = _part(asked, incident, known)
            event, said = IncidentSplit(**common, device=device), {"device": device}
        case "merge":
            into = _into(asked, incident, known.into)
            event, said = IncidentsMerged(**common, into=into), {"into": into}
        case "estimate":
            estimate = _estimate(asked.estimate_ms, head.now_ms)
            event = EstimateGiven(**common, estimate=from_ms(estimate))
            said = {"estimate_ms": estimate, "before_ms": incident.estimate_ms}
        case _:
            event, said = IncidentRejected(**common), {}
    return Meant(said=said, topic=INCIDENT_ACTIONS, key=incident.area, event=event)


def about_hazard(asked: ActionAsked, hazard: HazardStanding, known: Known, head: Head) -> Meant:
    """Return what an action on a danger means. Raises `ApiError` 422 with a code for what cannot be."""
    if asked.kind not in OF_HAZARDS:
        _refuse("wrongSubject", f"{asked.kind} is for incidents")
    if asked.kind in CREW_WORK:
        return _crew_work(asked, None, hazard.id, known, head)
    if asked.kind in REMARKS:
        return _remark(asked)
    if hazard.state != "reported":
        _refuse("notOpen", f"the danger is {hazard.state}")
    event = HazardDismissed(**head.fields, area=hazard.area, hazard=hazard.id)
    return Meant(said={}, topic=INCIDENT_ACTIONS, key=hazard.area, event=event)


def about_device(asked: StateAsked, device: str, before: bool, head: Head) -> Meant:
    """Return what it means that a person says how a device stands; `before`: whether it stood closed as far as was known."""
    return Meant(
        said={"position": asked.position.value, "before": "closed" if before else "open"},
        topic=DEVICE_STATES,
        key=device,
        event=device_state(device, asked.position, head),
    )


def device_state(device: str, position: SwitchPosition, head: Head) -> DeviceStateReported:
    """Return the event by which a person says how a device stands."""
    fields = {name: value for name, value in head.fields.items() if name != "why"}
    return DeviceStateReported(**fields, device=device, position=position, source=StateSource.CONSOLE)


def _crew_work(asked: ActionAsked, incident: str | None, hazard: str | None, known: Known, head: Head) -> Meant:
    event: Event
    if asked.kind == "revoke" or asked.kind in CLEARANCES:
        return _about_order(asked, incident, hazard, known.order, head)
    work = known.work
    if work is None:
        _refuse("unknownWork", "the dispatch does not know of it yet")
    if work.state == "over":
        _refuse("workOver", "nobody is needed there any more")
    if asked.kind == "assign":
        crew = asked.crew or _refuse("crewMissing", "name the crew")
        if known.region_of_crew is None:
            _refuse("unknownCrew", f"there is no crew {crew}")
        if known.region_of_crew != work.region:
            _refuse("otherRegion", f"crew {crew} belongs to {known.region_of_crew}")
        event = CrewAssigned(**head.fields, region=work.region, crew=crew, incident=incident, hazard=hazard)
        return Meant(said={"crew": crew, "before": work.order}, topic=CREW_ACTIONS, key=work.region, event=event)
    if asked.kind in OVERRIDES:
        return override(asked.kind, asked.crew, incident, hazard, work, known.region_of_crew, head)
    held, safety = asked.kind != "release", asked.kind == "holdForSafety"
    if work.held == held and not (safety and not work.held_for_safety):
        _refuse("alreadySo", "it is held already" if held else "nobody holds it")
    event = WorkHeld(**head.fields, region=work.region, held=held, safety=safety, incident=incident, hazard=hazard)
    of_safety = safety or work.held_for_safety
    return Meant(said={"safety": True} if of_safety else {}, topic=CREW_ACTIONS, key=work.region, event=event)


def override(
    kind: str, crew: str | None, incident: str | None, hazard: str | None, work: Work, region: str | None, head: Head
) -> Meant:
    """Return what a dispatcher's word about work means. Raises `ApiError` 422 `crewMissing`, `unknownCrew`, `alreadySo`."""
    event: Event
    common = {**head.fields, "region": work.region, "incident": incident, "hazard": hazard}
    said: dict[str, Any] = {}
    if kind in {"forbid", "allow"}:
        crew = crew or _refuse("crewMissing", "name the crew")
        if region != work.region:
            _refuse("unknownCrew", f"the region has no crew {crew}")
        already, said = (crew in work.forbidden) == (kind == "forbid"), {"crew": crew}
        event = PairForbidden(**common, crew=crew, forbidden=kind == "forbid")
    elif kind in {"first", "notFirst"}:
        already = work.first == (kind == "first")
        event = WorkPrioritised(**common, first=kind == "first")
    else:
        already = work.second == (kind == "secondCrew")
        event = SecondCrewAsked(**common, wanted=kind == "secondCrew")
    if already:
        _refuse("alreadySo", "it is so already")
    return Meant(said=said, topic=CREW_ACTIONS, key=work.region, event=event)


def _about_order(
    asked: ActionAsked, incident: str | None, hazard: str | None, order: GivenOrder | None, head: Head
) -> Meant:
    if order is None or (order.incident, order.hazard) != (incident, hazard):
        _refuse("unknownOrder", "there is no such order about this")
    if order.ended_at_ms is not None and asked.kind != "endClearance":
        _refuse("orderOver", f"the order is {order.state}")
    event: Event
    if asked.kind == "revoke":
        event = OrderRevoked(**head.fields, region=order.region, order=order.order)
    else:
        if order.clearance == "notNeeded":
            _refuse("clearanceNotNeeded", "this work needs no clearance")
        given = asked.kind == "giveClearance"
        event = ClearanceSet(**head.fields, region=order.region, order=order.order, given=given)
    return Meant(said={"order": order.order, "crew": order.crew}, topic=CREW_ACTIONS, key=order.region, event=event)


def _remark(asked: ActionAsked) -> Meant:
    if asked.kind == "note":
        words = (asked.words or "").strip()
        if not words:
            _refuse("wordsMissing", "a note without words")
        return Meant(said={}, words=words)
    if asked.cause is None or asked.cause not in CODES:
        _refuse("unknownCause", "there is no such cause; GET /api/causes lists them")
    return Meant(said={"cause": asked.cause}, words=(asked.words or "").strip())


def _device(asked: ActionAsked, network: Network, area: str) -> str:
    if asked.device is None:
        _refuse("deviceMissing", "name the device")
    try:
        device = network.device(asked.device)
    except KeyError:
        _refuse("unknownDevice", f"the network has no device {asked.device}")
    if device.area != area:
        _refuse("otherArea", f"{asked.device} lies in {device.area}")
    return asked.device


def _part(asked: ActionAsked, incident: Standing, known: Known) -> str:
    device = _device(asked, known.network, incident.area)
    try:
        behind = device != incident.device and known.network.is_behind(device, incident.device)
    except KeyError:
        behind = True  # the incident's own device is gone from the network: who is held decides
    if not behind:
        _refuse("notBehind", f"{device} does not lie behind {incident.device}")
    taken = set(known.network.customers_behind(device)).intersection(known.held)
    if not taken or len(taken) == len(known.held):
        _refuse("nothingToSplit", "nobody of the incident, or all of them, are behind that device")
    return device


def _into(asked: ActionAsked, incident: Standing, into: Standing | None) -> str:
    if asked.into == incident.id:
        _refuse("sameIncident", "an incident cannot go up in itself")
    if into is None:
        _refuse("unknownIncident", "name the incident that it is a part of")
    if not into.is_open:
        _refuse("targetNotOpen", f"incident {into.id} is {into.state}")
    if into.area != incident.area:
        _refuse("otherArea", f"incident {into.id} lies in {into.area}")
    return into.id


def _estimate(estimate_ms: int | None, now_ms: int) -> int:
    if estimate_ms is None:
        _refuse("estimateMissing", "say when power will be back")
    if estimate_ms <= now_ms:
        _refuse("estimatePast", "the estimate lies in the past")
    if estimate_ms > now_ms + AHEAD_MS:
        _refuse("estimateTooFar", "the estimate lies more than 14 days ahead")
    return estimate_ms
