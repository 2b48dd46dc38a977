"""The records of six real co-operatives, read as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.engine.taking import Connection
from services.history.audit import RULES
from services.history.forms import read_files
from services.history.outages import Outage, outages_in
from services.history.store import Saved, save
from services.history.summary import in_words, summary


def read(folder: Path, zone: str) -> tuple[tuple[Outage, ...], dict[str, Any]]:
    if not folder.is_dir():
        pytest.skip(f"the records are not there: {folder}")
    files = read_files(folder)
    assert files.problems == ()
    outages = outages_in(files, utility=folder.name, time_zone=ZoneInfo(zone))
    return outages, summary(files, outages)


async def test_a_list_in_two_files_that_overlap(shared: Path, connection: Connection) -> None:
    outages, counted = read(shared / "data" / "union-power-coop", "America/New_York")
    assert (counted["records"], counted["outages"]) == (702, 702 - 32)
    assert counted["unknown_spellings"] == counted["no_outage"] == {}
    assert counted["end_unknown"] == {"notRecorded": 670}
    assert counted["by_cause"] == {
        "EQUIPMENT": 65, "LIGHTNING": 23, "POWER_SUPPLY": 3, "PUBLIC": 15, "VEGETATION": 390, "WEATHER": 10,
        "WILDLIFE": 79, "UNKNOWN": 82, "OTHER": 3,
    }  # fmt: skip
    assert await save(connection, outages) == Saved(added=670, bettered=0)
    assert await save(connection, outages) == Saved(added=0, bettered=0)
    assert [await connection.fetch(rule.violations_sql) for rule in RULES] == [[], [], []]


async def test_the_maps_of_four_co_operatives_over_two_weeks(shared: Path, connection: Connection) -> None:
    outages, counted = read(shared / "data" / "arizona-coops", "America/Phoenix")
    assert counted["records"] == 1288
    assert (counted["outages"], counted["planned"], counted["ended"]) == (713, 41, 708)
    assert counted["end_unknown"] == {"stillShown": 5}
    assert counted["no_outage"] == {"askedFor": 4, "noCustomers": 5, "standing": 4}
    assert counted["unknown_spellings"] == {}
    # Three of the four maps write the starts in UTC though they name the local zone; the fourth does not.
    basis = {(outage.utility, outage.start_basis.value) for outage in outages}
    assert basis == {
        ("ssvec", "written"), ("trico", "writtenInUtc"), ("navopache", "writtenInUtc"), ("mohave", "writtenInUtc"),
    }  # fmt: skip
    # One fault of 13 July shows as hundreds of records of single customers.
    assert counted["faults"] == 143
    assert "Causes that no table knows" not in in_words(counted)
    assert await save(connection, outages) == Saved(added=726, bettered=0)
    assert [await connection.fetch(rule.violations_sql) for rule in RULES] == [[], [], []]
