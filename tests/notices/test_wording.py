"""The words of each text in each language, letter for letter, and that each fits into one segment whatever it says."""
# ruff: noqa: RUF001 (as Chinese is written)

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clock import to_ms
from services.drill.asking import ASKS_POWER
from services.drill.truth_store import SAYS_RESTORED
from services.notices.gsm import segments, septets
from services.notices.languages import WORDINGS, wording_in
from services.notices.preview import main, preview
from services.notices.templates import ASKS, FIELDS, RETURNS, TEXTS, Field
from services.notices.wording import Calendar, Where

ZONE = ZoneInfo("Europe/Berlin")
FOLDER = Path(__file__).parent


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
    ends: int = LATER,
    zone: dt.tzinfo = ZONE,
) -> dict[str, str]:
    """Return what a language says of premises and times, by the key of the text and how much is known."""
    words, calendar = WORDINGS[language], Calendar(now, zone)
    expected, there = calendar.ahead(later), calendar.ahead(arrival)
    begins = now if later is None else later
    found = {
        "power_restored.now": words.power_restored(where, calendar, since=None),
        "power_restored.since": words.power_restored(where, calendar, since=since),
        "planned_announced.ahead": words.planned_announced(where, calendar, begins=begins, ends=ends, begun=False),
        "planned_announced.now": words.planned_announced(where, calendar, begins=None, ends=ends, begun=True),
        "planned_announced.open": words.planned_announced(where, calendar, begins=None, ends=None, begun=True),
        "planned_reminder.plain": words.planned_reminder(where, calendar, begins=begins, ends=ends),
        "planned_changed.time": words.planned_changed(where, calendar, begins=begins, ends=ends, begun=False),
        "planned_changed.end": words.planned_changed(where, calendar, begins=begins, ends=ends, begun=True),
        "planned_changed.overrun": words.planned_changed(where, calendar, begins=begins, ends=now, begun=True),
        "planned_cancelled.plain": words.planned_cancelled(where, calendar, begins=begins),
        "planned_over.plain": words.planned_over(where),
        "safety.near": words.danger_near(where),
        "noted.known": words.noted(where),
        "noted.stranger": words.noted(None),
        "known.plain": words.known(where, calendar, since=since, expected=None),
        "known.estimate": words.known(where, calendar, since=since, expected=expected),
        "no_outage.known": words.no_outage(where),
        "no_outage.stranger": words.no_outage(None),
        "which.plain": words.which(("SP-1", "SP-2", "SP-3")),
        "question.place": words.question(where),
        "noted_on.plain": words.noted_on(),
        "stopped.plain": words.stopped(),
        "started.plain": words.started(),
        "help.plain": words.help(),
        "danger.plain": words.safety(),
        "not_understood.plain": words.not_understood(),
    }
    for crew in (False, True):
        for known in (None, expected):
            variant = {(False, False): "plain", (True, False): "crew", (False, True): "estimate"}.get(
                (crew, known is not None), "crew_estimate"
            )
            out = words.power_out(where, calendar, since=since, expected=known, crew=crew)
            still = words.still_out(where, calendar, expected=known, crew=crew)
            found |= {f"power_out.{variant}": out, f"still_out.{variant}": still}
    for there_at, known in ((None, None), (there, None), (None, expected), (there, expected)):
        names = [name for name, value in (("arrival", there_at), ("estimate", known)) if value is not None]
        said = words.crew_enroute(where, calendar, arrival=there_at, expected=known)
        found[f"crew_enroute.{'_'.join(names) or 'plain'}"] = said
    if expected is not None:
        found["initial_etr.plain"] = words.initial_etr(where, calendar, expected=expected)
        found["etr_change.later"] = words.etr_change(where, calendar, expected=expected, later=True)
        found["etr_change.sooner"] = words.etr_change(where, calendar, expected=expected, later=False)
    return found


