"""By which ways a customer is told: the first phone, further phones, letters, programs, spoken notices; each in its own manner."""
# ruff: noqa: RUF001 (as Chinese is written)

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from schemas.events import OrderState
from services.notices.moments import Channel, Kind, NoticeDecided
from services.notices.people import Contact, Manners, People, Reached, handle_of
from services.notices.reasons import Reason
from tests.notices.storm import (
    BACK,
    CHANGE,
    CREW,
    DANGER,
    DAY_AND_NIGHT,
    FIRST,
    NIGHTLY,
    OUT,
    PARTIAL,
    RESTORED,
    Storm,
    each_alone,
    phone,
    text_of,
)

NIGHT, MORNING = 5 * 60, 13 * 60
MAIL = "a@example.org"


def contact(channel: Channel, address: str, **given: object) -> Contact:
    """Return a contact whose id is the channel and the end of the address."""
    return Contact(id=f"{channel}:{address[-3:]}", channel=channel, address=address, **given)  # type: ignore[arg-type]


def one(
    *contacts: Contact, manners: Manners = DAY_AND_NIGHT, phones: tuple[str, ...] = (phone("a"),), **given: object
) -> Storm:
    """Return a script of one customer with a phone and these contacts, and a neighbour with a phone alone."""
    people = {"a": Reached(phones=phones, name="SP-a", contacts=contacts, **given), **each_alone("b")}  # type: ignore[arg-type]
    return Storm(people, manners, metres={"a": 0})


def test_a_customer_is_told_by_every_way_with_the_same_words_a_letter_with_a_subject() -> None:
    storm = one(
        contact(Channel.TEXT, phone(7), language="zh"),
        contact(Channel.EMAIL, MAIL),
        contact(Channel.WEBHOOK, "https://example.org/a"),
        contact(Channel.VOICE, phone(8)),
    )
    storm.at(1).incident("I", out="a").decide()
    assert storm.told_by() == [
        ("a", OUT, "email"), ("a", OUT, "text"), ("a", OUT, "text"), ("a", OUT, "voice"), ("a", OUT, "webhook"),
    ]  # fmt: skip
    sent = {
        (e.kind, text_of(e).contact): (text_of(e).words[:12], text_of(e).subject) for e in storm.outcomes[-1].effects
    }
    assert sent == {
        ("text", ""): ("Power is out", ""),
        ("text", "text:007"): ("您处自18:00起停电，", ""),
        ("email", "email:org"): ("Power is out", "Power outage"),
        ("webhook", "webhook:g/a"): ("Power is out", ""),
        ("voiceNotice", "voice:008"): ("Power is out", ""),
    }
    assert {(n.channel, n.contact, n.segments) for n in storm.notices()} == {
        ("text", "", 1), ("text", "text:007", 1), ("email", "email:org", 0), ("webhook", "webhook:g/a", 0),
        ("voice", "voice:008", 0),
    }  # fmt: skip
    assert len({notice.key for notice in storm.notices()}) == 5
    assert MAIL not in str(storm.outcomes[-1]), "an address belongs into no state, journal or effect"


def test_each_way_is_told_in_its_own_time_what_it_does_not_know() -> None:
    storm = one(
        contact(Channel.EMAIL, MAIL),
        contact(Channel.TEXT, phone(7), quiet=(dt.time(0), dt.time(0))),
        contact(Channel.VOICE, phone(8), quiet=(dt.time(20), dt.time(8))),
        manners=NIGHTLY,
    )
    storm.at(NIGHT).incident("I", out="ab", estimate=None).decide()
    assert storm.told_by() == [("a", OUT, "email"), ("a", OUT, "text")]
    storm.at(NIGHT + 40).incident("I", estimate=MORNING + 180).decide()
    assert storm.told_by() == [("a", FIRST, "email"), ("a", FIRST, "text")]
    storm.at(MORNING).decide()
    assert storm.told_by() == [("a", OUT, "text"), ("b", OUT, "text")]
    storm.at(MORNING + 60).decide()
    assert storm.told_by() == [("a", OUT, "voice")]
    storm.at(MORNING + 120).incident("I", RESTORED, back="ab", estimate=None).decide()
    assert storm.told_by() == [
        ("a", BACK, "email"), ("a", BACK, "text"), ("a", BACK, "text"), ("a", BACK, "voice"), ("b", BACK, "text"),
    ]  # fmt: skip
    assert storm.left() == ["followed"]


def test_what_the_folder_says_of_the_first_phone_holds_for_it() -> None:
    own = contact(
        Channel.TEXT, phone("a"), language="zh", quiet=(dt.time(0), dt.time(0)), kinds=frozenset({Kind.OUTAGE})
    )
    storm = one(own, manners=NIGHTLY)
    storm.at(NIGHT).incident("I", out="a", estimate=None).decide()
    assert storm.told_by() == [("a", OUT, "text")]
    (effect,) = storm.outcomes[-1].effects
    assert text_of(effect).contact == ""
    assert text_of(effect).words.startswith("您处自18:00起停电")
    storm.at(NIGHT + 60).incident("I", estimate=MORNING + 180).decide().expect()
    storm.at(NIGHT + 90).incident("I", RESTORED, back="a").decide().expect()
    assert storm.left() == ["followed"]


