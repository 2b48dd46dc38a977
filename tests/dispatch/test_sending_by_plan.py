from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from schemas.events import (
    CrewAssigned,
    CrewReported,
    CrewState,
    DispatchMode,
    IncidentState,
    ModeSet,
    OrderChanged,
    WorkPlanned,
)
from schemas.topics import CREW_ACTIONS, CREW_STATUS, OUTAGE_INCIDENTS
from services.clock import to_ms
from services.dispatch.planned import Planned, PlannedRow
from services.dispatch.roster import REGION
from services.dispatch.rules import Rules
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore, read_roster
from services.engine.replaying import replay_shard
from tests.dispatch.desk import EAST, MIDDLE, NEAR_EAST, NEAR_WEST, WEST, Desk, incident_changed, order_id
from tests.dispatch.test_audit import UTILITY
from tests.stage_script import moment, ms, play

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]


def planning(*crews: Any) -> Desk:
    return Desk(*crews, mode=DispatchMode.PLAN)


def plan_of(desk: Desk) -> Planned:
    desk.script.settle()
    plan = desk.script.entities["plan"][REGION]
    assert isinstance(plan, Planned)
    return plan


def rows_of(desk: Desk) -> list[PlannedRow]:
    desk.script.settle()
    return [row for outcome in desk.script.outcomes for row in outcome.records if isinstance(row, PlannedRow)]


def told_of(desk: Desk, incident: str) -> list[WorkPlanned]:
    desk.script.settle()
    events = [emission.event for emission in desk.script.emitted]
    return [event for event in events if isinstance(event, WorkPlanned) and event.incident == incident]


def set_mode(desk: Desk, mode: DispatchMode | None, at: str) -> None:
    desk.at(at).hear(ModeSet(id=f"mode-{at}", at=moment(at), region=REGION, by="ann", mode=mode))
    desk.script.settle()


def test_a_crew_is_sent_by_the_plan_and_what_it_does_later_is_said_with_the_crew_that_is_to_come() -> None:
    desk = planning("W1")
    desk.at("06:00").incident("I-small", since="05:00")
    desk.incident("I-large", since="05:50", place=MIDDLE, customers_out=400)
    desk.expect_orders("I-large", ("W1", "sent", "planned"))
    desk.expect_orders("I-small")
    assert desk.why("job", "I-small") == [("waiting", "incidentOpen"), ("waiting", "plannedLater")]
    later = next(e for e in desk.script.journal if (e.subject, e.reason) == ("I-small", "plannedLater"))
    assert "W1" in later.facts
    assert plan_of(desk).routes == (("W1", ("I-large", "I-small")),)


def test_each_crew_is_sent_to_what_it_is_nearest_to() -> None:
    desk = planning("W1", "E1")
    desk.at("06:00").incident("I-east", place=NEAR_EAST)
    desk.incident("I-west", place=NEAR_WEST)
    desk.expect_orders("I-east", ("E1", "sent", "planned"))
    desk.expect_orders("I-west", ("W1", "sent", "planned"))


def test_a_crew_under_way_is_diverted_and_what_it_leaves_waits_for_it() -> None:
    desk = planning("W1")
    desk.at("06:00").incident("I-1", place=NEAR_EAST)
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:02").incident("I-2", customers_out=400)
    desk.expect_orders("I-1", ("W1", "revoked", "divertedToOtherWork"))
    desk.expect_orders("I-2", ("W1", "sent", "diverted"))
    assert desk.why("job", "I-1")[-1] == ("waiting", "plannedLater")
    revoked = next(e for e in desk.script.journal if e.reason == "divertedToOtherWork" and e.subject_kind == "order")
    assert "I-2" in revoked.facts, "for what it turned away"


def test_a_crew_on_site_is_not_pulled_off_and_not_sent_twice() -> None:
    desk = planning("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:02").crew("W1", "accepted", "enroute", "arrived")
    desk.at("06:21").incident("I-2", customers_out=4000)
    desk.hazard("H-1")
    desk.expect_orders("I-1", ("W1", "arrived", "crewReported"))
    desk.expect_orders("I-2")
    assert plan_of(desk).routes == (("W1", ("hazard:H-1", "I-2")),)
    desk.at("06:40").crew("W1", "done", found="FUSE-1")
    desk.expect_orders("hazard:H-1", ("W1", "sent", "planned"))


