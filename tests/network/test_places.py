"""Distances are on the ground, in metres."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.places import EARTH_RADIUS_M, Place, distance_m, distances_m

PLACES = st.builds(Place, st.floats(-180, 180), st.floats(-90, 90))


def test_a_degree_of_latitude_is_111_km_everywhere_and_one_of_longitude_shrinks() -> None:
    assert distance_m(Place(11, 53), Place(11, 54)) == pytest.approx(111_195, abs=1)
    assert distance_m(Place(11, 0), Place(12, 0)) == pytest.approx(111_195, abs=1)
    assert distance_m(Place(11, 60), Place(12, 60)) == pytest.approx(55_597, abs=5)


def test_across_the_date_line_is_near() -> None:
    assert distance_m(Place(179.9, 0), Place(-179.9, 0)) == pytest.approx(22_239, abs=1)


@given(PLACES, PLACES)
def test_distance_is_symmetric_and_at_most_half_the_way_round(a: Place, b: Place) -> None:
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))
    assert 0 <= distance_m(a, b) <= math.pi * EARTH_RADIUS_M + 1


def test_many_distances_are_those_of_each() -> None:
    here, there = Place(11.0, 48.0), [Place(11.0, 48.0), Place(11.02, 48.0), Place(-179.0, -89.0), Place(-169.0, -48.0)]
    metres = distances_m(here, np.array([place.lon for place in there]), np.array([place.lat for place in there]))
    assert metres.tolist() == pytest.approx([distance_m(here, place) for place in there])
