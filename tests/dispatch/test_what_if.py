"""What a change would come to: more freedom is never a loss, less is never a gain, and nothing that is decided moves."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import DispatchMode, Place
from services.dispatch.entities import ACTIVE, Duty, Job, Order
from services.dispatch.plan_scene import Region
from services.dispatch.planned import Planned
from services.dispatch.roster import REGION
from services.dispatch.rules import RulesSaid, standing_rules
from services.dispatch.what_if import Change, Comparison, NoSuchChange, Trial, what_if
from tests.dispatch.desk import MIDDLE, NEAR_EAST, NEAR_WEST, Desk, crew_of, roster

MOVES = 2_000
CREWS = ("W1", "W2", "E1")


def region_of(desk: Desk, *crews: str) -> tuple[Region, dict[str, tuple[str, ...]]]:
    """Return the state of the desk's region as it stands, and the routes of its plan."""
    desk.script.settle()
    kept = desk.script.entities
    said = kept["rules"][REGION]
    assert isinstance(said, RulesSaid)
    plan = kept["plan"].get(REGION)
    jobs = [job for job in kept["job"].values() if isinstance(job, Job) and job.state in {"waiting", "ordered"}]
    orders = {o.id: o for o in kept["order"].values() if isinstance(o, Order) and o.state in ACTIVE}
    duties = {each.id: each for each in kept["crew"].values() if isinstance(each, Duty)}
    jobs.sort(key=lambda job: job.id)
    state = Region(roster(*crews), REGION, standing_rules(said), jobs, orders, duties, desk.script.now)
    return state, dict(plan.routes) if isinstance(plan, Planned) else {}


def storm(*crews: str) -> Desk:
    """Return a desk at which each crew has work and three more outages wait."""
    desk = Desk(*crews, mode=DispatchMode.PLAN)
    desk.at("06:00")
    for number, place in enumerate((NEAR_WEST, NEAR_WEST, NEAR_EAST), 1):
        desk.incident(f"I-{number}", place=place, customers_out=200 * number)
    desk.at("06:01")
    for crew in crews:
        desk.crew(crew, "accepted", "enroute", "arrived")
    desk.at("06:02")
    desk.incident("large", place=MIDDLE, customers_out=900)
    desk.incident("middle", place=NEAR_WEST, customers_out=90)
    desk.incident("small", place=NEAR_EAST, customers_out=9)
    desk.script.settle()
    return desk


def tried(desk: Desk, change: Change, crews: tuple[str, ...] = CREWS) -> Comparison:
    return what_if(*region_of(desk, *crews), change, MOVES)


def test_two_more_crews_bring_people_back_sooner() -> None:
    compared = tried(storm(*CREWS), Change(kind="crews", depot="west", crews=2))
    assert (compared.before.crews, compared.after.crews) == (3, 5)
    assert compared.after.customer_minutes < compared.before.customer_minutes
    assert {turned.crew for turned in compared.orders} >= {"+1", "+2"}
    assert any(each.minutes < 0 for each in compared.shifted)


def test_a_closed_depot_costs_what_its_crews_would_have_done() -> None:
    compared = tried(storm(*CREWS), Change(kind="depotClosed", depot="west"))
    assert compared.after.customer_minutes > compared.before.customer_minutes
    assert all(each.minutes > 0 for each in compared.shifted if each.goal.job == "large")


def test_a_small_outage_put_first_is_back_sooner_and_the_others_pay_for_it() -> None:
    compared = tried(storm("W1"), Change(kind="first", incident="small"), ("W1",))
    [small] = [each for each in compared.shifted if each.goal.job == "small"]
    assert small.minutes < 0
    assert compared.after.customer_minutes > compared.before.customer_minutes


def test_what_an_override_costs_is_the_same_however_often_it_is_asked_and_no_other_changes_it() -> None:
    state, routes = region_of(storm(*CREWS), *CREWS)
    trial = Trial(state, routes, MOVES)
    change = Change(kind="assign", crew="E1", incident="small")
    once = trial.cost(change)
    trial.cost(Change(kind="assign", crew="W1", incident="small"))
    assert trial.cost(change) == once == Trial(state, routes, MOVES).cost(change)
    assert once > 0, "a crew is pulled off the site of 600 customers for nine"


def test_to_send_the_crew_that_the_plan_sends_costs_nothing() -> None:
    desk = Desk("W1", mode=DispatchMode.PLAN)
    desk.at("06:00").incident("I-1", customers_out=40)
    assert tried(desk, Change(kind="assign", crew="W1", incident="I-1"), ("W1",)).orders == []
    assert Trial(*region_of(desk, "W1"), MOVES).cost(Change(kind="assign", crew="W1", incident="I-1")) == 0


def test_work_that_is_held_counts_until_the_end_of_the_time_looked_at() -> None:
    compared = tried(storm(*CREWS), Change(kind="hold", incident="large"))
    assert compared.after.customers_without_crew - compared.before.customers_without_crew == 900
    assert compared.after.customer_minutes > compared.before.customer_minutes


