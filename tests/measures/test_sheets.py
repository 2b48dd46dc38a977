"""Files for a spreadsheet."""

from __future__ import annotations

import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest

from services.measures.sheets import BEGINS, Cell, lines, moment


def test_lines_are_those_of_rfc_4180() -> None:
    written = lines([("a,b", 'say "x"', "two\nlines", None, True, 1.5)])
    assert written == b'"a,b","say ""x""","two\nlines",,1,1.5\r\n'
    assert next(csv.reader(io.StringIO(written.decode(), newline=""))) == [
        "a,b",
        'say "x"',
        "two\nlines",
        "",
        "1",
        "1.5",
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_is_never_a_formula(text: str) -> None:
    (cell,) = next(csv.reader(io.StringIO(lines([(text,)]).decode(), newline="")))
    assert cell == f"'{text}"


def test_numbers_below_zero_stay_numbers() -> None:
    row: tuple[Cell, ...] = (-12.5, -3)
    assert lines([row]) == b"-12.5,-3\r\n"


def test_a_spreadsheet_sees_utf_8_and_local_times() -> None:
    assert (BEGINS + lines([("馈线",)])).decode("utf-8-sig") == "馈线\r\n"
    summer = int(dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC).timestamp() * 1000) + 999
    assert moment(summer, ZoneInfo("Europe/Berlin")) == "2026-07-01T14:00:00+02:00"
    assert moment(None, dt.UTC) is None
