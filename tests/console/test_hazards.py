"""One danger whole: what was said of it, its history, the orders about it, and what people do there."""

from __future__ import annotations

from typing import Any

from schemas.events import HazardKind, Place
from services.console.api_crew_phone import remarks_for
from services.dispatch.showing_phone import crew_now
from tests.console.house import House, Person, code
from tests.console.test_actions import WHY, decided
from tests.console.test_incidents import FUSE, People, opened

WORDS = "Wire hangs over the drive of Mrs Adam"
PHONE = "+999123456789"


async def wire_down(house: House, **given: Any) -> str:
    """Let a customer behind the fuse report a wire that is down; return the danger."""
    customer = house.network.customers_behind(FUSE)[0]
    return await house.danger(HazardKind.WIRE_DOWN, customer=customer, phone=PHONE, words=WORDS, **given)


async def whole(person: Person, hazard: str, query: str = "") -> Any:
    """Return a danger whole."""
    status, detail = await person.get(f"/api/hazards/{hazard}{query}")
    assert status == 200, detail
    return detail


async def act(house: House, person: Person, hazard: str, kind: str, **more: Any) -> tuple[int, Any]:
    """Act on a danger as it stands."""
    row = await house.row("hazard", hazard)
    return await person.post(
        f"/api/hazards/{hazard}/actions", {"kind": kind, "seen": row["revision"], "why": WHY, **more}
    )


async def make_safe_order(house: House, hazard: str) -> Any:
    """Return the last order about a danger."""
    return await house.connection.fetchrow(
        "SELECT * FROM dispatch_order WHERE hazard = $1 ORDER BY sent_at_ms DESC, attempt DESC LIMIT 1", hazard
    )


async def test_a_danger_shows_who_said_what_of_it_and_where(house: House, people: People) -> None:
    hazard = await wire_down(house)
    spot = await house.row("hazard", hazard)
    place = Place(lon=spot["lon"], lat=spot["lat"])
    await house.later(2)
    assert await house.danger(HazardKind.WIRE_DOWN, place=place) == hazard
    detail = await whole(people["dora"], hazard)
    assert (detail["hazard"]["id"], detail["hazard"]["reports"], detail["now_ms"]) == (hazard, 2, house.now)
    first, second = detail["reports"]
    assert (first["customer"], first["phone"], first["words"]) == (
        house.network.customers_behind(FUSE)[0],
        PHONE,
        WORDS,
    )
    assert (second["customer"], second["phone"], second["words"]) == (None, None, None)
    assert (second["lon"], second["lat"]) == (place.lon, place.lat)


async def test_who_may_not_see_what_is_personal_sees_neither_words_nor_number(house: House, people: People) -> None:
    hazard = await wire_down(house)
    for user in ("vera", "otto"):
        detail = await whole(people[user], hazard)
        [report] = detail["reports"]
        assert (report["phone"], report["words"]) == ("**********" + "*89", None)
        assert WORDS not in str(detail)
        assert PHONE not in str(detail)


async def test_the_history_goes_from_the_report_over_the_order_to_the_place_made_safe(
    house: House, people: People
) -> None:
    hazard = await wire_down(house)
    await house.later(1)
    order = await make_safe_order(house, hazard)
    assert order["work"] == "makeSafe"
    steps = ("accepted", "enroute", "arrived", "assessing", "done")
    for status in steps:
        await house.later(1)
        await house.crew(order["crew"], status, order["order"])
    detail = await whole(people["dora"], hazard)
    assert (detail["hazard"]["state"], detail["hazard"]["next"]) == ("madeSafe", "nothing")
    [shown] = detail["orders"]
    assert (shown["order"], shown["crew"], shown["state"], shown["work"]) == (
        order["order"],
        order["crew"],
        "done",
        "makeSafe",
    )
    told = [(row["kind"], row["subject_kind"], row["became"]) for row in detail["timeline"]]
    chain = [
        ("fact", "report", "hazard"),
        ("decision", "hazard", "reported"),
        ("decision", "job", "waiting"),
        ("order", "order", "sent"),
        *(each for step in steps[:3] for each in (("fact", "crew", step), ("order", "order", step))),
        ("fact", "crew", "done"),
        ("decision", "hazard", "madeSafe"),
    ]
    places = [told.index(each) for each in chain]
    assert places == sorted(places)
    assert detail["timeline_total"] == len(told)


async def test_the_history_is_read_page_by_page_and_nothing_is_left_out(house: House, people: People) -> None:
    hazard = await wire_down(house)
    await house.later(12)
    every = (await whole(people["dora"], hazard))["timeline"]
    pages: list[Any] = []
    before = ""
    while page := (await whole(people["dora"], hazard, f"?timeline=2{before}"))["timeline"]:
        pages = [*page, *pages]
        before = f"&before={page[0]['at_ms']}"
    assert pages == every
    for query in ("timeline=0", "timeline=x", "before=-1"):
        assert code(await people["dora"].get(f"/api/hazards/{hazard}?{query}")) == (422, "invalid"), query


