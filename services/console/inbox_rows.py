"""What needs a person: reports that nobody could place, parked messages, odd crews, orders and calls in vain, unread texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from schemas.ids import derived
from services.console import attention
from services.console.attention import Aside
from services.console.masking import masked
from services.dispatch import showing_incident as dispatch
from services.dispatch.reasons import Reason as Dispatch
from services.dispatch.showing_incident import Odd, Unanswered
from services.engine.taking import Connection
from services.hotline import showing as hotline
from services.hotline.reasons import Reason as Hotline
from services.hotline.showing import Unacknowledged
from services.notices import showing as notices
from services.notices.showing import UnreadText
from services.outages.showing_incident import now_ms
from services.reports import showing as reports
from services.reports.locating import LATE_MS
from services.reports.showing import Unplaced

Kind: TypeAlias = Literal["report", "parked", "crew", "order", "text", "call"]
Value: TypeAlias = str | int | float | None
MOST_OF_A_KIND: Final = 500
"""So many rows of a kind are shown at most, the newest; what is dealt with makes room for the rest."""


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the inbox: why it is here, what there is to read by name, and what may be done. Times are milliseconds."""

    id: str
    kind: Kind
    at_ms: int
    reason: str
    subject: str
    facts: Mapping[str, Value]
    lon: float | None
    lat: float | None
    incident: str | None
    actions: tuple[str, ...]


_PHONES: Final = ("phone",)
_WORDS: Final = ("words", "detail")
"""Facts that people wrote, or that quote what could not be read: a number or a name may stand in them."""


async def inbox_rows(connection: Connection) -> list[InboxRow]:
    """Return the rows of the inbox with all there is to read in full, the newest first. `masked_row` is for everybody."""
    now = await now_ms(connection)
    found = [
        *(of_report(report, now) for report in await reports.unplaced(connection, MOST_OF_A_KIND)),
        *map(of_parked, await attention.parked(connection, MOST_OF_A_KIND)),
        *map(of_crew, await dispatch.odd_crews(connection, now, MOST_OF_A_KIND)),
        *map(of_order, await dispatch.unanswered(connection, now, MOST_OF_A_KIND)),
        *map(of_text, await notices.unread(connection, MOST_OF_A_KIND)),
        *map(of_call, await hotline.unacknowledged(connection, MOST_OF_A_KIND)),
    ]
    return sorted(found, key=lambda row: (-row.at_ms, row.id))


def masked_row(row: InboxRow) -> InboxRow:
    """Return a row as those see it who may not see what is personal: numbers masked, and without what people wrote."""
    if row.facts.keys().isdisjoint((*_PHONES, *_WORDS)):
        return row
    facts = {
        name: masked(str(value)) if name in _PHONES else value
        for name, value in row.facts.items()
        if name not in _WORDS
    }
    return msgspec.structs.replace(row, facts=facts)


def _said(pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    return {name: value for name, value in pairs if value not in (None, "")}


def of_report(report: Unplaced, now: int) -> InboxRow:
    """Return the row of a report that nobody could place. One that is too old by now (milliseconds) is only looked at:

    placed, it would count no more than it does. A danger does not lapse.
    """
    lapsed = report.state == "late" or (report.hazard is None and report.at_ms < now - LATE_MS)
    return InboxRow(
        id=f"report:{report.id}",
        kind="report",
        at_ms=report.at_ms,
        reason=report.reason,
        subject=report.id,
        facts=_said(
            (
                ("kind", report.kind),
                ("state", report.state),
                ("customer", report.customer_named or report.customer),
                ("meter", report.meter_named),
                ("pole", report.pole_named),
                ("device", report.device_named),
                ("account", report.account),
                ("hazard", report.hazard),
                ("phone", report.phone_named),
                ("words", report.words),
                ("candidates", " ".join(customer or device for customer, device in report.candidates)),
            )
        ),
        lon=report.lon,
        lat=report.lat,
        incident=None,
        actions=("dismiss",) if lapsed else ("place", "dismiss"),
    )


def of_parked(message: Aside) -> InboxRow:
    """Return the row of a parked message."""
    return InboxRow(
        id=f"parked:{message.id}",
        kind="parked",
        at_ms=message.at_ms,
        reason=message.reason,
        subject=message.id,
        facts=_said(
            (
                ("topic", message.topic),
                ("stage", message.stage),
                ("event", message.event_id),
                ("detail", message.detail),
            )
        ),
        lon=None,
        lat=None,
        incident=None,
        actions=("requeue", "setAside"),
    )


def of_crew(odd: Odd) -> InboxRow:
    """Return the row of something odd about a crew."""
    facts = (("crew", odd.crew), ("order", odd.order), ("order_state", odd.order_state), ("hazard", odd.hazard))
    return InboxRow(
        id=odd.id,
        kind="crew",
        at_ms=odd.at_ms,
        reason=odd.reason,
        subject=odd.crew,
        facts=_said(facts),
        lon=odd.lon,
        lat=odd.lat,
        incident=odd.incident,
        actions=("acknowledge",),
    )


def of_order(order: Unanswered) -> InboxRow:
    """Return the row of an order that nobody answered, or that was refused, and after which nobody was sent."""
    return InboxRow(
        id=f"order:{order.order}",
        kind="order",
        at_ms=order.at_ms,
        reason=Dispatch.UNANSWERED.value if order.active else order.reason,
        subject=order.order,
        facts=_said(
            (
                ("crew", order.crew),
                ("order_state", order.state),
                ("device", order.device),
                ("hazard", order.hazard),
                ("priority", order.priority),
                ("sent_at_ms", order.sent_at_ms),
            )
        ),
        lon=order.lon,
        lat=order.lat,
        incident=order.incident,
        actions=("assignOther", "acknowledge") if order.active else ("callAgain", "assignOther", "acknowledge"),
    )


def of_text(text: UnreadText) -> InboxRow:
    """Return the row of a text that a person has to read: no rule understood it, or it speaks of danger."""
    actions = ["answerText", "handled"]
    if text.state == "warned":
        # Danger at the only premise of the phone was reported by itself.
        actions[:0] = [] if text.customer is not None else ["place"]
    elif text.premises:
        actions[:0] = ["asReport"]
    return InboxRow(
        id=f"text:{text.id}",
        kind="text",
        at_ms=text.at_ms,
        reason=text.reason,
        subject=text.id,
        facts=_said(
            (("phone", text.phone), ("words", text.words), ("premises", text.premises), ("customer", text.customer))
        ),
        lon=None,
        lat=None,
        incident=None,
        actions=tuple(actions),
    )


def of_call(call: Unacknowledged) -> InboxRow:
    """Return the row of an outage about which the contacts of an account are called in vain."""
    return InboxRow(
        id=f"call:{call.outage}",
        kind="call",
        at_ms=call.out_since_ms,
        reason=(Hotline.NO_CONTACT if call.nobody else Hotline.LADDER_AGAIN).value,
        subject=call.outage,
        facts=_said(
            (
                ("account", call.account),
                ("name", call.name),
                ("customer", call.customer),
                ("calls", call.calls),
                ("contacts", call.contacts),
            )
        ),
        lon=None,
        lat=None,
        incident=call.incident,
        actions=("acknowledge", "handled"),
    )


def placed_id(report: str) -> str:
    """Return the id of the report that a person makes of one that nobody could place."""
    return derived("placed", report)
