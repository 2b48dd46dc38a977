"""What is measured of the past: what the inference could have known then, and how long each part took."""

from __future__ import annotations

import dataclasses

from services.estimates.measuring import Arrival, Foreseen, Past, PastOrder, Reach, measure

MINUTE_MS = 60_000
NOON = 1_772_366_400_000


def at(minutes: int) -> int:
    return NOON + minutes * MINUTE_MS


def past(name: str, opened: int, sent: int, arrived: int, back: int, **given: object) -> Past:
    """Return an incident; minutes after noon."""
    order = PastOrder(crew="C-1", sent_at=at(sent), arrival=at(arrived - 5), arrived_at=at(arrived), cause="WEATHER")
    made = Past(
        id=name, area="A1", device_class="fuse", opened_at=at(opened), over_at=at(back), back_at=at(back), size=10,
        orders=(order,),
    )  # fmt: skip
    return dataclasses.replace(made, **given)  # type: ignore[arg-type]


def test_each_part_is_measured_from_where_it_begins() -> None:
    measured = measure([past("I-1", 0, 30, 50, 110)], 0)
    (repair,) = measured.repairs
    assert (measured.incidents, repair.took_s, repair.cause, repair.crew) == (1, 60 * 60, "WEATHER", "C-1")
    assert measured.arrivals == [Arrival(0, 0, 15 * 60, 0, 20 * 1_000 // 15)]
    assert [(each.waited_s, each.took_s) for each in measured.reaches] == [(0, 50 * 60), (20 * 60, 30 * 60)]


def test_who_else_waits_with_as_many_customers_goes_before() -> None:
    first = past("I-1", 0, 60, 70, 90, size=30)
    small = past("I-2", 1, 100, 110, 130, size=5)
    other = past("I-3", 2, 40, 45, 60, size=30, area="A2")
    opening = {each.took_s: each for each in measure([first, small, other], 0).reaches if each.waited_s == 0}
    assert opening[110 * 60 - 60] == Reach(0, 1, 5, 2, 0, 109 * 60)
    assert opening[70 * 60].before == 0


def test_an_incident_that_went_up_in_another_or_that_nobody_mended_is_not_measured_and_still_counts_as_open() -> None:
    merged = past("I-1", 0, 5, 6, 200, back_at=None, orders=())
    nobody = past("I-2", 0, 5, 6, 200, orders=())
    measured = measure([merged, nobody, past("I-3", 10, 20, 30, 40)], 0)
    assert measured.incidents == 1
    assert measured.arrivals[0].open == 2


def test_a_crew_that_left_before_power_was_back_did_not_mend_it() -> None:
    gone = PastOrder(crew="C-1", sent_at=at(5), arrival=at(10), arrived_at=at(12))
    mended = PastOrder(crew="C-2", sent_at=at(30), arrival=at(40), arrived_at=at(42))
    late = PastOrder(crew="C-3", sent_at=at(80), arrival=at(90), arrived_at=at(95))
    measured = measure([past("I-1", 0, 0, 0, 90, orders=(gone, mended, late))], 0)
    assert [(each.crew, each.took_s) for each in measured.repairs] == [("C-2", 48 * 60)]
    assert [each.took_permille for each in measured.arrivals] == [37 * 1_000 // 5, 12 * 1_000 // 10]


def test_nights_and_storms_are_told_apart() -> None:
    night = past("I-1", 10 * 60, 11 * 60, 12 * 60, 13 * 60)
    measured = measure([past("I-2", 0, 10, 20, 30), night], 0)
    assert [(each.night, each.group) for each in measured.repairs] == [(0, 0), (1, 1)]
    assert [each.night for each in measure([past("I-2", 0, 10, 20, 30)], 10 * 3_600).repairs] == [1]


def test_what_a_plan_foresaw_is_measured_from_when_it_said_so() -> None:
    planned = past("I-1", 0, 55, 60, 90, planned=((at(0), at(40)), (at(30), at(60))))
    assert measure([planned], 0).planned == [
        Foreseen(0, 40 * 60, planned.size, 1, 0, 1_500),
        Foreseen(0, 30 * 60, planned.size, 1, 30 * 60, 1_000),
    ]
