"""What may have failed, as the console shows it: the ranking of the inference, what speaks for each, and how belief fared."""

from __future__ import annotations

from typing import Any

from schemas.events import ReportKind, SwitchPosition
from services.console.hypotheses import Hypothesis, candidates, hypotheses, switches
from services.outages import entities
from services.outages.arguing import Heard, Known
from tests.console.house import MINUTE_MS, House, Person
from tests.outages.town import device_id, name_of, town

FUSE = "switch:FU-LV2.105-43"
"""An LV fuse with 47 customers; 30 and 17 of them lie behind the two devices next to it."""
NETWORK = town()
People = dict[str, Person]


def known(*names: str) -> Known:
    """Return what is known when the first customer of each of these devices of the drawing has called."""
    heard = tuple(Heard(customer=f"{name}-1", at_ms=0, by_meter=False) for name in names)
    return Known(began_ms=0, now_ms=MINUTE_MS, heard=heard)


def ranked(**permille: int) -> list[entities.Hypothesis]:
    return [entities.Hypothesis(device_id(name), each) for name, each in permille.items()]


def named(rows: list[Hypothesis]) -> list[tuple[str, float | None, bool]]:
    return [(name_of(each.device), each.probability, each.chosen) for each in rows]


def test_where_the_inference_names_enough_it_alone_is_shown() -> None:
    rows = hypotheses(NETWORK, device_id("L1"), ranked(L1=600, R1=250, T11=20), known("T11", "T12"))
    assert named(rows) == [("L1", 0.6, True), ("R1", 0.25, False), ("T11", 0.02, False)]
    assert [row.customers for row in rows] == [10, 21, 4]
    assert [each.code for each in rows[2].arguments if each.side == "against"] == ["lieOutside"]


def test_others_come_behind_few_and_those_that_explain_most_come_first() -> None:
    rows = hypotheses(NETWORK, device_id("L1"), ranked(L1=600), known("T11", "T12", "T21"))
    assert named(rows) == [
        ("L1", 0.6, True), ("R1", None, False), ("F1", None, False), ("T11", None, False), ("T12", None, False),
    ]  # fmt: skip


def test_the_chosen_device_comes_first_where_the_inference_does_not_name_it() -> None:
    rows = hypotheses(NETWORK, device_id("L1"), ranked(R1=600, T11=200, T12=100), known("T11"))
    assert named(rows) == [("L1", None, True), ("R1", 0.6, False), ("T11", 0.2, False), ("T12", 0.1, False)]


def test_an_incident_without_a_ranking_shows_its_device_without_a_probability() -> None:
    rows = hypotheses(NETWORK, device_id("F1"), (), known("T11"))
    assert named(rows) == [("F1", None, True), ("R1", None, False)]


def test_a_device_that_the_network_has_not_any_more_is_left_out() -> None:
    gone = entities.Hypothesis("switch:NONE", 300)
    rows = hypotheses(NETWORK, device_id("L1"), [*ranked(L1=600, R1=90), gone], known("T11"))
    assert [row.device for row in rows if row.device == gone.device] == []
    assert hypotheses(NETWORK, gone.device, [gone], known("T11")) == []
    assert candidates(NETWORK, gone.device) == ()
    assert switches(NETWORK, gone.device, [gone]) == [gone.device]


def test_positions_are_asked_of_all_above_and_right_behind() -> None:
    found = switches(NETWORK, device_id("L1"), ranked(T21=100))
    assert {name_of(each) for each in found} == {"F1", "R1", "L1", "L2", "T11", "T12", "T13", "T21"}


# ------------------------------------------------------------------------------------------------------- over the socket
async def opened(house: House) -> str:
    """Let meters and customers behind the fuse tell that power is lost; return the incident."""
    customers = house.network.customers_behind(FUSE)
    for place, customer in enumerate(customers[:40]):
        meter = house.network.customer(customer).meter
        await house.report(kind=ReportKind.LAST_GASP, meter=meter, at_ms=house.now - MINUTE_MS + 500 * place)
    await house.settle()
    await house.call(*customers[40:43])
    await house.later(2)
    return await house.incident()


async def believe(house: House, incident: str, *ranking: tuple[str, int], ago_ms: int = 0) -> None:
    """Let this have been believed of an incident, and nothing else at that time."""
    at_ms = house.now - ago_ms
    await house.connection.execute(
        "DELETE FROM incident_hypothesis WHERE incident = $1 AND from_ms = $2", incident, at_ms
    )
    await house.connection.executemany(
        "INSERT INTO incident_hypothesis VALUES ($1, $2, $3, $4, $5)",
        [(incident, at_ms, rank, device, permille) for rank, (device, permille) in enumerate(ranking, 1)],
    )


