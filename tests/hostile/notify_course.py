"""Notices: T11 is out, hears of its crew and that power is back; then T12 is out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schemas.events import IncidentChanged, IncidentState, OrderChanged, OrderState, Place, TextOutcome, TextReceipt
from services.notices.stage import NotifyStage
from services.notices.store import NotifyStore
from tests.hostile.course import Course, Insane
from tests.outages.town import device_id, town
from tests.stage_script import moment, ms

T11 = ["T11-1", "T11-2", "T11-3", "T11-4"]
T12 = ["T12-1", "T12-2", "T12-3", "T12-4", "T12-5"]
NOBODY = [f"NOBODY-{number}" for number in range(5_000)]


def changed(name: str, at: str, incident: str, revision: int, state: str, **given: Any) -> IncidentChanged:
    """Return a change of an incident."""
    plain: dict[str, Any] = {
        "area": "A1",
        "device": device_id("T11"),
        "place": Place(lon=8, lat=50),
        "started_at": moment("06:00"),
        "reason": "asReported",
        "customers_out": 4,
    }
    return IncidentChanged(
        id=name, at=moment(at), incident=incident, revision=revision, state=IncidentState(state), **{**plain, **given}
    )


def order(name: str, at: str, state: str, incident: str = "I-1", **given: Any) -> OrderChanged:
    """Return what became of the order of an incident."""
    plain: dict[str, Any] = {"order": f"order-{incident}", "area": "A1", "device": device_id("T11")}
    return OrderChanged(
        id=name,
        at=moment(at),
        crew="W1",
        incident=incident,
        place=Place(lon=8, lat=50),
        state=OrderState(state),
        reason="scripted",
        **{**plain, **given},
    )


def receipt(name: str, at: str, notice: str, outcome: str = "delivered", **given: Any) -> TextReceipt:
    """Return what the operator says of a text."""
    return TextReceipt(id=name, at=moment(at), notice=notice, outcome=TextOutcome(outcome), **{"area": "A1", **given})


STORY = (
    (ms("06:01"), (changed("one", "06:01", "I-1", 1, "predicted", out=T11, estimate=moment("08:00")),)),
    (ms("06:10"), (order("go", "06:10", "enroute", arrival_estimate=moment("06:30")),)),
    (ms("06:40"), (order("done", "06:40", "done"), changed("two", "06:40", "I-1", 2, "confirmed"))),
    (ms("06:45"), (changed("three", "06:45", "I-1", 3, "restored", restored=T11),)),
    (ms("06:55"), (changed("four", "06:55", "I-1", 4, "closed"),)),
    (ms("07:00"), (changed("other", "07:00", "I-2", 1, "predicted", out=T12),)),
)


def thrown(name: str, before: int, *facts: IncidentChanged | OrderChanged | TextReceipt, **given: Any) -> Insane:
    """Return insane facts before a step."""
    return Insane(name=name, before=before, facts=facts, **given)


AT_LONG_LAST = moment("23:59").replace(year=2099, month=12, day=31)

INSANE = (
    thrown("an area nobody has", 1, changed("x", "06:09", "I-9", 1, "predicted", area="A9"), parked="unknownArea"),
    thrown("a receipt for a text nobody sent", 1, receipt("x", "06:09", "never")),
    thrown(
        "two receipts that contradict each other", 1, receipt("x", "06:09", "n"), receipt("y", "06:08", "n", "failed")
    ),
    thrown("a crew on its way to an unknown incident", 1, order("x", "06:09", "enroute", "I-9")),
    thrown(
        "a crew that set out in the year 2000",
        1,
        order("x", "06:09", "enroute", "I-9", arrival_estimate=moment("00:00").replace(year=2000)),
    ),
    thrown("arrived at an unknown incident", 1, order("x", "06:09", "arrived", "I-9"), unheard=True),
    thrown("a revision twice, with other content", 1, changed("x", "06:09", "I-1", 1, "restored", restored=T11)),
    thrown("a revision that goes back", 3, changed("x", "06:44", "I-1", 1, "merged", merged_into="I-1", out=T12)),
    thrown(
        "a first revision anew, after the end",
        5,
        changed("x", "06:59", "I-1", 1, "predicted", out=T11),
        changed("y", "06:59", "I-1", 4, "dismissed"),
    ),
    thrown(
        "restored, of nobody who was out",
        1,
        changed("x", "06:09", "I-9", 1, "restored", restored=T12),
        about=frozenset({"I-9"}),
    ),
    thrown(
        "an unknown device and 5,000 customers nobody has",
        1,
        changed("x", "06:09", "I-9", 1, "predicted", device="NOWHERE", out=NOBODY, estimate=AT_LONG_LAST),
        changed("y", "06:09", "I-9", 2, "closed", started_at=AT_LONG_LAST),
        about=frozenset({"I-9"}),
    ),
    thrown(
        "the same customers five times over",
        1,
        changed("x", "06:09", "I-9", 1, "dismissed", out=["NOBODY"] * 5, restored=["NOBODY"] * 5),
        about=frozenset({"I-9", "NOBODY"}),
    ),
    thrown(
        "merged into itself",
        1,
        changed("x", "06:09", "I-9", 1, "merged", merged_into="I-9", out=["NOBODY"]),
        about=frozenset({"I-9", "NOBODY"}),
    ),
    thrown(
        "merged in a ring",
        1,
        changed("x", "06:08", "I-8", 1, "merged", merged_into="I-9", out=["NOBODY"]),
        changed("y", "06:09", "I-9", 1, "merged", merged_into="I-8", out=["NOBODY"]),
        changed("z", "06:09", "I-9", 2, "closed"),
        about=frozenset({"I-8", "I-9", "NOBODY"}),
    ),
    thrown("nothing", 1),
)

NOTIFY = Course(
    stage=lambda: NotifyStage(town(), {*T11, *T12}, dt.UTC),
    store=NotifyStore,
    shard="A1",
    story=STORY,
    until=ms("08:00"),
    insane=INSANE,
)
