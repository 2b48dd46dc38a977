from __future__ import annotations

import pytest

from schemas.events import CrewReported, CrewState, HazardState, IncidentState, OrderChanged, OrderRevoked
from services.dispatch.roster import Depot, Roster
from services.dispatch.stage import DispatchStage
from services.engine.turn import Unplaced
from tests.dispatch.desk import EAST, NEAR_EAST, WEST, Desk, crew_of, hazard_changed, incident_changed
from tests.stage_script import StageScript, moment, ms


def test_a_dispatcher_sends_whom_the_rule_would_not() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").hold(incident="I-1")
    desk.incident("I-1")
    desk.at("06:01").assign("E1", incident="I-1")
    desk.expect_orders("I-1", ("E1", "sent", "dispatcherAssigned"))
    assert desk.orders("I-1")[0].pinned


def test_a_dispatcher_may_send_a_crew_that_refused_or_has_a_break_or_lacks_kit() -> None:
    desk = Desk("W1", crew_of("W2", kit="bucket-truck"))
    desk.at("05:59").crew("W1", "onBreak")
    desk.crew("W2", "offDuty")
    desk.at("06:00").incident("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "offDuty")
    desk.at("06:01").assign("W1", incident="I-1")
    desk.expect_orders("I-1", ("W1", "sent", "dispatcherAssigned"))
    desk.at("06:02").crew("W1", "refused")
    desk.at("06:03").assign("W1", incident="I-1")
    desk.expect_orders("I-1", ("W1", "refused", "crewRefused"), ("W1", "sent", "dispatcherAssigned"))


def test_a_dispatcher_changes_the_crew_of_an_order_also_on_site() -> None:
    desk = Desk("W1", "W2", "W3")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").assign("W2", incident="I-1")
    desk.expect_orders("I-1", ("W1", "revoked", "dispatcherChangedCrew"), ("W2", "sent", "dispatcherAssigned"))
    desk.at("06:02").crew("W2", "accepted", "enroute", "arrived")
    desk.at("06:30").assign("W3", incident="I-1")
    desk.expect_orders(
        "I-1",
        ("W1", "revoked", "dispatcherChangedCrew"),
        ("W2", "handedOver", "dispatcherChangedCrew"),
        ("W3", "sent", "dispatcherAssigned"),
    )


@pytest.mark.parametrize(
    ("said", "rule"),
    [("offDuty", "offDuty"), (None, "skillMissing")],
)
def test_a_dispatcher_cannot_break_a_safety_rule(said: str | None, rule: str) -> None:
    desk = Desk("W1", crew_of("W2", *(["line"] if said else ["service"])))
    desk.at("05:59")
    if said:
        desk.crew("W2", said)
    desk.at("06:00").incident("I-1")
    desk.at("06:01").assign("W2", incident="I-1")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))
    assert desk.why("job", "I-1")[-1] == ("refused", rule)


def test_a_dispatcher_cannot_send_a_crew_past_its_hours_with_an_order_or_unheard_of() -> None:
    desk = Desk("W1", "W2", "E1")
    desk.at("00:00").crew("E1", "signedOn")
    desk.at("15:40").incident("I-1", place=NEAR_EAST)
    desk.at("15:41").crew("W1", "accepted")
    desk.assign("E1", incident="I-1")
    assert desk.why("job", "I-1")[-1] == ("refused", "hoursUp")
    desk.at("15:42").incident("I-2", since="05:30")
    desk.at("15:43").assign("W1", incident="I-2")
    assert desk.why("job", "I-2")[-1] == ("refused", "busy")
    desk.at("15:48").assign("W2", incident="I-2")
    assert desk.why("job", "I-2")[-1] == ("refused", "unreachable")


def test_what_an_action_names_and_is_not_there_is_answered_by_name() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.incident("I-2", "dismissed")
    desk.at("06:01")
    desk.assign("W1", incident="I-9")
    desk.assign("W1", hazard="H-9")
    desk.assign("W1")
    desk.assign("W9", incident="I-1")
    desk.assign("W1", incident="I-2")
    desk.revoke("O-9")
    assert desk.why("job", "I-9") == [("refused", "unknownWork")]
    assert desk.why("job", "hazard:H-9") == [("refused", "unknownWork")]
    assert desk.why("job", "") == [("refused", "unknownWork")]
    assert desk.why("crew", "W9") == [("refused", "unknownCrew")]
    assert desk.why("job", "I-2")[-1] == ("refused", "workOver")
    assert desk.why("order", "O-9") == [("refused", "unknownOrder")]


