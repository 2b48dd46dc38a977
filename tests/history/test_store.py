"""The history in the database: the same file twice adds nothing, and files may overlap."""

from __future__ import annotations

from pathlib import Path

from services.engine.taking import Connection
from services.history.store import Saved, save, stored
from tests.history.files import ms, read_map, shown

READINGS = {"10:00": 2, "12:00": 1, "14:00": 0}
ROWS = (shown("10:00", "7"), shown("10:00", "8", lat=32), shown("12:00", "8", lat=32, customers=2))


async def test_the_same_file_twice_adds_nothing(tmp_path: Path, connection: Connection) -> None:
    outages = read_map(tmp_path, *ROWS, readings=READINGS)
    assert await save(connection, outages) == Saved(added=2, bettered=0)
    before = await stored(connection)
    assert await save(connection, outages) == Saved(added=0, bettered=0)
    assert await stored(connection) == before


async def test_a_later_file_betters_what_an_earlier_one_left_unfinished_and_never_the_other_way_round(
    tmp_path: Path, connection: Connection
) -> None:
    early = read_map(tmp_path, *ROWS[:2], readings={"10:00": 2})
    late = read_map(tmp_path, *ROWS[1:], readings={"10:00": 2, "12:00": 1, "14:00": 0})
    assert await save(connection, early) == Saved(added=2, bettered=0)
    assert await save(connection, late) == Saved(added=0, bettered=1)
    assert await save(connection, early) == Saved(added=0, bettered=0)
    seven, eight = sorted(await stored(connection), key=lambda row: str(row["incident"]))
    assert (seven["kind"], seven["why"]) == ("unfinished", "stillShown")
    assert (eight["kind"], eight["end_ms"], eight["seen_from_ms"], eight["customers"]) == (
        "outage",
        ms("14:00"),
        ms("10:00"),
        3,
    )


async def test_whatever_is_read_is_stored_as_it_is(tmp_path: Path, connection: Connection) -> None:
    outages = read_map(tmp_path, *ROWS, shown("10:00", "9", customers=0, lat=33), readings=READINGS)
    await save(connection, outages)
    assert [row["id"] for row in await stored(connection)] == [outage.id for outage in outages]
    first, row = outages[0], (await stored(connection))[0]
    assert {name: getattr(first, name) for name in row} == dict(row)
