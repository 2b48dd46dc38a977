from __future__ import annotations

import pytest

from schemas.events import OrderChanged, OrderState, OrderWork, Place
from services.clock import to_ms
from services.dispatch.entities import Duty, Order, assist_job
from services.dispatch.travel import ByAir
from tests.dispatch.desk import EAST, NEAR_EAST, NEAR_WEST, WEST, Desk, crew_of
from tests.stage_script import moment, ms


def on_site(desk: Desk, crew: str = "W1") -> Order:
    """Bring a crew to I-1 by 06:02 and return its order."""
    desk.at("06:00").incident("I-1")
    desk.at("06:02").crew(crew, "accepted", "enroute", "arrived")
    order = desk.order_of(crew)
    assert order is not None
    return order


def test_help_is_sent_as_an_order_of_its_own_to_a_crew_with_the_skill() -> None:
    desk = Desk("W1", "W2", crew_of("E1", "service"))
    order = on_site(desk)
    desk.at("06:10").crew("W1", "helpNeeded", skill="service")
    helper = desk.order_of("E1")
    assert helper is not None
    assert (helper.work, helper.assists, helper.incident) == (OrderWork.ASSIST, order.id, "I-1")
    assert desk.order_of("W2") is None
    desk.script.settle()
    event = desk.script.emitted[-1].event
    assert isinstance(event, OrderChanged)
    assert (event.work, event.assists, event.state) == (OrderWork.ASSIST, order.id, OrderState.SENT)
    desk.at("06:12").crew("E1", "accepted", "enroute", "arrived")
    desk.at("06:40").crew("E1", "done")
    assert desk.job(assist_job(order.id, "service")).state == "over"
    assert desk.duty("E1") == "available"
    desk.expect_orders("I-1", ("W1", "arrived", "crewReported"))


def test_help_without_a_skill_named_asks_for_what_the_work_asks_for() -> None:
    desk = Desk("W1", crew_of("W2", "service"), "E1")
    order = on_site(desk)
    desk.at("06:10").crew("W1", "helpNeeded")
    desk.expect_orders(assist_job(order.id, None), ("E1", "sent", "nearestDepot"))


def test_help_that_is_on_its_way_is_called_off_when_the_work_is_done_before_it_arrives() -> None:
    desk = Desk("W1", "W2")
    order = on_site(desk)
    desk.at("06:10").crew("W1", "helpNeeded")
    desk.at("06:11").crew("W2", "accepted", "enroute")
    desk.at("06:20").crew("W1", "done", found="FUSE-1")
    desk.expect_orders(assist_job(order.id, None), ("W2", "revoked", "helpedOrderOver"))
    assert desk.duty("W2") == "available"


def test_help_that_has_arrived_stays_until_it_is_done() -> None:
    desk = Desk("W1", "W2")
    order = on_site(desk)
    desk.at("06:10").crew("W1", "helpNeeded")
    desk.at("06:11").crew("W2", "accepted", "enroute", "arrived")
    desk.at("06:20").crew("W1", "done", found="FUSE-1")
    desk.expect_orders(assist_job(order.id, None), ("W2", "arrived", "crewReported"))
    desk.at("06:30").crew("W2", "done")
    desk.expect_orders(assist_job(order.id, None), ("W2", "done", "crewReported"))


def test_help_that_refuses_is_looked_for_again_and_nobody_helps_itself() -> None:
    desk = Desk("W1", "W2")
    order = on_site(desk)
    desk.at("06:10").crew("W1", "helpNeeded")
    desk.at("06:11").crew("W2", "refused", why="the bridge is gone")
    name = assist_job(order.id, None)
    desk.expect_orders(name, ("W2", "refused", "crewRefused"))
    assert desk.why("job", name)[-2:] == [("waiting", "declined"), ("waiting", "helpsAlready")]


def test_help_that_is_asked_for_twice_comes_once() -> None:
    desk = Desk("W1", "W2", "W3")
    order = on_site(desk)
    desk.at("06:10").crew("W1", "helpNeeded", "helpNeeded")
    assert [each.crew for each in desk.orders(assist_job(order.id, None))] == ["W2"]
    assert desk.order_of("W3") is None
    assert desk.why("order", order.id)[-1] == ("arrived", "helpAskedBefore")


def test_work_that_waits_for_material_says_so_and_its_end_is_not_known_until_the_crew_gives_another() -> None:
    desk = Desk("W1")
    order = on_site(desk)
    desk.at("06:10").crew("W1", "assessing", estimate=moment("08:00"))
    desk.at("06:30").crew("W1", "materialNeeded", material="a cross-arm")
    assert desk.job("I-1").waits_for_material
    desk.at("06:40").crew("W1", "assessing", estimate=moment("09:00"))
    assert not desk.job("I-1").waits_for_material
    desk.script.settle()
    published = [
        (e.event.state, e.event.reason, e.event.completion_estimate)
        for e in desk.script.emitted
        if isinstance(e.event, OrderChanged) and e.event.order == order.id
    ]
    assert published[4:] == [
        ("assessing", "crewReported", moment("08:00")),
        ("assessing", "materialNeeded", None),
        ("assessing", "newEstimate", moment("09:00")),
    ]


