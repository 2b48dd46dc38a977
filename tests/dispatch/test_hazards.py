from __future__ import annotations

import pytest

from schemas.events import OrderChanged, OrderWork, Place
from tests.dispatch.desk import NEAR_EAST, NEAR_WEST, Desk, crew_of

SAFE = "hazard:H-1"


def test_a_hazard_gets_a_crew_to_make_it_safe_and_is_over_when_it_is_safe() -> None:
    desk = Desk("W1")
    desk.at("06:00").hazard("H-1", device="FUSE-1", incident="I-1")
    order = desk.order_of("W1")
    assert order is not None
    assert (order.work, order.hazard, order.incident) == (OrderWork.MAKE_SAFE, "H-1", None)
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived")
    desk.at("06:30").crew("W1", "done")
    desk.script.settle()
    event = desk.script.emitted[-1].event
    assert isinstance(event, OrderChanged)
    assert (event.hazard, event.state.value, event.device) == ("H-1", "done", "FUSE-1")
    assert desk.job(SAFE).state == "done"
    desk.at("06:31").hazard("H-1", "madeSafe")
    desk.at("08:00")
    desk.expect_orders(SAFE, ("W1", "done", "crewReported"))
    assert desk.why("job", SAFE)[-1] == ("over", "hazardMadeSafe")


@pytest.mark.parametrize(("state", "reason"), [("madeSafe", "hazardMadeSafe"), ("dismissed", "hazardDismissed")])
def test_a_hazard_that_is_over_calls_back_a_crew_that_has_not_arrived(state: str, reason: str) -> None:
    desk = Desk("W1")
    desk.at("06:00").hazard("H-1")
    desk.at("06:02").hazard("H-1", state)
    desk.expect_orders(SAFE, ("W1", "revoked", reason))


def test_a_hazard_reported_again_gets_a_crew_again() -> None:
    desk = Desk("W1")
    desk.at("06:00").hazard("H-1", "dismissed")
    desk.at("06:05").hazard("H-1")
    desk.expect_orders(SAFE, ("W1", "sent", "nearestToDanger"))
    assert ("waiting", "hazardReportedAgain") in desk.why("job", SAFE)


def test_a_hazard_and_an_incident_of_one_name_are_two_things() -> None:
    desk = Desk("W1", "W2")
    desk.at("06:00").incident("X")
    desk.at("06:01").hazard("X")
    assert sorted(order.work.value for order in desk.orders()) == ["makeSafe", "repair"]


def test_when_nobody_is_idle_the_nearest_crew_under_way_is_redirected_to_a_hazard() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-west", since="05:00")
    desk.incident("I-east", since="05:10", place=NEAR_EAST)
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.crew("E1", "accepted", "enroute")
    desk.at("06:02").hazard("H-1", place=NEAR_EAST)
    desk.expect_orders("I-east", ("E1", "revoked", "redirectedToHazard"))
    desk.expect_orders(SAFE, ("E1", "sent", "redirected"))
    desk.expect_orders("I-west", ("W1", "enroute", "crewReported"))
    assert desk.why("job", "I-east")[-1] == ("waiting", "busy")


def test_nobody_is_redirected_while_somebody_idle_is_about_as_near() -> None:
    desk = Desk("W1", "W2")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute", place=Place(11.03, 48.0))
    desk.at("06:02").hazard("H-1", place=NEAR_WEST)
    desk.expect_orders(SAFE, ("W2", "sent", "nearestToDanger"))
    desk.expect_orders("I-1", ("W1", "enroute", "crewReported"))


def test_a_crew_under_way_that_is_much_nearer_than_the_idle_ones_is_redirected() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:02").hazard("H-1", place=NEAR_WEST)
    desk.expect_orders(SAFE, ("W1", "sent", "redirected"))
    desk.expect_orders("I-1", ("W1", "revoked", "redirectedToHazard"), ("E1", "sent", "nearestDepot"))


def test_a_crew_on_site_is_not_redirected() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived")
    desk.at("06:02").hazard("H-1")
    desk.expect_orders("I-1", ("W1", "arrived", "crewReported"))
    assert desk.why("job", SAFE)[-1] == ("waiting", "busy")


def test_a_crew_under_way_to_a_hazard_or_sent_by_a_dispatcher_or_without_the_skill_is_not_redirected() -> None:
    desk = Desk("W1", "W2", crew_of("W3", "gas"))
    desk.at("06:00").hazard("H-0")
    desk.at("06:00:30").incident("I-1")
    desk.assign("W2", incident="I-1")
    desk.at("06:01").hazard("H-1")
    desk.expect_orders("hazard:H-0", ("W1", "sent", "nearestToDanger"))
    desk.expect_orders("I-1", ("W2", "sent", "dispatcherAssigned"))
    desk.expect_orders(SAFE)
    assert desk.why("job", SAFE)[-2:] == [("waiting", "busy"), ("waiting", "skillMissing")]
