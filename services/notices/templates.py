"""Templates: the words of a language, read from its file and checked whole before any of them is said.

A language is one file in `words/`, named by its code of ISO 639-1. It has every text with exactly the fields that belong to it, and
says how premises and times are named in it. Whatever is missing, unknown or cannot be sent in its alphabet is refused.
"""

from __future__ import annotations

import dataclasses
import enum
import string
import tomllib
from typing import TYPE_CHECKING, Any, Final

from services.notices.gsm import outside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PLACE, _NOW = ("place",), ()


class Field(enum.StrEnum):
    """What is filled into a field, as `wording` says it."""

    PLACE = "place"
    PAST = "past"
    TIME = "time"
    DATE = "date"
    NUMBER = "number"
    CHOICES = "choices"
    CODE = "code"
    DIGITS = "digits"


FIELDS: Final[Mapping[str, Field]] = {
    "place": Field.PLACE,
    "since": Field.PAST,
    "expected": Field.TIME,
    "arrival": Field.TIME,
    "begins": Field.DATE,
    "ends": Field.DATE,
    "count": Field.NUMBER,
    "of": Field.NUMBER,
    "choices": Field.CHOICES,
    "code": Field.CODE,
    "digits": Field.DIGITS,
}
"""The fields of texts, and what each of them holds."""

TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "power_out.plain": ("place", "since"),
    "power_out.crew": ("place", "since"),
    "power_out.estimate": ("place", "since", "expected"),
    "power_out.crew_estimate": ("place", "since", "expected"),
    "initial_etr.plain": ("place", "expected"),
    "etr_change.later": ("place", "expected"),
    "etr_change.sooner": ("place", "expected"),
    "crew_enroute.plain": _PLACE,
    "crew_enroute.arrival": ("place", "arrival"),
    "crew_enroute.estimate": ("place", "expected"),
    "crew_enroute.arrival_estimate": ("place", "arrival", "expected"),
    "power_restored.now": _PLACE,
    "power_restored.since": ("place", "since"),
    "still_out.plain": _PLACE,
    "still_out.crew": _PLACE,
    "still_out.estimate": ("place", "expected"),
    "still_out.crew_estimate": ("place", "expected"),
    "planned_announced.ahead": ("place", "begins", "ends"),
    "planned_announced.now": ("place", "ends"),
    "planned_announced.open": _PLACE,
    "planned_reminder.plain": ("place", "begins", "ends"),
    "planned_changed.time": ("place", "begins", "ends"),
    "planned_changed.end": ("place", "ends"),
    "planned_changed.overrun": _PLACE,
    "planned_cancelled.plain": ("place", "begins"),
    "planned_over.plain": _PLACE,
    "safety.near": _PLACE,
    "noted.known": _PLACE,
    "noted.stranger": _NOW,
    "known.plain": ("place", "since"),
    "known.estimate": ("place", "since", "expected"),
    "no_outage.known": _PLACE,
    "no_outage.stranger": _NOW,
    "which.plain": ("choices",),
    "which.page": ("choices",),
    "which_known.plain": ("count", "of", "choices"),
    "which_known.page": ("count", "of", "choices"),
    "link_how.plain": _NOW,
    "link_code.plain": ("code",),
    "link_unknown.plain": _NOW,
    "link_often.plain": _NOW,
    "link_already.plain": _NOW,
    "link_wrong.plain": _NOW,
    "link_over.plain": _NOW,
    "linked.plain": _PLACE,
    "linked.told": ("digits", "place"),
    "unlinked.own": _NOW,
    "unlinked.others": _NOW,
    "unlinked.nothing": _NOW,
    "language.plain": _NOW,
    "question.plain": _NOW,
    "question.place": _PLACE,
    "noted_on.plain": _NOW,
    "stopped.plain": _NOW,
    "started.plain": _NOW,
    "help.plain": _NOW,
    "danger.plain": _NOW,
    "not_understood.plain": _NOW,
}
"""Every text by its key, which is `section.variant`, with the fields that it must have and no other."""

SUBJECTS: Final = ("outage", "estimate", "restored", "planned", "safety", "broadcast")
"""The kinds of notice, each with a subject for letters."""

_PHRASES: Final[Mapping[str, tuple[str, ...]]] = {
    "place.alone": _NOW,
    "place.named": ("names",),
    "place.counted": ("count", "of"),
    "place.comma": _NOW,
    "place.last": _NOW,
    "place.numbered": ("number", "name"),
    "times.another_day": ("weekday", "time"),
    **{f"subject.{kind}": _NOW for kind in SUBJECTS},
}
_OWN_FIELDS: Final[Mapping[str, frozenset[str]]] = {"times.date": frozenset({"weekday", "day", "month", "time"})}
"""Phrases that need not have all of their fields."""
_LISTS: Final = {"times.weekdays": 7, "times.months": 12}
_WORDS: Final = ("name", "exercise", "return_phrase", "asking_phrase")
_ALPHABETS: Final = ("gsm7", "ucs2")
_FREE: Final = "canned"

RETURNS: Final = frozenset({"power_restored.now", "power_restored.since"})
"""The texts that say that power is back, by the phrase for it; no other one holds that phrase."""
ASKS: Final = frozenset({"question.plain", "question.place"})
"""The same of the question whether power is on."""


