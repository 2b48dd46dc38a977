"""What needs a person about crews and their orders."""

from __future__ import annotations

from services.dispatch import showing_incident
from services.dispatch.oddities import LATE_MS, SILENT_MS
from services.engine.taking import Connection
from tests.console.house import MINUTE_MS, House, code
from tests.console.test_actions import decided
from tests.console.test_inbox import deal, rows
from tests.console.test_incidents import People, opened


# ---------------------------------------------------------------------------------------------------------------- crews
async def test_an_answer_that_did_not_fit_is_acknowledged(house: House, people: People) -> None:
    incident = await opened(house)
    order = await house.order(incident)
    other = next(row.crew for row in house.folder.crews if row.crew != order["crew"])
    await house.crew(other, "arrived", order["order"])
    [row] = await rows(house)
    assert (row.kind, row.reason, row.subject, row.actions) == ("crew", "notItsOrder", other, ("acknowledge",))
    assert (await deal(people["dora"], row, "acknowledge"))[0] == 202
    assert await rows(house) == []
    await house.later(1)
    await house.crew(other, "arrived", order["order"])
    assert len(await rows(house)) == 1, "that it happens again is another matter"


async def test_a_crew_that_jumped_or_came_too_late_is_told(house: House) -> None:
    incident = await opened(house)
    order = await house.order(incident)
    await house.crew(order["crew"], "arrived", order["order"])
    await house.later(1)
    await house.crew(order["crew"], "accepted", order["order"])
    told = {(row.reason, row.facts["order"], row.incident) for row in await rows(house)}
    assert told == {("crewJumped", order["order"], incident), ("outOfOrder", order["order"], incident)}


async def test_a_crew_that_should_have_arrived_is_told_until_it_has(house: House, people: People) -> None:
    incident = await opened(house)
    order = await house.order(incident)
    await house.crew(order["crew"], "accepted", order["order"])
    await house.crew(order["crew"], "enroute", order["order"])
    late_min = (order["arrival_estimate_ms"] - house.now) / MINUTE_MS + 16
    await house.later(late_min)
    [row] = await rows(house, "crew")
    assert (row.reason, row.subject, row.incident) == ("overdue", order["crew"], incident)
    assert (await deal(people["dora"], row, "acknowledge"))[0] == 202
    assert await rows(house, "crew") == []
    await house.later(50)
    assert await rows(house, "crew") == [], "it was seen"


async def test_a_crew_that_cannot_be_reached_is_told(house: House) -> None:
    incident = await opened(house)
    order = await house.order(incident)
    await house.later(6)
    unreachable = {row.subject for row in await rows(house, "crew") if row.reason == "unreachable"}
    assert order["crew"] in unreachable
    await house.crew(order["crew"], "position")
    assert order["crew"] not in {row.subject for row in await rows(house, "crew") if row.reason == "unreachable"}


# ---------------------------------------------------------------------------------------------------------------- orders
async def one_crew_alone(house: House, crew: str = "C03") -> str:
    """Let all other crews go home, and an incident be opened; return it."""
    await house.sign_off_all()
    await house.crew(crew, "signedOn")
    return await opened(house)


async def test_an_order_that_was_refused_is_given_again(house: House, people: People) -> None:
    incident = await one_crew_alone(house)
    order = await house.order(incident)
    assert order["crew"] == "C03"
    assert await rows(house, "order") == []
    await house.crew("C03", "refused", order["order"], why="the road is flooded")
    [row] = await rows(house, "order")
    assert (row.reason, row.subject, row.incident, row.facts["crew"]) == (
        "crewRefused",
        order["order"],
        incident,
        "C03",
    )
    assert row.actions == ("callAgain", "assignOther", "acknowledge")
    answered = await deal(people["dora"], row, "callAgain")
    second = await deal(people["dirk"], row, "callAgain")
    assert code(second) == (409, "handledAlready")
    assert second[1]["error"]["by"] == "Dora"
    action = await decided(house, people["dora"], answered)
    assert (action["state"], action["reason"]) == ("done", "dispatcherAssigned")
    again = await house.order(incident)
    assert (again["crew"], again["attempt"], again["state"]) == ("C03", 2, "sent")
    assert await rows(house, "order") == []


async def test_another_crew_is_sent_for_one_that_did_not_answer(house: House, people: People) -> None:
    incident = await one_crew_alone(house)
    order = await house.order(incident)
    await house.later(6)
    [row] = await rows(house, "order")
    assert (row.reason, row.facts["order_state"]) == ("unanswered", "revoked")
    assert code(await deal(people["dora"], row, "assignOther")) == (422, "crewMissing")
    assert code(await deal(people["dora"], row, "assignOther", crew="C99")) == (422, "unknownCrew")
    refused = await decided(house, people["dora"], await deal(people["dora"], row, "callAgain"))
    assert (refused["state"], refused["reason"]) == ("refused", "unreachable")
    assert [each.id for each in await rows(house, "order")] == [row.id], "nobody was sent: it still needs somebody"
    await house.crew("C04", "available")
    if await rows(house, "order"):
        action = await decided(house, people["dora"], await deal(people["dora"], row, "assignOther", crew="C04"))
        assert action["state"] == "done"
    assert (await house.order(incident))["crew"] == "C04"
    assert order["crew"] == "C03"
    assert await rows(house, "order") == []


async def test_an_order_without_answer_that_still_stands_is_taken_back(house: House, people: People) -> None:
    incident = await one_crew_alone(house)
    order = await house.order(incident)
    # The dispatch has not had its turn yet: the clock is ahead of it.
    await house.connection.execute("UPDATE clock SET now_ms = now_ms + 6 * 60000")
    [row] = await rows(house, "order")
    assert (row.reason, row.facts["order_state"], row.actions) == ("unanswered", "sent", ("assignOther", "acknowledge"))
    assert (await deal(people["dora"], row, "assignOther"))[0] == 202
    published = await house.connection.fetchval("SELECT body FROM outbox WHERE topic = 'crew.actions'")
    assert b"dispatcher.revoke.v1" in published
    assert order["order"].encode() in published


async def test_a_storms_inbox_is_read_by_its_indexes(house: House) -> None:
    await house.connection.execute(
        """INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
           SELECT 'j' || n, 'dispatch', 'R1', n, $1::bigint - n, 'order', 'o' || n % 500, 'sent', 'crewReported', '{}'
           FROM generate_series(1, 50000) n""",
        house.now,
    )
    await house.connection.execute("ANALYZE journal")
    plans: list[str] = []
    await _explained(house.connection, plans)
    assert any("journal_odd_crews" in plan for plan in plans), plans
    assert not any("Seq Scan on journal" in plan for plan in plans)


async def _explained(connection: Connection, plans: list[str]) -> None:
    """Note the plans of the statements that the inbox's crews are read with."""
    statement = f"EXPLAIN {showing_incident.ODD}"
    found = await connection.fetch(statement, 1_772_388_000_000, LATE_MS, SILENT_MS)
    plans.append("\n".join(row[0] for row in found))
