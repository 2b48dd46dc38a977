"""A key may send so much on average, and so much at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.access.allowance import Allowances


def test_what_is_used_up_comes_back_with_time() -> None:
    allowances = Allowances(per_s=10, at_once=50)
    assert allowances.take("k", 50, 0.0) == 0
    assert allowances.take("k", 20, 0.0) == 2.0
    assert allowances.take("k", 20, 1.9) > 0
    assert allowances.take("k", 20, 2.0) == 0
    assert allowances.take("other", 50, 2.0) == 0


def test_more_than_may_be_sent_at_once_waits_for_a_full_bucket() -> None:
    allowances = Allowances(per_s=10, at_once=50)
    assert allowances.take("k", 1_000, 0.0) == 0
    assert allowances.take("k", 1_000, 0.0) == 5.0
    assert allowances.take("k", 1_000, 5.0) == 0


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 60)), max_size=60))
def test_nobody_gets_more_than_his_share_of_the_time(asked: list[tuple[float, int]]) -> None:
    allowances = Allowances(per_s=10, at_once=50)
    now, granted = 0.0, 0
    for pause, events in asked:
        now += pause
        if not allowances.take("k", events, now):
            granted += min(events, 50)
    assert granted <= 50 + 10 * now + 1e-6
