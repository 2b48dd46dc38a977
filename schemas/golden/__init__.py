"""Golden samples: for every type and version of an event its canonical bytes and the JSON Schema of its shape.

They are frozen. A change of a type's shape is a new version, with a tag of its own; `python -m schemas.golden` writes the
samples of tags that have none yet and touches no other.
"""

from __future__ import annotations

import datetime as dt
from importlib import resources
from typing import Any

import msgspec

from schemas import events
from schemas.codec import encode, type_of
from schemas.events.estimates import Bounds, Cell, Learnt, Pace, Part
from schemas.golden.texts import TEXTS

_AT = dt.datetime(2026, 3, 1, 18, 0, tzinfo=dt.UTC)
_LATER = dt.datetime(2026, 3, 1, 19, 30, 0, 250_000, tzinfo=dt.UTC)
_PLACE = events.Place(11.25, 48.125)

SAMPLES: tuple[events.Event, ...] = (
    events.OutageReported(
        id="report-1",
        at=_AT,
        kind=events.ReportKind.LAST_GASP,
        customer="C-1",
        meter="M-1",
        phone="+999123456789",
        pole="P-17",
        device="D-4",
        place=_PLACE,
        words="Everything is dark",
    ),
    events.HazardReported(
        id="hazard-1",
        at=_AT,
        hazard=events.HazardKind.WIRE_DOWN,
        place=_PLACE,
        pole="P-17",
        device="D-4",
        customer="C-1",
        phone="+999123456789",
        words="Wire across the lane",
    ),
    events.HotlineReported(
        id="hotline-1",
        at=_AT,
        account="MILL",
        kind=events.ReportKind.CALL,
        customer="C-9",
        meter="M-9",
        contact="K-1",
        words="No power at the mill",
    ),
    events.DeviceStateReported(
        id="state-1",
        at=_AT,
        device="switch:RC-1",
        position=events.SwitchPosition.OPEN,
        source=events.StateSource.CREW,
        phases="AB",
        quality=events.Quality.SUSPECT,
        by="CREW-1",
    ),
    events.WindowAnnounced(
        id="announced-1",
        at=_AT,
        window="W-1",
        isolates=["switch:SW-71", "switch:SW-72"],
        starts_at=_AT,
        ends_at=_LATER,
        work="New insulators",
    ),
    events.WindowChanged(
        id="window-changed-1",
        at=_AT,
        window="W-1",
        isolates=["switch:SW-71"],
        starts_at=_AT,
        ends_at=_LATER,
        work="New insulators",
    ),
    events.WindowCancelled(id="cancelled-1", at=_AT, window="W-1", isolates=["switch:SW-71"], why="Storm"),
    events.WorkStarted(id="started-1", at=_AT, window="W-1", isolates=["switch:SW-71"]),
    events.WorkCompleted(id="completed-1", at=_AT, window="W-1", isolates=["switch:SW-71"]),
    events.IncidentChanged(
        id="changed-1",
        at=_AT,
        exercise=True,
        incident="I-1",
        area="A1",
        revision=3,
        state=events.IncidentState.MERGED,
        device="FUSE-1",
        place=_PLACE,
        started_at=_AT,
        reason="sameCause",
        customers_out=2,
        out=["C-1", "C-2"],
        restored=["C-3"],
        estimate=_LATER,
        upstream="I-0",
        merged_into="I-2",
        region="R2",
        device_class="fuse",
        life_support=1,
        important=1,
        switchable=2,
        switchable_life_support=1,
        switchable_important=1,
        told_us=["C-1"],
    ),
    events.CustomerAsked(
        id="asked-1",
        at=_AT,
        exercise=True,
        area="A1",
        region="R2",
        incident="I-1",
        customer="C-1",
        device="RC-2",
        other="FUSE-7",
        at_night=True,
    ),
    events.HazardChanged(
        id="hazard-changed-1",
        at=_AT,
        hazard="H-1",
        area="A1",
        revision=2,
        state=events.HazardState.MADE_SAFE,
        hazard_kind=events.HazardKind.WIRE_DOWN,
        place=_PLACE,
        reported_at=_AT,
        reason="crewMadeSafe",
        region="R2",
        reports=3,
        device="FUSE-1",
        incident="I-1",
        told_us=["C-1"],
    ),
    events.IncidentsMerged(
        id="merge-1", at=_AT, area="A1", incident="I-1", into="I-2", by="dispatcher-1", why="One tree"
    ),
    events.IncidentSplit(
        id="split-1", at=_AT, area="A1", incident="I-1", device="FUSE-1", by="dispatcher-1", why="Two trees"
    ),
    events.IncidentRejected(id="reject-1", at=_AT, area="A1", incident="I-1", by="dispatcher-1", why="A test call"),
    events.IncidentConfirmed(
        id="confirm-1", at=_AT, area="A1", incident="I-1", device="FUSE-1", by="dispatcher-1", why="Seen from the road"
    ),
    events.EstimateGiven(
        id="estimate-1", at=_AT, area="A1", incident="I-1", estimate=_LATER, by="dispatcher-1", why="Parts come at six"
    ),
    events.HazardDismissed(id="dismiss-1", at=_AT, area="A1", hazard="H-1", by="dispatcher-1", why="A telephone cable"),
    events.EstimatesLearnt(
        id="learnt-1",
        at=_AT,
        area="A1",
        learning="L-1",
        incidents=812,
        utc_offset_s=3_600,
        bounds=[Bounds(of="open", at=[3, 12])],
        parts=[Learnt(part=Part.REPAIR, measured=640, cells=[Cell(of="fuse/UNKNOWN/0/0", values=[600, 1_800, 5_400])])],
        paces=[Pace(crew="CREW-1", permille=1_120)],
    ),
    events.OrderChanged(
        id="order-changed-1",
        at=_AT,
        order="ORDER-1",
        crew="CREW-1",
        incident="I-1",
        hazard="H-1",
        area="A1",
        device="FUSE-1",
        place=_PLACE,
        state=events.OrderState.DONE,
        reason="crewReported",
        work=events.OrderWork.ASSIST,
        region="R2",
        priority="lateral",
        assists="ORDER-0",
        arrival_estimate=_LATER,
        completion_estimate=_LATER,
        found="FUSE-2",
        cause="WEATHER",
        clearance=events.Clearance.RELEASED,
    ),
    events.WorkPlanned(
        id="planned-1", at=_AT, region="R1", area="A1", incident="I-1", crew="CREW-1", arrival=_LATER, reason="planned"
    ),
    events.FaultFound(id="fault-1", at=_AT, device="FUSE-2", crew="CREW-1", order="ORDER-1", cause="VEGETATION"),
    events.CrewReported(
        id="said-1",
        at=_AT,
        crew="CREW-1",
        status=events.CrewState.DONE,
        order="ORDER-1",
        place=_PLACE,
        found="FUSE-2",
        cause="WEATHER",
        estimate=_LATER,
        skill="line",
        material="Two insulators",
        hazard=events.HazardKind.WIRE_DOWN,
        why="Tree on the line",
    ),
    events.CrewAssigned(
        id="assign-1",
        at=_AT,
        region="R1",
        crew="CREW-1",
        incident="I-1",
        hazard="H-1",
        by="dispatcher-1",
        why="Knows the place",
    ),
    events.OrderRevoked(id="revoke-1", at=_AT, region="R1", order="ORDER-1", by="dispatcher-1", why="Needed elsewhere"),
    events.WorkHeld(
        id="hold-1",
        at=_AT,
        region="R1",
        held=True,
        safety=True,
        incident="I-1",
        hazard="H-1",
        by="dispatcher-1",
        why="Flooded road",
    ),
    events.PairForbidden(
        id="forbid-1",
        at=_AT,
        region="R1",
        crew="CREW-1",
        forbidden=True,
        incident="I-1",
        hazard="H-1",
        by="dispatcher-1",
        why="The road is too narrow for its truck",
    ),
    events.WorkPrioritised(
        id="prioritise-1",
        at=_AT,
        region="R1",
        first=True,
        incident="I-1",
        hazard="H-1",
        by="dispatcher-1",
        why="The waterworks run on batteries",
    ),
    events.SecondCrewAsked(
        id="second-1",
        at=_AT,
        region="R1",
        wanted=True,
        incident="I-1",
        hazard="H-1",
        by="dispatcher-1",
        why="Two spans are down",
    ),
    events.HoursExtended(
        id="hours-1", at=_AT, region="R1", crew="CREW-1", until=_LATER, by="dispatcher-1", why="The last one on site"
    ),
    events.ClearanceSet(
        id="clearance-1", at=_AT, region="R1", order="ORDER-1", given=True, by="dispatcher-1", why="Open and earthed"
    ),
    events.ModeSet(
        id="mode-1", at=_AT, region="R1", mode=events.DispatchMode.ADVISE, by="dispatcher-1", why="New to the region"
    ),
    events.RoadClosed(
        id="close-1",
        at=_AT,
        region="R1",
        places=[_PLACE, events.Place(11.26, 48.13)],
        within_m=40,
        way=4_711,
        until=_LATER,
        by="dispatcher-1",
        why="Flooded",
    ),
    events.RoadOpened(id="open-1", at=_AT, region="R1", closure="close-1", by="dispatcher-1", why="Dry again"),
    events.CrewVisiting(
        id="visiting-1",
        at=_AT,
        region="R1",
        crew="visit.R1.HILLS-1",
        by="dispatcher-1",
        depot="DEPOT-1",
        place=_PLACE,
        home="Hills Electric",
        skills=["line"],
        certificates=["HV-switching"],
        kit=["bucket-truck"],
        members=3,
        guide="CREW-1",
        until=_LATER,
        why="Mutual aid",
    ),
    events.CrewLeft(id="left-1", at=_AT, region="R1", crew="visit.R1.HILLS-1", by="dispatcher-1", why="Needed at home"),
    events.LargeCustomerOut(
        id="out-1",
        at=_AT,
        account="MILL",
        customer="C-9",
        outage="O-1",
        reason="plannedWork",
        incident="I-1",
        window="W-1",
        estimate=_LATER,
        since=_AT,
    ),
    events.LargeCustomerRestored(id="back-1", at=_AT, account="MILL", customer="C-9", outage="O-1"),
    events.CallAnswered(
        id="answered-1", at=_AT, call="CALL-1", account="MILL", outage="O-1", acknowledged=True, contact="K-1"
    ),
    events.OutageAcknowledged(id="acknowledged-1", at=_AT, account="MILL", outage="O-1", contact="K-1"),
    events.ContactsRanked(id="ranked-1", at=_AT, account="MILL", contacts=["K-2", "K-1"]),
    *TEXTS,
)
"""One event of every type, with every field given."""


def shape(event_type: type[events.Event]) -> bytes:
    """Return the JSON Schema of a type without its descriptions: what may change only together with the tag."""
    described = msgspec.json.schema(event_type)
    return msgspec.json.format(msgspec.json.encode(_bare(described), order="sorted"), indent=2) + b"\n"


def fresh(event: events.Event) -> dict[str, bytes]:
    """Return the content of the golden files of this event's type, by their names."""
    tag = type_of(event)
    return {f"{tag}.json": encode(event), f"{tag}.schema.json": shape(type(event))}


def frozen() -> dict[str, bytes]:
    """Return the content of all golden files as they are kept, by their names."""
    files = [file for file in resources.files(__package__).iterdir() if file.name.endswith(".json")]
    return {file.name: file.read_bytes() for file in sorted(files, key=lambda file: file.name)}


def _bare(schema: Any, *, of_names: bool = False) -> Any:
    """Return a schema without descriptions; `of_names`: the keys are names of fields or types, not words of JSON Schema."""
    if isinstance(schema, list):
        return [_bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _bare(value, of_names=not of_names and key in {"properties", "$defs"})
        for key, value in schema.items()
        if of_names or key != "description"
    }
