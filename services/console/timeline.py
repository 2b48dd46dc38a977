"""An incident's history as one list: what was heard, what was decided and why, what people did, texts, calls, orders. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from schemas.codec import Unreadable, decode
from schemas.events import CallAnswered, CrewReported, DeviceStateReported, Event, FaultFound, OutageAcknowledged
from schemas.topics import TOPICS
from services.clock import to_ms
from services.console.outcomes import ActionRow
from services.notices.showing import Told
from services.outages.showing_asked import ShownQuestion
from services.outages.showing_incident import Noted, Remark
from services.reports.showing import Heard

Kind: TypeAlias = Literal["fact", "decision", "action", "text", "call", "order", "remark"]

_KINDS: dict[str, Kind] = {"order": "order", "escalation": "call"}
_REMARKS = frozenset({"note", "cause"})


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `facts` are the first ids that it rests on, of `facts_total`. Times are milliseconds."""

    at_ms: int
    kind: Kind
    subject_kind: str
    subject: str
    became: str
    reason: str
    by: str | None
    words: str
    facts: tuple[str, ...]
    facts_total: int


def decisions(noted: Iterable[Noted]) -> list[TimelineRow]:
    """Return what stages decided."""
    return [
        TimelineRow(
            at_ms=each.now_ms,
            kind=_KINDS.get(each.subject_kind, "decision"),
            subject_kind=each.subject_kind,
            subject=each.subject,
            became=each.became,
            reason=each.reason,
            by=each.stage,
            words="",
            facts=each.facts,
            facts_total=each.facts_total,
        )
        for each in noted
    ]


def heard(reports: Iterable[Heard]) -> list[TimelineRow]:
    """Return what was reported; `words` says how many reports a row stands for."""
    return [
        TimelineRow(
            at_ms=each.at_ms,
            kind="fact",
            subject_kind="report",
            subject=each.customer or each.holder,
            became=each.kind,
            reason=each.reason,
            by=None,
            words=str(each.reports),
            facts=each.ids,
            facts_total=each.reports,
        )
        for each in reports
    ]


def facts(bodies: Iterable[tuple[str, bytes]]) -> list[TimelineRow]:
    """Return what crews, measurements, planned work and calls said; `bodies` are events by the topic that they came on.

    One whose words were erased since, or that is of an older schema, is left out.
    """
    found = []
    for topic, body in bodies:
        try:
            event = decode(body, TOPICS[topic])
        except Unreadable:
            continue
        subject_kind, subject, became, by, words = _said(event)
        found.append(
            TimelineRow(
                at_ms=to_ms(event.at),
                kind="call" if subject_kind == "call" else "fact",
                subject_kind=subject_kind,
                subject=subject,
                became=became,
                reason="",
                by=by,
                words=words,
                facts=(event.id,),
                facts_total=1,
            )
        )
    return found


def _said(event: Event) -> tuple[str, str, str, str | None, str]:
    """Return of what kind the subject of an event is, the subject, what is said of it, by whom, and in which words."""
    match event:
        case CrewReported():
            parts = [event.why, event.material and f"+ {event.material}", event.found or "", event.cause or ""]
            return "crew", event.crew, event.status.value, event.crew, " · ".join(part for part in parts if part)
        case DeviceStateReported():
            return "device", event.device, event.position.value, event.by or event.source.value, event.quality.value
        case FaultFound():
            return "device", event.device, "foundFault", event.crew, event.cause or ""
        case CallAnswered():
            return "call", event.call, "acknowledged" if event.acknowledged else "unanswered", event.contact, ""
        case OutageAcknowledged():
            return "call", event.outage, "acknowledged", event.contact, ""
        case _:
            window = str(getattr(event, "window", ""))
            words = str(getattr(event, "why", "") or getattr(event, "work", ""))
            return "window", window, str(type(event).__struct_config__.tag).split(".")[1], None, words


def questions(asked: Iterable[ShownQuestion]) -> list[TimelineRow]:
    """Return who was asked whether power is on; `words` are the devices that the answer tells apart, one or two."""
    return [
        TimelineRow(
            at_ms=each.at_ms,
            kind="decision",
            subject_kind="meter" if each.by == "meter" else "customer",
            subject=each.meter if each.by == "meter" else each.customer,
            became="askedForPower",
            reason=each.reason,
            by="correlate",
            words="|".join(device for device in (each.device, each.other) if device is not None),
            facts=(each.key,),
            facts_total=1,
        )
        for each in asked
    ]


def texts(told: Iterable[Told]) -> list[TimelineRow]:
    """Return what customers were told, counted by moment and tick; `words` says how many texts a row stands for."""
    return [
        TimelineRow(
            at_ms=each.at_ms,
            kind="text",
            subject_kind="notice",
            subject=each.moment,
            became=each.moment,
            reason="",
            by=None,
            words=str(each.texts),
            facts=(),
            facts_total=each.customers,
        )
        for each in told
    ]


def actions(done: Iterable[ActionRow]) -> list[TimelineRow]:
    """Return what people did, each with what became of it; remarks have rows of their own."""
    return [
        TimelineRow(
            at_ms=each.at_ms,
            kind="action",
            subject_kind=each.subject_kind,
            subject=each.subject,
            became=f"{each.kind} {each.state}",
            reason=each.reason,
            by=each.by_name,
            words=each.why,
            facts=(each.id,),
            facts_total=1,
        )
        for each in done
        if each.kind not in _REMARKS
    ]


def remarks(written: Iterable[Remark], about: tuple[str, str]) -> list[TimelineRow]:
    """Return the notes and causes that people wrote on a subject (kind and id); a retracted one says so."""
    return [
        TimelineRow(
            at_ms=each.at_ms,
            kind="remark",
            subject_kind=about[0],
            subject=about[1],
            became="retracted" if each.retracted else each.kind,
            reason=each.cause or "",
            by=each.by,
            words=each.words,
            facts=(each.id,),
            facts_total=1,
        )
        for each in written
    ]


_ORDER: dict[Kind, int] = {"fact": 0, "action": 1, "remark": 1, "decision": 2, "order": 2, "call": 2, "text": 3}
"""What goes first within one instant: what was said before what was made of it."""


def together(*parts: Sequence[TimelineRow]) -> list[TimelineRow]:
    """Return all rows in the order of time, newest last."""
    return sorted((row for part in parts for row in part), key=lambda row: (row.at_ms, _ORDER[row.kind]))


def page(rows: Sequence[TimelineRow], limit: int, before_ms: int | None) -> list[TimelineRow]:
    """Return the last rows before a time, as many as the limit says and what is of the same instant as the first of them.

    So whoever asks next with `before` the first row's time misses none.
    """
    end = len(rows) if before_ms is None else sum(row.at_ms < before_ms for row in rows)
    begin = max(0, end - limit)
    while 0 < begin < end and rows[begin - 1].at_ms == rows[begin].at_ms:
        begin -= 1
    return list(rows[begin:end])
