"""The plan in the console: what each crew does next and why, what waits, what a dispatcher's word costs, and what would be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.events import Event
from schemas.topics import OUTAGE_INCIDENTS
from services.dispatch.showing_plan import Because
from services.network import DeviceClass
from tests.access.console import ask
from tests.access.console import code as refused
from tests.console.crew_desk import INCIDENT, NOW, CrewDesk, changed, crew_desk, fuse, network
from tests.console.house import House, code
from tests.console.test_actions import act, done
from tests.console.test_incidents import People, opened
from tests.dispatch.desk import go_on


@pytest.fixture
async def desk(server_dsn: str) -> AsyncIterator[CrewDesk]:
    async with crew_desk(server_dsn) as running:
        yield running


def region() -> str:
    return network().region_of(fuse())


def others(count: int) -> list[str]:
    """Return transformers of the same region as the desk's incident."""
    found = (each for each in network().devices if each.device_class is DeviceClass.TRANSFORMER)
    return sorted(str(each.id) for each in found if network().region_of(each.id) == region())[:count]


async def more(desk: CrewDesk, count: int) -> list[str]:
    """Let so many more incidents become known in one turn; return their ids."""
    events: list[Event] = [changed(f"I-{number}", 1, device) for number, device in enumerate(others(count), 2)]
    await go_on(desk.connection, desk.stage, [(NOW + 1000, [(OUTAGE_INCIDENTS, event) for event in events])])
    await desk.connection.execute("UPDATE clock SET n = n + 1, now_ms = $1", NOW + 1000)
    return [f"I-{number}" for number in range(2, count + 2)]


async def shown(desk: CrewDesk, user: str = "vera") -> Any:
    async with desk.browser(user) as browser:
        status, plan = await ask(browser, "GET", f"/api/dispatch/{region()}/plan")
    assert status == 200, plan
    return plan


async def test_a_crew_is_shown_with_the_work_that_it_has_and_the_sentence_why(desk: CrewDesk) -> None:
    plan = await shown(desk)
    assert (plan["mode"], plan["storm"], plan["proposals"]) == ("plan", False, [])
    [busy] = [route for route in plan["crews"] if route["stops"]]
    [stop] = busy["stops"]
    assert (busy["crew"], stop["incident"], stop["state"], stop["pinned"]) == (desk.crew, INCIDENT, "sent", False)
    assert stop["drive_ms"] <= stop["arrival_ms"] < stop["done_ms"]
    because = Because(**stop["because"])
    assert (because.crew, because.rank, because.reason, because.behind) == (desk.crew, 0, "planned", None)
    assert because.customers == network().count_behind(fuse())
    row = await desk.connection.fetchrow(
        "SELECT at_ms, arrival_ms, done_ms FROM dispatch_planned WHERE job = $1", INCIDENT
    )
    assert row is not None
    assert (because.at_ms, because.arrival_ms, because.done_ms) == tuple(row)


async def test_work_beyond_the_crews_waits_with_the_time_at_which_one_comes(desk: CrewDesk) -> None:
    crews = len(desk.stage._roster.crews_of(region()))
    names = await more(desk, crews + 3)
    plan = await shown(desk)
    ordered = {stop["incident"] for route in plan["crews"] for stop in route["stops"] if stop["state"] is not None}
    waiting = {each["incident"]: each for each in plan["waiting"]}
    assert ordered | waiting.keys() == {INCIDENT, *names}
    assert ordered.isdisjoint(waiting)
    assert len(waiting) >= 3
    for each in waiting.values():
        if each["crew"] is not None:
            assert each["arrival_ms"] < each["done_ms"]
            assert each["incident"] in {
                stop["incident"] for route in plan["crews"] if route["crew"] == each["crew"] for stop in route["stops"]
            }
        else:
            assert each["why"]
    later = [stop for route in plan["crews"] for stop in route["stops"][1:]]
    assert later, "some crew has work after its first"
    for route in plan["crews"]:
        ends = [stop["done_ms"] for stop in route["stops"]]
        assert ends == sorted(ends)


async def test_why_an_incident_waits_or_is_gone_to_is_told_of_it_alone(desk: CrewDesk) -> None:
    await more(desk, len(desk.stage._roster.crews_of(region())) + 3)
    waiting = next(each for each in (await shown(desk))["waiting"] if each["crew"] is not None)
    async with desk.browser("vera") as browser:
        status, why = await ask(browser, "GET", f"/api/dispatch/why?incident={waiting['incident']}")
        assert (status, why["state"], why["crew"], why["arrival_ms"]) == (
            200,
            "waiting",
            waiting["crew"],
            waiting["arrival_ms"],
        )
        assert why["because"] == waiting["because"]
        status, why = await ask(browser, "GET", f"/api/dispatch/why?incident={INCIDENT}")
        assert (status, why["state"], why["why"], why["because"]["crew"]) == (200, "ordered", [], desk.crew)
        assert refused(await ask(browser, "GET", "/api/dispatch/why?incident=I-99")) == (404, "unknownWork")
        assert refused(await ask(browser, "GET", "/api/dispatch/why")) == (422, "invalid")
        assert refused(await ask(browser, "GET", "/api/dispatch/R9/plan")) == (404, "unknownRegion")


