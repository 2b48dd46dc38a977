"""Broadcasts: what they come to is shown before, a large one takes two persons, each phone gets it once."""

from __future__ import annotations

from typing import Any

from tests.console.house import House, Person, code
from tests.console.test_incidents import FUSE, People, opened
from tests.console.test_texts import hand_over

WHY = "many hours without power"
WORDS = {"en": "Drinking water at the town hall until 22:00.", "zh": "市政厅供应饮用水至22点。"}


async def audience(person: Person, **asked: Any) -> dict[str, Any]:
    status, body = await person.post("/api/broadcasts/audience", {"words": WORDS, **asked})
    assert status == 200, body
    return dict(body)


async def ask(person: Person, *, key: str | None = None, **asked: Any) -> tuple[int, Any]:
    return await person.post("/api/broadcasts", {"words": WORDS, "why": WHY, **asked}, key=key)


def small(house: House) -> str:
    """Return a device with a few customers, some of whom can be told."""
    counts = sorted((house.network.count_behind(device.id), device.id) for device in house.network.devices)
    return next(device for count, device in counts if 10 <= count < 40)


async def test_an_audience_is_counted_before_anything_is_sent(house: House, people: People) -> None:
    behind = house.network.customers_behind(FUSE)
    found = await audience(people["vera"], device=FUSE)
    assert found["customers"] + found["without_consent"] + found["without_phone"] == len(behind)
    assert sum(found["by_language"].values()) == found["phones"] <= found["customers"]
    assert found["segments"] == found["phones"]
    assert (found["cost"], found["second_person"]) == (0, found["phones"] >= 50)
    everybody = await audience(people["vera"], all=True)
    areas = [await audience(people["vera"], area=str(area.id)) for area in house.network.areas]
    assert sum(each["customers"] for each in areas) == everybody["customers"]
    feeder = house.network.customer(behind[0]).feeder
    assert found["phones"] <= (await audience(people["vera"], feeder=feeder))["phones"] < everybody["phones"]
    chinese = await audience(people["vera"], all=True, languages=["zh"])
    assert set(chinese["by_language"]) <= {"zh"}
    assert await house.connection.fetchval("SELECT count(*) FROM broadcast") == 0


async def test_what_names_no_audience_is_refused(people: People) -> None:
    for asked, refused in (
        ({}, "audienceMissing"),
        ({"all": True, "device": FUSE}, "audienceMissing"),
        ({"device": "nothing"}, "unknownDevice"),
        ({"area": "nothing"}, "unknownArea"),
        ({"feeder": "nothing"}, "unknownFeeder"),
        ({"incident": "nothing"}, "unknownIncident"),
        ({"all": True, "words": {}}, "wordsMissing"),
        ({"all": True, "words": {"en": "  "}}, "wordsMissing"),
        ({"all": True, "words": {"English": "x"}}, "invalid"),
    ):
        body = {"words": WORDS, **asked}
        assert code(await people["dora"].post("/api/broadcasts/audience", body)) == (422, refused), asked


async def test_a_small_broadcast_is_sent_at_once_and_each_phone_gets_it_once(house: House, people: People) -> None:
    device = small(house)
    found = await audience(people["dora"], device=device)
    assert 0 < found["phones"] < 50
    assert code(await ask(people["vera"], device=device)) == (403, "notAllowed")
    status, done = await ask(people["dora"], device=device, phones=found["phones"], key="k")
    assert (status, done["broadcast"]["state"], done["broadcast"]["approved_by"]) == (202, "sent", None)
    again = await ask(people["dora"], device=device, phones=found["phones"], key="k")
    assert again[1]["broadcast"]["id"] == done["broadcast"]["id"]
    await house.settle()
    told = await house.connection.fetch(
        "SELECT handle, customers, segments FROM notice_decided WHERE moment = 'broadcast' AND incident = $1",
        done["broadcast"]["id"],
    )
    assert len({row["handle"] for row in told}) == len(told) == found["phones"]
    assert sum(len(row["customers"]) for row in told) == found["customers"]
    assert sum(row["segments"] for row in told) == found["segments"]
    assert await hand_over(house) == found["phones"]
    _, listed = await people["vera"].get("/api/broadcasts")
    [row] = listed["rows"]
    assert (row["audience"], row["words"], row["asked_by_name"]) == ({"device": device}, WORDS, "Dora")
    _, ledger = await people["dora"].get(f"/api/texts?incident={row['id']}&limit=500")
    assert {each["moment"] for each in ledger["rows"]} == {"broadcast"}


async def test_a_large_broadcast_waits_for_a_second_person(house: House, people: People) -> None:
    status, asked = await ask(people["dora"], all=True)
    assert (status, asked["broadcast"]["state"], asked["broadcast"]["second_person"]) == (202, "asked", True)
    name = asked["broadcast"]["id"]
    await house.settle()
    assert await hand_over(house) == 0
    assert code(await people["dora"].post(f"/api/broadcasts/{name}/approve", {"why": WHY})) == (
        409,
        "secondPersonNeeded",
    )
    assert code(await people["otto"].post(f"/api/broadcasts/{name}/approve", {"why": WHY})) == (403, "notAllowed")
    assert code(await people["dirk"].post(f"/api/broadcasts/{name}/approve", {"why": ""})) == (422, "whyMissing")
    status, sent = await people["dirk"].post(f"/api/broadcasts/{name}/approve", {"why": "I have read it"})
    assert (status, sent["broadcast"]["state"], sent["broadcast"]["approved_by_name"]) == (202, "sent", "Dirk")
    assert code(await people["dirk"].post(f"/api/broadcasts/{name}/approve", {"why": WHY})) == (409, "decidedAlready")
    await house.settle()
    told = await house.connection.fetch("SELECT handle FROM notice_decided WHERE incident = $1", name)
    assert len({row["handle"] for row in told}) == len(told) == asked["broadcast"]["phones"]
    actions = await house.connection.fetch("SELECT kind, by_user FROM person_action ORDER BY kind")
    assert [tuple(row) for row in actions] == [("approveBroadcast", "dirk"), ("askBroadcast", "dora")]


async def test_a_broadcast_is_refused_or_taken_back_and_none_waits_for_ever(house: House, people: People) -> None:
    names = [(await ask(people["dora"], all=True))[1]["broadcast"]["id"] for _ in range(3)]
    for name, person in zip(names, ("dirk", "dora"), strict=False):
        status, refused = await people[person].post(f"/api/broadcasts/{name}/refuse", {"why": "not now"})
        assert (status, refused["broadcast"]["state"]) == (202, "refused")
    await house.later(61)
    assert code(await people["dirk"].post(f"/api/broadcasts/{names[2]}/approve", {"why": WHY})) == (
        409,
        "broadcastStale",
    )
    assert code(await people["dirk"].post("/api/broadcasts/nothing/approve", {"why": WHY})) == (404, "notFound")
    assert await hand_over(house) == 0


async def test_what_changed_since_it_was_shown_is_not_sent(house: House, people: People) -> None:
    incident = await opened(house)
    found = await audience(people["dora"], incident=incident)
    assert found["phones"] > 0
    wrong = await ask(people["dora"], incident=incident, phones=found["phones"] + 1)
    assert code(wrong) == (409, "audienceChanged")
    assert wrong[1]["error"]["phones"] == found["phones"]
    assert code(await ask(people["dora"], device=FUSE, languages=["fr"])) == (422, "nobodyToTell")
    await people["dirk"].post("/api/texts/stop", {"why": "wrong texts go out"})
    assert code(await ask(people["dora"], incident=incident)) == (409, "textsStopped")
