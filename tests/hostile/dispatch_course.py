"""Dispatch: W1 repairs I-1 and goes on to I-2, while W2 is off duty."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.events import CrewReported, CrewState, IncidentChanged, IncidentState, Place
from schemas.ids import derived
from services.dispatch.stage import REGION, DispatchStage
from services.engine.deciding import InboxStore
from tests.dispatch.desk import incident_changed, roster
from tests.hostile.course import Course, Insane
from tests.stage_script import moment, ms

FIRST, SECOND = derived("order", "I-1", 1), derived("order", "I-2", 1)
NOBODY = [f"NOBODY-{number}" for number in range(5_000)]


def said(name: str, crew: str, status: str, at: str, **given: Any) -> CrewReported:
    """Return what a crew says."""
    return CrewReported(id=name, at=moment(at), crew=crew, status=CrewState(status), **given)


def changed(name: str, incident: str, revision: int, state: str, at: str, **given: Any) -> IncidentChanged:
    """Return a change of an incident under an id of its own."""
    plain = ("since", "place", "device", "upstream", "merged_into")
    event = incident_changed(
        incident,
        revision,
        IncidentState(state),
        at=at,
        **{key: value for key, value in given.items() if key in plain},
    )
    other = {key: value for key, value in given.items() if key not in plain}
    return msgspec.structs.replace(event, id=name, **other)


STORY = (
    (ms("06:00"), (said("off", "W2", "offDuty", "05:59"), changed("i1", "I-1", 1, "predicted", "06:00"))),
    (ms("06:01"), (said("yes", "W1", "accepted", "06:01", order=FIRST),)),
    (
        ms("06:20"),
        (changed("i2", "I-1", 2, "confirmed", "06:20"), said("there", "W1", "arrived", "06:19", order=FIRST)),
    ),
    (ms("06:50"), (said("done", "W1", "done", "06:50", order=FIRST, found="FUSE-1"),)),
    (ms("06:52"), (changed("i3", "I-1", 3, "restored", "06:52"), changed("i4", "I-2", 1, "predicted", "06:52"))),
    (ms("06:53"), (said("yes2", "W1", "enroute", "06:53", order=SECOND),)),
)


def thrown(name: str, before: int, *facts: CrewReported | IncidentChanged, **given: Any) -> Insane:
    """Return insane facts before a step."""
    return Insane(name=name, before=before, facts=facts, **given)


INSANE = (
    thrown("crew nobody has", 1, said("x", "W9", "done", "06:00", order=FIRST), parked="unknownCrew"),
    thrown("order never given", 2, said("x", "W1", "done", "06:19", order="never", found="FUSE-9")),
    thrown("no order at all", 2, said("x", "W1", "arrived", "06:19")),
    thrown("refused without an order", 2, said("x", "W1", "refused", "06:19")),
    thrown(
        "order of another crew",
        2,
        said("x", "W2", "done", "06:19", order=FIRST, found="FUSE-9"),
        about=frozenset({"W2"}),
    ),
    thrown("done before the order was sent", 0, said("x", "W1", "done", "05:58", order=FIRST, found="FUSE-9")),
    thrown("done of an order yet to come", 4, said("x", "W1", "done", "06:51", order=SECOND, found="FUSE-9")),
    thrown("done twice", 4, said("x", "W1", "done", "06:51", order=FIRST, found="FUSE-9")),
    thrown("refused after done", 4, said("x", "W1", "refused", "06:51", order=FIRST)),
    thrown("back to accepted, long ago", 3, said("x", "W1", "accepted", "06:00", order=FIRST)),
    thrown(
        "accepted in the year 2000",
        3,
        said("x", "W1", "accepted", "06:00", order=FIRST, place=Place(lon=-180, lat=-90)),
    ),
    thrown("available with an order in hand", 3, said("x", "W1", "available", "06:49", order=FIRST)),
    thrown("revision 0 of a known incident", 2, changed("x", "I-1", 0, "dismissed", "06:19")),
    thrown("a revision twice, with other content", 2, changed("x", "I-1", 1, "restored", "06:19", device="FUSE-9")),
    thrown("a revision that goes back", 3, changed("x", "I-1", 1, "merged", "06:49", merged_into="I-1")),
    thrown(
        "an unknown device and 5,000 customers nobody has",
        2,
        changed("x", "I-9", 1, "predicted", "06:19", device="NOWHERE", out=NOBODY, restored=NOBODY, customers_out=0),
        changed("y", "I-9", 2, "dismissed", "06:19"),
        about=frozenset({"I-9", derived("order", "I-9", 1)}),
    ),
    thrown(
        "merged into itself", 2, changed("x", "I-9", 7, "merged", "06:19", merged_into="I-9"), about=frozenset({"I-9"})
    ),
    thrown("merged into nothing", 2, changed("x", "I-9", 7, "merged", "06:19"), about=frozenset({"I-9"})),
    thrown(
        "merged, yet open", 2, changed("x", "I-9", 7, "closed", "06:19", merged_into="I-1"), about=frozenset({"I-9"})
    ),
    thrown(
        "its own upstream, begun in the year 2099 at the pole",
        2,
        changed(
            "x",
            "I-9",
            1,
            "partiallyRestored",
            "06:19",
            upstream="I-9",
            place=Place(lon=180, lat=90),
            started_at=moment("00:00").replace(year=2099),
            estimate=moment("00:00").replace(year=2000),
        ),
        changed("y", "I-9", 2, "dismissed", "06:19"),
        about=frozenset({"I-9"}),
    ),
    thrown("nothing", 2),
)

DISPATCH = Course(
    stage=lambda: DispatchStage(roster("W1", "W2")),
    store=lambda: InboxStore(DispatchStage.name),
    shard=REGION,
    story=STORY,
    until=ms("06:58"),
    insane=INSANE,
)
