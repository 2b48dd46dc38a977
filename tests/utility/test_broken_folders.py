"""A bank of broken folders: each has one thing wrong, which is named with file, line, column and code."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from services.utility.folder import FolderProblems, read_folder
from services.utility.problems import Code, Problem
from tests.utility.valley import FILES, change, problems_of, warnings_of, write

BRANCH = "branches.csv"
CUSTOMER = "customers.csv"

SPOILT = (
    *(b"", b",", b"\n", b'"', b";", b"\x00", b"\xff", b"9", b"-", b" ", b"e", b"\r", b":"),
    *(b"F1", b"mon", b"1e400", b"\xef\xbb\xbf"),
)
"""What files are spoiled with."""


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "column", "code"),
    [
        ("nodes.csv", "n1,11.01,53.0", "n1,181,53.0", 3, "lon", Code.OUT_OF_RANGE),
        ("nodes.csv", "n1,11.01,53.0", "n1,11.01,-90.5", 3, "lat", Code.OUT_OF_RANGE),
        ("nodes.csv", "n1,11.01,53.0", "n1,nan,53.0", 3, "lon", Code.BAD_NUMBER),
        ("nodes.csv", "n1,11.01,53.0", "n1,1e999,53.0", 3, "lon", Code.OUT_OF_RANGE),
        ("nodes.csv", "n1,11.01,53.0", "n1,1_1,53.0", 3, "lon", Code.BAD_NUMBER),
        ("nodes.csv", "n1,11.01,53.0", "n1,,53.0", 3, "lon", Code.MISSING_VALUE),
        ("nodes.csv", "n1,11.01,53.0,P1", "n1,11.01,53.0", 3, None, Code.CELL_COUNT),
        ("nodes.csv", "n2,11.02,53.0,P2\n", "n2,11.02,53.0,P2\nn1,11.02,53.0,P2\n", 5, "node", Code.DOUBLED_ID),
        ("nodes.csv", "node,lon,lat", "node,lon,latitude", 1, "lat", Code.MISSING_COLUMN),
        ("nodes.csv", "node,lon,lat", "node,lon,lat,lat", 1, "lat", Code.DOUBLED_COLUMN),
        ("feeders.csv", "F2,South,S1,m0", "F2,South,S1,m9", 3, "source_node", Code.DANGLING),
        ("feeders.csv", "F2,South,S1,m0", "F2,South,S1,n0", 3, "source_node", Code.DOUBLED_ID),
        (BRANCH, "1,mv_line", "1,cable", 3, "kind", Code.UNKNOWN_VALUE),
        (BRANCH, "T1,transformer", "T 1,transformer", 4, "id", Code.BAD_ID),
        (BRANCH, "T1,transformer", "T" * 60 + ",transformer", 4, "id", Code.BAD_ID),
        (BRANCH, "m1,open", "m1,ajar", 6, "normal_state", Code.UNKNOWN_VALUE),
        (BRANCH, "n3,closed,ABC", "n3,closed,AAB", 4, "phases", Code.UNKNOWN_VALUE),
        (BRANCH, "670.5", "-1", 3, "length_m", Code.OUT_OF_RANGE),
        (BRANCH, "670.5", "", 3, "length_m", Code.MISSING_VALUE),
        (BRANCH, "open,ABC,,19", "open,ABC,,77", 6, "type_code", Code.UNKNOWN_VALUE),
        (BRANCH, "n2,n3,closed", "n2,n9,closed", 4, "to_node", Code.DANGLING),
        (BRANCH, "19,,F1", "19,,F9", 6, "feeder", Code.DANGLING),
        (BRANCH, "2,switch,m0", "1,switch,m0", 5, "id", Code.DOUBLED_ID),
        (BRANCH, "3,switch,n2,m1", "3,switch,n2,n2", 6, "to_node", Code.SELF_LOOP),
        (BRANCH, "1,mv_line", '"1"x,mv_line', 3, None, Code.BAD_QUOTING),
        (BRANCH, "1,mv_line", '"1,mv_line', 3, None, Code.BAD_QUOTING),
        (BRANCH, "n2,m1,open", "n2,m1,closed", 6, "normal_state", Code.LOOP),
        (BRANCH, "n1,n2,closed", "n1,n2,open", 2, "node", Code.UNFED),
        (CUSTOMER, "C2,m1", "C1,m1", 3, "customer", Code.DOUBLED_ID),
        (CUSTOMER, "C2,m1,,F2,MV,CO1,1,,,", "C2,m1,,F2,MV,CO1,1,,E7,", 3, "meter", Code.DOUBLED_ID),
        (CUSTOMER, "E7", "M-C2", 3, "meter", Code.DOUBLED_ID),
        (CUSTOMER, "C2,m1", "C2,m7", 3, "node", Code.DANGLING),
        (CUSTOMER, "n3,T1", "n3,T7", 2, "transformer", Code.DANGLING),
        (CUSTOMER, "F2,MV", "F7,MV", 3, "feeder", Code.DANGLING),
        (CUSTOMER, "F2,MV", "F2,HV", 3, "level", Code.UNKNOWN_VALUE),
        (CUSTOMER, "RE1,1,", "RE1,yes,", 2, "active", Code.UNKNOWN_VALUE),
        (CUSTOMER, "2020-01-31", "2020-02-31", 2, "connected_on", Code.BAD_DATE),
        (CUSTOMER, "+4915100000001", "0151 1", 2, "phones", Code.BAD_PHONE),
        (CUSTOMER, "RE1", "R\x00E", 2, "class", Code.BAD_CHARACTER),
        (CUSTOMER, "RE1", "R" * 501, 2, "class", Code.OUT_OF_RANGE),
        ("utility.csv", "Europe/Berlin", "Mars/Base", 2, "time_zone", Code.UNKNOWN_VALUE),
        ("utility.csv", "DE-MV,9\n", "DE-MV,9\nTwo,UTC,x,en,,,,\n", 3, None, Code.TOO_MANY_ROWS),
        ("utility.csv", "DE-MV,9", "DE-MV,0", 2, "texts_a_day", Code.OUT_OF_RANGE),
        ("channels.csv", "C1,email", "C9,email", 3, "customer", Code.DANGLING),
        ("channels.csv", "C1,email", "C1,pigeon", 3, "channel", Code.UNKNOWN_VALUE),
        ("channels.csv", "c1@example.org", "c1@example", 3, "address", Code.BAD_ADDRESS),
        ("channels.csv", "c1@example.org", "c1 at example.org", 3, "address", Code.BAD_ADDRESS),
        ("channels.csv", "https://", "ftp://", 4, "address", Code.BAD_ADDRESS),
        ("channels.csv", "+4915100000013", "0151 13", 5, "address", Code.BAD_PHONE),
        ("channels.csv", "C1,email", "C1,voice", 3, "address", Code.BAD_PHONE),
        ("channels.csv", "23:00,05:00", "23:00,", 2, "quiet_until", Code.MISSING_VALUE),
        ("channels.csv", "23:00,05:00", ",05:00", 2, "quiet_from", Code.MISSING_VALUE),
        ("channels.csv", "23:00,05:00", "11pm,05:00", 2, "quiet_from", Code.BAD_TIME),
        ("channels.csv", "outage;restored", "outage;answers", 2, "moments", Code.UNKNOWN_VALUE),
        ("channels.csv", "safety\n", "safety\nC2,voice,+4915100000013,,,,\n", 6, "address", Code.DOUBLED_ID),
        ("quiet_hours.csv", "planned", "safety", 4, "kind", Code.UNKNOWN_VALUE),
        ("quiet_hours.csv", "19:00", "19", 4, "from", Code.BAD_TIME),
        ("quiet_hours.csv", "large", "huge", 3, "tier", Code.UNKNOWN_VALUE),
        ("quiet_hours.csv", "planned,19:00", "estimate,19:00", 4, "kind", Code.DOUBLED_ID),
        ("nodes.csv", "n1,11.01,53.0", "n1,53.0,11.01", 3, "lon", Code.SWAPPED),
        ("nodes.csv", "n1,11.01,53.0", "n1,53.0,104.2", 3, "lat", Code.SWAPPED),
        ("nodes.csv", "n1,11.01,53.0", "n1,0,0", 3, "lon", Code.OFF_NETWORK),
        ("nodes.csv", "n1,11.01,53.0", "n1,12.01,53.0", 3, "lon", Code.OFF_NETWORK),
        ("nodes.csv", "m1,11.0,52.9,P3", "m1,11.0,52.9,P1", 7, "pole", Code.DOUBLED_ID),
        ("feeders.csv", "n0,11.0,53.0", "n0,53.0,11.0", 2, "lon", Code.SWAPPED),
        ("feeders.csv", "F2,South,S1,m0,11.0,53.0,N", "F2,South,S1,m0,11.0,53.0,X", 3, "region", Code.DANGLING),
        (BRANCH, "D-3", "D-1", 5, "device_number", Code.DOUBLED_ID),
        (BRANCH, "630", "0", 2, "rated", Code.OUT_OF_RANGE),
        (BRANCH, "D-1,1", "D-1,yes", 2, "telemetered", Code.UNKNOWN_VALUE),
        (CUSTOMER, "CO1,1,,,,", "CO1,1,,,,SP-1", 3, "service_point", Code.DOUBLED_ID),
        (CUSTOMER, "; +4915100000002", ";+4915100000001", 2, "phones", Code.DOUBLED_ID),
        (CUSTOMER, "large", "huge", 3, "tier", Code.UNKNOWN_VALUE),
        (CUSTOMER, "3.5", "-3.5", 2, "kva", Code.OUT_OF_RANGE),
        (CUSTOMER, "zh", "chinese", 2, "language", Code.UNKNOWN_VALUE),
        ("utility.csv", "en zh", "english", 2, "languages", Code.UNKNOWN_VALUE),
        ("utility.csv", "21:30", "21.30", 2, "quiet_from", Code.BAD_TIME),
        ("utility.csv", "DE-MV", "Germany", 2, "country", Code.UNKNOWN_VALUE),
        ("regions.csv", "N,North\n", "N,North\nN,Again\n", 3, "region", Code.DOUBLED_ID),
        ("depots.csv", "11.0,53.0", "53.0,11.0", 2, "lon", Code.SWAPPED),
        ("depots.csv", "11.0,53.0", "11.0,54.0", 2, "lon", Code.OFF_NETWORK),
        ("depots.csv", "Yard,N", "Yard,M", 2, "region", Code.DANGLING),
        ("crews.csv", "C-2,D1", "C-2,D9", 3, "depot", Code.DANGLING),
        ("crews.csv", "C-2,D1", "C-1,D1", 3, "crew", Code.DOUBLED_ID),
        ("crews.csv", "line;service", "line;magic", 2, "skills", Code.UNKNOWN_VALUE),
        ("crews.csv", "ladder,3", "ladder,0", 2, "members", Code.OUT_OF_RANGE),
        ("crews.csv", "53.2/11.3/50", "53.2/11.3", 2, "barred", Code.BAD_NUMBER),
        ("crews.csv", "53.2/11.3/50", "53.2/11.3/0", 2, "barred", Code.OUT_OF_RANGE),
        ("crews.csv", "53.2/11.3/50", "153.2/11.3/50", 2, "barred", Code.SWAPPED),
        ("shifts.csv", "C-2,sat;sun", "C-9,sat;sun", 3, "crew", Code.DANGLING),
        ("shifts.csv", "sat;sun", "caturday", 3, "weekday", Code.UNKNOWN_VALUE),
        ("shifts.csv", "sat;sun", "sat;fri-sun", 3, "weekday", Code.DOUBLED_ID),
        ("shifts.csv", "07:00,19:00", "7,19:00", 2, "starts", Code.BAD_TIME),
        ("shifts.csv", "C-2,sat;sun,19:00,07:00", "C-1,fri,18:59,07:00", 3, "starts", Code.OVERLAP),
        ("shifts.csv", "C-2,sat;sun,19:00,07:00", "C-1,sun,19:00,07:01", 3, "starts", Code.OVERLAP),
        ("shifts.csv", "standby", "asleep", 3, "kind", Code.UNKNOWN_VALUE),
        ("premises.csv", "L1,C2", "L1,C9", 2, "customer", Code.DANGLING),
        ("premises.csv", "L1,C2", "L9,C2", 2, "account", Code.DANGLING),
        ("premises.csv", "L1,C2\n", "L1,C2\nL1,C2\n", 3, "customer", Code.DOUBLED_ID),
        ("contacts.csv", "L1,day", "L9,day", 3, "account", Code.DANGLING),
        ("contacts.csv", "+4915100000011,1", ",1", 2, "phone", Code.MISSING_VALUE),
        ("contacts.csv", "+4915100000011,1", "+4915100000011,", 2, "rank", Code.MISSING_VALUE),
        ("contacts.csv", "+4915100000011", "+4915100000012", 3, "phone", Code.DOUBLED_ID),
        ("contacts.csv", "1,90", "1,5", 2, "wait_s", Code.OUT_OF_RANGE),
        ("rosters.csv", "L1,day", "L1,dawn", 2, "contact", Code.DANGLING),
        ("rosters.csv", "17:00\n", "17:00\nL1,day,fri,16:00,18:00\n", 3, "starts", Code.OVERLAP),
        ("agreements.csv", "L1,,24x7", "L9,,24x7", 2, "account", Code.DANGLING),
        ("agreements.csv", "L1,,24x7", "L1,large,24x7", 2, "tier", Code.TWO_HOLDERS),
        ("agreements.csv", "24x7", "always", 2, "service_hours", Code.UNKNOWN_VALUE),
        ("agreements.csv", "2026-12-31", "2025-12-31", 2, "valid_until", Code.EMPTY_SPAN),
        ("agreements.csv", "0.9995", "99.95", 2, "availability", Code.OUT_OF_RANGE),
        ("windows.csv", "switch:1,", "switch:9,", 3, "isolates", Code.DANGLING),
        ("windows.csv", "switch:1,", "switch:3,", 3, "isolates", Code.DANGLING),
        ("windows.csv", "switch:1,", ",", 3, "isolates", Code.MISSING_VALUE),
        ("windows.csv", "2026-03-02T12:00", "2026-03-02T09:00", 2, "ends", Code.EMPTY_SPAN),
        ("windows.csv", "2026-03-02T12:00", "2026-03-02", 2, "ends", Code.BAD_TIME),
        ("windows.csv", "2026-03-02T09:00", "2026-03-29T02:30", 2, "starts", Code.BAD_TIME),
        ("windows.csv", "2026-03-02T12:00", "2026-10-25T02:30", 2, "ends", Code.BAD_TIME),
        ("holidays.csv", "2026-12-25", "25.12.2026", 2, "day", Code.BAD_DATE),
    ],
)
def test_each_kind_of_problem_is_named_with_its_place(
    folder: Path, file: str, old: str, new: str, line: int | None, column: str | None, code: Code
) -> None:
    change(folder, file, old, new)
    named = CUSTOMER if code is Code.UNFED else file
    assert (named, line, column, code) in problems_of(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


def test_one_cause_is_told_once(folder: Path) -> None:
    change(folder, "depots.csv", "11.0,53.0", "east,53.0")
    change(folder, "contacts.csv", "L1,night", "L 1,night")
    change(folder, "crews.csv", "C-1,D1", "C-1,D1,x")
    assert problems_of(folder) == [
        ("depots.csv", 2, "lon", Code.BAD_NUMBER),
        ("crews.csv", 2, None, Code.CELL_COUNT),
        ("contacts.csv", 2, "account", Code.BAD_ID),
    ]


def test_everything_is_named_at_once(folder: Path) -> None:
    change(folder, "crews.csv", "C-2,D1", "C-2,D9")
    change(folder, "premises.csv", "L1,C2", "L1,C9")
    change(folder, "windows.csv", "switch:1,", "switch:9,")
    change(folder, "depots.csv", "11.0,53.0", "0,0")
    change(folder, "holidays.csv", "2026-12-25", "someday")
    assert problems_of(folder) == [
        ("depots.csv", 2, "lon", Code.OFF_NETWORK),
        ("crews.csv", 3, "depot", Code.DANGLING),
        ("premises.csv", 2, "customer", Code.DANGLING),
        ("windows.csv", 3, "isolates", Code.DANGLING),
        ("holidays.csv", 2, "day", Code.BAD_DATE),
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("file", ["nodes.csv", "crews.csv"])
def test_a_file_in_a_wide_encoding_is_named_as_a_whole(folder: Path, file: str, encoding: str) -> None:
    (folder / file).write_bytes(FILES[file].encode(encoding))
    assert problems_of(folder) == [(file, None, None, Code.BAD_ENCODING)]


def test_latin_1_is_named_with_every_cell_it_spoils(folder: Path) -> None:
    text = FILES["contacts.csv"].replace("Gate", "Hüter").replace("Office", "Büro")
    (folder / "contacts.csv").write_bytes(text.encode("latin-1"))
    assert problems_of(folder) == [
        ("contacts.csv", 2, "name", Code.BAD_ENCODING),
        ("contacts.csv", 3, "name", Code.BAD_ENCODING),
    ]


def test_a_network_whose_places_are_all_exchanged_is_found_by_its_time_zone(folder: Path) -> None:
    for file in ("nodes.csv", "feeders.csv", "depots.csv"):
        text = FILES[file].replace("lon,lat", "lat,lon")
        (folder / file).write_text(text)
    assert problems_of(folder) == [("nodes.csv", None, "lon", Code.SWAPPED)]


def test_nodes_and_substations_that_do_not_agree_on_longitude_are_found(folder: Path) -> None:
    (folder / "feeders.csv").write_text(FILES["feeders.csv"].replace("lon,lat", "lat,lon"))
    assert problems_of(folder) == [("feeders.csv", line, "lon", Code.SWAPPED) for line in (2, 3)]


def test_nodes_on_one_pole_share_its_number_and_a_pole_somewhere_else_does_not(folder: Path) -> None:
    change(folder, "nodes.csv", "n3,11.02,53.0001", "n3,11.02,53.001")
    assert problems_of(folder) == [("nodes.csv", 5, "pole", Code.DOUBLED_ID)]


def test_an_account_without_a_ladder_cannot_be_called(folder: Path) -> None:
    (folder / "contacts.csv").unlink()
    (folder / "rosters.csv").unlink()
    assert problems_of(folder) == [("accounts.csv", 2, "account", Code.NO_CONTACT)]


@pytest.mark.parametrize(("old", "new"), [("1,90", "3,90"), ("2,,en", "3,,en")])
def test_a_ladder_begins_at_1_and_has_no_gap(folder: Path, old: str, new: str) -> None:
    change(folder, "contacts.csv", old, new)
    assert problems_of(folder) == [("accounts.csv", 2, "account", Code.BROKEN_LADDER)]


def test_hours_of_the_week_at_which_nobody_is_called_are_remarked(folder: Path) -> None:
    hours = FILES["rosters.csv"] + "L1,night,mon-fri,17:00,08:00\nL1,night,sat,08:00,00:00\nL1,night,sun,00:00,00:00\n"
    (folder / "rosters.csv").write_text(hours)
    assert warnings_of(folder) == [("accounts.csv", 2, "account", Code.UNCOVERED_HOURS)]
    (folder / "rosters.csv").write_text(hours + "L1,night,mon,00:00,08:00\n")
    assert warnings_of(folder) == []


def test_an_account_without_customers_is_remarked(folder: Path) -> None:
    (folder / "premises.csv").write_text("account,customer\n")
    assert warnings_of(folder) == [("accounts.csv", 2, "account", Code.DANGLING)]


def test_a_language_that_the_utility_does_not_speak_is_remarked_once(folder: Path) -> None:
    change(folder, "utility.csv", "en zh", "en")
    assert warnings_of(folder) == [
        ("customers.csv", 2, "language", Code.UNKNOWN_LANGUAGE),
        ("accounts.csv", 2, "language", Code.UNKNOWN_LANGUAGE),
        ("channels.csv", 5, "language", Code.UNKNOWN_LANGUAGE),
    ]


def test_work_is_isolated_within_one_supply_area(folder: Path) -> None:
    change(folder, "feeders.csv", "F2,South,S1", "F2,South,S2")
    change(folder, "branches.csv", "3,switch,n2,m1,open,ABC,,19,,F1,,,\n", "")
    assert problems_of(folder) == [("windows.csv", 2, "isolates", Code.DIFFERENT_AREAS)]


def test_work_behind_other_work_at_the_same_time_is_remarked(folder: Path) -> None:
    change(folder, "windows.csv", "2026-07-01T07:00+00:00,2026-07-01T10:00+02:00", "2026-03-02T11:59,2026-03-02T13:00")
    assert warnings_of(folder) == [("windows.csv", 3, "isolates", Code.OVERLAP)]


@pytest.mark.parametrize("file", sorted(FILES))
def test_quoting_that_breaks_is_named_in_every_file_and_nothing_is_raised(folder: Path, file: str) -> None:
    header, _, rows = FILES[file].partition("\n")
    (folder / file).write_text(f'{header}\n"x"y{rows}')
    assert (file, 2, None, Code.BAD_QUOTING) in problems_of(folder)


def test_whatever_a_file_holds_it_is_taken_or_its_problems_are_named(folder: Path) -> None:
    """Four hundred folders, each with one file spoiled at one place; nothing but `FolderProblems` may leave the reader."""
    chance = random.Random(20260301)
    named: list[tuple[Problem, ...]] = []
    for _ in range(400):
        file = chance.choice(sorted(FILES))
        whole = FILES[file].encode()
        at = chance.randrange(len(whole))
        upto = min(len(whole), at + chance.choice((0, 1, 1, 1, 9)))
        (folder / file).write_bytes(whole[:at] + chance.choice(SPOILT) + whole[upto:])
        try:
            read_folder(folder)
        except FolderProblems as problems:
            named.append(problems.problems)
        (folder / file).write_bytes(whole)
    assert 100 < len(named) < 400
    assert all(problem.file in FILES and problem.sentence for problems in named for problem in problems)
