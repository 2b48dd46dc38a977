"""The crew board over HTTP: what it costs to send somebody, signing on and off, visiting crews, links for phones."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.access.console import ask, code
from tests.console.crew_desk import INCIDENT, NOW, CrewDesk, crew_desk


@pytest.fixture
async def desk(server_dsn: str) -> AsyncIterator[CrewDesk]:
    async with crew_desk(server_dsn) as running:
        yield running


async def test_the_costs_name_every_crew_of_the_region_and_the_one_that_has_the_work(desk: CrewDesk) -> None:
    async with desk.browser("vera") as browser:
        status, body = await ask(browser, "GET", f"/api/crews/costs?incident={INCIDENT}")
        assert status == 200
        costs = {cost["crew"]: cost for cost in body["costs"]}
        region = desk.stage._roster.region_of(desk.crew)
        assert set(costs) == set(desk.stage._roster.crews_of(region))
        own = costs[desk.crew]
        assert (own["forbidden"], own["obstacles"], own["leaves"]) == (None, [], None)
        assert any(cost["nearest_depot"] for cost in costs.values())
        assert code(await ask(browser, "GET", "/api/crews/costs?incident=I-9")) == (404, "unknownWork")
        assert code(await ask(browser, "GET", "/api/crews/costs?hazard=H%00")) == (404, "unknownWork")
        assert code(await ask(browser, "GET", "/api/crews/costs")) == (422, "invalid")
        await desk.one("UPDATE entity SET body = (body::jsonb || '{\"state\": \"over\"}')::json WHERE kind = 'job'")
        assert code(await ask(browser, "GET", f"/api/crews/costs?incident={INCIDENT}")) == (409, "workOver")


async def test_a_dispatcher_signs_a_crew_off_and_what_it_had_goes_to_another(desk: CrewDesk) -> None:
    async with desk.browser("dora") as browser:
        path = f"/api/crews/{desk.crew}/status"
        for status in ("signedOn", "available", "onBreak"):
            refused = await ask(browser, "POST", path, {"status": status, "why": "phone call"})
            assert code(refused) == (409, "orderActive")
            assert refused[1]["error"]["order"] == desk.order
        answer = await ask(browser, "POST", path, {"status": "offDuty", "why": "called in sick"})
        assert (answer[0], answer[1]["gives_up"]) == (202, desk.order)
    action = await desk.connection.fetchrow("SELECT * FROM person_action WHERE id = $1", answer[1]["action"])
    assert action is not None
    assert (action["by_user"], action["kind"], action["subject"], action["why"]) == (
        "dora",
        "crewStatus",
        desk.crew,
        "called in sick",
    )
    body = json.loads(await desk.one("SELECT convert_from(body, 'UTF8') FROM outbox WHERE id = $1", action["event_id"]))
    assert (body["why"], body["status"]) == ("dora: called in sick", "offDuty")
    await desk.settle()
    assert await desk.one("SELECT state FROM crew_duty WHERE crew = $1", desk.crew) == "offDuty"
    assert await desk.one('SELECT reason FROM crew_order WHERE "order" = $1', desk.order) == "crewOffDuty"
    assert await desk.one("SELECT count(*) FROM crew_order WHERE active AND crew <> $1", desk.crew) == 1


async def test_who_may_not_act_and_what_makes_no_sense_is_refused(desk: CrewDesk) -> None:
    path = f"/api/crews/{desk.crew}/status"
    async with desk.browser("vera") as viewer, desk.browser("dora") as browser:
        assert code(await ask(viewer, "POST", path, {"status": "offDuty", "why": "x"})) == (403, "notAllowed")
        assert code(await ask(viewer, "POST", f"/api/crews/{desk.crew}/link")) == (403, "notAllowed")
        assert code(await ask(browser, "POST", path, {"status": "offDuty", "why": "  "})) == (422, "whyMissing")
        assert code(await ask(browser, "POST", path, {"status": "done", "why": "x"})) == (422, "invalid")
        assert code(await ask(browser, "POST", "/api/crews/NOBODY/status", {"status": "offDuty", "why": "x"})) == (
            404,
            "unknownCrew",
        )
        assert code(await ask(browser, "POST", "/api/crews/NOBODY/link")) == (404, "unknownCrew")
    assert await desk.one("SELECT count(*) FROM person_action") == 0


async def test_a_visiting_crew_comes_is_on_the_board_is_changed_and_leaves(desk: CrewDesk) -> None:
    depot = min(desk.stage._roster.depots)
    region = desk.stage._roster.depots[depot].region
    crew = f"visit.{region}.HILLS-1"
    comes = {
        "crew": "HILLS-1",
        "home": "Hills Electric",
        "depot": depot,
        "skills": ["line"],
        "members": 4,
        "why": "aid",
    }
    async with desk.browser("dora") as browser:
        answer = await ask(browser, "POST", "/api/crews", comes)
        assert (answer[0], answer[1]["crew"]) == (202, crew)
        assert code(await ask(browser, "POST", f"/api/crews/{crew}/link")) == (404, "unknownCrew")
        await desk.settle()
        costs = (await ask(browser, "GET", f"/api/crews/costs?incident={INCIDENT}"))[1]["costs"]
        assert next(cost["obstacles"] for cost in costs if cost["crew"] == crew)[-1:] == ["noGuide"]
        assert (await ask(browser, "POST", "/api/crews", {**comes, "crew": crew, "guide": desk.crew}))[0] == 202
        await desk.settle()
        assert await desk.one("SELECT guide FROM visiting_crew WHERE crew = $1", crew) == desk.crew
        status = await ask(browser, "POST", f"/api/crews/{crew}/status", {"status": "onBreak", "why": "lunch"})
        assert (status[0], status[1]["gives_up"]) == (202, None)
        await desk.settle()
        assert await desk.one("SELECT state FROM crew_duty WHERE crew = $1", crew) == "onBreak"
        assert code(await ask(browser, "DELETE", f"/api/crews/{desk.crew}", {"why": "x"})) == (409, "notVisiting")
        assert (await ask(browser, "DELETE", f"/api/crews/{crew}", {"why": "needed at home"}))[0] == 202
        await desk.settle()
        assert code(await ask(browser, "DELETE", f"/api/crews/{crew}", {"why": "again"})) == (404, "unknownCrew")
    kinds = [row["kind"] for row in await desk.connection.fetch("SELECT kind FROM person_action ORDER BY at_ms")]
    assert kinds == ["crewVisiting", "crewVisiting", "crewStatus", "crewLeft"]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"depot": "nowhere"}, "unknownDepot"),
        ({"depot": None}, "noBase"),
        ({"depot": None, "lon": 9.0, "lat": 50.0, "region": "R99"}, "unknownRegion"),
        ({"crew": "two words"}, "badName"),
        ({"crew": "visit.R99.X"}, "badName"),
        ({"crew": "x" * 64}, "badName"),
        ({"until_ms": NOW - 1}, "visitOver"),
        ({"until_ms": 1}, "invalid"),
        ({"until_ms": 10**17}, "invalid"),
        ({"skills": []}, "invalid"),
        ({"why": ""}, "whyMissing"),
    ],
)
async def test_a_visit_that_makes_no_sense_is_refused(desk: CrewDesk, changes: dict[str, object], refused: str) -> None:
    comes = {"crew": "HILLS-1", "depot": min(desk.stage._roster.depots), "skills": ["line"], "why": "aid"}
    async with desk.browser("dora") as browser:
        assert code(await ask(browser, "POST", "/api/crews", {**comes, **changes})) == (422, refused)
    assert await desk.one("SELECT count(*) FROM person_action") == 0
