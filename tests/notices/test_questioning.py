"""A customer is asked by text whether power is on, and his one word is understood while the question is open."""
# ruff: noqa: RUF001 (as people and Chinese write)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schemas.events import CustomerAsked, OutageReported, ReportKind
from schemas.ids import derived
from services.clock import from_ms
from services.notices.gsm import segments
from services.notices.keywords import said_of_power
from services.notices.moments import Moment
from services.notices.people import People, Reached
from services.notices.reasons import Reason
from tests.notices.storm import DAY_AND_NIGHT, MINUTE_MS, NIGHTLY, Storm, each_alone, phone, text_of

if TYPE_CHECKING:
    from services.notices.people import Manners

QUESTION = Moment.QUESTION
EVENING, NIGHT = 60, 5 * 60
"""Minutes after 18:00."""


def asked(storm: Storm, customer: str, *, at_night: bool = False, name: str = "") -> Storm:
    """Have the inference want a customer to be asked now."""
    return storm.fact(
        CustomerAsked(
            id=derived("customerAsked", customer, name, storm.now),
            at=from_ms(storm.now),
            exercise=storm.exercise,
            area="A1",
            region="R1",
            incident="I",
            customer=customer,
            device="L1",
            other="T11",
            at_night=at_night,
        )
    )


def reported(storm: Storm) -> list[tuple[ReportKind, str | None, str | None]]:
    """Return what the last turn reported: kind, customer, phone."""
    events = [emission.event for emission in storm.outcomes[-1].events]
    return [(e.kind, e.customer, e.phone) for e in events if isinstance(e, OutageReported)]


@pytest.fixture
def storm() -> Storm:
    """`z` and `y` with a phone each, the second Chinese; one phone for `a` and `b`; `n` wants no texts."""
    people = {
        **each_alone("z"),
        "y": Reached(phones=(phone("y"),), name="SP-y", language="zh"),
        "a": Reached(phones=(phone(1),), name="SP-a"),
        "b": Reached(phones=(phone(1),), name="SP-b"),
        "n": Reached(phones=(phone("n"),), name="SP-n", consents=False),
    }
    return Storm(people, NIGHTLY)


def test_a_customer_is_asked_in_his_language_in_one_segment_that_expires_after_half_an_hour(storm: Storm) -> None:
    asked(asked(storm.at(EVENING), "z"), "y").decide().expect(("z", QUESTION), ("y", QUESTION))
    assert sorted(storm.words()) == [
        "Is your power on? Answer Y or N. It helps us to find a fault near you. STOP ends texts.",
        "您处现在有电吗？请回复有或没有，帮助我们查找附近故障。回复退订停收。",
    ]
    assert all(segments(words) == 1 for words in storm.words())
    assert {effect.expires_at for effect in storm.outcomes[-1].effects} == {storm.now + 30 * MINUTE_MS}
    assert [notice.incident for notice in storm.notices()] == ["I", "I"]
    assert storm.reasons == [("due", Reason.POWER_QUESTION)] * 2


def test_the_question_of_an_exercise_says_so() -> None:
    storm = Storm("z", NIGHTLY, exercise=True)
    asked(storm.at(EVENING), "z").decide()
    assert text_of(storm.outcomes[-1].effects[0]).words.startswith("EXERCISE: Is your power on?")


@pytest.mark.parametrize("words", ["Y", "y ", " Yes!", "yes it is", "ＹＥＳ", "是", "有", "有电"])
def test_yes_is_a_report_that_power_is_on(storm: Storm, words: str) -> None:
    asked(storm.at(EVENING), "z").decide()
    storm.at(EVENING + 4).writes(phone("z"), words).decide()
    assert reported(storm) == [(ReportKind.POWER_RESTORED, "z", phone("z"))]
    assert storm.taken() == [("reported", Reason.SAID_ON, True)]


@pytest.mark.parametrize("words", ["N", "no", "No.", "NO it is dark", "否", "没有", "沒有", "无"])
def test_no_is_a_report_of_an_outage(storm: Storm, words: str) -> None:
    asked(storm.at(EVENING), "z").decide()
    storm.at(EVENING + 4).writes(phone("z"), words).decide()
    assert reported(storm) == [(ReportKind.TEXT, "z", phone("z"))]
    assert storm.taken() == [("reported", Reason.SAID_OFF, True)]
    assert ("off", Reason.SAID_OFF) in storm.reasons


def test_thanks_are_in_the_language_of_the_answer(storm: Storm) -> None:
    asked(asked(storm.at(EVENING), "z"), "y").decide()
    storm.at(EVENING + 1).writes(phone("z"), "Y").decide()
    assert storm.words() == ["Thank you, that helps us to find the fault. If your power fails, reply OUT."]
    storm.writes(phone("y"), "有").decide()
    assert storm.words() == ["谢谢，您的回复有助于查找故障。如停电，请回复停电。"]


