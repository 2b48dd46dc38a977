"""Escalation: the mill is out, is called until somebody acknowledges, and has power again; then it is out once more."""

from __future__ import annotations

from typing import Any

from schemas.events import (
    CallAnswered,
    ContactsRanked,
    Event,
    HotlineReported,
    LargeCustomerOut,
    LargeCustomerRestored,
    OutageAcknowledged,
    ReportKind,
)
from schemas.ids import derived
from services.engine.deciding import InboxStore
from services.hotline.accounts import Account
from services.hotline.entities import call_key
from services.hotline.stage import EscalateStage
from tests.hostile.course import Course, Insane
from tests.hotline.ladder import ONE, PREMISES, ZONE
from tests.stage_script import moment, ms

MILL = "MILL"


def out(name: str, at: str, outage: str = "O-1", **given: Any) -> LargeCustomerOut:
    """Return that a large customer lost power."""
    return LargeCustomerOut(
        id=name,
        at=moment(at),
        outage=outage,
        **{"account": MILL, "customer": "C-7", "reason": "asReported", "incident": "I-1", **given},
    )


def back(name: str, at: str, outage: str = "O-1", **given: Any) -> LargeCustomerRestored:
    """Return that a large customer has power again."""
    return LargeCustomerRestored(id=name, at=moment(at), outage=outage, **{"account": MILL, "customer": "C-7", **given})


def answered(name: str, at: str, attempt: int, *, yes: bool, outage: str = "O-1", **given: Any) -> CallAnswered:
    """Return what became of a call."""
    call = call_key(MILL, outage, attempt)
    return CallAnswered(
        id=name, at=moment(at), outage=outage, acknowledged=yes, **{"account": MILL, "call": call, **given}
    )


def reported(name: str, at: str, kind: ReportKind = ReportKind.LAST_GASP, **given: Any) -> HotlineReported:
    """Return what the account, or a meter of it, reports."""
    return HotlineReported(id=name, at=moment(at), kind=kind, **{"account": MILL, "customer": "C-7", **given})


def acknowledged(name: str, at: str, outage: str = "O-1", **given: Any) -> OutageAcknowledged:
    """Return an acknowledgement without a call."""
    return OutageAcknowledged(id=name, at=moment(at), outage=outage, **{"account": MILL, **given})


def ranked(name: str, at: str, *contacts: str, **given: Any) -> ContactsRanked:
    """Return that an account put its contacts into an order."""
    return ContactsRanked(id=name, at=moment(at), contacts=list(contacts), **{"account": MILL, **given})


GASPED = derived("escalation", MILL, "C-7", "gasp")
"""The escalation that the story's report begins."""
BACK = ReportKind.POWER_RESTORED
LONG_AGO = HotlineReported(
    id="x", at=moment("00:00").replace(year=2000), kind=ReportKind.CALL, account=MILL, customer="C-8"
)
STORY = (
    (ms("06:00"), (out("out", "06:00"),)),
    (ms("06:01"), (answered("no", "06:01", 1, yes=False),)),
    (ms("06:03"), (answered("yes", "06:03", 2, yes=True),)),
    (ms("06:30"), (back("back", "06:30"),)),
    (ms("06:40"), (out("again", "06:40", "O-2"),)),
    (ms("06:41"), (answered("yes-2", "06:41", 1, yes=True, outage="O-2"),)),
    (ms("06:50"), (back("back-2", "06:50", "O-2"),)),
    (ms("07:00"), (reported("gasp", "07:00"),)),
    (ms("07:01"), (out("joins", "07:00", "O-3"),)),
    (ms("07:03"), (acknowledged("said", "07:03", "O-3"),)),
    (ms("07:30"), (reported("back-3", "07:30", BACK),)),
    (ms("07:40"), (out("work", "07:40", "O-4", window="W-1", incident=None),)),
)


def thrown(name: str, before: int, *facts: Event, **given: Any) -> Insane:
    """Return insane facts before a step."""
    return Insane(name=name, before=before, facts=facts, **given)


