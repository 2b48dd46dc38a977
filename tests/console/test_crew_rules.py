"""What a dispatcher says of rules: the hours of a crew, how crews are sent, holds because of safety, clearances."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.dispatch.rules import DEFAULTS, Rules
from services.dispatch.store_rules import read_rules, set_dispatch_rules
from tests.access.console import ask
from tests.access.console import code as refused
from tests.console.crew_desk import NOW, CrewDesk, crew_desk
from tests.console.house import House, code
from tests.console.test_actions import act, decided, done
from tests.console.test_incidents import People, opened

HOUR_MS = 3_600_000


@pytest.fixture
async def desk(server_dsn: str) -> AsyncIterator[CrewDesk]:
    async with crew_desk(server_dsn) as running:
        yield running


async def test_the_hours_of_a_crew_are_extended_and_nobody_extends_them_beyond_reason(desk: CrewDesk) -> None:
    path, until = f"/api/crews/{desk.crew}/hours", NOW + 20 * HOUR_MS
    async with desk.browser("dora") as browser, desk.browser("vera") as viewer:
        assert (await ask(browser, "POST", path, {"until_ms": until, "why": "nobody else is near"}))[0] == 202
        for wrong in (NOW - 1, NOW + 25 * HOUR_MS):
            answer = await ask(browser, "POST", path, {"until_ms": wrong, "why": "more"})
            assert refused(answer) == (422, "noSuchHours")
        assert refused(await ask(browser, "POST", path, {"until_ms": until, "why": " "})) == (422, "whyMissing")
        assert refused(await ask(viewer, "POST", path, {"until_ms": until, "why": "x"})) == (403, "notAllowed")
        nobody = await ask(browser, "POST", "/api/crews/NOBODY/hours", {"until_ms": until, "why": "x"})
        assert refused(nobody) == (404, "unknownCrew")
    await desk.settle()
    kept = "SELECT (body ->> 'extended_until')::bigint FROM entity WHERE kind = 'crew' AND id = $1"
    assert await desk.one(kept, desk.crew) == until
    assert await desk.one("SELECT kind || ' ' || subject FROM person_action") == f"extendHours {desk.crew}"


async def test_a_dispatcher_chooses_how_crews_are_sent_and_leaves_it_again(desk: CrewDesk) -> None:
    region = desk.stage._roster.region_of(desk.crew)
    path = f"/api/dispatch/{region}/mode"
    async with desk.browser("dora") as browser, desk.browser("vera") as viewer:
        assert refused(await ask(viewer, "POST", path, {"mode": "advise", "why": "x"})) == (403, "notAllowed")
        assert refused(await ask(browser, "POST", path, {"mode": "fastest", "why": "x"})) == (422, "invalid")
        assert refused(await ask(browser, "POST", path, {"mode": "advise", "why": ""})) == (422, "whyMissing")
        nowhere = await ask(browser, "POST", "/api/dispatch/R9/mode", {"mode": "advise", "why": "x"})
        assert refused(nowhere) == (404, "unknownRegion")
        assert (await ask(browser, "POST", path, {"mode": "advise", "why": "a new region"}))[0] == 202
        await desk.settle()
        status, body = await ask(viewer, "GET", "/api/dispatch/rules")
        modes = {each["region"]: each["rules"]["mode"] for each in body["regions"]}
        assert (status, modes[region]) == (200, "advise")
        assert (await ask(browser, "POST", path, {"mode": None, "why": "settled in"}))[0] == 202
        await desk.settle()
        assert (await read_rules(desk.connection))[region] == DEFAULTS


async def test_work_is_held_because_of_safety_and_its_crew_called_back(house: House, people: People) -> None:
    incident = await opened(house)
    order = await house.order(incident)
    held = await done(house, people["dora"], incident, "holdForSafety")
    assert (held["reason"], held["undoable"], held["said"]) == ("safetyHeld", False, {"safety": True})
    assert (await house.row("dispatch_order", order["order"]))["reason"] == "safetyHeld"
    assert code(await act(house, people["dora"], incident, "holdForSafety")) == (422, "alreadySo")
    assert code(await act(house, people["dora"], incident, "hold")) == (422, "alreadySo")
    crew = next(row.crew for row in house.folder.crews if row.crew != order["crew"])
    sent = await decided(house, people["dora"], await act(house, people["dora"], incident, "assign", crew=crew))
    assert (sent["state"], sent["reason"]) == ("refused", "safetyHeld")
    freed = await done(house, people["dora"], incident, "release")
    assert freed["reason"] == "dispatcherReleased"
    back = await people["dora"].post(f"/api/actions/{freed['id']}/undo", {"why": "too early"})
    again = await decided(house, people["dora"], back)
    assert (again["kind"], again["reason"]) == ("hold", "safetyHeld"), "what was held because of safety is so again"


async def test_an_ordinary_hold_becomes_one_because_of_safety(house: House, people: People) -> None:
    incident = await opened(house)
    await done(house, people["dora"], incident, "hold")
    row = await done(house, people["dora"], incident, "holdForSafety")
    assert row["reason"] == "safetyHeld"


async def test_a_clearance_is_given_and_ended(house: House, people: People) -> None:
    await set_dispatch_rules(house.connection, {"R1": Rules(clearance_for=("lvFuse",))})
    incident = await opened(house)
    order = (await house.order(incident))["order"]
    given = await done(house, people["dora"], incident, "giveClearance", order=order)
    assert (given["reason"], given["undoable"]) == ("clearanceGiven", False)
    assert (await house.row("dispatch_order", order))["clearance"] == "given"
    ended = await done(house, people["dora"], incident, "endClearance", order=order)
    assert ended["reason"] == "clearanceTakenBack"
    assert (await house.row("dispatch_order", order))["clearance"] == "needed"
    assert code(await act(house, people["dora"], incident, "giveClearance", order="none")) == (422, "unknownOrder")
    assert code(await act(house, people["dora"], incident, "giveClearance")) == (422, "unknownOrder")


async def test_work_that_needs_none_is_given_no_clearance(house: House, people: People) -> None:
    incident = await opened(house)
    order = (await house.order(incident))["order"]
    answer = await act(house, people["dora"], incident, "giveClearance", order=order)
    assert code(answer) == (422, "clearanceNotNeeded")
