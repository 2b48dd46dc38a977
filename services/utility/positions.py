"""Positions that cannot be right: longitude and latitude exchanged, or a place far from the network.

The middle of the network is the median longitude and latitude of its nodes. Its reach is ten times the median distance of
the nodes from the middle, and 50 km at least. What lies beyond is off the network; where it lies within reach as soon as
its longitude and latitude are exchanged, they are. A network as a whole is measured by its time zone.
"""

from __future__ import annotations

import datetime as dt
import statistics
import zoneinfo
from typing import TYPE_CHECKING, Any

from services.network.places import Place, distance_m
from services.utility.problems import Code

if TYPE_CHECKING:
    from services.network.tables import FeederRow, NodeRow
    from services.utility.reading import Reading
    from services.utility.rows import DepotRow

LEAST_REACH_M = 50_000
MEDIANS_IN_REACH = 10
_SECONDS_A_DEGREE = 240
FAR_FROM_MERIDIAN = 30
"""Degrees between a network and the meridian of its time zone that ask for a look at what an exchange would give."""


def check_positions(
    nodes: Reading[NodeRow], feeders: Reading[FeederRow], depots: Reading[DepotRow], time_zone: str | None
) -> None:
    """Note every node, substation and depot that is off the network; `time_zone` is None where the folder names none."""
    if not nodes.rows:
        return
    middle = Place(statistics.median(row.lon for row in nodes.rows), statistics.median(row.lat for row in nodes.rows))
    distances = [distance_m(Place(row.lon, row.lat), middle) for row in nodes.rows]
    reach_m = max(LEAST_REACH_M, MEDIANS_IN_REACH * statistics.median(distances))
    for reading in (nodes, feeders, depots):
        _check_places(reading, middle, reach_m)
    if time_zone is not None and _fits_exchanged(middle, time_zone):
        sentence = (
            f"The network lies about longitude {middle.lon:.1f}, far from the meridian of {time_zone}, and near it when "
            "longitude and latitude are exchanged."
        )
        nodes.note(None, "lon", Code.SWAPPED, sentence)


def _check_places(reading: Reading[Any], middle: Place, reach_m: float) -> None:
    for row, line in zip(reading.rows, reading.lines, strict=True):
        away_m = distance_m(Place(row.lon, row.lat), middle)
        if away_m <= reach_m:
            continue
        exchanged = _exchanged(row.lon, row.lat)
        if exchanged is not None and distance_m(exchanged, middle) <= reach_m:
            sentence = f"{row[0]} lies {away_m / 1000:.0f} km off the network: longitude and latitude are exchanged."
            reading.note(line, "lon", Code.SWAPPED, sentence)
        else:
            sentence = f"{row[0]} lies {away_m / 1000:.0f} km from the middle of the network, beyond its reach."
            reading.note(line, "lon", Code.OFF_NETWORK, sentence)


def _exchanged(lon: float, lat: float) -> Place | None:
    return Place(lat, lon) if abs(lon) <= 90 else None  # noqa: PLR2004 - degrees of a right angle


def _fits_exchanged(middle: Place, time_zone: str) -> bool:
    offset = dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo(time_zone)).utcoffset() or dt.timedelta()
    meridian = offset.total_seconds() / _SECONDS_A_DEGREE
    exchanged = _exchanged(middle.lon, middle.lat)

    def away(lon: float) -> float:
        return abs((lon - meridian + 180) % 360 - 180)

    return exchanged is not None and away(middle.lon) > FAR_FROM_MERIDIAN and away(exchanged.lon) <= FAR_FROM_MERIDIAN
