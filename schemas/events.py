"""Every event that travels on a topic, as strict, frozen structures; the tag `type` names the event and its version.

Times are aware UTC (RFC 3339 on the wire), points are (lon, lat) in degrees WGS 84, durations are seconds.
The body is the authority: headers repeat it for those who route.
"""

from __future__ import annotations

import datetime as dt
import enum
from typing import Annotated, Union

import msgspec
from msgspec import Meta

# `\Z` and not `$`, which lets a trailing newline through.
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9_.:+/#-]+\Z")]
Instant = Annotated[dt.datetime, Meta(tz=True)]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
# Control characters other than tab and line breaks have no meaning in a note, and PostgreSQL's text cannot hold NUL.
_PRINTABLE = r"\A[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F]*\Z"
Note = Annotated[str, Meta(max_length=500, pattern=_PRINTABLE)]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point on the earth, degrees WGS 84. Equal points have equal bytes: 11 is 11.0, and -0.0 is 0.0."""

    lon: Lon
    lat: Lat

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "lon", float(self.lon) + 0.0)
        msgspec.structs.force_setattr(self, "lat", float(self.lat) + 0.0)


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What every event has: an id derived from its cause, the time it speaks of, and whether it belongs to an exercise."""

    id: Id
    at: Instant
    exercise: bool = False


class ReportKind(enum.StrEnum):
    """What somebody or something reports."""

    CALL = "call"
    LAST_GASP = "lastGasp"
    POWER_RESTORED = "powerRestored"


class OutageReported(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="outage.reported.v1"):
    """A call, a meter's last gasp or its message that power is back. `at` is when it was observed, not when it arrived.

    At least one of `customer` and `meter` is given; a report that names neither cannot be located and is parked.
    """

    kind: ReportKind
    customer: Id | None = None
    meter: Id | None = None


class WindowAnnounced(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="maintenance.announced.v1"):
    """Planned work: the device that isolates it, and its window."""

    window: Id
    device: Id
    starts_at: Instant
    ends_at: Instant
    work: Note = ""


class WorkStarted(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="maintenance.started.v1"):
    """The isolation point of a window was opened."""

    window: Id
    device: Id


class WorkCompleted(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="maintenance.completed.v1"):
    """The work of a window is reported complete and its isolation point closed."""

    window: Id
    device: Id


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
    restoration. `reason` is the reason code of the transition.
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
    out: list[Id] = []
    restored: list[Id] = []
    estimate: Instant | None = None
    upstream: Id | None = None
    merged_into: Id | None = None


class OrderState(enum.StrEnum):
    """Life of an order."""

    SENT = "sent"
    ACCEPTED = "accepted"
    ENROUTE = "enroute"
    ARRIVED = "arrived"
    DONE = "done"
    REFUSED = "refused"
    REVOKED = "revoked"


class OrderChanged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.orderChanged.v1"):
    """An order to a crew, or a change of its state. The crew acts on `sent` and `revoked`; everybody else follows the rest.

    `found` is the device the crew found failed, `cause` why it failed; both come with done. With done and without `found`
    supply was in order.
    """

    order: Id
    crew: Id
    incident: Id
    area: Id
    device: Id
    place: Place
    state: OrderState
    reason: Id
    arrival_estimate: Instant | None = None
    found: Id | None = None
    cause: Id | None = None


class CrewState(enum.StrEnum):
    """What a crew says of itself or of its order."""

    AVAILABLE = "available"
    OFF_DUTY = "offDuty"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ENROUTE = "enroute"
    ARRIVED = "arrived"
    DONE = "done"


class CrewReported(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="crew.reported.v1"):
    """A crew's status. `order` is given for everything but availability; `found` and `cause` come with done.

    With done and without `found` the crew found supply in order at the device: nothing had failed, or it was already mended.
    """

    crew: Id
    status: CrewState
    order: Id | None = None
    place: Place | None = None
    found: Id | None = None
    cause: Id | None = None
    why: Note = ""


class LargeCustomerOut(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.customerOut.v1"):
    """A customer with a hotline account lost power; `incident` or `window` is what explains it (both empty: not known yet)."""

    account: Id
    customer: Id
    outage: Id
    reason: Id
    incident: Id | None = None
    window: Id | None = None
    estimate: Instant | None = None


class LargeCustomerRestored(
    Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.customerRestored.v1"
):
    """The power of a customer with a hotline account is back."""

    account: Id
    customer: Id
    outage: Id


class CallAnswered(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.callAnswered.v1"):
    """What became of a hotline call: a contact acknowledged it, or nobody did."""

    call: Id
    account: Id
    outage: Id
    acknowledged: bool


class TextOutcome(enum.StrEnum):
    """What the operator's receipt says."""

    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"


class TextReceipt(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.receipt.v1"):
    """The operator's receipt for a text: which notice (of which area), what became of it, the operator's code as it came."""

    notice: Id
    area: Id
    outcome: TextOutcome
    operator_code: Annotated[str, Meta(max_length=64, pattern=_PRINTABLE)] = ""


AnyEvent = Union[  # noqa: UP007 - msgspec reads the union at run time
    OutageReported,
    WindowAnnounced,
    WorkStarted,
    WorkCompleted,
    IncidentChanged,
    OrderChanged,
    CrewReported,
    LargeCustomerOut,
    LargeCustomerRestored,
    CallAnswered,
    TextReceipt,
]
"""Every event there is; the codec decodes into exactly one of them."""
