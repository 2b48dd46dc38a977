"""What people write to us, what is done about it, and what they are answered."""
# ruff: noqa: RUF001 (as people and Chinese write)

from __future__ import annotations

import re

import pytest

from schemas.events import ConsentChanged, HazardKind, HazardReported, OutageReported, ReportKind
from services.notices.gsm import segments
from services.notices.moments import ConsentTaken
from services.notices.people import Reached, handle_of
from services.notices.reasons import Reason
from services.notices.replying import ANSWERS_AN_HOUR
from tests.notices.storm import NIGHTLY, OUT, Storm, each_alone, phone, text_of

STRANGER = phone(9999)


@pytest.fixture
def storm() -> Storm:
    """A phone of its own for `z`, one of three premises for `a`, `b`, `c`."""
    shared = {c: Reached(phones=(phone(1),), name=f"SP-{c}") for c in "abc"}
    return Storm({**shared, **each_alone("z")}, NIGHTLY, areas={"c": "A2"})


def test_out_is_a_report_and_is_answered(storm: Storm) -> None:
    storm.at(1).writes(phone("z"), "Out!").decide()
    (emission,) = storm.outcomes[-1].events
    report = emission.event
    assert isinstance(report, OutageReported)
    assert (emission.topic.name, emission.key) == ("outage.reports", "z")
    assert (report.kind, report.customer, report.phone, report.words) == (ReportKind.TEXT, "z", phone("z"), "Out!")
    assert storm.words() == [
        "Thank you. We have noted that power is out at your address and will text you when we know more."
    ]
    assert storm.taken() == [("reported", Reason.OUT_WORD, True)]


def test_who_is_known_to_be_out_is_answered_with_the_estimate_in_his_language(storm: Storm) -> None:
    storm.at(1).incident("I", out="z").decide()
    storm.at(9).writes(phone("z"), "停电了").decide()
    assert storm.words() == ["我们已知您处自18:00起停电，预计20:00前恢复。"]
    assert len(storm.outcomes[-1].events) == 1
    storm.at(12).writes(phone("z"), "STATUS").decide()
    assert storm.words() == ["We know that power is out at your address since 18:00. We expect it to return by 20:00."]
    assert storm.taken() == [("answered", Reason.STATUS_WORD, True)]


def test_of_several_premises_a_number_chooses_one(storm: Storm) -> None:
    storm.at(1).writes(phone(1), "no power").decide()
    assert storm.words() == ["Where is power out? Reply 1 for SP-a, 2 for SP-b, 3 for SP-c."]
    assert [(e.event.customer, e.event.phone) for e in storm.outcomes[-1].events] == [(None, phone(1))]  # type: ignore[attr-defined]
    storm.at(20).writes(phone(1), " 2. ").decide()
    assert [e.event.customer for e in storm.outcomes[-1].events] == ["b"]  # type: ignore[attr-defined]
    assert storm.taken() == [("reported", Reason.CHOSEN, True)]
    assert "at SP-b" in storm.words()[0]
    storm.at(21).writes(phone(1), "2").decide()
    assert storm.taken() == [("unread", Reason.NOT_UNDERSTOOD, True)]


@pytest.mark.parametrize(("minute", "words"), [(32, "1"), (5, "4"), (5, "0")])
def test_a_number_that_comes_too_late_or_names_no_premise_chooses_none(storm: Storm, minute: int, words: str) -> None:
    storm.at(1).writes(phone(1), "OUT").decide()
    storm.at(minute).writes(phone(1), words).decide()
    assert storm.outcomes[-1].events == []
    assert storm.taken() == [("unread", Reason.NOT_UNDERSTOOD, True)]


def test_more_premises_than_one_text_holds_are_offered_in_pages() -> None:
    many = {f"{n:02}": Reached(phones=(phone(1),), name=f"POINT-{n:02}") for n in range(30)}
    storm = Storm(many)
    offered: list[tuple[str, str]] = []
    for place, words in enumerate(["OUT", *["0"] * 9], 1):
        storm.at(place).writes(phone(1), words).decide()
        assert storm.taken() == [("asked", Reason.SEVERAL_PREMISES, True)]
        (page,) = storm.words()
        assert segments("EXERCISE: " + page) == 1
        offered += re.findall(r"(\d+) for (POINT-\d\d)", page)
        if "0 for more" not in page:
            break
    assert offered == [(str(n + 1), f"POINT-{n:02}") for n in range(30)]
    storm.at(12).writes(phone(1), "30").decide()
    assert [e.event.customer for e in storm.outcomes[-1].events] == ["29"]  # type: ignore[attr-defined]
    assert storm.taken() == [("reported", Reason.CHOSEN, True)]


