"""A folder is read whole: everything wrong with it is named with file, line and column, or it is taken as it is."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from services.network import Network
from services.network.tables import Tier
from services.utility.contents import ABOUT, BESIDE
from services.utility.folder import EXAMPLE, FolderProblems, read_folder
from services.utility.problems import Code
from services.utility.rows import (
    AccountRow,
    ChannelRow,
    ContactRow,
    CrewRow,
    DepotRow,
    HolidayRow,
    PremiseRow,
    QuietRow,
    RosterRow,
    ShiftRow,
    WindowRow,
)
from tests.utility.valley import FILES, change, problems_of, warnings_of, write

BRANCH, CUSTOMER = "branches.csv", "customers.csv"


@pytest.fixture(scope="session")
def real(shared: Path) -> Path:
    folder = shared / "data" / "mux-energia"
    if not folder.is_dir():
        pytest.skip(f"the real network is not there: {folder}")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


def test_a_sound_folder_is_taken_as_it_is(folder: Path) -> None:
    utility = read_folder(folder)
    assert (utility.name, utility.time_zone, utility.attribution) == ("Valley Power", "Europe/Berlin", "ours")
    assert utility.warnings == ()
    assert [(row.customer, row.meter, row.phones) for row in utility.grid.customers] == [
        ("C1", "E7", ("+4915100000001", "+4915100000002")),
        ("C2", "M-C2", ()),
    ]
    assert Network(utility.grid).path_to_source("transformer:T1") == ("transformer:T1", "switch:1")


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
    assert problems_of(folder) == [(BRANCH, 6, "normal_state", Code.LOOP), (CUSTOMER, 2, "phones", Code.BAD_PHONE)]


def test_missing_and_unreadable_files_are_named(folder: Path) -> None:
    (folder / "customers.csv").unlink()
    (folder / "nodes.csv").unlink()
    (folder / "nodes.csv").mkdir()
    assert problems_of(folder) == [
        ("nodes.csv", None, None, Code.UNREADABLE_FILE),
        ("customers.csv", None, None, Code.MISSING_FILE),
    ]


def test_a_folder_that_is_not_there_lacks_every_file(tmp_path: Path) -> None:
    assert [(file, code) for file, _, _, code in problems_of(tmp_path / "nowhere")] == [
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
    for name in FILES.keys() - {"utility.csv"}:
        header, *rows = FILES[name].splitlines()
        text = "\r\n".join([header, "", *reversed(rows)]) + "\r\n"
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    columns = [
        "lat,lon,substation,name,feeder,source_node,region",
        "53.0,11.0,S1, South ,F2,m0,N",
        "53,11,S1,North,F1,n0,N",
    ]
    (folder / "feeders.csv").write_text("\n".join(columns))
    assert read_folder(folder).digest == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (BRANCH, "670.5", "670.6"),
        ("utility.csv", "21:30", "21:31"),
        ("nodes.csv", "53.0,P1", "53.0,P9"),
        (BRANCH, "D-1,1", "D-1,0"),
        (CUSTOMER, "; +4915100000002", ""),
        (CUSTOMER, "3.5,residential,zh,0,1", "3.5,residential,zh,1,1"),
        ("regions.csv", "N,North", "N,South"),
        ("depots.csv", "Yard", "Barn"),
        ("crews.csv", "bucket;ladder", "bucket"),
        ("shifts.csv", "mon-fri", "mon-thu"),
        ("accounts.csv", "Mill,zh", "Mill,"),
        ("premises.csv", "L1,C2", "L1,C1"),
        ("contacts.csv", "1,90", "1,91"),
        ("rosters.csv", "17:00", "17:30"),
        ("agreements.csv", "0.9995", "0.9996"),
        ("windows.csv", "New poles", "New wires"),
        ("holidays.csv", "Christmas Day", "Christmas"),
        ("utility.csv", "DE-MV,9", "DE-MV,10"),
        ("channels.csv", "c1@example.org", "c2@example.org"),
        ("channels.csv", ",safety", ",outage;safety"),
        ("quiet_hours.csv", "09:00", "09:30"),
    ],
)
def test_other_content_of_any_file_has_another_digest(folder: Path, file: str, old: str, new: str) -> None:
    before = read_folder(folder).digest
    change(folder, file, old, new)
    assert read_folder(folder).digest != before


def test_what_is_not_given_is_taken_by_default_and_said(folder: Path) -> None:
    (folder / "utility.csv").unlink()
    utility = read_folder(folder)
    assert (utility.name, utility.time_zone, utility.attribution, utility.country) == ("Utility", "UTC", "", "")
    assert (utility.languages, utility.quiet_from, utility.quiet_until) == (("en",), dt.time(22), dt.time(7))
    about = [problem for problem in utility.warnings if problem.file == "utility.csv"]
    assert [problem.column for problem in about] == sorted(ABOUT)
    assert {problem.code for problem in about} == {Code.DEFAULTED}


def test_a_folder_of_four_files_is_enough_and_everything_it_lacks_is_said(folder: Path) -> None:
    for name in FILES.keys() - {"feeders.csv", "nodes.csv", BRANCH, CUSTOMER}:
        (folder / name).unlink()
    utility = read_folder(folder)
    assert [row.region for row in utility.regions] == ["N"]
    assert all(not utility.rows(table) for table in BESIDE if table.name != "regions")
    said = [file for file, line, column, _ in warnings_of(folder) if (line, column) == (None, None)]
    assert sorted(said) == sorted(table.file for table in BESIDE)


def test_a_column_that_is_missing_and_decides_something_is_said_once(folder: Path) -> None:
    rows = [line.split(",") for line in FILES[CUSTOMER].splitlines()]
    (folder / CUSTOMER).write_text("\n".join(",".join(row[:7]) for row in rows))
    utility = read_folder(folder)
    assert [(row.phones, row.tier, row.consent, row.life_support) for row in utility.grid.customers] == [
        ((), Tier.RESIDENTIAL, True, False)
    ] * 2
    assert [place for place in warnings_of(folder) if place[0] == CUSTOMER] == [
        (CUSTOMER, 1, column, Code.DEFAULTED) for column in ("consent", "life_support", "phones", "tier")
    ]


def test_everything_a_folder_says_arrives_as_rows(folder: Path) -> None:
    utility = read_folder(folder)
    first = utility.grid.customers[0]
    assert first[10:] == ("SP-1", "A", 3.5, Tier.RESIDENTIAL, "zh", False, True)
    assert [(row.pole, row.node) for row in utility.grid.nodes if row.pole] == [
        ("P3", "m1"), ("P1", "n1"), ("P2", "n2"), ("P2", "n3"),
    ]  # fmt: skip
    assert [(row.rated, row.device_number, row.telemetered) for row in utility.grid.branches if row.device_number] == [
        (630.0, "D-1", True), (None, "D-3", False), (100.0, "D-2", False),
    ]  # fmt: skip
    assert {row.region for row in utility.grid.feeders} == {"N"}
    assert utility.depots == (DepotRow("D1", "Yard", "N", 11.0, 53.0),)
    assert utility.crews == (
        CrewRow("C-1", "D1", ("line", "service"), ("HV",), ("bucket", "ladder"), 3, ("53.1/11.2/800", "53.2/11.3/50")),
        CrewRow("C-2", "D1", ("service",), (), (), 2),
    )
    assert utility.shifts == (
        *(ShiftRow("C-1", day, dt.time(7), dt.time(19), "duty") for day in range(1, 6)),
        *(ShiftRow("C-2", day, dt.time(19), dt.time(7), "standby") for day in (6, 7)),
    )
    assert utility.accounts == (AccountRow("L1", "Mill", "zh"),)
    assert utility.premises == (PremiseRow("L1", "C2"),)
    assert utility.contacts == (
        ContactRow("L1", "day", "Office", "+4915100000012", 2, 120, "en"),
        ContactRow("L1", "night", "Gate", "+4915100000011", 1, 90, ""),
    )
    assert utility.rosters == tuple(RosterRow("L1", "day", day, dt.time(8), dt.time(17)) for day in range(1, 6))
    first_agreement, second_agreement = utility.agreements
    assert first_agreement[2:] == (
        "L1", "", "24x7", dt.date(2026, 1, 1), dt.date(2026, 12, 31), 30, 240, 7, 3, 0.9995,
    )  # fmt: skip
    assert second_agreement[3:7] == ("residential", "mon-fri 08:00-17:00", dt.date(2026, 1, 1), None)
    assert utility.windows == (
        WindowRow(
            "W1",
            ("switch:2", "transformer:T1"),
            dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 2, 11, tzinfo=dt.UTC),
            "New poles",
        ),
        WindowRow(
            "W2",
            ("switch:1",),
            dt.datetime(2026, 7, 1, 7, tzinfo=dt.UTC),
            dt.datetime(2026, 7, 1, 8, tzinfo=dt.UTC),
            "",
        ),
    )
    assert utility.holidays == (HolidayRow(dt.date(2026, 12, 25), "Christmas Day"),)
    assert utility.texts_a_day == 9
    assert utility.channels == (
        ChannelRow("C1", "email", "c1@example.org"),
        ChannelRow("C1", "text", "+4915100000001", "en", dt.time(23), dt.time(5), ("outage", "restored")),
        ChannelRow("C2", "voice", "+4915100000013", "zh", None, None, ("safety",)),
        ChannelRow("C2", "webhook", "https://example.org/power?of=C2"),
    )
    assert utility.quiet_hours == (
        QuietRow("estimate", "", dt.time(20), dt.time(9)),
        QuietRow("estimate", "large", dt.time(0), dt.time(0)),
        QuietRow("planned", "", dt.time(19), dt.time(8)),
    )


def test_an_inactive_customer_whom_nobody_feeds_is_only_remarked(folder: Path) -> None:
    change(folder, BRANCH, "n1,n2,closed", "n1,n2,open")
    change(folder, CUSTOMER, "RE1,1,", "RE1,0,")
    change(folder, "windows.csv", "switch:2 transformer:T1", "switch:2")
    assert warnings_of(folder) == [(CUSTOMER, 2, "node", Code.UNFED)]


def test_a_column_nobody_knows_is_remarked_and_not_read(folder: Path) -> None:
    header, *rows = FILES["nodes.csv"].splitlines()
    (folder / "nodes.csv").write_text("\n".join([header + ",height", *(row + ",7" for row in rows)]))
    assert warnings_of(folder) == [("nodes.csv", 1, "height", Code.UNKNOWN_COLUMN)]


def test_a_customer_fed_by_another_feeder_or_transformer_than_named_is_remarked(folder: Path) -> None:
    change(folder, CUSTOMER, "C2,m1,,F2,MV", "C2,m1,T1,F1,LV")
    assert warnings_of(folder) == [
        (CUSTOMER, 3, "feeder", Code.FEEDER_DIFFERS),
        (CUSTOMER, 3, "transformer", Code.TRANSFORMER_DIFFERS),
    ]


def test_what_an_older_folder_could_not_say_changes_nothing_of_its_digest(folder: Path) -> None:
    for name in ("channels.csv", "quiet_hours.csv"):
        (folder / name).unlink()
    change(folder, "utility.csv", "DE-MV,9", "DE-MV,")
    utility = read_folder(folder)
    assert (utility.texts_a_day, utility.channels, utility.quiet_hours) == (12, (), ())
    assert utility.digest == "a73a51e09565d68dd5d47182e95f0b5ac082c10fe71b7d68cc1a851bc791c72d"


def test_no_sentence_repeats_an_address(folder: Path) -> None:
    change(folder, "channels.csv", "c1@example.org", "somebody's@secret@place")
    change(folder, "channels.csv", "safety\n", "safety\nC2,webhook,https://example.org/power?of=C2,,,,\n")
    with pytest.raises(FolderProblems) as raised:
        read_folder(folder)
    assert [problem.code for problem in raised.value.problems] == [Code.BAD_ADDRESS, Code.DOUBLED_ID]
    assert not [problem for problem in raised.value.problems if "secret" in str(problem) or "of=C2" in str(problem)]


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
