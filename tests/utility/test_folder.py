"""A folder is read whole: everything wrong with it is named with file, line and column, or it is taken as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from services.network import Network
from services.utility.folder import EXAMPLE, FolderProblems, read_folder
from services.utility.problems import Code, Problem

FILES = {
    "utility.csv": "name,time_zone,attribution\nValley Power,Europe/Berlin,ours\n",
    "feeders.csv": "feeder,name,substation,source_node,lon,lat\nF1,North,S1,n0,11.0,53.0\nF2,South,S1,m0,11.0,53.0\n",
    "nodes.csv": (
        "node,lon,lat\nn0,11.0,53.0\nn1,11.01,53.0\nn2,11.02,53.0\nn3,11.02,53.001\nm0,11.0,53.0\nm1,11.0,52.9\n"
    ),
    "branches.csv": (
        "id,kind,from_node,to_node,normal_state,phases,length_m,type_code,rating,feeder\n"
        "1,switch,n0,n1,closed,ABC,,29,,F1\n"
        "1,mv_line,n1,n2,closed,ABC,670.5,,,F1\n"
        "T1,transformer,n2,n3,closed,ABC,,,100,F1\n"
        "2,switch,m0,m1,closed,ABC,,29,,F2\n"
        "3,switch,n2,m1,open,ABC,,19,,F1\n"
    ),
    "customers.csv": (
        "customer,node,transformer,feeder,level,class,active,connected_on,meter,phone\n"
        "C1,n3,T1,F1,LV,RE1,1,2020-01-31,E7,+4915100000001\n"
        "C2,m1,,F2,MV,CO1,1,,,\n"
    ),
}


@pytest.fixture(scope="session")
def real(shared: Path) -> Path:
    folder = shared / "data" / "mux-energia"
    if not folder.is_dir():
        pytest.skip(f"the real network is not there: {folder}")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def problems_of(folder: Path) -> list[tuple[str, int | None, str | None, Code]]:
    with pytest.raises(FolderProblems) as raised:
        read_folder(folder)
    return [place_of(problem) for problem in raised.value.problems]


def place_of(problem: Problem) -> tuple[str, int | None, str | None, Code]:
    assert problem.sentence.endswith(".")
    return problem.file, problem.line, problem.column, problem.code


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = FILES[file]
    assert text.count(old) == 1, f"{old!r} must be in {file} once"
    (folder / file).write_text(text.replace(old, new), encoding="utf-8", newline="")


def test_a_sound_folder_is_taken_as_it_is(folder: Path) -> None:
    utility = read_folder(folder)
    assert (utility.name, utility.time_zone, utility.attribution) == ("Valley Power", "Europe/Berlin", "ours")
    assert utility.warnings == ()
    assert [(row.customer, row.meter, row.phone) for row in utility.grid.customers] == [
        ("C1", "E7", "+4915100000001"),
        ("C2", "M-C2", None),
    ]
    assert Network(utility.grid).path_to_source("transformer:T1") == ("transformer:T1", "switch:1")


BRANCH = "branches.csv"
CUSTOMER = "customers.csv"


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "column", "code"),
    [
        ("nodes.csv", "n1,11.01,53.0", "n1,181,53.0", 3, "lon", Code.OUT_OF_RANGE),
        ("nodes.csv", "n1,11.01,53.0", "n1,11.01,-90.5", 3, "lat", Code.OUT_OF_RANGE),
        ("nodes.csv", "n1,11.01,53.0", "n1,nan,53.0", 3, "lon", Code.BAD_NUMBER),
        ("nodes.csv", "n1,11.01,53.0", "n1,1e999,53.0", 3, "lon", Code.OUT_OF_RANGE),
        ("nodes.csv", "n1,11.01,53.0", "n1,1_1,53.0", 3, "lon", Code.BAD_NUMBER),
        ("nodes.csv", "n1,11.01,53.0", "n1,,53.0", 3, "lon", Code.MISSING_VALUE),
        ("nodes.csv", "n1,11.01,53.0", "n1,11.01", 3, None, Code.CELL_COUNT),
        ("nodes.csv", "n2,11.02,53.0\n", "n2,11.02,53.0\nn1,11.02,53.0\n", 5, "node", Code.DOUBLED_ID),
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
        (CUSTOMER, "+4915100000001", "0151 1", 2, "phone", Code.BAD_PHONE),
        (CUSTOMER, "RE1", "R\x00E", 2, "class", Code.BAD_CHARACTER),
        (CUSTOMER, "RE1", "R" * 501, 2, "class", Code.OUT_OF_RANGE),
        ("utility.csv", "Europe/Berlin", "Mars/Base", 2, "time_zone", Code.UNKNOWN_VALUE),
        ("utility.csv", "ours\n", "ours\nTwo,UTC,x\n", 3, None, Code.TOO_MANY_ROWS),
    ],
)
def test_each_kind_of_problem_is_named_with_its_place(
    folder: Path, file: str, old: str, new: str, line: int | None, column: str | None, code: Code
) -> None:
    change(folder, file, old, new)
    named = CUSTOMER if code is Code.UNFED else file
    assert (named, line, column, code) in problems_of(folder)


def test_all_problems_are_found_at_once_and_one_cause_is_not_told_twice(folder: Path) -> None:
    change(folder, "nodes.csv", "n1,11.01,53.0", "n1,east,53.0")
    change(folder, BRANCH, "n2,n3,closed", "n2,n9,closed")
    change(folder, CUSTOMER, "C2,m1,,F2,MV", "C2,m8,,F2,HV")
    assert problems_of(folder) == [
        ("nodes.csv", 3, "lon", Code.BAD_NUMBER),
        (BRANCH, 4, "to_node", Code.DANGLING),
        (CUSTOMER, 3, "level", Code.UNKNOWN_VALUE),
    ]


def test_a_loop_is_found_although_a_customer_is_wrong_too(folder: Path) -> None:
    change(folder, BRANCH, "n2,m1,open", "n2,m1,closed")
    change(folder, CUSTOMER, "+4915100000001", "12345")
    assert problems_of(folder) == [(BRANCH, 6, "normal_state", Code.LOOP), (CUSTOMER, 2, "phone", Code.BAD_PHONE)]


def test_missing_and_unreadable_files_are_named(folder: Path) -> None:
    (folder / "customers.csv").unlink()
    (folder / "nodes.csv").unlink()
    (folder / "nodes.csv").mkdir()
    assert problems_of(folder) == [
        ("nodes.csv", None, None, Code.UNREADABLE_FILE),
        ("customers.csv", None, None, Code.MISSING_FILE),
    ]


def test_a_folder_that_is_not_there_lacks_every_file(tmp_path: Path) -> None:
    assert [(file, code) for file, _, _, code in problems_of(tmp_path / "nowhere") if file != "utility.csv"] == [
        ("feeders.csv", Code.MISSING_FILE),
        ("nodes.csv", Code.MISSING_FILE),
        ("branches.csv", Code.MISSING_FILE),
        ("customers.csv", Code.MISSING_FILE),
    ]


def test_an_empty_file_lacks_its_columns_and_a_bare_header_its_rows(folder: Path) -> None:
    (folder / "feeders.csv").write_text("feeder,name,substation,source_node,lon,lat\n")
    (folder / "nodes.csv").write_bytes(b"")
    found = problems_of(folder)
    assert ("feeders.csv", None, None, Code.NO_ROWS) in found
    assert ("nodes.csv", 1, "node", Code.MISSING_COLUMN) in found


def test_bytes_that_are_no_utf_8_are_named_with_their_cell(folder: Path) -> None:
    text = FILES["feeders.csv"].replace("North", "Süd").encode("latin-1")
    (folder / "feeders.csv").write_bytes(text)
    assert problems_of(folder) == [("feeders.csv", 2, "name", Code.BAD_ENCODING)]


def test_an_unclosed_quote_is_named_where_it_opens(folder: Path) -> None:
    change(folder, "feeders.csv", "F1,North", 'F1,"North')
    assert ("feeders.csv", 2, None, Code.BAD_QUOTING) in problems_of(folder)


def test_a_byte_order_mark_crlf_blank_lines_and_another_order_change_nothing(folder: Path) -> None:
    before = read_folder(folder).digest
    lines = FILES["nodes.csv"].splitlines()
    text = "\r\n".join(["node,lon,lat", "", *reversed(lines[1:])]) + "\r\n"
    (folder / "nodes.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    columns = ["lat,lon,substation,name,feeder,source_node", "53.0,11.0,S1, South ,F2,m0", "53,11,S1,North,F1,n0"]
    (folder / "feeders.csv").write_text("\n".join(columns))
    assert read_folder(folder).digest == before


def test_other_content_has_another_digest(folder: Path) -> None:
    before = read_folder(folder).digest
    change(folder, BRANCH, "670.5", "670.6")
    assert read_folder(folder).digest != before


def test_what_is_not_given_is_taken_by_default_and_said(folder: Path) -> None:
    (folder / "utility.csv").unlink()
    utility = read_folder(folder)
    assert (utility.name, utility.time_zone, utility.attribution) == ("Utility", "UTC", "")
    assert [(problem.column, problem.code) for problem in utility.warnings] == [
        ("attribution", Code.DEFAULTED),
        ("name", Code.DEFAULTED),
        ("time_zone", Code.DEFAULTED),
    ]


def test_an_inactive_customer_whom_nobody_feeds_is_only_remarked(folder: Path) -> None:
    change(folder, BRANCH, "n1,n2,closed", "n1,n2,open")
    change(folder, CUSTOMER, "RE1,1,", "RE1,0,")
    assert [place_of(problem) for problem in read_folder(folder).warnings] == [(CUSTOMER, 2, "node", Code.UNFED)]


def test_a_column_nobody_knows_is_remarked_and_not_read(folder: Path) -> None:
    change(folder, "nodes.csv", "node,lon,lat\nn0,11.0,53.0\n", "node,lon,lat,height\nn0,11.0,53.0,7\n")
    text = (folder / "nodes.csv").read_text().splitlines()
    (folder / "nodes.csv").write_text("\n".join(text[:2] + [row + "," for row in text[2:]]))
    assert [place_of(problem) for problem in read_folder(folder).warnings] == [
        ("nodes.csv", 1, "height", Code.UNKNOWN_COLUMN)
    ]


def test_a_customer_fed_by_another_feeder_or_transformer_than_named_is_remarked(folder: Path) -> None:
    change(folder, CUSTOMER, "C2,m1,,F2,MV", "C2,m1,T1,F1,LV")
    assert [place_of(problem) for problem in read_folder(folder).warnings] == [
        (CUSTOMER, 3, "feeder", Code.FEEDER_DIFFERS),
        (CUSTOMER, 3, "transformer", Code.TRANSFORMER_DIFFERS),
    ]


def test_no_sentence_repeats_a_phone_number(folder: Path) -> None:
    change(folder, CUSTOMER, "+4915100000001", "004915100000001")
    with pytest.raises(FolderProblems) as raised:
        read_folder(folder)
    assert not [problem for problem in raised.value.problems if "4915100000001" in str(problem)]
    assert "4915100000001" not in str(raised.value)


def test_the_example_is_sound_radial_and_protected_by_its_rules() -> None:
    utility = read_folder(EXAMPLE)
    assert utility.warnings == ()
    assert (EXAMPLE / "ATTRIBUTION.md").read_text(encoding="utf-8").count("ODbL 1.0") == 1
    network = Network(utility.grid)
    classes = [device.device_class.value for device in network.devices]
    assert {name: classes.count(name) for name in sorted(set(classes))} == {
        "breaker": 9,
        "fuse": 9,
        "lvFuse": 385,
        "recloser": 11,
        "transformer": 90,
    }
    assert len(network.customers) == 5_373
    assert len(network.areas) == 1
    assert network.remarks == ()
    assert sum(not row.normally_closed for row in utility.grid.branches) == 6


def test_the_real_network_is_taken_with_its_columns_as_they_are(real: Path) -> None:
    utility = read_folder(real)
    assert {problem.code for problem in utility.warnings} == {Code.DEFAULTED}
    assert len(utility.grid.customers) == 13_340
    assert len({row.id for row in utility.grid.branches}) < len(utility.grid.branches)  # unique within a kind only


def test_the_sample_of_the_manual_can_be_imported(tmp_path: Path) -> None:
    manual = Path(__file__).parents[2] / "docs" / "utility-folder.md"
    blocks = manual.read_text(encoding="utf-8").split("\n```csv ")[1:]
    for block in blocks:
        name, _, rest = block.partition("\n")
        (tmp_path / name).write_text(rest.partition("\n```")[0] + "\n", encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    utility = read_folder(tmp_path)
    assert utility.warnings == ()
    network = Network(utility.grid)
    assert network.path_to_source(network.customer_device("C3")) == (
        "switch:LVF-1", "transformer:T1", "switch:FU-1", "switch:RC-1", "switch:CB-1",
    )  # fmt: skip
    assert network.customers_behind("transformer:T1") == ("C1", "C2", "C3")


def test_the_unpacked_example_does_not_depend_on_where_it_lies(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "copy")
    assert read_folder(tmp_path / "copy").digest == read_folder(EXAMPLE).digest
