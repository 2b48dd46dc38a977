"""All SQL of the dispatch room beyond the engine's: the roster, the table of all orders, and what people read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from services.dispatch.entities import Order, OrderRow
from services.dispatch.planned import PlannedRow
from services.dispatch.roster import Barred, Crew, Depot, Roster, Shift
from services.dispatch.store_fairness import decided_hardship, take_hardship
from services.dispatch.store_rules import decided_rules, take_rules
from services.engine.deciding import inbox_decided, inbox_facts
from services.network.places import Place
from services.roads.store import read_travel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from services.engine.taking import Connection
    from services.engine.turn import Fact, Record


class DispatchStore:
    """The store of the stage `dispatch`: facts in `inbox`, of its rules and of fairness; every order in `dispatch_order`."""

    async def facts(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Mark the facts that this tick decides, and return them."""
        said = await take_rules(connection, shard, tick) + await take_hardship(connection, shard, tick)
        return said + await inbox_facts(connection, "dispatch", shard, tick)

    async def decided(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decided."""
        said = await decided_rules(connection, shard, tick) + await decided_hardship(connection, shard, tick)
        return said + await inbox_decided(connection, "dispatch", shard, tick)

    async def save(self, connection: Connection, shard: str, tick: int, now: int, records: Sequence[Record]) -> None:
        """Write the orders and what was planned in a turn; of several records of one of them the last one stands."""
        del tick
        orders = {record.order.id: record.order for record in records if isinstance(record, OrderRow)}
        if orders:
            await connection.executemany(_SAVE, [_values(order) for order in orders.values()])
        planned = {record.job: record for record in records if isinstance(record, PlannedRow)}
        if planned:
            await connection.executemany(
                _SAVE_PLANNED,
                [(now, shard, *(getattr(row, field) for field in _PLANNED)) for row in planned.values()],
            )


_PLANNED = tuple(PlannedRow.__struct_fields__)
_PLANNED_COLUMNS = ", ".join(
    {"arrival": "arrival_ms", "done": "done_ms", "others_done": "others_done_ms"}.get(f, f'"{f}"') for f in _PLANNED
)
_SAVE_PLANNED = f"""
INSERT INTO dispatch_planned (at_ms, region, {_PLANNED_COLUMNS})
VALUES ({", ".join(f"${number}" for number in range(1, len(_PLANNED) + 3))})
ON CONFLICT (job, at_ms) DO UPDATE SET crew = excluded.crew, rank = excluded.rank, arrival_ms = excluded.arrival_ms,
    done_ms = excluded.done_ms, customers = excluded.customers, reason = excluded.reason, "order" = excluded."order",
    ahead = excluded.ahead, behind = excluded.behind, others = excluded.others, others_done_ms = excluded.others_done_ms
"""  # noqa: S608 - columns are the room's own words

_FIELDS = tuple(field for field in Order.__struct_fields__ if field not in {"id", "place"})


def _column(field: str) -> str:
    """Return the column of a field: times say that they are milliseconds."""
    timed = field.endswith(("_at", "_estimate", "_since", "_until"))
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
    """Return the regions, depots, crews and shifts of the utility's current version, and how its roads let them travel."""
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
    crews = await connection.fetch("SELECT crew, depot, skills, certificates, kit, members, barred FROM current_crew")
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
                members=row["members"],
                barred=tuple(map(_barred, row["barred"])),
            )
            for row in crews
        ),
        (row["region"] for row in regions),
        dt.UTC if zone is None else ZoneInfo(zone),
        await read_travel(connection),
    )


def _barred(circle: str) -> Barred:
    lat, lon, radius_m = circle.split("/")
    return Barred(Place(float(lon), float(lat)), int(radius_m))


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
