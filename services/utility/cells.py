"""How the text of a cell becomes a value: each function returns the value, or raises RefusedCell with a sentence."""

from __future__ import annotations

import datetime as dt
import re
import typing
import zoneinfo
from typing import TYPE_CHECKING, TypeVar

from schemas.events import Id
from services.network.tables import BranchKind
from services.utility.problems import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_ID = typing.get_args(Id)[1]
_ID_PATTERN = re.compile(_ID.pattern)
# A device is named by the kind and the id of its branch, and that name is an id of an event too.
_BRANCH_ID_LENGTH = _ID.max_length - len(f"{BranchKind.TRANSFORMER}:")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_PHASES = re.compile(r"(?!.*(.).*\1)[ABCN]{1,4}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_EMAIL = re.compile(
    r"[!#-'*+\-./0-9=?A-Z^-~]{1,64}@(?=.{4,190}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_URL = re.compile(r"https?://[!#-;=?-\[\]_a-z~]{3,492}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_LONGEST_TEXT = 500
_PARTS_OF_A_CIRCLE = 3
_WIDEST_M = 500_000
_MOST_PARTS = 50
_RIGHT_ANGLE, _HALF_CIRCLE = 90, 180

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days of the week as a folder names them; Monday is 1."""

_Value = TypeVar("_Value", bound="Hashable")
_Parsed = TypeVar("_Parsed")


class RefusedCell(Exception):
    """The text of a cell is no value of its column."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def identifier(text: str) -> str:
    """Return the id. It must also be one in an event: 1 to 64 of the letters, digits and signs allowed there."""
    return _identifier(text, _ID.max_length)


def branch_id(text: str) -> str:
    """Return the id of a branch, which leaves room for the kind before it."""
    return _identifier(text, _BRANCH_ID_LENGTH)


def _identifier(text: str, longest: int) -> str:
    if not _ID_PATTERN.match(text) or len(text) > longest:
        allowed = f"1 to {longest} of A-Z a-z 0-9 _ . : + / # -"
        raise RefusedCell(Code.BAD_ID, f"{shown(text)} is no id: {allowed} are allowed.")
    return text


def words(text: str) -> str:
    """Return free text, of 500 characters at most."""
    if len(text) > _LONGEST_TEXT:
        raise RefusedCell(Code.OUT_OF_RANGE, f"The text has {len(text)} characters, the most is {_LONGEST_TEXT}.")
    return text


def number(low: float, high: float, unit: str) -> Callable[[str], float]:
    """Return the reader of a decimal number between two bounds."""

    def parse(text: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise RefusedCell(Code.BAD_NUMBER, f"{shown(text)} is not a decimal number.")
        value = float(text)
        if not low <= value <= high:
            raise RefusedCell(Code.OUT_OF_RANGE, f"{shown(text)} is not between {low:g} and {high:g} {unit}.")
        return value

    return parse


def above_zero(high: float, unit: str) -> Callable[[str], float]:
    """Return the reader of a decimal number greater than zero."""
    within = number(0, high, unit)

    def parse(text: str) -> float:
        if (value := within(text)) == 0:
            raise RefusedCell(Code.OUT_OF_RANGE, f"{shown(text)} is not more than 0 {unit}.")
        return value

    return parse


def whole(low: int, high: int, unit: str) -> Callable[[str], int]:
    """Return the reader of a whole number between two bounds."""

    def parse(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise RefusedCell(Code.BAD_NUMBER, f"{shown(text)} is not a whole number.")
        if not low <= int(text) <= high:
            raise RefusedCell(Code.OUT_OF_RANGE, f"{shown(text)} is not between {low} and {high} {unit}.")
        return int(text)

    return parse


longitude = number(-_HALF_CIRCLE, _HALF_CIRCLE, "degrees")
_latitude = number(-_RIGHT_ANGLE, _RIGHT_ANGLE, "degrees")


def latitude(text: str) -> float:
    """Return degrees north; what can only be a longitude is called exchanged."""
    if _NUMBER.fullmatch(text) and _RIGHT_ANGLE + 1 < abs(float(text)) <= _HALF_CIRCLE:
        sentence = f"{shown(text)} is no latitude but could be a longitude: the two may be exchanged."
        raise RefusedCell(Code.SWAPPED, sentence)
    return _latitude(text)


def circle(text: str) -> str:
    """Return a circle on the ground, `latitude/longitude/metres`, as it was written."""
    parts = text.split("/")
    if len(parts) != _PARTS_OF_A_CIRCLE:
        raise RefusedCell(Code.BAD_NUMBER, f"{shown(text)} is not latitude/longitude/metres.")
    for part, parse in zip(parts, (latitude, longitude, whole(1, _WIDEST_M, "m")), strict=True):
        parse(part)
    return text


def one_of(values: dict[str, _Value]) -> Callable[[str], _Value]:
    """Return the reader of a cell that holds one of these names."""

    def parse(text: str) -> _Value:
        try:
            return values[text]
        except KeyError:
            raise RefusedCell(Code.UNKNOWN_VALUE, f"{shown(text)} is none of {', '.join(values)}.") from None

    return parse


def several(parse: Callable[[str], _Value], separators: str = ";") -> Callable[[str], tuple[_Value, ...]]:
    """Return the reader of several values in one cell, in their order; none of them may be there twice."""
    between = re.compile(f"[{separators}]")

    def parse_all(text: str) -> tuple[_Value, ...]:
        parts = [part.strip() for part in between.split(text) if part.strip()]
        if len(parts) > _MOST_PARTS:
            raise RefusedCell(Code.OUT_OF_RANGE, f"The cell names {len(parts)} values, the most is {_MOST_PARTS}.")
        values = tuple(map(parse, parts))
        if len(set(values)) < len(values):
            raise RefusedCell(Code.DOUBLED_ID, "A value is twice in the cell.")
        return values

    return parse_all


def or_else(default: _Parsed, parse: Callable[[str], _Parsed]) -> Callable[[str], _Parsed]:
    """Return the reader of a cell that may be empty and then means the default."""
    return lambda text: parse(text) if text else default


def phases(text: str) -> str:
    """Return the phases, some of A, B, C and N."""
    if not _PHASES.fullmatch(text):
        raise RefusedCell(Code.UNKNOWN_VALUE, f"{shown(text)} names no phases: some of A, B, C and N, each once.")
    return text


def date(text: str) -> dt.date:
    """Return a date, written as 2024-12-31."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise RefusedCell(Code.BAD_DATE, f"{shown(text)} is no date of the form 2024-12-31.") from None


def time_of_day(text: str) -> dt.time:
    """Return a time of the day, written as 07:30."""
    if not _TIME.fullmatch(text):
        raise RefusedCell(Code.BAD_TIME, f"{shown(text)} is no time of the day of the form 07:30.")
    return dt.time.fromisoformat(text)


def moment(text: str) -> dt.datetime:
    """Return a date and time, written as 2026-03-02T09:00 in the utility's time zone or with an offset."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or "T" not in text or not 2000 <= found.year < 2100:  # noqa: PLR2004 - what events allow
        raise RefusedCell(Code.BAD_TIME, f"{shown(text)} is no time of the form 2026-03-02T09:00 or with an offset.")
    return found


def weekdays(text: str) -> tuple[int, ...]:
    """Return the days of the week, 1 to 7: one (`sat`), a range (`mon-fri`, `sat-mon`), or several parted by ';'."""
    days: list[int] = []
    for part in text.split(";"):
        first, _, last = part.strip().partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise RefusedCell(Code.UNKNOWN_VALUE, f"{shown(text)} names no weekdays, such as mon, sat;sun or mon-fri.")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days += [(start + step) % 7 + 1 for step in range((end - start) % 7 + 1)]
    if len(set(days)) < len(days):
        raise RefusedCell(Code.DOUBLED_ID, f"{shown(text)} names a weekday twice.")
    return tuple(days)


def phone(text: str) -> str:
    """Return a phone number in international form. What is refused is not repeated."""
    if not _PHONE.fullmatch(text):
        raise RefusedCell(Code.BAD_PHONE, "This is no phone number in international form: + and 7 to 15 digits.")
    return text


def email(text: str) -> str:
    """Return an address of e-mail. What is refused is not repeated."""
    if not _EMAIL.fullmatch(text):
        raise RefusedCell(Code.BAD_ADDRESS, "This is no address of e-mail, such as somebody@example.org.")
    return text


def url(text: str) -> str:
    """Return an address that is posted to. What is refused is not repeated."""
    if not _URL.fullmatch(text):
        raise RefusedCell(Code.BAD_ADDRESS, "This is no address of the form https://example.org/path.")
    return text


def language(text: str) -> str:
    """Return a language's code of ISO 639-1."""
    if not _LANGUAGE.fullmatch(text):
        raise RefusedCell(Code.UNKNOWN_VALUE, f"{shown(text)} is no language of ISO 639-1, such as en.")
    return text


def country(text: str) -> str:
    """Return a country of ISO 3166, or a part of one."""
    if not _COUNTRY.fullmatch(text):
        raise RefusedCell(Code.UNKNOWN_VALUE, f"{shown(text)} is no country of ISO 3166, such as DE or DE-MV.")
    return text


def time_zone(text: str) -> str:
    """Return the name of a time zone that is known here."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise RefusedCell(Code.UNKNOWN_VALUE, f"{shown(text)} is no time zone, such as Europe/Berlin.") from None
    return text


def service_hours(text: str) -> str:
    """Return agreed hours: `24x7`, or weekdays and times such as `mon-fri 08:00-17:00`, several parted by ';'."""
    if text == "24x7":
        return text
    for part in text.split(";"):
        days, _, hours = part.strip().partition(" ")
        starts, _, ends = hours.partition("-")
        try:
            weekdays(days)
            time_of_day(starts)
            time_of_day(ends)
        except RefusedCell:
            sentence = f"{shown(text)} names no hours, such as 24x7 or mon-fri 08:00-17:00."
            raise RefusedCell(Code.UNKNOWN_VALUE, sentence) from None
    return text


def shown(text: str) -> str:
    """Return the text as a sentence quotes it, cut where it is long."""
    longest = 60
    return repr(text if len(text) <= longest else text[:longest] + "...")
