"""Figures as files for a spreadsheet: RFC 4180, UTF-8 with a byte order mark, no cell that a spreadsheet would run. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | None

BEGINS = "\ufeff".encode()
"""The byte order mark: without it spreadsheets take the file for something other than UTF-8, and Chinese becomes noise."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as lines of a file: ends are CR LF, nothing is an empty cell, what is true is 1.

    Text that a spreadsheet would take for a formula gets an apostrophe in front. Numbers stay as they are, below zero too.
    """
    file = io.StringIO(newline="")
    csv.writer(file).writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue().encode()


def _cell(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def moment(ms: int | None, zone: dt.tzinfo) -> str | None:
    """Return a time as ISO 8601 with its offset, to the second, in this time zone."""
    if ms is None:
        return None
    return dt.datetime.fromtimestamp(ms // 1000, zone).isoformat(timespec="seconds")
