"""Reading one CSV file of a utility folder: everything wrong with it is noted, nothing is guessed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic

from services.utility.cells import RefusedCell
from services.utility.columns import Column, FileForm, Row
from services.utility.problems import Code, Problem

if TYPE_CHECKING:
    from pathlib import Path

_BAD_BYTE = re.compile("[\udc80-\udcff]")
_LOOKED_AT = 256
_SUSPECT = re.compile("[\x00-\x1f\x7f\udc80-\udcff]")


@dataclass(slots=True)
class Reading(Generic[Row]):
    """The rows of a file that could be read, the line of each, and what was wrong with the others.

    `refused` are the ids of the other rows; `ids_known` is false when rows may be missing whose ids are not among them.
    `missing`: the folder does without this file.
    """

    form: FileForm[Row]
    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    ids_known: bool = True
    missing: bool = False

    def note(self, line: int | None, column: str | None, code: Code, sentence: str, *, warning: bool = False) -> None:
        """Note a problem of this file."""
        self.problems.append(
            Problem(file=self.form.name, line=line, column=column, code=code, sentence=sentence, warning=warning)
        )

    @property
    def whole(self) -> bool:
        """Answers whether nothing in the file stands in the way of an import."""
        return all(problem.warning for problem in self.problems)


def read_file(folder: Path, form: FileForm[Row]) -> Reading[Row]:
    """Read one file of the folder; never raises for what the file holds."""
    reading = Reading(form)
    try:
        data = (folder / form.name).read_bytes()
    except FileNotFoundError:
        if form.without:
            reading.note(None, None, Code.DEFAULTED, f"The folder has no {form.name}: {form.without}.", warning=True)
            reading.missing = True
            return reading
        reading.note(None, None, Code.MISSING_FILE, f"The folder has no {form.name}.")
        reading.ids_known = False
        return reading
    except OSError as error:
        reading.note(None, None, Code.UNREADABLE_FILE, f"The file cannot be read: {error.strerror}.")
        reading.ids_known = False
        return reading
    if (encoding := _wide_encoding(data)) is not None:
        sentence = f"The file is {encoding}, not UTF-8; nothing of it is read."
        reading.note(None, None, Code.BAD_ENCODING, sentence)
        reading.ids_known = False
        return reading
    # Bytes that are no UTF-8 stay visible in the cell where they are, so that each can be named with its column.
    text = data.decode("utf-8-sig", errors="surrogateescape")
    _read_rows(reading, text)
    _refuse_doubles(reading)
    return reading


def _wide_encoding(data: bytes) -> str | None:
    """Return the name of an encoding with more than one byte for every letter, None for what may be UTF-8."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    # Without a mark: in UTF-16 every letter of a header in Latin script has a byte that is zero.
    header = data[:_LOOKED_AT]
    wide = header.count(0) * 3 > len(header) and header.count(0) > 0
    return "UTF-16" if wide or data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _read_rows(reading: Reading[Row], text: str) -> None:
    records = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    header: list[str] | None = None
    places: list[int | None] = []
    while True:
        try:
            cells = next(records)
        except StopIteration:
            break
        except csv.Error as error:
            sentence = f"The quoting is broken from here on ({error}); nothing after it is read."
            reading.note(line, None, Code.BAD_QUOTING, sentence)
            reading.ids_known = False
            break
        if header is None:
            header = [cell.strip() for cell in cells]
            places = _place_columns(reading, header)
        elif cells:
            _read_row(reading, line, header, cells, places)
        line = records.line_num + 1
    if header is None:
        _place_columns(reading, [])
    elif not reading.rows and reading.whole and not reading.form.without:
        reading.note(None, None, Code.NO_ROWS, "The file has a header and no row.")


def _place_columns(reading: Reading[Row], header: list[str]) -> list[int | None]:
    known = {column.name for column in reading.form.columns}
    for number, name in enumerate(header):
        shown = repr(name[:60].encode("ascii", "backslashreplace").decode())
        if name in header[:number]:
            reading.note(1, shown.strip("'"), Code.DOUBLED_COLUMN, f"The column {shown} is there twice.")
        elif name not in known:
            sentence = f"The column {shown} is not known and was not read."
            reading.note(1, shown.strip("'"), Code.UNKNOWN_COLUMN, sentence, warning=True)
    for column in reading.form.columns:
        if column.name in header:
            continue
        if column.required:
            reading.note(1, column.name, Code.MISSING_COLUMN, f"The column {column.name!r} is missing.")
        elif column.default:
            sentence = f"The column {column.name!r} is missing and was taken as {column.default}."
            reading.note(1, column.name, Code.DEFAULTED, sentence, warning=True)
    return [header.index(column.name) if column.name in header else None for column in reading.form.columns]


def _read_row(reading: Reading[Row], line: int, header: list[str], cells: list[str], places: list[int | None]) -> None:
    if len(cells) != len(header):
        sentence = f"The row has {len(cells)} cells, the header {len(header)}."
        reading.note(line, None, Code.CELL_COUNT, sentence)
        reading.ids_known = False
        return
    before = len(reading.problems)
    values: list[object] = []
    for column, place in zip(reading.form.columns, places, strict=True):
        if place is None:
            if not column.required:
                values.append(column.parse(""))
            continue
        try:
            values.append(_value(column, cells[place].strip()))
        except RefusedCell as refused:
            reading.note(line, column.name, refused.code, refused.sentence)
    # A missing column was noted once, at the header; its rows are still checked cell by cell, but none can be made.
    if len(reading.problems) == before and len(values) == len(places):
        reading.rows.append(reading.form.row(*values))
        reading.lines.append(line)
        return
    key = [place for column, place in zip(reading.form.columns, places, strict=True) if column.name == reading.form.id]
    if key and key[0] is not None:
        reading.refused.add(cells[key[0]].strip())
    else:
        reading.ids_known = False


def _value(column: Column, cell: str) -> object:
    if _SUSPECT.search(cell):
        if _BAD_BYTE.search(cell):
            raise RefusedCell(Code.BAD_ENCODING, "The cell holds bytes that are not UTF-8; it may be Latin-1.")
        raise RefusedCell(Code.BAD_CHARACTER, "The cell holds a control character.")
    if not cell and not column.may_be_empty:
        raise RefusedCell(Code.MISSING_VALUE, f"The cell {column.name!r} is empty.")
    return column.parse(cell)


def _refuse_doubles(reading: Reading[Row]) -> None:
    names = [column.name for column in reading.form.columns]
    for key in reading.form.unique:
        fields = [names.index(name) for name in key]
        first: dict[tuple[object, ...], int] = {}
        for row, line in zip(reading.rows, reading.lines, strict=True):
            value = tuple(row[number] for number in fields)  # type: ignore[index] # rows are named tuples
            if not all(value):
                continue
            if (known := first.setdefault(value, line)) != line:
                shown = " ".join(str(row[number]) for number in fields if names[number] not in {"phone", "address"})  # type: ignore[index]
                reading.note(line, key[-1], Code.DOUBLED_ID, f"{shown} is already in line {known}.")
