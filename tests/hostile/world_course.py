"""The world: two faults in the village; C1 mends the first and, sent once more, the second."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.events import OrderChanged, OrderState, Place
from services.drill.stage import SHARD
from services.drill.store import WorldStore
from tests.drill.world_script import FU1, FU2, FU3, World, fault
from tests.hostile.course import Course, Insane
from tests.stage_script import moment, ms

FAULTS = (fault("F1", FU1, "18:05"), fault("F2", FU2, "18:06"))


def order(name: str, at: str, number: str, state: str = "sent", device: str = FU1, crew: str = "C1") -> OrderChanged:
    """Return what the product says of an order."""
    return OrderChanged(
        id=name,
        at=moment(at),
        exercise=True,
        order=number,
        crew=crew,
        incident=f"incident-of-{number}",
        area="A1",
        device=device,
        place=Place(lon=11, lat=53),
        state=OrderState(state),
        reason="scripted",
    )


STORY = (
    (ms("18:10"), (order("one", "18:10", "O1"),)),
    (ms("18:12"), (order("one-yes", "18:12", "O1", "accepted"),)),
    (ms("20:30"), (order("one-done", "20:30", "O1", "done"), order("two", "20:30", "O2", device=FU2))),
    (ms("20:31"), ()),
)


def thrown(name: str, before: int, *facts: OrderChanged, **given: Any) -> Insane:
    """Return insane facts before a step."""
    return Insane(name=name, before=before, facts=facts, **given)


INSANE = (
    thrown("a crew nobody has", 1, order("x", "18:11", "O9", crew="C9"), parked="unknownCrew"),
    thrown("a device nobody has", 1, order("x", "18:11", "O9", device="switch:NOWHERE"), parked="unknownDevice"),
    thrown("revoked before it was sent", 0, order("x", "18:09", "O9", "revoked")),
    thrown("done before it was sent", 0, order("x", "18:09", "O1", "done"), unheard=True),
    thrown("sent twice", 1, order("x", "18:11", "O1")),
    thrown("sent to one crew, then to another", 1, order("x", "18:11", "O1", crew="C2", device=FU3)),
    thrown("sent anew after it was done", 2, order("x", "20:29", "O1")),
    thrown(
        "sent anew, in the year 2000",
        2,
        msgspec.structs.replace(order("x", "20:29", "O1"), at=moment("00:00").replace(year=2000)),
    ),
    thrown("revoked after it was done", 2, order("x", "20:29", "O1", "revoked")),
    thrown("refused by a crew on its way", 1, order("x", "18:11", "O1", "refused"), unheard=True),
    thrown("nothing", 1),
)

WORLD = Course(
    stage=lambda: World(*FAULTS).stage,
    store=WorldStore,
    shard=SHARD,
    story=STORY,
    until=ms("23:00"),
    insane=INSANE,
    exercise=True,
    first_wake=ms("18:00"),
)
