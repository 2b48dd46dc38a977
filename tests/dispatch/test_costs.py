from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from schemas.events import CrewAssigned
from services.clock import from_ms
from services.dispatch.costs import Cost, costs
from services.dispatch.eligibility import SAFETY
from services.dispatch.entities import ACTIVE, Duty, Job, Order
from services.dispatch.roster import REGION
from services.dispatch.rules import DEFAULTS
from services.dispatch.showing_costs import NoSuchWork, WorkIsOver, assignment_costs
from services.dispatch.stage import DispatchStage
from services.engine import clock
from services.engine.turn import Fact, Turn
from tests.dispatch.desk import Desk, crew_of, daily
from tests.dispatch.test_audit import FIRST, morning
from tests.dispatch.test_dispatch_properties import Tick, days, played, roster_of
from tests.stage_script import StageScript, ms

if TYPE_CHECKING:
    from services.engine.taking import Connection


def costs_of(script: StageScript, job: Job) -> list[Cost]:
    duties = {duty.id: duty for duty in script.entities["crew"].values() if isinstance(duty, Duty)}
    orders = [order for order in script.entities["order"].values() if isinstance(order, Order)]
    return costs(job, roster_of(script), REGION, duties, orders, {}, script.now)


def refusals(script: StageScript, job: Job, crew: str) -> list[str]:
    """Return the reasons with which the stage refuses to send this crew now; nothing of it is kept."""
    act = CrewAssigned(
        id="try", at=from_ms(script.now), region=REGION, crew=crew, by="ann", incident=job.incident, hazard=job.hazard
    )
    turn = Turn(shard=REGION, now=script.now, facts=[Fact(script.now, "try", act)], entities=script.entities)
    script.stage.decide(turn)
    return [str(each.reason) for each in turn.outcome.journal if each.to == "refused" and "try" in each.facts]


@given(days())
@settings(deadline=None, max_examples=150)
def test_what_is_forbidden_is_exactly_what_the_stage_refuses(ticks: list[Tick]) -> None:
    script = played(ticks)
    for job in list(script.entities["job"].values()):
        assert isinstance(job, Job)
        if job.state == "over" or job.assists is not None:
            continue
        found = costs_of(script, job)
        assert sorted(cost.crew for cost in found) == sorted(roster_of(script).crews)
        assert [cost.forbidden is not None for cost in found] == sorted(cost.forbidden is not None for cost in found)
        for cost in found:
            assert refusals(script, job, cost.crew) == ([] if cost.forbidden is None else [cost.forbidden])
            assert SAFETY.isdisjoint(cost.obstacles)
            assert cost.later_than_best_min >= 0


def test_the_quickest_that_meets_no_obstacle_stands_first() -> None:
    desk = Desk(crew_of("E1"), crew_of("W1"), crew_of("W2", shifts=daily("20:00", "23:00")), crew_of("W3", "service"))
    desk.at("06:00").hold("none")
    desk.incident("I-1")
    desk.hold("I-1")
    desk.script.settle()
    found = costs_of_desk(desk, "I-1")
    assert [(cost.crew, cost.forbidden, cost.obstacles) for cost in found] == [
        ("W1", None, []),
        ("E1", None, []),
        ("W2", None, ["offShift"]),
        ("W3", "skillMissing", []),
    ]
    assert [cost.nearest_depot for cost in found] == [True, False, True, True]
    best, far = found[0], found[1]
    assert (best.road_km, best.drive_min, best.later_than_best_min) == (4.8, 7, 0)
    assert (far.road_km, far.drive_min, far.later_than_best_min) == (33.9, 46, 39)
    assert best.hours_left_after_ms == DEFAULTS.most_on_duty_ms - (best.arrival_ms - ms("06:00")) - 40 * 60_000


def test_a_crew_that_is_busy_tells_what_it_would_leave_and_the_one_that_goes_already_leaves_nothing() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.crew("W1", "accepted")
    desk.at("06:01").incident("I-2")
    desk.script.settle()
    found = {cost.crew: cost for cost in costs_of_desk(desk, "I-2", {"I-1": 17})}
    leaves = found["W1"].leaves
    assert leaves is not None
    assert (found["W1"].forbidden, leaves.incident, leaves.customers, leaves.state) == ("busy", "I-1", 17, "accepted")
    assert (found["E1"].forbidden, found["E1"].leaves) == (None, None)


def costs_of_desk(desk: Desk, job: str, waiting: dict[str, int] | None = None) -> list[Cost]:
    entities = desk.script.entities
    duties = {duty.id: duty for duty in entities["crew"].values() if isinstance(duty, Duty)}
    orders = [order for order in entities["order"].values() if isinstance(order, Order) and order.state in ACTIVE]
    stage = desk.script.stage
    assert isinstance(stage, DispatchStage)
    return costs(desk.job(job), stage._roster, REGION, duties, orders, waiting or {}, desk.script.now)


async def test_costs_are_read_as_the_stage_stands(connection: Connection) -> None:
    await morning(connection)
    await clock.set_lockstep(connection, now_ms=ms("06:10"))
    found = {cost.crew: cost for cost in await assignment_costs(connection, incident="I-3")}
    assert sorted(found) == ["E1", "W1", "W2", "W3", "W4"]
    assert (found["W4"].forbidden, found["W1"].forbidden) == ("offDuty", "busy")
    leaves = found["W1"].leaves
    assert leaves is not None
    assert (leaves.order, leaves.state) == (FIRST, "arrived")
    with pytest.raises(NoSuchWork):
        await assignment_costs(connection, incident="I-99")
    with pytest.raises(WorkIsOver):
        await assignment_costs(connection, hazard="H-1")
