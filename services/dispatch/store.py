"""All SQL of the dispatch room beyond the engine's: the roster, the table of all orders, and what people read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from services.dispatch.entities import Order, OrderRow
from services.dispatch.roster import Crew, Depot, Roster, Shift
from services.engine.deciding import inbox_decided, inbox_facts
from services.network.places import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from services.engine.taking import Connection
    from services.engine.turn import Fact, Record


class DispatchStore:
    """The store of the stage `dispatch`: its facts lie in `inbox`, every order has a row in `dispatch_order`."""

    async def facts(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Mark the facts that this tick decides, and return them."""
        return await inbox_facts(connection, "dispatch", shard, tick)

    async def decided(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decided."""
        return await inbox_decided(connection, "dispatch", shard, tick)

    async def save(self, connection: Connection, shard: str, tick: int, now: int, records: Sequence[Record]) -> None:
        """Write the orders of a turn; of several records of one order the last one stands."""
        del shard, tick, now
        orders = {record.order.id: record.order for record in records if isinstance(record, OrderRow)}
        if orders:
            await connection.executemany(_SAVE, [_values(order) for order in orders.values()])


_FIELDS = tuple(field for field in Order.__struct_fields__ if field not in {"id", "place"})


def _column(field: str) -> str:
    """Return the column of a field: times say that they are milliseconds."""
    timed = field.endswith(("_at", "_estimate", "_since"))
    return f"{field}_ms" if timed else field


def _values(order: Order) -> tuple[Any, ...]:
    return order.id, order.place.lon, order.place.lat, *(getattr(order, field) for field in _FIELDS)


_COLUMNS = ("lon", "lat", *map(_column, _FIELDS))
_SAVE = f"""
INSERT INTO dispatch_order ("order", {", ".join(_COLUMNS)})
VALUES ({", ".join(f"${number}" for number in range(1, len(_COLUMNS) + 2))})
ON CONFLICT ("order") DO UPDATE SET {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)}
"""  # noqa: S608 - columns are the room's own words


async def read_roster(connection: asyncpg.Connection[Any]) -> Roster:
    """Return the regions, depots, crews and shifts of the utility's current version."""
    zone = await connection.fetchval("SELECT time_zone FROM utility_version WHERE current")
    regions = await connection.fetch(
        """SELECT region FROM utility_region JOIN utility_version v USING (version) WHERE v.current
           UNION SELECT region FROM utility_feeder JOIN utility_version v USING (version) WHERE v.current"""
    )
    depots = await connection.fetch("SELECT depot, lon, lat, region FROM current_depot")
    shifts: dict[str, list[Shift]] = {}
    for row in await connection.fetch(
        """SELECT s.crew, s.weekday, s.starts, s.ends, s.kind
           FROM crew_shift s JOIN utility_version v USING (version) WHERE v.current
           ORDER BY s.crew, s.weekday, s.starts"""
    ):
        shifts.setdefault(row["crew"], []).append(Shift(row["weekday"], row["starts"], row["ends"], row["kind"]))
    crews = await connection.fetch("SELECT crew, depot, skills, certificates, kit FROM current_crew")
    return Roster(
        (Depot(row["depot"], Place(row["lon"], row["lat"]), row["region"]) for row in depots),
        (
            Crew(
                row["crew"],
                row["depot"],
                frozenset(row["skills"]),
                frozenset(row["certificates"]),
                frozenset(row["kit"]),
                tuple(shifts.get(row["crew"], ())),
            )
            for row in crews
        ),
        (row["region"] for row in regions),
        dt.UTC if zone is None else ZoneInfo(zone),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class LatestOrder:
    """The leading order given last for an incident or hazard: to whom, its state and why, the estimated arrival (ms)."""

    subject: str
    crew: str
    state: str
    reason: str
    arrival_estimate_ms: int


@dataclasses.dataclass(frozen=True, slots=True)
class CrewNow:
    """What a crew is doing, and the device that its active order names. `depot` is None for a crew not in the roster.

    `hazard`: its order is to make a place safe, near the device if there is one.
    """

    crew: str
    depot: str | None
    state: str
    device: str | None
    hazard: bool


async def latest_orders(connection: Connection) -> list[LatestOrder]:
    """Return for each incident and hazard the leading order that was given last, sorted by its id."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (subject) coalesce(incident, hazard) AS subject, crew, state, reason, arrival_estimate_ms
           FROM crew_order WHERE assists IS NULL ORDER BY subject, sent_at_ms DESC, attempt DESC"""
    )
    return [LatestOrder(**row) for row in rows]


async def crews_now(connection: Connection) -> list[CrewNow]:
    """Return what every crew is doing, sorted by crew."""
    rows = await connection.fetch(
        """SELECT d.crew, d.depot, d.state, o.device, o.hazard IS NOT NULL AS hazard
           FROM crew_duty d LEFT JOIN crew_order o ON o."order" = d."order" AND o.active ORDER BY d.crew"""
    )
    return [CrewNow(**row) for row in rows]
