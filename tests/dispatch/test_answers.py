from __future__ import annotations

import pytest

from schemas.events import CrewReported, CrewState
from services.dispatch.stage import DispatchStage
from services.engine.turn import Unplaced
from tests.dispatch.desk import NEAR_EAST, NEAR_WEST, Desk, roster
from tests.stage_script import moment, ms


def test_an_order_goes_its_way_from_sent_to_done() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted")
    assert desk.duty("W1") == "ordered"
    desk.at("06:02").crew("W1", "enroute")
    assert desk.duty("W1") == "enroute"
    desk.at("06:20").crew("W1", "arrived")
    assert desk.duty("W1") == "onSite"
    desk.at("07:00").crew("W1", "done", found="FUSE-1")
    order = desk.orders("I-1")[0]
    assert [state.value for state, _ in desk.told(order)] == ["sent", "accepted", "enroute", "arrived", "done"]
    assert desk.why("order", order.id) == [(state.value, reason) for state, reason in desk.told(order)]
    assert desk.duty("W1") == "available"
    assert desk.job("I-1").state == "done"


def test_statuses_may_leave_states_out() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:04").crew("W1", "done", found="FUSE-1")
    desk.expect_orders("I-1", ("W1", "done", "crewJumped"))


def test_a_status_that_the_order_has_passed_is_noted_and_changes_nothing() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:02").crew("W1", "arrived")
    desk.at("06:03").crew("W1", "accepted")
    desk.at("06:04").crew("W1", "arrived")
    order = desk.orders("I-1")[0]
    assert desk.why("order", order.id)[1:] == [
        ("arrived", "crewJumped"),
        ("arrived", "outOfOrder"),
        ("arrived", "outOfOrder"),
    ]
    assert len(desk.told(order)) == 2


def test_an_estimate_with_repaired_said_twice_is_no_estimate_of_work_that_is_over() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted")
    desk.at("06:03").crew("W1", "repaired", estimate=moment("07:00"))
    desk.at("06:04").crew("W1", "repaired", estimate=moment("07:00"))
    order = desk.order_of("W1")
    assert order is not None
    assert [state.value for state, _ in desk.told(order)] == ["sent", "accepted", "repaired"]
    assert order.completion_estimate is None


def test_a_refusal_sends_another_crew_and_the_refuser_is_free_for_others() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    desk.at("06:01").crew("W1", "refused")
    desk.expect_orders("I-1", ("W1", "refused", "crewRefused"), ("E1", "sent", "nearestDepot"))
    desk.at("06:02").incident("I-2", place=NEAR_WEST)
    desk.expect_orders("I-2", ("W1", "sent", "nearestDepot"))


def test_a_lone_crew_that_refused_is_asked_again_after_half_an_hour_and_not_before() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "refused")
    desk.at("06:30:59")
    desk.expect_orders("I-1", ("W1", "refused", "crewRefused"))
    assert desk.why("job", "I-1")[-1] == ("waiting", "declined")
    desk.at("06:31")
    desk.expect_orders("I-1", ("W1", "refused", "crewRefused"), ("W1", "sent", "nearestDepot"))


def test_a_refusal_after_acceptance_counts_too() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:05").crew("W1", "refused")
    desk.expect_orders("I-1", ("W1", "refused", "crewRefused"), ("E1", "sent", "nearestDepot"))


def test_silence_for_five_minutes_revokes_the_order_and_sends_another_crew() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    desk.at("06:04:59")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))
    desk.at("06:05")
    desk.expect_orders("I-1", ("W1", "revoked", "unanswered"), ("E1", "sent", "nearestDepot"))
    assert desk.duty("W1") == "unreachable"
    assert desk.orders("I-1")[1].sent_at == ms("06:05")


def test_an_unreachable_crew_gets_nothing_until_it_is_heard_of() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:30").incident("I-2", since="05:30")
    assert [order.crew for order in desk.orders()] == ["W1"]
    desk.at("06:40").crew("W1", "available")
    desk.expect_orders("I-1", ("W1", "revoked", "unanswered"), ("W1", "sent", "nearestDepot"))
    assert ("available", "heardOf") in desk.why("crew", "W1")


