"""Roads of a utility folder: read with it, kept with its version, and what a replay of an older version drives on."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest
from pydantic import SecretStr

from deploy.utility import import_utility
from schemas.codec import encode
from schemas.events import DispatchMode, Event, IncidentChanged, IncidentState, ModeSet, Place, RoadClosed
from schemas.topics import CREW_ACTIONS, OUTAGE_INCIDENTS, Topic
from services.clock import to_ms
from services.engine.deciding import Deciding
from services.roads.roads import ATTRIBUTION
from services.roads.store import UnknownRoads
from services.settings import Settings
from services.utility.diff import Changed, TableDiff, compare
from services.utility.folder import read_folder
from services.utility.problems import Code
from services.utility.store import current, load, save
from streams.replay import replay
from streams.rules import House, build
from tests.dispatch.desk import incident_changed
from tests.roads.valley_roads import Map, place, square
from tests.stage_script import moment, ms
from tests.utility.valley import change, problems_of, warnings_of, write

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
SOUTH = 53.0
"""The valley's nodes lie at 11.00 to 11.02, 52.90 to 53.00."""


def valley(folder: Path, made: Map | None) -> Path:
    """Write the valley as a folder with these roads, or with none."""
    folder.mkdir(exist_ok=True)
    write(folder)
    if made is not None:
        made.write(folder / "roads.osm")
    return folder


def winding() -> Map:
    """Return a road from the valley's depot to its transformer that leads far around, and one to the south."""
    made = Map(SOUTH).point("depot", 0, 0).point("far", 1, 6).point("there", 2, 0).point("south", 0, -10)
    return made.way(1, "depot far there").way(2, "depot south")


def test_a_folder_without_roads_has_none_and_no_more_is_said(tmp_path: Path) -> None:
    assert read_folder(write(tmp_path)).roads is None
    assert warnings_of(tmp_path) == []


def test_roads_are_read_with_the_folder_and_who_made_the_map_is_named(tmp_path: Path) -> None:
    folder = read_folder(valley(tmp_path, winding()))
    assert folder.roads is not None
    assert (folder.roads.stretches, folder.roads.junctions) == (2, 3)
    assert folder.credits == f"ours; {ATTRIBUTION}"
    assert folder.warnings == ()


