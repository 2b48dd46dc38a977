"""Roads made of an extract: what is kept, how long it is, and what a broken file says."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import osmium
import pytest

from services.network.places import distance_m
from services.roads.extract import UnreadableExtract, read_ways
from services.roads.graph import Bounds, NoRoads, RoadGraph, build
from services.roads.packing import UnknownForm, digest, pack, unpack
from services.roads.snapping import Snapping
from tests.roads.valley_roads import Map, place, square


def ways_of(graph: RoadGraph) -> list[int]:
    return sorted(graph.way.tolist())


def test_ways_are_cut_where_roads_meet_and_nowhere_else(tmp_path: Path) -> None:
    made = (
        Map().point("A", 0, 0).point("B", 4, 0).point("C", 4, 4).point("M", 2, 0).point("bend", 1, 0.2).point("S", 2, 2)
    )
    made.way(1, "A bend M B").way(2, "B C A").way(5, "M S", highway="track")
    graph = made.graph(tmp_path)
    assert ways_of(graph) == [1, 1, 2, 5]
    assert graph.junctions == 5 - 1  # A, M, B and the end of the track; C and the bend only shape a road
    assert len(graph.lon) == 3 + 2 + 3 + 2


def test_lengths_are_those_on_the_ground(tmp_path: Path) -> None:
    graph = square().graph(tmp_path)
    expected = [
        distance_m(place(*a), place(*b))
        for a, b in (((0, 0), (4, 0)), ((4, 0), (4, 4)), ((4, 4), (0, 4)), ((0, 4), (0, 0)))
    ]
    assert graph.length_cm.tolist() == [round(metres * 100) for metres in expected]


def test_what_nobody_could_come_back_from_is_left_out(tmp_path: Path) -> None:
    made = square().point("E", 8, 0).way(5, "B E", oneway="yes")
    assert ways_of(made.graph(tmp_path)) == [1, 2, 3, 4]


def test_a_small_part_that_hangs_on_nothing_is_left_out_and_an_island_with_roads_of_its_own_stays(
    tmp_path: Path,
) -> None:
    made = square().point("x", 5, 5).point("y", 5.1, 5).way(5, "x y")
    made.point("p", 10, 0).point("q", 12, 0).way(6, "p q")
    assert ways_of(made.graph(tmp_path)) == [1, 2, 3, 4, 6]


def test_a_bollard_parts_a_road(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 1, 0, barrier="bollard").point("C", 2, 0).way(1, "A B C")
    graph = made.graph(tmp_path)
    assert graph.stretches == 2
    assert graph.junctions == 4, "the two ends at the bollard are not the same"
    opened = Map().point("A", 0, 0).point("B", 1, 0, barrier="gate").point("C", 2, 0).way(1, "A B C")
    assert opened.graph(tmp_path).stretches == 1


def test_a_road_cut_off_by_the_edge_of_the_extract_ends_there(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 1, 0).point("C", 2, 0).point("D", 3, 0)
    graph = made.way(1, "A B beyond C D").graph(tmp_path)
    assert (graph.stretches, graph.junctions) == (2, 4)


def test_a_roundabout_without_a_road_leads_nowhere_and_one_with_roads_is_driven_one_way(tmp_path: Path) -> None:
    made = (
        Map()
        .point("W", -4, 0)
        .point("a", 0, 0)
        .point("b", 0.1, 0.1)
        .point("c", 0.2, 0)
        .point("d", 0.1, -0.1)
        .point("E", 4, 0)
    )
    made.way(1, "a b c d a", junction="roundabout").way(2, "W a").way(3, "c E")
    graph = made.graph(tmp_path)
    assert ways_of(graph) == [1, 1, 2, 3]
    assert graph.backward[graph.way == 1].tolist() == [0, 0]


def test_roads_far_from_what_is_asked_for_are_not_taken(tmp_path: Path) -> None:
    made = square().point("p", 50, 0).point("q", 54, 0).way(6, "p q")
    near = Bounds(place(-1, 0).lon, place(0, -1).lat, place(5, 0).lon, place(0, 5).lat)
    ways = list(read_ways(made.write(tmp_path / "map.osm")))
    assert ways_of(build(ways)) == [1, 2, 3, 4, 6]
    assert ways_of(build(ways, near)) == [1, 2, 3, 4]
    with pytest.raises(NoRoads):
        build(ways, Bounds(0, 0, 1, 1))


def test_the_same_file_makes_the_same_roads_and_they_are_kept_whole(tmp_path: Path) -> None:
    made = square().point("S", 2, 2).way(5, "A S C", highway="track", oneway="-1")
    graph, again = made.graph(tmp_path), made.graph(tmp_path)
    assert digest(graph) == digest(again)
    read = unpack(pack(graph))
    assert digest(read) == digest(graph)
    for field in dataclasses.fields(RoadGraph):
        assert np.array_equal(getattr(read, field.name), getattr(graph, field.name)), field.name
    assert digest(square().graph(tmp_path)) != digest(graph)


def test_bytes_that_are_no_roads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownForm):
        unpack(b"roads")
    with pytest.raises(UnknownForm):
        unpack(pack(square().graph(tmp_path))[:-20])


def test_an_extract_is_read_plain_and_compressed(tmp_path: Path) -> None:
    made = square()
    plain = digest(made.graph(tmp_path))
    (tmp_path / "map.osm.gz").write_bytes(gzip.compress(made.xml().encode()))
    assert digest(build(read_ways(tmp_path / "map.osm.gz"))) == plain


def test_an_extract_in_the_binary_form_is_read(tmp_path: Path) -> None:
    made = square()
    plain = digest(made.graph(tmp_path))
    with osmium.SimpleWriter(str(tmp_path / "map.osm.pbf")) as binary:
        for each in osmium.FileProcessor(str(tmp_path / "map.osm")):
            binary.add(each)
    assert digest(build(read_ways(tmp_path / "map.osm.pbf"))) == plain


@pytest.mark.parametrize("name", ["map.osm", "map.osm.gz", "map.osm.pbf", "map.txt"])
def test_a_file_that_is_no_extract_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"node,lon,lat\n")
    with pytest.raises(UnreadableExtract, match="no OpenStreetMap extract, or it breaks off"):
        list(read_ways(tmp_path / name))


def test_a_file_that_breaks_off_says_so(tmp_path: Path) -> None:
    whole = gzip.compress(square().xml().encode())
    (tmp_path / "map.osm.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableExtract):
        list(read_ways(tmp_path / "map.osm.gz"))


def test_a_file_that_is_not_there_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_ways(tmp_path / "map.osm"))


def test_roads_on_which_nobody_stops_draw_no_place_to_themselves(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 4, 0).way(1, "A B", highway="motorway", oneway="no")
    assert Snapping(made.graph(tmp_path)).nearest(place(2, 0)) is None


def test_an_extract_without_roads_has_none(tmp_path: Path) -> None:
    made = Map().point("A", 0, 0).point("B", 1, 0).way(1, "A B", highway="footway")
    with pytest.raises(NoRoads):
        made.graph(tmp_path)