INSANE = (
    thrown("account nobody has", 1, out("x", "06:00", account="NOBODY"), parked="unknownAccount"),
    thrown("restored before it was out", 0, back("x", "05:59")),
    thrown("restored, of an outage never told", 2, back("x", "06:02", "O-9")),
    thrown("answered for nothing", 1, answered("x", "06:00", 1, yes=True, outage="O-9")),
    thrown("answered a call that was not placed yet", 1, answered("x", "06:00", 2, yes=True)),
    thrown("answered a call of a name nobody gave", 1, answered("x", "06:00", 1, yes=True, call="nonsense")),
    thrown(
        "answered a call of another account", 1, answered("x", "06:00", 1, yes=True, call=call_key("DAIRY", "O-1", 1))
    ),
    thrown("acknowledged, then not", 3, answered("x", "06:29", 2, yes=False)),
    thrown("acknowledged twice", 3, answered("x", "06:29", 2, yes=True)),
    thrown("acknowledged after power was back", 4, answered("x", "06:39", 1, yes=True)),
    thrown("restored twice", 4, back("x", "06:39")),
    thrown("out twice", 1, out("x", "06:00")),
    thrown("out after it was restored", 4, out("x", "06:39")),
    thrown("restored by somebody else's customer", 4, back("x", "06:39", customer="NOBODY")),
    thrown(
        "out and back at once, both years away",
        2,
        out("x", "06:02", "O-9", estimate=moment("00:00").replace(year=2000)),
        back("y", "06:02", "O-9"),
        about=frozenset({"O-9"}),
    ),
    thrown("a report of an account nobody has", 1, reported("x", "06:00", account="NOBODY"), parked="unknownAccount"),
    thrown("an acknowledgement nobody can give", 1, acknowledged("x", "06:00", account="NO"), parked="unknownAccount"),
    thrown("contacts of an account nobody has", 1, ranked("x", "06:00", "K-1", account="NO"), parked="unknownAccount"),
    thrown("a report of somebody else's premise", 1, reported("x", "06:00", customer="NOBODY")),
    thrown("a report of a meter nobody has", 1, reported("x", "06:00", customer=None, meter="NONE")),
    thrown("a report of no premise", 1, reported("x", "06:00", customer=None)),
    thrown("a report of years ago", 0, LONG_AGO),
    thrown("years ago, between others", 1, LONG_AGO),
    thrown("a report of what is known", 1, reported("x", "06:00:30")),
    thrown("a report of what was acknowledged", 3, reported("x", "06:04")),
    thrown("back before it was out", 0, reported("x", "05:00", BACK)),
    thrown("back when nothing is out", 4, reported("x", "06:35", BACK)),
    thrown("back twice", 11, reported("x", "07:30", BACK), reported("y", "07:29", BACK)),
    thrown("lost before it was back", 11, reported("x", "07:29")),
    thrown("the same outage out again after it was back", 11, out("x", "07:00", "O-3")),
    thrown("acknowledged what nobody knows", 2, acknowledged("x", "06:02", "O-9")),
    thrown("acknowledged by nobody, twice", 3, acknowledged("x", "06:10"), acknowledged("y", "06:11", contact="K-9")),
    thrown("acknowledged after power was back", 4, acknowledged("x", "06:39")),
    thrown("back by the name of the escalation", 11, back("x", "07:31", GASPED)),
    thrown("out by the name of the escalation", 11, out("x", "07:31", GASPED)),
    thrown("contacts that nobody has", 1, ranked("x", "06:00", "K-9", "K-9"), about=frozenset({MILL})),
    thrown("work that ended before it was announced", 11, back("x", "07:35", "O-4")),
    thrown("nothing", 2),
)

ESCALATE = Course(
    stage=lambda: EscalateStage(
        [Account(id=MILL, premises=PREMISES, contacts=ONE), Account(id="DAIRY", premises=(), contacts=ONE)], ZONE
    ),
    store=lambda: InboxStore(EscalateStage.name),
    shard=MILL,
    story=STORY,
    until=ms("08:00"),
    insane=INSANE,
)