def test_repaired_begins_the_verification_while_the_crew_stays_until_it_is_done() -> None:
    desk = Desk("W1")
    order = on_site(desk)
    desk.at("06:30").crew("W1", "repaired", found="FUSE-1", cause="VEGETATION")
    assert desk.duty("W1") == "onSite"
    assert desk.job("I-1").state == "ordered"
    desk.script.settle()
    event = desk.script.emitted[-1].event
    assert isinstance(event, OrderChanged)
    assert (event.state, event.found, event.cause) == (OrderState.REPAIRED, "FUSE-1", "VEGETATION")
    desk.at("06:39").crew("W1", "done")
    assert desk.orders("I-1")[0].found == "FUSE-1"
    assert desk.job("I-1").state == "done"
    desk.at("06:39:59")
    assert [each.id for each in desk.orders()] == [order.id]
    desk.at("06:40")
    assert desk.order_of("W1") is not None
    assert ("waiting", "stillOpenAfterWork") in desk.why("job", "I-1")


def test_a_crew_that_goes_home_after_the_repair_leaves_nothing_for_the_next_one() -> None:
    desk = Desk("W1", "W2")
    on_site(desk)
    desk.at("06:30").crew("W1", "repaired", found="FUSE-1")
    desk.at("06:31").crew("W1", "offDuty")
    desk.expect_orders("I-1", ("W1", "handedOver", "crewOffDuty"))
    assert desk.job("I-1").state == "done"


@pytest.mark.parametrize(
    ("word", "reason", "duty"), [("handedOver", "handedOver", "available"), ("offDuty", "crewOffDuty", "offDuty")]
)
def test_work_that_a_crew_on_site_leaves_unfinished_is_handed_to_the_next_one(
    word: str, reason: str, duty: str
) -> None:
    desk = Desk("W1", "W2")
    on_site(desk)
    desk.at("07:00").crew("W1", word)
    desk.expect_orders("I-1", ("W1", "handedOver", reason), ("W2", "sent", "nearestDepot"))
    assert desk.duty("W1") == duty


def test_a_crew_on_a_break_gets_nothing_until_it_is_available() -> None:
    desk = Desk("W1")
    desk.at("05:50").crew("W1", "onBreak")
    desk.at("06:00").incident("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "onBreak")
    desk.at("06:15").crew("W1", "available")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_an_order_keeps_when_it_was_sent_accepted_under_way_arrived_and_over() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    for clock, word in (("06:01", "accepted"), ("06:02", "enroute"), ("06:20", "arrived"), ("07:00", "done")):
        desk.at(clock).crew("W1", word)
    order = desk.orders("I-1")[0]
    times = (order.sent_at, order.accepted_at, order.enroute_at, order.arrived_at, order.ended_at)
    assert times == tuple(ms(clock) for clock in ("06:00", "06:01", "06:02", "06:20", "07:00"))


def test_the_arrival_is_estimated_from_where_the_crew_last_was_though_its_depot_is_what_counts() -> None:
    desk = Desk("W1")
    desk.at("05:50").crew("W1", "position", place=NEAR_EAST)
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    order = desk.order_of("W1")
    assert order is not None
    assert order.arrival_estimate == ms("06:00") + ByAir().drive_ms(NEAR_EAST, NEAR_WEST)
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived", "done", found="FUSE-1")
    desk.at("06:02").incident("I-2", place=WEST)
    order = desk.order_of("W1")
    assert order is not None
    assert order.arrival_estimate == ms("06:02") + ByAir().drive_ms(NEAR_WEST, WEST)


def test_a_place_too_far_from_the_depot_is_not_believed() -> None:
    desk = Desk("W1")
    desk.at("05:50").crew("W1", "position", place=Place(0, 0))
    assert desk.why("crew", "W1") == [("available", "placeTooFar")]
    desk.at("06:00").incident("I-1", place=EAST)
    order = desk.order_of("W1")
    assert order is not None
    assert order.arrival_estimate == ms("06:00") + ByAir().drive_ms(WEST, EAST)


def test_whatever_a_silent_crew_says_shows_that_it_is_there() -> None:
    for word in ("position", "available", "signedOn", "onBreak"):
        desk = Desk("W1")
        desk.at("06:00").incident("I-1")
        desk.at("06:05").incident("I-1", "restored")
        assert desk.duty("W1") == "unreachable"
        desk.at("06:10").crew("W1", word)
        assert desk.duty("W1") == ("onBreak" if word == "onBreak" else "available")
        duty = desk.script.entities["crew"]["W1"]
        assert isinstance(duty, Duty)
        assert (duty.signed_on == to_ms(moment("06:10"))) == (word == "signedOn")