class WordsError(ValueError):
    """The file of a language cannot be taken; `file` and `key` (`section.variant`) say where it is wrong."""

    def __init__(self, file: str, key: str, sentence: str) -> None:
        super().__init__(f"{file}, {key}: {sentence}" if key else f"{file}: {sentence}")
        self.file = file
        self.key = key


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """The words of one language, sound and whole. `texts` holds every text and phrase by its key, `canned` the prepared answers."""

    language: str
    name: str
    alphabet: str
    exercise: str
    return_phrase: str
    asking_phrase: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    texts: Mapping[str, str]
    canned: Mapping[str, str]

    def say(self, key: str, **fields: str | int) -> str:
        """Return a text with its fields filled in. Raises KeyError for a key that no text has, or a field that is not given."""
        return self.texts[key].format(**fields)


def load(folder: Path) -> dict[str, Templates]:
    """Return the languages that have a file in the folder, by code. Raises `WordsError` when one of them is not sound.

    All of them have the same prepared answers.
    """
    found = {path.stem: _read(path) for path in sorted(folder.glob("*.toml"))}
    known = {key for each in found.values() for key in each.canned}
    for language, templates in found.items():
        for key in sorted(known - templates.canned.keys()):
            raise WordsError(f"{language}.toml", f"{_FREE}.{key}", "this answer is there in another language")
    return found


def _read(path: Path) -> Templates:
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WordsError(path.name, "", f"this is no TOML: {error}") from error
    return checked(path.name, path.stem, said)


def checked(file: str, language: str, said: Mapping[str, Any]) -> Templates:
    """Return the words of a language as its file says them. Raises `WordsError` for the first thing that is wrong."""
    words = dict(_flat(file, said))
    alphabet = words.pop("alphabet", None)
    if alphabet not in _ALPHABETS:
        raise WordsError(file, "alphabet", f"it is none of {', '.join(_ALPHABETS)}")
    lists = {key: _list(file, key, words.pop(key, None), count) for key, count in _LISTS.items()}
    known = {*_WORDS, *TEXTS, *_PHRASES, *_OWN_FIELDS}
    canned = {key.partition(".")[2]: str(words.pop(key)) for key in sorted(words) if key.startswith(f"{_FREE}.")}
    for key in sorted(words.keys() - known):
        raise WordsError(file, key, "there is no such text")
    for key in sorted(known - words.keys()):
        raise WordsError(file, key, "this text is missing")
    plain = {key: _plain(file, key, words[key]) for key in sorted(known)}
    for key, needed in {**TEXTS, **_PHRASES}.items():
        _check_fields(file, key, plain[key], frozenset(needed), frozenset(needed))
    for key, allowed in _OWN_FIELDS.items():
        _check_fields(file, key, plain[key], allowed, frozenset({"day", "month", "time"}))
    for key in (*_WORDS, *(f"{_FREE}.{name}" for name in canned)):
        _check_fields(file, key, {**plain, **{f"{_FREE}.{name}": text for name, text in canned.items()}}[key])
    _check_phrases(file, plain)
    if alphabet == "gsm7":
        spoken = [*plain.items(), *((key, "".join(each)) for key, each in lists.items())]
        spoken += [(f"{_FREE}.{name}", text) for name, text in canned.items()]
        for key, text in spoken:
            if strange := outside(text):
                raise WordsError(file, key, f"{strange!r} is not in the alphabet of seven bits")
    return Templates(
        language=language,
        alphabet=alphabet,
        weekdays=lists["times.weekdays"],
        months=lists["times.months"],
        texts={key: text for key, text in plain.items() if key not in _WORDS},
        canned=canned,
        **{word: plain[word] for word in _WORDS},
    )


def _flat(file: str, said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        if not isinstance(value, dict):
            yield name, value
            continue
        for variant, text in value.items():
            if isinstance(text, dict):
                raise WordsError(file, f"{name}.{variant}", "a section has no sections")
            yield f"{name}.{variant}", text


def _plain(file: str, key: str, text: Any) -> str:
    if not isinstance(text, str) or not text:
        raise WordsError(file, key, "this is no text")
    if any(not each.isprintable() for each in text):
        raise WordsError(file, key, "the text holds a control character")
    return text


def _list(file: str, key: str, found: Any, count: int) -> tuple[str, ...]:
    if not isinstance(found, list) or len(found) != count:
        raise WordsError(file, key, f"this is no list of {count}")
    return tuple(_plain(file, key, each) for each in found)


def _check_fields(
    file: str, key: str, text: str, allowed: frozenset[str] = frozenset(), needed: frozenset[str] = frozenset()
) -> None:
    found = set()
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise WordsError(file, key, f"the braces do not fit: {error}") from error
    for _, field, spec, conversion in parts:
        if field is None:
            continue
        if spec or conversion or field not in allowed:
            written = field + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise WordsError(file, key, f"there is no field {{{written}}} in this text")
        found.add(field)
    for field in sorted(needed - found):
        raise WordsError(file, key, f"the field {{{field}}} is missing")


def _check_phrases(file: str, plain: Mapping[str, str]) -> None:
    for word, holders in (("return_phrase", RETURNS), ("asking_phrase", ASKS)):
        phrase = plain[word].lower()
        for key in TEXTS:
            if (phrase in plain[key].lower()) is not (key in holders):
                where = "this text must hold" if key in holders else "only another text may hold"
                raise WordsError(file, key, f"{where} the {word} {plain[word]!r}")
