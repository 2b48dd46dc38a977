"""The SQL of what the console shows of outages: incidents, dangers, planned work under way, how switches stand, counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.engine.showing import SINCE

if TYPE_CHECKING:
    from services.engine.taking import Connection

_OPEN = "state IN ('predicted', 'confirmed', 'partiallyRestored', 'restored')"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShownIncident:
    """A row of the table of incidents. Times are milliseconds."""

    id: str
    area: str
    region: str
    feeder: str
    device: str
    device_class: str
    state: str
    reason: str
    revision: int
    basis: str
    opened_at_ms: int
    started_at_ms: int
    estimate_ms: int
    restored_at_ms: int | None
    changed_at_ms: int
    heard: int
    customers_out: int
    life_support: int
    important: int
    upstream: str | None
    merged_into: str | None
    fixed: bool
    phases: str
    contradicted: str | None


_INCIDENT = ", ".join(field.name for field in dataclasses.fields(ShownIncident))


async def incidents(connection: Connection, floor: str | None, over_since_ms: int) -> list[ShownIncident]:
    """Return the incidents that are new since a floor, of those that are open or changed last after `over_since_ms`."""
    rows = await connection.fetch(
        f"SELECT {_INCIDENT} FROM incident WHERE ({_OPEN} OR changed_at_ms > $2) AND {SINCE}",  # noqa: S608 - own text
        floor,
        over_since_ms,
    )
    return [ShownIncident(**row) for row in rows]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShownHazard:
    """A row of the table of dangers. Times are milliseconds."""

    id: str
    area: str
    region: str
    kind: str
    lon: float
    lat: float
    device: str | None
    incident: str | None
    state: str
    reason: str
    revision: int
    reports: int
    reported_at_ms: int
    ended_at_ms: int | None
    changed_at_ms: int


_HAZARD = ", ".join(field.name for field in dataclasses.fields(ShownHazard))


async def hazards(connection: Connection, over_since_ms: int) -> list[ShownHazard]:
    """Return the dangers that are open or changed last after `over_since_ms`."""
    rows = await connection.fetch(
        f"SELECT {_HAZARD} FROM hazard WHERE state = 'reported' OR changed_at_ms > $1",  # noqa: S608 - own text
        over_since_ms,
    )
    return [ShownHazard(**row) for row in rows]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShownWindow:
    """Planned work under way, or complete and being verified. `ends_at_ms`: None when nobody said it."""

    id: str
    isolates: Sequence[str]
    ends_at_ms: int | None
    overrun: bool


async def windows(connection: Connection) -> list[ShownWindow]:
    """Return the planned work whose isolation points are open, or not yet proven to be closed."""
    rows = await connection.fetch(
        """SELECT "window" AS id, isolates, ends_at_ms, overrun FROM work_window
           WHERE state IN ('active', 'verifying') ORDER BY "window\""""
    )
    return [ShownWindow(**row) for row in rows]


async def positions(connection: Connection) -> dict[str, bool]:
    """Return how the devices stand of which something was heard: whether each is closed."""
    rows = await connection.fetch("SELECT device, closed FROM device_position")
    return {row["device"]: row["closed"] for row in rows}


async def accounts_out(connection: Connection) -> dict[str, int]:
    """Return for each incident and window how many hotline accounts have a customer out under it."""
    rows = await connection.fetch(
        """SELECT i.holder, count(DISTINCT p.account) AS accounts
           FROM current_premise p JOIN interruption i ON i.customer = p.customer AND i.end_ms IS NULL AND NOT i.voided
           GROUP BY i.holder"""
    )
    return {row["holder"]: row["accounts"] for row in rows}


@dataclasses.dataclass(frozen=True, slots=True)
class CustomersOut:
    """Customers without power by the ledger: all, those of them for planned work, those who depend on power to live."""

    out: int
    planned: int
    life_support: int


async def customers_out(connection: Connection) -> CustomersOut:
    """Return how many customers are out now."""
    row = await connection.fetchrow(
        """SELECT count(*) AS out, count(*) FILTER (WHERE planned) AS planned,
                  count(*) FILTER (WHERE life_support) AS life_support
           FROM interruption WHERE end_ms IS NULL AND NOT voided"""
    )
    assert row is not None, "an aggregate without groups has one row"
    return CustomersOut(**row)


@dataclasses.dataclass(frozen=True, slots=True)
class Remarked:
    """How many remarks of people hold of an incident, and the cause that they gave it last."""

    remarks: int
    cause: str | None


async def remarks(connection: Connection, over_since_ms: int) -> dict[str, Remarked]:
    """Return what people remarked, of the incidents that are open or changed last after `over_since_ms`."""
    rows = await connection.fetch(
        f"""SELECT r.incident, r.remarks, r.cause FROM incident_remarks r
            WHERE r.incident IN (SELECT id FROM incident WHERE {_OPEN} OR changed_at_ms > $1)""",  # noqa: S608 - own text
        over_since_ms,
    )
    return {row["incident"]: Remarked(row["remarks"], row["cause"]) for row in rows}


async def open_incident_at(connection: Connection, customers: Sequence[str]) -> dict[str, str]:
    """Return of these customers those who are out, and the incident or window that holds the outage of each."""
    rows = await connection.fetch(
        """SELECT customer, holder FROM interruption
           WHERE customer = ANY ($1::text[]) AND end_ms IS NULL AND NOT voided AND holder_kind = 'incident'""",
        list(customers),
    )
    return {row["customer"]: row["holder"] for row in rows}
