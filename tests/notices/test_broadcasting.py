"""What dispatchers write: to one who wrote, and to many at once."""

from __future__ import annotations

import pytest

from schemas.events import BroadcastSent, InboundAnswered, WordsIn
from services.clock import from_ms
from services.notices.answering import PersonAnswered
from services.notices.broadcasting import PART, Phone, Reachable, audience, parts_of
from services.notices.caps import Counted
from services.notices.moments import Moment
from services.notices.people import Reached, handle_of
from services.notices.reasons import Reason
from tests.notices.storm import NIGHTLY, phone
from tests.notices.test_linking import STRANGER, link
from tests.notices.town import Said, Town

PEOPLE = {
    "C-100": Reached(phones=(phone(1),), name="SP-100"),
    "C-101": Reached(phones=(phone(1), phone(3)), name="SP-101"),
    "C-200": Reached(phones=(phone(2),), name="SP-200", language="zh"),
    "C-300": Reached(phones=(phone(4),), name="SP-300", consents=False),
}
AREAS = {"C-100": "A1", "C-101": "A1", "C-200": "A1", "C-300": "A1", "C-400": "A1"}
WORDS = {"en": "Drinking water at the town hall.", "zh": "市政厅供应饮用水。"}


@pytest.fixture
def town() -> Town:
    return Town(PEOPLE, AREAS, NIGHTLY)


def broadcast(town: Town, *customers: str, words: dict[str, str] = WORDS) -> Town:
    return town.hear(
        BroadcastSent(
            id=f"broadcast-{town.now}",
            at=from_ms(town.now),
            exercise=town.exercise,
            area="A1",
            broadcast="B",
            customers=list(customers),
            words=[WordsIn(language, said) for language, said in words.items()],
            part=1,
            parts=1,
            by="dora",
        )
    )


def test_each_phone_is_told_once_in_its_language_if_it_wants_texts(town: Town) -> None:
    broadcast(town, *AREAS)
    assert town.said == [Said("A1", each.to, each.words) for each in town.said]
    assert sorted((each.to, each.words) for each in town.said) == [("C-100", WORDS["en"]), ("C-200", WORDS["zh"])]
    assert sorted((each.customers, each.incident, each.moment) for each in town.notices()) == [
        (("C-100", "C-101"), "B", Moment.BROADCAST),
        (("C-200",), "B", Moment.BROADCAST),
    ]
    assert ("untold", Reason.NO_CONSENT) in town.reasons
    assert ("untold", Reason.NO_PHONE) in town.reasons


def test_a_linked_phone_is_told_too_and_once(town: Town) -> None:
    link(town, "C-100")
    link(town, "C-200")
    broadcast(town.at(1), "C-100", "C-200")
    assert sorted(each.handle for each in town.notices()) == sorted(map(handle_of, (phone(1), phone(2), STRANGER)))


def test_a_broadcast_goes_out_at_night_and_counts_for_no_cap(town: Town) -> None:
    broadcast(town.at(6 * 60), "C-100")
    assert len(town.said) == 1
    assert Counted.kind not in town.entities["A1"]


def test_who_reads_none_of_its_languages_is_told_in_one_of_them(town: Town) -> None:
    broadcast(town, "C-200", words={"en": WORDS["en"]})
    assert town.words() == [WORDS["en"]]


def test_an_exercise_says_so() -> None:
    town = Town(PEOPLE, AREAS, exercise=True)
    broadcast(town, "C-100", "C-200")
    assert sorted(town.words()) == sorted(["EXERCISE: " + WORDS["en"], "【演练】" + WORDS["zh"]])


def test_a_dispatcher_answers_the_phone_that_a_text_came_from(town: Town) -> None:
    town.text(STRANGER, "the whole thing is odd")
    town.at(1).hear(
        InboundAnswered(
            id="a-1", at=from_ms(town.now), area="A1", text="text-1", by="dora", words="We call you.", canned="call"
        )
    )
    assert town.said == [Said("A1", "text-1", "We call you.")]
    assert [(r.text, r.by, r.canned) for r in town.records if isinstance(r, PersonAnswered)] == [
        ("text-1", "dora", "call")
    ]
    assert town.reasons == [("answered", Reason.PERSON_ANSWERED)]


def many(*customers: str) -> list[Reachable]:
    return [Reachable(customer, (Phone(customer, "", consents=True),)) for customer in customers]


def test_an_audience_is_counted_by_phones_and_segments() -> None:
    found = audience(
        [
            Reachable("1", (Phone("p", "", consents=True), Phone("linked", "zh", consents=True))),
            Reachable("2", (Phone("p", "", consents=True),)),
            Reachable("3", ()),
            Reachable("4", (Phone("q", "en", consents=False),)),
            Reachable("5", (Phone("r", "fr", consents=True),)),
        ],
        {"1": "A1", "2": "A2", "5": "A2"}.__getitem__,
        {"en": "x" * 161, "zh": "好"},
        ("en",),
    )
    assert found.areas == {"A1": (("1", "2"),), "A2": (("5",),)}
    assert (found.customers, found.phones, found.by_language) == (3, 3, {"en": 2, "zh": 1})
    assert (found.without_phone, found.without_consent, found.segments) == (1, 1, 5)


def test_an_audience_may_be_of_some_languages_only() -> None:
    reachable = [
        Reachable("1", (Phone("p", "", consents=True),)),
        Reachable("2", (Phone("q", "zh", consents=True),)),
    ]
    found = audience(reachable, lambda _: "A1", WORDS, ("en",), languages=["zh"])
    assert (found.areas, found.phones, found.without_consent) == ({"A1": (("2",),)}, 1, 0)


def test_the_mark_of_an_exercise_is_paid_for_too() -> None:
    words = {"en": "x" * 155}
    assert audience(many("1"), lambda _: "A1", words, ("en",)).segments == 1
    assert audience(many("1"), lambda _: "A1", words, ("en",), exercise=True).segments == 2


def test_customers_of_one_phone_stay_in_one_part() -> None:
    groups = [tuple(f"{n}-{m}" for m in range(3)) for n in range(PART // 2)]
    parts = parts_of(groups)
    assert [customer for part in parts for customer in part] == [customer for group in groups for customer in group]
    assert all(len(part) <= PART for part in parts)
    where = {customer: place for place, part in enumerate(parts) for customer in part}
    assert all(len({where[customer] for customer in group}) == 1 for group in groups)
    assert parts_of([]) == []
