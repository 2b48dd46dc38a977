"""Phones that link themselves by an account number: who gets a code, what it takes, who is told, and how it ends."""
# ruff: noqa: RUF001 (as people write)

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from schemas.events import HazardReported, PhoneLinked
from services.notices.linking import CODE_MS, Linked, Linking, PhoneLinkEnded, PhoneLinkTaken, code_in, code_of
from services.notices.people import Reached, handle_of
from services.notices.reasons import Reason
from tests.notices.storm import MINUTE_MS, NIGHTLY, phone
from tests.notices.town import Said, Town

if TYPE_CHECKING:
    from schemas.events import Event

STRANGER = "+9997771234"
OWNER = phone(1)
PEOPLE = {
    "C-100": Reached(phones=(OWNER,), name="SP-100"),
    "C-200": Reached(phones=(phone(2),), name="SP-200", language="zh"),
}
AREAS = {"C-100": "A2", "C-200": "A3", "C-300": "A1"}


@pytest.fixture
def town() -> Town:
    return Town(PEOPLE, AREAS)


def code(town: Town) -> str:
    """Return the code in the last text."""
    return str(re.findall(r"\b\d{6}\b", town.words()[-1])[0])


def link(town: Town, account: str = "C-100", sender: str = STRANGER) -> Town:
    town.text(sender, f"LINK {account}")
    return town.text(sender, code(town))


def links(events: list[Event]) -> list[tuple[str, str, bool]]:
    return sorted((e.area, e.customer, e.linked) for e in events if isinstance(e, PhoneLinked))


def test_a_phone_is_linked_by_the_code_that_was_sent_to_it(town: Town) -> None:
    town.text(STRANGER, "link c100")
    assert town.states() == [("linking", Reason.CODE_SENT)]
    assert town.said == [
        Said(
            "A1",
            "text-1",
            f"Your code is {code(town)}. Send it back within 15 minutes to get our texts. If you did not ask for it, do nothing.",
        )
    ]
    assert town.emitted == []
    town.text(STRANGER, f" {code(town)[:3]} {code(town)[3:]} ")
    assert town.states() == [("linked", Reason.LINKED)]
    assert links(town.emitted) == [("A1", "C-100", True), ("A2", "C-100", True)]
    (taken,) = [record for record in town.records if isinstance(record, PhoneLinkTaken)]
    assert (taken.phone, taken.handle, taken.customer) == (STRANGER, handle_of(STRANGER), "C-100")
    assert [(each.to, each.words) for each in town.said] == [
        ("text-2", "You get our texts about outages at SP-100 from now on. UNLINK or STOP ends them."),
        (
            "C-100",
            "A phone ending in 34 gets our texts about outages at your address from now on. If you do not want that, reply UNLINK.",
        ),
    ]


@pytest.mark.parametrize("words", ["C-100", "c 100", "LINK C100", "link to my account C-100", "关联C-100"])
def test_an_account_number_is_understood_however_it_is_typed(town: Town, words: str) -> None:
    assert town.text(STRANGER, words).states() == [("linking", Reason.CODE_SENT)]


def test_a_linked_phone_is_told_what_the_customer_is_told(town: Town) -> None:
    link(town)
    town.at(1).hear(town.incident("I", "A2", out=("C-100",)))
    handles = {each.handle: each for each in town.notices()}
    assert set(handles) == {handle_of(OWNER), handle_of(STRANGER)}
    assert {each.customers for each in town.notices()} == {("C-100",)}
    assert len(set(town.words())) == 1
    row = next(each.to for each in town.said if each.to != "C-100")
    town.at(2).text(STRANGER, "status")
    assert town.states() == [("passedOn", Reason.OTHER_AREA), ("answered", Reason.STATUS_WORD)]
    assert [(each.area, each.words[:30]) for each in town.said] == [("A2", "We know that power is out at y")]
    town.at(3).hear(town.incident("I", "A2", back=("C-100",)))
    assert sorted(each.to for each in town.said) == sorted(["C-100", row])


