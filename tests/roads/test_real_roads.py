"""Drives in two real rural areas, against another program's search on another graph, and the depots that are nearest there."""

from __future__ import annotations

import csv
import gzip
import itertools
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import numpy as np
import pytest

from services.dispatch.travel import ByAir
from services.network.places import Place, distance_m
from services.roads.driving import driven, stopped
from services.roads.extract import read_ways
from services.roads.graph import RoadGraph, build
from services.roads.packing import pack, unpack
from services.roads.travel import RoadTravel

AREAS = ("andorra", "north-bayreuth")
VILLAGES = frozenset({"village", "hamlet"})


class Area(NamedTuple):
    """An extract: its roads, its depots and villages by name, and its points and ways as plain Python reads them."""

    graph: RoadGraph
    depots: dict[str, Place]
    villages: dict[str, Place]
    points: dict[str, tuple[Place, dict[str, str]]]
    ways: list[tuple[list[str], dict[str, str]]]


@pytest.fixture(scope="module", params=AREAS)
def area(request: pytest.FixtureRequest, shared: Path) -> Area:
    path = shared / "data" / "roads" / f"{request.param}.osm.gz"
    if not path.is_file():
        pytest.skip(f"no extract at {path} (setting LAMPLIGHTER_SHARED)")
    with path.with_name(f"{request.param}_depots.csv").open(encoding="utf-8") as file:
        depots = {row["depot"]: Place(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)}
    points: dict[str, tuple[Place, dict[str, str]]] = {}
    ways: list[tuple[list[str], dict[str, str]]] = []
    with gzip.open(path) as file:
        for _, element in ET.iterparse(file):  # noqa: S314 - a file of our own sample data
            tags = {tag.attrib["k"]: tag.attrib["v"] for tag in element.findall("tag")}
            if element.tag == "node":
                points[element.attrib["id"]] = Place(float(element.attrib["lon"]), float(element.attrib["lat"])), tags
            elif element.tag == "way":
                ways.append(([nd.attrib["ref"] for nd in element.findall("nd")], tags))
    villages = {
        tags["name"]: place for place, tags in points.values() if tags.get("place") in VILLAGES and "name" in tags
    }
    return Area(build(read_ways(path)), depots, villages, points, ways)


def plain_graph(area: Area) -> nx.DiGraph:
    """Return every point of every drivable way as a node of its own, with times in milliseconds as they come, not rounded."""
    made: nx.DiGraph = nx.DiGraph()
    for refs, tags in area.ways:
        how = driven(tags)
        if how is None:
            continue
        for number, (a, b) in enumerate(itertools.pairwise(refs)):
            if a not in area.points or b not in area.points:
                continue
            ends = [ref if not stopped(area.points[ref][1]) else f"{ref}/{id(refs)}/{number}" for ref in (a, b)]
            metres = distance_m(area.points[a][0], area.points[b][0])
            for (start, end), km_h in ((ends, how.forward_km_h), (ends[::-1], how.backward_km_h)):
                if km_h:
                    ms = metres * 3_600 / km_h
                    known = made.get_edge_data(start, end, {"ms": ms})["ms"]
                    made.add_edge(start, end, ms=min(ms, known))
    return made


def junctions(area: Area, number: int) -> list[Place]:
    """Return so many places at which roads meet, spread over the area, none of them where two points lie on one another."""
    graph = area.graph
    at = {int(graph.tail[s]): int(graph.first[s]) for s in range(graph.stretches) if graph.stops[s]}
    places = [Place(int(graph.lon[point]) / 1e7, int(graph.lat[point]) / 1e7) for _, point in sorted(at.items())]
    doubled = Counter(place for place, _ in area.points.values())
    single = [place for place in places if doubled[place] == 1]
    return single[:: max(1, len(single) // number)][:number]


def test_shortest_times_are_those_of_another_search_on_a_graph_of_every_point(area: Area) -> None:
    travel, plain = RoadTravel(area.graph), plain_graph(area)
    node = {place: ref for ref, (place, _) in area.points.items()}
    places = junctions(area, 40)
    found, compared = travel.matrix(places, places), 0
    for row, start in enumerate(places):
        expected = nx.single_source_dijkstra_path_length(plain, node[start], weight="ms")
        for column, end in enumerate(places):
            if travel.basis(start, end) == "air":
                assert node[end] not in expected
                continue
            compared += 1
            assert found[row, column] == pytest.approx(expected[node[end]], rel=2e-4, abs=60)
    assert compared > 0.8 * len(places) ** 2


def test_times_and_lengths_are_exactly_the_sums_along_the_quickest_ways(area: Area) -> None:
    graph, travel = area.graph, RoadTravel(area.graph)
    exact: nx.DiGraph = nx.DiGraph()
    for s, cm in enumerate(graph.length_cm.tolist()):
        for start, end, km_h in (
            (int(graph.tail[s]), int(graph.head[s]), int(graph.forward[s])),
            (int(graph.head[s]), int(graph.tail[s]), int(graph.backward[s])),
        ):
            if km_h and start != end:
                cost = max(1, cm * 36 // km_h) * 2**24 + cm // 10
                known = exact.get_edge_data(start, end, {"cost": cost})["cost"]
                exact.add_edge(start, end, cost=min(cost, known))
    at = {int(graph.tail[s]): int(graph.first[s]) for s in range(graph.stretches) if graph.stops[s]}
    chosen = sorted(at)[:: max(1, len(at) // 25)]
    places = [Place(int(graph.lon[at[each]]) / 1e7, int(graph.lat[at[each]]) / 1e7) for each in chosen]
    for start, start_place in zip(chosen, places, strict=True):
        expected = nx.single_source_dijkstra_path_length(exact, start, weight="cost")
        for end, end_place in zip(chosen, places, strict=True):
            drive = travel.drive(start_place, end_place)
            if end not in expected:
                assert drive.basis == "air"
                continue
            assert drive.ms == expected[end] >> 24
            assert drive.metres == pytest.approx((expected[end] & (2**24 - 1)) / 10, abs=0.5)


def test_the_nearest_depot_by_time_is_not_the_nearest_by_air_for_several_villages(area: Area) -> None:
    travel, by_air = RoadTravel(area.graph), ByAir()
    depots, villages = list(area.depots.values()), list(area.villages.values())
    by_time = np.argmin(travel.matrix(depots, villages), axis=0)
    by_line = np.argmin(by_air.matrix(depots, villages), axis=0)
    differing = [name for name, a, b in zip(area.villages, by_time, by_line, strict=True) if a != b]
    assert len(differing) >= 2, differing
    for name in differing:
        assert {travel.basis(depot, area.villages[name]) for depot in depots} == {"road"}


def test_roads_that_were_kept_answer_the_same(area: Area) -> None:
    places = [*area.depots.values(), *area.villages.values()]
    kept = RoadTravel(unpack(pack(area.graph)))
    assert np.array_equal(kept.matrix(places, places), RoadTravel(area.graph).matrix(places, places))
