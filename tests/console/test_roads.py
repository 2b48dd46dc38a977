"""Closed roads over HTTP: a dispatcher closes one, sees it, and opens it again; crews are sent around it meanwhile."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.dispatch.stage import DispatchStage
from services.dispatch.store import read_roster
from services.network.places import Place
from services.utility import store as utility_store
from services.utility.folder import EXAMPLE, read_folder
from services.utility.road_file import read_roads
from tests.access.console import ask, code
from tests.console.crew_desk import INCIDENT, NOW, CrewDesk, crew_desk

DETOUR_DEGREES = 0.05


@pytest.fixture
async def desk(server_dsn: str) -> AsyncIterator[CrewDesk]:
    async with crew_desk(server_dsn) as running:
        yield running


async def with_roads(desk: CrewDesk, folder: Path) -> tuple[Place, Place]:
    """Give the utility a road from the crew's depot to the incident, and a long one around; return the two places."""
    there = json.loads(await desk.one("SELECT body FROM entity WHERE kind = 'job' AND id = $1", INCIDENT))["place"]
    start, end = desk.stage._roster.home(desk.crew).place, Place(there["lon"], there["lat"])
    points = {
        1: start,
        2: end,
        3: Place(start.lon, start.lat + DETOUR_DEGREES),
        4: Place(end.lon, end.lat + DETOUR_DEGREES),
    }
    nodes = "".join(f'<node id="{n}" version="1" lat="{at.lat:.7f}" lon="{at.lon:.7f}"/>' for n, at in points.items())
    ways = "".join(
        f'<way id="{way}" version="1">{"".join(f"""<nd ref="{n}"/>""" for n in refs)}<tag k="highway" v="primary"/></way>'
        for way, refs in ((11, (1, 2)), (12, (1, 3, 4, 2)))
    )
    (folder / "roads.osm").write_text(f'<osm version="0.6">{nodes}{ways}</osm>', encoding="utf-8")
    roads, problems = read_roads(folder, [], [start, end])
    assert problems == []
    await utility_store.save(desk.connection, replace(read_folder(EXAMPLE), roads=roads))
    desk.stage = DispatchStage(await read_roster(desk.connection))
    return start, end


async def drive_min(desk: CrewDesk) -> int:
    async with desk.browser("vera") as browser:
        status, body = await ask(browser, "GET", f"/api/crews/costs?incident={INCIDENT}")
        assert status == 200
        return next(int(cost["drive_min"]) for cost in body["costs"] if cost["crew"] == desk.crew)


async def test_a_road_is_closed_shown_and_opened_again(desk: CrewDesk, tmp_path: Path) -> None:
    start, end = await with_roads(desk, tmp_path)
    middle = Place((start.lon + end.lon) / 2, (start.lat + end.lat) / 2)
    direct = await drive_min(desk)
    region = desk.stage._roster.region_of(desk.crew)
    async with desk.browser("dora") as browser:
        status, taken = await ask(
            browser,
            "POST",
            "/api/roads/closures",
            {
                "places": [{"lon": middle.lon, "lat": middle.lat}],
                "within_m": 50,
                "region": region,
                "why": "tree across",
            },
        )
        assert (status, taken["stretches"]) == (202, 1)
        (closure,) = taken["closures"]
        await desk.settle()
        status, body = await ask(browser, "GET", "/api/roads/closures")
        assert (status, body["roads_known"]) == (200, True)
        (shown,) = body["closures"]
        assert (shown["closure"], shown["region"], shown["by"], shown["why"], shown["until_ms"]) == (
            closure,
            region,
            "dora",
            "tree across",
            None,
        )
        assert shown["places"] == [{"lon": middle.lon, "lat": middle.lat}]
        assert await drive_min(desk) > direct
        status, _ = await ask(browser, "DELETE", f"/api/roads/closures/{closure}", {"why": "cleared"})
        assert status == 202
        await desk.settle()
        assert (await ask(browser, "GET", "/api/roads/closures"))[1]["closures"] == []
        assert await drive_min(desk) == direct
        again = await ask(browser, "DELETE", f"/api/roads/closures/{closure}", {"why": "cleared"})
        assert code(again) == (404, "notClosed")
    done = await desk.connection.fetch("SELECT kind, subject, why FROM person_action ORDER BY at_ms")
    assert [tuple(row) for row in done] == [("closeRoad", closure, "tree across"), ("openRoad", closure, "cleared")]


async def test_a_road_for_which_no_region_is_named_is_closed_in_all(desk: CrewDesk, tmp_path: Path) -> None:
    await with_roads(desk, tmp_path)
    async with desk.browser("dora") as browser:
        status, taken = await ask(browser, "POST", "/api/roads/closures", {"way": 11, "why": "flooded"})
        assert status == 202
        await desk.settle()
        shown = (await ask(browser, "GET", "/api/roads/closures"))[1]["closures"]
    assert sorted(each["region"] for each in shown) == sorted(desk.stage._roster.regions)
    assert sorted(each["closure"] for each in shown) == sorted(taken["closures"])


async def test_what_makes_no_sense_is_refused(desk: CrewDesk, tmp_path: Path) -> None:
    path = "/api/roads/closures"
    async with desk.browser("vera") as viewer, desk.browser("dora") as browser:
        assert code(await ask(browser, "POST", path, {"way": 11, "why": "flooded"})) == (422, "noRoadThere")
        assert (await ask(viewer, "GET", path))[1] == {"closures": [], "roads_known": False}
        await with_roads(desk, tmp_path)
        assert code(await ask(viewer, "POST", path, {"way": 11, "why": "x"})) == (403, "notAllowed")
        assert code(await ask(browser, "POST", path, {"way": 11, "why": " "})) == (422, "whyMissing")
        assert code(await ask(browser, "POST", path, {"way": 12345, "why": "x"})) == (422, "noRoadThere")
        assert code(await ask(browser, "POST", path, {"why": "x"})) == (422, "noRoadThere")
        assert code(await ask(browser, "POST", path, {"way": 11, "region": "R9", "why": "x"})) == (422, "unknownRegion")
        assert code(await ask(browser, "POST", path, {"way": 11, "until_ms": NOW, "why": "x"})) == (422, "closureOver")
        assert code(await ask(browser, "POST", path, {"way": 11, "until_ms": 2**60, "why": "x"})) == (422, "invalid")
        assert code(await ask(browser, "DELETE", f"{path}/none", {"why": "x"})) == (404, "notClosed")
    assert await desk.one("SELECT count(*) FROM person_action") == 0