def test_the_texts_of_each_language_are_as_they_were_approved(tmp_path: Path) -> None:
    main(tmp_path)
    written = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    approved = {path.name: path.read_text("utf-8") for path in FOLDER.glob("words_*.txt")}
    assert written == approved, "run `python -m services.notices.preview tests/notices` and read what changed"


@pytest.mark.parametrize("language", WORDINGS)
def test_each_text_costs_one_segment_and_says_so_beforehand(language: str) -> None:
    assert [text.key for text in preview(language)] == list(TEXTS)
    assert [text.key for text in preview(language) if text.too_long] == []
    assert {text.alphabet for text in preview(language)} == {WORDINGS[language].templates.alphabet}
    assert all("?" not in text.words for text in preview("zh")), "no text in Chinese has lost a character"


def test_every_field_of_a_text_has_a_type() -> None:
    assert {field for fields in TEXTS.values() for field in fields} == set(FIELDS)
    assert set(FIELDS.values()) == set(Field)


@pytest.mark.parametrize("language", WORDINGS)
def test_what_is_known_chooses_the_text(language: str) -> None:
    words = WORDINGS[language]
    one_of_two = Where(("SP-1",), 2)
    for key, said in texts_of(language, one_of_two).items():
        place = words.place(one_of_two)
        fixed = words.templates.texts[key].replace("{place}", place)
        parts = [part for piece in fixed.split("{") for part in (piece.partition("}")[2] if "}" in piece else piece,)]
        assert all(part in said for part in parts), key


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


def test_planned_work_is_said_with_its_date_and_ends_with_a_time_alone_on_the_same_day() -> None:
    words, calendar = WORDINGS["en"], Calendar(NOW, ZONE)
    begins, ends = at("2026-03-11T08:30"), at("2026-03-11T11:30")
    said = words.planned_announced(ALONE, calendar, begins=begins, ends=ends, begun=False)
    assert "off from Wed 11 Mar 08:30 to 11:30." in said
    said = WORDINGS["zh"].planned_reminder(ALONE, calendar, begins=begins, ends=at("2026-03-12T02:00"))
    assert said == "提醒：您处因计划检修将于3月11日08:30至3月12日02:00停电。"


def test_a_language_without_words_is_english() -> None:
    assert wording_in("eo", "zh") is WORDINGS["zh"]
    assert wording_in("eo", "") is WORDINGS["en"]


@given(
    now=st.integers(at("2020-01-01T00:00"), at("2060-01-01T00:00")),
    before=st.integers(0, 10**13),
    after=st.none() | st.integers(-(10**9), 10**10),
    ends=st.integers(-(10**9), 10**10),
    zone=st.sampled_from([ZONE, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/St_Johns"), dt.UTC]),
    where=st.builds(
        lambda names, more: Where(tuple(names), len(names) + more),
        st.lists(st.text("AZ09-_/", min_size=1, max_size=64), min_size=1, max_size=40),
        st.integers(0, 900),
    ),
)
def test_every_text_takes_one_segment_and_only_a_return_says_so(
    now: int, before: int, after: int | None, ends: int, zone: dt.tzinfo, where: Where
) -> None:
    later = None if after is None else now + after
    for language, wording in WORDINGS.items():
        texts = texts_of(
            language, where, now=now, since=now - before, later=later, arrival=later, ends=now + ends, zone=zone
        )
        for key, words in texts.items():
            assert segments(wording.exercise + words) == 1, key
            assert (wording.return_phrase in words.lower()) is (key in RETURNS), key
            assert (wording.asking_phrase in words) is (key in ASKS), key
            assert language != "en" or septets(words) is not None, key


def test_the_words_by_which_a_drill_knows_a_return() -> None:
    assert sorted(wording.return_phrase for wording in WORDINGS.values()) == sorted(SAYS_RESTORED)


def test_the_words_by_which_a_drill_knows_a_question() -> None:
    assert sorted(wording.asking_phrase.lower() for wording in WORDINGS.values()) == sorted(ASKS_POWER)
