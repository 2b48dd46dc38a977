"""All SQL of the dispatch room beyond the engine's."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from services.dispatch.roster import Crew, Depot, Roster
from services.network.places import Place

if TYPE_CHECKING:
    import asyncpg

    from services.engine.taking import Connection


async def read_roster(connection: asyncpg.Connection[Any]) -> Roster:
    """Return the depots and crews of the utility as they are now."""
    depots = await connection.fetch("SELECT depot, lon, lat FROM depot ORDER BY depot")
    crews = await connection.fetch("SELECT crew, depot FROM crew ORDER BY crew")
    return Roster(
        (Depot(row["depot"], Place(row["lon"], row["lat"])) for row in depots),
        (Crew(row["crew"], row["depot"]) for row in crews),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class LatestOrder:
    """The order given last for an incident: to whom, its state and why, the estimated arrival (milliseconds)."""

    incident: str
    crew: str
    state: str
    reason: str
    arrival_estimate_ms: int


@dataclasses.dataclass(frozen=True, slots=True)
class CrewNow:
    """What a crew is doing, and the device that its active order names. `depot` is None for a crew not in the roster."""

    crew: str
    depot: str | None
    state: str
    device: str | None


async def latest_orders(connection: Connection) -> list[LatestOrder]:
    """Return for each incident the order that was given last, sorted by incident."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (incident) incident, crew, state, reason, arrival_estimate_ms
           FROM crew_order ORDER BY incident, attempt DESC"""
    )
    return [
        LatestOrder(row["incident"], row["crew"], row["state"], row["reason"], row["arrival_estimate_ms"])
        for row in rows
    ]


async def crews_now(connection: Connection) -> list[CrewNow]:
    """Return what every crew is doing, sorted by crew."""
    rows = await connection.fetch(
        """SELECT d.crew, d.depot, d.state, o.device
           FROM crew_duty d LEFT JOIN crew_order o ON o."order" = d."order" AND o.active ORDER BY d.crew"""
    )
    return [CrewNow(row["crew"], row["depot"], row["state"], row["device"]) for row in rows]
