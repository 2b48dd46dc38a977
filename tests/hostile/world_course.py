"""The world: two faults and a danger in the village; C1 mends the first, makes safe, and, sent once more, mends the second."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.events import OrderChanged, OrderState, OrderWork, Place
from services.drill.stage import SHARD
from services.drill.store import WorldStore
from tests.drill.world_script import FU1, FU2, FU3, World, danger, fault
from tests.hostile.course import Course, Insane
from tests.stage_script import moment, ms

PLANS = (fault("F1", FU1, "18:05"), fault("F2", FU2, "18:06"), danger("H1", FU3, "18:07"))
FAR_OFF = Place(lon=-179.9, lat=-89.9)


def order(name: str, at: str, number: str, state: str = "sent", **given: Any) -> OrderChanged:
    """Return what the product says of an order: to C1, about the first fault, if nothing else is given."""
    about: dict[str, Any] = {"incident": f"incident-of-{number}", "device": FU1, "crew": "C1"} | given
    return OrderChanged(
        id=name,
        at=moment(at),
        exercise=True,
        order=number,
        area="A1",
        place=about.pop("place", Place(lon=11, lat=53)),
        state=OrderState(state),
        reason="scripted",
        **about,
    )


def make_safe(name: str, at: str, number: str, **given: Any) -> OrderChanged:
    """Return an order to make safe what is dangerous at a place."""
    about = {"incident": None, "device": None, "hazard": "Z1", "work": OrderWork.MAKE_SAFE} | given
    return order(name, at, number, **about)


STORY = (
    (ms("18:10"), (order("one", "18:10", "O1"),)),
    (ms("18:12"), (order("one-yes", "18:12", "O1", "accepted"),)),
    (ms("20:30"), (order("one-done", "20:30", "O1", "done"), order("two", "20:30", "O2", device=FU2))),
    (ms("20:31"), (make_safe("three", "20:31", "O3", crew="C2"),)),
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
    thrown("handed over by a crew that never heard of it", 1, order("x", "18:11", "O9", "handedOver"), unheard=True),
    thrown("one that was to repair is to make safe", 1, make_safe("x", "18:11", "O1")),
    thrown("one at a pole at the pole", 1, order("x", "18:11", "O1", place=FAR_OFF)),
    thrown("about nothing at all", 1, order("x", "18:11", "O1", incident=None, device=None)),
    thrown("one that helps itself", 1, order("x", "18:11", "O1", work=OrderWork.ASSIST, assists="O1")),
    thrown("nothing", 1),
)

WORLD = Course(
    stage=lambda: World(*PLANS).stage,
    store=WorldStore,
    shard=SHARD,
    story=STORY,
    until=ms("23:00"),
    insane=INSANE,
    exercise=True,
    first_wake=ms("18:00"),
)
