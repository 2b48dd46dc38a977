"""A crew that finds a second fault, or a danger, opens it from the field: it comes in again as a new fact."""

from __future__ import annotations

from schemas.events import FaultFound, HazardKind, HazardReported
from schemas.topics import DEVICE_STATES, OUTAGE_REPORTS
from tests.dispatch.desk import MIDDLE, NEAR_WEST, Desk


def at_work() -> Desk:
    """Return a desk with a crew on site."""
    desk = Desk("W1")
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    desk.crew("W1", "arrived")
    return desk.at("06:01")


def test_a_second_fault_is_published_for_its_device_and_the_order_goes_on() -> None:
    desk = at_work()
    order = desk.order_of("W1")
    assert order is not None
    found = desk.orders("I-1")
    desk.crew("W1", "foundFault", cause="VEGETATION")
    desk.script.settle()
    assert not [each for each in desk.script.emitted if isinstance(each.event, FaultFound)], "it names no device"
    assert desk.why("crew", "W1")[-1] == ("onSite", "foundNothingNamed")
    desk.say("W1", "foundFault", order=order.id, found="FUSE-7", cause="VEGETATION")
    emission = desk.script.emitted[-1]
    assert emission.topic is DEVICE_STATES
    assert emission.key == "FUSE-7"
    event = emission.event
    assert isinstance(event, FaultFound)
    assert (event.device, event.crew, event.order, event.cause) == ("FUSE-7", "W1", order.id, "VEGETATION")
    assert desk.why("crew", "W1")[-1] == ("onSite", "foundFault")
    assert desk.orders("I-1") == found


def test_a_danger_is_reported_where_the_crew_is_like_any_other() -> None:
    desk = at_work()
    desk.say("W1", "foundFault", hazard=HazardKind.WIRE_DOWN, place=MIDDLE, why="Across the lane")
    emission = desk.script.emitted[-1]
    assert emission.topic is OUTAGE_REPORTS
    event = emission.event
    assert isinstance(event, HazardReported)
    assert (event.hazard, event.place, event.words) == (HazardKind.WIRE_DOWN, MIDDLE, "Across the lane")
    assert desk.why("crew", "W1")[-1] == ("onSite", "foundDanger")


def test_a_fault_that_is_a_danger_too_is_both_and_lies_where_the_crew_was_seen_last() -> None:
    desk = at_work()
    desk.say("W1", "foundFault", found="FUSE-7", hazard=HazardKind.POLE_DOWN)
    fault, danger = (each.event for each in desk.script.emitted[-2:])
    assert isinstance(fault, FaultFound)
    assert isinstance(danger, HazardReported)
    assert (danger.device, danger.place) == ("FUSE-7", NEAR_WEST)


def test_a_crew_without_an_order_may_find_a_fault_and_a_stranger_may_not() -> None:
    desk = Desk("W1")
    desk.at("06:00").say("W1", "foundFault", found="FUSE-7")
    assert isinstance(desk.script.emitted[-1].event, FaultFound)
    desk.say("X9", "foundFault", found="FUSE-8")
    assert len(desk.script.emitted) == 1