def test_roads_may_be_compressed_and_of_several_files_one_is_read(tmp_path: Path) -> None:
    plain = read_folder(valley(tmp_path, winding())).roads
    (tmp_path / "roads.osm.gz").write_bytes(gzip.compress((tmp_path / "roads.osm").read_bytes()))
    assert read_folder(tmp_path).roads == plain
    assert warnings_of(tmp_path) == [("roads.osm", None, None, Code.DEFAULTED)]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("roads.osm", b"node,lon,lat\n", Code.UNREADABLE_FILE),
        ("roads.osm.pbf", b"\x00\x00\x00", Code.UNREADABLE_FILE),
        ("roads.osm.gz", gzip.compress(winding().xml().encode())[:200], Code.UNREADABLE_FILE),
        ("roads.osm", b'<osm version="0.6"></osm>', Code.NO_ROWS),
        ("roads.osm", square().xml().encode(), Code.NO_ROWS),  # 550 km to the south
    ],
)
def test_roads_that_cannot_be_read_or_lie_elsewhere_are_refused(
    tmp_path: Path, name: str, content: bytes, code: Code
) -> None:
    write(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert problems_of(tmp_path) == [(name, None, None, code)]


def test_a_depot_and_nodes_far_from_any_road_are_remarked(tmp_path: Path) -> None:
    made = Map(SOUTH).point("a", 0, -9).point("b", 0, -10)
    assert warnings_of(valley(tmp_path, made.way(1, "a b"))) == [("roads.osm", None, None, Code.OFF_NETWORK)] * 2
    sentences = [problem.sentence for problem in read_folder(tmp_path).warnings]
    assert sentences[0].startswith("Depot D1 lies more than 3000 m from any road: ")
    assert sentences[1].startswith("5 of 6 nodes lie more than 3000 m from any road: ")


def test_a_diff_says_that_roads_come_go_or_change(tmp_path: Path) -> None:
    without, winds, square_ = (
        read_folder(valley(tmp_path / name, made))
        for name, made in (("none", None), ("winding", winding()), ("square", square(SOUTH)))
    )
    assert compare(without, winds).tables == (TableDiff(file="roads.osm", added=("roads.osm",)),)
    assert compare(winds, without).tables == (TableDiff(file="roads.osm", removed=("roads.osm",)),)
    assert compare(winds, square_).tables == (TableDiff(file="roads.osm", changed=(Changed("roads.osm", ("roads",)),)),)
    assert compare(winds, read_folder(tmp_path / "winding")).tables == ()


async def test_roads_are_kept_with_their_version_and_the_same_ones_once(connection: Connection, tmp_path: Path) -> None:
    folder = read_folder(valley(tmp_path, winding()))
    first = await save(connection, folder)
    loaded = await load(connection)
    assert loaded == folder
    assert loaded.digest == folder.digest
    assert await save(connection, loaded) == first
    change(tmp_path, "utility.csv", "Valley Power", "Hill Power")
    second = await save(connection, read_folder(tmp_path))
    assert second != first
    assert await connection.fetchval("SELECT count(*) FROM road_graph") == 1
    assert await connection.fetch("SELECT version, digest FROM utility_roads ORDER BY version") == [
        (first, folder.roads.digest if folder.roads else ""),
        (second, folder.roads.digest if folder.roads else ""),
    ]
    (tmp_path / "roads.osm").unlink()
    await save(connection, read_folder(tmp_path))
    assert (await current(connection)).roads is None


async def test_roads_that_were_not_loaded_cannot_be_kept_elsewhere(connection: Connection, tmp_path: Path) -> None:
    folder = read_folder(valley(tmp_path, winding()))
    await save(connection, folder)
    loaded = await load(connection)
    await connection.execute("TRUNCATE utility_version, road_graph CASCADE")
    with pytest.raises(UnknownRoads):
        await save(connection, loaded)
    assert await connection.fetchval("SELECT count(*) FROM utility_version") == 0


async def decide(connection: Connection, house: House, n: int, at: str, *heard: tuple[Topic, Event]) -> None:
    """Let the dispatch of a house decide tick n."""
    ruled = house.stages["dispatch"]
    for topic, event in heard:
        await connection.execute(
            """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body) VALUES ('dispatch', $1, $2, $3, $4, $5, $6)""",
            event.id,
            ruled.stage.shard_of(event),
            to_ms(event.at),
            n - 1,
            topic.name,
            encode(event),
        )
    deciding = Deciding(ruled.stage, ruled.store, exercise=False, version=house.version)
    for shard in ruled.stage.shards():
        await deciding.decide(connection, shard, n, ms(at))


def outage(incident: str, at: str) -> IncidentChanged:
    return incident_changed(
        incident, 1, IncidentState.PREDICTED, at=at, place=place(2, 0, SOUTH), device="transformer:T1", region="N"
    )


async def estimated(connection: Connection, incident: str) -> int:
    found = await connection.fetchval(
        "SELECT arrival_estimate_ms - sent_at_ms FROM dispatch_order WHERE incident = $1", incident
    )
    assert isinstance(found, int), f"nobody was sent to {incident}"
    return found


async def test_each_version_drives_on_its_own_roads_and_a_replay_finds_the_same(
    connection: Connection, tmp_path: Path
) -> None:
    folder = valley(tmp_path, winding())
    (folder / "shifts.csv").unlink()
    (folder / "crews.csv").write_text("crew,depot\nC-1,D1\nC-2,D1\nC-3,D1\nC-4,D1\nC-5,D1\n", encoding="utf-8")
    await save(connection, read_folder(folder))
    by_road = await build(connection, ("dispatch",))
    for shard in by_road.stages["dispatch"].stage.shards():
        await connection.execute("INSERT INTO turns (stage, shard) VALUES ('dispatch', $1)", shard)
    closed = RoadClosed(
        id="close-1", at=moment("06:02"), region="N", by="ann", places=[place(0.5, 3, SOUTH)], within_m=60
    )
    literal = ModeSet(id="mode", at=moment("06:00"), region="N", mode=DispatchMode.NEAREST_DEPOT, by="ann")
    await decide(connection, by_road, 1, "06:01", (CREW_ACTIONS, literal), (OUTAGE_INCIDENTS, outage("I-1", "06:00")))
    await decide(connection, by_road, 2, "06:02", (CREW_ACTIONS, closed))
    assert dict(
        await connection.fetchrow("SELECT region, closure, within_m, way, since_ms FROM road_closure") or {}
    ) == {
        "region": "N",
        "closure": "close-1",
        "within_m": 60,
        "way": None,
        "since_ms": ms("06:02"),
    }
    await decide(connection, by_road, 3, "06:03", (OUTAGE_INCIDENTS, outage("I-2", "06:03")))
    (folder / "roads.osm").unlink()
    await save(connection, read_folder(folder))
    by_air = await build(connection, ("dispatch",))
    await decide(connection, by_air, 4, "06:04", (OUTAGE_INCIDENTS, outage("I-3", "06:04")))
    driven, around, flown = [await estimated(connection, incident) for incident in ("I-1", "I-2", "I-3")]
    assert around >= driven > 5 * flown
    turns, differences = await replay(connection, exercise=False)
    assert (turns >= 4, differences) == (True, [])


async def test_the_command_says_which_roads_it_took(
    dsn: str, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = settings.model_copy(update={"postgres_dsn": SecretStr(dsn), "kafka_bootstrap": "127.0.0.1:1"})
    folder = valley(tmp_path, winding())
    assert await asyncio.to_thread(import_utility, ours, folder, apply=False, as_json=False) == 0
    assert capsys.readouterr().out.splitlines()[2] == f"24.5 km of roads in 2 stretches; {ATTRIBUTION}"
    (folder / "roads.osm").unlink()
    assert await asyncio.to_thread(import_utility, ours, folder, apply=True, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["roads"] is None
    assert [table["file"] for table in told["diff"]] == ["roads.osm"]


def test_a_place_is_where_the_valley_is() -> None:
    assert place(2, 0, SOUTH) == Place(11.02, 53.0)
