"""Switching at the console: what is proposed for an incident, done step by step, and how the customers come back."""

from __future__ import annotations

from typing import Any

from schemas.events import HazardKind, SwitchPosition, WorkHeld
from schemas.topics import CREW_ACTIONS
from services.clock import from_ms
from services.switching import showing
from services.switching.reasons import Reason
from tests.console.house import House, Person, code

People = dict[str, Person]
BREAKER, RECLOSER, TIE = "switch:CB-27", "switch:RC-33", "switch:ring4"
"""A breaker of the example, the next recloser behind it, and the tie from beyond that to another feeder."""


async def tripped(house: House, device: str = BREAKER) -> str:
    """Let a breaker open and stay so; return the incident."""
    await house.measured(device, SwitchPosition.OPEN)
    await house.later(3)
    return await house.incident()


def words(answer: Any) -> list[str]:
    """Return the steps that remain."""
    return [f"{row['action']} {' '.join(each['device'] for each in row['devices'])}" for row in answer["steps"]]


async def look(people: People, incident: str, more: str = "") -> Any:
    status, answer = await people["vera"].get(f"/api/incidents/{incident}/switching{more}")
    assert status == 200, answer
    return answer


async def say(house: House, people: People, device: str, position: str) -> None:
    status, answer = await people["dora"].post(
        f"/api/devices/{device}/state", {"position": position, "why": "switching step"}
    )
    assert status == 202, answer
    await house.settle()


async def test_steps_are_proposed_with_whom_they_bring_back_and_what_limits_them(house: House, people: People) -> None:
    incident = await tripped(house)
    answer = await look(people, incident)
    assert (answer["reason"], answer["device"]["device"]) == ("canBeSwitched", BREAKER)
    assert words(answer) == [f"open {RECLOSER}", f"verify {BREAKER} {RECLOSER}", f"close {TIE}"]
    closing = answer["steps"][-1]
    behind = house.network.count_behind(RECLOSER)
    assert closing["brings_back"]["customers"] == answer["restorable"]["customers"] == behind
    assert (closing["after"], closing["by_hand"]) == ([2], False)
    assert (closing["limit"]["reason"], closing["limit"]["unit"]) == ("withinRating", "A")
    assert closing["limit"]["load"] < closing["limit"]["rated"]
    assert [(row["device"]["device"], row["closed"]) for row in answer["done"]] == [(BREAKER, False)]
    out = sum(row["people"]["customers"] for row in answer["left_out"])
    assert out + behind == house.network.count_behind(BREAKER)
    [section] = answer["sections"]
    assert (section["behind"]["device"], section["chosen"]) == (BREAKER, True)
    assert section["length_m"] > 0


async def test_steps_that_are_done_bring_the_customers_back_and_what_remains_is_told(
    house: House, people: People
) -> None:
    incident = await tripped(house)
    behind, all_of_them = house.network.count_behind(RECLOSER), house.network.count_behind(BREAKER)
    await say(house, people, RECLOSER, "open")
    first = await look(people, incident)
    assert words(first) == [f"verify {BREAKER} {RECLOSER}", f"close {TIE}"]
    assert [(row["device"]["device"], row["closed"], row["brings_back"]["customers"]) for row in first["done"]] == [
        (BREAKER, False, 0),
        (RECLOSER, False, 0),
    ]
    await say(house, people, TIE, "closed")
    second = await look(people, incident)
    assert (second["reason"], second["steps"]) == ("nothingToSwitch", [])
    last = second["done"][-1]
    assert (last["device"]["device"], last["closed"], last["brings_back"]["customers"]) == (TIE, True, behind)
    assert last["in_all"]["customers"] == behind
    await house.later(4)
    row = await house.row("incident", incident)
    assert (row["state"], row["customers_out"]) == ("partiallyRestored", all_of_them - behind)
    assert await house.connection.fetchval("SELECT count(*) FROM interruption WHERE end_ms IS NULL") == (
        all_of_them - behind
    )


async def test_a_danger_keeps_a_section_dark_and_people_at_work_keep_it_open(house: House, people: People) -> None:
    incident = await tripped(house)
    await house.danger(HazardKind.WIRE_DOWN, customer=house.network.customers_behind(RECLOSER)[0])
    answer = await look(people, incident)
    dark = {row["reason"]: row["people"]["customers"] for row in answer["left_out"]}
    assert dark["dangerInSection"] > 0
    assert answer["restorable"]["customers"] + sum(dark.values()) == house.network.count_behind(BREAKER)


async def test_nothing_is_proposed_for_what_is_not_confirmed_and_who_names_another_section_is_refused(
    house: House, people: People
) -> None:
    fuse = "switch:FU-LV2.105-43"
    await house.call(*house.network.customers_behind(fuse)[:2])
    await house.later(2)
    answer = await look(people, await house.incident())
    assert (answer["reason"], answer["steps"]) == ("notYetConfirmed", [])
    incident = await tripped(house)
    path = f"/api/incidents/{incident}/switching"
    assert code(await people["vera"].get(f"{path}?behind={RECLOSER}")) == (422, "unknownSection")
    assert code(await people["vera"].get(f"{path}?behind=no-device")) == (422, "unknownSection")
    assert code(await people["vera"].get("/api/incidents/none/switching")) == (404, "notFound")
    assert code(await people["nobody"].get(path)) == (401, "notSignedIn")


async def test_what_a_dispatcher_holds_because_of_safety_is_not_switched_on(house: House, people: People) -> None:
    assert people
    incident = await tripped(house)
    held = WorkHeld(
        id="held-1",
        at=from_ms(house.now),
        exercise=True,
        region=house.network.region_of(BREAKER),
        held=True,
        by="dora",
        incident=incident,
        safety=True,
    )
    await house.hear(CREW_ACTIONS, held)
    await house.settle()
    seen = await showing.seen(house.connection, incident, None)
    assert seen is not None
    assert seen.situation.withheld == {BREAKER: Reason.SAFETY_HOLD}
    await house.connection.execute("UPDATE dispatch_order SET clearance = 'taken' WHERE device = $1", BREAKER)
    seen = await showing.seen(house.connection, incident, None)
    assert seen is not None
    assert seen.situation.withheld == {BREAKER: Reason.AWAITS_CLEARANCE}
