"""The roads while some of them are closed: what is left on which crews drive there and back."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping

import numpy as np
import shapely

from services.dispatch.travel import ClosedRoad
from services.network.places import EARTH_RADIUS_M
from services.roads.graph import NOWHERE, UNITS, Array, RoadGraph, hanging_together

_METRES = math.radians(1) * EARTH_RADIUS_M


def closed_stretches(graph: RoadGraph, closed: ClosedRoad) -> dict[int, tuple[int, int]]:
    """Return the stretches that are closed, each with the first and the last centimetre of it that is."""
    length = graph.length_cm
    whole = np.flatnonzero(graph.way == closed.way) if closed.way is not None else np.empty(0, dtype=int)
    found = {int(number): (0, int(length[number])) for number in whole}
    for number, (begins, ends) in _near(graph, closed).items() if closed.places else ():
        known = found.get(number, (begins, ends))
        found[number] = min(begins, known[0]), max(ends, known[1])
    return found


def while_closed(graph: RoadGraph, closed: Iterable[Mapping[int, tuple[int, int]]]) -> RoadGraph | None:
    """Return what is left of the roads while these stretches of them are closed, None for nothing.

    Of a closed stretch its two ends are left, up to where it is closed. Such an end is driven both ways, be it a one-way road:
    whoever drives in has to come back. What can be reached no more drops out, unless it is a part long enough to have crews of
    its own.
    """
    cut: dict[int, tuple[int, int]] = {}
    for each in closed:
        for number, (begins, ends) in each.items():
            known = cut.get(number, (begins, ends))
            cut[number] = min(begins, known[0]), max(ends, known[1])
    if not cut:
        return graph
    open_still = np.ones(graph.stretches, dtype=bool)
    open_still[list(cut)] = False
    left = _with_ends(graph, open_still, cut)
    if left.stretches == 0:
        return None
    left = left.of(hanging_together(left))
    return left if left.stretches else None


def _near(graph: RoadGraph, closed: ClosedRoad) -> dict[int, tuple[int, int]]:
    """Return the stretches that come near enough to the line, and from where to where they do, cm."""
    middle = closed.places[0]
    shrinks = np.array([math.cos(math.radians(middle.lat)), 1.0])

    def plane(lon: Array, lat: Array) -> Array:
        found: Array = np.stack([lon - middle.lon, lat - middle.lat], axis=-1) * shrinks * _METRES
        return found

    line = plane(np.array([each.lon for each in closed.places]), np.array([each.lat for each in closed.places]))
    shape = shapely.points(line[0]) if len(line) == 1 else shapely.linestrings(line)
    area = shapely.buffer(shape, max(1, closed.within_m))
    points = plane(graph.lon / UNITS, graph.lat / UNITS)
    west, south, east, north = shapely.bounds(area)
    low, high = np.minimum(points[:-1], points[1:]), np.maximum(points[:-1], points[1:])
    near = (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= north) & (high[:, 1] >= south)
    near[graph.first[1:-1] - 1] = False  # between two stretches there is no road
    begins = np.flatnonzero(near)
    segments = shapely.linestrings(np.stack([points[begins], points[begins + 1]], axis=1))
    shapely.prepare(area)
    common, which = shapely.get_coordinates(shapely.intersection(segments, area), return_index=True)
    shares = np.nan_to_num(shapely.line_locate_point(segments[which], shapely.points(common), normalized=True))
    from_cm, to_cm = graph.along[begins[which]], graph.along[begins[which] + 1]
    stretches = np.searchsorted(graph.first, begins[which], side="right") - 1
    found: dict[int, tuple[int, int]] = {}
    closed_cm = np.rint(from_cm + shares * (to_cm - from_cm)).astype(int)
    for stretch, cm in zip(stretches.tolist(), closed_cm.tolist(), strict=True):
        first, last = found.get(stretch, (cm, cm))
        found[stretch] = min(first, cm), max(last, cm)
    return found


def _with_ends(graph: RoadGraph, open_still: Array, cut: dict[int, tuple[int, int]]) -> RoadGraph:
    """Return the open stretches, and of each closed one what is left at its ends."""
    left = [graph.of(open_still, graph.junctions)]
    for number, (begins, ends) in sorted(cut.items()):
        if begins > 0:
            left.append(_end(graph, number, (0, begins), at_tail=True))
        if ends < (length := int(graph.length_cm[number])):
            left.append(_end(graph, number, (ends, length), at_tail=False))
    counts = np.concatenate([np.diff(each.first) for each in left])
    joined = {
        field.name: np.concatenate([getattr(each, field.name) for each in left])
        for field in dataclasses.fields(RoadGraph)
        if field.name not in {"junctions", "first"}
    }
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return RoadGraph(junctions=graph.junctions, first=first, **joined)


def _end(graph: RoadGraph, number: int, piece: tuple[int, int], *, at_tail: bool) -> RoadGraph:
    """Return a piece of one stretch (from, to: cm) at one of its ends, as a graph of its own with the same junctions."""
    from_cm, to_cm = piece
    nowhere = np.array([NOWHERE], dtype=np.int32)
    points = slice(int(graph.first[number]), int(graph.first[number + 1]))
    along = graph.along[points]
    inner = along[(along > from_cm) & (along < to_cm)]
    at = np.concatenate([[from_cm], inner, [to_cm]])
    lon, lat = (np.rint(np.interp(at, along, getattr(graph, name)[points])).astype(np.int32) for name in ("lon", "lat"))
    km_h = max(int(graph.forward[number]), int(graph.backward[number]))
    return RoadGraph(
        junctions=graph.junctions,
        tail=graph.tail[number : number + 1] if at_tail else nowhere,
        head=nowhere if at_tail else graph.head[number : number + 1],
        way=graph.way[number : number + 1],
        forward=np.array([km_h], dtype=np.uint8),
        backward=np.array([km_h], dtype=np.uint8),
        stops=graph.stops[number : number + 1],
        first=np.array([0, len(at)], dtype=np.int32),
        lon=lon,
        lat=lat,
        along=(at - from_cm).astype(np.int32),
    )