def test_a_pair_that_is_forbidden_never_meets() -> None:
    desk = storm(*CREWS)
    state, routes = region_of(desk, *CREWS)
    goer = next(crew for crew, route in routes.items() if "large" in route)
    compared = what_if(state, routes, Change(kind="forbid", crew=goer, incident="large"), MOVES)
    assert compared.after.customer_minutes >= compared.before.customer_minutes
    assert compared.after.customers_without_crew == 0


def test_a_second_crew_costs_what_it_would_have_done_elsewhere() -> None:
    compared = tried(storm(*CREWS), Change(kind="secondCrew", incident="I-3"))
    assert compared.after.customer_minutes >= compared.before.customer_minutes


def test_a_crew_on_its_break_can_be_tried_too() -> None:
    desk = Desk("W1", "E1", mode=DispatchMode.PLAN)
    desk.at("05:59").crew("E1", "onBreak")
    desk.at("06:00").incident("I-1", customers_out=40, place=NEAR_EAST)
    compared = tried(desk, Change(kind="assign", crew="E1", incident="I-1"), ("W1", "E1"))
    assert compared.after.customer_minutes <= compared.before.customer_minutes


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Change(kind="crews", depot="north"), "unknownDepot"),
        (Change(kind="depotClosed"), "unknownDepot"),
        (Change(kind="first", incident="I-9"), "unknownWork"),
        (Change(kind="hold"), "unknownWork"),
        (Change(kind="assign", crew="X9", incident="large"), "unknownCrew"),
        (Change(kind="forbid", incident="large"), "unknownCrew"),
    ],
)
def test_a_change_of_what_is_not_there_is_refused(change: Change, code: str) -> None:
    with pytest.raises(NoSuchChange, match=code):
        tried(storm(*CREWS), change)


def test_nothing_of_the_region_is_touched_by_a_trial() -> None:
    state, routes = region_of(storm(*CREWS), *CREWS)
    before = msgspec.json.encode([state.jobs, list(state.orders.values()), list(state.duties.values()), routes])
    for change in (Change(kind="crews", depot="east"), Change(kind="assign", crew="W2", incident="large")):
        what_if(state, routes, change, MOVES)
    assert before == msgspec.json.encode([state.jobs, list(state.orders.values()), list(state.duties.values()), routes])


PLACES = st.builds(Place, st.sampled_from([11.02, 11.1, 11.2, 11.3, 11.38]), st.sampled_from([47.95, 48.0, 48.05]))


@given(
    work=st.lists(st.tuples(PLACES, st.integers(1, 900)), min_size=1, max_size=9),
    busy=st.booleans(),
    change=st.sampled_from(
        [
            Change(kind="crews", depot="west", crews=1),
            Change(kind="crews", depot="east", crews=3, skills=["service"]),
            Change(kind="depotClosed", depot="west"),
            Change(kind="depotClosed", depot="east"),
            Change(kind="hold", incident="I-0"),
            Change(kind="forbid", crew="W2", incident="I-0"),
            Change(kind="secondCrew", incident="I-0"),
            Change(kind="first", incident="I-0"),
        ]
    ),
)
@settings(deadline=None, max_examples=60)
def test_more_freedom_is_never_a_loss_and_less_is_never_a_gain(
    work: list[tuple[Place, int]], busy: bool, change: Change
) -> None:
    desk = Desk(*CREWS, crew_of("W9", "service"), mode=DispatchMode.PLAN)
    desk.at("06:00")
    for number, (place, customers) in enumerate(work):
        desk.incident(f"I-{number}", place=place, customers_out=customers)
    if busy:
        desk.at("06:02").crew("W1", "accepted")
        if desk.order_of("W1") is not None:
            desk.crew("W1", "arrived")
    state, routes = region_of(desk, *CREWS)
    compared = what_if(state, routes, change, 500)
    gain = (compared.before.hazards_late, compared.before.customer_minutes) >= (
        compared.after.hazards_late,
        compared.after.customer_minutes,
    )
    same = compared.before.customer_minutes == compared.after.customer_minutes
    assert same or gain == (change.kind == "crews")


def test_customers_who_are_fed_another_way_count_only_until_a_crew_is_there_to_switch() -> None:
    desk = Desk("W1", mode=DispatchMode.PLAN)
    desk.at("06:00").incident("I-1", customers_out=100, device_class="breaker", switchable=0)
    alone = tried(desk, Change(kind="secondCrew", incident="I-1"), ("W1",)).before
    other = Desk("W1", mode=DispatchMode.PLAN)
    other.at("06:00").incident("I-1", customers_out=100, device_class="breaker", switchable=60)
    switched = tried(other, Change(kind="secondCrew", incident="I-1"), ("W1",)).before
    assert 100 / 40 > alone.customer_minutes / switched.customer_minutes > 1
