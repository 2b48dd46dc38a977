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

_AT = dt.datetime(2026, 3, 1, 18, 0, tzinfo=dt.UTC)
_LATER = dt.datetime(2026, 3, 1, 19, 30, 0, 250_000, tzinfo=dt.UTC)
_PLACE = events.Place(11.25, 48.125)

SAMPLES: tuple[events.Event, ...] = (
    events.OutageReported(id="report-1", at=_AT, kind=events.ReportKind.LAST_GASP, customer="C-1", meter="M-1"),
    events.WindowAnnounced(
        id="announced-1", at=_AT, window="W-1", device="SW-71", starts_at=_AT, ends_at=_LATER, work="New insulators"
    ),
    events.WorkStarted(id="started-1", at=_AT, window="W-1", device="SW-71"),
    events.WorkCompleted(id="completed-1", at=_AT, window="W-1", device="SW-71"),
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
    ),
    events.OrderChanged(
        id="order-changed-1",
        at=_AT,
        order="ORDER-1",
        crew="CREW-1",
        incident="I-1",
        area="A1",
        device="FUSE-1",
        place=_PLACE,
        state=events.OrderState.DONE,
        reason="crewReported",
        arrival_estimate=_LATER,
        found="FUSE-2",
        cause="WEATHER",
    ),
    events.CrewReported(
        id="said-1",
        at=_AT,
        crew="CREW-1",
        status=events.CrewState.DONE,
        order="ORDER-1",
        place=_PLACE,
        found="FUSE-2",
        cause="WEATHER",
        why="Tree on the line",
    ),
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
    ),
    events.LargeCustomerRestored(id="back-1", at=_AT, account="MILL", customer="C-9", outage="O-1"),
    events.CallAnswered(id="answered-1", at=_AT, call="CALL-1", account="MILL", outage="O-1", acknowledged=True),
    events.TextReceipt(
        id="receipt-1",
        at=_AT,
        notice="N-1",
        area="A1",
        outcome=events.TextOutcome.DELIVERED,
        operator_code="stat:DELIVRD err:000",
    ),
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
