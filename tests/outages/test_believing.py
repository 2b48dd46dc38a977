"""When what is believed to have failed is another belief than before."""

from __future__ import annotations

import pytest

from services.outages.believing import has_moved
from services.outages.entities import Hypothesis


def ranking(**permille: int) -> tuple[Hypothesis, ...]:
    return tuple(Hypothesis(device, each) for device, each in permille.items())


WAS = ranking(L1=600, R1=300)


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        (WAS, False),
        (ranking(L1=649, R1=251), False),
        (ranking(L1=650, R1=300), True),
        (ranking(L1=600, R1=250), True),
        (ranking(R1=600, L1=300), True),
        (ranking(L1=600, R1=300, T11=20), True),
        (ranking(L1=600), True),
        ((), False),
    ],
)
def test_another_order_or_another_probability_is_another_belief(now: tuple[Hypothesis, ...], moved: bool) -> None:
    assert has_moved(WAS, now) is moved


def test_the_first_belief_is_one() -> None:
    assert has_moved((), WAS)
    assert not has_moved((), ())
