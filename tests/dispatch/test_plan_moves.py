from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.plan import WEIGHED, Search
from services.dispatch.plan_moves import TURN_CUSTOMERS, Decision, Policy, decide, policy_of
from services.dispatch.reasons import Reason
from services.dispatch.rules import Rules
from tests.dispatch.plane import Plane, any_plane

SEARCH = Search(moves=2000)
POLICY = Policy(search=SEARCH)
JUST_NOW, LONG_AGO = 0, 10 * 3600


def decided(
    plane: Plane, policy: Policy = POLICY, quiet_s: int = JUST_NOW, before: dict[str, tuple[str, ...]] | None = None
) -> Decision:
    return decide(plane.scene(), before or {}, policy, quiet_s)


def moves(plane: Plane, policy: Policy = POLICY, quiet_s: int = JUST_NOW) -> set[tuple[str, str | None, Reason]]:
    return {(move.crew, move.visit, move.reason) for move in decided(plane, policy, quiet_s).moves}


def held(found: set[tuple[str, str | None, Reason]], reason: Reason) -> list[str]:
    return sorted(crew for crew, visit, why in found if visit is None and why is reason)


def depot(works: int, *, lines: int = 4, services: int = 1, customers: int = 5) -> Plane:
    """Return a depot with crews of both kinds, and so much small work around it that everybody can do."""
    plane = Plane()
    for number in range(lines):
        plane.crew(f"L{number}")
    for number in range(services):
        plane.crew(f"S{number}", line=False)
    for number in range(works):
        plane.work(f"small-{number}", 1 + number, customers=customers)
    return plane


@pytest.mark.parametrize(("works", "storm"), [(7, False), (8, True)])
def test_a_storm_is_work_for_half_of_the_crews_and_for_eight_at_least(works: int, storm: bool) -> None:
    assert decided(depot(works)).storm is storm


def test_a_large_utility_has_no_storm_while_work_for_less_than_half_of_its_crews_is_on_hand() -> None:
    assert not decided(depot(11, lines=20, services=4)).storm
    assert decided(depot(12, lines=20, services=4)).storm


def test_in_a_storm_the_service_crew_of_a_depot_is_held_for_dangers_while_some_can_be_expected() -> None:
    assert held(moves(depot(8)), Reason.HELD_FOR_DANGERS) == ["S0"]
    assert held(moves(depot(8), quiet_s=POLICY.expected_s), Reason.HELD_FOR_DANGERS) == ["S0"]
    assert ("S0", None, Reason.HELD_FOR_DANGERS) not in moves(depot(8), quiet_s=POLICY.expected_s + 1)


def test_of_two_service_crews_one_is_held_and_the_other_works() -> None:
    found = moves(depot(8, services=2))
    assert held(found, Reason.HELD_FOR_DANGERS) == ["S0"]
    assert "S1" in {crew for crew, visit, _ in found if visit is not None}


def test_the_crew_that_is_held_goes_to_a_danger_and_the_others_to_work() -> None:
    found = moves(depot(8).danger("wire", 3), quiet_s=POLICY.spare_s + 1)
    assert ("S0", "wire", Reason.PLANNED) in found
    assert held(found, Reason.HELD_FOR_DANGERS) == []
    assert {crew for crew, visit, _ in found if visit is not None and visit != "wire"} == {"L0", "L1", "L2", "L3"}


@pytest.mark.parametrize(
    ("plane", "policy"),
    [
        (depot(7), POLICY),
        (depot(8, lines=1), POLICY),
        (depot(8), dataclasses.replace(POLICY, reserve=False)),
        (depot(8, services=0), POLICY),
    ],
    ids=["no storm", "too small a depot", "not asked for", "no service crew"],
)
def test_nobody_is_held_for_dangers(plane: Plane, policy: Policy) -> None:
    found = moves(plane, policy)
    assert held(found, Reason.HELD_FOR_DANGERS) == []
    assert {"S0"} & {crew for crew, visit, _ in found if visit is not None} == {"S0"} & {
        crew.id for crew in plane.scene().crews
    }


def test_in_a_storm_the_last_free_line_crew_is_spared_from_small_work_while_something_new_comes_in() -> None:
    found = moves(depot(8, services=0))
    assert len(held(found, Reason.HELD_FOR_LARGER)) == 1
    assert len([crew for crew, visit, _ in found if visit is not None]) == 3


