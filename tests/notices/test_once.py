"""Once, and only while it holds: who told us himself, caps, notices of a return that are called back, keys."""

from __future__ import annotations

import dataclasses

import pytest

from schemas.events import OrderState
from services.notices.audience import Returned
from services.notices.forgetting import EVERY_MS
from services.notices.moments import LIFETIME_MS
from services.notices.people import Manners, Reached
from services.notices.reasons import Reason
from tests.notices.storm import (
    BACK,
    CHANGE,
    CLOSED,
    CREW,
    DAY_AND_NIGHT,
    FIRST,
    MINUTE_MS,
    OUT,
    PARTIAL,
    RESTORED,
    STILL,
    T0,
    Storm,
    each_alone,
    phone,
)


@pytest.fixture
def storm() -> Storm:
    return Storm()


def test_who_told_us_himself_is_not_told_that_power_is_out_but_of_what_follows(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab", told_us="a", estimate=None).decide().expect(("b", OUT))
    storm.at(9).incident("I", estimate=90).decide().expect(("ab", FIRST))
    storm.at(20).order("O", "I", OrderState.ENROUTE).decide().expect(("ab", CREW))
    storm.at(60).incident("I", RESTORED, back="ab").decide().expect(("ab", BACK))


def test_who_told_us_is_told_the_estimate_there_is(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", told_us="a", estimate=90).decide().expect(("a", FIRST))


def test_who_asked_and_was_answered_is_not_told_the_same(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab", estimate=90).writes(phone("a"), "OUT").decide().expect(("b", OUT))
    assert "We know that power is out at your address since 18:00. We expect it to return by 19:30." in storm.words()
    storm.at(5).incident("I", estimate=95).decide().expect()
    storm.at(40).incident("I", estimate=150).decide().expect(("ab", CHANGE))
    storm.at(60).incident("I", RESTORED, back="ab").decide().expect(("ab", BACK))


def test_an_answer_that_was_not_given_tells_nothing(storm: Storm) -> None:
    for minute in range(6):
        storm.at(minute).writes(phone("a"), "help", f"{minute}").decide()
    storm.at(7).incident("I", out="a").writes(phone("a"), "STATUS").decide().expect(("a", OUT))


def test_a_re_fed_step_is_told_at_once_while_others_stay_out(storm: Storm) -> None:
    storm.at(1).incident("I", out="abc").decide()
    storm.at(20).incident("I", PARTIAL, back="ab").decide().expect(("ab", BACK))
    storm.at(30).incident("I", RESTORED, back="c").decide().expect(("c", BACK))


def test_who_calls_again_after_his_return_was_told_hears_of_another_repair(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab").decide()
    storm.at(30).incident("I", RESTORED, back="ab").decide().expect(("ab", BACK))
    storm.at(34).incident("N", out="a", told_us="a", upstream="I", estimate=None).decide().expect(("a", STILL))
    assert storm.words() == [
        "The main line is back, but power at your address needs another repair. We will text you when we know more."
    ]


def test_a_nested_incident_found_beside_one_that_is_not_mended_says_nothing_of_a_main_line(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab").decide()
    storm.at(30).incident("I", PARTIAL, back="a").incident("N", out="b", upstream="I", reason="foundByCrew").decide()
    storm.expect(("a", BACK))


def test_who_is_handed_on_while_nothing_above_is_mended_is_told_nothing_new(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab").decide()
    storm.at(9).incident("J", out="b").decide().expect()


def test_a_late_return_is_not_sent_for_an_outage_that_is_open_again(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    storm.at(30).incident("I", PARTIAL, back="a").decide().expect(("a", BACK))
    storm.at(33).incident("I", out="a", since=32).decide().expect(("a", OUT))
    assert storm.key("a", BACK) in storm.outcomes[-1].recalled
    assert ("recalled", Reason.OUT_AGAIN) in storm.reasons
    assert storm.words()[0].startswith("Power is out at your address since 18:32.")


def test_a_return_of_several_premises_is_called_back_and_told_anew_for_those_that_have_power() -> None:
    storm = Storm({c: Reached(phones=(phone(1),), name=f"SP-{c}") for c in "ab"})
    storm.at(1).incident("I", out="ab").decide()
    storm.at(30).incident("I", PARTIAL, back="ab").decide().expect(("ab", BACK))
    first = storm.key("a", BACK)
    storm.at(33).incident("I", out="a", since=32).decide().expect(("a", OUT), ("b", BACK))
    assert storm.outcomes[-1].recalled == [first]
    assert sorted(words[:25] for words in storm.words()) == ["Power is out at SP-a sinc", "The power is back at SP-b"]


def test_a_return_that_was_surely_sent_is_not_told_twice_to_the_others() -> None:
    storm = Storm({c: Reached(phones=(phone(1),), name=f"SP-{c}") for c in "ab"})
    storm.at(1).incident("I", out="ab").decide()
    storm.at(30).incident("I", PARTIAL, back="ab").decide().expect(("ab", BACK))
    storm.at(60).incident("I", out="a", since=59).decide().expect(("a", OUT))


def test_who_came_back_is_remembered_as_long_as_the_notice_of_it_can_be_sent(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    storm.at(2).incident("I", RESTORED, back="a").decide()
    storm.at(9).incident("I", CLOSED).decide()
    assert list(storm.entities[Returned.kind]) == ["a"]
    later = (LIFETIME_MS[BACK] + EVERY_MS) // MINUTE_MS + 9
    storm.at(later).incident("J", out="b", since=later).decide()
    storm.at(later + 61).incident("J", estimate=later + 600).decide()
    assert storm.entities[Returned.kind] == {}


def capped(texts: int) -> Manners:
    return dataclasses.replace(DAY_AND_NIGHT, texts_a_day=texts)


def test_a_phone_gets_so_many_texts_on_a_day_and_the_rest_of_it_tomorrow_as_it_stands_then() -> None:
    storm = Storm("ab", capped(2))
    storm.at(1).incident("I", out="ab", estimate=None).decide().expect(("ab", OUT))
    storm.at(2).incident("I", estimate=600).decide().expect(("ab", FIRST))
    storm.at(9).order("O", "I", OrderState.ENROUTE).decide().expect()
    assert ("waits", Reason.CAPPED) in storm.reasons
    assert storm.wake_at == T0 + 6 * 60 * MINUTE_MS
    storm.at(30).incident("I", PARTIAL, back="b", estimate=600).decide().expect()
    storm.at(6 * 60).decide().expect(("a", CREW), ("b", BACK))
    storm.at(6 * 60 + 1).incident("I", RESTORED, back="a").decide().expect(("a", BACK))
    storm.at(6 * 60 + 2).incident("J", out="a", since=362).decide().expect()


def test_answers_do_not_count_to_the_texts_of_a_day() -> None:
    storm = Storm("a", capped(1))
    for minute in range(3):
        storm.at(minute).writes(phone("a"), "help", f"{minute}").decide()
    storm.at(9).incident("I", out="a").decide().expect(("a", OUT))


def test_texts_are_counted_by_phone() -> None:
    people = {c: Reached(phones=(phone(1),), name=c) for c in "ab"} | each_alone("c")
    storm = Storm(people, capped(1))
    storm.at(1).incident("I", out="a").decide().expect(("a", OUT))
    storm.at(2).incident("J", out="bc").decide().expect(("c", OUT))


def test_a_notice_tells_of_which_revision_it_is_and_its_key_is_its_own(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", estimate=None).decide()
    storm.at(2).incident("I", estimate=90).decide()
    storm.at(40).incident("I", estimate=150).decide()
    storm.at(80).incident("I", estimate=120).decide()
    told = [(record.moment, record.revision) for outcome in storm.outcomes for record in outcome.records]  # type: ignore[attr-defined]
    assert told == [(OUT, 1), (FIRST, 2), (CHANGE, 3), (CHANGE, 4)]
    keys = [effect.key for outcome in storm.outcomes for effect in outcome.effects]
    assert len(set(keys)) == 4


def test_a_customer_who_is_gone_from_the_utility_waits_for_nothing(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", estimate=120).decide()
    storm.at(5).incident("I", estimate=180).decide().expect()
    after = Storm("b")
    after.entities, after.outcomes = storm.entities, storm.outcomes
    after.at(31).decide().expect()
    assert after.wake_at is None
