from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from services.clock import to_ms
from services.dispatch.entities import Duty
from services.dispatch.hours import next_shift, on_duty_since, shift_at
from services.dispatch.roster import Crew, Shift
from services.dispatch.rules import DEFAULTS
from tests.dispatch.desk import Desk, crew_of, daily
from tests.stage_script import ms

CHICAGO = ZoneInfo("America/Chicago")


def shift_of(crew: Crew, clock: str, zone: dt.tzinfo = dt.UTC) -> tuple[int, int] | None:
    span = shift_at(crew, zone, ms(clock))
    return None if span is None else (span.start, span.end)


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_began() -> None:
    # The day of every script, 1 March 2026, is a Sunday.
    crew = crew_of("W1", shifts=(Shift(7, dt.time(22), dt.time(6)),))
    assert shift_of(crew, "21:59") is None
    assert shift_of(crew, "22:00") == shift_of(crew, "29:59") == (ms("22:00"), ms("30:00"))
    assert shift_of(crew, "30:00") is None
    assert next_shift(crew, dt.UTC, ms("30:00")) == ms("22:00") + 7 * 86_400_000


def test_shifts_are_hours_of_the_utilitys_day_also_when_the_clocks_change() -> None:
    crew = crew_of("W1", shifts=daily("06:00", "14:00"))
    assert shift_of(crew, "13:00", CHICAGO) == (ms("12:00"), ms("20:00"))
    # On 8 March 2026 the clocks go forward in Chicago: six o'clock is 11:00 UTC.
    sunday = to_ms(dt.datetime(2026, 3, 8, 11, 30, tzinfo=dt.UTC))
    span = shift_at(crew, CHICAGO, sunday)
    assert span is not None
    assert span.start == to_ms(dt.datetime(2026, 3, 8, 11, tzinfo=dt.UTC))


def test_shifts_that_touch_are_one() -> None:
    crew = crew_of("W1", shifts=(*daily("06:00", "14:00"), *daily("14:00", "18:00")))
    assert shift_of(crew, "13:00") == shift_of(crew, "14:00") == (ms("06:00"), ms("18:00"))


@pytest.mark.parametrize(
    ("duty", "since"),
    [
        (Duty(id="W1"), "06:00"),
        (Duty(id="W1", signed_on=ms("04:00")), "04:00"),
        (Duty(id="W1", signed_on=ms("07:30")), "07:30"),
        (Duty(id="W1", since=ms("01:00"), worked_until=ms("03:00")), "01:00"),
        (Duty(id="W1", since=ms("00:00") - 7_200_000, worked_until=ms("00:00") - 7_200_000), "06:00"),
        (Duty(id="W1", since=ms("02:00"), order="O-1"), "02:00"),
    ],
    ids=["by the shift", "signed on before", "signed on late", "too short a rest", "rest enough", "at work"],
)
def test_duty_begins_with_the_sign_on_or_the_shift_and_goes_on_through_too_short_a_rest(duty: Duty, since: str) -> None:
    shift = shift_at(crew_of("W1", shifts=daily("06:00", "14:00")), dt.UTC, ms("08:00"))
    assert on_duty_since(duty, shift, ms("08:00"), DEFAULTS) == ms(since)


def test_nobody_is_sent_outside_of_the_shift_and_somebody_is_when_it_begins() -> None:
    desk = Desk(crew_of("W1", shifts=daily("08:00", "16:00")))
    desk.at("06:00").incident("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "offShift")
    desk.at("07:59:59")
    desk.expect_orders("I-1")
    desk.at("08:00")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_a_crew_that_signs_on_outside_of_its_shifts_was_called_in() -> None:
    desk = Desk(crew_of("W1", shifts=daily("12:00", "20:00")))
    desk.at("06:00").incident("I-1")
    desk.at("06:10").crew("W1", "signedOn")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))
    assert ("available", "signedOn") in desk.why("crew", "W1")


