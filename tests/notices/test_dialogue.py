"""Numbers that choose between premises, danger in free words, and the language that somebody wants."""
# ruff: noqa: RUF001 (as people write)

from __future__ import annotations

import pytest

from schemas.events import HazardKind, HazardReported
from services.notices.keywords import read
from services.notices.people import Reached, handle_of
from services.notices.reasons import Reason
from services.notices.speaking import Spoken
from tests.notices.storm import Storm, phone
from tests.notices.town import Town

LANDLORD = phone(1)
PEOPLE = {f"C-{n}": Reached(phones=(LANDLORD,), name=f"SP-{n}") for n in range(1, 5)}
AREAS = {"C-1": "A1", "C-2": "A1", "C-3": "A1", "C-4": "A2"}


@pytest.fixture
def town() -> Town:
    return Town(PEOPLE, AREAS)


def test_status_of_several_outages_is_chosen_by_number(town: Town) -> None:
    town.hear(town.incident("I", "A1", out=("C-1",)), town.incident("J", "A1", out=("C-2",), estimate=60))
    town.at(1).text(LANDLORD, "status")
    assert town.said[0].words == ("Power is out at 2 of your 4 premises. To know more, reply 1 for SP-1, 2 for SP-2.")
    town.at(2).text(LANDLORD, "2")
    assert town.words() == ["We know that power is out at SP-2 since 18:00. We expect it to return by 19:00."]
    assert town.states() == [("answered", Reason.CHOSEN)]
    assert town.reports() == []


def test_status_of_one_outage_is_told_at_once(town: Town) -> None:
    town.hear(town.incident("I", "A1", out=("C-1", "C-2")))
    town.at(1).text(LANDLORD, "status")
    assert town.words()[0].startswith("We know that power is out at SP-1 and SP-2 since 18:00.")


def test_each_area_answers_for_its_own_premises(town: Town) -> None:
    town.hear(town.incident("J", "A2", out=("C-4",)))
    town.at(1).text(LANDLORD, "status?")
    assert sorted((each.area, each.words[:38]) for each in town.said) == [
        ("A1", "We know of no outage at SP-1, SP-2 and"),
        ("A2", "We know that power is out at SP-4 sinc"),
    ]
    assert town.states() == [("answered", Reason.STATUS_WORD), ("answered", Reason.STATUS_WORD)]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("HAZARD", HazardKind.OTHER),
        ("hazard: a branch hangs over the road", HazardKind.TREE_ON_LINE),
        ("Hazrad wire on the fence", HazardKind.WIRE_DOWN),
        ("DANGER smoke from the box", HazardKind.FIRE),
        ("危险 变压器有响声", HazardKind.OTHER),
        ("危险电杆歪了", HazardKind.POLE_DOWN),
        ("险情：火花", HazardKind.FIRE),
        ("Hazard the transformer hums", HazardKind.OTHER),
    ],
)
def test_the_kind_of_danger_is_guessed_from_free_words(words: str, kind: HazardKind) -> None:
    expected = HazardKind.SPARKING if "火花" in words else kind
    assert read(words) is expected


def test_danger_at_the_only_premise_is_reported_with_its_words() -> None:
    storm = Storm("z")
    storm.at(1).writes(phone("z"), "HAZARD the meter box is warm").decide()
    (event,) = [emission.event for emission in storm.outcomes[-1].events]
    assert isinstance(event, HazardReported)
    assert (event.customer, event.hazard, event.words) == ("z", HazardKind.OTHER, "HAZARD the meter box is warm")
    assert storm.taken() == [("warned", Reason.DANGER_WORD, True)]


def test_danger_at_one_of_several_premises_is_for_people(town: Town) -> None:
    town.text(LANDLORD, "hazard wire")
    assert town.states() == [("warned", Reason.DANGER_NOWHERE)]
    assert town.emitted == []
    assert town.words()[0].startswith("Danger: keep away")


def test_a_phone_is_written_to_in_the_language_that_it_chose(town: Town) -> None:
    town.text(LANDLORD, "中文")
    assert town.states() == [("spoken", Reason.LANGUAGE_WORD)]
    assert town.words() == ["今后我们将用中文给您发短信。"]
    assert all(Spoken.kind in kept and handle_of(LANDLORD) in kept[Spoken.kind] for kept in town.entities.values())
    town.at(1).hear(town.incident("J", "A2", out=("C-4",)))
    assert "停电" in town.words()[0]
    town.at(2).text(LANDLORD, "status")
    assert all("停电" in words for words in town.words())
    town.at(3).text(LANDLORD, "ENGLISH")
    assert town.words() == ["We will write to you in English from now on."]
    town.at(4).text(LANDLORD, "status")
    assert all(words.startswith("We know") for words in town.words())


def test_what_was_chosen_later_counts(town: Town) -> None:
    town.at(1).text(LANDLORD, "中文")
    late = town.emitted[0]
    town.at(5).text(LANDLORD, "english").hear(late)
    assert ("stays", Reason.OVERTAKEN) in town.reasons
    assert {each.language for kept in town.entities.values() for each in kept[Spoken.kind].values()} == {"en"}  # type: ignore[attr-defined]
