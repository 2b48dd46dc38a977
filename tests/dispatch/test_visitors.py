from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schemas.events import CrewAssigned, CrewLeft, CrewReported, CrewState, CrewVisiting, Place
from schemas.topics import CREW_ACTIONS
from services.dispatch.audit import RULES
from services.dispatch.roster import Crew, Depot, Roster
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore, read_roster
from services.dispatch.visitors import visited_region
from services.engine.replaying import replay_shard
from services.engine.turn import Unplaced
from tests.dispatch.desk import EAST, GUEST, MIDDLE, NEAR_EAST, NEAR_WEST, WEST, Desk, crew_of, go_on
from tests.dispatch.test_audit import morning
from tests.stage_script import moment, ms, violations

if TYPE_CHECKING:
    from services.engine.taking import Connection


def test_a_visiting_crew_is_sent_like_one_of_the_regions_own() -> None:
    desk = Desk("E1")
    desk.at("06:00").visit()
    desk.at("06:01").incident("I-1", place=NEAR_WEST)
    desk.expect_orders("I-1", (GUEST, "sent", "nearestDepot"))
    desk.crew(GUEST, "accepted", "enroute", "arrived", "done", found="FUSE-1")
    assert desk.duty(GUEST) == "available"
    assert desk.why("visitor", GUEST) == [("visiting", "visiting")]


def test_it_starts_from_the_depot_that_was_named() -> None:
    desk = Desk("W1")
    desk.at("06:00").visit(depot="east", place=None)
    desk.at("06:01").incident("I-1", place=NEAR_EAST)
    desk.expect_orders("I-1", (GUEST, "sent", "nearestDepot"))


def test_without_a_guide_no_rule_sends_it_yet_a_dispatcher_may() -> None:
    desk = Desk()
    desk.at("06:00").visit(guide=None)
    desk.at("06:01").incident("I-1")
    desk.expect_orders("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "noGuide")
    desk.at("06:02").assign(GUEST, "I-1")
    desk.expect_orders("I-1", (GUEST, "sent", "dispatcherAssigned"))


def test_a_guide_who_comes_later_lets_the_crew_go() -> None:
    desk = Desk()
    desk.at("06:00").visit(guide=None)
    desk.at("06:01").incident("I-1")
    desk.at("06:05").visit(guide="W7")
    desk.expect_orders("I-1", (GUEST, "sent", "nearestDepot"))


def test_when_it_leaves_another_one_is_sent_and_its_words_are_noted_no_more() -> None:
    desk = Desk("E1")
    desk.at("06:00").visit()
    desk.at("06:01").incident("I-1")
    desk.crew(GUEST, "accepted", "enroute", "arrived")
    order = desk.order_of(GUEST)
    desk.at("06:40").leave()
    desk.expect_orders("I-1", (GUEST, "handedOver", "visitorLeft"), ("E1", "sent", "nearestDepot"))
    desk.at("06:41").crew(GUEST, "done", order=order)
    assert desk.why("crew", GUEST)[-1] == ("refused", "unknownCrew")
    assert desk.orders("I-1")[0].state == "handedOver"


def test_what_it_said_in_the_tick_in_which_it_leaves_still_counts() -> None:
    desk = Desk("E1")
    desk.at("06:00").visit()
    desk.at("06:01").incident("I-1")
    desk.crew(GUEST, "accepted", "enroute", "arrived")
    desk.at("06:40").leave()
    desk.script.turn_round()
    desk.hear(
        CrewReported(
            id="last word",
            at=moment("06:41"),
            crew=GUEST,
            status=CrewState.DONE,
            order=desk.script.entities["crew"][GUEST].order,  # type: ignore[attr-defined]  # its duty
            found="FUSE-1",
        )
    )
    desk.expect_orders("I-1", (GUEST, "done", "crewReported"))


def test_it_goes_by_itself_when_its_time_is_over_and_its_order_goes_to_another() -> None:
    desk = Desk("E1")
    desk.at("06:00").visit(until=moment("06:30"))
    desk.at("06:10").incident("I-1")
    desk.crew(GUEST, "accepted")
    desk.at("06:31")
    desk.expect_orders("I-1", (GUEST, "revoked", "visitOver"), ("E1", "sent", "nearestDepot"))
    desk.at("06:40").visit(until=moment("06:30"))
    assert desk.why("visitor", GUEST)[-2:] == [("left", "visitOver"), ("refused", "visitOver")]


def test_one_that_comes_again_keeps_its_hours() -> None:
    desk = Desk()
    desk.at("06:00").visit()
    desk.at("06:01").incident("I-1")
    desk.crew(GUEST, "accepted", "enroute", "arrived", "done", found="FUSE-1")
    desk.at("06:05").incident("I-1", "restored")
    desk.at("12:00").leave()
    desk.at("13:00").visit()
    desk.at("13:01").incident("I-2")
    first, second = desk.orders()
    assert (first.job, second.job) == ("I-1", "I-2")
    assert second.on_duty_since == first.on_duty_since


def test_its_kit_makes_nobody_lack_it() -> None:
    desk = Desk(crew_of("W1"))
    desk.at("06:00").visit(place=EAST, kit=["bucket-truck"], certificates=["HV-switching"])
    desk.at("06:01").incident("I-1", place=NEAR_WEST)
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"crew": "W1"}, "notAVisitor"),
        ({"crew": "visit.R9.HILLS"}, "notAVisitor"),
        ({"crew": "visit.R1."}, "notAVisitor"),
        ({"place": None}, "noBase"),
        ({"depot": "nowhere", "place": None}, "noBase"),
    ],
)
def test_what_is_no_visiting_crew_is_refused_with_a_reason(given: dict[str, Any], reason: str) -> None:
    desk = Desk("W1")
    desk.at("06:00").visit(**given)
    crew = given.get("crew") or GUEST
    assert desk.why("visitor", crew) == [("refused", reason)]
    desk.leave("visit.R1.NOBODY")
    assert desk.why("visitor", "visit.R1.NOBODY") == [("refused", "notAVisitor")]


