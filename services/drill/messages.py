"""What the world says: messages that are put on the schedule and published when their time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import encode
from schemas.events import Event, OutageReported, ReportKind
from schemas.ids import derived
from schemas.topics import OUTAGE_REPORTS, Topic
from services.clock import from_ms
from services.engine.turn import Record

if TYPE_CHECKING:
    from services.network import Customer


class Said(Record, frozen=True, kw_only=True):
    """A message that arrives at `at` (milliseconds). `report` is the report id in it, also where nobody can read it."""

    id: str
    at: int
    topic: str
    key: str
    body: bytes
    report: str | None = None


def say(event: Event, topic: Topic, key: str, at: int, *, copy: int = 0) -> Said:
    """Return the message that carries an event; the copies of one event differ in `copy`."""
    return Said(
        id=derived("said", topic.name, event.id, copy),
        at=at,
        topic=topic.name,
        key=key,
        body=encode(event),
        report=event.id if topic is OUTAGE_REPORTS else None,
    )


def report_by_meter(
    kind: ReportKind, customer: Customer, observed: int, arrives: int, *, copy: int = 0, again: int = 0
) -> Said:
    """Return what a meter says: it knows its own number and the time, not whose it is. The key is its customer's.

    A `copy` is the same report delivered once more; `again` is the same thing reported anew, under another id.
    """
    event = OutageReported(
        id=derived("report", kind, customer.meter, observed, again),
        at=from_ms(observed),
        exercise=True,
        kind=kind,
        meter=customer.meter,
    )
    return say(event, OUTAGE_REPORTS, customer.id, arrives, copy=copy)


def report_by_call(customer: str, observed: int, arrives: int) -> Said:
    """Return what the call centre wrote down when a customer called."""
    event = OutageReported(
        id=derived("report", ReportKind.CALL, customer, observed),
        at=from_ms(observed),
        exercise=True,
        kind=ReportKind.CALL,
        customer=customer,
    )
    return say(event, OUTAGE_REPORTS, customer, arrives)


def unreadable(report: str, key: str, at: int) -> Said:
    """Return a report that was cut off on its way: it holds a report id, yet nobody can decode it."""
    body = b'{"type":"outage.reported.v1","id":"' + report.encode() + b'","at":"20'
    said = derived("said", OUTAGE_REPORTS.name, report, 0)
    return Said(id=said, at=at, topic=OUTAGE_REPORTS.name, key=key, body=body, report=report)
