"""Closed roads: a dispatcher closes one, crews are sent around it, and it opens again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.events import CrewAssigned, DispatchMode, ModeSet, Place, RoadClosed, RoadOpened
from services.clock import to_ms
from services.dispatch.closures import Closure
from services.dispatch.roster import REGION
from services.dispatch.stage import DispatchStage
from services.dispatch.travel import ByAir, ClosedRoad
from services.roads.travel import RoadTravel
from tests.dispatch.desk import MIDDLE, NEAR_WEST, WEST, Desk, roster
from tests.roads.valley_roads import Map
from tests.stage_script import moment


def roads(folder: Path) -> RoadTravel:
    """Return a main road from the western depot to the eastern one, and a lane to the north of it that joins its ends."""
    made = Map().point("W", 0, 0).point("M", 20, 0).point("E", 40, 0).point("NW", 0, 5).point("NE", 40, 5)
    made.way(1, "W M E", highway="primary").way(2, "W NW NE E", highway="unclassified")
    return RoadTravel(made.graph(folder))


@pytest.fixture
def travel(tmp_path: Path) -> RoadTravel:
    return roads(tmp_path)


@pytest.fixture
def desk(travel: RoadTravel) -> Desk:
    return at_roads(travel)


def at_roads(travel: RoadTravel) -> Desk:
    """Return a desk with enough crews in the west, whose roads are these. Each incident has a crew of its own: none is planned."""
    crews = [f"W{number}" for number in range(1, 9)]
    made = Desk(*crews)
    made.script.stage = DispatchStage(roster(*crews).travelling(travel))
    made.hear(ModeSet(id="mode", at=moment("05:00"), region=REGION, mode=DispatchMode.NEAREST_DEPOT, by="ann"))
    return made


def close(at: str, number: int = 1, **given: Any) -> RoadClosed:
    usual: dict[str, Any] = {"places": [Place(11.10, 48.0)]}
    return RoadClosed(id=f"close-{number}", at=moment(at), region=REGION, by="ann", **{**usual, **given})


def reopen(at: str, closure: str = "close-1") -> RoadOpened:
    return RoadOpened(id=f"open-{at}", at=moment(at), region=REGION, closure=closure, by="ann")


def sent(desk: Desk, at: str, incident: str) -> int:
    """Send somebody at this time to an incident beyond the closed place, and return how long the drive is estimated."""
    desk.at(at).incident(incident, place=MIDDLE)
    (order,) = desk.orders(incident)
    return order.arrival_estimate - order.sent_at


def test_a_crew_is_sent_around_a_closed_road_until_it_is_opened(desk: Desk, travel: RoadTravel) -> None:
    open_ms, around_ms = sent(desk, "06:00", "I-1"), travel.without(frozenset({ClosedRoad((Place(11.10, 48.0),), 25)}))
    assert open_ms == travel.drive_ms(WEST, MIDDLE)
    desk.at("06:01").hear(close("06:01"))
    assert sent(desk, "06:02", "I-2") == around_ms.drive_ms(WEST, MIDDLE) > 3 * open_ms
    desk.at("06:03").hear(reopen("06:03"))
    assert sent(desk, "06:04", "I-3") == open_ms
    assert desk.why("closure", "close-1") == [("closed", "roadClosed"), ("open", "roadOpened")]


def test_a_road_closed_in_the_tick_of_an_incident_counts_already(desk: Desk, travel: RoadTravel) -> None:
    desk.at("06:00").hear(close("06:00", places=[], way=1))
    assert sent(desk, "06:00", "I-1") > travel.drive_ms(WEST, MIDDLE)


def test_a_road_opens_by_itself_when_its_time_is_over(desk: Desk, travel: RoadTravel) -> None:
    desk.at("06:00").hear(close("06:00", until=moment("07:00")))
    assert sent(desk, "06:59", "I-1") > travel.drive_ms(WEST, MIDDLE)
    desk.at("07:00")
    assert desk.why("closure", "close-1") == [("closed", "roadClosed"), ("open", "closureOver")]
    assert sent(desk, "07:00", "I-2") == travel.drive_ms(WEST, MIDDLE)


def test_two_closures_of_one_road_are_opened_one_by_one(desk: Desk, travel: RoadTravel) -> None:
    desk.at("06:00").hear(close("06:00", 1))
    desk.hear(close("06:00", 2, places=[NEAR_WEST]))
    desk.at("06:01").hear(reopen("06:01"))
    assert sent(desk, "06:02", "I-1") > travel.drive_ms(WEST, MIDDLE)
    desk.at("06:03").hear(reopen("06:03", "close-2"))
    assert sent(desk, "06:04", "I-2") == travel.drive_ms(WEST, MIDDLE)


def test_what_cannot_be_closed_or_opened_is_answered_by_a_reason(desk: Desk) -> None:
    desk.at("06:00").hear(close("06:00", 1, places=[Place(11.2, 48.03)]))
    desk.hear(close("06:00", 2, places=[], way=99))
    desk.hear(close("06:00", 3, places=[]))
    desk.hear(close("06:00", 4, until=moment("05:00")))
    desk.hear(reopen("06:00", "close-9"))
    for number, reason in (
        (1, "noRoadThere"),
        (2, "noRoadThere"),
        (3, "noRoadThere"),
        (4, "closureOver"),
        (9, "notClosed"),
    ):
        assert desk.why("closure", f"close-{number}") == [("refused", reason)]
    assert desk.script.entities["closure"] == {}


def test_where_no_roads_are_known_none_is_closed() -> None:
    desk = Desk("W1")
    desk.at("06:00").hear(close("06:00"))
    assert desk.why("closure", "close-1") == [("refused", "noRoadThere")]
    assert sent(desk, "06:01", "I-1") == ByAir().drive_ms(WEST, MIDDLE)


def test_visiting_crews_drive_around_a_closed_road_too(desk: Desk, travel: RoadTravel) -> None:
    desk.at("06:00").hear(close("06:00"))
    desk.visit(place=WEST)
    desk.at("06:01").incident("I-1", place=MIDDLE)
    guest = "visit.R1.HILLS-1"
    desk.at("06:02").hear(
        CrewAssigned(id="send", at=moment("06:02"), region=REGION, crew=guest, incident="I-1", by="ann")
    )
    order = desk.order_of(guest)
    assert order is not None
    assert order.arrival_estimate - order.sent_at > travel.drive_ms(WEST, MIDDLE)


def test_a_worker_that_takes_over_decides_the_same(tmp_path: Path) -> None:
    decided = []
    for travel in (roads(tmp_path), roads(tmp_path)):
        desk = at_roads(travel)
        desk.at("06:00").hear(close("06:00", until=moment("08:00"), way=2))
        sent(desk, "06:02", "I-1")
        desk.at("06:03").hear(reopen("06:03"))
        sent(desk, "06:04", "I-2")
        decided.append(desk.script.bytes_decided())
    assert decided[0] == decided[1]


def test_what_is_kept_of_a_closure(desk: Desk) -> None:
    desk.at("06:00").hear(close("06:00", way=1, within_m=40, until=moment("08:00")))
    desk.script.settle()
    assert desk.script.entities["closure"]["close-1"] == Closure(
        id="close-1",
        places=(Place(11.10, 48.0),),
        within_m=40,
        way=1,
        by="ann",
        since=to_ms(moment("06:00")),
        until=to_ms(moment("08:00")),
    )
