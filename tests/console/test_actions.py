"""What a dispatcher does: published once, decided by the stage, told with its outcome; never over somebody else's head."""

from __future__ import annotations

from typing import Any

from schemas.events import HazardKind, SwitchPosition
from tests.console.house import MINUTE_MS, House, Person, code
from tests.console.test_incidents import FUSE, People, opened

WHY = "as seen on the screen"
TRANSFORMER = "transformer:LV2.105"
OTHER_FUSE = "switch:FU-LV2.104-43"
DAY_MS = 86_400_000


async def revision(house: House, incident: str) -> int:
    return int((await house.row("incident", incident))["revision"])


async def act(
    house: House,
    person: Person,
    incident: str,
    kind: str,
    *,
    seen: int | None = None,
    key: str | None = None,
    **given: Any,
) -> tuple[int, Any]:
    """Let a person act on an incident as it stands."""
    seen = await revision(house, incident) if seen is None else seen
    body = {"kind": kind, "seen": seen, "why": WHY, **given}
    return await person.post(f"/api/incidents/{incident}/actions", body, key=key)


async def decided(house: House, person: Person, answered: tuple[int, Any]) -> dict[str, Any]:
    """Return an action that was accepted, as it stands when its stage has decided it."""
    status, body = answered
    assert status == 202, body
    assert body["action"]["state"] in {"sent", "done"}
    await house.settle()
    status, row = await person.get(f"/api/actions/{body['action']['id']}")
    assert status == 200
    return dict(row)


async def done(house: House, person: Person, incident: str, kind: str, **given: Any) -> dict[str, Any]:
    """Let a person act on an incident as it stands, and return the action when it is decided."""
    row = await decided(house, person, await act(house, person, incident, kind, **given))
    assert row["state"] == "done", row
    return row


# ------------------------------------------------------------------------------------- each action is carried to its stage
async def test_a_device_is_confirmed(house: House, people: People) -> None:
    incident = await opened(house)
    answered = await act(house, people["dora"], incident, "confirm", device=TRANSFORMER)
    assert (answered[1]["action"]["state"], answered[1]["action"]["reason"]) == ("sent", "")
    row = await decided(house, people["dora"], answered)
    assert (row["state"], row["reason"], row["undoable"]) == ("done", "dispatcherConfirmed", False)
    assert row["said"] == {"device": TRANSFORMER, "before": FUSE}
    assert (row["by"], row["by_name"], row["why"]) == ("dora", "Dora", WHY)
    found = await house.row("incident", incident)
    assert (found["device"], found["fixed"], found["customers_out"]) == (TRANSFORMER, True, 99)


async def test_what_lies_behind_a_device_is_split_off(house: House, people: People) -> None:
    incident = await opened(house)
    await done(house, people["dora"], incident, "confirm", device=TRANSFORMER)
    row = await done(house, people["dora"], incident, "split", device=FUSE)
    assert (row["reason"], row["undoable"]) == ("dispatcherSplit", False)
    part = await house.connection.fetchrow("SELECT * FROM incident WHERE id <> $1", incident)
    assert (part["device"], part["customers_out"]) == (FUSE, 47)
    assert (await house.row("incident", incident))["customers_out"] == 52


async def test_an_incident_is_merged_into_another(house: House, people: People) -> None:
    first = await opened(house)
    second = await opened(house, OTHER_FUSE)
    assert first != second
    row = await done(house, people["dora"], second, "merge", into=first)
    assert (row["reason"], row["said"]) == ("dispatcherMerged", {"into": first})
    assert (await house.row("incident", second))["merged_into"] == first
    _, detail = await people["dora"].get(f"/api/incidents/{first}")
    assert detail["nested"] == [second]


async def test_an_incident_is_rejected(house: House, people: People) -> None:
    incident = await opened(house)
    row = await done(house, people["dora"], incident, "reject")
    assert (row["reason"], row["undoable"]) == ("dispatcherRejected", False)
    assert (await house.row("incident", incident))["state"] == "dismissed"


async def test_an_estimate_is_given_and_taken_back(house: House, people: People) -> None:
    incident = await opened(house)
    before = (await house.row("incident", incident))["estimate_ms"]
    estimate = before + 5 * 3_600_000
    row = await done(house, people["dora"], incident, "estimate", estimate_ms=estimate)
    assert row["said"] == {"estimate_ms": estimate, "before_ms": before}
    assert row["undoable"]
    assert (await house.row("incident", incident))["estimate_ms"] == estimate
    back = await decided(
        house, people["dora"], await people["dora"].post(f"/api/actions/{row['id']}/undo", {"why": "wrong day"})
    )
    assert (back["kind"], back["state"], back["said"]["undoes"]) == ("estimate", "done", row["id"])
    assert (await house.row("incident", incident))["estimate_ms"] == before
    _, undone = await people["dora"].get(f"/api/actions/{row['id']}")
    assert (undone["state"], undone["undoable"]) == ("undone", False)


