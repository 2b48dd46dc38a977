"""Estimates as distributions: parts are added value by value, what has lasted goes on, a promise is kept nine times in ten."""

from __future__ import annotations

import dataclasses
import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.codec import decode, encode
from schemas.events import EstimatesLearnt
from schemas.events.estimates import Bounds, Cell, Learnt, Pace, Part
from schemas.topics import OUTAGE_ESTIMATES
from services.clock import from_ms
from services.outages.estimating import (
    FORGIVEN_S,
    KEPT,
    QUARTER_MS,
    Circumstances,
    Experience,
    Lately,
    Planned,
    Stage,
    Work,
    added,
    estimate,
    experience_of,
    is_worth_changing,
    kept,
    lasting,
    promise,
    quantile,
)

NOON = 1_772_366_400_000
HOUR_S, MINUTE_MS = 3_600, 60_000
SPREADS = st.lists(st.integers(0, 10_000), min_size=1, max_size=30).map(sorted)


def minutes(*values: int) -> list[int]:
    return [60 * value for value in values]


BOUNDS = {
    "before": [2], "size": [20], "waited": [1_800], "waiting": [1_800], "lead": [3_600],
    "lately": [], "open": [], "drive": [], "pace": [900, 1_200],
}  # fmt: skip


def told(**parts: dict[str, list[int]]) -> EstimatesLearnt:
    """Return what an area is told: distributions by part and circumstances."""
    return EstimatesLearnt(
        id="learnt-1",
        at=from_ms(NOON),
        area="A1",
        learning="L-1",
        incidents=300,
        utc_offset_s=0,
        bounds=[Bounds(of=name, at=at) for name, at in BOUNDS.items()],
        parts=[
            Learnt(part=Part(part), measured=200, cells=[Cell(of=of, values=values) for of, values in cells.items()])
            for part, cells in parts.items()
        ],
        paces=[Pace(crew="SLOW", permille=1_500)],
    )


def known(**parts: dict[str, list[int]]) -> Experience:
    found = experience_of(told(**parts))
    assert found is not None
    return found


REPAIRS = {
    "fuse/UNKNOWN/0/0/0": minutes(30, 40, 50, 60, 70, 80, 90, 100, 110, 120),
    "fuse/VEGETATION/0/0/0": minutes(90, 100, 110, 120, 130, 140, 150, 160, 170, 180),
}
TABLE = known(
    repair=REPAIRS,
    arrival={"0/0/0": [800, 1_000, 1_200], "1/0/0": [900, 1_000, 1_100]},
    reach={
        "0/0/0/0": minutes(20, 40, 60),
        "0/0/0/1": minutes(100, 200, 300),
        "1/0/0/0": minutes(400, 500, 600),
        "0/1/0/0": minutes(10, 20, 30),
    },
)
FUSE = Circumstances(device_class="fuse", since=NOON, size=1, open=0, before=0, lately=1, hazard=False)
ORDERED = Work(order="O-1", crew="C-1", sent_at=NOON, arrival=NOON + 20 * MINUTE_MS)
ON_SITE = replace(ORDERED, arrived_at=NOON)


# ------------------------------------------------------------------------------------------------- distributions
@given(SPREADS, SPREADS)
def test_the_sum_of_two_parts_has_every_pair_and_not_the_sum_of_their_quantiles(
    one: list[int], other: list[int]
) -> None:
    both = added(one, other)
    assert both == sorted(a + b for a, b in itertools.product(one, other))
    assert sum(both) == sum(one) * len(other) + sum(other) * len(one)


def test_the_interval_of_a_sum_is_narrower_than_the_sum_of_the_intervals() -> None:
    part = list(range(0, 1_000, 25))
    both = added(part, part)
    assert quantile(both, 900) - quantile(both, 100) < 2 * (quantile(part, 900) - quantile(part, 100))