async def test_a_danger_at_an_incident_names_it_and_shows_no_order_but_its_own(house: House, people: People) -> None:
    incident = await opened(house)
    hazard = await wire_down(house)
    await house.later(1)
    detail = await whole(people["dora"], hazard)
    assert detail["hazard"]["incident"] == detail["incident"]["id"] == incident
    _, around = await people["dora"].get(f"/api/incidents/{incident}")
    assert detail["hazard"] == around["hazards"][0]
    assert detail["incident"] == around["incident"]
    assert {order["work"] for order in detail["orders"]} == {"makeSafe"}
    assert (await act(house, people["dora"], hazard, "note", why="", words="Dog in the yard"))[0] == 202
    _, around = await people["dora"].get(f"/api/incidents/{incident}")
    [note] = [row for row in around["timeline"] if row["kind"] == "remark"]
    assert (note["subject"], note["words"], around["incident"]["remarks"]) == (hazard, "Dog in the yard", 0)
    assert not any(row["subject"] == incident for row in detail["timeline"] if row["subject_kind"] == "job")


async def test_a_danger_without_an_incident_has_none(house: House, people: People) -> None:
    hazard = await wire_down(house)
    detail = await whole(people["dora"], hazard)
    assert (detail["hazard"]["incident"], detail["incident"]) == (None, None)


async def test_a_note_on_a_danger_is_kept_read_and_taken_back(house: House, people: People) -> None:
    hazard = await wire_down(house)
    dora = people["dora"]
    status, answered = await act(house, dora, hazard, "note", why="", words="Road is closed by the police")
    assert status == 202
    note = answered["action"]
    assert (note["kind"], note["state"], note["undoable"]) == ("note", "done", True)
    detail = await whole(people["dirk"], hazard)
    [row] = [row for row in detail["timeline"] if row["kind"] == "remark"]
    assert (row["subject_kind"], row["subject"], row["became"]) == ("hazard", hazard, "note")
    assert (row["by"], row["words"]) == ("Dora", "Road is closed by the police")
    assert [action["kind"] for action in detail["actions"]] == ["note"]
    assert (await dora.post(f"/api/actions/{note['id']}/undo", {"why": WHY}))[0] == 202
    detail = await whole(people["dirk"], hazard)
    [row] = [row for row in detail["timeline"] if row["kind"] == "remark"]
    assert row["became"] == "retracted"


async def test_what_is_noted_at_a_danger_is_what_the_crew_that_goes_there_reads(house: House, people: People) -> None:
    hazard = await wire_down(house)
    await house.later(1)
    order = await make_safe_order(house, hazard)
    assert (await act(house, people["dora"], hazard, "note", why="", words="Dog in the yard"))[0] == 202
    known = await crew_now(house.connection, order["crew"], house.now)
    assert known is not None
    assert known.order is not None
    assert [each.words for each in await remarks_for(house.connection, known.order)] == ["Dog in the yard"]


async def test_a_note_is_written_whatever_the_danger_has_become_and_never_without_words(
    house: House, people: People
) -> None:
    hazard = await wire_down(house)
    await decided(house, people["dora"], await act(house, people["dora"], hazard, "dismissHazard"))
    assert (await act(house, people["dirk"], hazard, "note", why="", words="It was the fence"))[0] == 202
    assert code(await act(house, people["dirk"], hazard, "note", why="", words=" ")) == (422, "wordsMissing")
    assert code(await act(house, people["dirk"], hazard, "cause", cause="WEATHER")) == (422, "wrongSubject")
    assert code(await act(house, people["vera"], hazard, "note", words="no")) == (403, "notAllowed")


async def test_a_crew_that_a_dispatcher_sends_to_a_danger_is_shown_and_called_back(
    house: House, people: People
) -> None:
    hazard = await wire_down(house)
    await house.later(1)
    first = await make_safe_order(house, hazard)
    dora = people["dora"]
    _, costs = await dora.get(f"/api/crews/costs?hazard={hazard}")
    other = next(cost["crew"] for cost in costs["costs"] if cost["crew"] != first["crew"] and cost["forbidden"] is None)
    sent = await decided(house, dora, await act(house, dora, hazard, "assign", crew=other))
    assert (sent["state"], sent["undoable"]) == ("done", True)
    detail = await whole(dora, hazard)
    assert (detail["hazard"]["crew"], [order["crew"] for order in detail["orders"]]) == (other, [first["crew"], other])
    assert detail["orders"][1]["pinned"]
    back = await decided(house, dora, await dora.post(f"/api/actions/{sent['id']}/undo", {"why": WHY}))
    assert (back["kind"], back["state"]) == ("revoke", "done")
    detail = await whole(dora, hazard)
    assert [action["state"] for action in detail["actions"]] == ["undone", "done"]
    assert detail["orders"][1]["state"] == "revoked"


async def test_of_two_dispatchers_at_a_danger_the_second_learns_who_was_first(house: House, people: People) -> None:
    hazard = await wire_down(house)
    looked = house.now
    await decided(house, people["dora"], await act(house, people["dora"], hazard, "hold", seen_at_ms=looked))
    late = await act(house, people["dirk"], hazard, "dismissHazard", seen_at_ms=looked)
    assert code(late) == (409, "changedMeanwhile")
    assert (late[1]["error"]["by"], late[1]["error"]["what"]) == ("Dora", "hold")
    assert (await act(house, people["dirk"], hazard, "note", seen_at_ms=looked, words="I see"))[0] == 202


async def test_what_is_no_danger_is_not_found(house: House, people: People) -> None:
    incident = await opened(house)
    for name in ("none", incident, "%00"):
        assert code(await people["dora"].get(f"/api/hazards/{name}")) == (404, "notFound")
    assert code(await people["nobody"].get("/api/hazards/none")) == (401, "notSignedIn")
