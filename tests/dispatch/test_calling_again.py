"""An order that is not answered is sent once more, then the next crew goes; how long that takes are rules of the region."""

from __future__ import annotations

from schemas.events import OrderChanged, OrderState
from services.dispatch.rules import Rules
from tests.dispatch.desk import Desk


def test_an_order_is_sent_once_more_before_the_next_crew_goes() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    order = desk.order_of("W1")
    assert order is not None
    desk.at("06:02:29")
    assert desk.told(order) == [(OrderState.SENT, "nearestDepot")]
    desk.at("06:02:30")
    assert desk.told(order) == [(OrderState.SENT, "nearestDepot"), (OrderState.SENT, "calledAgain")]
    assert desk.why("order", order.id) == [("sent", "nearestDepot"), ("sent", "calledAgain")]
    standing = desk.order_of("W1")
    assert standing is not None
    assert standing.reason == "nearestDepot", "why the crew goes is still what it was"
    desk.at("06:04:59")
    assert len(desk.told(order)) == 2
    desk.at("06:05")
    desk.expect_orders("I-1", ("W1", "revoked", "unanswered"), ("E1", "sent", "nearestDepot"))
    assert len({event.event.id for event in desk.script.emitted}) == len(desk.script.emitted)


def test_who_has_answered_is_not_called_again() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    order = desk.order_of("W1")
    assert order is not None
    desk.at("06:01").crew("W1", "accepted")
    desk.at("06:10")
    assert desk.told(order) == [(OrderState.SENT, "nearestDepot"), (OrderState.ACCEPTED, "crewReported")]


def test_how_long_is_waited_for_an_answer_is_a_rule_of_the_region() -> None:
    desk = Desk("W1", "E1")
    desk.rules(Rules(answer_within_s=60, call_again_s=40))
    desk.at("06:00").incident("I-1")
    order = desk.order_of("W1")
    assert order is not None
    desk.at("06:00:40")
    assert desk.told(order)[-1] == (OrderState.SENT, "calledAgain")
    desk.at("06:01")
    assert desk.duty("W1") == "unreachable"
    assert desk.duty("E1") == "ordered"


def test_nobody_is_called_again_where_the_rules_do_not_say_so() -> None:
    for call_again_s in (0, 300, 900):
        desk = Desk("W1")
        desk.rules(Rules(call_again_s=call_again_s))
        desk.at("06:00").incident("I-1")
        desk.at("06:10")
        states = [each.event.state for each in desk.script.emitted if isinstance(each.event, OrderChanged)]
        assert states == [OrderState.SENT, OrderState.REVOKED]
