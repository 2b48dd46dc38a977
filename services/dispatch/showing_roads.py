"""What people read of the roads: those that are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.network.places import Place

if TYPE_CHECKING:
    from services.engine.taking import Connection


class ClosedRoadShown(msgspec.Struct, frozen=True, kw_only=True):
    """A road that is closed in a region: where, by whom and why, since when and until when, milliseconds.

    `places` and `within_m` say where as `ClosedRoad` has it, `way` is the id of a way of OpenStreetMap.
    """

    closure: str
    region: str
    places: list[Place]
    within_m: int
    way: int | None
    by: str
    why: str
    since_ms: int
    until_ms: int | None


async def closed_roads(connection: Connection) -> list[ClosedRoadShown]:
    """Return the roads that are closed now, by region and the time since when they are."""
    rows = await connection.fetch(
        """SELECT c.closure, c.region, c.places::text AS places, c.within_m, c.way, c.by, coalesce(p.why, '') AS why,
                  c.since_ms, c.until_ms
           FROM road_closure c LEFT JOIN person_action p ON p.event_id = c.closure
           ORDER BY c.region, c.since_ms, c.closure"""
    )
    return [
        ClosedRoadShown(**{**dict(row), "places": msgspec.json.decode(row["places"], type=list[Place])}) for row in rows
    ]


async def roads_known(connection: Connection) -> bool:
    """Answer whether the utility's current version has roads."""
    return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM current_roads)"))
