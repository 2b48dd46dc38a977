"""Crews on the road: where their terminals say that they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import OrderState
from services.drill import crews
from services.drill.crews import Step, Task
from services.drill.driving import EVERY_MS, begun
from services.drill.stage import WorldStage
from services.network import Place, distance_m
from tests.drill.world_script import BASES, FU1, FU2, World, fault
from tests.stage_script import ms


def at_of(world: World, order: str, status: str) -> int:
    return next(at for state, _, at in world.crew_said(order) if state == status)


def test_a_crew_under_way_says_at_every_full_minute_where_it_is_and_comes_nearer() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:10").order("O1", "C2", FU1).at("20:30")
    left, arrived = at_of(world, "O1", "enroute"), at_of(world, "O1", "arrived")
    way, goal = world.way("O1"), world.network.device(FU1).place
    first = (left // EVERY_MS + 1) * EVERY_MS
    assert [at for at, _ in way] == list(range(first, arrived, EVERY_MS))
    assert len(way) > 3
    left_m = [distance_m(Place(place.lon, place.lat), goal) for _, place in way]
    assert left_m == sorted(left_m, reverse=True)
    whole = distance_m(BASES["C2"], goal)
    for at, metres in zip((at for at, _ in way), left_m, strict=True):
        assert metres == pytest.approx(whole * (arrived - at) / (arrived - left), abs=whole / 500)


def test_a_crew_that_is_called_back_says_no_more_and_sets_out_again_from_where_it_was() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:10").order("O1", "C2", FU1).at("18:15:30")
    world.order("O1", "C2", FU1, OrderState.REVOKED).at("18:20").order("O2", "C2", FU2).at("20:30")
    last_at, last = world.way("O1")[-1]
    assert last_at == ms("18:15")
    drive = at_of(world, "O2", "arrived") - at_of(world, "O2", "enroute")
    here, goal = Place(last.lon, last.lat), world.network.device(FU2).place
    assert drive == crews.drive_ms(here, goal)
    assert drive != crews.drive_ms(BASES["C2"], goal)


def test_where_roads_are_known_a_crew_is_under_way_as_long_as_they_say() -> None:
    world = World(fault("F1", FU1, "18:05"))
    there = world.network.device(FU1).place

    def by_road(start: Place, end: Place) -> int:
        assert (start, end) == (BASES["C2"], there)
        return 33 * 60_000

    world.stage = WorldStage(world.network, world.stage._scenario, 1, by_road)
    world.script.stage = world.stage
    world.at("18:10").order("O1", "C2", FU1).at("20:30")
    assert at_of(world, "O1", "arrived") - at_of(world, "O1", "enroute") == 33 * 60_000


def test_crews_under_way_at_once_speak_at_the_same_moments() -> None:
    world = World(fault("F1", FU1, "18:05"), fault("F2", FU2, "18:05")).at("18:10")
    world.order("O1", "C1", FU1).order("O2", "C2", FU2).at("21:00")
    assert {at % EVERY_MS for order in ("O1", "O2") for at, _ in world.way(order)} == {0}


def test_a_visiting_crew_is_left_to_whoever_plays_it() -> None:
    world = World(fault("F1", FU1, "18:05")).at("18:10").order("O1", "visit.R1.HILLS-1", FU1).at("20:30")
    assert world.mended() == []
    assert world.crew_said("O1") == []
    assert world.script.why("task", "O1") == [("passed", "playedByHand")]


@given(st.integers(0, 10**10), st.integers(1, 10**7))
def test_no_position_is_said_before_a_crew_leaves_or_after_it_has_arrived(left_at: int, takes: int) -> None:
    task = Task(id="O", crew="C", lon=11.3, lat=53.2, step=Step.ENROUTE, next_at=None)
    drive = begun(task, BASES["C1"], left_at, left_at + takes)
    times = []
    while drive is not None:
        times.append(drive.next_at)
        place = drive.place_at(drive.next_at)
        assert 11.0 <= place.lon <= 11.3
        drive = drive.later()
    assert times == list(range((left_at // EVERY_MS + 1) * EVERY_MS, left_at + takes, EVERY_MS))