async def nothing_believed(house: House) -> None:
    await house.connection.execute("DELETE FROM incident_hypothesis")


async def detail(people: People, incident: str) -> Any:
    status, found = await people["vera"].get(f"/api/incidents/{incident}")
    assert status == 200
    return found


def said(hypothesis: Any) -> dict[str, tuple[str, dict[str, int]]]:
    return {each["code"]: (each["side"], each["numbers"]) for each in hypothesis["arguments"]}


async def test_hypotheses_come_with_probability_and_with_what_speaks_for_and_against_them(
    house: House, people: People
) -> None:
    incident = await opened(house)
    await nothing_believed(house)
    above = house.network.device(FUSE).parent
    assert above is not None
    await believe(house, incident, (FUSE, 640), (above, 300), ago_ms=MINUTE_MS)
    await believe(house, incident, (FUSE, 720), (above, 200))
    found = await detail(people, incident)
    first, second, *others = found["hypotheses"]
    assert (first["device"], first["device_number"], first["probability"]) == (FUSE, "S0175", 0.72)
    assert (first["chosen"], first["customers"]) == (True, 47)
    assert said(first)["metersLost"] == ("for", {"lost": 40, "meters": 47, "within_s": 20})
    assert said(first)["explainsAll"] == ("for", {"heard": 43})
    assert (second["device"], second["probability"], second["chosen"]) == (above, 0.2, False)
    assert said(second)["metersSilent"][0] == "against"
    assert {each["probability"] for each in others} == {None}
    assert [
        (belief["at_ms"], [(each["device"], each["probability"]) for each in belief["ranked"]])
        for belief in found["beliefs"]
    ] == [
        (house.now, [(FUSE, 0.72), (above, 0.2)]),
        (house.now - MINUTE_MS, [(FUSE, 0.64), (above, 0.3)]),
    ]
    assert found["score"] is None


async def test_power_beside_it_and_how_devices_stand_are_argued_with(house: House, people: People) -> None:
    incident = await opened(house)
    above = house.network.device(FUSE).parent
    assert above is not None
    beside = min(set(house.network.customers_behind(above)) - set(house.network.customers_behind(FUSE)))
    await house.report(kind=ReportKind.POWER_RESTORED, meter=house.network.customer(beside).meter)
    await house.measured(above, SwitchPosition.CLOSED)
    await house.later(1)
    await nothing_believed(house)
    await believe(house, incident, (FUSE, 700), (above, 200))
    fuse, upper, *_ = (await detail(people, incident))["hypotheses"]
    assert said(fuse)["closedAbove"][0] == "for"
    assert said(upper)["measuredClosed"][0] == "against"
    assert said(fuse)["neighboursPowered"] == ("for", {"powered": 1})
    assert said(upper)["powerBehind"][1]["powered"] == 1
    spoken = next(each["device"] for each in fuse["arguments"] if each["code"] == "closedAbove")
    assert spoken == {
        "device": above,
        "device_class": house.network.device(above).device_class.value,
        "device_number": house.network.switch(above).device_number,
    }


async def test_once_power_is_back_belief_is_scored_against_what_the_crew_found(house: House, people: People) -> None:
    incident = await opened(house)
    above = house.network.device(FUSE).parent
    assert above is not None
    await nothing_believed(house)
    await believe(house, incident, (above, 500), (FUSE, 400), ago_ms=MINUTE_MS)
    await believe(house, incident, (FUSE, 720), (above, 200))
    await house.later(1)
    order = await house.order(incident)
    for status in ("accepted", "enroute", "arrived"):
        await house.crew(order["crew"], status, order["order"])
    await house.later(1)
    seen_ms = house.now
    await house.crew(order["crew"], "repaired", order["order"], found=FUSE)
    assert said((await detail(people, incident))["hypotheses"][0])["crewFound"] == ("for", {})
    assert (await detail(people, incident))["score"] is None
    for customer in house.network.customers_behind(FUSE):
        await house.report(kind=ReportKind.POWER_RESTORED, meter=house.network.customer(customer).meter)
    await house.settle()
    await house.later(5)
    found = await detail(people, incident)
    assert found["incident"]["state"] == "restored"
    assert found["score"] == {
        "device": FUSE,
        "device_class": found["incident"]["device_class"],
        "device_number": "S0175",
        "known_by": "crew",
        "known_at_ms": seen_ms,
        "probability": 0.72,
        "rank": 1,
        "first_probability": 0.4,
        "first_rank": 2,
    }
