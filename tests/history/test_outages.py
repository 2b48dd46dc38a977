"""Readings become outages: joined by number, ended only where that was seen, and what is no outage told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.history.causes import Cause
from services.history.outages import Kind, StartBasis, Why
from tests.history.files import CODED_HEADER, LIST_HEADER, ms, outages_of, read_map, shown, write


def test_the_readings_of_one_number_are_one_outage_that_ends_when_the_map_is_next_read_without_it(
    tmp_path: Path,
) -> None:
    rows = [
        shown("10:00", "7", customers=3),
        shown("12:00", "7", customers=9),
        shown("12:00", "8"),
        shown("14:00", "8"),
    ]
    first, second = read_map(tmp_path, *rows, readings={"10:00": 1, "12:00": 2, "14:00": 1, "16:00": 0})
    assert (first.incident, second.incident) in {("7", "8"), ("8", "7")}
    seven = first if first.incident == "7" else second
    assert (seven.kind, seven.why, seven.readings, seven.customers) == (Kind.OUTAGE, None, 2, 9)
    assert (seven.start_ms, seven.seen_until_ms, seven.end_ms) == (ms("09:00"), ms("12:00"), ms("14:00"))
    assert (seven.cause, seven.planned) == (Cause.WEATHER, False)


def test_without_a_number_start_and_place_name_the_outage_also_when_it_is_away_for_a_reading(tmp_path: Path) -> None:
    [one] = read_map(
        tmp_path, shown("10:00"), shown("14:00"), readings={"10:00": 1, "12:00": 0, "14:00": 1, "15:00": 0}
    )
    assert (one.readings, one.end_ms) == (2, ms("15:00"))


def test_a_new_number_for_the_same_start_and_place_is_the_same_outage_but_two_at_once_are_two(tmp_path: Path) -> None:
    [one] = read_map(tmp_path, shown("10:00", "7"), shown("12:00", "9"), readings={"10:00": 1, "12:00": 1, "14:00": 0})
    assert (one.incident, one.seen_from_ms, one.end_ms) == ("9", ms("10:00"), ms("14:00"))
    assert len(read_map(tmp_path, shown("10:00", "7"), shown("10:00", "9"), readings={"10:00": 2})) == 2


def test_an_outage_that_is_still_shown_last_is_unfinished(tmp_path: Path) -> None:
    [one] = read_map(tmp_path, shown("10:00", "7"), readings={"10:00": 1})
    assert (one.kind, one.why, one.end_ms) == (Kind.UNFINISHED, Why.STILL_SHOWN, None)


@pytest.mark.parametrize(("said", "why"), [(1, Why.FEED_CUT), (0, None)])
def test_what_vanishes_from_a_reading_that_lacks_rows_is_not_taken_as_restored(
    tmp_path: Path, said: int, why: Why | None
) -> None:
    [one] = read_map(tmp_path, shown("10:00", "7"), readings={"10:00": 1, "12:00": said})
    assert one.why is why
    assert (one.end_ms is None) == (why is not None)


def test_a_feed_that_is_full_at_the_same_number_again_and_again_ends_nothing(tmp_path: Path) -> None:
    def full(reading: str, first: int) -> list[str]:
        return [shown(reading, str(number), lat=30 + number / 1000) for number in range(first, first + 60)]

    outages = read_map(tmp_path, *full("10:00", 0), *full("12:00", 30))
    gone = [outage for outage in outages if int(outage.incident) < 30]
    assert {outage.why for outage in gone} == {Why.FEED_CUT}
    # A later reading that is whole proves that they are over.
    over = read_map(tmp_path, *full("10:00", 0), *full("12:00", 30), shown("13:00", "70", lat=30.07))
    assert {outage.end_ms for outage in over if int(outage.incident) < 30} == {ms("13:00")}


def test_what_vanishes_while_nobody_reads_is_not_taken_as_restored(tmp_path: Path) -> None:
    [one] = read_map(tmp_path, shown("01:00", "7", start="00:30"), readings={"01:00": 1, "14:00": 0})
    assert (one.kind, one.why) == (Kind.UNFINISHED, Why.NOT_READ)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (shown("10:00", "7", customers=0), Why.NO_CUSTOMERS),
        (shown("10:00", "7", cause="MEMBER REQUESTED"), Why.ASKED_FOR),
        (shown("10:00", "7", comment="Planned", start="11:00"), Why.NOT_BEGUN),
        (shown("10:00", "7", cause="11 MAINTENANCE", start="2026-05-01 08:00:00 MST"), Why.STANDING),
    ],
)
def test_a_record_that_is_no_outage_is_told_apart_with_its_reason(tmp_path: Path, row: str, why: Why) -> None:
    usual = [shown("10:00", str(number), lat=32 + number) for number in (1, 2)]
    [none] = [
        each for each in read_map(tmp_path, row, *usual, readings={"10:00": 3, "12:00": 0}) if each.incident == "7"
    ]
    assert (none.kind, none.why, none.end_ms) == (Kind.NO_OUTAGE, why, None)


def test_planned_work_is_known_by_its_comment_alone(tmp_path: Path) -> None:
    [one] = read_map(tmp_path, shown("10:00", "7", cause="Pending Investigation", comment="Planned"))
    assert (one.planned, one.cause, one.cause_known) == (True, Cause.PLANNED, True)


def test_a_map_whose_starts_lie_after_its_readings_writes_them_in_utc(tmp_path: Path) -> None:
    rows = [shown("10:00", start="16:30"), shown("10:00", start="15:10", lat=32)]
    starts = [(each.start_ms, each.start_basis) for each in read_map(tmp_path, *rows)]
    assert starts == [(ms("08:10"), StartBasis.WRITTEN_IN_UTC), (ms("09:30"), StartBasis.WRITTEN_IN_UTC)]


def test_one_start_that_cannot_be_is_replaced_by_the_first_reading(tmp_path: Path) -> None:
    rows = [shown("10:00", start="16:30"), shown("10:00", start="08:00", lat=32), shown("10:00", start="08:10", lat=33)]
    wrong = read_map(tmp_path, *rows)[-1]
    assert (wrong.start_ms, wrong.start_basis) == (ms("10:00"), StartBasis.FIRST_READING)


def test_an_unknown_spelling_is_unknown_and_kept_as_written(tmp_path: Path) -> None:
    [one] = read_map(tmp_path, shown("10:00", "7", cause="Aliens"))
    assert (one.cause, one.cause_known, one.cause_written) == (Cause.UNKNOWN, False, "Aliens")


def test_two_lists_that_hold_the_same_outage_hold_it_once(tmp_path: Path) -> None:
    write(
        tmp_path, "outages.csv", LIST_HEADER, "2018-08-19T12:14:36,S1,F1,3,Lightning,-80.6,34.9",
        "2018-08-19T12:14:36,S1,F1,8,Lightning,-80.7,34.8", "2018-08-19T12:14:36,S1,F2,0,Lightning,-80.7,34.8",
    )  # fmt: skip
    write(tmp_path, "with_codes.csv", CODED_HEADER, "2018-08-19T12:14:36,S1,F1,3,500 Lightning")
    outages = outages_of(tmp_path)
    assert sorted((each.customers, each.kind, each.why) for each in outages) == [
        (0, Kind.NO_OUTAGE, Why.NO_CUSTOMERS), (3, Kind.OUTAGE, Why.NOT_RECORDED), (8, Kind.OUTAGE, Why.NOT_RECORDED),
    ]  # fmt: skip
    assert {each.lon for each in outages if each.customers == 3} == {-80.6}
