"""One incident whole: its history with every reason, whom it holds, and who may see what."""

from __future__ import annotations

from schemas.events import HazardKind, ReportKind, SwitchPosition
from services.console import timeline
from services.console.timeline import TimelineRow
from tests.console.house import MINUTE_MS, House, Person, code

FUSE = "switch:FU-LV2.105-43"
"""An LV fuse with 47 customers, of whom one is important and five are commercial."""
People = dict[str, Person]


CALLERS = 6


async def opened(house: House, device: str = FUSE) -> str:
    """Let some customers behind a device call, and the meters of all others tell that power was lost; return the incident."""
    customers = house.network.customers_behind(device)
    for customer in customers[:CALLERS]:
        await house.report(customer=customer)
    for customer in customers[CALLERS:]:
        await house.report(kind=ReportKind.LAST_GASP, meter=house.network.customer(customer).meter)
    await house.settle()
    await house.later(1)
    return await house.incident()


async def test_an_incident_shows_its_row_its_history_and_whom_it_holds(house: House, people: People) -> None:
    incident = await opened(house)
    status, detail = await people["dora"].get(f"/api/incidents/{incident}")
    assert status == 200
    row = detail["incident"]
    assert (row["id"], row["device"], row["device_number"]) == (incident, FUSE, "S0175")
    assert (row["state"], row["customers_out"], row["heard"], row["next"]) == ("confirmed", 47, 47, "crewAnswers")
    assert detail["now_ms"] == house.now
    assert detail["customers"] == {
        "total": 47,
        "out": 47,
        "restored": 0,
        "life_support": 0,
        "by_tier": {"commercial": 5, "important": 1, "residential": 41},
    }
    assert [order["state"] for order in detail["orders"]] == ["sent"]
    _, ledger = await people["dora"].get(f"/api/texts?incident={incident}&limit=500")
    assert detail["texts"]["total"] == detail["texts"]["by_state"]["due"] == len(ledger["rows"]) > 0
    assert ledger["counts"] == detail["texts"]["by_state"]
    assert (detail["nested"], detail["hazards"], detail["calls"], detail["actions"]) == ([], [], [], [])


async def test_the_history_goes_from_what_was_heard_to_what_was_decided_of_it(house: House, people: People) -> None:
    incident = await opened(house)
    order = await house.order(incident)
    await house.later(1)
    await house.crew(order["crew"], "accepted", order["order"])
    await house.later(1)
    await house.crew(order["crew"], "enroute", order["order"], why="road is free")
    _, detail = await people["dora"].get(f"/api/incidents/{incident}")
    rows = detail["timeline"]
    assert detail["timeline_total"] == len(rows)
    assert [row["at_ms"] for row in rows] == sorted(row["at_ms"] for row in rows)
    told = [(row["kind"], row["subject_kind"], row["became"], row["reason"]) for row in rows]
    assert told[:2] == [("fact", "report", "call", "explained"), ("fact", "report", "lastGasp", "explained")]
    assert [row["words"] for row in rows[:2]] == ["6", "41"]
    chain = [
        ("decision", "incident", "confirmed", "lowestCommonDevice"),
        ("decision", "job", "waiting", "incidentOpen"),
        ("order", "order", "sent", "planned"),
        ("fact", "crew", "accepted", ""),
        ("order", "order", "accepted", "crewReported"),
        ("fact", "crew", "enroute", ""),
        ("order", "order", "enroute", "crewReported"),
    ]
    places = [told.index(each) for each in chain]
    assert places == sorted(places)
    decision = next(row for row in rows if row["subject_kind"] == "incident")
    assert (decision["facts_total"], len(decision["facts"]), decision["by"]) == (47, 20, "correlate")
    fact = rows[places[5]]
    assert (fact["by"], fact["words"]) == (order["crew"], "road is free")
    [text] = [row for row in rows if row["kind"] == "text" and row["became"] == "powerOut"]
    _, ledger = await people["dora"].get(f"/api/texts?incident={incident}&moment=powerOut&limit=500")
    assert int(text["words"]) == len(ledger["rows"]) == sum(ledger["counts"].values())
    assert text["facts_total"] >= int(text["words"])


async def test_many_reports_are_told_by_minute_and_kind(house: House, people: People) -> None:
    customers = house.network.customers_behind(FUSE)
    for customer in customers[:20]:
        meter = house.network.customer(customer).meter
        await house.report(kind=ReportKind.LAST_GASP, meter=meter, at_ms=house.now - 2 * MINUTE_MS)
    for customer in customers[20:24]:
        await house.report(customer=customer)
    await house.settle()
    await house.later(1)
    incident = await house.incident()
    _, detail = await people["dora"].get(f"/api/incidents/{incident}")
    heard = [row for row in detail["timeline"] if row["subject_kind"] == "report"]
    assert [(row["became"], row["words"], row["facts_total"]) for row in heard] == [
        ("lastGasp", "20", 20),
        ("call", "4", 4),
    ]
    assert len(heard[0]["facts"]) == 20


