"""What no plan and no dispatcher breaks: who may do which work, where, for how long; work held because of safety; clearances."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from schemas.events import Clearance, OrderChanged, OrderState, OrderWork
from services.dispatch.entities import Duty, Order, assist_job, second_job
from services.dispatch.oddities import oddities
from services.dispatch.roster import Barred
from services.dispatch.rules import Rules
from tests.dispatch.desk import MIDDLE, NEAR_EAST, NEAR_WEST, WEST, Desk, crew_of
from tests.stage_script import ms

ALONE = dataclasses.replace(crew_of("W1", "line", "service"), members=1)
PAIR = crew_of("W2", "line", "service")


def waits_because(desk: Desk, job: str) -> list[str]:
    """Return the reasons for which the journal says that nobody is sent to a job."""
    return [reason for became, reason in desk.why("job", job) if became == "waiting"][1:]


# ------------------------------------------------------------------------------------------------------ alone on the line
@pytest.mark.parametrize("device_class", ["breaker", "recloser", "switch", "fuse"])
def test_nobody_is_sent_to_work_on_the_line_alone(device_class: str) -> None:
    desk = Desk(ALONE)
    desk.at("06:00").incident("I-1", device_class=device_class)
    assert waits_because(desk, "I-1") == ["loneWorker"]
    desk = Desk(ALONE, PAIR)
    desk.at("06:00").incident("I-1", device_class=device_class)
    desk.expect_orders("I-1", ("W2", "sent", "nearestDepot"))


@pytest.mark.parametrize("device_class", ["transformer", "lvFuse"])
def test_who_works_alone_may_work_off_the_line(device_class: str) -> None:
    desk = Desk(ALONE)
    desk.at("06:00").incident("I-1", device_class=device_class)
    assert desk.duty("W1") == "ordered"


def test_who_works_alone_may_make_safe_and_help_others_on_the_line() -> None:
    desk = Desk(ALONE, PAIR)
    desk.at("06:00").hazard("H-1")
    assert desk.duty("W1") == "ordered"
    desk.crew("W1", "accepted", "arrived", "done")
    desk.hazard("H-1", "madeSafe")
    desk.at("06:10").incident("I-1", device_class="breaker")
    desk.crew("W2", "arrived", "helpNeeded")
    order = desk.order_of("W1")
    assert order is not None
    assert (order.work, order.job) == (OrderWork.ASSIST, assist_job(desk.orders("I-1")[0].id, None))


def test_a_dispatcher_cannot_send_somebody_alone_to_the_line() -> None:
    desk = Desk(ALONE)
    desk.at("06:00").incident("I-1", device_class="breaker")
    desk.assign("W1", "I-1")
    assert desk.orders("I-1") == []
    assert ("refused", "loneWorker") in desk.why("job", "I-1")


def test_how_many_must_be_on_the_line_is_a_rule_of_the_region() -> None:
    desk = Desk(ALONE)
    desk.rules(Rules(fewest_on_line=1))
    desk.at("06:00").incident("I-1", device_class="breaker")
    assert desk.duty("W1") == "ordered"


# -------------------------------------------------------------------------------------------------------- where, with what
def test_a_crew_is_not_sent_where_it_may_not_go_whoever_says_so() -> None:
    barred = dataclasses.replace(crew_of("W1"), barred=(Barred(NEAR_WEST, 800),))
    desk = Desk(barred, "E1")
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    desk.expect_orders("I-1", ("E1", "sent", "nearestDepot"))
    desk.incident("I-2", place=MIDDLE)
    desk.expect_orders("I-2", ("W1", "sent", "nearestDepot"))
    desk.crew("W1", "accepted", "arrived", "done")
    desk.assign("W1", "I-1")
    assert ("refused", "areaForbidden") in desk.why("job", "I-1")
    desk.expect_orders("I-1", ("E1", "sent", "nearestDepot"))


def test_which_kit_must_be_on_the_truck_is_a_rule_of_the_region() -> None:
    diggers = crew_of("E1", kit="digger")
    desk = Desk("W1", diggers)
    desk.at("06:00").incident("I-1", device_class="fuse")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))
    desk.rules(Rules(kit=(("fuse", ("digger",)),)))
    desk.incident("I-2", device_class="fuse")
    desk.expect_orders("I-2", ("E1", "sent", "nearestDepot"))


def test_which_certificates_are_asked_for_is_a_rule_of_the_region() -> None:
    desk = Desk("W1", crew_of("E1", certificates="towers"))
    desk.rules(Rules(certificates=(("fuse", ("towers",)),)))
    desk.at("06:00").incident("I-1", device_class="fuse")
    desk.expect_orders("I-1", ("E1", "sent", "nearestDepot"))
    desk.incident("I-2", device_class="breaker")
    desk.expect_orders("I-2", ("W1", "sent", "nearestDepot"))


# ------------------------------------------------------------------------------------------------------------------ hours
def test_a_dispatcher_extends_the_hours_of_a_crew_and_the_effect_ends() -> None:
    desk = Desk("W1")
    desk.at("00:00").crew("W1", "signedOn")
    desk.at("15:30").incident("I-1")
    assert waits_because(desk, "I-1") == ["hoursUp"]
    desk.extend("W1", "18:00")
    assert desk.duty("W1") == "ordered"
    assert ("available", "hoursExtended") in desk.why("crew", "W1")
    desk.crew("W1", "arrived")
    desk.at("17:59")
    assert desk.duty("W1") == "onSite"
    desk.at("18:00")
    desk.expect_orders("I-1", ("W1", "handedOver", "hoursUp"))
    desk.at("18:01").incident("I-2")
    assert waits_because(desk, "I-2") == ["hoursUp"]


def test_hours_are_not_extended_into_the_past_nor_beyond_all_rest_nor_for_a_stranger() -> None:
    desk = Desk("W1")
    desk.at("06:00").extend("W1", "06:00")
    desk.extend("W1", "30:01")
    desk.extend("X9", "08:00")
    assert desk.why("crew", "W1") == [("refused", "noSuchHours")] * 2
    assert desk.why("crew", "X9") == [("refused", "unknownCrew")]
    desk.extend("W1", "30:00")
    desk.extend("W1", "30:00")
    assert desk.why("crew", "W1")[2:] == [("available", "hoursExtended"), ("available", "nothingToChange")]


def test_a_dispatcher_who_thinks_better_of_it_shortens_what_he_allowed() -> None:
    desk = Desk("W1")
    desk.at("00:00").crew("W1", "signedOn")
    desk.at("14:00").extend("W1", "20:00")
    desk.at("15:30").incident("I-1")
    desk.crew("W1", "arrived")
    desk.at("16:30").extend("W1", "17:00")
    desk.at("17:00")
    desk.expect_orders("I-1", ("W1", "handedOver", "hoursUp"))


def test_how_long_a_crew_may_work_and_must_rest_are_rules_of_the_region() -> None:
    desk = Desk("W1")
    desk.rules(Rules(most_on_duty_h=10, rest_h=5))
    desk.at("00:00").crew("W1", "signedOn")
    desk.at("09:30").incident("I-1")
    assert waits_because(desk, "I-1") == ["hoursUp"]
    desk.at("10:00").crew("W1", "offDuty")
    desk.at("15:00").crew("W1", "signedOn")
    assert desk.duty("W1") == "ordered"


# ---------------------------------------------------------------------------------------------- held because of safety
def test_who_is_under_way_to_work_held_because_of_safety_is_called_back_and_nobody_is_sent() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    order = desk.order_of("W1")
    assert order is not None
    desk.crew("W1", "accepted", "enroute")
    desk.at("06:05").hold("I-1", safety=True)
    desk.expect_orders("I-1", ("W1", "revoked", "safetyHeld"))
    assert desk.duty("W1") == "available"
    assert desk.told(order)[-1] == (OrderState.REVOKED, "safetyHeld")
    assert desk.why("job", "I-1")[-1] == ("waiting", "safetyHeld")
    desk.at("07:00").hold("I-1", held=False)
    desk.expect_orders("I-1", ("W1", "revoked", "safetyHeld"), ("W1", "sent", "nearestDepot"))


def test_a_pinned_crew_is_called_back_too_and_no_dispatcher_sends_one_past_a_safety_hold() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.assign("W1", "I-1")
    desk.hold("I-1", safety=True)
    assert desk.duty("W1") == "available"
    desk.assign("E1", "I-1")
    assert desk.duty("E1") == "available"
    assert ("refused", "safetyHeld") in desk.why("job", "I-1")


def test_who_is_on_site_stays_and_is_told_at_the_beginning_and_the_end_of_a_safety_hold() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.crew("W1", "arrived")
    order = desk.order_of("W1")
    assert order is not None
    desk.at("06:30").hold("I-1", safety=True)
    desk.at("06:40").hold("I-1", held=False)
    assert desk.duty("W1") == "onSite"
    assert desk.told(order)[-2:] == [(OrderState.ARRIVED, "safetyHeld"), (OrderState.ARRIVED, "dispatcherReleased")]
    standing = desk.order_of("W1")
    assert standing is not None
    assert (standing.state, standing.reason) == (OrderState.ARRIVED, "crewJumped")


def test_help_is_held_with_the_work_that_it_is_for() -> None:
    desk = Desk("W1", "E1", "E2")
    desk.at("06:00").incident("I-1")
    desk.crew("W1", "arrived", "helpNeeded")
    desk.crew("E1", "enroute")
    desk.at("06:05").hold("I-1", safety=True)
    assert (desk.duty("W1"), desk.duty("E1")) == ("onSite", "available")
    desk.crew("W1", "helpNeeded", skill="line")
    assert (desk.duty("E1"), desk.duty("E2")) == ("available", "available")
    desk.at("06:10").hold("I-1", held=False)
    assert (desk.duty("E1"), desk.duty("E2")) == ("ordered", "ordered")


def test_a_hold_becomes_one_because_of_safety_and_not_less_by_an_ordinary_one() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.crew("W1", "enroute")
    desk.hold("I-1")
    assert desk.duty("W1") == "enroute"
    desk.hold("I-1", safety=True)
    assert desk.duty("W1") == "available"
    desk.hold("I-1")
    assert desk.job("I-1").held_for_safety
    assert desk.why("job", "I-1")[-1] == ("waiting", "nothingToChange")


# --------------------------------------------------------------------------------------------------------------- two crews
TWO = Rules(two_crews=("breaker",))


def test_work_that_needs_two_crews_gets_the_second_one_at_once() -> None:
    desk = Desk("W1", "W2", "E1")
    desk.rules(TWO)
    desk.at("06:00").incident("I-1", device_class="breaker", place=NEAR_EAST)
    leading = desk.order_of("E1")
    second = desk.order_of("W1")
    assert leading is not None
    assert second is not None
    assert (second.work, second.assists, second.job) == (OrderWork.ASSIST, leading.id, second_job(leading.id))
    assert desk.why("job", second.job)[0] == ("waiting", "needsTwoCrews")
    desk.incident("I-2", device_class="fuse")
    assert len(desk.orders("I-2")) == 1
    assert desk.duty("W2") == "ordered"


def test_the_second_crew_is_not_needed_any_more_when_the_first_is_done_or_gone() -> None:
    desk = Desk("W1", "W2")
    desk.rules(TWO)
    desk.at("06:00").incident("I-1", device_class="breaker")
    desk.crew("W1", "refused")
    first, again = desk.orders("I-1")
    assert (first.state, again.crew) == (OrderState.REFUSED, "W2")
    assert desk.job(second_job(first.id)).state == "over"
    assert waits_because(desk, second_job(again.id)) == ["declined", "helpsAlready"]
    desk.crew("W2", "arrived", "done")
    assert desk.job(second_job(again.id)).state == "over"


def test_a_second_crew_is_not_the_help_that_a_crew_asks_for() -> None:
    desk = Desk("W1", "W2", "E1")
    desk.rules(TWO)
    desk.at("06:00").incident("I-1", device_class="breaker")
    desk.crew("W1", "arrived", "helpNeeded")
    helpers = [order for order in desk.orders() if order.assists is not None]
    assert sorted(order.crew for order in helpers) == ["E1", "W2"]


# --------------------------------------------------------------------------------------------------------------- clearance
CLEAR = Rules(clearance_for=("breaker",))


def cleared_desk() -> tuple[Desk, Order]:
    """Return a desk with a crew on site of work that needs a clearance, and its order."""
    desk = Desk("W1")
    desk.rules(CLEAR)
    desk.at("06:00").incident("I-1", device_class="breaker", device="CB-1")
    desk.crew("W1", "accepted", "enroute", "arrived")
    order = desk.order_of("W1")
    assert order is not None
    return desk, order


def clearances(desk: Desk) -> list[Clearance]:
    """Return how the clearance stood in all that was published, repetitions left out."""
    desk.script.settle()
    said = [each.event.clearance for each in desk.script.emitted if isinstance(each.event, OrderChanged)]
    return [each for number, each in enumerate(said) if number == 0 or each is not said[number - 1]]


def test_a_clearance_is_given_taken_and_given_back_before_power_may_come() -> None:
    desk, order = cleared_desk()
    assert order.clearance is Clearance.NEEDED
    desk.clear(order)
    desk.crew("W1", "cleared", "assessing", "released", "repaired", "done", found="CB-1")
    assert clearances(desk) == ["needed", "given", "taken", "released"]
    noted = [reason for _, reason in desk.why("order", order.id)]
    assert not {"noClearance", "clearanceHeld"}.intersection(noted)


def test_work_that_needs_none_has_no_clearance() -> None:
    desk = Desk("W1")
    desk.rules(CLEAR)
    desk.at("06:00").incident("I-1", device_class="fuse")
    order = desk.order_of("W1")
    assert order is not None
    assert order.clearance is Clearance.NOT_NEEDED
    desk.clear(order)
    assert desk.why("order", order.id)[-1] == ("sent", "clearanceNotNeeded")


@pytest.mark.parametrize("given", [False, True], ids=["never given", "given, not taken"])
def test_work_without_a_clearance_is_taken_and_noted_as_odd(given: bool) -> None:
    desk, order = cleared_desk()
    if given:
        desk.clear(order)
    desk.crew("W1", "repaired", found="CB-1")
    assert desk.why("order", order.id)[-1] == ("repaired", "noClearance")
    standing = desk.order_of("W1")
    assert oddities(Duty(id="W1"), standing, ms("06:01")) == ["noClearance"]
    desk.crew("W1", "done", found="CB-1")
    assert ("done", "noClearance") in desk.why("order", order.id)


def test_a_crew_cannot_clear_itself() -> None:
    desk, order = cleared_desk()
    desk.crew("W1", "cleared")
    assert desk.why("order", order.id)[-1] == ("arrived", "noClearance")
    standing = desk.order_of("W1")
    assert standing is not None
    assert standing.clearance is Clearance.NEEDED


def test_who_leaves_with_a_clearance_is_odd_until_it_is_given_back() -> None:
    desk, order = cleared_desk()
    desk.clear(order)
    desk.crew("W1", "cleared", "done", found="CB-1")
    assert ("done", "clearanceHeld") in desk.why("order", order.id)
    duty = desk.script.entities["crew"]["W1"]
    assert isinstance(duty, Duty)
    assert oddities(duty, None, ms("06:10")) == ["clearanceHeld"]
    desk.crew("W1", "released", order=order)
    assert desk.why("order", order.id)[-1] == ("done", "clearanceReleased")
    desk.script.settle()
    duty = desk.script.entities["crew"]["W1"]
    assert isinstance(duty, Duty)
    assert oddities(duty, None, ms("06:11")) == []


def test_a_dispatcher_takes_back_what_was_not_taken_and_ends_what_was() -> None:
    desk, order = cleared_desk()
    desk.clear(order)
    desk.clear(order, given=False)
    desk.clear(order, given=False)
    desk.clear(order)
    desk.crew("W1", "cleared")
    desk.clear(order, given=False)
    assert clearances(desk) == ["needed", "given", "needed", "given", "taken", "released"]
    assert ("arrived", "nothingToChange") in desk.why("order", order.id)


def test_a_clearance_of_an_order_that_is_over_or_was_never_given_is_refused() -> None:
    desk, order = cleared_desk()
    desk.revoke(order.id)
    desk.clear(order)
    assert desk.why("order", order.id)[-1] == ("revoked", "orderOver")
    desk.clear(msgspec.structs.replace(order, id="nobody's"))
    assert desk.why("order", "nobody's") == [("refused", "unknownOrder")]


def test_west_is_not_barred_for_a_crew_that_is_barred_elsewhere() -> None:
    assert not Barred(NEAR_EAST, 500).covers(WEST)