def test_a_way_gets_the_kinds_of_notice_that_it_takes() -> None:
    storm = one(
        contact(Channel.EMAIL, MAIL, kinds=frozenset({Kind.RESTORED})),
        contact(Channel.WEBHOOK, "https://example.org/a", kinds=frozenset({Kind.ESTIMATE})),
        contact(Channel.VOICE, phone(8), kinds=frozenset({Kind.SAFETY})),
    )
    storm.at(1).incident("I", out="a", estimate=120).decide()
    assert storm.told_by() == [("a", FIRST, "webhook"), ("a", OUT, "text")]
    storm.at(2).order("O", "I", OrderState.ENROUTE).decide()
    assert storm.told_by() == [("a", CREW, "text")]
    storm.at(40).incident("I", estimate=240).decide()
    assert storm.told_by() == [("a", CHANGE, "text"), ("a", CHANGE, "webhook")]
    storm.at(41).hazard("H").decide()
    assert storm.told_by() == [("a", DANGER, "text"), ("a", DANGER, "voice")]
    storm.at(60).incident("I", RESTORED, back="a").decide()
    assert storm.told_by() == [("a", BACK, "email"), ("a", BACK, "text")]


def test_who_has_no_phone_is_told_by_letter() -> None:
    storm = one(contact(Channel.EMAIL, MAIL), phones=())
    storm.at(1).incident("I", out="a").decide()
    assert storm.told_by() == [("a", OUT, "email")]
    storm.at(9).incident("I", RESTORED, back="a").decide()
    assert storm.told_by() == [("a", BACK, "email")]


def test_stop_holds_for_the_phone_that_says_it_and_a_letter_is_wanted_as_long_as_the_folder_has_it() -> None:
    storm = one(
        contact(Channel.EMAIL, MAIL), contact(Channel.TEXT, phone(7)), contact(Channel.VOICE, phone(8)), consents=False
    )
    storm.at(1).consent(phone(7), consents=False).decide()
    storm.at(2).incident("I", out="a").decide()
    assert storm.told_by() == [("a", OUT, "email"), ("a", OUT, "voice")]
    assert storm.reasons.count(("untold", Reason.NO_CONSENT)) == 1
    storm.at(3).consent(phone(8), consents=False).decide()
    assert storm.outcomes[-1].recalled == [
        record.key
        for outcome in storm.outcomes
        for record in outcome.records
        if isinstance(record, NoticeDecided) and record.channel is Channel.VOICE
    ]
    storm.at(9).incident("I", RESTORED, back="a").decide()
    assert storm.told_by() == [("a", BACK, "email")]


def test_premises_with_one_address_are_told_in_one_letter() -> None:
    people = {
        c: Reached(phones=(), name=f"SP-{c}", contacts=(Contact(id=c, channel=Channel.EMAIL, address=MAIL),))
        for c in "abc"
    }
    storm = Storm(people)
    storm.at(1).incident("I", out="ab").decide().expect(("ab", OUT))
    (effect,) = storm.outcomes[-1].effects
    assert (text_of(effect).contact, text_of(effect).customer) == ("a", "a")
    assert text_of(effect).words.startswith("Power is out at SP-a and SP-b since 18:00.")


def test_a_phone_that_is_told_may_write_for_its_premise() -> None:
    people = People({"a": Reached(phones=(phone(1),), name="a", contacts=(contact(Channel.TEXT, phone(7)),))})
    assert people.premises(handle_of(phone(7))) == ("a",)
    assert people.alone() == {"a"}


@pytest.mark.parametrize(
    ("kind", "tier", "hour", "waits"),
    [
        (Kind.OUTAGE, "residential", 21, False),
        (Kind.OUTAGE, "residential", 23, True),
        (Kind.ESTIMATE, "residential", 21, True),
        (Kind.ESTIMATE, "large", 23, False),
        (Kind.ESTIMATE, "residential", 12, False),
        (Kind.SAFETY, "residential", 23, False),
    ],
)
def test_quiet_hours_are_those_of_the_kind_and_tier_else_of_the_utility(
    kind: Kind, tier: str, hour: int, waits: bool
) -> None:
    manners = dataclasses.replace(
        NIGHTLY,
        quiet_by={
            (Kind.ESTIMATE, ""): (dt.time(20), dt.time(9)),
            (Kind.ESTIMATE, "large"): (dt.time(0), dt.time(0)),
        },
    )
    reached = Reached(phones=(phone(1),), name="a", tier=tier)
    (way,) = People({"a": reached}).ways("a")
    now = int(dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC).timestamp() * 1000)
    assert (manners.waits_until(now, kind, reached, way) is not None) is waits


def test_an_estimate_waits_though_the_outage_was_told() -> None:
    manners = dataclasses.replace(NIGHTLY, quiet_by={(Kind.ESTIMATE, ""): (dt.time(19), dt.time(9))})
    storm = Storm("a", manners)
    storm.at(90).incident("I", out="a", estimate=None).decide().expect(("a", OUT))
    storm.at(95).incident("I", estimate=600).decide().expect()
    assert ("waits", Reason.QUIET_HOURS) in storm.reasons
    storm.at(99).incident("I", PARTIAL, back="a").decide().expect(("a", BACK))
