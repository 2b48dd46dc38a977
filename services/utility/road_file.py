"""The roads of a utility folder: an OpenStreetMap extract, of which what lies about the network is taken."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from services.network.places import EARTH_RADIUS_M, Place
from services.roads.extract import ENDINGS, UnreadableExtract, read_ways
from services.roads.graph import Bounds, NoRoads, build
from services.roads.roads import Roads, roads_of
from services.roads.snapping import OFF_ROAD_MOST_M, Snapping
from services.utility.problems import Code, Problem

NAMES = tuple(f"roads{ending}" for ending in ENDINGS)
ABOUT_M = 30_000
"""How far beyond the network roads are taken: a way round may lead through what is next to it."""
_METRES = math.radians(1) * EARTH_RADIUS_M
_FLATTEST = 0.01


def read_roads(
    folder: Path, depots: Iterable[tuple[str, Place]], nodes: Iterable[Place]
) -> tuple[Roads | None, list[Problem]]:
    """Return the roads about these depots (by id) and nodes, None where the folder has none, and what is wrong with them.

    Never raises for what the file holds.
    """
    there = [name for name in NAMES if (folder / name).is_file()]
    if not there:
        return None, []
    name, problems = there[0], [_remark(other, f"{there[0]} is read instead.", Code.DEFAULTED) for other in there[1:]]
    known, places = list(depots), list(nodes)
    about = [place for _, place in known] + places
    try:
        graph = build(read_ways(folder / name), _around(about) if about else None)
    except UnreadableExtract as broken:
        return None, [*problems, _problem(name, f"This is {broken}.", Code.UNREADABLE_FILE)]
    except OSError as error:
        return None, [*problems, _problem(name, f"The file cannot be read: {error.strerror}.", Code.UNREADABLE_FILE)]
    except NoRoads as none:
        sentence = f"The file has {none} within {ABOUT_M // 1000} km of the network."
        return None, [*problems, _problem(name, sentence, Code.NO_ROWS)]
    snapping = Snapping(graph)
    far = [depot for depot, place in known if snapping.nearest(place) is None]
    problems += [
        _remark(name, f"Depot {depot} lies more than {OFF_ROAD_MOST_M} m from any road: {_BY_AIR}.", Code.OFF_NETWORK)
        for depot in far
    ]
    beyond = sum(snapping.nearest(place) is None for place in places)
    if beyond:
        sentence = f"{beyond} of {len(places)} nodes lie more than {OFF_ROAD_MOST_M} m from any road: {_BY_AIR}."
        problems.append(_remark(name, sentence, Code.OFF_NETWORK))
    return roads_of(graph), problems


_BY_AIR = "drives there are estimated from the straight line"


def _around(places: list[Place]) -> Bounds:
    south, north = min(place.lat for place in places), max(place.lat for place in places)
    more = ABOUT_M / _METRES
    cosine = max(_FLATTEST, math.cos(math.radians(max(abs(south), abs(north)))))
    west, east = min(place.lon for place in places), max(place.lon for place in places)
    return Bounds(west - more / cosine, south - more, east + more / cosine, north + more)


def _problem(file: str, sentence: str, code: Code) -> Problem:
    return Problem(file=file, line=None, column=None, code=code, sentence=sentence)


def _remark(file: str, sentence: str, code: Code) -> Problem:
    return Problem(file=file, line=None, column=None, code=code, sentence=sentence, warning=True)