def test_stop_is_told_to_every_area_of_the_phone_and_confirmed_once(storm: Storm) -> None:
    storm.at(1).writes(phone(1), "ＳＴＯＰ").decide()
    changes = [(e.topic.name, e.key, e.event) for e in storm.outcomes[-1].events]
    assert [(topic, key) for topic, key, _ in changes] == [("notice.consents", "A1"), ("notice.consents", "A2")]
    assert all(isinstance(e, ConsentChanged) and not e.consents and e.phone == phone(1) for _, _, e in changes)
    assert storm.taken() == [("stopped", Reason.STOP_WORD, True)]
    assert storm.words() == ["You will get no more texts from us about outages. Reply START to get them again."]
    storm.at(2).fact(changes[0][2]).decide()
    (record,) = storm.outcomes[-1].records
    assert isinstance(record, ConsentTaken)
    assert (record.handle, record.consents) == (handle_of(phone(1)), False)
    assert storm.reasons == [("withdrawn", Reason.SAID_BY_PHONE)]
    storm.at(3).incident("I", out="az").decide().expect(("z", OUT))
    storm.at(4).writes(phone(1), "恢复").decide()
    storm.fact(storm.outcomes[-1].events[0].event).decide()
    storm.at(5).incident("I", out="b").decide().expect(("b", OUT))


def test_a_stranger_who_wants_no_texts_is_heard_too(storm: Storm) -> None:
    storm.at(1).writes(STRANGER, "stop").decide()
    assert [(e.key, e.event.phone) for e in storm.outcomes[-1].events] == [("A1", STRANGER)]  # type: ignore[attr-defined]


def test_a_stranger_is_answered_and_what_he_reports_is_kept(storm: Storm) -> None:
    storm.at(1).writes(STRANGER, "out").writes(STRANGER, "status").decide()
    (emission,) = storm.outcomes[-1].events
    assert (emission.key, emission.event.customer) == (STRANGER, None)  # type: ignore[attr-defined]
    assert sorted(state for state, _, _ in storm.taken()) == ["answered", "reported"]
    assert all("call us" in words for words in storm.words())


def test_an_answer_names_the_text_and_not_the_number(storm: Storm) -> None:
    storm.at(1).writes(phone("z"), "help").decide()
    (effect,) = storm.outcomes[-1].effects
    body = text_of(effect)
    assert (body.customer, body.inbound) == ("", storm.outcomes[-1].records[0].id)  # type: ignore[attr-defined]
    assert phone("z") not in str(effect)
    assert not any(phone("z") in str(entry) for entry in storm.outcomes[-1].journal)
    assert not any(phone("z") in str(entity) for entity in storm.outcomes[-1].entities.values())


def test_an_answer_does_not_wait_for_the_morning(storm: Storm) -> None:
    storm.at(6 * 60).writes(phone("z"), "help").decide()
    assert [effect.due_at for effect in storm.outcomes[-1].effects] == [storm.now]


def test_danger_is_reported_and_answered_with_what_to_do(storm: Storm) -> None:
    storm.at(1).writes(phone("z"), "The wire is down and power is out").decide()
    (emission,) = storm.outcomes[-1].events
    assert isinstance(emission.event, HazardReported)
    assert (emission.event.hazard, emission.event.customer) == (HazardKind.WIRE_DOWN, "z")
    assert storm.words()[0].startswith("Danger: keep away")
    storm.at(2).writes(phone(1), "着火了").decide()
    assert storm.outcomes[-1].events == []
    assert storm.taken() == [("warned", Reason.DANGER_NOWHERE, True)]


def test_what_is_not_understood_is_left_for_people(storm: Storm) -> None:
    storm.at(1).writes(phone("z"), "thanks a lot").writes(phone("z"), "").decide()
    assert storm.taken() == [("unread", Reason.NOT_UNDERSTOOD, True)] * 2


def test_two_machines_cannot_write_to_each_other_for_ever(storm: Storm) -> None:
    for minute in range(ANSWERS_AN_HOUR + 3):
        storm.at(minute).writes(phone("z"), "I am a machine").decide()
    assert storm.taken() == [("unread", Reason.NOT_UNDERSTOOD, False)]
    assert ("unanswered", Reason.ANSWERS_SPENT) in storm.reasons
    answered = sum(len(outcome.effects) for outcome in storm.outcomes)
    assert answered == ANSWERS_AN_HOUR
    storm.writes(phone("z"), "stop").decide()
    assert len(storm.outcomes[-1].events) == 1
    storm.at(60).writes(phone("z"), "help").decide()
    assert storm.taken() == [("helped", Reason.HELP_WORD, True)]


def test_a_text_belongs_to_the_area_of_the_phones_first_premise_a_strangers_to_the_first() -> None:
    people = {"a": Reached(phones=(phone(1), phone(2)), name="a"), "b": Reached(phones=(phone(2),), name="b")}
    storm = Storm(people, areas={"a": "A2", "b": "A3"})
    senders = {sender: storm.writes(sender, "out")._facts.pop().what for sender in (phone(1), phone(2), STRANGER)}
    assert [storm.stage.shard_of(event) for event in senders.values()] == ["A2", "A2", "A1"]  # type: ignore[arg-type]


def test_a_conversation_that_is_over_is_forgotten(storm: Storm) -> None:
    storm.at(1).writes(phone("z"), "help").decide()
    storm.at(30).writes(STRANGER, "help").decide()
    assert sorted(storm.entities["conversation"]) == sorted(map(handle_of, (phone("z"), STRANGER)))
    storm.at(61).writes(phone(1), "help").decide()
    assert sorted(storm.entities["conversation"]) == sorted(map(handle_of, (phone(1), STRANGER)))