@given(SPREADS, st.integers(0, 1_000), st.integers(0, 1_000))
def test_quantiles_ascend_and_lie_within(spread: list[int], one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert spread[0] <= quantile(spread, low) <= quantile(spread, high) <= spread[-1]


@given(SPREADS, st.integers(0, 12_000))
def test_what_has_lasted_goes_on_for_a_while_and_forgets_what_was_shorter(spread: list[int], lasted: int) -> None:
    left = lasting(spread, lasted)
    assert left == sorted(left)
    longer = [value for value in spread if value > lasted]
    if len(longer) >= 3:
        assert left == [value - lasted for value in longer]
    else:
        assert left[0] >= 1


# --------------------------------------------------------------------------------------------------- stages of work
def test_a_repair_that_has_lasted_an_hour_is_not_over_in_the_time_that_was_left_of_the_median() -> None:
    fresh = estimate(TABLE, FUSE, ON_SITE, None, NOON)
    later = estimate(TABLE, FUSE, ON_SITE, None, NOON + 60 * MINUTE_MS)
    assert fresh is not None
    assert later is not None
    assert (fresh.stage, later.stage) == (Stage.ON_SITE, Stage.ON_SITE)
    assert fresh.median == NOON + 75 * MINUTE_MS
    assert later.left == [600, 1_200, 1_800, 2_400, 3_000, 3_600]
    assert later.median == NOON + 95 * MINUTE_MS > fresh.median


def test_what_outlasts_everything_that_is_known_goes_on_in_proportion() -> None:
    late = estimate(TABLE, FUSE, ON_SITE, None, NOON + 8 * HOUR_S * 1_000)
    assert late is not None
    assert NOON + 8 * HOUR_S * 1_000 < late.low < late.median < late.high


def test_the_cause_that_a_crew_tells_changes_what_is_expected() -> None:
    unknown = estimate(TABLE, FUSE, ON_SITE, None, NOON)
    tree = estimate(TABLE, FUSE, replace(ON_SITE, cause="VEGETATION"), None, NOON)
    other = estimate(TABLE, FUSE, replace(ON_SITE, cause="WILDLIFE"), None, NOON)
    assert unknown is not None
    assert tree is not None
    assert tree.median - unknown.median == 60 * MINUTE_MS
    assert other == unknown, "of a cause that was too seldom nothing of its own is known"


def test_a_slow_crew_and_a_day_on_which_all_is_slow_take_longer() -> None:
    usual = estimate(TABLE, FUSE, ON_SITE, None, NOON)
    slow = estimate(TABLE, FUSE, replace(ON_SITE, crew="SLOW"), None, NOON)
    day = known(repair=REPAIRS, lately={"0": [800], "1": [1_000], "2": [1_300]})
    bad = estimate(day, replace_circumstances(pace=1_400), ON_SITE, None, NOON)
    assert usual is not None
    assert slow is not None
    assert bad is not None
    assert (slow.median - NOON) * 2 == (usual.median - NOON) * 3
    assert (bad.median - NOON) * 10 == (usual.median - NOON) * 13


def test_with_a_crew_ordered_its_way_and_the_repair_are_left_and_the_way_shrinks_as_it_is_driven() -> None:
    sent = estimate(TABLE, FUSE, ORDERED, None, NOON)
    near = estimate(TABLE, FUSE, replace(ORDERED, under_way=True), None, NOON + 15 * MINUTE_MS)
    assert sent is not None
    assert near is not None
    assert sent.stage is Stage.ORDERED
    assert sent.left == added(minutes(16, 20, 24), REPAIRS["fuse/UNKNOWN/0/0/0"])
    assert near.left == added(minutes(3, 5, 7), REPAIRS["fuse/UNKNOWN/0/0/0"])


def test_who_waits_behind_others_and_for_long_waits_longer() -> None:
    first = estimate(TABLE, FUSE, None, None, NOON)
    behind = estimate(TABLE, replace_circumstances(before=5), None, None, NOON)
    long = estimate(TABLE, FUSE, None, None, NOON + 45 * MINUTE_MS)
    assert first is not None
    assert behind is not None
    assert long is not None
    assert (first.stage, first.left) == (Stage.WAITING, added(minutes(20, 40, 60), REPAIRS["fuse/UNKNOWN/0/0/0"]))
    assert behind.median - first.median == 460 * MINUTE_MS
    many = estimate(TABLE, replace_circumstances(size=20), None, None, NOON)
    assert many is not None
    assert first.median - many.median == 20 * MINUTE_MS
    assert long.left == added(minutes(100, 200, 300), REPAIRS["fuse/UNKNOWN/0/0/0"])


def test_a_planned_arrival_takes_the_place_of_the_wait_and_is_less_certain_than_an_order() -> None:
    planned = estimate(TABLE, FUSE, None, Planned(said_at=NOON, arrival=NOON + 20 * MINUTE_MS), NOON)
    ordered = estimate(TABLE, FUSE, ORDERED, Planned(said_at=NOON, arrival=NOON + 20 * MINUTE_MS), NOON)
    assert planned is not None
    assert ordered is not None
    assert (planned.stage, ordered.stage) == (Stage.PLANNED, Stage.ORDERED)
    assert planned.high - planned.low > ordered.high - ordered.low
    assert abs(planned.median - ordered.median) <= 5 * MINUTE_MS


def test_a_planned_arrival_slips_as_those_of_such_incidents_did() -> None:
    slipping = known(
        repair=REPAIRS,
        planned={"0/0/0/0": [1_000, 2_000, 3_000], "0/1/0/0": [1_000, 1_000, 1_500], "0/0/0/1": [1_000, 4_000, 5_000]},
    )
    foreseen = Planned(said_at=NOON, arrival=NOON + 20 * MINUTE_MS)
    few = estimate(slipping, FUSE, None, foreseen, NOON)
    many = estimate(slipping, replace_circumstances(size=20), None, foreseen, NOON)
    long = estimate(slipping, replace_circumstances(since=NOON - 3_600_000), None, foreseen, NOON)
    assert few is not None
    assert many is not None
    assert long is not None
    repair = REPAIRS["fuse/UNKNOWN/0/0/0"]
    assert few.left == added(minutes(20, 40, 60), repair)
    assert many.left == added(minutes(20, 20, 30), repair)
    assert long.left == added(minutes(20, 80, 100), repair)


def test_what_was_learnt_by_other_circumstances_is_not_taken_for_these() -> None:
    earlier = told(repair=REPAIRS, reach={"0/0/0/0": minutes(20, 40, 60)})
    found = experience_of(
        msgspec.structs.replace(earlier, bounds=[each for each in earlier.bounds if each.of != "size"])
    )
    assert found is not None
    assert estimate(found, FUSE, None, None, NOON) is None
    assert estimate(found, FUSE, ON_SITE, None, NOON) is not None


def test_once_repaired_power_is_expected_within_minutes() -> None:
    repaired = estimate(TABLE, FUSE, replace(ON_SITE, repaired_at=NOON), None, NOON)
    assert repaired is not None
    assert (repaired.stage, repaired.median - NOON <= 5 * MINUTE_MS) == (Stage.REPAIRED, True)


def test_of_a_class_of_devices_with_too_little_history_nothing_is_stated() -> None:
    assert estimate(TABLE, replace_circumstances(device_class="recloser"), ON_SITE, None, NOON) is None


def replace_circumstances(**fields: object) -> Circumstances:
    return dataclasses.replace(FUSE, **fields)  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------------------------- promises
@given(st.lists(st.integers(60, 200_000), min_size=10, max_size=60).map(sorted))
def test_a_promise_is_a_full_quarter_hour_not_before_the_median_and_kept_nine_times_in_ten(left: list[int]) -> None:
    until = promise(left, NOON)
    assert until % QUARTER_MS == 0
    assert until >= NOON + 1_000 * quantile(left, 500)
    assert kept(left, (until - NOON) // 1_000) >= KEPT - 1_000 // len(left)
    assert until < NOON + 1_000 * max(quantile(left, 500), left[-1] - FORGIVEN_S) + QUARTER_MS


def test_a_promise_is_changed_when_it_has_passed_or_will_hardly_be_kept_and_not_for_a_few_minutes() -> None:
    new = estimate(TABLE, FUSE, ON_SITE, None, NOON)
    assert new is not None
    assert is_worth_changing(NOON, new, NOON, news=False), "it has passed"
    assert is_worth_changing(NOON + 15 * MINUTE_MS, new, NOON, news=False), "it will hardly be kept"
    assert not is_worth_changing(new.promise - QUARTER_MS, new, NOON, news=True), "a quarter of an hour is not worth it"
    assert not is_worth_changing(new.promise + 2 * QUARTER_MS, new, NOON, news=True)


def test_power_is_promised_earlier_only_if_there_is_news_and_it_is_much() -> None:
    new = estimate(TABLE, FUSE, ON_SITE, None, NOON)
    assert new is not None
    far = new.promise + 4 * HOUR_S * 1_000
    assert is_worth_changing(far, new, NOON, news=True)
    assert not is_worth_changing(far, new, NOON, news=False)


# ------------------------------------------------------------------------------------------------------------- tables
def test_a_table_goes_through_its_event_and_comes_out_the_same() -> None:
    event = told(repair=REPAIRS, reach={"0/0/0/0": minutes(1, 2)})
    read = decode(encode(event), OUTAGE_ESTIMATES)
    assert isinstance(read, EstimatesLearnt)
    found = experience_of(read)
    assert found == experience_of(event)
    assert found is not None
    assert found.knows(Part.REPAIR, "fuse", "UNKNOWN", 0, 0, 0) == tuple(REPAIRS["fuse/UNKNOWN/0/0/0"])


@pytest.mark.parametrize("values", [[], [3, 2], list(range(101))])
def test_a_distribution_that_cannot_be_is_refused(values: list[int]) -> None:
    assert experience_of(told(repair={"fuse/UNKNOWN/0/0/0": values})) is None


def test_bands_that_do_not_ascend_are_refused() -> None:
    event = told(repair=REPAIRS)
    assert experience_of(replace(event, bounds=[Bounds(of="open", at=[5, 2])])) is None


@pytest.mark.parametrize(("hour", "offset_h", "night"), [(12, 0, 0), (23, 0, 1), (3, 0, 1), (12, 9, 1), (23, -6, 0)])
def test_nights_are_nights_of_the_utility(hour: int, offset_h: int, night: int) -> None:
    there = replace(TABLE, utc_offset_s=offset_h * HOUR_S)
    assert there.is_night(NOON + (hour - 12) * HOUR_S * 1_000) == night


def test_what_went_on_lately_is_forgotten_after_half_a_day() -> None:
    lately = Lately(id="A1")
    for hour in range(5):
        lately = lately.one_more(NOON + hour * HOUR_S * 1_000).repaired(NOON + hour * HOUR_S * 1_000, 1_000 + hour)
    evening = NOON + 4 * HOUR_S * 1_000
    assert (lately.count(evening), lately.pace(evening)) == (5, 1_002)
    assert (lately.count(evening + 10 * HOUR_S * 1_000), lately.pace(evening + 10 * HOUR_S * 1_000)) == (2, None)
