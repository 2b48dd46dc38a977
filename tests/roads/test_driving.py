"""How tags of ways and points are read."""

from __future__ import annotations

import pytest

from services.roads.driving import CAREFUL_KM_H, MOST_KM_H, USUAL_KM_H, Driven, driven, stopped


def way(**tags: str) -> Driven | None:
    return driven({name.replace("__", ":"): value for name, value in tags.items()})


def speed(**tags: str) -> int:
    found = way(**tags)
    assert found is not None
    assert found.forward_km_h == found.backward_km_h
    return found.forward_km_h


@pytest.mark.parametrize("kind", USUAL_KM_H)
def test_a_way_that_says_nothing_else_is_driven_as_its_class_usually_is(kind: str) -> None:
    found = way(highway=kind)
    assert found is not None
    assert found.forward_km_h == USUAL_KM_H[kind]


@pytest.mark.parametrize("kind", ["footway", "path", "steps", "cycleway", "construction", "proposed", "pedestrian", ""])
def test_other_classes_are_not_driven(kind: str) -> None:
    assert way(highway=kind) is None
    assert way(building="yes") is None


def test_a_square_is_no_road() -> None:
    assert way(highway="service", area="yes") is None


@pytest.mark.parametrize(
    ("limit", "km_h"),
    [
        ("30", 30),
        ("30 mph", 48),
        ("20mph", 32),
        ("50;30", 30),
        ("DE:urban", 50),
        ("DE:zone:30", 30),
        ("DE:zone30", 30),
        ("DE:living_street", 7),
        ("walk", 7),
        ("120", 58),
        ("none", 58),
        ("signals", 58),
        ("DE:rural", 58),
        ("fast", 58),
        ("", 58),
    ],
)
def test_a_limit_slows_and_never_hastens(limit: str, km_h: int) -> None:
    assert speed(highway="secondary", maxspeed=limit) == km_h


def test_a_limit_of_one_direction_counts_for_it_alone() -> None:
    assert way(highway="primary", maxspeed__forward="40") == Driven(40, 65, stops=True)
    assert way(highway="primary", maxspeed="50", maxspeed__backward="30") == Driven(50, 30, stops=True)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, (45, 0)),
        ({"oneway": "true"}, (45, 0)),
        ({"oneway": "1"}, (45, 0)),
        ({"oneway": "-1"}, (0, 45)),
        ({"oneway": "no"}, (45, 45)),
        ({"junction": "roundabout"}, (45, 0)),
        ({"junction": "circular"}, (45, 0)),
        ({"junction": "roundabout", "oneway": "no"}, (45, 45)),
        ({"oneway": "yes", "oneway__vehicle": "no"}, (45, 45)),
        ({"oneway__bicycle": "yes"}, (45, 45)),
    ],
)
def test_one_way_roads_are_driven_one_way(tags: dict[str, str], expected: tuple[int, int]) -> None:
    found = way(highway="tertiary", **tags)
    assert found is not None
    assert (found.forward_km_h, found.backward_km_h) == expected


def test_a_motorway_is_one_way_unless_it_says_otherwise_and_nobody_stops_on_it() -> None:
    assert way(highway="motorway") == Driven(MOST_KM_H, 0, stops=False)
    assert way(highway="motorway", oneway="no") == Driven(MOST_KM_H, MOST_KM_H, stops=False)


def test_nobody_stops_in_a_tunnel() -> None:
    assert way(highway="primary", tunnel="yes") == Driven(65, 65, stops=False)
    assert way(highway="primary", tunnel="no") == Driven(65, 65, stops=True)


@pytest.mark.parametrize(
    ("tags", "drivable"),
    [
        ({"access": "no"}, False),
        ({"vehicle": "no"}, False),
        ({"motor_vehicle": "no"}, False),
        ({"access": "no", "motor_vehicle": "yes"}, True),
        ({"motor_vehicle": "yes", "motorcar": "no"}, False),
        ({"motor_vehicle": "military"}, False),
        ({"vehicle": "no;destination"}, True),
        ({"access": "destination"}, True),
        ({"smoothness": "impassable"}, False),
    ],
)
def test_what_is_forbidden_to_vehicles_is_not_driven_and_the_most_particular_word_counts(
    tags: dict[str, str], drivable: bool
) -> None:
    assert (way(highway="unclassified", **tags) is not None) == drivable


@pytest.mark.parametrize(
    "tags", [{"access": "private"}, {"motor_vehicle": "forestry"}, {"vehicle": "agricultural;forestry"}]
)
def test_a_crew_drives_on_private_roads_and_carefully(tags: dict[str, str]) -> None:
    assert speed(highway="tertiary", **tags) == CAREFUL_KM_H


@pytest.mark.parametrize(
    ("tags", "km_h"),
    [
        ({}, 15),
        ({"tracktype": "grade1"}, 25),
        ({"tracktype": "grade5"}, 6),
        ({"tracktype": "grade1", "surface": "sand"}, 8),
    ],
)
def test_a_track_is_driven_as_its_grade_and_surface_let_it(tags: dict[str, str], km_h: int) -> None:
    assert speed(highway="track", **tags) == km_h


def test_a_bad_surface_slows_and_a_good_one_does_not() -> None:
    assert speed(highway="tertiary", surface="gravel") == 30
    assert speed(highway="tertiary", surface="asphalt") == 45
    assert speed(highway="tertiary", smoothness="very_bad") == 15


@pytest.mark.parametrize(
    ("tags", "stops"),
    [
        ({}, False),
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, False),
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "access": "yes"}, False),
        ({"barrier": "bollard", "access": "yes", "motor_vehicle": "no"}, True),
        ({"barrier": "block"}, True),
        ({"barrier": "debris"}, True),
    ],
)
def test_bollards_stop_a_truck_and_gates_are_opened(tags: dict[str, str], stops: bool) -> None:
    assert stopped(tags) is stops
