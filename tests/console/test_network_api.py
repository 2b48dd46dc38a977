"""The grid, one device, and the search, over a real socket."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from aiohttp import ClientSession

from services.console.land import Texts, lay
from services.console.search import phone_of
from services.engine.taking import Connection
from services.network.tables import GridTables
from services.utility.contents import UtilityFolder
from tests.access.console import ask, make_users
from tests.console.night import PHONE, Night, folder, looked, watched


@pytest.fixture
async def night(connection: Connection) -> Night:
    """A town at eight in the evening, with users."""
    made = await Night.begin(connection)
    await make_users(connection)
    return made


async def search(browser: ClientSession, words: str) -> list[tuple[str, str, str | None]]:
    """Return kind, id and incident of what is found."""
    status, answer = await ask(browser, "GET", "/api/search", params={"q": words})
    assert status == 200, answer
    return [(each["kind"], each["id"], each["incident"]) for each in answer["found"]]


async def test_the_grid_comes_as_columns_and_is_not_sent_twice(night: Night, dsn: str) -> None:
    assert night.now
    async with watched(dsn) as (console, watching), console.signed_in("vera") as browser:
        await looked(watching)
        async with browser.get("/api/network") as response:
            grid, etag = await response.json(), response.headers["ETag"]
            assert response.headers["Content-Encoding"] == "gzip"
        async with browser.get("/api/network", headers={"If-None-Match": etag}) as response:
            assert (response.status, await response.read()) == (304, b"")
    town = folder().grid
    assert [each["id"] for each in grid["feeders"]] == ["F1", "F2"]
    assert grid["depots"] == [{"id": "D1", "name": "Yard", "region": "R1", "lon": 8.0, "lat": 50.0}]
    branches = grid["branches"]
    for number, row in enumerate(town.branches):
        assert branches["id"][number] == f"{row.kind}:{row.id}"
        assert town.nodes[branches["from"][number]].node == row.from_node
        assert town.nodes[branches["to"][number]].node == row.to_node
        assert grid["feeders"][branches["feeder"][number]]["id"] == row.feeder
        assert bool(branches["normally_closed"][number]) == row.normally_closed
    west, south, east, north = grid["bounds"]
    assert (west, south, east, north) == (min(grid["lon"]), 50.0, max(grid["lon"]), 50.0)


async def test_a_device_tells_how_it_stands_and_who_hangs_on_it_now(night: Night, dsn: str) -> None:
    async with watched(dsn) as (console, watching), console.signed_in("vera") as browser:

        async def device(name: str) -> dict[str, Any]:
            await looked(watching)
            status, answer = await ask(browser, "GET", f"/api/devices/{name}")
            assert status == 200, answer
            found: dict[str, Any] = answer
            return found

        incident = await night.fault()
        recloser = await device("switch:R1")
        assert (recloser["closed"], recloser["normally_closed"], recloser["customers"]) == (False, True, 12)
        assert (recloser["incident"], recloser["parent"]) == (incident, "feeder:F1")
        assert (await device("transformer:T2"))["incident"] == incident
        knife = await device("switch:K1")
        assert (knife["parent"], knife["customers"], knife["device_number"]) == ("switch:R1", 0, "D-7")
        await night.switched("switch:K1", closed=False)
        await night.switched("switch:K9", closed=True)
        tie = await device("switch:K9")
        assert (tie["closed"], tie["normally_closed"], tie["customers"], tie["feeder"]) == (True, False, 8, "F2")
        assert tie["children"] == ["transformer:T2", "transformer:T3"]
        assert (await device("switch:R1"))["customers"] == 4
        assert (await ask(browser, "GET", "/api/devices/switch:NONE"))[1]["error"]["code"] == "unknownDevice"


async def test_whatever_has_a_name_is_found_with_its_incident(night: Night, dsn: str) -> None:
    incident = await night.fault()
    async with watched(dsn) as (console, watching), console.signed_in("dora") as browser:
        await looked(watching)
        assert (await search(browser, "T2-1"))[0] == ("customer", "T2-1", incident)
        assert (await search(browser, "sp-t4-2")) == [("customer", "T4-2", None)]
        assert (await search(browser, "M-T3-4")) == [("customer", "T3-4", incident)]
        assert (await search(browser, "P-n-T4")) == [("pole", "P-n-T4", None)]
        assert (await search(browser, "d-7"))[0] == ("device", "switch:K1", incident)
        assert ("device", "transformer:T3", incident) in await search(browser, "T3")
        assert ("account", "M1", incident) in await search(browser, "old m")
        assert ("account", "M1", incident) in await search(browser, "mill")
        assert ("depot", "D1", None) in await search(browser, "yard")
        assert ("feeder", "F2", None) in await search(browser, "F2")
        assert (await search(browser, incident[:8]))[0] == ("incident", incident, incident)
        assert (await search(browser, "C-1"))[0] == ("crew", "C-1", incident)
        assert (await search(browser, "8.0125, 49.5")) == [("place", "8.012500, 49.500000", None)]
        assert (await search(browser, "nothing of the kind")) == []
        assert (await ask(browser, "GET", "/api/search?q="))[1]["error"]["code"] == "invalid"


async def test_phones_are_searched_for_those_alone_who_may_see_them(night: Night, dsn: str) -> None:
    assert night.now
    async with (
        watched(dsn) as (console, watching),
        console.signed_in("dora") as dispatcher,
        console.signed_in("vera") as viewer,
    ):
        await looked(watching)
        for words in (PHONE, PHONE[:8], "0049 151 12345678"):
            assert await search(dispatcher, words) == [("customer", "T2-1", None)]
            assert await search(viewer, words) == []


@pytest.mark.parametrize(
    ("words", "phone"),
    [
        ("+49 151 123", "+49151123"),
        ("0049151123", "+49151123"),
        ("T2-1", None),
        ("12", None),
        ("49/151-12345", "+4915112345"),
    ],
)
def test_what_may_be_a_phone(words: str, phone: str | None) -> None:
    assert phone_of(words) == phone


def test_equal_names_come_first_then_those_that_begin_so_then_all_others() -> None:
    texts = Texts([("xab", 0), ("abc", 1), ("ab", 2), ("AB", 3), ("", 4), ("b a", 5), ("zzab", 0)])
    assert texts.find("ab", 10) == [2, 3, 1, 0]
    assert texts.find("ab", 3) == [2, 3, 1]
    assert texts.find("a\nb", 3) == []
    assert texts.find("B", 10) == [5, 0, 1, 2, 3]


def test_a_search_among_a_hundred_thousand_customers_is_quick() -> None:
    land = lay(large(100_000), 1)
    for words in ("C000099", "99999", "nowhere at all", "M"):
        begun = time.thread_time()
        land.customers.find(words, 30)
        assert time.thread_time() - begun < 0.05, words


def large(customers: int) -> UtilityFolder:
    """Return the town with so many customers on T1."""
    town = folder()
    some = town.grid.customers[0]
    numbers = itertools.count(1)
    rows = [
        some._replace(customer=f"C{n:06}", meter=f"M{n:06}", service_point=f"S{n:06}", active=True, phones=())
        for n in itertools.islice(numbers, customers)
    ]
    grid = GridTables.of(list(town.grid.feeders), list(town.grid.nodes), list(town.grid.branches), rows)
    return UtilityFolder(name="Large", time_zone="UTC", attribution="", grid=grid)