def test_a_report_of_a_linked_phone_is_of_the_premise_that_it_follows(town: Town) -> None:
    link(town)
    town.text(STRANGER, "停电")
    assert [(report.customer, report.phone) for report in town.reports()] == [("C-100", STRANGER)]
    town.text(STRANGER, "HAZARD the pole leans")
    (danger,) = [event for event in town.emitted if isinstance(event, HazardReported)]
    assert (danger.customer, danger.hazard) == ("C-100", "poleDown")


def test_a_code_counts_for_fifteen_minutes(town: Town) -> None:
    sent = code(town.text(STRANGER, "LINK C-100"))
    town.at(CODE_MS / MINUTE_MS).text(STRANGER, sent)
    assert town.states() == [("linking", Reason.CODE_OVER)]
    assert links(town.emitted) == []
    sent = code(town.text(STRANGER, "LINK C-100"))
    town.at(CODE_MS / MINUTE_MS * 2 - 0.01).text(STRANGER, sent)
    assert town.states() == [("linked", Reason.LINKED)]


def test_three_wrong_codes_end_it(town: Town) -> None:
    sent = code(town.text(STRANGER, "LINK C-100"))
    wrong = f"{(int(sent) + 1) % 1_000_000:06}"
    reasons = [town.text(STRANGER, words).states() for words in (wrong, wrong, wrong, sent)]
    assert reasons == [
        [("linking", Reason.CODE_WRONG)],
        [("linking", Reason.CODE_WRONG)],
        [("linking", Reason.CODE_OVER)],
        [("linking", Reason.CODE_OVER)],
    ]
    assert links(town.emitted) == []


def test_a_phone_gets_three_codes_an_hour(town: Town) -> None:
    for minute in (0, 10, 20):
        assert town.at(minute).text(STRANGER, "LINK C-100").states() == [("linking", Reason.CODE_SENT)]
    assert town.at(59).text(STRANGER, "LINK C-200").states() == [("linking", Reason.CODES_SPENT)]
    assert town.at(61).text(STRANGER, "LINK C-200").states() == [("linking", Reason.CODE_SENT)]


def test_a_code_is_of_its_phone_alone(town: Town) -> None:
    sent = code(town.text(STRANGER, "LINK C-100"))
    town.text("+9997770000", sent)
    assert town.states() == [("unread", Reason.NOT_UNDERSTOOD)]
    assert links(town.emitted) == []


def test_a_code_follows_from_the_secret_and_no_state_or_journal_holds_it(town: Town) -> None:
    assert code_of("a", "text-1") != code_of("b", "text-1")
    sent = code(town.text(STRANGER, "LINK C-100"))
    assert sent == code_of("5ec4e7", "text-1")
    (kept,) = town.entities["A1"][Linking.kind].values()
    assert sent not in repr(kept)
    assert STRANGER not in repr(town.entities)


def test_without_a_secret_no_code_is_sent(town: Town) -> None:
    assert town.text(STRANGER, "LINK C-100", nonce=None).states() == [("unread", Reason.UNCODED)]


@pytest.mark.parametrize(
    ("sender", "words", "reason"),
    [
        (STRANGER, "LINK C-999", Reason.UNKNOWN_ACCOUNT),
        (STRANGER, "LINK", Reason.LINK_WORD),
        (OWNER, "LINK C-100", Reason.LINKED_BEFORE),
    ],
)
def test_what_is_no_wish_that_can_be_met_is_answered(town: Town, sender: str, words: str, reason: Reason) -> None:
    assert town.text(sender, words).states() == [("linking", reason)]
    assert len(town.said) == 1


def test_only_a_stranger_is_taken_to_mean_his_account_by_a_number_alone(town: Town) -> None:
    assert town.text(OWNER, "C-200").states() == [("unread", Reason.NOT_UNDERSTOOD)]
    assert town.text(STRANGER, "C-999").states() == [("unread", Reason.NOT_UNDERSTOOD)]


