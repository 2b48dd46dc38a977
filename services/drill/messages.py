"""What the world says: messages that are put on the schedule and published, or texted, when their time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from schemas.codec import encode
from schemas.events import (
    DeviceStateReported,
    Event,
    HotlineReported,
    OutageReported,
    ReportKind,
    StateSource,
    SwitchPosition,
)
from schemas.ids import derived
from schemas.topics import DEVICE_STATES, HOTLINE_REPORTS, NOTICE_INBOUND, OUTAGE_REPORTS, Topic
from services.clock import from_ms
from services.engine.turn import Record

if TYPE_CHECKING:
    from services.network import Customer

TOLD_AFTER_MS = {StateSource.SCADA: 5_000, StateSource.CREW: 2_000, StateSource.CONSOLE: 0}
"""How long the word of a device's state travels."""


class Said(Record, frozen=True, kw_only=True):
    """A message that arrives at `at` (milliseconds). `report` is the report id in it, also where nobody can read it.

    Channel kafka is published under `key`; on channel smpp the operator delivers it.
    """

    id: str
    at: int
    topic: str
    key: str
    body: bytes
    report: str | None = None
    channel: Literal["kafka", "smpp"] = "kafka"


class Texted(msgspec.Struct, frozen=True, kw_only=True):
    """A text to us, as it lies in the schedule for the operator."""

    phone: str
    words: str


def say(event: Event, topic: Topic, key: str, at: int, *, copy: int = 0) -> Said:
    """Return the message that carries an event; the copies of one event differ in `copy`."""
    return Said(
        id=derived("said", topic.name, event.id, copy),
        at=at,
        topic=topic.name,
        key=key,
        body=encode(event),
        report=event.id if topic in {OUTAGE_REPORTS, HOTLINE_REPORTS} else None,
    )


def text_us(phone: str, words: str, at: int) -> Said:
    """Return a text to us that arrives at this time."""
    body = msgspec.json.encode(Texted(phone=phone, words=words))
    said = derived("texted", phone, words, at)
    return Said(id=said, at=at, topic=NOTICE_INBOUND.name, key=said, body=body, channel="smpp")


def report_by_meter(
    kind: ReportKind,
    customer: Customer,
    observed: int,
    arrives: int,
    *,
    account: str | None = None,
    copy: int = 0,
    again: int = 0,
) -> Said:
    """Return what a meter says: it knows its own number and the time, not whose it is. The key is its customer's.

    A meter of a hotline account speaks on the account's own way. A `copy` is the same report delivered once more; `again`
    is the same thing reported anew, under another id.
    """
    name = derived("report", kind, customer.meter, observed, again)
    if account is not None:
        held = HotlineReported(
            id=name, at=from_ms(observed), exercise=True, account=account, kind=kind, meter=customer.meter
        )
        return say(held, HOTLINE_REPORTS, account, arrives, copy=copy)
    event = OutageReported(id=name, at=from_ms(observed), exercise=True, kind=kind, meter=customer.meter)
    return say(event, OUTAGE_REPORTS, customer.id, arrives, copy=copy)


def report_by_account(account: str, customer: str, observed: int, arrives: int) -> Said:
    """Return what a hotline account says of its supply."""
    event = HotlineReported(
        id=derived("report", "account", account, customer, observed),
        at=from_ms(observed),
        exercise=True,
        account=account,
        kind=ReportKind.CALL,
        customer=customer,
    )
    return say(event, HOTLINE_REPORTS, account, arrives)


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


def device_state(device: str, *, closed: bool, source: StateSource, at: int, by: str | None = None) -> Said:
    """Return what is told of how a device stands since `at`: by telemetry, or by the crew that switched it."""
    position = SwitchPosition.CLOSED if closed else SwitchPosition.OPEN
    event = DeviceStateReported(
        id=derived("state", device, position, source, at),
        at=from_ms(at),
        exercise=True,
        device=device,
        position=position,
        source=source,
        by=by,
    )
    return say(event, DEVICE_STATES, device, at + TOLD_AFTER_MS[source])


def unreadable(report: str, key: str, at: int) -> Said:
    """Return a report that was cut off on its way: it holds a report id, yet nobody can decode it."""
    body = b'{"type":"outage.reported.v1","id":"' + report.encode() + b'","at":"20'
    said = derived("said", OUTAGE_REPORTS.name, report, 0)
    return Said(id=said, at=at, topic=OUTAGE_REPORTS.name, key=key, body=body, report=report)