async def test_an_estimate_that_the_stage_does_not_take_is_told_as_refused(house: House, people: People) -> None:
    incident = await opened(house)
    estimate = (await house.row("incident", incident))["estimate_ms"]
    await done(house, people["dora"], incident, "estimate", estimate_ms=estimate + MINUTE_MS)
    again = await decided(
        house, people["dora"], await act(house, people["dora"], incident, "estimate", estimate_ms=estimate + MINUTE_MS)
    )
    assert (again["state"], again["reason"], again["undoable"]) == ("refused", "estimateKept", False)
    assert code(await people["dora"].post(f"/api/actions/{again['id']}/undo", {"why": WHY})) == (422, "nothingToUndo")


async def test_work_is_held_and_goes_on(house: House, people: People) -> None:
    incident = await opened(house)
    held = await done(house, people["dora"], incident, "hold")
    assert (held["reason"], held["undoable"]) == ("dispatcherHeld", True)
    _, detail = await people["dora"].get(f"/api/incidents/{incident}")
    assert detail["incident"]["held"]
    assert code(await act(house, people["dora"], incident, "hold")) == (422, "alreadySo")
    freed = await done(house, people["dora"], incident, "release")
    assert freed["reason"] == "dispatcherReleased"
    assert code(await act(house, people["dora"], incident, "release")) == (422, "alreadySo")


async def test_holding_is_undone_by_letting_go_on(house: House, people: People) -> None:
    incident = await opened(house)
    held = await done(house, people["dora"], incident, "hold")
    undo = await people["dora"].post(f"/api/actions/{held['id']}/undo", {"why": "the tree is gone"})
    back = await decided(house, people["dora"], undo)
    assert (back["kind"], back["state"], back["reason"]) == ("release", "done", "dispatcherReleased")
    _, detail = await people["dora"].get(f"/api/incidents/{incident}")
    assert not detail["incident"]["held"]
    assert [(row["kind"], row["state"]) for row in detail["actions"]] == [("hold", "undone"), ("release", "done")]
    again = await people["dora"].post(f"/api/actions/{held['id']}/undo", {"why": "once more"})
    assert code(again) == (409, "undoneAlready")
    assert again[1]["error"]["by"] == "Dora"
    assert code(await people["dora"].post(f"/api/actions/{back['id']}/undo", {"why": "back"})) == (422, "notUndoable")


async def test_a_crew_is_assigned_and_the_assignment_undone(house: House, people: People) -> None:
    incident = await opened(house)
    first = await house.order(incident)
    crew = next(row.crew for row in house.folder.crews if row.crew != first["crew"])
    row = await done(house, people["dora"], incident, "assign", crew=crew)
    assert (row["reason"], row["undoable"]) == ("dispatcherAssigned", True)
    order = await house.order(incident)
    assert (order["crew"], order["state"], order["pinned"]) == (crew, "sent", True)
    undo = await people["dora"].post(f"/api/actions/{row['id']}/undo", {"why": "wrong crew"})
    back = await decided(house, people["dora"], undo)
    assert (back["kind"], back["state"], back["said"]["order"]) == ("revoke", "done", order["order"])
    assert (await house.row("dispatch_order", order["order"]))["state"] == "revoked"


async def test_an_assignment_whose_crew_is_on_site_is_not_undone(house: House, people: People) -> None:
    incident = await opened(house)
    crew = next(row.crew for row in house.folder.crews if row.crew != "C03")
    row = await done(house, people["dora"], incident, "assign", crew=crew)
    order = await house.order(incident)
    for status in ("accepted", "enroute", "arrived"):
        await house.later(1)
        await house.crew(order["crew"], status, order["order"])
    _, shown = await people["dora"].get(f"/api/actions/{row['id']}")
    assert not shown["undoable"]
    assert code(await people["dora"].post(f"/api/actions/{row['id']}/undo", {"why": WHY})) == (422, "orderUnderWork")


async def test_a_crew_that_may_not_go_is_refused_by_the_dispatch(house: House, people: People) -> None:
    incident = await opened(house)
    order = await house.order(incident)
    crew = next(row.crew for row in house.folder.crews if row.crew != order["crew"])
    await house.crew(crew, "offDuty")
    row = await decided(house, people["dora"], await act(house, people["dora"], incident, "assign", crew=crew))
    assert (row["state"], row["reason"]) == ("refused", "offDuty")


async def test_an_order_is_taken_back(house: House, people: People) -> None:
    incident = await opened(house)
    order = (await house.order(incident))["order"]
    row = await done(house, people["dora"], incident, "revoke", order=order)
    assert (row["reason"], row["undoable"]) == ("dispatcherRevoked", False)
    assert (await house.row("dispatch_order", order))["state"] == "revoked"
    assert code(await act(house, people["dora"], incident, "revoke", order=order)) == (422, "orderOver")
    assert code(await act(house, people["dora"], incident, "revoke", order="none")) == (422, "unknownOrder")


