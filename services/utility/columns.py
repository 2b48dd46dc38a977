"""The files of a utility folder, their columns, and how the text of a cell becomes a value."""

from __future__ import annotations

import datetime as dt
import re
import typing
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from schemas.events import Id
from services.network.tables import BranchKind, BranchRow, CustomerRow, FeederRow, NodeRow
from services.utility.problems import Code

if TYPE_CHECKING:
    from collections.abc import Callable

_ID = typing.get_args(Id)[1]
_ID_PATTERN = re.compile(_ID.pattern)
# A device is named by the kind and the id of its branch, and that name is an id of an event too.
_BRANCH_ID_LENGTH = _ID.max_length - len(f"{BranchKind.TRANSFORMER}:")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_PHASES = re.compile(r"(?!.*(.).*\1)[ABCN]{1,4}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_LINE_M = 200_000
_LONGEST_TEXT = 500


class RefusedCell(Exception):
    """The text of a cell is no value of its column."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def identifier(text: str) -> str:
    """Return the id. It must also be one in an event: 1 to 64 of the letters, digits and signs allowed there."""
    return _identifier(text, _ID.max_length)


def _branch_id(text: str) -> str:
    return _identifier(text, _BRANCH_ID_LENGTH)


def _identifier(text: str, longest: int) -> str:
    if not _ID_PATTERN.match(text) or len(text) > longest:
        allowed = f"1 to {longest} of A-Z a-z 0-9 _ . : + / # -"
        raise RefusedCell(Code.BAD_ID, f"{_shown(text)} is no id: {allowed} are allowed.")
    return text


def _optional_id(text: str) -> str:
    return identifier(text) if text else ""


def _text(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise RefusedCell(Code.OUT_OF_RANGE, f"The text has {len(text)} characters, the most is {_LONGEST_TEXT}.")
    return text


def _number(low: float, high: float, unit: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise RefusedCell(Code.BAD_NUMBER, f"{_shown(text)} is not a decimal number.")
        value = float(text)
        if not low <= value <= high:
            raise RefusedCell(Code.OUT_OF_RANGE, f"{_shown(text)} is not between {low:g} and {high:g} {unit}.")
        return value

    return parse


_length = _number(0, _LONGEST_LINE_M, "metres")


def _optional_length(text: str) -> float | None:
    return _length(text) if text else None


_Value = TypeVar("_Value")


def _one_of(values: dict[str, _Value]) -> Callable[[str], _Value]:
    def parse(text: str) -> _Value:
        try:
            return values[text]
        except KeyError:
            raise RefusedCell(Code.UNKNOWN_VALUE, f"{_shown(text)} is none of {', '.join(values)}.") from None

    return parse


def _phases(text: str) -> str:
    if not _PHASES.fullmatch(text):
        raise RefusedCell(Code.UNKNOWN_VALUE, f"{_shown(text)} names no phases: some of A, B, C and N, each once.")
    return text


def _optional_date(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise RefusedCell(Code.BAD_DATE, f"{_shown(text)} is no date of the form 2024-12-31.") from None


def _optional_phone(text: str) -> str | None:
    if not text:
        return None
    if not _PHONE.fullmatch(text):
        raise RefusedCell(Code.BAD_PHONE, "This is no phone number in international form: + and 7 to 15 digits.")
    return text


def _time_zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise RefusedCell(Code.UNKNOWN_VALUE, f"{_shown(text)} is no time zone, such as Europe/Berlin.") from None
    return text


def _shown(text: str) -> str:
    longest = 60
    return repr(text if len(text) <= longest else text[:longest] + "...")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, how a cell is read, whether the file must have it, and whether a cell may be empty."""

    name: str
    parse: Callable[[str], Any]
    required: bool = True
    may_be_empty: bool = False


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm(Generic[Row]):
    """A file: its columns in the order of the row's fields, and the sets of columns no two rows may share.

    A cell of a column that the file does not have is read as empty. `id` is the column by which other files name a row.
    """

    name: str
    id: str | None = None
    row: Callable[..., Row]
    columns: tuple[Column, ...]
    unique: tuple[tuple[str, ...], ...]


_LON = Column("lon", _number(-180, 180, "degrees"))
_LAT = Column("lat", _number(-90, 90, "degrees"))

NODES: FileForm[NodeRow] = FileForm(
    name="nodes.csv", id="node", row=NodeRow, columns=(Column("node", identifier), _LON, _LAT), unique=(("node",),)
)
BRANCHES: FileForm[BranchRow] = FileForm(
    name="branches.csv",
    id="id",
    row=BranchRow,
    columns=(
        Column("id", _branch_id),
        Column("kind", _one_of({kind.value: kind for kind in BranchKind})),
        Column("from_node", identifier),
        Column("to_node", identifier),
        Column("normal_state", _one_of({"closed": True, "open": False})),
        Column("phases", _phases),
        Column("length_m", _optional_length, may_be_empty=True),
        Column("type_code", _text, may_be_empty=True),
        Column("rating", _text, may_be_empty=True),
        Column("feeder", identifier),
    ),
    unique=(("kind", "id"),),
)
FEEDERS: FileForm[FeederRow] = FileForm(
    name="feeders.csv",
    id="feeder",
    row=FeederRow,
    columns=(
        Column("feeder", identifier),
        Column("name", _text),
        Column("substation", identifier),
        Column("source_node", identifier),
        _LON,
        _LAT,
    ),
    unique=(("feeder",), ("source_node",)),
)
CUSTOMERS: FileForm[CustomerRow] = FileForm(
    name="customers.csv",
    id="customer",
    row=CustomerRow,
    columns=(
        Column("customer", identifier),
        Column("node", identifier),
        Column("transformer", _optional_id, may_be_empty=True),
        Column("feeder", identifier),
        Column("level", _one_of({"LV": "LV", "MV": "MV"})),
        Column("class", _text),
        Column("active", _one_of({"1": True, "0": False})),
        Column("connected_on", _optional_date, required=False, may_be_empty=True),
        Column("meter", _optional_id, required=False, may_be_empty=True),
        Column("phone", _optional_phone, required=False, may_be_empty=True),
    ),
    unique=(("customer",), ("meter",)),
)


class UtilityRow(typing.NamedTuple):
    """The one row of utility.csv; empty text where it says nothing."""

    name: str
    time_zone: str
    attribution: str


UTILITY: FileForm[UtilityRow] = FileForm(
    name="utility.csv",
    row=UtilityRow,
    columns=(
        Column("name", _text, required=False, may_be_empty=True),
        Column("time_zone", lambda text: _time_zone(text) if text else "", required=False, may_be_empty=True),
        Column("attribution", _text, required=False, may_be_empty=True),
    ),
    unique=(),
)