def test_the_customer_ends_it(town: Town) -> None:
    link(town)
    town.text(OWNER, "unlink")
    assert town.states() == [("unlinked", Reason.UNLINK_WORD)]
    assert town.words() == ["No other phone gets our texts for your account any more."]
    assert links(town.emitted) == [(area, "C-100", False) for area in ("A1", "A2", "A3")]
    assert [type(record) for record in town.records if isinstance(record, PhoneLinkEnded)] == [PhoneLinkEnded]
    assert all(Linked.kind not in kept or not kept[Linked.kind] for kept in town.entities.values())
    town.at(1).hear(town.incident("I", "A2", out=("C-100",)))
    assert [each.to for each in town.said] == ["C-100"]


@pytest.mark.parametrize("words", ["UNLINK", "取消关联", "STOP", "退订"])
def test_the_linked_phone_ends_it(town: Town, words: str) -> None:
    link(town)
    town.text(STRANGER, words)
    assert links(town.emitted) == [("A1", "C-100", False), ("A2", "C-100", False)]
    town.at(1).hear(town.incident("I", "A2", out=("C-100",)))
    assert [each.to for each in town.said] == ["C-100"]
    town.text(STRANGER, "status")
    assert town.states() == [("answered", Reason.STATUS_WORD)]


def test_who_wanted_no_texts_and_links_again_wants_them(town: Town) -> None:
    town.text(STRANGER, "STOP")
    link(town.at(1))
    town.at(2).hear(town.incident("I", "A2", out=("C-100",)))
    assert len(town.said) == 2


def test_one_whom_the_utility_cannot_reach_is_told_by_the_phone_that_follows_him(town: Town) -> None:
    link(town, "C-300")
    assert [each.to for each in town.said] == ["text-2"]
    town.at(1).hear(town.incident("I", "A1", out=("C-300",)))
    assert [each.customers for each in town.notices()] == [("C-300",)]


def test_a_phone_of_the_utility_may_follow_another_account_too(town: Town) -> None:
    town.text(OWNER, "LINK C-200")
    assert town.said[0].area == "A2"
    town.text(OWNER, code(town))
    assert links(town.emitted) == [("A2", "C-200", True), ("A3", "C-200", True)]
    assert [each.to for each in town.said] == ["text-2", "C-200"]
    assert "尾号" in town.words()[1]
    town.at(1).hear(town.incident("I", "A2", out=("C-100",)), town.incident("J", "A3", out=("C-200",)))
    assert len([each for each in town.notices() if each.handle == handle_of(OWNER)]) == 2
    town.at(2).text(OWNER, "STATUS")
    assert sorted(each.area for each in town.said) == ["A2", "A3"]
    assert all(each.words.startswith("We know that power is out at ") for each in town.said)


def test_a_link_is_told_at_night_too() -> None:
    town = Town(PEOPLE, AREAS, NIGHTLY)
    link(town.at(6 * 60))
    assert [each.to for each in town.said] == ["text-2", "C-100"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("123456", "123456"),
        ("１２３４５６", "123456"),
        ("my code: 123-456.", "123456"),
        ("验证码123456", "123456"),
        ("12345", ""),
        ("1234567", ""),
        ("call me on 123456 please", ""),
    ],
)
def test_a_code_is_found_in_a_text_that_says_little_else(words: str, found: str) -> None:
    assert code_in(words) == found


def test_what_is_kept_is_read_back_as_it_was(town: Town) -> None:
    link(town)
    town.text(STRANGER, "LINK C-200")
    town.text(STRANGER, "中文")
    kinds = {kind.kind: kind for kind in town.stage.entities}
    kept = [each for of_area in town.entities.values() for of_kind in of_area.values() for each in of_kind.values()]
    assert {"linking", "linked", "followers", "spoken", "conversation"} <= {each.kind for each in kept}
    for each in kept:
        assert msgspec.json.decode(msgspec.json.encode(each), type=kinds[each.kind]) == each
