"""A language is one file, and is taken only when it is whole: what is wrong is named with file and key."""

from __future__ import annotations

import shutil
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from services.notices.languages import WORDS
from services.notices.templates import WordsError, checked, load
from services.notices.wording import Wording

if TYPE_CHECKING:
    from pathlib import Path


def english() -> dict[str, Any]:
    return tomllib.loads((WORDS / "en.toml").read_text("utf-8"))


def change(said: dict[str, Any], key: str, value: Any) -> None:
    """Set what a key says; None: take it out."""
    section, _, variant = key.partition(".")
    place, name = (said.setdefault(section, {}), variant) if variant else (said, section)
    if value is None:
        del place[name]
    else:
        place[name] = value


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("power_out.plain", None, "this text is missing"),
        ("subject.outage", None, "this text is missing"),
        ("exercise", None, "this text is missing"),
        ("power_out.extra", "More words.", "there is no such text"),
        ("farewell", "Goodbye.", "there is no such text"),
        ("power_out.plain", 7, "this is no text"),
        ("power_out.plain", "", "this is no text"),
        ("power_out.plain", "Off {place}\nsince {since}.", "the text holds a control character"),
        ("power_out.plain", "Power is out {place}.", "the field {since} is missing"),
        ("power_out.plain", "Out {place} since {since} until {etr}.", "there is no field {etr} in this text"),
        ("power_out.plain", "Out {place} since {since!r}.", "there is no field {since!r} in this text"),
        ("power_out.plain", "Out {place} since {since:>9}.", "there is no field {since:>9} in this text"),
        ("power_out.plain", "Out {place} since {since.real}.", "there is no field {since.real} in this text"),
        ("power_out.plain", "Out {place} since {}.", "there is no field {} in this text"),
        ("power_out.plain", "Out {place since {since}.", "the braces do not fit"),
        ("stopped.plain", "No more texts {place}.", "there is no field {place} in this text"),
        ("canned.thanks", "Thank you, {name}.", "there is no field {name} in this text"),
        ("power_out.plain", "Out {place} since {since} → sorry.", "'→' is not in the alphabet of seven bits"),
        ("canned.thanks", "Merci beaucoup, ça va.", "'ç' is not in the alphabet of seven bits"),
        ("power_out.plain", "The power is back {place} {since}.", "only another text may hold the return_phrase"),
        ("power_restored.now", "It returned {place}.", "this text must hold the return_phrase"),
        ("question.plain", "How are you? Y or N.", "this text must hold the asking_phrase"),
        ("times.weekdays", ["Mon", "Tue"], "this is no list of 7"),
        ("times.months", "Jan", "this is no list of 12"),
        ("times.date", "{day} {month}", "the field {time} is missing"),
        ("alphabet", "latin1", "it is none of gsm7, ucs2"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(key: str, value: Any, sentence: str) -> None:
    said = english()
    change(said, key, value)
    with pytest.raises(WordsError) as raised:
        checked("xx.toml", "xx", said)
    assert (raised.value.file, raised.value.key) == ("xx.toml", key)
    assert str(raised.value).startswith(f"xx.toml, {key}: {sentence}")


def test_characters_outside_of_seven_bits_are_for_languages_that_do_not_claim_it() -> None:
    said = english() | {"alphabet": "ucs2"}
    change(said, "power_out.plain", "Out {place} since {since} → sorry.")
    assert (
        checked("xx.toml", "xx", said).say("power_out.plain", place="here", since="noon")
        == "Out here since noon → sorry."
    )


def test_another_language_is_one_more_file(tmp_path: Path) -> None:
    shutil.copytree(WORDS, tmp_path, dirs_exist_ok=True)
    french = (WORDS / "en.toml").read_text("utf-8").replace("Power is out", "Pas de courant")
    (tmp_path / "fr.toml").write_text(french, "utf-8")
    languages = load(tmp_path)
    assert sorted(languages) == ["en", "fr", "zh"]
    assert Wording(languages["fr"]).say("power_out.crew", place="ici", since="midi").startswith("Pas de courant ici")


def test_a_prepared_answer_is_there_in_every_language(tmp_path: Path) -> None:
    shutil.copytree(WORDS, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "zh.toml").open("a", encoding="utf-8") as file:
        file.write('holiday = "放假。"\n')
    with pytest.raises(WordsError, match=r"en.toml, canned.holiday: this answer is there in another language"):
        load(tmp_path)


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(WordsError, match=r"en.toml: this is no TOML"):
        load(tmp_path)
