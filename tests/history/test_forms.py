"""Files are known by their columns; everything wrong with them is named with file, line and column."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from services.history.forms import read_files, written, zone_named
from services.utility.cells import RefusedCell
from tests.history.files import CODED_HEADER, LIST_HEADER, MAP_HEADER, READINGS_HEADER, at, shown, write


@pytest.mark.parametrize(
    "text", ["2026-07-07 11:10:34 MST", "2026-07-07T11:10:34-07:00", "2026-07-07 18:10:34 UTC", "2026-07-07T18:10:34Z"]
)
def test_a_time_with_a_zone_is_one_moment(text: str) -> None:
    assert written(text).ms(dt.timezone(dt.timedelta(hours=3))) == 1_783_447_834_000


def test_a_time_without_a_zone_is_read_on_the_clock_of_the_place() -> None:
    new_york = zone_named("America/New_York")
    assert new_york is not None
    assert written("2018-08-19T12:14:36").ms(new_york) == written("2018-08-19T12:14:36 EDT").ms(dt.UTC)
    assert written("2018-12-19T12:14").ms(new_york) == written("2018-12-19 12:14:00 EST").ms(dt.UTC)
    assert zone_named("Nowhere/Land") is None


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30 10:00:00", "2026-07-07 25:00:00", "2026-07-07 11:10:34 XYZ"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(RefusedCell):
        written(text)


def test_every_file_of_a_folder_is_known_by_its_columns(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", LIST_HEADER, "2018-08-19T12:14:36,S1,F1,3,Lightning,-80.6,34.9")
    write(tmp_path, "b.csv", CODED_HEADER, '2018-08-20T12:14:36,S1,,20,"490 Maintenance, other"')
    write(tmp_path, "c.csv", MAP_HEADER, shown("10:00", "7"))
    write(tmp_path, "d.csv", READINGS_HEADER, f"coop,{at('10:00')},1,3,")
    files = read_files(tmp_path)
    assert files.problems == ()
    assert [len(reading.rows) for reading in files.lists] == [1, 1]
    assert [len(reading.rows) for reading in files.maps] == [1]
    assert [len(reading.rows) for reading in files.readings] == [1]


def test_times_that_name_no_zone_are_remarked_file_by_file(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", LIST_HEADER, "2018-08-19T12:14:36,S1,F1,3,Lightning,-80.6,34.9")
    write(tmp_path, "c.csv", MAP_HEADER, shown("10:00", "7"))
    remarks = read_files(tmp_path).zones_assumed()
    assert [(remark.file, remark.code.value, remark.warning) for remark in remarks] == [("a.csv", "defaulted", True)]


def test_what_is_wrong_is_named_with_file_line_and_column(tmp_path: Path) -> None:
    rows = ("2018-08-19T12:14:36,S1,F1,many,Lightning,-80.6,34.9", "soon,S1,F1,3,Lightning,-80.6,234.9", "short,row")
    path = write(tmp_path, "old.csv", LIST_HEADER, *rows)
    files = read_files(path)
    assert files.refused
    assert [(found.file, found.line, found.column, found.code.value) for found in files.problems] == [
        ("old.csv", 2, "customers_affected", "badNumber"),
        ("old.csv", 3, "start_local", "badTime"),
        ("old.csv", 3, "lat", "outOfRange"),
        ("old.csv", 4, None, "cellCount"),
    ]


def test_a_file_that_is_no_record_of_outages_is_refused_alone_and_passed_over_in_a_folder(tmp_path: Path) -> None:
    other = write(tmp_path, "nodes.csv", "node,lon,lat", "n,1,2")
    assert read_files(other).refused
    assert read_files(tmp_path).refused  # nothing else is there
    write(tmp_path, "old.csv", LIST_HEADER, "2018-08-19T12:14:36,S1,F1,3,Lightning,-80.6,34.9")
    files = read_files(tmp_path)
    assert not files.refused
    assert [problem.file for problem in files.problems] == ["nodes.csv"]
    (tmp_path / "empty").mkdir()
    assert [problem.code.value for problem in read_files(tmp_path / "empty").problems] == ["missingFile"]


def test_a_file_of_noise_is_refused_and_a_missing_one_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 40)
    assert read_files(tmp_path / "noise.csv").refused
    with pytest.raises(FileNotFoundError):
        read_files(tmp_path / "nothing.csv")
