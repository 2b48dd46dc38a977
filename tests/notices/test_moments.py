"""The five moments: estimates that come and move, nights, several premises of one phone, people who want no texts."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from schemas.events import HazardChanged, HazardKind, HazardState, OrderState, OrderWork, Place
from services.clock import from_ms
from services.notices.moments import ETR_PAUSE_MS, LIFETIME_MS
from services.notices.people import Manners, Reached
from services.notices.reasons import Reason
from tests.notices.storm import (
    BACK,
    CHANGE,
    CLOSED,
    CREW,
    FIRST,
    MINUTE_MS,
    NIGHTLY,
    OUT,
    PARTIAL,
    RESTORED,
    T0,
    Storm,
    each_alone,
    phone,
    text_of,
)

NIGHT = 5 * 60
"""23:00, in minutes of the script."""
MORNING = 13 * 60
"""07:00 of the next day."""


@pytest.fixture
def storm() -> Storm:
    return Storm()


@pytest.fixture
def nightly() -> Storm:
    return Storm(manners=NIGHTLY)


def test_a_first_estimate_is_told_when_there_was_none_before(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", estimate=None).decide().expect(("a", OUT))
    storm.at(20).incident("I", estimate=90).decide().expect(("a", FIRST))
    assert ("due", Reason.FIRST_ESTIMATE) in storm.reasons
    (notice,) = storm.notices()
    assert (notice.estimate, notice.expires_at) == (T0 + 90 * MINUTE_MS, storm.now + LIFETIME_MS[FIRST])


def test_an_estimate_is_told_anew_when_it_moved_by_half_an_hour_from_what_was_told(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", estimate=120).decide().expect(("a", OUT))
    storm.at(40).incident("I", estimate=140).decide().expect()
    storm.at(45).incident("I", estimate=150).decide().expect(("a", CHANGE))
    assert storm.words() == ["The repair takes longer. We now expect power at your address to return by 20:30."]
    storm.at(80).incident("I", estimate=120).decide().expect(("a", CHANGE))
    assert storm.words() == ["The repair goes faster. We now expect power at your address to return by 20:00."]


def test_an_estimate_that_wavers_is_told_once_when_it_has_stood(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab", estimate=120).decide()
    storm.at(5).incident("I", estimate=180).decide().expect()
    assert ("waits", Reason.TOLD_LATELY) in storm.reasons
    assert storm.wake_at == T0 + MINUTE_MS + ETR_PAUSE_MS
    storm.at(9).incident("I", estimate=240).decide().expect()
    storm.at(31).decide().expect(("ab", CHANGE))
    assert storm.words()[0].endswith("return by 22:00.")
    assert storm.wake_at is None


def test_an_estimate_that_came_back_to_what_was_told_is_not_told(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", estimate=120).decide()
    storm.at(5).incident("I", estimate=180).decide().expect()
    storm.at(9).incident("I", estimate=125).decide().expect()
    assert ("over", Reason.NOTHING_NEW) in storm.reasons
    assert storm.wake_at is None


def test_an_estimate_in_the_past_is_no_news(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", estimate=None).decide()
    storm.at(60).incident("I", estimate=30).decide().expect()


def test_a_crew_and_an_estimate_are_told_in_one_text(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", estimate=None).decide()
    storm.at(9).incident("I", estimate=60).order("O", "I", OrderState.ENROUTE).decide().expect(("a", CREW))
    assert storm.words() == [
        "A crew is on its way to the outage at your address, there about 18:35. We expect power to return by 19:00."
    ]
    storm.at(12).incident("I", estimate=65).decide().expect()


def test_who_loses_power_while_the_crew_is_on_its_way_is_told_so_at_once(storm: Storm) -> None:
    storm.at(1).incident("I", out="a", estimate=None).decide()
    storm.at(5).order("O", "I", OrderState.ENROUTE).decide().expect(("a", CREW))
    storm.at(6).incident("I", out="b", estimate=None).decide().expect(("b", OUT))
    assert "A crew is on its way." in storm.words()[0]
    storm.at(7).order("O", "I", OrderState.ARRIVED).decide().expect()
    storm.at(9).incident("I", out="c", estimate=None).decide().expect(("c", OUT))
    assert "We are looking for the fault" in storm.words()[0]


def test_whoever_assists_or_makes_safe_is_not_told_of(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    storm.order("O", "I", OrderState.ENROUTE, work=OrderWork.ASSIST)
    storm.order("P", None, OrderState.ENROUTE, work=OrderWork.MAKE_SAFE).decide().expect()
    assert storm.reasons == []


def test_a_hazard_is_nothing_that_customers_are_told(storm: Storm) -> None:
    hazard = HazardChanged(
        id="h", at=from_ms(T0), hazard="H", area="A1", revision=1, state=HazardState.REPORTED,
        hazard_kind=HazardKind.FIRE, place=Place(lon=1, lat=2), reported_at=from_ms(T0), reason="reported",
    )  # fmt: skip
    assert storm.stage.shard_of(hazard) == "A1"
    storm.fact(hazard).decide().expect()


def test_at_night_a_customer_waits_and_is_told_in_the_morning_what_holds_then(nightly: Storm) -> None:
    nightly.at(NIGHT).incident("I", out="a", estimate=NIGHT + 120).decide().expect()
    assert ("waits", Reason.QUIET_HOURS) in nightly.reasons
    assert nightly.wake_at == T0 + MORNING * MINUTE_MS
    nightly.at(NIGHT + 60).incident("I", estimate=MORNING + 60).decide().expect()
    assert ("waits", Reason.QUIET_HOURS) not in nightly.reasons
    nightly.at(NIGHT + 90).order("O", "I", OrderState.ENROUTE).decide().expect()
    nightly.at(NIGHT + 95).order("O", "I", OrderState.ARRIVED).decide().expect()
    nightly.at(MORNING).decide().expect(("a", OUT))
    assert nightly.words()[0].startswith("Power is out at your address since Sun 18:00. We expect power by 08:00")
    assert nightly.outcomes[-1].effects[0].expires_at == nightly.now + LIFETIME_MS[OUT]
    assert nightly.wake_at is None


def test_an_outage_of_one_night_is_not_told(nightly: Storm) -> None:
    nightly.at(NIGHT).incident("I", out="a").decide().expect()
    nightly.at(NIGHT + 120).incident("I", RESTORED, back="a").decide().expect()
    assert ("untold", Reason.NEVER_TOLD) in nightly.reasons
    nightly.at(NIGHT + 130).incident("I", CLOSED).decide()
    nightly.at(MORNING).decide().expect()
    assert nightly.reasons == [("over", Reason.NOTHING_NEW)]
    assert nightly.left() == []


def test_a_return_by_night_is_told_in_the_morning_to_who_knows_of_the_outage(nightly: Storm) -> None:
    nightly.at(60).incident("I", out="ab").decide().expect(("ab", OUT))
    nightly.at(NIGHT).incident("I", PARTIAL, back="ab").decide().expect()
    nightly.at(NIGHT + 10).incident("I", out="b").decide().expect()
    assert ("stays", Reason.STILL_OUT) in nightly.reasons
    nightly.at(NIGHT + 20).incident("I", RESTORED, back="b").decide().expect()
    nightly.at(NIGHT + 30).incident("I", CLOSED).decide().expect()
    nightly.at(MORNING).decide().expect(("ab", BACK))
    assert sorted(words.partition(" If")[0] for words in nightly.words()) == [
        "The power is back at your address since Sun 23:00.",
        "The power is back at your address since Sun 23:20.",
    ]
    assert nightly.left() == []


def test_nothing_waits_for_who_depends_on_power_to_live() -> None:
    people = {"a": Reached(phones=(phone("a"),), name="a", life_support=True), **each_alone("b")}
    storm = Storm(people, NIGHTLY)
    storm.at(NIGHT).incident("I", out="ab").decide().expect(("a", OUT))
    storm.at(NIGHT + 9).order("O", "I", OrderState.ENROUTE).decide().expect(("a", CREW))
    storm.at(NIGHT + 60).incident("I", RESTORED, back="ab").decide().expect(("a", BACK))


@pytest.mark.parametrize(
    ("zone", "begins", "ends", "now", "wanted"),
    [
        ("UTC", "22:00", "07:00", "2026-03-01T21:59", None),
        ("UTC", "22:00", "07:00", "2026-03-01T22:00", "2026-03-02T07:00"),
        ("UTC", "22:00", "07:00", "2026-03-02T06:59", "2026-03-02T07:00"),
        ("UTC", "22:00", "07:00", "2026-03-02T07:00", None),
        ("UTC", "13:00", "15:00", "2026-03-02T14:00", "2026-03-02T15:00"),
        ("UTC", "13:00", "15:00", "2026-03-02T22:00", None),
        ("UTC", "00:00", "00:00", "2026-03-02T00:00", None),
        ("Asia/Shanghai", "22:00", "07:00", "2026-03-01T14:30", "2026-03-01T23:00"),
        # The clocks are put forward from two to three, and back from three to two.
        ("Europe/Berlin", "22:00", "02:30", "2026-03-29T00:59", "2026-03-29T01:30"),
        ("Europe/Berlin", "22:00", "02:30", "2026-10-25T00:10", "2026-10-25T00:30"),
        ("Europe/Berlin", "22:00", "02:30", "2026-10-25T01:10", "2026-10-25T01:30"),
    ],
)
def test_a_quiet_time_ends_when_the_utilitys_clocks_say_so(
    zone: str, begins: str, ends: str, now: str, wanted: str | None
) -> None:
    def ms(text: str) -> int:
        return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp() * 1000)

    manners = Manners(
        zone=ZoneInfo(zone), quiet_from=dt.time.fromisoformat(begins), quiet_until=dt.time.fromisoformat(ends)
    )
    assert manners.quiet_end(ms(now)) == (None if wanted is None else ms(wanted))


def family() -> dict[str, Reached]:
    """Return customers who share one phone, beside one who does not."""
    return {c: Reached(phones=(phone(1),), name=f"SP-{c}") for c in "abc"} | each_alone("z")


def test_several_premises_of_one_phone_are_told_in_one_text_that_names_them() -> None:
    storm = Storm(family())
    storm.at(1).incident("I", out="abz").decide().expect(("abz", OUT))
    shared, alone = sorted(storm.words(), key=len, reverse=True)
    assert shared.startswith("Power is out at SP-a and SP-b since 18:00.")
    assert alone.startswith("Power is out at your address since 18:00.")
    assert [text_of(effect).customer for effect in storm.outcomes[-1].effects] == ["a", "z"]
    storm.at(9).incident("I", PARTIAL, back="a").decide().expect(("a", BACK))
    assert storm.words()[0].startswith("The power is back at SP-a.")


def test_many_premises_are_counted() -> None:
    many = {letter: Reached(phones=(phone(1),), name=f"POINT-{letter}") for letter in "abcdefghijkl"}
    storm = Storm(many)
    storm.at(1).incident("I", out="abcdefg").decide()
    assert storm.words()[0].startswith("Power is out at 7 of your 12 premises since 18:00.")


def test_a_text_that_others_need_is_not_recalled_by_news_of_one() -> None:
    storm = Storm(family())
    storm.at(1).incident("I", out="ab").decide()
    first = storm.key("a", OUT)
    assert storm.at(5).incident("I", PARTIAL, back="a").decide().outcomes[-1].recalled == []
    assert first in storm.at(9).incident("I", RESTORED, back="b").decide().outcomes[-1].recalled


def test_a_text_is_in_the_language_of_its_customer_else_of_the_utility() -> None:
    people = {"a": Reached(phones=(phone("a"),), name="a", language="zh"), **each_alone("b")}
    storm = Storm(people)
    assert [words[:11] for words in sorted(storm.at(1).incident("I", out="ab").decide().words())] == [
        "Power is ou",
        "您处自18:00起停电",
    ]
    chinese = Manners(zone=ZoneInfo("UTC"), languages=("zh", "en"), quiet_from=dt.time(0), quiet_until=dt.time(0))
    assert Storm("b", chinese).at(1).incident("I", out="b").decide().words()[0].startswith("您处自18:00起停电")


def test_every_text_of_an_exercise_says_so() -> None:
    people = {"a": Reached(phones=(phone("a"),), name="a", language="zh"), **each_alone("b")}
    storm = Storm(people, exercise=True)
    words = storm.at(1).incident("I", out="ab").decide().words()
    assert sorted(text[:5] for text in words) == ["EXERC", "【演练】您"]


def test_who_wants_no_texts_is_told_nothing_and_the_reason_is_kept() -> None:
    people = {"a": Reached(phones=(phone("a"),), name="a", consents=False), **each_alone("b")}
    storm = Storm(people)
    storm.at(1).incident("I", out="ab").decide().expect(("b", OUT))
    assert ("untold", Reason.NO_CONSENT) in storm.reasons
    storm.at(2).consent(phone("a"), consents=True).consent(phone("b"), consents=False).decide().expect()
    assert storm.outcomes[-1].recalled == [storm.key("b", OUT)]
    storm.at(9).incident("I", RESTORED, back="ab").decide().expect()
    assert storm.reasons.count(("untold", Reason.NO_CONSENT)) == 1


def test_an_older_word_on_texts_does_not_undo_a_newer_one(storm: Storm) -> None:
    storm.at(5).consent(phone("a"), consents=False).decide()
    storm.at(4).consent(phone("a"), consents=True).decide()
    assert storm.reasons == [("stays", Reason.OVERTAKEN)]
    storm.at(6).incident("I", out="a").decide().expect()
