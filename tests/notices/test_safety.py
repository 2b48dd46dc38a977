"""A line that is reported down: whoever lives near it is warned, once, at any hour, before everything else."""

from __future__ import annotations

import pytest

from schemas.events import HazardKind, HazardState
from services.notices.moments import Priority
from services.notices.people import Manners, Reached
from services.notices.reasons import Reason
from services.notices.safety import NEAR_M
from tests.notices.storm import DANGER, NIGHTLY, OUT, Storm, each_alone, phone, text_of

NIGHT = 5 * 60
METRES = {"a": 0, "b": int(NEAR_M) - 1, "c": int(NEAR_M) + 1, "d": 20}


@pytest.fixture
def storm() -> Storm:
    return Storm("abcd", NIGHTLY, metres=METRES)


def test_who_lives_near_is_warned_at_any_hour_and_before_everything_else(storm: Storm) -> None:
    storm.at(NIGHT).hazard("H").decide().expect(("abd", DANGER))
    assert {words.partition(" Keep")[0] for words in storm.words()} == {
        "Danger: a power line is reported down near you (at your address)."
    }
    effect = storm.outcomes[-1].effects[0]
    assert (effect.priority, text_of(effect).safety) == (Priority.SAFETY, True)
    assert ("due", Reason.DANGER_NEAR) in storm.reasons


def test_who_reported_it_is_not_warned(storm: Storm) -> None:
    storm.at(1).hazard("H", told_us="a").decide().expect(("bd", DANGER))
    assert ("untold", Reason.TOLD_OF_DANGER) in storm.reasons


def test_a_danger_is_warned_of_once_however_often_it_is_reported(storm: Storm) -> None:
    storm.at(1).hazard("H").decide().expect(("abd", DANGER))
    storm.at(9).hazard("H").decide().expect()
    # A pole down at the same place is the same to those who live there.
    storm.at(20).hazard("P", kind=HazardKind.POLE_DOWN).decide().expect()
    storm.at(7 * 60).hazard("Q", kind=HazardKind.POLE_DOWN).decide().expect(("abd", DANGER))


@pytest.mark.parametrize("kind", sorted(set(HazardKind) - {HazardKind.WIRE_DOWN, HazardKind.POLE_DOWN}))
def test_of_other_dangers_neighbours_are_not_warned(storm: Storm, kind: HazardKind) -> None:
    storm.at(1).hazard("H", kind=kind).decide().expect()


def test_a_warning_that_was_not_sent_is_called_back_when_the_place_is_safe(storm: Storm) -> None:
    storm.at(1).hazard("H").decide()
    storm.at(30).hazard("H", HazardState.MADE_SAFE).decide().expect()
    assert sorted(storm.outcomes[-1].recalled) == sorted(storm.key(each, DANGER) for each in "abd")
    assert storm.reasons == [("over", Reason.DANGER_OVER), *[("recalled", Reason.DANGER_OVER)] * 3]
    storm.at(31).hazard("H").decide().expect()


def test_news_of_a_danger_that_is_over_already_warn_nobody(storm: Storm) -> None:
    storm.at(30).hazard("H", HazardState.DISMISSED).decide().expect()
    storm.at(31).hazard("H").decide().expect()
    storm.at(32).hazard("G").hazard("G", HazardState.MADE_SAFE).decide()
    assert len(storm.outcomes[-1].recalled) == 3


def test_whoever_said_stop_or_wants_no_texts_is_not_warned() -> None:
    people = {"a": Reached(phones=(phone("a"),), name="a", consents=False), **each_alone("bd")}
    storm = Storm(people, metres=METRES)
    storm.at(1).consent(phone("b"), consents=False).decide()
    storm.at(2).hazard("H").decide().expect(("d", DANGER))


def test_warnings_do_not_count_to_the_texts_of_a_day() -> None:
    storm = Storm("a", Manners(zone=NIGHTLY.zone, texts_a_day=1), metres={"a": 0})
    storm.at(1).incident("I", out="a").decide().expect(("a", OUT))
    storm.at(2).hazard("H").decide().expect(("a", DANGER))


def test_premises_of_one_phone_are_named_in_one_warning() -> None:
    people = {c: Reached(phones=(phone(1),), name=f"SP-{c}") for c in "abc"}
    storm = Storm(people, metres=METRES)
    storm.at(1).hazard("H").decide().expect(("ab", DANGER))
    assert [words[:68] for words in storm.words()] == [
        "Danger: a power line is reported down near you (at SP-a and SP-b). K"
    ]
