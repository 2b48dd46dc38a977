"""The phone of a crew over HTTP: what it shows, and that everything it says is taken once, whatever the line does."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode, encode
from schemas.events import CrewReported, CrewState, HazardReported, Place
from services.clock import to_ms
from services.console.phone_words import AHEAD_MS, HAZARD, OLD_MS, CrewSays, Ground, understand
from tests.access.console import ask, code
from tests.console.crew_desk import INCIDENT, NOW, CrewDesk, changed, crew_desk, fuse, network

_numbers = itertools.count(1)


@pytest.fixture
async def desk(server_dsn: str) -> AsyncIterator[CrewDesk]:
    async with crew_desk(server_dsn) as running:
        yield running


def says(status: str, order: str | None = None, **given: Any) -> dict[str, Any]:
    """Return one thing that a phone says, under an id of its own."""
    number = next(_numbers)
    return {"id": f"p-{number}", "at_ms": NOW + number, "status": status, "order": order, **given}


async def send(phone: ClientSession, *items: dict[str, Any]) -> dict[str, Any]:
    """Send what a phone says and return what was heard."""
    status, heard = await ask(phone, "POST", "/api/crew/reports", list(items))
    assert status == 200, heard
    assert isinstance(heard, dict)
    return heard


async def test_a_link_opens_the_page_once_and_shows_the_order_with_all_that_a_crew_needs(desk: CrewDesk) -> None:
    async with desk.browser("dora") as dispatcher, desk.browser() as phone, desk.browser() as other:
        link = (await ask(dispatcher, "POST", f"/api/crews/{desk.crew}/link"))[1]
        token = link["path"].removeprefix("/phone#")
        assert code(await ask(phone, "GET", "/api/crew")) == (401, "notSignedIn")
        assert (await ask(phone, "POST", "/api/crew/enter", {"token": token}))[0] == 200
        assert code(await ask(other, "POST", "/api/crew/enter", {"token": token})) == (410, "linkSpent")
        assert code(await ask(other, "POST", "/api/crew/enter", {"token": "nonsense"})) == (410, "linkSpent")
        assert code(await ask(phone, "GET", "/api/crews/costs?incident=I-1")) == (401, "notSignedIn")
        assert code(await ask(dispatcher, "GET", "/api/crew")) == (401, "notSignedIn")
        status, shown = await ask(phone, "GET", "/api/crew")
    assert status == 200
    order, device = shown["order"], network().device(fuse())
    assert (shown["crew"], shown["state"], order["order"], order["state"]) == (desk.crew, "ordered", desk.order, "sent")
    assert (order["incident"], order["device"], order["device_class"]) == (INCIDENT, device.id, "fuse")
    assert (order["lon"], order["lat"]) == (device.place.lon, device.place.lat)
    assert (order["customers_out"], order["life_support"], order["important"]) == (
        network().count_behind(device.id),
        1,
        2,
    )
    assert order["arrival_ms"] > NOW
    assert device.id in [each["id"] for each in shown["devices_near"]]
    assert [each["metres"] for each in shown["devices_near"]] == sorted(
        each["metres"] for each in shown["devices_near"]
    )
    assert shown["lines"]
    assert {"EQUIPMENT", "VEGETATION", "440"} <= {each["code"] for each in shown["causes"]}
    assert (shown["now_ms"], shown["time_zone"]) == (NOW, str(desk.stage._roster.zone))


async def test_what_has_not_changed_is_not_sent_again_yet_the_time_is(desk: CrewDesk) -> None:
    await desk.one("UPDATE clock SET now_ms = now_ms + 10000")
    async with desk.phone(desk.crew) as phone:
        async with phone.get("/api/crew") as first:
            etag = first.headers["ETag"]
            assert first.status == 200
        await desk.one("UPDATE clock SET now_ms = now_ms + 20000")
        async with phone.get("/api/crew", headers={"If-None-Match": etag}) as again:
            assert (again.status, again.headers["Lamplighter-Now"]) == (304, str(NOW + 30_000))
        await send(phone, says("accepted", desk.order))
        await desk.settle()
        async with phone.get("/api/crew", headers={"If-None-Match": etag}) as changed:
            assert changed.status == 200
            assert (await changed.json())["order"]["state"] == "accepted"


async def test_an_order_is_brought_to_its_end_by_phone(desk: CrewDesk) -> None:
    async with desk.phone(desk.crew) as phone:
        await send(phone, says("accepted", desk.order))
        await send(phone, says("enroute", desk.order, lon=9.0, lat=50.0))
        await send(phone, says("arrived", desk.order), says("assessing", desk.order, estimate_ms=NOW + 3_600_000))
        await desk.settle()
        order = (await ask(phone, "GET", "/api/crew"))[1]["order"]
        assert (order["state"], order["completion_ms"]) == ("assessing", NOW + 3_600_000)
        assert (order["sent_because"], order["reason"]) == ("planned", "crewReported")
        heard = await send(phone, says("done", desk.order, found=fuse(), cause="VEGETATION", why="a branch"))
        assert heard["refused"] == []
        await desk.settle()
        shown = (await ask(phone, "GET", "/api/crew"))[1]
    assert (shown["order"], shown["state"]) == (None, "available")
    row = await desk.connection.fetchrow('SELECT * FROM crew_order WHERE "order" = $1', desk.order)
    assert row is not None
    assert (row["state"], row["found"], row["cause"]) == ("done", fuse(), "VEGETATION")
    actions = await desk.connection.fetch("SELECT by_user, kind, subject FROM person_action WHERE kind = 'crewSays'")
    assert {tuple(each.values()) for each in actions} == {(f"crew:{desk.crew}", "crewSays", desk.order)}
    assert len(actions) == 5


async def test_what_is_sent_again_counts_once_and_the_queue_may_come_in_any_order(desk: CrewDesk) -> None:
    queue = [says(status, desk.order) for status in ("accepted", "enroute", "arrived")]
    async with desk.phone(desk.crew) as phone:
        for _ in range(2):
            heard = await send(phone, *reversed(queue))
            assert sorted(heard["taken"]) == sorted(each["id"] for each in queue)
        await desk.settle()
        await send(phone, queue[1])
        await desk.settle()
    assert await desk.one("SELECT count(*) FROM inbox WHERE topic = 'crew.status'") == 3
    assert await desk.one("SELECT count(*) FROM person_action WHERE kind = 'crewSays'") == 3
    row = await desk.connection.fetchrow('SELECT * FROM crew_order WHERE "order" = $1', desk.order)
    assert row is not None
    assert (row["state"], row["accepted_at_ms"], row["arrived_at_ms"]) == (
        "arrived",
        queue[0]["at_ms"],
        queue[2]["at_ms"],
    )


async def test_times_that_make_no_sense_are_replaced_by_now_and_said_so(desk: CrewDesk) -> None:
    early, late = says("accepted", desk.order, at_ms=1), says("enroute", desk.order, at_ms=NOW + AHEAD_MS + 1)
    sane = says("arrived", desk.order)
    async with desk.phone(desk.crew) as phone:
        heard = await send(phone, early, late, sane)
        assert heard["taken"] == [early["id"], late["id"], sane["id"]]
        assert heard["retimed"] == [early["id"], late["id"]]
        await desk.settle()
    row = await desk.connection.fetchrow('SELECT * FROM crew_order WHERE "order" = $1', desk.order)
    assert row is not None
    assert (row["state"], row["reason"]) == ("arrived", "crewReported")
    assert (row["accepted_at_ms"], row["enroute_at_ms"]) == (NOW, NOW), "not before the order was given"


async def test_a_phone_speaks_only_of_its_own_order_and_of_a_batch_with_another_nothing_is_taken(
    desk: CrewDesk,
) -> None:
    region = desk.stage._roster.region_of(desk.crew)
    other = next(crew for crew in desk.stage._roster.crews_of(region) if crew != desk.crew)
    foreign = says("accepted", desk.order)
    async with desk.phone(other) as phone:
        refused = await ask(phone, "POST", "/api/crew/reports", [says("available"), foreign])
        assert code(refused) == (403, "notYourOrder")
        assert refused[1]["error"]["id"] == foreign["id"]
        never = says("accepted", "never")
        assert code(await ask(phone, "POST", "/api/crew/reports", [never])) == (403, "notYourOrder")
    assert await desk.one("SELECT count(*) FROM outbox WHERE stage = 'phone'") == 0


async def test_what_cannot_be_taken_is_named_with_a_code_and_the_rest_is_taken(desk: CrewDesk) -> None:
    wrong = {
        "unknownStatus": says("dancing", desk.order),
        "noOrder": says("arrived"),
        "unknownDevice": says("done", desk.order, found="switch:NOWHERE"),
        "unknownCause": says("done", desk.order, cause="GREMLINS"),
        "insaneEstimate": says("assessing", desk.order, estimate_ms=1),
        "noHazard": says(HAZARD),
        "noDevice": says("foundFault", desk.order),
        "noPlace": says("position"),
    }
    fine = says("accepted", desk.order)
    async with desk.phone(desk.crew) as phone:
        heard = await send(phone, *wrong.values(), fine)
        assert heard["taken"] == [fine["id"]]
        assert {each["code"]: each["id"] for each in heard["refused"]} == {c: each["id"] for c, each in wrong.items()}
        assert code(await ask(phone, "POST", "/api/crew/reports", [{"id": "x"}])) == (422, "invalid")
        many = [says("available") for _ in range(201)]
        assert code(await ask(phone, "POST", "/api/crew/reports", many)) == (422, "tooMany")


async def test_a_second_fault_found_in_the_field_is_told_with_its_device_and_without_an_order_too(
    desk: CrewDesk,
) -> None:
    async with desk.phone(desk.crew) as phone:
        with_order = says("foundFault", desk.order, found=fuse(), cause="VEGETATION")
        assert (await send(phone, with_order, says("foundFault", found=fuse())))["refused"] == []
    await desk.settle()
    rows = await desk.connection.fetch(
        "SELECT key, convert_from(body, 'UTF8') AS body FROM outbox WHERE stage = 'dispatch' AND topic = 'device.states'"
    )
    told = [
        (row["key"], body["device"], body["crew"], body["order"]) for row in rows for body in [json.loads(row["body"])]
    ]
    assert sorted(told, key=str) == sorted(
        [(fuse(), fuse(), desk.crew, order) for order in (None, desk.order)], key=str
    )


async def test_a_danger_found_on_the_way_is_a_report_like_every_other(desk: CrewDesk) -> None:
    async with desk.phone(desk.crew) as phone:
        here = says(HAZARD, desk.order, hazard="wireDown", lon=9.5, lat=50.5, why="across the lane")
        nowhere = says(HAZARD, desk.order, hazard="fire")
        assert (await send(phone, here, nowhere))["refused"] == []
    rows = await desk.connection.fetch(
        "SELECT key, convert_from(body, 'UTF8') AS body FROM outbox WHERE topic = 'outage.reports'"
    )
    found = {body["hazard"]: body for body in (json.loads(row["body"]) for row in rows)}
    assert found["wireDown"]["place"] == {"lon": 9.5, "lat": 50.5}
    assert found["wireDown"]["words"] == "across the lane"
    place = network().device(fuse()).place
    assert found["fire"]["place"] == {"lon": place.lon, "lat": place.lat}, (
        "without a place of its own it is where the goal is"
    )
    assert all(row["key"] == json.loads(row["body"])["id"] for row in rows)


async def test_help_material_refusal_and_sign_off_reach_the_stage(desk: CrewDesk) -> None:
    async with desk.phone(desk.crew) as phone:
        await send(phone, says("accepted", desk.order), says("enroute", desk.order), says("arrived", desk.order))
        await send(
            phone, says("helpNeeded", desk.order, skill="line"), says("materialNeeded", desk.order, material="a pole")
        )
        await desk.settle()
        assert await desk.one("SELECT count(*) FROM crew_order WHERE assists = $1", desk.order) == 1
        assert await desk.one("SELECT waits_for_material FROM dispatch_job WHERE job = $1", INCIDENT)
        await send(phone, says("handedOver", desk.order, why="the pole comes tomorrow"), says("offDuty"))
        await desk.settle()
        shown = (await ask(phone, "GET", "/api/crew"))[1]
        assert (shown["state"], shown["order"], shown["hours_left_ms"]) == ("offDuty", None, None)
        await send(phone, says("signedOn"))
        await desk.settle()
        assert (await ask(phone, "GET", "/api/crew"))[1]["state"] in {"available", "ordered"}


async def test_the_phone_of_a_crew_that_has_left_is_told_so(desk: CrewDesk) -> None:
    depot = min(desk.stage._roster.depots)
    async with desk.browser("dora") as dispatcher:
        comes = {"crew": "HILLS-1", "depot": depot, "skills": ["line"], "guide": "ann", "why": "aid"}
        crew = (await ask(dispatcher, "POST", "/api/crews", comes))[1]["crew"]
        await desk.settle()
        async with desk.phone(crew) as phone:
            shown = (await ask(phone, "GET", "/api/crew"))[1]
            assert (shown["crew"], shown["depot"]["id"]) == (crew, depot)
            assert (await ask(dispatcher, "DELETE", f"/api/crews/{crew}", {"why": "home"}))[0] == 202
            await desk.settle()
            assert code(await ask(phone, "GET", "/api/crew")) == (409, "crewGone")
            assert code(await ask(phone, "POST", "/api/crew/reports", [says("available")])) == (409, "crewGone")


async def test_the_notes_of_dispatchers_and_a_new_state_are_on_the_phone(desk: CrewDesk) -> None:
    async with desk.browser("dora") as dispatcher, desk.phone(desk.crew) as phone:
        note = {"kind": "note", "seen": 1, "why": "", "words": "Take the northern road, the bridge is closed."}
        answer = await ask(dispatcher, "POST", f"/api/incidents/{INCIDENT}/actions", note)
        assert answer[0] == 202, answer
        assert (await ask(phone, "GET", "/api/crew"))[1]["order"]["notes"] == [note["words"]]
    assert changed(INCIDENT, 2, fuse()).revision == 2


STATUSES = st.sampled_from([*CrewState, HAZARD, "dancing"])
GROUND = Ground(is_device=lambda name: name == "switch:F-1", causes={"WEATHER"}, place=Place(9.0, 50.0))


@given(
    st.lists(
        st.builds(
            CrewSays,
            id=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
            at_ms=st.one_of(st.integers(NOW - 2 * OLD_MS, NOW + 2 * OLD_MS), st.integers(-(2**53), 2**53)),
            status=STATUSES,
            order=st.sampled_from([None, "O-1"]),
            found=st.sampled_from([None, "switch:F-1", "switch:F-2"]),
            cause=st.sampled_from([None, "WEATHER", "GREMLINS"]),
            estimate_ms=st.one_of(st.none(), st.integers(-(2**53), 2**53), st.just(NOW + 1)),
            hazard=st.sampled_from([None, "fire"]),
            why=st.text(max_size=20),
        ),
        max_size=8,
    )
)
def test_whatever_a_phone_says_is_an_event_that_can_be_read_or_is_refused(said: list[CrewSays]) -> None:
    understood, refused = understand("C-1", said, GROUND, NOW, exercise=False)
    assert len(understood) + len(refused) == len(said)
    for each in understood:
        assert decode(encode(each.event), each.topic) == each.event
        assert isinstance(each.event, CrewReported | HazardReported)
        at = to_ms(each.event.at)
        assert NOW - OLD_MS <= at <= NOW + AHEAD_MS
        assert each.retimed == (at != each.says.at_ms)
    again = understand("C-1", list(reversed(said)), GROUND, NOW, exercise=False)[0]
    assert {each.event.id for each in again} == {each.event.id for each in understood}


async def test_opening_a_link_in_a_dispatchers_own_browser_signs_nobody_out(desk: CrewDesk) -> None:
    async with desk.browser("dora") as browser:
        token = (await ask(browser, "POST", f"/api/crews/{desk.crew}/link"))[1]["path"].removeprefix("/phone#")
        assert (await ask(browser, "POST", "/api/crew/enter", {"token": token}))[0] == 200
        assert (await ask(browser, "GET", "/api/session"))[1]["user"] == "dora"
        assert (await ask(browser, "GET", "/api/crew"))[1]["crew"] == desk.crew