def test_an_order_is_taken_back_when_another_crew_is_there_sooner() -> None:
    desk = planning("W1", "E1")
    desk.at("05:50").crew("E1", "offDuty")
    desk.at("06:00").incident("I-1", place=NEAR_EAST, customers_out=100)
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:02").say("E1", "signedOn")
    desk.expect_orders("I-1", ("W1", "revoked", "takenByAnother"), ("E1", "sent", "planned"))
    assert desk.duty("W1") == "available"


def test_for_few_customers_it_stays_as_that_is_worth_less_than_a_turn_costs() -> None:
    desk = planning("W1", "E1")
    desk.at("05:50").crew("E1", "offDuty")
    desk.at("06:00").incident("I-1", place=NEAR_EAST, customers_out=10)
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:02").say("E1", "signedOn")
    desk.expect_orders("I-1", ("W1", "enroute", "crewReported"))


def test_where_no_news_came_the_routes_stand_and_news_of_a_crew_is_enough_to_look_for_better_ones() -> None:
    desk = planning("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:02").crew("W1", "accepted", "enroute", "arrived")
    desk.at("06:21").incident("I-2", customers_out=400)
    desk.incident("I-3")
    plan = plan_of(desk)
    assert plan.routes == (("W1", ("I-2", "I-3")),)
    worse = (("W1", ("I-3", "I-2")),)
    desk.script.entities["plan"][REGION] = msgspec.structs.replace(plan, routes=worse)
    desk.at("06:25")
    desk.script.look()
    assert plan_of(desk).routes == worse
    desk.say("W1", "position")
    assert plan_of(desk).routes == plan.routes


def test_a_crew_that_a_dispatcher_sent_is_neither_diverted_nor_relieved() -> None:
    desk = planning("W1", "E1")
    desk.at("06:00").hold(incident="I-1")
    desk.incident("I-1", place=NEAR_EAST)
    desk.hold(incident="I-1")
    desk.at("06:01").assign("W1", incident="I-1")
    desk.at("06:02").crew("W1", "accepted", "enroute")
    desk.at("06:03").incident("I-2", customers_out=4000)
    desk.hazard("H-1", place=WEST)
    desk.expect_orders("I-1", ("W1", "enroute", "crewReported"))
    assert desk.orders("I-1")[0].pinned


