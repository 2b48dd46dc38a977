"""Drives on small maps: ways, one-way roads, places off the road, closed roads, and what the straight line answers."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from services.dispatch.travel import ByAir, ClosedRoad
from services.network.places import Place, distance_m
from services.roads.snapping import OFF_ROAD_MOST_M, off_road_ms
from services.roads.travel import RoadTravel
from tests.roads.valley_roads import Map, place, square

SECONDARY_KM_H = 58


def travel(made: Map, folder: Path) -> RoadTravel:
    return RoadTravel(made.graph(folder))


def by_road(*points: Place, km_h: int = SECONDARY_KM_H) -> int:
    """Return how long the straight roads between these points take, milliseconds."""
    return sum(round(distance_m(a, b) * 100) * 36 // km_h for a, b in itertools.pairwise(points))


def test_the_quickest_way_is_driven_not_the_shortest(tmp_path: Path) -> None:
    made = square().point("S", 2, 2).way(5, "A S C", highway="track", tracktype="grade4")
    found = travel(made, tmp_path)
    a, c, d, middle = (made.at(name) for name in "ACDS")
    drive = found.drive(a, c)
    assert drive.ms == by_road(a, d, c) < by_road(a, middle, c, km_h=10)
    assert drive.basis == "road"
    assert drive.metres == pytest.approx(distance_m(a, d) + distance_m(d, c), abs=2)
    assert drive.metres > distance_m(a, middle) + distance_m(middle, c)


def test_places_along_a_road_are_driven_between_without_a_junction(tmp_path: Path) -> None:
    found = travel(square(), tmp_path)
    assert found.drive_ms(place(1, 0), place(3, 0)) == pytest.approx(by_road(place(1, 0), place(3, 0)), abs=2)
    assert found.drive_ms(place(3, 0), place(1, 0)) == pytest.approx(by_road(place(1, 0), place(3, 0)), abs=2)
    assert found.drive_ms(place(1, 0), place(1, 0)) == 0


def test_a_one_way_road_is_driven_one_way(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 4, 0).point("C", 4, 4).point("D", 0, 4)
    made.way(1, "A B", oneway="yes").way(2, "B C").way(3, "C D").way(4, "D A")
    found = travel(made, tmp_path)
    a, b, c, d = (made.at(name) for name in "ABCD")
    assert found.drive_ms(a, b) == by_road(a, b)
    assert found.drive_ms(b, a) == by_road(b, c, d, a)
    assert found.drive_ms(place(1, 0), place(3, 0)) == pytest.approx(by_road(place(1, 0), place(3, 0)), abs=2)
    around = found.drive_ms(place(3, 0), place(1, 0))
    assert around == pytest.approx(by_road(place(3, 0), b, c, d, a, place(1, 0)), abs=4)


def test_who_stands_where_a_one_way_road_begins_or_ends_is_at_the_junction(tmp_path: Path) -> None:
    made = square().point("E", 4, -4).way(5, "A E", oneway="yes").way(6, "E B", oneway="yes")
    found = travel(made, tmp_path)
    a, b, e = (made.at(name) for name in "ABE")
    assert found.drive_ms(b, a) == by_road(b, a)
    assert found.drive_ms(a, e) == by_road(a, e)
    assert found.drive_ms(e, a) == by_road(e, b) + by_road(b, a)


def test_a_place_off_the_road_is_driven_to_slowly_and_walked_to_when_it_is_far(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 4, 0).way(1, "A B")
    found = travel(made, tmp_path)
    for north in (0.2, 1, 2.5):
        off = place(2, north)
        metres = round(distance_m(off, place(2, 0)))
        drive = found.drive(made.at("A"), off)
        assert drive.ms == pytest.approx(by_road(made.at("A"), place(2, 0)) + off_road_ms(metres), abs=2)
        assert drive.metres == pytest.approx(distance_m(made.at("A"), place(2, 0)) + metres, abs=2)
        assert drive.basis == "road"


def test_off_the_road_a_crew_drives_500_m_and_walks_the_rest() -> None:
    assert off_road_ms(100) == 36_000  # 10 km/h
    assert off_road_ms(500) == 180_000
    assert off_road_ms(1_500) == 180_000 + 900_000  # 4 km/h


def test_who_is_in_the_same_field_does_not_go_back_to_the_road(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 4, 0).way(1, "A B")
    found = travel(made, tmp_path)
    here, there = place(2, 1), place(2.02, 1)
    assert found.drive(here, there).ms == off_road_ms(distance_m(here, there))
    assert found.drive_ms(here, here) == 0


def test_a_place_too_far_from_any_road_is_reckoned_by_air_and_that_is_said(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 4, 0).way(1, "A B")
    found = travel(made, tmp_path)
    a, near, far = made.at("A"), place(2, 2.65), place(2, 2.75)
    assert distance_m(place(2, 0), near) < OFF_ROAD_MOST_M < distance_m(place(2, 0), far)
    assert found.basis(a, near) == "road"
    for start, end in ((a, far), (far, a)):
        assert found.basis(start, end) == "air"
        assert found.drive_ms(start, end) == ByAir().drive_ms(start, end)
        assert found.road_m(start, end) == ByAir().road_m(start, end)


def test_an_island_is_reckoned_by_air_from_the_mainland_and_by_road_within(tmp_path: Path) -> None:
    made = square().point("p", 20, 0).point("q", 22, 0).way(6, "p q")
    found = travel(made, tmp_path)
    assert found.basis(made.at("A"), made.at("p")) == "air"
    assert found.basis(made.at("p"), made.at("q")) == "road"


def test_nobody_stops_on_a_motorway_or_in_a_tunnel(tmp_path: Path) -> None:
    made = square().point("M", 2, 1)
    made.point("x", 0.5, 0.3).point("y", 3.5, 0.3).way(5, "x y", highway="motorway", oneway="no").way(6, "A x").way(
        7, "B y"
    )
    found = travel(made, tmp_path)
    beside = place(2, 0.29)  # some 11 m beside the motorway, 322 m from the road
    assert found.drive(made.at("A"), beside).metres == pytest.approx(
        distance_m(made.at("A"), place(2, 0)) + distance_m(place(2, 0), beside), abs=3
    )
    assert found.drive_ms(made.at("x"), made.at("y")) == by_road(made.at("x"), made.at("y"), km_h=90)


def test_a_matrix_says_what_the_single_drives_say(tmp_path: Path) -> None:
    made = square().point("E", 9, 0).way(5, "B E", oneway="yes").way(6, "E C", oneway="yes").point("p", 30, 0)
    made.point("q", 33, 0).way(7, "p q")
    found = travel(made, tmp_path)
    places = [place(east, north) for east in (-6, 0, 0.4, 3, 9, 31) for north in (-0.01, 0, 1, 4)]
    for one in (found, found.without(frozenset({ClosedRoad((place(4, 2),), 25)})), ByAir()):
        expected = [[one.drive_ms(start, end) for end in places] for start in places]
        assert one.matrix(places, places).tolist() == expected
        assert one.matrix([], places).shape == (0, len(places))
        assert one.matrix(places, []).shape == (len(places), 0)
    assert {found.basis(start, end) for start in places for end in places} == {"road", "air"}


def test_what_was_forgotten_is_found_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = square()
    places = [place(east, 0.3) for east in np.linspace(0, 4, 9).tolist()]
    expected = travel(made, tmp_path).matrix(places, places).tolist()
    monkeypatch.setattr("services.roads.travel.KEPT_BYTES", 0)
    monkeypatch.setattr("services.roads.shortest.AT_ONCE", 1)
    forgetful = travel(made, tmp_path)
    assert [[forgetful.drive_ms(start, end) for end in places] for start in reversed(places)][::-1] == expected
    assert forgetful.matrix(places, places).tolist() == expected


def test_a_closed_road_is_driven_around(tmp_path: Path) -> None:
    made = square()
    found = travel(made, tmp_path)
    a, b, c, d = (made.at(name) for name in "ABCD")
    fallen = ClosedRoad((place(2, 0.005),), 25)
    assert found.closes(fallen) == 1
    around = found.without(frozenset({fallen}))
    assert around.drive_ms(a, b) == by_road(a, d, c, b)
    assert around.drive_ms(place(1, 0), place(3, 0)) == pytest.approx(
        by_road(place(1, 0), a, d, c, b, place(3, 0)), abs=4
    )
    assert around.drive_ms(place(1, 0), place(1.5, 0)) == found.drive_ms(place(1, 0), place(1.5, 0))
    assert around.basis(a, b) == "road"
    assert found.drive_ms(a, b) == by_road(a, b), "the travel on open roads stays as it was"
    assert around.without(frozenset()).drive_ms(a, b) == by_road(a, b)
    assert around.without(frozenset({fallen})).drive_ms(a, b) == by_road(a, d, c, b)


def test_a_way_is_closed_by_its_id_and_a_line_closes_what_lies_along_it(tmp_path: Path) -> None:
    found = travel(square(), tmp_path)
    a, b, c, d = (square().at(name) for name in "ABCD")
    by_id, by_line = ClosedRoad((), 25, way=1), ClosedRoad((place(1, -0.5), place(1, 5)), 25)
    assert (found.closes(by_id), found.closes(by_line)) == (1, 2)
    assert found.without(frozenset({by_id})).drive_ms(a, b) == by_road(a, d, c, b)
    assert found.without(frozenset({by_line})).basis(a, b) == "air", "both ways are closed"
    assert found.closes(ClosedRoad((place(2, 2),), 25)) == found.closes(ClosedRoad((), 25, way=77)) == 0


def test_a_place_on_a_closed_road_is_reached_from_where_the_road_is_open(tmp_path: Path) -> None:
    made = square()
    a = made.at("A")
    flooded = travel(made, tmp_path).without(frozenset({ClosedRoad((place(2, 0),), 800)}))
    drive = flooded.drive(a, place(2, 0))
    edge = place(2, 0).lon - 800 / distance_m(Place(0, 48), Place(1, 48))
    dry = Place(edge, 48)
    assert drive.basis == "road"
    assert drive.ms == pytest.approx(by_road(a, dry) + off_road_ms(800), abs=10_000)


def test_a_one_way_road_that_is_closed_is_left_by_where_one_came_in_and_no_drive_gets_quicker_by_that(
    tmp_path: Path,
) -> None:
    made = Map().point("A", 0, 0).point("B", 4, 0).point("C", 4, 4).point("D", 0, 4)
    made.way(1, "A B", oneway="yes").way(2, "B C").way(3, "C D").way(4, "D A")
    opened = travel(made, tmp_path)
    closed = opened.without(frozenset({ClosedRoad((place(2, 0),), 25)}))
    a, b, c, d = (made.at(name) for name in "ABCD")
    for start, end in ((place(1, 0), a), (b, place(3, 0))):
        assert closed.basis(start, end) == "road"
        assert closed.drive_ms(start, end) == opened.drive_ms(start, end) > 10 * by_road(start, end)
    assert closed.drive_ms(a, b) == by_road(a, d, c, b)


def test_what_a_closed_road_cuts_off_is_not_reckoned_nearer_than_it_is(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 60, 0).way(1, "A B", highway="track")
    found = travel(made, tmp_path)
    closed = found.without(frozenset({ClosedRoad((place(30, 0),), 25)}))
    a, b = made.at("A"), made.at("B")
    assert ByAir().drive_ms(a, b) < found.drive_ms(a, b)
    assert closed.drive_ms(a, b) == found.drive_ms(a, b)
    assert closed.basis(a, b) == "air"
    assert closed.matrix([a], [b]).tolist() == [[found.drive_ms(a, b)]]


def test_when_all_roads_are_closed_the_straight_line_answers(tmp_path: Path) -> None:
    found = travel(square(), tmp_path)
    closed = found.without(frozenset(ClosedRoad((), 25, way=way) for way in (1, 2, 3, 4)))
    a, c = square().at("A"), square().at("C")
    assert closed.basis(a, c) == "air"
    assert closed.drive_ms(a, c) >= ByAir().drive_ms(a, c)
    assert closed.matrix([a], [c]).tolist() == [[closed.drive_ms(a, c)]]
    assert closed.closes(ClosedRoad((), 25, way=1)) == 1


def test_a_line_whose_points_are_the_same_is_a_place_and_nonsense_closes_nothing(tmp_path: Path) -> None:
    found = travel(square(), tmp_path)
    spot = place(2, 0)
    assert found.closes(ClosedRoad((spot, spot, spot), 25)) == found.closes(ClosedRoad((spot,), 25)) == 1
    for nonsense in ((Place(0, 90),), (Place(0, 90), Place(180, 90)), (Place(-180, -90), Place(180, -90)), ()):
        assert found.closes(ClosedRoad(nonsense, 25)) == 0
    assert found.closes(ClosedRoad((Place(-180, 48.02), Place(180, 48.02)), 25)) == 2
