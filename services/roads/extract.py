"""An OpenStreetMap extract read: the ways that crews drive, as they lie between the points where they meet."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import osmium
from osmium.filter import KeyFilter
from osmium.osm import Node
from osmium.osm import Way as OsmWay

from services.roads.driving import Driven, driven, stopped

ENDINGS = (".osm.pbf", ".osm.gz", ".osm")
"""How the name of an extract ends; the first one that a folder has is read."""


class UnreadableExtract(Exception):
    """A file that is no OpenStreetMap extract, or breaks off."""


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """A way as it is driven: its id, how, and its points as (node, longitude, latitude), degrees times ten million.

    It breaks at points that stop a vehicle, and where the extract leaves a point out: then one way is several.
    """

    id: int
    how: Driven
    points: tuple[tuple[int, int, int], ...]


def read_ways(path: Path) -> Iterator[Way]:
    """Yield the drivable ways of an extract in the order of the file. Raises `UnreadableExtract`, and OSError."""
    with path.open("rb"):  # the reader's own error does not say what kept it from opening the file
        pass
    barred: set[int] = set()
    nameless = itertools.count(-1, -1)
    try:
        reader = osmium.FileProcessor(path).with_locations().with_filter(KeyFilter("highway", "barrier"))
        for each in reader:
            if isinstance(each, Node):
                if stopped(dict(each.tags)):
                    barred.add(each.id)
            elif isinstance(each, OsmWay) and (how := driven(dict(each.tags))) is not None:
                points = [
                    (node.ref, node.location.x, node.location.y) if node.location.valid() else None
                    for node in each.nodes
                ]
                yield from (Way(each.id, how, part) for part in _parts(points, barred, nameless))
    except RuntimeError as broken:
        raise UnreadableExtract(f"no OpenStreetMap extract, or it breaks off ({broken})") from broken


def _parts(
    points: list[tuple[int, int, int] | None], barred: set[int], nameless: Iterator[int]
) -> Iterator[tuple[tuple[int, int, int], ...]]:
    """Yield the stretches of a way without a gap. A point that stops vehicles ends one and begins the next, and joins neither."""
    part: list[tuple[int, int, int]] = []
    for point in points:
        if point is not None and point[0] in barred:
            yield from _whole([*part, (next(nameless), *point[1:])])
            part = [(next(nameless), *point[1:])]
        elif point is None:
            yield from _whole(part)
            part = []
        else:
            part.append(point)
    yield from _whole(part)


def _whole(part: list[tuple[int, int, int]]) -> Iterator[tuple[tuple[int, int, int], ...]]:
    if len(part) > 1:
        yield tuple(part)