async def test_causes_and_notes_are_remarks_that_can_be_taken_back(house: House, people: People) -> None:
    incident = await opened(house)
    dora = people["dora"]
    first = await done(house, dora, incident, "cause", cause="WEATHER", why="")
    second = await done(house, dora, incident, "cause", cause="710", why="", words="a lorry")
    note = await done(house, dora, incident, "note", words="the farmer has the key", why="")
    _, detail = await dora.get(f"/api/incidents/{incident}")
    assert (detail["incident"]["cause"], detail["incident"]["remarks"]) == ("710", 3)
    remarks = [
        (row["became"], row["reason"], row["words"], row["by"]) for row in detail["timeline"] if row["kind"] == "remark"
    ]
    assert remarks == [
        ("cause", "WEATHER", "", "Dora"),
        ("cause", "710", "a lorry", "Dora"),
        ("note", "", "the farmer has the key", "Dora"),
    ]
    for action in (second, note):
        assert (await dora.post(f"/api/actions/{action['id']}/undo", {"why": "was not so"}))[0] == 202
    _, detail = await dora.get(f"/api/incidents/{incident}")
    assert (detail["incident"]["cause"], detail["incident"]["remarks"]) == ("WEATHER", 1)
    assert [row["became"] for row in detail["timeline"] if row["kind"] == "remark"] == [
        "cause",
        "retracted",
        "retracted",
    ]
    assert code(await dora.post(f"/api/actions/{note['id']}/undo", {"why": "twice"})) == (409, "undoneAlready")
    stored = await house.connection.fetchval("SELECT said::text FROM person_action WHERE id = $1", note["id"])
    assert "farmer" not in stored, "the record of actions holds no free words that may name somebody"
    assert first["undoable"]


async def test_the_causes_are_the_groups_and_their_codes(people: People) -> None:
    status, body = await people["vera"].get("/api/causes")
    assert status == 200
    causes = {each["code"]: each["group"] for each in body["causes"]}
    assert causes["WEATHER"] == "WEATHER"
    assert causes["500"] == "LIGHTNING"
    assert len(causes) == len(body["causes"])


async def test_a_danger_is_dismissed_and_work_on_it_held(house: House, people: People) -> None:
    hazard = await house.danger(HazardKind.WIRE_DOWN, customer=house.network.customers_behind(FUSE)[0])
    row = await house.row("hazard", hazard)
    path = f"/api/hazards/{hazard}/actions"
    held = await people["dora"].post(path, {"kind": "hold", "seen": row["revision"], "why": WHY})
    assert (await decided(house, people["dora"], held))["reason"] == "dispatcherHeld"
    answered = await people["dora"].post(path, {"kind": "dismissHazard", "seen": row["revision"], "why": WHY})
    gone = await decided(house, people["dora"], answered)
    assert (gone["state"], gone["reason"], gone["undoable"]) == ("done", "dispatcherDismissed", False)
    row = await house.row("hazard", hazard)
    assert row["state"] == "dismissed"
    answered = await people["dora"].post(path, {"kind": "dismissHazard", "seen": row["revision"], "why": WHY})
    assert code(answered) == (422, "notOpen")
    wrong = {"kind": "estimate", "seen": row["revision"], "why": WHY, "estimate_ms": house.now + 1}
    assert code(await people["dora"].post(path, wrong)) == (422, "wrongSubject")
    assert code(await people["dora"].post("/api/hazards/none/actions", wrong)) == (404, "notFound")


async def test_a_device_is_said_to_be_open_and_taken_back(house: House, people: People) -> None:
    dora = people["dora"]
    answered = await dora.post(f"/api/devices/{FUSE}/state", {"position": "open", "why": WHY, "seen": 0})
    row = await decided(house, dora, answered)
    assert (row["kind"], row["state"], row["reason"], row["undoable"]) == ("deviceState", "done", "toldOpen", True)
    assert row["said"] == {"position": "open", "before": "closed"}
    assert await house.connection.fetchval("SELECT closed FROM device_position WHERE device = $1", FUSE) is False
    await house.later(1)
    back = await decided(house, dora, await dora.post(f"/api/actions/{row['id']}/undo", {"why": "another one"}))
    assert (back["kind"], back["said"]["position"], back["state"]) == ("deviceState", "closed", "done")
    assert await house.connection.fetchval("SELECT closed FROM device_position WHERE device = $1", FUSE) is True
    assert code(await dora.post("/api/devices/switch:NONE/state", {"position": "open", "why": WHY})) == (
        404,
        "unknownDevice",
    )


async def test_a_measurement_stands_above_what_a_person_says(house: House, people: People) -> None:
    await house.measured("switch:CB-1", SwitchPosition.CLOSED)
    answered = await people["dora"].post("/api/devices/switch:CB-1/state", {"position": "open", "why": WHY})
    row = await decided(house, people["dora"], answered)
    assert (row["state"], row["reason"]) == ("refused", "contradictsTelemetry")
