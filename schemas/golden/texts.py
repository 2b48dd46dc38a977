"""Golden samples of what is said by text, and of what dispatchers do about it."""

from __future__ import annotations

import datetime as dt

from schemas import events

_AT = dt.datetime(2026, 3, 1, 18, 0, tzinfo=dt.UTC)

TEXTS: tuple[events.Event, ...] = (
    events.TextReceipt(
        id="receipt-1",
        at=_AT,
        notice="N-1",
        area="A1",
        outcome=events.TextOutcome.DELIVERED,
        operator_code="stat:DELIVRD err:000",
    ),
    events.TextReceived(id="received-1", at=_AT, phone="+999123456789", words="停电", nonce="5b0e", area="A1"),
    events.ConsentChanged(id="consent-1", at=_AT, phone="+999123456789", area="A1", consents=True),
    events.PhoneLinked(id="linked-1", at=_AT, phone="+999123456789", area="A1", customer="C-9", linked=True),
    events.LanguageChosen(id="language-1", at=_AT, phone="+999123456789", area="A1", language="zh"),
    events.InboundAnswered(
        id="answer-1",
        at=_AT,
        area="A1",
        text="T-1",
        by="dispatcher-1",
        words="A crew is with you within the hour.",
        canned="crewSoon",
        why="Asked twice",
    ),
    events.BroadcastSent(
        id="broadcast-1",
        at=_AT,
        area="A1",
        broadcast="B-1",
        customers=["C-9", "C-10"],
        words=[events.WordsIn("en", "Drinking water at the town hall."), events.WordsIn("zh", "市政厅供应饮用水。")],
        part=1,
        parts=2,
        by="dispatcher-1",
        approved_by="dispatcher-2",
        why="Outage of many hours",
    ),
    events.NoticesStopped(
        id="stopped-1",
        at=_AT,
        area="A1",
        by="dispatcher-1",
        incident="I-1",
        unsent=[events.Unsent("N-1", "powerOut", ["C-9"], 1_700_000_000_000)],
        why="The estimate is wrong",
    ),
    events.NoticesResumed(
        id="resumed-1",
        at=_AT,
        area="A1",
        by="dispatcher-1",
        incident="I-1",
        unsent=[events.Unsent("N-2", "powerRestored", ["C-10"], 1_700_000_000_000)],
        why="The estimate is right now",
    ),
)