def test_a_sign_on_for_a_shift_does_not_outlast_it() -> None:
    desk = Desk(crew_of("W1", shifts=daily("06:00", "14:00")))
    desk.at("06:00").crew("W1", "signedOn")
    desk.at("14:00").incident("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "offShift")


def test_a_crew_near_the_end_of_its_shift_goes_only_when_nobody_else_can() -> None:
    desk = Desk(crew_of("W1", shifts=daily("06:00", "14:00")), "E1")
    desk.at("13:30").incident("I-1")
    desk.incident("I-2", since="05:30")
    desk.expect_orders("I-1", ("E1", "sent", "nearestDepot"))
    desk.expect_orders("I-2", ("W1", "sent", "nearestDepotPastShift"))


def test_the_end_of_the_shift_does_not_take_a_crew_from_its_work() -> None:
    desk = Desk(crew_of("W1", shifts=daily("06:00", "14:00")))
    desk.at("12:00").incident("I-1")
    desk.at("12:01").crew("W1", "accepted", "enroute", "arrived")
    desk.at("15:00")
    desk.expect_orders("I-1", ("W1", "arrived", "crewReported"))


def test_work_that_would_end_after_sixteen_hours_of_duty_is_not_begun() -> None:
    desk = Desk("W1")
    desk.at("00:00").crew("W1", "signedOn")
    desk.at("15:30").incident("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "hoursUp")
    desk.at("16:00").crew("W1", "offDuty")
    desk.at("20:00").crew("W1", "signedOn")
    desk.expect_orders("I-1")
    desk.at("20:01").crew("W1", "offDuty")
    desk.at("28:02").crew("W1", "signedOn")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_after_sixteen_hours_of_duty_work_is_handed_over_even_on_site() -> None:
    desk = Desk("W1", "E1")
    desk.at("00:00:01").crew("W1", "signedOn")
    desk.at("15:00").incident("I-1")
    desk.at("15:01").crew("W1", "accepted", "enroute", "arrived")
    desk.at("16:00:00")
    desk.expect_orders("I-1", ("W1", "arrived", "crewReported"))
    desk.at("16:00:01")
    desk.expect_orders("I-1", ("W1", "handedOver", "hoursUp"), ("E1", "sent", "nearestDepot"))


def test_the_hours_of_a_crew_without_shifts_count_from_its_first_order_and_eight_hours_without_one_are_rest() -> None:
    desk = Desk("W1")
    desk.at("00:00").incident("I-1")
    desk.at("00:01").crew("W1", "accepted", "enroute", "arrived")
    desk.at("15:20").crew("W1", "done", found="FUSE-1")
    desk.incident("I-1", "restored")
    desk.at("15:30").incident("I-2")
    assert desk.why("job", "I-2")[-1] == ("waiting", "hoursUp")
    desk.at("23:19")
    desk.expect_orders("I-2")
    desk.at("23:21")
    desk.expect_orders("I-2", ("W1", "sent", "nearestDepot"))


def test_a_sign_off_that_was_forgotten_does_not_keep_a_crew_from_work_for_ever() -> None:
    desk = Desk("W1")
    desk.at("00:00").crew("W1", "signedOn")
    desk.at("20:00").incident("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "hoursUp")
    desk.at("24:01")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_a_crew_that_signs_on_twice_does_not_begin_its_hours_anew() -> None:
    desk = Desk("W1")
    desk.at("00:00").crew("W1", "signedOn")
    desk.at("10:00").crew("W1", "signedOn")
    desk.at("15:30").incident("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "hoursUp")


def test_duty_goes_before_standby_and_the_hours_of_standby_are_not_hours_of_duty() -> None:
    crew = crew_of("W1", shifts=(*daily("00:00", "00:00", "standby"), *daily("06:00", "14:00")))
    assert shift_of(crew, "08:00") == (ms("06:00"), ms("14:00"))
    standby = shift_at(crew, dt.UTC, ms("20:00"))
    assert standby is not None
    assert standby.on_call
    assert on_duty_since(Duty(id="W1"), standby, ms("20:00"), DEFAULTS) == ms("20:00")
    worked = Duty(id="W1", since=ms("06:00"), worked_until=ms("14:00"))
    assert on_duty_since(worked, standby, ms("20:00"), DEFAULTS) == ms("06:00")
