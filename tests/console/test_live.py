"""The live half of the console over real sockets: wake-ups, what is fetched then, a database that goes away, sessions that end."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from schemas.events import WorkHeld, WorkStarted
from schemas.topics import CREW_ACTIONS, MAINTENANCE_NOTICES
from services.clock import from_ms
from services.engine import clock
from services.engine.taking import Connection
from services.utility import store as utility
from tests.access.console import ask, make_users
from tests.console.night import Night, Wire, folder, looked, watched


@pytest.fixture
async def night(connection: Connection) -> Night:
    """A town at eight in the evening, with users."""
    made = await Night.begin(connection)
    await make_users(connection)
    return made


class Tab:
    """An open stream of a browser, and the rows that it holds of each sheet."""

    def __init__(self, browser: ClientSession, response: ClientResponse) -> None:
        self.browser = browser
        self.response = response
        self.beat: dict[str, Any] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self._has: dict[str, tuple[str, int]] = {}

    async def next(self) -> tuple[str, dict[str, Any]]:
        """Return the next event, its kind and what it carries."""
        async with asyncio.timeout(15):
            kind = (await self.response.content.readline()).decode()
            data = (await self.response.content.readline()).decode()
            await self.response.content.readline()
        if not kind:
            raise EOFError
        self.beat = json.loads(data.removeprefix("data: "))
        return kind.removeprefix("event: ").strip(), self.beat

    async def until_it_ends(self) -> None:
        """Read events for ever. Raises `EOFError` when the stream is over."""
        while True:
            await self.next()

    async def fetch(self, sheet: str) -> dict[str, Any]:
        """Fetch what is new of a sheet, apply it, and return the answer."""
        epoch, since = self._has.get(sheet, ("", -1))
        status, answer = await ask(self.browser, "GET", f"/api/sheets/{sheet}?epoch={epoch}&since={since}")
        assert status == 200, answer
        held = {} if answer["whole"] else self.rows.get(sheet, {})
        for gone in answer["gone"]:
            held.pop(gone, None)
        self.rows[sheet] = held | {row["id"]: row for row in answer["rows"]}
        self._has[sheet] = answer["epoch"], answer["version"]
        result: dict[str, Any] = answer
        return result

    async def until_moved(self, sheet: str) -> dict[str, Any]:
        """Wait until a sheet has another version than the tab, and fetch it."""
        while self.beat["versions"][sheet] == self._has.get(sheet, ("", 0))[1]:
            await self.next()
        return await self.fetch(sheet)


@contextlib.asynccontextmanager
async def tab_of(browser: ClientSession) -> AsyncIterator[Tab]:
    """Open a stream, and read its first beat."""
    async with browser.get("/api/live") as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        tab = Tab(browser, response)
        kind, _ = await tab.next()
        assert kind == "beat"
        yield tab


async def test_what_is_decided_arrives_as_a_move_and_the_tab_fetches_the_difference(night: Night, dsn: str) -> None:
    async with watched(dsn) as (console, watching), console.signed_in("dora") as browser, tab_of(browser) as tab:
        await looked(watching)
        first = await tab.fetch("incidents")
        assert first["whole"]
        assert first["rows"] == []
        incident = await night.fault()
        answer = await tab.until_moved("incidents")
        assert not answer["whole"]
        while tab.rows["incidents"][incident]["crew"] is None:
            assert tab.rows["incidents"][incident]["priority"] == "lifeSupport"
            await tab.until_moved("incidents")
        row = tab.rows["incidents"][incident]
        assert (row["device"], row["state"], row["customers_out"], row["accounts"]) == ("switch:R1", "confirmed", 12, 1)
        assert (row["life_support"], row["important"], row["priority"]) == (1, 1, "lifeSupport")
        assert (row["crew"], row["next"], row["next_why"]) == ("C-1", "crewAnswers", "planned")
        assert not row["unassigned"]
        assert not row["uncertain"]
        assert tab.beat["read_age_ms"] < 5_000
        await tab.fetch("crews")
        while tab.rows["crews"]["C-1"]["incident"] != incident:
            await tab.until_moved("crews")
        await tab.fetch("summary")
        assert tab.rows["summary"]["summary"]["incidents_open"] == 1


async def test_the_row_says_what_next_as_the_night_goes_on(night: Night, dsn: str) -> None:
    incident = await night.fault()
    async with watched(dsn) as (_, watching):

        async def now() -> tuple[str, str, bool]:
            await looked(watching)
            row = watching.reading.incidents.row(incident)
            assert row is not None
            return row.next, row.next_why, row.unassigned

        assert await now() == ("crewAnswers", "planned", False)
        order = await night.order_of(incident)
        await night.says("C-1", "refused", order=order)
        assert await now() == ("sendCrew", "declined", True)
        hold = WorkHeld(id="h", at=from_ms(night.now), region="R1", held=True, by="dora", incident=incident)
        await night.hear(CREW_ACTIONS, hold)
        await night.decide()
        assert await now() == ("held", "dispatcherHeld", True)
        row = watching.reading.incidents.row(incident)
        assert row is not None
        assert row.held


async def test_an_estimate_that_passes_makes_an_incident_overdue_though_nothing_is_decided(
    night: Night, dsn: str
) -> None:
    incident = await night.fault()
    async with watched(dsn) as (_, watching):
        await looked(watching)
        row = watching.reading.incidents.row(incident)
        assert row is not None
        assert not row.overdue
        await night.connection.execute("UPDATE clock SET now_ms = $1", (row.estimate_ms or 0) + 1)
        await looked(watching)
        row = watching.reading.incidents.row(incident)
        assert row is not None
        assert row.overdue


async def test_the_network_shows_faults_work_ties_and_switches(night: Night, dsn: str) -> None:
    async with watched(dsn) as (console, watching), console.signed_in("vera") as browser, tab_of(browser) as tab:
        await looked(watching)
        status, grid = await ask(browser, "GET", "/api/network")
        assert status == 200
        names = grid["branches"]["id"]

        async def states() -> dict[str, tuple[str, str | None, str | None]]:
            await looked(watching)
            await tab.fetch("network")
            rows = tab.rows["network"].values()
            return {
                ("" if row["id"].startswith("b") else "~") + names[row["branch"]]: (
                    row["state"],
                    row["incident"] or row["window"],
                    row["feeder"],
                )
                for row in rows
            }

        assert await states() == {}
        incident = await night.fault()
        out = ("out", incident, None)
        behind = {"switch:R1": out, "switch:K1": out, **{f"transformer:T{n}": out for n in (1, 2, 3)}}
        assert await states() == {**behind, "~switch:R1": ("open", None, None)}
        await night.switched("switch:K1", closed=False)
        await night.switched("switch:K9", closed=True)
        tied = ("tieFed", None, "F2")
        found = await states()
        assert found["transformer:T1"] == out
        assert (found["transformer:T2"], found["transformer:T3"]) == (tied, tied)
        assert found["~switch:K9"] == ("closed", None, None)
        work = WorkStarted(id="w", at=from_ms(night.now), window="W-1", isolates=["transformer:T4"])
        await night.hear(MAINTENANCE_NOTICES, work)
        await night.decide()
        assert (await states())["transformer:T4"] == ("planned", "W-1", None)
        await night.switched("switch:R1", closed=True)
        await night.switched("switch:K9", closed=False)
        await night.switched("switch:K1", closed=True)
        assert "~switch:K9" not in await states()


async def test_a_database_that_goes_away_is_told_as_age_and_caught_up_with(night: Night, dsn: str) -> None:
    wire = Wire(dsn)
    await wire.mend()
    async with watched(wire.dsn) as (console, watching), console.signed_in("dora") as browser, tab_of(browser) as tab:
        await looked(watching)
        await tab.fetch("incidents")
        await wire.cut()
        while (await tab.next())[1]["read_age_ms"] < 3_000:
            pass
        incident = await night.fault()
        assert (await ask(browser, "GET", "/api/search?q=T2"))[1]["error"]["code"] == "databaseAway"
        await wire.mend()
        answer = await tab.until_moved("incidents")
        assert not answer["whole"]
        assert incident in tab.rows["incidents"]
        while (await tab.next())[1]["read_age_ms"] > 1_500:
            pass
    await wire.cut()


async def test_a_stream_ends_when_its_session_was_ended(night: Night, dsn: str) -> None:
    async with watched(dsn) as (console, _), console.signed_in("vera") as browser, tab_of(browser) as tab:
        await night.connection.execute(
            "UPDATE session SET wall_ended = clock_timestamp(), ended_why = 'ended' WHERE user_id = 'vera'"
        )
        with pytest.raises(EOFError):
            await tab.until_it_ends()


async def test_streams_end_when_the_process_is_stopped(night: Night, dsn: str) -> None:
    assert night.now
    async with watched(dsn) as (console, watching), console.signed_in("vera") as browser, tab_of(browser) as tab:
        await watching.close()
        with pytest.raises(EOFError):
            await tab.until_it_ends()


async def test_a_tab_that_reads_nothing_blocks_nobody(night: Night, dsn: str) -> None:
    async with watched(dsn) as (console, watching), console.signed_in("vera") as browser, tab_of(browser) as tab:
        await looked(watching)
        silent = [await browser.get("/api/live") for _ in range(8)]
        await tab.fetch("incidents")
        incident = await night.fault()
        await tab.until_moved("incidents")
        assert incident in tab.rows["incidents"]
        for each in silent:
            each.close()


async def test_two_at_one_incident_see_each_other_until_one_leaves(night: Night, dsn: str) -> None:
    assert night.now
    async with (
        watched(dsn) as (console, _),
        console.signed_in("dora") as one,
        console.signed_in("ada") as other,
        tab_of(one) as tab,
    ):
        async with tab_of(other) as second:
            stream = second.beat["stream"]
            looks = {"stream": stream, "incident": "I-1", "doing": "estimate"}
            assert (await ask(other, "POST", "/api/presence", looks))[0] == 204
            await tab.until_moved("presence")
            row = tab.rows["presence"][stream]
            assert (row["user"], row["name"], row["incident"], row["doing"]) == ("ada", "Ada", "I-1", "estimate")
            at_danger = {"stream": stream, "hazard": "H-1", "doing": None}
            assert (await ask(other, "POST", "/api/presence", at_danger))[0] == 204
            await tab.until_moved("presence")
            row = tab.rows["presence"][stream]
            assert (row["incident"], row["hazard"], row["doing"]) == (None, "H-1", None)
            assert (await ask(one, "POST", "/api/presence", looks))[1]["error"]["code"] == "unknownStream"
        await tab.until_moved("presence")
        assert tab.rows["presence"] == {}


async def test_another_version_of_the_utility_is_another_epoch(night: Night, dsn: str) -> None:
    async with watched(dsn) as (console, watching), console.signed_in("vera") as browser, tab_of(browser) as tab:
        await looked(watching)
        before = (await tab.fetch("network"))["epoch"]
        await utility.save(night.connection, dataclasses.replace(folder(), name="Larger Town Power"))
        async with night.connection.transaction():
            await utility.wake(night.connection)
        while watching.epoch == before or tab.beat["epoch"] != watching.epoch:
            await tab.next()
        answer = await tab.fetch("network")
        assert answer["whole"]
        assert (await ask(browser, "GET", "/api/network"))[1]["name"] == "Larger Town Power"


async def test_what_waits_for_its_turn_is_told_as_lag(night: Night, dsn: str) -> None:
    await clock.set_running(night.connection, now_ms=night.now, speed=60.0, step_s=0.05)
    async with watched(dsn) as (_, watching):

        async def lag_s() -> float:
            await looked(watching)
            row = watching.reading.summary.row("summary")
            assert row is not None
            return row.lag_s

        assert await lag_s() == 0
        work = WorkStarted(id="w", at=from_ms(night.now), window="W-1", isolates=["transformer:T4"])
        await night.hear(MAINTENANCE_NOTICES, work)
        before = 0.0
        for _ in range(3):
            lag = await lag_s()
            assert lag > before
            before = lag
        await night.connection.execute("UPDATE inbox SET decided = tick + 1")
        assert await lag_s() == 0


async def test_what_another_database_does_not_have_is_gone(night: Night, dsn: str) -> None:
    incident = await night.fault()
    wire = Wire(dsn)
    await wire.mend()
    async with watched(wire.dsn) as (_, watching):
        await looked(watching)
        assert incident in watching.reading.incidents
        await wire.cut()
        await night.connection.execute("DELETE FROM incident")
        await night.connection.execute("DELETE FROM entity")
        await wire.mend()
        await looked(watching)
        assert incident not in watching.reading.incidents
        assert [row.id for row in watching.reading.crews if row.order] == []
    await wire.cut()


async def test_sheets_are_for_those_who_may_look(night: Night, dsn: str) -> None:
    assert night.now
    async with watched(dsn) as (console, _), console.browser() as nobody, console.signed_in("vera") as browser:
        for path in ("/api/live", "/api/sheets/summary", "/api/network"):
            assert (await ask(nobody, "GET", path))[0] == 401
        assert (await ask(browser, "GET", "/api/sheets/wishes"))[1]["error"]["code"] == "unknownSheet"
        assert (await ask(browser, "GET", "/api/sheets/summary?since=x"))[1]["error"]["code"] == "invalid"