@pytest.mark.parametrize("words", ["Y", "N", "有", "没有"])
def test_without_a_question_such_words_go_to_people(storm: Storm, words: str) -> None:
    storm.at(EVENING).writes(phone("z"), words).decide()
    assert storm.taken() == [("unread", Reason.NOT_UNDERSTOOD, True)]
    assert reported(storm) == []


@pytest.mark.parametrize(("minute", "understood"), [(59, True), (60, False)])
def test_a_question_is_open_for_an_hour(storm: Storm, minute: int, understood: bool) -> None:
    asked(storm.at(EVENING), "z").decide()
    storm.at(EVENING + minute).writes(phone("z"), "Y").decide()
    assert bool(reported(storm)) is understood


def test_a_question_is_answered_once(storm: Storm) -> None:
    asked(storm.at(EVENING), "z").decide()
    storm.at(EVENING + 1).writes(phone("z"), "Y").decide()
    storm.at(EVENING + 2).writes(phone("z"), "Y").decide()
    assert storm.taken() == [("unread", Reason.NOT_UNDERSTOOD, True)]


def test_another_phone_answers_nothing(storm: Storm) -> None:
    asked(storm.at(EVENING), "z").decide()
    storm.at(EVENING + 1).writes(phone("y"), "Y").decide()
    assert storm.taken() == [("unread", Reason.NOT_UNDERSTOOD, True)]


@pytest.mark.parametrize(
    ("words", "state"), [("STOP", "stopped"), ("wire down!", "warned"), ("no power", "reported"), ("help", "helped")]
)
def test_while_a_question_is_open_all_other_words_mean_what_they_always_mean(
    storm: Storm, words: str, state: str
) -> None:
    asked(storm.at(EVENING), "z").decide()
    storm.at(EVENING + 1).writes(phone("z"), words).decide()
    assert [taken[0] for taken in storm.taken()] == [state]


@pytest.mark.parametrize(
    ("customer", "minute", "at_night", "reason"),
    [
        ("nobody", EVENING, False, Reason.NO_PHONE),
        ("a", EVENING, False, Reason.PHONE_OF_SEVERAL),
        ("n", EVENING, False, Reason.NO_CONSENT),
        ("z", NIGHT, False, Reason.QUIET_HOURS),
        ("z", NIGHT, True, None),
    ],
)
def test_who_cannot_or_should_not_be_asked_is_not_and_the_journal_says_why(
    storm: Storm, customer: str, minute: int, at_night: bool, reason: Reason | None
) -> None:
    asked(storm.at(minute), customer, at_night=at_night).decide()
    assert len(storm.notices()) == (reason is None)
    assert storm.reasons == [("due", Reason.POWER_QUESTION) if reason is None else ("untold", reason)]


def test_who_said_stop_is_asked_nothing(storm: Storm) -> None:
    storm.at(EVENING).consent(phone("z"), consents=False).decide()
    asked(storm.at(EVENING + 1), "z").decide()
    assert storm.reasons == [("untold", Reason.NO_CONSENT)]


@pytest.mark.parametrize(("minutes", "times"), [(24 * 60 - 1, 1), (24 * 60, 2)])
def test_a_phone_is_asked_once_a_day(minutes: int, times: int) -> None:
    storm = Storm("z", DAY_AND_NIGHT)
    asked(storm.at(0), "z").decide()
    asked(storm.at(minutes), "z").decide()
    decided = [effect for outcome in storm.outcomes for effect in outcome.effects]
    assert len({effect.key for effect in decided}) == len(decided) == times


def test_two_questions_at_once_for_one_phone_are_one(storm: Storm) -> None:
    asked(asked(storm.at(EVENING), "z", name="1"), "z", name="2").decide().expect(("z", QUESTION))
    assert sorted(storm.reasons) == [("due", Reason.POWER_QUESTION), ("untold", Reason.ASKED_LATELY)]


@pytest.mark.parametrize(("manners", "customer"), [(NIGHTLY, "z"), (DAY_AND_NIGHT, "y")])
def test_the_same_again_decides_the_same(manners: Manners, customer: str) -> None:
    def played() -> list[Any]:
        storm = Storm(each_alone("yz"), manners)
        asked(storm.at(EVENING), customer).decide()
        storm.at(EVENING + 2).writes(phone(customer), "n").decide()
        return [(o.effects, o.events, o.journal, o.entities) for o in storm.outcomes]

    assert played() == played()


def test_by_text_those_may_be_asked_who_want_texts_and_whose_phone_is_theirs_alone() -> None:
    people = {
        "one": Reached(phones=(phone(1), phone(9)), name="1"),
        "second of two phones": Reached(phones=(phone(2), phone(1)), name="2"),
        "a": Reached(phones=(phone(3),), name="a"),
        "b": Reached(phones=(phone(3),), name="b"),
        "no": Reached(phones=(phone(4),), name="no", consents=False),
    }
    assert People(people).alone() == {"second of two phones"}


@pytest.mark.parametrize("words", ["", "maybe", "why", "2", "ye", "nothing", "yesterday it failed"])
def test_what_is_no_answer_is_none(words: str) -> None:
    assert said_of_power(words) is None