def test_work_that_is_held_is_in_no_plan_and_comes_into_it_when_it_is_let_go() -> None:
    desk = planning("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.hold(incident="I-1")
    desk.expect_orders("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "dispatcherHeld")
    assert plan_of(desk).routes == ()
    desk.at("06:10").hold(incident="I-1", held=False)
    desk.expect_orders("I-1", ("W1", "sent", "planned"))


def test_work_that_is_held_while_its_crew_is_under_way_gets_no_other_crew() -> None:
    desk = planning("W1", "E1")
    desk.at("05:50").crew("E1", "offDuty")
    desk.at("06:00").incident("I-1", place=NEAR_EAST)
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.hold(incident="I-1")
    desk.at("06:02").say("E1", "signedOn")
    desk.expect_orders("I-1", ("W1", "enroute", "crewReported"))
    desk.at("06:03").incident("I-2", customers_out=4000)
    desk.expect_orders("I-2", ("W1", "sent", "diverted"))
    desk.expect_orders("I-1", ("W1", "revoked", "divertedToOtherWork"))
    assert desk.why("job", "I-1")[-1] == ("waiting", "dispatcherHeld")


def test_whoever_helps_with_an_order_that_is_taken_back_is_free_in_the_same_turn() -> None:
    desk = planning("W1", "W2", "E1")
    desk.rules(Rules(two_crews=("fuse",)))
    desk.at("05:50").crew("E1", "offDuty")
    desk.at("06:00").incident("I-1", place=NEAR_EAST, customers_out=100)
    [first] = desk.orders("I-1")
    assert [order.assists for order in desk.orders() if order.assists] == [first.id]
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:02").say("E1", "signedOn")
    desk.expect_orders("I-1", ("W1", "revoked", "takenByAnother"), ("E1", "sent", "planned"))
    second = desk.orders("I-1")[1]
    helping = [(order.assists, order.state.value) for order in desk.orders() if order.assists]
    assert sorted(helping) == sorted([(first.id, "revoked"), (second.id, "sent")])


def test_an_outage_within_another_waits_for_what_brings_its_customers_back() -> None:
    desk = planning("W1")
    desk.at("06:00").incident("I-within", customers_out=200, upstream="I-feeder")
    desk.incident("I-feeder", customers_out=30, device_class="recloser")
    desk.incident("I-alone", customers_out=150)
    desk.expect_orders("I-alone", ("W1", "sent", "planned"))
    assert plan_of(desk).routes == (("W1", ("I-alone", "I-feeder", "I-within")),)


def test_an_incident_that_waits_is_told_once_when_a_crew_comes_and_again_when_that_moves_by_a_quarter_of_an_hour() -> (
    None
):
    desk = planning("W1")
    desk.at("06:00").incident("I-1", customers_out=400)
    desk.incident("I-2")
    [first] = told_of(desk, "I-2")
    assert (first.crew, first.reason, first.region) == ("W1", "plannedLater", REGION)
    assert told_of(desk, "I-1") == [], "who is sent is said by the order"
    expected = next(each for each in plan_of(desk).expected if each.job == "I-2")
    assert to_ms(first.arrival) == expected.arrival
    desk.at("06:02").crew("W1", "accepted", "enroute")
    desk.at("06:06").crew("W1", "arrived")
    desk.at("06:20").incident("I-2", "confirmed")
    assert told_of(desk, "I-2") == [first]
    desk.crew("W1", "arrived", estimate=moment("09:00"))
    again = told_of(desk, "I-2")
    assert [event.id for event in again[:1]] == [first.id]
    assert len(again) == 2
    assert to_ms(again[1].arrival) == ms("09:00")
    desk.at("06:30").crew("W1", "arrived", estimate=moment("09:10"))
    assert len(told_of(desk, "I-2")) == 2


def test_what_is_planned_is_kept_with_its_numbers() -> None:
    desk = planning("W1")
    desk.at("06:00").incident("I-1", customers_out=400)
    desk.incident("I-2", customers_out=30)
    first, second = rows_of(desk)
    [order] = desk.orders("I-1")
    assert (first.job, first.crew, first.rank, first.customers, first.reason) == ("I-1", "W1", 0, 400, "planned")
    assert (first.order, first.ahead, first.behind) == (order.id, None, "I-2")
    assert (second.job, second.rank, second.ahead, second.reason, second.order) == (
        "I-2",
        1,
        "I-1",
        "plannedLater",
        None,
    )
    assert (second.others, second.others_done) == (400, first.done)
    assert (first.others, first.others_done) == (30, second.done)
    assert first.arrival == order.arrival_estimate // 1000 * 1000
    assert first.done == first.arrival + 40 * 60_000
    desk.at("06:01").incident("I-2", "confirmed", customers_out=30)
    assert len(rows_of(desk)) == 2, "what has not changed is not kept again"


def test_to_advise_sends_nobody_until_a_dispatcher_does() -> None:
    desk = Desk("W1", "E1", mode=DispatchMode.ADVISE)
    desk.at("06:00").incident("I-1")
    desk.incident("I-2", place=EAST)
    assert desk.orders() == []
    assert desk.why("job", "I-1") == [("waiting", "incidentOpen"), ("waiting", "proposed")]
    assert plan_of(desk).proposed == (("E1", "I-2"), ("W1", "I-1"))
    said = next(e for e in desk.script.journal if (e.subject, e.reason) == ("I-1", "proposed"))
    assert "W1" in said.facts
    desk.at("06:10").assign("W1", incident="I-1")
    desk.expect_orders("I-1", ("W1", "sent", "dispatcherAssigned"))
    assert plan_of(desk).proposed == (("E1", "I-2"),)
    desk.at("07:30").crew("E1", "available")
    assert desk.orders("I-2") == []


def test_to_advise_takes_no_order_back_of_itself() -> None:
    desk = Desk("W1", "E1", mode=DispatchMode.ADVISE)
    desk.at("06:00").incident("I-1", place=NEAR_EAST)
    desk.at("06:01").assign("W1", incident="I-1")
    desk.at("06:02").crew("W1", "accepted", "enroute")
    desk.at("06:03").incident("I-2", customers_out=4000)
    desk.at("06:30").hazard("H-1")
    assert desk.orders("I-1")[0].state == "enroute"
    assert desk.orders("I-2") == []


def test_the_mode_changes_while_work_goes_on() -> None:
    desk = planning("W1")
    desk.at("06:00").incident("I-1", customers_out=400)
    desk.incident("I-2")
    desk.expect_orders("I-1", ("W1", "sent", "planned"))
    set_mode(desk, DispatchMode.NEAREST_DEPOT, "06:01")
    desk.expect_orders("I-1", ("W1", "sent", "planned"))
    assert plan_of(desk).routes == ()
    assert ("waiting", "busy") in desk.why("job", "I-2")
    desk.at("06:02").crew("W1", "accepted", "enroute", "arrived", "done", found="FUSE-1")
    desk.expect_orders("I-2", ("W1", "sent", "nearestDepot"))
    set_mode(desk, DispatchMode.ADVISE, "06:03")
    desk.at("06:04").crew("W1", "accepted", "enroute", "arrived", "done", found="FUSE-1")
    desk.at("06:05").incident("I-3")
    assert desk.orders("I-3") == []
    set_mode(desk, None, "06:06")
    desk.expect_orders("I-3", ("W1", "sent", "planned"))


def test_work_waits_with_its_reason_beside_a_crew_that_is_too_far_away_to_be_done_within_its_hours() -> None:
    desk = planning("W1")
    desk.at("00:00").crew("W1", "signedOn")
    desk.at("14:00").say("W1", "position", place=EAST)
    desk.at("14:50").incident("I-1", place=WEST)
    desk.expect_orders("I-1")
    assert desk.why("job", "I-1") == [("waiting", "incidentOpen"), ("waiting", "hoursUp")]


async def test_a_morning_that_is_planned_is_in_the_tables_and_replays_to_the_same_bytes(connection: Connection) -> None:
    await connection.execute(UTILITY)
    stage = DispatchStage(await read_roster(connection))
    opened = {
        number: incident_changed(
            f"I-{number}", 1, IncidentState.PREDICTED, at="06:00", place=place, customers_out=100 - number
        )
        for number, place in enumerate((NEAR_WEST, MIDDLE, NEAR_EAST, WEST, NEAR_WEST, MIDDLE))
    }

    def said(crew: str, status: str, at: str, order: str) -> CrewReported:
        return CrewReported(id=f"{crew}-{status}-{at}", at=moment(at), crew=crew, status=CrewState(status), order=order)

    first = order_id("I-0", 1)
    assign = CrewAssigned(id="assign", at=moment("06:03"), region=REGION, by="ann", crew="W4", incident="I-5")
    mode = ModeSet(id="advise", at=moment("06:04"), region=REGION, by="ann", mode=DispatchMode.ADVISE)
    late = incident_changed("I-9", 1, IncidentState.PREDICTED, at="06:05", customers_out=900)
    await play(
        connection,
        stage,
        [
            (ms("06:00"), [(OUTAGE_INCIDENTS, change) for change in opened.values()]),
            (ms("06:02"), [(CREW_STATUS, said(crew, "accepted", "06:02", first)) for crew in ("W1", "W2", "W3", "W4")]),
            (ms("06:03"), [(CREW_ACTIONS, assign)]),
            (ms("06:04"), [(CREW_ACTIONS, mode)]),
            (ms("06:05"), [(OUTAGE_INCIDENTS, late)]),
        ],
        DispatchStore(),
    )
    rows = await connection.fetch("SELECT job, crew, rank, reason, customers FROM dispatch_planned ORDER BY job, at_ms")
    assert {row["job"] for row in rows} >= {f"I-{number}" for number in range(6)}
    assert {"planned", "plannedLater"} <= {row["reason"] for row in rows}
    orders = await connection.fetch("SELECT incident, reason FROM dispatch_order WHERE incident = 'I-9'")
    assert [tuple(row) for row in orders] == []
    assert (await replay_shard(connection, stage, DispatchStore(), REGION, exercise=False))[1] == []


def test_a_planned_day_published_only_orders_and_plans() -> None:
    desk = planning("W1")
    desk.at("06:00").incident("I-1")
    desk.incident("I-2")
    desk.script.settle()
    kinds = [type(emission.event) for emission in desk.script.emitted]
    assert sorted(kind.__name__ for kind in kinds) == [OrderChanged.__name__, WorkPlanned.__name__]
