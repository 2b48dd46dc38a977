"""Escalation: the mill is out, is called until somebody acknowledges, and has power again; then it is out once more."""

from __future__ import annotations

from typing import Any

from schemas.events import CallAnswered, LargeCustomerOut, LargeCustomerRestored
from services.engine.deciding import InboxStore
from services.hotline.entities import call_key
from services.hotline.stage import EscalateStage
from tests.hostile.course import Course, Insane
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


STORY = (
    (ms("06:00"), (out("out", "06:00"),)),
    (ms("06:01"), (answered("no", "06:01", 1, yes=False),)),
    (ms("06:03"), (answered("yes", "06:03", 2, yes=True),)),
    (ms("06:30"), (back("back", "06:30"),)),
    (ms("06:40"), (out("again", "06:40", "O-2"),)),
    (ms("06:41"), (answered("yes-2", "06:41", 1, yes=True, outage="O-2"),)),
)


def thrown(
    name: str, before: int, *facts: LargeCustomerOut | LargeCustomerRestored | CallAnswered, **given: Any
) -> Insane:
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
    thrown("nothing", 2),
)

ESCALATE = Course(
    stage=lambda: EscalateStage([MILL, "DAIRY"]),
    store=lambda: InboxStore(EscalateStage.name),
    shard=MILL,
    story=STORY,
    until=ms("07:00"),
    insane=INSANE,
)