def test_the_small_work_is_let_go_when_it_is_quiet() -> None:
    assert held(moves(depot(8, services=0), quiet_s=POLICY.spare_s), Reason.HELD_FOR_LARGER) != []
    found = moves(depot(8, services=0), quiet_s=POLICY.spare_s + 1)
    assert held(found, Reason.HELD_FOR_LARGER) == []
    assert len(found) == 4


def test_small_work_is_held_back_only_in_a_storm() -> None:
    assert len([visit for _, visit, _ in moves(depot(7, services=0)) if visit is not None]) == 4


def test_work_that_is_not_small_and_dangers_are_not_held_back() -> None:
    assert held(moves(depot(8, services=0, customers=POLICY.small)), Reason.HELD_FOR_LARGER) == []
    found = moves(depot(8, services=0).danger("wire", 2))
    assert "wire" in {visit for _, visit, _ in found}


def test_of_several_the_smallest_work_is_held_back() -> None:
    plane = depot(7, services=0)
    plane.work("large", 20, customers=500)
    found = moves(plane)
    assert "large" in {visit for _, visit, _ in found}
    assert len(held(found, Reason.HELD_FOR_LARGER)) == 1


def under_way() -> Plane:
    return Plane().crew("A", 0, doing="small").work("small", 30, customers=10)


def test_a_crew_under_way_is_diverted_where_that_brings_more_people_back_sooner() -> None:
    assert moves(under_way()) == set()
    assert moves(under_way().work("large", 5, customers=400)) == {("A", "large", Reason.DIVERTED)}


@pytest.mark.parametrize("minutes", [1, 5])
def test_what_a_turn_must_gain_is_a_rule_of_the_region(minutes: int) -> None:
    def found(waiting: int) -> set[tuple[str, str | None, Reason]]:
        plane = Plane().crew("A", 0, doing="first").work("first", 20, customers=10)
        return moves(plane.work("more", 20, customers=waiting), policy_of(Rules(divert_gain_min=minutes)))

    needed = 10 + minutes * TURN_CUSTOMERS // 40
    assert found(needed + 1) == {("A", "more", Reason.DIVERTED)}, "so many more are back forty minutes sooner"
    assert found(needed) == set()


@pytest.mark.parametrize(("price_s", "found"), [(2_399, {("A", "more", Reason.DIVERTED)}), (2_401, set())])
def test_it_is_not_diverted_where_the_plan_gains_less_than_the_price_of_a_turn(
    price_s: int, found: set[tuple[str, str, Reason]]
) -> None:
    plane = Plane().crew("A", 0, doing="first").work("first", 20, customers=10).work("more", 20, customers=11)
    policy = Policy(search=dataclasses.replace(SEARCH, turn=WEIGHED * price_s))
    assert moves(plane, policy) == found, "by turning one customer is back forty minutes sooner: 2,400 customer-seconds"


@pytest.mark.parametrize(
    ("price_s", "found"),
    [(25_739, {("B", "work", Reason.PLANNED), ("A", None, Reason.TAKEN_BY_ANOTHER)}), (25_741, set())],
)
def test_an_order_is_taken_back_only_where_the_plan_gains_more_than_the_price_of_a_turn(
    price_s: int, found: set[tuple[str, str | None, Reason]]
) -> None:
    plane = Plane().crew("A", 0, doing="work").crew("B", 41).work("work", 40, customers=10)
    policy = Policy(search=dataclasses.replace(SEARCH, turn=WEIGHED * price_s))
    assert moves(plane, policy) == found, (
        "ten customers, and the work as one more, 39 minutes sooner: 25,740 customer-seconds"
    )


