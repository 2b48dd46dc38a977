"""The words of each text in each language, letter for letter, and that each fits into one segment whatever it says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import aiosmpplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clock import to_ms
from services.drill.asking import ASKS_POWER
from services.notices.gsm import SEGMENT_SEPTETS, segments, septets
from services.notices.languages import WORDINGS, wording_in
from services.notices.wording import Calendar, Where

ZONE = ZoneInfo("Europe/Berlin")
RETURNS = {"power_restored", "power_restored, long ago"}
QUESTIONS = {"question"}


def at(text: str) -> int:
    return to_ms(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE))


NOW, SINCE = at("2026-03-01T18:07"), at("2026-03-01T17:55")
LATER, ARRIVAL = at("2026-03-02T02:26"), at("2026-03-01T18:38")
ALONE = Where(("SP-1",), 1)


def texts_of(
    language: str,
    where: Where,
    *,
    now: int = NOW,
    since: int = SINCE,
    later: int | None = LATER,
    arrival: int | None = ARRIVAL,
    zone: dt.tzinfo = ZONE,
) -> dict[str, str]:
    """Return every text there is in a language, by what it is."""
    words, calendar = WORDINGS[language], Calendar(now, zone)
    expected, there = calendar.ahead(later), calendar.ahead(arrival)
    found = {
        "power_out": words.power_out(where, calendar, since=since, expected=None, crew=False),
        "power_out, a crew": words.power_out(where, calendar, since=since, expected=None, crew=True),
        "power_out, an estimate": words.power_out(where, calendar, since=since, expected=expected, crew=False),
        "power_out, both": words.power_out(where, calendar, since=since, expected=expected, crew=True),
        "crew_enroute": words.crew_enroute(where, calendar, arrival=None, expected=None),
        "crew_enroute, all known": words.crew_enroute(where, calendar, arrival=there, expected=expected),
        "power_restored": words.power_restored(where, calendar, since=None),
        "power_restored, long ago": words.power_restored(where, calendar, since=since),
        "noted": words.noted(where),
        "noted, of a stranger": words.noted(None),
        "known": words.known(where, calendar, since=since, expected=None),
        "known, an estimate": words.known(where, calendar, since=since, expected=expected),
        "no_outage": words.no_outage(where),
        "no_outage, of a stranger": words.no_outage(None),
        "which": words.which(("SP-1", "SP-2", "SP-3")),
        "question": words.question(where),
        "noted_on": words.noted_on(),
        "stopped": words.stopped(),
        "started": words.started(),
        "help": words.help(),
        "safety": words.safety(),
        "not_understood": words.not_understood(),
    }
    if expected is not None:
        found["initial_etr"] = words.initial_etr(where, calendar, expected=expected)
        found["etr_change, later"] = words.etr_change(where, calendar, expected=expected, later=True)
        found["etr_change, sooner"] = words.etr_change(where, calendar, expected=expected, later=False)
    return found


@pytest.mark.parametrize("language", WORDINGS)
def test_each_text_is_as_it_was_approved(language: str) -> None:
    approved = (Path(__file__).parent / f"wording_{language}.txt").read_text(encoding="utf-8")
    assert "".join(f"{name}: {words}\n" for name, words in texts_of(language, ALONE).items()) == approved


@pytest.mark.parametrize(
    ("language", "where", "named"),
    [
        ("en", Where(("SP-1",), 2), "power is out at SP-1 "),
        ("en", Where(("SP-1", "SP-2", "SP-3"), 3), "power is out at SP-1, SP-2 and SP-3 "),
        ("en", Where(tuple(f"POINT-{n}" for n in range(9)), 12), "power is out at 9 of your 12 premises "),
        ("zh", Where(("SP-1",), 2), "已记录SP-1停电"),
        ("zh", Where(("SP-1", "SP-2", "SP-3"), 3), "已记录SP-1、SP-2和SP-3停电"),
        ("zh", Where(tuple(f"POINT-{n}" for n in range(9)), 12), "已记录您12处中的9处停电"),
    ],
)
def test_who_has_several_premises_is_told_which(language: str, where: Where, named: str) -> None:
    assert named in WORDINGS[language].noted(where)


def test_a_time_is_said_to_the_next_five_minutes_and_only_when_it_lies_ahead() -> None:
    calendar = Calendar(NOW, ZONE)
    assert calendar.ahead(at("2026-03-01T20:26")) == at("2026-03-01T20:30")
    assert calendar.ahead(at("2026-03-01T20:30")) == at("2026-03-01T20:30")
    assert [calendar.ahead(when) for when in (None, NOW, SINCE, at("2026-06-01T00:00"))] == [None] * 4


def test_a_language_without_words_is_english() -> None:
    assert wording_in("eo", "zh") is WORDINGS["zh"]
    assert wording_in("eo", "") is WORDINGS["en"]


@given(
    now=st.integers(at("2020-01-01T00:00"), at("2060-01-01T00:00")),
    before=st.integers(0, 10**13),
    after=st.none() | st.integers(-(10**9), 10**10),
    zone=st.sampled_from([ZONE, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/St_Johns"), dt.UTC]),
    where=st.builds(
        lambda names, more: Where(tuple(names), len(names) + more),
        st.lists(st.text("AZ09-_/", min_size=1, max_size=64), min_size=1, max_size=40),
        st.integers(0, 900),
    ),
)
def test_every_text_takes_one_segment_and_only_a_return_says_so(
    now: int, before: int, after: int | None, zone: dt.tzinfo, where: Where
) -> None:
    later = None if after is None else now + after
    for language, wording in WORDINGS.items():
        texts = texts_of(language, where, now=now, since=now - before, later=later, arrival=later, zone=zone)
        for name, words in texts.items():
            assert segments(wording.exercise + words) == 1, name
            assert (wording.return_phrase in words.lower()) is (name in RETURNS), name
            assert (wording.asking_phrase in words) is (name in QUESTIONS), name
            assert language != "en" or septets(words) is not None, name


def test_the_words_by_which_a_drill_knows_a_return() -> None:
    assert {language: wording.return_phrase for language, wording in WORDINGS.items()} == {
        "en": "power is back",
        "zh": "已恢复供电",
    }


def test_the_words_by_which_a_drill_knows_a_question() -> None:
    assert sorted(wording.asking_phrase.lower() for wording in WORDINGS.values()) == sorted(ASKS_POWER)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a" * SEGMENT_SEPTETS, 1),
        ("a" * (SEGMENT_SEPTETS + 1), 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("停" * 70, 1),
        ("停" * 71, 2),
        ("停" * 135, 3),
        ("a" * 69 + "停", 1),
        ("🔥" * 36, 2),
    ],
)
def test_segments_are_counted_as_an_operator_charges_them(words: str, expected: int) -> None:
    assert segments(words) == expected


@given(st.text(st.characters(max_codepoint=0x3FF) | st.sampled_from("€{}[]~|^\\"), max_size=50))
def test_septets_are_counted_as_the_gateways_codec_encodes(words: str) -> None:
    try:
        encoded: int | None = len(aiosmpplib.GSM7BitCodec.get_codec_info().encode(words)[0])
    except UnicodeEncodeError:
        encoded = None
    assert septets(words) == encoded
