"""What is near: in metres on the ground, nearest first, nothing within reach missed; and what is painted on poles."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network import GridTables, Network, Place, distance_m
from services.network.nearby import Nearby
from tests.network.grid_of_words import grid_of

LATITUDES = st.floats(-85, 85)
OFFSETS = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))


@given(st.floats(-180, 180), LATITUDES, st.lists(OFFSETS, max_size=12), OFFSETS, st.floats(0, 60_000))
def test_exactly_the_points_within_reach_are_found_nearest_first(
    lon: float, lat: float, offsets: list[tuple[float, float]], asked: tuple[float, float], reach_m: float
) -> None:
    def place(offset: tuple[float, float]) -> Place:
        return Place((lon + offset[0] + 180) % 360 - 180, lat + offset[1])

    points = list(map(place, offsets))
    at = place(asked)
    found = Nearby([(point, point) for point in points]).within(at, reach_m)
    distances = [(distance_m(at, point), number) for number, point in enumerate(points)]
    assert [number for _, number in found] == [number for metres, number in sorted(distances) if metres <= reach_m]
    assert [metres for metres, _ in found] == pytest.approx([metres for metres, _ in sorted(distances)][: len(found)])


@given(LATITUDES, OFFSETS, OFFSETS, OFFSETS)
def test_the_distance_to_a_line_is_that_to_its_nearest_point(
    lat: float, a: tuple[float, float], b: tuple[float, float], asked: tuple[float, float]
) -> None:
    start, end, at = (Place(x / 50, lat + y / 50) for x, y in (a, b, asked))
    [(metres, _)] = Nearby([(start, end)]).within(at, 10_000_000)
    steps = [share / 2000 for share in range(2001)]
    along = (
        Place(start.lon + share * (end.lon - start.lon), start.lat + share * (end.lat - start.lat)) for share in steps
    )
    nearest = min(distance_m(at, point) for point in along)
    assert metres <= nearest + 0.01
    assert metres == pytest.approx(nearest, rel=0.001, abs=2)


def town(**nodes: tuple[float, float, str]) -> GridTables:
    grid = grid_of(
        "switch29 f a", "mv_line a b", "transformer b t", "mv_line b c", "transformer c u", "switch19! c d", "mv_line d e",
        customers="C1@t C2@u C3@u-",
    )  # fmt: skip
    return GridTables.of(
        list(grid.feeders),
        [row._replace(lon=lon, lat=lat, pole=pole) for row in grid.nodes for lon, lat, pole in [nodes[row.node]]],
        [
            row._replace(device_number=f"N-{row.id}") if row.kind in {"switch", "transformer"} else row
            for row in grid.branches
        ],
        [row._replace(service_point="SP-2" if row.customer != "C1" else "SP-1") for row in grid.customers],
    )


@pytest.fixture(scope="module")
def network() -> Network:
    east = 1 / 111.195  # a kilometre at the equator, degrees
    return Network(
        town(
            f=(0, 0, ""), a=(0, 0, "P1"), b=(east, 0, "P2"), t=(east, 0, "P2"), c=(2 * east, 0, "P3"),
            u=(2 * east, 0, "P3"), d=(2 * east, 0, "P4"), e=(3 * east, 0, ""),
        )
    )  # fmt: skip


def test_transformers_come_nearest_first_in_metres(network: Network) -> None:
    at = network.device("transformer:4").place
    assert network.nearest_transformers(at, 999) == (("transformer:4", 0),)
    assert network.nearest_transformers(at, 1001) == (("transformer:4", 0), ("transformer:2", 1000))
    assert network.nearest_transformers(Place(0, 50), 1001) == ()


def test_the_nearest_line_speaks_for_the_lowest_device_that_feeds_it(network: Network) -> None:
    between = Place(0.5 / 111.195, 0.1 / 111.195)
    assert network.nearest_device(between, 200) == ("switch:0", 100)
    assert network.nearest_device(between, 99) is None
    # The line beyond the open tie is fed by nothing: the tie is near, and what feeds it.
    beyond = Place(2.8 / 111.195, 0)
    assert network.nearest_device(beyond, 1000) == ("switch:0", 800)


def test_a_pole_a_painted_number_and_a_service_point_are_found(network: Network) -> None:
    assert network.at_pole("P1") == ("switch:0",)
    assert network.at_pole("P2") == ("switch:0", "transformer:2")
    assert network.at_pole("P4") == network.at_pole("P9") == ()
    assert network.by_number("N-4") == "transformer:4"
    assert network.by_number("N-5") == "switch:0"
    assert network.present({"switch:5": True}).by_number("N-5") == "switch:5"
    assert network.present({"switch:5": True}).at_pole("P4") == ("switch:5",)
    assert network.by_number("N-9") is None
    assert network.by_service_point("SP-1") == "C1"
    assert network.by_service_point("SP-2") == "C2"
    assert network.by_service_point("SP-9") is None


def test_what_the_data_says_of_customers_and_switches_is_handed_on(network: Network) -> None:
    grid = town(**dict.fromkeys("fabtcude", (0.0, 0.0, "")))
    grid = dataclasses.replace(
        grid, feeders=tuple(row._replace(region="North") for row in grid.feeders),
        branches=tuple(row._replace(telemetered=True, rated=630.0) for row in grid.branches),
        customers=tuple(row._replace(life_support=True, kva=11.0, phases="A") for row in grid.customers),
    )  # fmt: skip
    said = Network(grid)
    customer, switch = said.customer("C1"), said.switch("switch:0")
    assert (customer.life_support, customer.kva, customer.phases) == (True, 11.0, "A")
    assert (switch.region, switch.telemetered, switch.rated, switch.device_number) == ("North", True, 630.0, "N-0")
    assert said.region_of("transformer:2") == "North"
    assert not network.customer("C1").life_support
