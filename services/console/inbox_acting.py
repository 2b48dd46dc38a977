"""What a person does about a row of the inbox: once, and told to whoever comes second."""

from __future__ import annotations

from typing import Annotated, Final, NoReturn

import msgspec
from msgspec import Meta

from schemas.events import (
    CrewAssigned,
    Event,
    HazardKind,
    HazardReported,
    InboundAnswered,
    OrderRevoked,
    OutageAcknowledged,
    OutageReported,
    ReportKind,
)
from schemas.events.base import PRINTABLE, Id, Note
from schemas.ids import derived
from schemas.topics import CREW_ACTIONS, HOTLINE_ANSWERS, NOTICE_ACTIONS, OUTAGE_REPORTS
from services.access import acted
from services.access.http import ApiError
from services.access.who import Right
from services.clock import from_ms
from services.console import attention, inbox_rows, outcomes
from services.console.acting import Acting, carry_out
from services.console.inbox_rows import InboxRow, placed_id
from services.console.intents import Head, Meant, reasoned
from services.dispatch import showing_incident as dispatch
from services.dispatch.showing_incident import Unanswered
from services.engine import parked
from services.engine.taking import Connection
from services.hotline import showing as hotline
from services.notices import showing as notices
from services.notices.keywords import read
from services.notices.languages import WORDINGS
from services.notices.showing import UnreadText
from services.outages.showing_incident import now_ms
from services.reports import showing as reports
from services.reports.showing import Unplaced

NOTE_LENGTH: Final = 500
RIGHTS: Final = {"requeue": Right.REQUEUE, "setAside": Right.REQUEUE}
"""The right that an action takes; every other one takes `Right.ACT`."""


class InboxAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done about a row, and why. `place` names a customer or a device, `assignOther` may name a crew.

    `answerText` says the words, and which prepared answer they are; it need not say why.
    """

    action: Annotated[str, Meta(max_length=20)]
    why: Note = ""
    words: Annotated[str, Meta(max_length=1_000, pattern=PRINTABLE)] | None = None
    canned: Id | None = None
    customer: Id | None = None
    device: Id | None = None
    crew: Id | None = None


async def on_row(connection: Connection, acting: Acting, row_id: str, asked: InboxAsked) -> str:
    """Deal with a row of the inbox, and return the id of the action.

    Raises `ApiError`: 403 `notAllowed`, 404 `notFound`, 409 `handledAlready` with who did and `idempotencyMismatch`,
    422 `notPossible`, `whyMissing` and the codes of the single actions.
    """
    right = RIGHTS.get(asked.action, Right.ACT)
    if not acting.who.may(right):
        raise ApiError(403, "notAllowed", f"this takes the right to {right}")
    why = asked.why.strip() if asked.action == "answerText" else reasoned(asked.why)
    async with connection.transaction():
        if (before := await attention.made_before(connection, acting.request)) is not None:
            return before
        await attention.lock(connection, "inbox", row_id)
        if (done := await attention.handled(connection, row_id)) is not None:
            detail = f"{done.by} did that already: {done.action}"
            raise ApiError(409, "handledAlready", detail, by=done.by, at_ms=done.at_ms, what=done.action)
        row = await _row(connection, row_id)
        if row is None:
            raise ApiError(404, "notFound", "there is no such row in the inbox, or it has settled itself")
        if asked.action not in row.actions:
            raise ApiError(422, "notPossible", f"of this one may: {', '.join(row.actions)}")
        if row.kind == "order":
            await _nobody_sends(connection, row)
        head = await acting.head(connection, why)
        meant = await _meant(connection, acting, row, asked, head)
        action = await carry_out(connection, acting, asked.action, (row.kind, row.subject), meant, why)
        if asked.action == "requeue" and not await parked.requeue(connection, row.subject):
            raise ApiError(409, "handledAlready", "it was requeued already")
        if row.kind != "order" or asked.action == "acknowledge":
            await attention.handle(
                connection,
                row_id,
                row.kind,
                row.subject,
                done=asked.action,
                by=acting.who.user,
                at_ms=head.now_ms,
                why=why,
                action=action,
            )
    return action


async def _nobody_sends(connection: Connection, row: InboxRow) -> None:
    """Raise `ApiError` 409 `handledAlready` while somebody's sending is not decided yet.

    The row of an order is gone when somebody is sent, and stays when the dispatch refuses whom a person chose.
    """
    for sent in await outcomes.rows(connection, await acted.actions_on(connection, [(row.kind, row.subject)])):
        if sent.state == "sent":
            detail = f"{sent.by_name} did that already: {sent.kind}"
            raise ApiError(409, "handledAlready", detail, by=sent.by_name, at_ms=sent.at_ms, what=sent.kind)


async def _row(connection: Connection, row_id: str) -> InboxRow | None:
    """Return one row as it would stand in the inbox; None when it is not there."""
    kind, _, name = row_id.partition(":")
    found: InboxRow | None = None
    if kind == "report" and (report := await reports.unplaced_one(connection, name)) is not None:
        found = inbox_rows.of_report(report, await now_ms(connection))
    elif kind == "parked" and (message := await attention.parked_one(connection, name)) is not None:
        found = inbox_rows.of_parked(message)
    elif kind == "crew" and (odd := await dispatch.odd_crew(connection, await now_ms(connection), row_id)) is not None:
        found = inbox_rows.of_crew(odd)
    elif kind == "order" and (late := await dispatch.unanswered_one(connection, await now_ms(connection), name)):
        found = inbox_rows.of_order(late)
    elif kind == "text" and (text := await notices.unread_one(connection, name)) is not None:
        found = inbox_rows.of_text(text)
    elif kind == "call" and (call := await hotline.unacknowledged_one(connection, name)) is not None:
        found = inbox_rows.of_call(call)
    return found


async def _meant(connection: Connection, acting: Acting, row: InboxRow, asked: InboxAsked, head: Head) -> Meant:
    match (row.kind, asked.action):
        case ("report", "place"):
            report = await reports.unplaced_one(connection, row.subject)
            assert report is not None, "the row was made of it"
            return _placed(acting, report, asked, head)
        case ("text", "asReport"):
            text = await notices.unread_one(connection, row.subject)
            assert text is not None, "the row was made of it"
            return _as_report(text, head)
        case ("text", "place" | "answerText"):
            text = await notices.unread_one(connection, row.subject)
            assert text is not None, "the row was made of it"
            return (
                _danger_placed(acting, text, asked, head) if asked.action == "place" else _answered(text, asked, head)
            )
        case ("order", "callAgain" | "assignOther"):
            order = await dispatch.unanswered_one(connection, head.now_ms, row.subject)
            assert order is not None, "the row was made of it"
            return await _sent_anew(connection, order, asked, head)
        case ("call", "acknowledge"):
            account, outage = str(row.facts["account"]), row.subject
            event = OutageAcknowledged(
                id=head.event_id, at=from_ms(head.now_ms), exercise=head.exercise, account=account, outage=outage
            )
            return Meant(said={"account": account}, topic=HOTLINE_ANSWERS, key=account, event=event)
        case _:
            return Meant(said={})


def _placed(acting: Acting, report: Unplaced, asked: InboxAsked, head: Head) -> Meant:
    """Return the report that is made of one that nobody could place: of the same time, and with what was missing."""
    number = _place(acting, asked)
    said = {"customer": asked.customer} if number is None else {"device": asked.device}
    event: Event
    if report.hazard is not None:
        event = HazardReported(
            id=placed_id(report.id),
            at=from_ms(report.at_ms),
            exercise=head.exercise,
            hazard=HazardKind(report.hazard),
            customer=asked.customer,
            device=number,
            phone=report.phone_named,
            words=report.words or "",
        )
    else:
        event = OutageReported(
            id=placed_id(report.id),
            at=from_ms(report.at_ms),
            exercise=head.exercise,
            kind=ReportKind(report.kind),
            customer=asked.customer,
            device=number,
            phone=report.phone_named if asked.customer is not None else None,
        )
    return Meant(said=said, topic=OUTAGE_REPORTS, key=asked.customer or event.id, event=event)


def _place(acting: Acting, asked: InboxAsked) -> str | None:
    """Check the place that was named, and return the number painted on the device; None: a customer was named."""
    if (asked.customer is None) == (asked.device is None):
        _refuse("placeMissing", "name a customer or a device, one of them")
    if asked.device is not None:
        return _painted(acting, asked.device)
    assert asked.customer is not None, "one of them was named"
    try:
        customer = acting.ground.network.customer(asked.customer)
    except KeyError:
        _refuse("unknownCustomer", f"the utility has no customer {asked.customer}")
    if not customer.active:
        _refuse("accountClosed", f"customer {asked.customer} has no supply any more")
    return None


def _danger_placed(acting: Acting, text: UnreadText, asked: InboxAsked, head: Head) -> Meant:
    """Return the report of danger that is made of a text, at the place that a person names."""
    number, kind = _place(acting, asked), read(text.words)
    event = HazardReported(
        id=derived("textPlaced", text.id),
        at=from_ms(text.at_ms),
        exercise=head.exercise,
        hazard=kind if isinstance(kind, HazardKind) else HazardKind.OTHER,
        customer=asked.customer,
        device=number,
        phone=text.phone,
        words=text.words[:NOTE_LENGTH],
    )
    said = {"customer": asked.customer} if number is None else {"device": asked.device}
    return Meant(said=said, topic=OUTAGE_REPORTS, key=asked.customer or event.id, event=event)


def _answered(text: UnreadText, asked: InboxAsked, head: Head) -> Meant:
    """Return the answer to a text. Its words are not recorded here: they may name somebody."""
    if asked.words is None or not asked.words.strip():
        _refuse("wordsMissing", "say what is to be answered")
    if asked.canned is not None and asked.canned not in WORDINGS["en"].canned:
        _refuse("unknownCanned", f"no answer is prepared under {asked.canned}")
    event = InboundAnswered(**head.fields, area=text.area, text=text.id, words=asked.words.strip(), canned=asked.canned)
    said = {"premises": text.premises, **({} if asked.canned is None else {"canned": asked.canned})}
    return Meant(said=said, topic=NOTICE_ACTIONS, key=text.area, event=event)


def _painted(acting: Acting, device: str) -> str:
    """Return the number painted on a device: by it a report names one."""
    try:
        number = acting.ground.network.switch(device).device_number
    except KeyError:
        _refuse("unknownDevice", f"the network has no device {device}")
    if not number:
        _refuse("unnumberedDevice", f"no number is painted on {device}: name a customer behind it")
    return number


def _as_report(text: UnreadText, head: Head) -> Meant:
    event = OutageReported(
        id=derived("textAsReport", text.id),
        at=from_ms(text.at_ms),
        exercise=head.exercise,
        kind=ReportKind.TEXT,
        phone=text.phone,
        words=text.words[:NOTE_LENGTH],
    )
    return Meant(said={"premises": text.premises}, topic=OUTAGE_REPORTS, key=text.customer or event.id, event=event)


async def _sent_anew(connection: Connection, order: Unanswered, asked: InboxAsked, head: Head) -> Meant:
    """Return who is sent instead: the same crew again, this one, or whom the rule chooses once the order is taken back."""
    subject = {"incident": order.incident} if order.hazard is None else {"hazard": order.hazard}
    crew = order.crew if asked.action == "callAgain" else asked.crew
    event: Event
    if crew is None:
        if not order.active:
            _refuse("crewMissing", "the order is over: name the crew that goes instead")
        event = OrderRevoked(**head.fields, region=order.region, order=order.order)
        said = {**subject, "order": order.order, "crew": order.crew}
        return Meant(said=said, topic=CREW_ACTIONS, key=order.region, event=event)
    region = await dispatch.region_of_crew(connection, crew)
    if region is None:
        _refuse("unknownCrew", f"there is no crew {crew}")
    if region != order.region:
        _refuse("otherRegion", f"crew {crew} belongs to {region}")
    event = CrewAssigned(
        **head.fields, region=order.region, crew=crew, incident=subject.get("incident"), hazard=subject.get("hazard")
    )
    return Meant(said={**subject, "crew": crew}, topic=CREW_ACTIONS, key=order.region, event=event)


def _refuse(code: str, detail: str) -> NoReturn:
    raise ApiError(422, code, detail)
