"""How long crews drive by road, from any place to any other: over the fields to the road, on it, and over the fields again.

Whatever the roads do not answer, because a place lies too far from any or because no road joins the two, the straight line does,
and `basis` says so. All answers are whole numbers; what was found is kept, and that it is forgotten in time changes none.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.dispatch.travel import Basis, ByAir, ClosedRoad, Times
from services.network.places import Place, distance_m, distances_m
from services.roads.closing import closed_stretches, while_closed
from services.roads.graph import Array, RoadGraph
from services.roads.shortest import FAR, KEPT_BYTES, LENGTH_BITS, Shortest, packed, unpacked
from services.roads.snapping import RoadPoint, Snapping, off_road_ms, stretch_ms

DRIVES_KEPT = 2**16
PLACES_KEPT = 2**15
CLOSED_ROADS_KEPT = 256
CLOSURES_KEPT = 8
"""So many states of the closed roads are kept, each with what was found on the roads that it leaves."""
COLUMNS_AT_ONCE = 64
"""Of a matrix so many columns are worked out together: what they need lies in memory at once."""


class Drive(NamedTuple):
    """How long a drive takes, milliseconds, how far it is, metres, and what that was reckoned on."""

    ms: int
    metres: int
    basis: Basis


class RoadTravel:
    """Drives by road, reckoned on a road graph; None for the roads when all are closed.

    `were_open` is the travel without any road closed. No drive is quicker than there: not because a place that a closed road cuts
    off is reckoned by the straight line, nor because another road is the nearest one now.
    """

    def __init__(self, graph: RoadGraph | None, were_open: RoadTravel | None = None) -> None:
        self._graph = graph
        self._were_open = were_open
        self._by_air = ByAir()
        kept_bytes = KEPT_BYTES if were_open is None else KEPT_BYTES // 4
        self._shortest = None if graph is None else Shortest(graph, kept_bytes)
        self._snapping = None if graph is None else Snapping(graph)
        self._drive = functools.lru_cache(maxsize=DRIVES_KEPT)(self._find_drive)
        self._snap = functools.lru_cache(maxsize=PLACES_KEPT)(self._find_point)
        self._closing = functools.lru_cache(maxsize=CLOSED_ROADS_KEPT)(self._find_closing)
        self._closed = functools.lru_cache(maxsize=CLOSURES_KEPT)(self._close)

    def road_m(self, start: Place, end: Place) -> int:
        """Return the length of the quickest way, whole metres, what lies off the road included."""
        return self._drive(start, end).metres

    def drive_ms(self, start: Place, end: Place) -> int:
        """Return the time of the quickest way, whole milliseconds."""
        return self._drive(start, end).ms

    def basis(self, start: Place, end: Place) -> Basis:
        """Return whether the roads answer for this drive, or the straight line does."""
        return self._drive(start, end).basis

    def drive(self, start: Place, end: Place) -> Drive:
        """Return all that is said of a drive."""
        return self._drive(start, end)

    def matrix(self, starts: Sequence[Place], ends: Sequence[Place]) -> Times:
        """Return the times of the quickest ways from each start (rows) to each end (columns), whole milliseconds."""
        times = self._by_road(starts, ends)
        beyond = times == FAR
        if beyond.any():
            times = np.where(beyond, self._by_air.matrix(starts, ends), times)
        return times if self._were_open is None else np.maximum(times, self._were_open.matrix(starts, ends))

    def closes(self, closed: ClosedRoad) -> int:
        """Return how many stretches of road this would close."""
        whole = self if self._were_open is None else self._were_open
        return len(whole._closing(closed))  # noqa: SLF001 - its own kind

    def without(self, closed: frozenset[ClosedRoad]) -> RoadTravel:
        """Return the travel while these roads, and no others, are closed."""
        whole = self if self._were_open is None else self._were_open
        return whole._closed(closed) if closed else whole  # noqa: SLF001 - its own kind

    def _close(self, closed: frozenset[ClosedRoad]) -> RoadTravel:
        assert self._graph is not None, "roads that are open"
        return RoadTravel(while_closed(self._graph, map(self._closing, closed)), were_open=self)

    def _find_closing(self, closed: ClosedRoad) -> dict[int, tuple[int, int]]:
        return {} if self._graph is None else closed_stretches(self._graph, closed)

    def _find_point(self, place: Place) -> RoadPoint | None:
        return None if self._snapping is None else self._snapping.nearest(place)

    def _find_drive(self, start: Place, end: Place) -> Drive:
        found = self._on_roads(start, end) or Drive(
            self._by_air.drive_ms(start, end), self._by_air.road_m(start, end), "air"
        )
        if self._were_open is None:
            return found
        as_open = self._were_open.drive(start, end)
        return found if as_open.ms <= found.ms else as_open._replace(basis=found.basis)

    def _on_roads(self, start: Place, end: Place) -> Drive | None:
        leaving, reaching = self._snap(start), self._snap(end)
        if leaving is None or reaching is None:
            return None
        assert self._shortest is not None, "there are roads"
        drives = self._shortest.to([reaching])[reaching.spot]
        best = self._along_one(leaving, reaching)
        for first in leaving.legs:
            if first.out_ms is not None:
                best = min(best, packed(first.out_ms, first.cm) + int(drives[first.junction]))
        if best >= FAR:
            return None
        ms, metres = unpacked(best)
        off_m = leaving.off_m + reaching.off_m
        found = Drive(ms + off_road_ms(leaving.off_m) + off_road_ms(reaching.off_m), metres + off_m, "road")
        across = distance_m(start, end)
        return found if across > off_m else min(found, Drive(off_road_ms(across), round(across), "road"))

    def _along_one(self, leaving: RoadPoint, reaching: RoadPoint) -> int:
        """Return the drive between two points of one stretch, `FAR` if they are not, or if it cannot be driven so."""
        if self._graph is None or leaving.stretch != reaching.stretch:
            return int(FAR)
        cm = reaching.along_cm - leaving.along_cm
        km_h = int((self._graph.forward if cm >= 0 else self._graph.backward)[leaving.stretch])
        if cm == 0:
            return 0
        return packed(stretch_ms(abs(cm), km_h), abs(cm)) if km_h else int(FAR)

    def _by_road(self, starts: Sequence[Place], ends: Sequence[Place]) -> Times:
        """Return the times by road, `FAR` where there is no road."""
        times: Times = np.full((len(starts), len(ends)), FAR, dtype=np.int64)
        leaving, reaching = [self._snap(place) for place in starts], [self._snap(place) for place in ends]
        near = [number for number, point in enumerate(leaving) if point is not None]
        if self._shortest is None or not near:
            return times
        points = [point for point in leaving if point is not None]
        junctions, out = _first_legs(points)
        stretch = np.array([point.stretch for point in points])
        off_m = np.array([point.off_m for point in points], dtype=np.int64)
        off_ms = np.array([off_road_ms(point.off_m) for point in points], dtype=np.int64)
        lon, lat = (np.array([getattr(starts[number], name) for number in near]) for name in ("lon", "lat"))
        for begins in range(0, len(ends), COLUMNS_AT_ONCE):
            columns = range(begins, min(len(ends), begins + COLUMNS_AT_ONCE))
            asked = [each for column in columns if (each := reaching[column]) is not None]
            found = self._shortest.to(asked)
            for column in columns:
                point = reaching[column]
                if point is None:
                    continue
                best = (np.minimum(found[point.spot][junctions], FAR - out) + out).min(axis=1)
                for number in np.flatnonzero(stretch == point.stretch).tolist():
                    best[number] = min(int(best[number]), self._along_one(points[number], point))
                ms = np.where(best < FAR, (best >> LENGTH_BITS) + off_ms + off_road_ms(point.off_m), FAR)
                together = off_m + point.off_m
                close = (together > 0) & (distances_m(ends[column], lon, lat) <= together + 1) & (best < FAR)
                for number in np.flatnonzero(close).tolist():
                    ms[number] = self._drive(starts[near[number]], ends[column]).ms
                times[near, column] = ms
        return times


def _first_legs(points: Sequence[RoadPoint]) -> tuple[Array, Array]:
    """Return, for each point, the junctions that it is left by and the packed drives to them, two of each; `FAR` for none."""
    junctions = np.zeros((len(points), 2), dtype=np.int64)
    out = np.full((len(points), 2), FAR, dtype=np.int64)
    for number, point in enumerate(points):
        for place, leg in enumerate(point.legs):
            junctions[number, place] = leg.junction
            if leg.out_ms is not None:
                out[number, place] = packed(leg.out_ms, leg.cm)
    return junctions, out