def test_an_answer_in_the_very_tick_of_the_deadline_counts() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.at("06:04:59").crew("W1", "accepted")
    desk.script.now = ms("06:05")
    desk.expect_orders("I-1", ("W1", "accepted", "crewReported"))


def test_a_status_of_a_revoked_order_is_noted_and_shows_only_that_the_crew_is_there() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    desk.at("06:06")
    revoked = desk.orders("I-1")[0]
    desk.crew("W1", "accepted", "enroute", order=revoked)
    desk.expect_orders("I-1", ("W1", "revoked", "unanswered"), ("E1", "sent", "nearestDepot"))
    assert desk.why("order", revoked.id)[-2:] == [("revoked", "orderOver"), ("revoked", "orderOver")]
    assert desk.duty("W1") == "available"


def test_a_stale_status_does_not_touch_the_order_that_the_crew_has_now() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:05")
    revoked = desk.orders("I-1")[0]
    desk.at("06:06").crew("W1", "available")
    desk.at("06:07").crew("W1", "accepted")
    desk.at("06:08").crew("W1", "done", order=revoked, found="FUSE-9")
    desk.expect_orders("I-1", ("W1", "revoked", "unanswered"), ("W1", "accepted", "crewReported"))
    assert desk.duty("W1") == "ordered"


def test_a_crew_that_goes_off_duty_hands_its_order_to_another() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:10").crew("W1", "offDuty")
    desk.expect_orders("I-1", ("W1", "revoked", "crewOffDuty"), ("E1", "sent", "nearestDepot"))
    assert desk.duty("W1") == "offDuty"


def test_a_crew_off_duty_gets_orders_again_once_it_says_that_it_is_available() -> None:
    desk = Desk("W1")
    desk.at("05:00").crew("W1", "offDuty")
    desk.at("06:00").incident("I-1")
    desk.expect_orders("I-1")
    desk.at("07:00").crew("W1", "available")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_available_does_not_end_an_active_order() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "available")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))
    assert desk.why("crew", "W1")[-1] == ("ordered", "orderActive")
    desk.at("06:05")
    desk.expect_orders("I-1", ("W1", "revoked", "unanswered"))


def test_statuses_of_unknown_orders_and_of_other_crews_orders_are_noted() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    order = desk.order_of("W1")
    assert order is not None
    desk.at("06:01").crew("E1", "done", order=order)
    report = CrewReported(id="x", at=moment("06:01"), crew="E1", status=CrewState.ARRIVED, order="nobody-gave-it")
    desk.hear(report)
    desk.hear(CrewReported(id="y", at=moment("06:01"), crew="E1", status=CrewState.DONE))
    assert sorted(desk.why("crew", "E1")) == [
        ("available", "notItsOrder"),
        ("available", "unknownOrder"),
        ("available", "unknownOrder"),
    ]
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_a_report_of_a_crew_that_the_utility_does_not_have_has_no_place() -> None:
    stage = DispatchStage(roster("W1"))
    report = CrewReported(id="x", at=moment("06:01"), crew="NOBODY", status=CrewState.AVAILABLE)
    with pytest.raises(Unplaced, match="unknownCrew"):
        stage.shard_of(report)


@pytest.mark.parametrize(("observed", "began"), [("05:00", "06:00"), ("06:02", "06:02"), ("23:00", "06:03")])
def test_a_crews_clock_cannot_move_a_state_before_the_order_or_into_the_future(observed: str, began: str) -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:03").crew("W1", "arrived", observed=observed)
    assert desk.orders("I-1")[0].changed_at - ms(began) in {0, 1}


def test_the_depot_counts_and_not_where_a_crew_worked_last() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1", place=NEAR_EAST)
    desk.at("06:01").crew("E1", "refused")
    desk.at("06:02").crew("W1", "accepted", "done", found="FUSE-1")
    desk.at("06:03").incident("I-2", place=NEAR_EAST)
    desk.expect_orders("I-2", ("E1", "sent", "nearestDepot"))