async def test_in_the_mode_that_advises_a_proposal_is_shown_and_accepted_by_assigning(
    house: House, people: People
) -> None:
    status, _ = await people["dora"].post("/api/dispatch/R1/mode", {"mode": "advise", "why": "new in the region"})
    assert status == 202
    await house.settle()
    incident = await opened(house)
    _, plan = await people["vera"].get("/api/dispatch/R1/plan")
    [proposal] = plan["proposals"]
    assert (plan["mode"], proposal["incident"]) == ("advise", incident)
    assert await house.connection.fetchval("SELECT count(*) FROM dispatch_order WHERE incident = $1", incident) == 0
    _, why = await people["vera"].get(f"/api/dispatch/why?incident={incident}")
    assert (why["state"], why["crew"], why["why"]) == ("waiting", proposal["crew"], ["proposed"])
    row = await done(house, people["dora"], incident, "assign", crew=proposal["crew"])
    assert row["reason"] == "dispatcherAssigned"
    _, plan = await people["vera"].get("/api/dispatch/R1/plan")
    assert plan["proposals"] == []
    stops = {route["crew"]: route["stops"] for route in plan["crews"]}
    assert [(stop["incident"], stop["pinned"]) for stop in stops[proposal["crew"]]] == [(incident, True)]


async def test_what_if_tells_customer_minutes_with_and_without_and_touches_nothing(desk: CrewDesk) -> None:
    crews = desk.stage._roster.crews_of(region())
    await more(desk, len(crews) + 3)
    before = await desk.connection.fetch(
        "SELECT kind, id, body::text FROM entity WHERE stage = 'dispatch' ORDER BY 1, 2"
    )
    path, depot = f"/api/dispatch/{region()}/what-if", next(iter(crews.values())).depot
    async with desk.browser("dora") as browser, desk.browser("vera") as viewer:
        status, compared = await ask(browser, "POST", path, {"kind": "crews", "depot": depot, "crews": 2})
        assert status == 200, compared
        assert compared["after"]["customer_minutes"] <= compared["before"]["customer_minutes"]
        assert compared["after"]["crews"] == compared["before"]["crews"] + 2
        status, closed = await ask(browser, "POST", path, {"kind": "depotClosed", "depot": depot})
        assert closed["after"]["customer_minutes"] >= closed["before"]["customer_minutes"]
        assert refused(await ask(browser, "POST", path, {"kind": "crews", "depot": "nowhere"})) == (422, "unknownDepot")
        assert refused(await ask(browser, "POST", path, {"kind": "wish"})) == (422, "invalid")
        assert refused(await ask(viewer, "POST", path, {"kind": "crews", "depot": depot})) == (403, "notAllowed")
        nowhere = await ask(browser, "POST", "/api/dispatch/R9/what-if", {"kind": "crews", "depot": depot})
        assert refused(nowhere) == (404, "unknownRegion")
    assert before == await desk.connection.fetch(
        "SELECT kind, id, body::text FROM entity WHERE stage = 'dispatch' ORDER BY 1, 2"
    )
    assert await desk.one("SELECT count(*) FROM person_action") == 0


async def test_the_list_of_crews_says_what_the_plan_loses_by_each(desk: CrewDesk) -> None:
    names = await more(desk, len(desk.stage._roster.crews_of(region())) + 3)
    async with desk.browser("dora") as browser:
        status, body = await ask(browser, "GET", f"/api/crews/costs?incident={names[0]}")
    assert status == 200
    may = [cost for cost in body["costs"] if cost["forbidden"] is None]
    assert may
    assert all(isinstance(cost["customer_minutes"], int) for cost in may[:12])
    assert all(cost["customer_minutes"] is None for cost in body["costs"] if cost["forbidden"] is not None)


async def test_a_crew_is_forbidden_some_work_and_that_is_undone(house: House, people: People) -> None:
    incident = await opened(house)
    crew = (await house.order(incident))["crew"]
    row = await done(house, people["dora"], incident, "forbid", crew=crew)
    assert (row["reason"], row["said"], row["undoable"]) == ("pairForbidden", {"crew": crew}, True)
    first = await house.connection.fetchrow("SELECT state, reason FROM dispatch_order WHERE crew = $1", crew)
    assert first is not None
    assert tuple(first) == ("revoked", "pairForbidden")
    assert (await house.order(incident))["crew"] != crew
    assert code(await act(house, people["dora"], incident, "forbid", crew=crew)) == (422, "alreadySo")
    assert code(await act(house, people["dora"], incident, "forbid")) == (422, "crewMissing")
    assert code(await act(house, people["dora"], incident, "forbid", crew="NOBODY")) == (422, "unknownCrew")
    status, body = await people["dora"].post(f"/api/actions/{row['id']}/undo", {"why": "the road is wide enough"})
    assert status == 202, body
    await house.settle()
    _, why = await people["vera"].get(f"/api/dispatch/why?incident={incident}")
    assert why["forbidden"] == []


async def test_work_is_put_first_and_a_second_crew_is_sent(house: House, people: People) -> None:
    incident = await opened(house)
    assert (await done(house, people["dora"], incident, "first"))["reason"] == "dispatcherPutFirst"
    assert code(await act(house, people["dora"], incident, "first")) == (422, "alreadySo")
    assert (await done(house, people["dora"], incident, "secondCrew"))["reason"] == "secondCrewAsked"
    works = await house.connection.fetch("SELECT work FROM dispatch_order WHERE incident = $1 ORDER BY work", incident)
    assert [row["work"] for row in works] == ["assist", "repair"]
    _, why = await people["vera"].get(f"/api/dispatch/why?incident={incident}")
    assert (why["first"], why["second"]) == (True, True)
    assert (await done(house, people["dora"], incident, "notFirst"))["reason"] == "dispatcherLeftFirst"
    assert (await done(house, people["dora"], incident, "oneCrew"))["reason"] == "secondCrewNotWanted"
    assert code(await act(house, people["vera"], incident, "first")) == (403, "notAllowed")
