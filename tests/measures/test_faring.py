"""How estimates fared."""

from __future__ import annotations

import pytest

from services.measures.faring import EDGES_MIN, fared


def test_an_incident_is_late_when_power_is_back_more_than_half_an_hour_after_what_was_told() -> None:
    found = fared([-45.0, 0.0, 29.9, 30.0, 30.1, 500.0], changes=4)
    assert (found.incidents, found.changes) == (6, 4)
    assert found.late_share == pytest.approx(2 / 6)
    assert found.median_error_min == pytest.approx((30.0 + 30.1) / 2)


def test_every_incident_lies_in_one_bin_whose_lower_bound_belongs_to_it() -> None:
    found = fared([-1e6, -240.0, -0.1, 0.0, 30.0, 240.0], changes=0)
    assert {(each.from_min, each.until_min): each.incidents for each in found.bins if each.incidents} == {
        (None, -240): 1,
        (-240, -120): 1,
        (-30, 0): 1,
        (0, 30): 1,
        (30, 60): 1,
        (240, None): 1,
    }
    assert len(found.bins) == len(EDGES_MIN) + 1


def test_of_those_that_were_told_an_interval_the_share_that_was_back_in_it_is_said() -> None:
    found = fared([-10.0, 20.0, 70.0, 5.0], changes=0, within=[True, True, False])
    assert found.intervals == 3
    assert found.within_share == pytest.approx(2 / 3)
    assert fared([1.0], changes=0).within_share is None


def test_of_no_incident_nothing_is_said() -> None:
    found = fared([], changes=0)
    assert (found.incidents, found.late_share, found.median_error_min) == (0, None, None)
