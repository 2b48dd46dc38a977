"""What is learnt is near to the law that the past followed, covers what was not seen, and is nothing where too little is known."""

from __future__ import annotations

import dataclasses
import random

import pytest

from schemas.codec import encode
from schemas.events.estimates import Part
from services.estimates.learning import LEAST_REPAIRS, Lesson, learn
from services.estimates.lessons import learnt_event
from services.estimates.measuring import measure
from services.outages.estimating import Circumstances, Stage, Work, estimate, experience_of, quantile
from tests.estimates.past import MINUTE_MS, median_min, past, pasts, true_quantile_s

NOON = 1_772_366_400_000


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """What is learnt of 900 incidents."""
    return learn(measure(pasts(900), 0))


def cells(lesson: Lesson, part: Part) -> dict[str, list[int]]:
    """Return what was learnt of a part, by circumstances."""
    (found,) = [each for each in lesson.parts if each.part is part]
    return {each.of: each.values for each in found.cells}


@pytest.mark.parametrize("device_class", ["fuse", "transformer"])
@pytest.mark.parametrize("cause", ["WILDLIFE", "VEGETATION"])
def test_the_median_of_a_class_and_a_cause_is_near_to_the_truth(lesson: Lesson, device_class: str, cause: str) -> None:
    learnt = cells(lesson, Part.REPAIR)[f"{device_class}/{cause}/1/0/0"]
    true = 60 * median_min(device_class, cause)
    assert 0.8 * true < quantile(learnt, 500) < 1.25 * true
    assert 0.65 * true_quantile_s(device_class, cause, -1.2816) < quantile(learnt, 100)
    assert quantile(learnt, 900) < 1.4 * true_quantile_s(device_class, cause, 1.2816)


def test_as_long_as_the_cause_is_unknown_the_interval_is_wider(lesson: Lesson) -> None:
    repairs = cells(lesson, Part.REPAIR)
    unknown, tree = repairs["fuse/UNKNOWN/1/0/0"], repairs["fuse/VEGETATION/1/0/0"]
    width = [quantile(each, 900) / quantile(each, 100) for each in (unknown, tree)]
    assert width[0] > 1.3 * width[1]


def test_a_slow_crew_is_known_as_slow(lesson: Lesson) -> None:
    paces = {each.crew: each.permille for each in lesson.paces}
    assert paces["C-3"] > 1_200
    assert all(permille < 1_100 for crew, permille in paces.items() if crew != "C-3")


def test_eight_in_ten_of_the_repairs_that_were_not_seen_lie_in_the_interval(lesson: Lesson) -> None:
    assert lesson.covered_permille is not None
    assert 760 <= lesson.covered_permille <= 840


def test_what_was_learnt_covers_another_past_by_the_very_rules_of_the_product(lesson: Lesson) -> None:
    event = learnt_event(lesson, learning="L-1", area="A1", at=NOON, utc_offset_s=0, exercise=False)
    known = experience_of(event)
    assert known is not None
    draw, inside = random.Random(99), []
    for number in range(400):
        seen = past(number, draw, day=number // 12)
        order, back = seen.orders[0], seen.back_at
        assert order.arrived_at is not None
        assert back is not None
        work = Work(
            order="O", crew=order.crew, sent_at=order.sent_at, arrival=order.arrival, arrived_at=order.arrived_at,
            cause=order.cause,
        )  # fmt: skip
        of = Circumstances(
            device_class=seen.device_class,
            since=seen.opened_at,
            size=seen.size,
            open=3,
            before=1,
            lately=6,
            hazard=False,
        )
        stated = estimate(known, of, work, None, order.arrived_at)
        assert stated is not None
        assert stated.stage is Stage.ON_SITE
        inside.append(stated.low <= back <= stated.high)
    assert 0.74 <= sum(inside) / len(inside) <= 0.87


def test_every_wait_and_every_way_has_a_distribution(lesson: Lesson) -> None:
    for part in (Part.REACH, Part.ARRIVAL, Part.REPAIR):
        assert all(len(values) == 40 and values == sorted(values) for values in cells(lesson, part).values())
    assert min(map(min, cells(lesson, Part.ARRIVAL).values())) > 300
    assert quantile(cells(lesson, Part.ARRIVAL)["0/1/0"], 500) == pytest.approx(1_000, rel=0.15)


def test_of_too_few_repairs_nothing_is_learnt() -> None:
    few = learn(measure(pasts(LEAST_REPAIRS - 1), 0))
    assert (few.parts, few.paces, few.covered_permille) == ((), (), None)
    assert few.incidents == LEAST_REPAIRS - 1


def test_a_class_of_which_little_is_known_is_left_out() -> None:
    some = [
        dataclasses.replace(each, device_class="recloser") if number < 14 else each
        for number, each in enumerate(pasts(160))
    ]
    learnt = cells(learn(measure(some, 0)), Part.REPAIR)
    assert {name.split("/")[0] for name in learnt} == {"fuse", "transformer"}


def test_the_same_past_teaches_the_same() -> None:
    one, other = (learn(measure(pasts(130), 0)) for _ in range(2))
    told = [
        learnt_event(each, learning="L", area="A1", at=NOON, utc_offset_s=0, exercise=False) for each in (one, other)
    ]
    assert encode(told[0]) == encode(told[1])
    assert max(max(each.values) for part in one.parts for each in part.cells) < MINUTE_MS * 1_000