def test_two_crews_that_exchange_their_work_pay_the_price_twice() -> None:
    plane = Plane().crew("A", 0, doing="east").crew("B", 30, doing="west")
    plane.work("west", 10, customers=10).work("east", 20, customers=10)
    gains_s = 2 * 11 * 10 * 60
    for price_s, turned in ((gains_s // 2 - 100, {"A", "B"}), (gains_s // 2 + 100, set())):
        policy = Policy(search=dataclasses.replace(SEARCH, turn=WEIGHED * price_s))
        assert {crew for crew, _, _ in moves(plane, policy)} == turned


def test_the_price_of_a_turn_does_not_keep_a_crew_from_a_danger() -> None:
    policy = policy_of(Rules(divert_gain_min=30))
    assert moves(under_way().danger("wire", 2), policy) == {("A", "wire", Reason.DIVERTED)}


def test_where_only_time_has_passed_the_plan_stands() -> None:
    first = Plane().crew("A", 0).work("near", 5, customers=300).work("far", 40, customers=300)
    basis = decided(first).basis
    later = Plane().crew("A", 38).work("near", 5, customers=300).work("far", 40, customers=300)
    before = {"A": ("near", "far")}
    assert decide(later.scene(), before, POLICY, JUST_NOW, basis).plan.routes == before
    assert decide(later.scene(), before, POLICY, JUST_NOW, basis + 1).plan.routes == {"A": ("far", "near")}
    known = later.work("new", 60, customers=1)
    assert decide(known.scene(), before, POLICY, JUST_NOW, basis).plan.routes["A"] == ("far", "near", "new")


def test_what_a_plan_is_made_from_is_neither_the_time_nor_where_the_plan_itself_sends_crews() -> None:
    basis = decided(Plane().crew("A", 0).work("one", 5).danger("wire", 9)).basis
    assert decided(Plane().crew("A", 3, doing="one").work("one", 5, takes=30).danger("wire", 9, due=20)).basis == basis
    others = (
        Plane().crew("A", 0, doing="one", pinned=True).work("one", 5).danger("wire", 9),
        Plane().crew("A", 0).work("one", 5, customers=11).danger("wire", 9),
        Plane().crew("A", 0).work("one", 5).danger("wire", 9).cannot("A", "one"),
        Plane().crew("A", 0, on_site=True).work("one", 5, crew="A", left=3).danger("wire", 9),
        Plane().crew("A", 0).crew("B", 0).work("one", 5).danger("wire", 9),
        Plane().crew("A", 0).work("one", 5).danger("wire", 9).danger("wire-2", 9),
    )
    assert basis not in {decided(other).basis for other in others}


def test_a_crew_under_way_is_diverted_to_a_danger() -> None:
    assert moves(under_way().danger("wire", 2)) == {("A", "wire", Reason.DIVERTED)}


def test_an_order_is_taken_back_when_another_crew_is_there_much_sooner() -> None:
    plane = Plane().crew("A", 0, doing="work").crew("B", 41).work("work", 40, customers=50)
    assert moves(plane) == {("B", "work", Reason.PLANNED), ("A", None, Reason.TAKEN_BY_ANOTHER)}


def test_a_pinned_order_is_not_taken_back_and_its_crew_not_diverted() -> None:
    plane = Plane().crew("A", 0, doing="work", pinned=True).crew("B", 41).work("work", 40).danger("wire", 1)
    assert moves(plane.cannot("B", "wire")) == set()


def test_nobody_is_sent_to_work_that_is_only_foreseen() -> None:
    plane = Plane().crew("A", 0).crew("B", 1).danger("wire", 2).work("after", 2, first="wire", open=False)
    found = {(visit, reason) for _, visit, reason in moves(plane)}
    assert found == {("wire", Reason.PLANNED)}


def test_a_crew_that_cannot_be_used_is_not_spoken_of() -> None:
    assert moves(Plane().crew("A", 0).work("one", 1).cannot("A", "one")) == set()


@given(
    st.builds(any_plane, st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 12), st.integers(0, 3)),
    st.sampled_from([JUST_NOW, 1500, LONG_AGO]),
)
@settings(deadline=None, max_examples=100)
def test_nobody_on_site_and_no_pin_is_ever_moved_and_no_two_crews_are_sent_to_one_piece_of_work(
    plane: Plane, quiet_s: int
) -> None:
    scene = plane.scene()
    found = decided(plane, quiet_s=quiet_s)
    crews = {crew.id: crew for crew in scene.crews}
    assert len({move.crew for move in found.moves}) == len(found.moves)
    sent = [move.visit for move in found.moves if move.visit is not None]
    turned = {crews[move.crew].doing for move in found.moves}
    stays = {crew.doing for crew in scene.crews if crew.doing is not None} - turned
    assert len(sent) == len(set(sent))
    assert not stays & set(sent), "to where somebody still drives nobody else is sent"
    columns = {visit.id: number for number, visit in enumerate(scene.visits)}
    rows = {crew.id: number for number, crew in enumerate(scene.crews)}
    for move in found.moves:
        crew = crews[move.crew]
        assert not crew.on_site
        assert not crew.pinned
        if move.visit is not None:
            assert move.visit != crew.doing
            assert scene.can[rows[crew.id], columns[move.visit]]
            assert scene.visits[columns[move.visit]].crew is None
            assert (move.reason is Reason.DIVERTED) == (crew.doing is not None)
        elif crew.doing is not None:
            assert move.reason is Reason.TAKEN_BY_ANOTHER
            assert any(crew.doing in route for route in found.plan.routes.values())
        else:
            assert found.storm