def test_an_order_that_a_dispatcher_takes_back_is_not_given_to_the_same_crew_at_once() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived")
    first = desk.orders("I-1")[0]
    desk.at("06:02").revoke(first.id)
    desk.expect_orders("I-1", ("W1", "revoked", "dispatcherRevoked"), ("E1", "sent", "nearestDepot"))
    assert desk.duty("W1") == "available"
    desk.at("06:03").revoke(first.id)
    assert desk.why("order", first.id)[-1] == ("revoked", "orderOver")


def test_nobody_is_sent_to_work_that_is_held_until_it_goes_on() -> None:
    desk = Desk("W1", "W2")
    desk.at("05:59").crew("W1", "onBreak")
    desk.crew("W2", "onBreak")
    desk.at("06:00").incident("I-1")
    desk.hazard("H-1")
    desk.at("06:01").hold(incident="I-1")
    desk.hold(hazard="H-1")
    desk.at("06:02").crew("W1", "available")
    desk.crew("W2", "available")
    assert desk.orders() == []
    assert desk.why("job", "I-1")[-1] == ("waiting", "dispatcherHeld")
    desk.at("06:03").hold(hazard="H-1")
    assert desk.why("job", "hazard:H-1")[-1] == ("waiting", "nothingToChange")
    desk.at("06:04").hold(incident="I-1", held=False)
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))
    desk.expect_orders("hazard:H-1")


def test_an_order_in_hand_goes_on_when_its_work_is_held() -> None:
    desk = Desk("W1", "W2")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").hold(incident="I-1")
    desk.crew("W1", "accepted")
    desk.expect_orders("I-1", ("W1", "accepted", "crewReported"))
    desk.at("06:02").crew("W1", "refused")
    desk.expect_orders("I-1", ("W1", "refused", "crewRefused"))
    assert desk.why("job", "I-1")[-1] == ("waiting", "dispatcherHeld")


def regions() -> Roster:
    return Roster([Depot("west", WEST, "R1"), Depot("east", EAST, "R2")], [crew_of("W1"), crew_of("E1")], ["R3"])


def test_a_shard_is_a_region_and_every_event_goes_to_its_own() -> None:
    stage = DispatchStage(regions())
    assert stage.shards() == ("R1", "R2", "R3")
    said = CrewReported(id="x", at=moment("06:00"), crew="E1", status=CrewState.AVAILABLE)
    assert stage.shard_of(said) == "R2"
    assert stage.shard_of(incident_changed("I-1", 1, IncidentState.PREDICTED, at="06:00", region="R3")) == "R3"
    assert stage.shard_of(hazard_changed("H-1", 1, HazardState.REPORTED, at="06:00", region="R2")) == "R2"
    nowhere = OrderRevoked(id="x", at=moment("06:00"), region="R9", order="O", by="ann")
    with pytest.raises(Unplaced, match="unknownRegion"):
        stage.shard_of(nowhere)


def test_a_utility_without_regions_has_one() -> None:
    assert Roster([], []).regions == ("R1",)


def test_crews_of_another_region_are_not_sent() -> None:
    script = StageScript(DispatchStage(regions()), "R2")
    script.go_to(ms("06:00"))
    script.hear(incident_changed("I-1", 1, IncidentState.PREDICTED, at="06:00", place=WEST, region="R2"))
    script.hear(incident_changed("I-2", 1, IncidentState.PREDICTED, at="06:00", place=WEST, region="R2"))
    script.settle()
    events = [emission.event for emission in script.emitted]
    orders = [(event.crew, event.region) for event in events if isinstance(event, OrderChanged)]
    assert orders == [("E1", "R2")]


def test_an_order_of_a_crew_that_the_utility_lost_goes_to_another() -> None:
    desk = Desk("W1", "W2")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived")
    desk.script.settle()
    desk.script.stage = DispatchStage(Roster([Depot("west", WEST)], [crew_of("W2")]))
    desk.at("06:02").crew("W2", "available")
    desk.expect_orders("I-1", ("W1", "handedOver", "crewGone"), ("W2", "sent", "nearestDepot"))


def test_jobs_long_over_are_forgotten_with_their_orders_and_open_ones_are_not() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").incident("I-2")
    desk.hold(incident="I-2")
    first = desk.orders("I-1")[0]
    desk.at("06:02").crew("W1", "accepted", "enroute", "arrived", "done", found="FUSE-1")
    desk.at("06:03").incident("I-1", "restored")
    desk.at("30:02").crew("W1", "available")
    assert [order.id for order in desk.orders("I-1")] == [first.id]
    desk.at("30:03").crew("W1", "done", order=first)
    assert desk.orders("I-1") == []
    assert desk.job("I-2").state == "waiting"
    assert desk.why("crew", "W1")[-1] == ("available", "unknownOrder")
    desk.at("30:04").incident("I-1", "confirmed")
    again = desk.order_of("W1")
    assert again is not None
    assert (again.incident, again.attempt) == ("I-1", 1)
    assert again.id != first.id
