from __future__ import annotations

import numpy as np
import pytest

from schemas.events import Place
from services.dispatch.nearest_depot import decide
from services.dispatch.plan import WEIGHED, CrewAt, Group, Scene, Visit
from services.dispatch.plan_moves import Policy
from services.dispatch.reasons import Reason
from services.dispatch.roster import Crew, Depot, Roster
from services.dispatch.travel import ByAir
from tests.dispatch.desk import MIDDLE, NEAR_EAST, NEAR_WEST, WEST, Desk, crew_of, roster
from tests.stage_script import ms


def test_a_road_is_longer_than_the_straight_line_and_driven_at_45_km_h() -> None:
    # A twentieth of a degree of longitude at 48 degrees north: 6,371,008.8 m x cos 48 x 0.05 x pi / 180 = 3,720.2 m.
    assert ByAir().road_m(WEST, NEAR_WEST) == 4836
    assert ByAir().drive_ms(WEST, NEAR_WEST) == 4836 * 3600 // 45


def who(place: Place, known: Roster, *crews: str, tired: str = "") -> str | None:
    """Return who is sent to an outage when these crews are idle; for the tired one the work would outlast its shift."""
    travel = known.travel
    homes = [known.home(crew).place for crew in crews]
    scene = Scene(
        [Visit("I-1", 0, 2400)],
        [CrewAt(crew, known.home(crew).id, "line" in known.crews[crew].skills) for crew in crews],
        [Group(10 * WEIGHED, ("I-1",))],
        travel.matrix([MIDDLE] * len(crews), [place]) // 1000,
        np.zeros((1, 1), np.int64),
        np.ones((len(crews), 1), np.bool_),
        travel.matrix(homes, [place]) // 1000,
        np.array([[crew == tired] for crew in crews], np.bool_).reshape(len(crews), 1),
    )
    moves = decide(scene, {}, Policy(reserve=False), 0, 0).moves
    reason = Reason.NEAREST_DEPOT_PAST_SHIFT if tired and moves and moves[0].crew == tired else Reason.NEAREST_DEPOT
    assert [(move.visit, move.reason) for move in moves] == [("I-1", reason)] * len(moves)
    return moves[0].crew if moves else None


def test_the_crew_comes_from_the_nearest_depot_that_has_one_to_send() -> None:
    known = roster("E1", "E2", "W1")
    assert who(NEAR_EAST, known, "E2", "E1", "W1") == "E1"
    assert who(NEAR_EAST, known, "W1") == "W1"
    assert who(NEAR_EAST, known) is None


def test_whoever_s_shift_would_end_before_the_work_goes_only_when_nobody_else_can() -> None:
    known = roster("E1", "W1")
    assert who(NEAR_EAST, known, "E1", "W1", tired="E1") == "W1"
    assert who(NEAR_EAST, known, "E1", tired="E1") == "E1"


def test_of_a_depot_s_crews_a_service_crew_goes_where_it_can_and_line_crews_are_spared() -> None:
    known = roster("E1", crew_of("E2", "service"), "W1")
    assert who(NEAR_EAST, known, "E1", "E2", "W1") == "E2"
    assert who(NEAR_EAST, known, "E1", "W1") == "E1"


def test_depots_equally_near_go_by_their_names() -> None:
    known = Roster([Depot("b", WEST), Depot("a", WEST)], [Crew("1", "b"), Crew("2", "a")])
    assert who(MIDDLE, known, "1", "2") == "2"


def test_a_crew_without_a_depot_is_refused() -> None:
    with pytest.raises(ValueError, match="C-1"):
        Roster([], [Crew("C-1", "nowhere")])


def test_what_gives_most_back_soonest_goes_first_when_there_are_more_incidents_than_crews() -> None:
    desk = Desk("W1")
    desk.at("06:00")
    desk.incident("I-old", since="05:10")
    desk.incident("I-large", since="05:50", customers_out=30)
    desk.incident("I-far", since="05:20", customers_out=40, place=NEAR_EAST)
    desk.expect_orders("I-large", ("W1", "sent", "nearestDepot"))
    assert desk.why("job", "I-old") == [("waiting", "incidentOpen"), ("waiting", "busy")]
    assert desk.why("job", "I-far") == [("waiting", "incidentOpen"), ("waiting", "busy")]


def test_an_outage_within_another_counts_for_what_its_repair_brings_back() -> None:
    desk = Desk("W1")
    desk.at("06:00")
    desk.incident("I-within", customers_out=200, upstream="I-feeder")
    desk.incident("I-feeder", customers_out=100, device_class="recloser")
    desk.expect_orders("I-feeder", ("W1", "sent", "nearestDepot"))


def test_a_crew_that_is_done_goes_to_what_gives_most_back_next() -> None:
    desk = Desk("W1")
    desk.at("06:00")
    desk.incident("I-1", since="05:30", customers_out=30)
    desk.incident("I-2", since="05:20", customers_out=20)
    desk.incident("I-3", since="05:10")
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:20").crew("W1", "arrived")
    desk.at("06:50").crew("W1", "done", found="FUSE-1")
    desk.expect_orders("I-1", ("W1", "done", "crewReported"))
    desk.expect_orders("I-2", ("W1", "sent", "nearestDepot"))
    desk.expect_orders("I-3")
    assert desk.orders("I-1")[0].found == "FUSE-1"


def test_why_nobody_was_sent_is_said_once_however_often_it_is_looked_at() -> None:
    desk = Desk("W1")
    desk.at("06:00")
    desk.incident("I-1")
    desk.incident("I-2", since="05:30")
    desk.at("06:02").crew("W1", "accepted")
    desk.at("06:10")
    desk.incident("I-2", "confirmed", since="05:30")
    desk.at("06:20")
    waiting = [pair for pair in desk.why("job", "I-2") if pair[1] == "busy"]
    assert waiting == [("waiting", "busy")]


def test_the_order_says_when_the_crew_will_arrive() -> None:
    desk = Desk("W1")
    desk.at("06:00")
    desk.incident("I-1", place=NEAR_WEST)
    order = desk.order_of("W1")
    assert order is not None
    assert order.arrival_estimate == ms("06:00") + ByAir().drive_ms(WEST, NEAR_WEST)


def test_a_turn_without_anything_due_changes_nothing() -> None:
    desk = Desk("W1")
    desk.script.look()
    desk.at("06:00")
    desk.incident("I-1")
    desk.incident("I-2")
    desk.at("06:01")
    desk.script.look()
    for outcome in (desk.script.outcomes[0], desk.script.outcomes[-1]):
        assert (outcome.entities, outcome.journal, outcome.events) == ({}, [], [])