async def test_the_history_is_read_page_by_page_and_nothing_is_left_out(house: House, people: People) -> None:
    incident = await opened(house)
    await house.later(12)
    _, whole = await people["dora"].get(f"/api/incidents/{incident}?timeline=2000")
    pages: list[dict[str, object]] = []
    before = ""
    while True:
        _, detail = await people["dora"].get(f"/api/incidents/{incident}?timeline=3{before}")
        if not detail["timeline"]:
            break
        assert detail["timeline_total"] == whole["timeline_total"]
        pages = [*detail["timeline"], *pages]
        before = f"&before={detail['timeline'][0]['at_ms']}"
    assert pages == whole["timeline"]


async def test_a_page_that_makes_no_sense_is_refused(people: People) -> None:
    for query in ("timeline=0", "timeline=x", "timeline=99999", "before=-1", "before="):
        assert code(await people["dora"].get(f"/api/incidents/none?{query}")) == (422, "invalid"), query


async def test_who_is_not_there_is_not_found_and_who_is_not_signed_in_sees_nothing(
    house: House, people: People
) -> None:
    incident = await opened(house)
    assert code(await people["dora"].get("/api/incidents/none")) == (404, "notFound")
    assert code(await people["dora"].get("/api/incidents/none/customers")) == (404, "notFound")
    assert code(await people["nobody"].get(f"/api/incidents/{incident}")) == (401, "notSignedIn")


async def test_customers_come_with_life_support_first_then_by_tier_then_by_id(house: House, people: People) -> None:
    vulnerable = next(c for c in house.network.customers if c.life_support and c.active)
    device = house.network.path_to_source(house.network.customer_device(vulnerable.id))[1]
    behind = house.network.customers_behind(device)
    await house.measured(house.network.path_to_source(device)[0], SwitchPosition.OPEN)
    await house.later(3)
    incident = await house.incident()
    _, all_of_them = await people["dora"].get(f"/api/incidents/{incident}/customers?limit=1000")
    assert all_of_them["total"] == len(all_of_them["rows"]) == len(behind)
    tiers = {"large": 1, "important": 2, "commercial": 3, "residential": 4}
    keys = [(not row["life_support"], tiers[row["tier"]], row["customer"]) for row in all_of_them["rows"]]
    assert keys == sorted(keys)
    assert all_of_them["rows"][0]["life_support"]
    parts = []
    for offset in range(0, len(behind), 50):
        _, part = await people["dora"].get(f"/api/incidents/{incident}/customers?offset={offset}&limit=50")
        parts += part["rows"]
    assert parts == all_of_them["rows"]


async def test_phones_are_masked_for_those_who_may_not_see_them(house: House, people: People) -> None:
    incident = await opened(house)
    _, full = await people["dora"].get(f"/api/incidents/{incident}/customers")
    _, masked = await people["vera"].get(f"/api/incidents/{incident}/customers")
    phones = [row["phone"] for row in full["rows"] if row["phone"]]
    assert phones
    assert all(phone.startswith("+") for phone in phones)
    for mine, theirs in zip(full["rows"], masked["rows"], strict=True):
        assert (
            theirs["phone"] == "*" * (len(mine["phone"]) - 2) + mine["phone"][-2:]
            if mine["phone"]
            else theirs["phone"] == ""
        )
    _, ledger = await people["vera"].get(f"/api/texts?incident={incident}")
    assert ledger["rows"]
    assert not any("+" in row["phone"] or row["words"] for row in ledger["rows"])


async def test_a_danger_at_the_incident_stands_in_it_with_its_own_history(house: House, people: People) -> None:
    incident = await opened(house)
    hazard = await house.danger(HazardKind.WIRE_DOWN, customer=house.network.customers_behind(FUSE)[0])
    await house.later(1)
    _, detail = await people["dora"].get(f"/api/incidents/{incident}")
    [row] = detail["hazards"]
    assert (row["id"], row["kind"], row["state"]) == (hazard, "wireDown", "reported")
    assert {"hazard", "job"} <= {each["subject_kind"] for each in detail["timeline"] if hazard in each["subject"]}


# ------------------------------------------------------------------------------------------------------ pages of history
def happened(*at_ms: int) -> list[TimelineRow]:
    return [
        TimelineRow(
            at_ms=at, kind="decision", subject_kind="job", subject=str(n), became="", reason="", by=None, words="",
            facts=(), facts_total=0,
        )
        for n, at in enumerate(at_ms)
    ]  # fmt: skip


def test_a_page_never_cuts_through_an_instant() -> None:
    rows = happened(1, 2, 2, 2, 3)
    assert [row.subject for row in timeline.page(rows, 2, None)] == ["1", "2", "3", "4"]
    assert [row.subject for row in timeline.page(rows, 2, 2)] == ["0"]
    assert timeline.page(rows, 2, 1) == []
