"""Sending by the plan in a storm: small work waits, a crew stands by for dangers, and it is over when the crews keep up."""

from __future__ import annotations

from services.dispatch.roster import REGION
from tests.dispatch.desk import NEAR_WEST, Desk, crew_of
from tests.dispatch.test_sending_by_plan import planning
from tests.stage_script import moment, ms


def storm(desk: Desk, works: int = 8) -> None:
    for number in range(works):
        desk.incident(f"I-{number}", customers_out=5, place=NEAR_WEST)


def test_in_a_storm_small_work_waits_for_a_while_and_is_let_go_when_nothing_new_comes() -> None:
    desk = planning("W1", "W2", "W3", "W4")
    desk.at("06:00")
    storm(desk)
    assert desk.why("plan", REGION) == [("storm", "stormBegins")]
    idle = [crew for crew in ("W1", "W2", "W3", "W4") if desk.duty(crew) == "available"]
    assert len(idle) == 1
    reasons = {reason for number in range(8) for _, reason in desk.why("job", f"I-{number}")}
    assert reasons == {"incidentOpen", "planned", "heldForLarger", "plannedLater"}
    for minute in range(3, 21, 2):
        busy = [crew for crew in ("W1", "W2", "W3", "W4") if crew not in idle]
        for crew in busy if minute == 3 else ():
            desk.at(f"06:{minute:02}").crew(crew, "accepted", "enroute")
        desk.at(f"06:{minute:02}")
    assert desk.duty(idle[0]) == "available"
    desk.at("06:20:01")
    order = desk.order_of(idle[0])
    assert order is not None
    assert (order.reason, order.sent_at) == ("planned", ms("06:20:01"))


def test_in_a_storm_a_service_crew_stands_by_for_dangers_goes_to_one_and_works_when_none_is_expected() -> None:
    crews = ("W1", "W2", crew_of("W3", "service"))
    desk = planning(*crews)
    desk.at("06:00")
    for number in range(9):
        desk.incident(f"I-{number}", customers_out=100, device_class="transformer")
    assert desk.duty("W3") == "available"
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived", estimate=moment("12:00"))
    desk.crew("W2", "accepted", "enroute", "arrived", estimate=moment("12:00"))
    desk.at("06:45:00")
    assert desk.duty("W3") == "available"
    desk.at("06:45:01")
    assert desk.duty("W3") == "ordered"

    other = planning(*crews)
    other.at("06:00")
    for number in range(9):
        other.incident(f"I-{number}", customers_out=100, device_class="transformer")
    other.at("06:02").hazard("H-1")
    other.expect_orders("hazard:H-1", ("W3", "sent", "planned"))


def test_a_storm_is_over_when_the_crews_keep_up_again() -> None:
    desk = planning("W1", "W2", "W3", "W4")
    desk.at("06:00")
    storm(desk)
    desk.at("06:10").incident("I-0", "dismissed")
    assert desk.why("plan", REGION) == [("storm", "stormBegins"), ("calm", "stormOver")]
    assert [crew for crew in ("W1", "W2", "W3", "W4") if desk.duty(crew) == "available"] == []