def test_a_name_says_its_region_and_of_regions_that_begin_alike_the_longest_is_meant() -> None:
    regions = ("R1", "R1.north", "R2")
    assert visited_region("visit.R1.HILLS-1", regions) == "R1"
    assert visited_region("visit.R1.north.HILLS-1", regions) == "R1.north"
    assert visited_region("visit.R1.northern", regions) == "R1"
    assert visited_region("visit.R3.HILLS-1", regions) is None
    assert visited_region("R1.HILLS-1", regions) is None


def test_reports_are_placed_by_the_name_and_an_own_crew_goes_before() -> None:
    own = Roster(
        [Depot("west", WEST, "R1"), Depot("east", EAST, "R2")], [Crew("visit.R1.OURS", "east"), Crew("W1", "west")]
    )
    stage = DispatchStage(own)

    def placed(crew: str) -> str:
        return stage.shard_of(CrewReported(id="x", at=moment("06:00"), crew=crew, status=CrewState.AVAILABLE))

    assert (placed("visit.R1.HILLS"), placed("visit.R2.HILLS"), placed("visit.R1.OURS")) == ("R1", "R2", "R2")
    with pytest.raises(Unplaced):
        placed("visit.R3.HILLS")


def test_a_late_word_of_where_it_was_does_not_move_a_crew_back() -> None:
    desk = Desk("W1")
    desk.at("06:10")
    desk.hear(_where("new", "06:09", MIDDLE))
    desk.at("06:11")
    desk.hear(_where("old", "06:02", NEAR_EAST))
    desk.at("06:12").incident("I-1")
    duty = desk.script.entities["crew"]["W1"]
    assert (duty.place, duty.place_at) == (MIDDLE, _where("new", "06:09", MIDDLE).at.timestamp() * 1000)  # type: ignore[attr-defined]


def _where(name: str, at: str, place: Place) -> CrewReported:
    return CrewReported(id=name, at=moment(at), crew="W1", status=CrewState.POSITION, place=place)


def test_a_position_is_kept_without_an_entry_in_the_journal() -> None:
    desk = Desk("W1")
    desk.at("06:00").hear(_where("here", "06:00", MIDDLE))
    desk.script.settle()
    assert desk.script.journal == []
    assert desk.script.entities["crew"]["W1"].place == MIDDLE  # type: ignore[attr-defined]


async def visited(connection: Connection) -> None:
    """A morning, then a crew of another utility that comes without a guide, is sent by a dispatcher, gets a guide, and leaves."""
    await morning(connection)
    stage = DispatchStage(await read_roster(connection))
    visit: dict[str, Any] = {"region": "R1", "crew": GUEST, "by": "ann", "skills": ["line"], "place": NEAR_WEST}
    send = CrewAssigned(id="send", at=moment("06:21"), region="R1", crew=GUEST, incident="I-3", by="ann")
    await go_on(
        connection,
        stage,
        [
            (ms("06:20"), [(CREW_ACTIONS, CrewVisiting(id="come", at=moment("06:20"), **visit))]),
            (ms("06:21"), [(CREW_ACTIONS, send)]),
            (ms("06:23"), [(CREW_ACTIONS, CrewVisiting(id="guided", at=moment("06:23"), guide="W2", **visit))]),
            (ms("06:24"), [(CREW_ACTIONS, CrewLeft(id="left", at=moment("06:24"), region="R1", crew=GUEST, by="ann"))]),
        ],
    )


async def test_the_audit_knows_visiting_crews_and_a_replay_decides_the_same(connection: Connection) -> None:
    await visited(connection)
    assert await connection.fetchval("SELECT state FROM crew_order WHERE crew = $1", GUEST) == "revoked"
    assert await violations(connection, RULES) == {}
    stage = DispatchStage(await read_roster(connection))
    assert (await replay_shard(connection, stage, DispatchStore(), "R1", exercise=False))[1] == []
    assert GUEST not in [row["crew"] for row in await connection.fetch("SELECT crew FROM crew_duty")]


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("DELETE FROM journal WHERE subject = 'visit.R1.HILLS-1' AND became = 'visiting'", "visitorsAreHere"),
        (
            "UPDATE journal SET tick = 1 WHERE became = 'left'; UPDATE inbox SET decided = 1 WHERE id = 'come'",
            "visitorsAreHere",
        ),
        (
            "UPDATE journal SET reason = 'nearestDepot' WHERE became = 'sent' AND reason = 'dispatcherAssigned'",
            "visitorsGuided",
        ),
        ("UPDATE dispatch_order SET skills = '{diving}' WHERE crew = 'visit.R1.HILLS-1'", "skillsKept"),
    ],
)
async def test_damage_to_the_record_of_a_visit_is_found(connection: Connection, damage: str, rule: str) -> None:
    await visited(connection)
    await connection.execute(damage)
    assert any(GUEST in row for row in (await violations(connection, RULES))[rule])
