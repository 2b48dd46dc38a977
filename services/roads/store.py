"""All SQL of the roads: kept by what they are, named by the versions that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.roads.packing import pack, unpack
from services.roads.roads import Roads
from services.roads.travel import RoadTravel

if TYPE_CHECKING:
    from asyncpg import Connection

_TRAVELS_KEPT = 2
_travels: dict[str, RoadTravel] = {}


class UnknownRoads(LookupError):
    """Roads that are neither at hand nor kept."""


async def keep(connection: Connection[Any], version: int, roads: Roads) -> None:
    """Keep the roads of a version; roads that are kept already are named only. Raises `UnknownRoads` where neither can be."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM road_graph WHERE digest = $1)", roads.digest):
        if roads.graph is None:
            raise UnknownRoads(f"no roads {roads.digest} are kept")
        await connection.execute(
            """INSERT INTO road_graph (digest, stretches, junctions, length_m, attribution, body)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (digest) DO NOTHING""",
            roads.digest,
            roads.stretches,
            roads.junctions,
            roads.length_m,
            roads.attribution,
            pack(roads.graph),
        )
    await connection.execute("INSERT INTO utility_roads (version, digest) VALUES ($1, $2)", version, roads.digest)


async def current(connection: Connection[Any]) -> Roads | None:
    """Return what is said of the roads of the current version, without them; None: it has none."""
    row = await connection.fetchrow("SELECT digest, stretches, junctions, length_m, attribution FROM current_roads")
    return None if row is None else Roads(**dict(row))


async def read_travel(connection: Connection[Any]) -> RoadTravel | None:
    """Return the travel on the roads of the current version, None where it has none. Raises `UnknownForm`.

    A process keeps the last ones: other versions with the same roads share them and all that was found on them.
    """
    digest = await connection.fetchval("SELECT digest FROM current_roads")
    if digest is None:
        return None
    if digest not in _travels:
        body = await connection.fetchval("SELECT body FROM road_graph WHERE digest = $1", digest)
        while len(_travels) >= _TRAVELS_KEPT:
            del _travels[next(iter(_travels))]
        _travels[digest] = RoadTravel(unpack(body))
    return _travels[digest]
