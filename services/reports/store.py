"""All SQL of reports: taking them in, handing the located ones to the inference, listing them for people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TypeAlias

import asyncpg

from schemas.codec import encode
from schemas.events import HazardKind, HazardReported, HotlineReported, OutageReported, Place, ReportKind
from services.engine.taking import Connection, Readable, Refused, Stamp, same_id
from services.engine.turn import Fact
from services.network import Network
from services.outages.report import LocatedHazard, LocatedReport
from services.reports.locating import Heard, Located, locate, names_anything
from services.reports.premises import Premises

Row: TypeAlias = tuple[Heard, Located]


class ReportKeeper:
    """Keeps the events of `outage.reports` and `hotline.reports`: located while they are taken, each in a named state."""

    def __init__(self, network: Network, premises: Premises) -> None:
        self._network = network
        self._premises = premises

    async def keep(self, connection: Connection, events: Sequence[Readable], stamp: Stamp) -> list[Refused]:
        """Store these reports, dropping copies; return those that name nothing, and those whose id another report has."""
        rows: list[Row] = []
        refused = []
        for readable in events:
            event = readable.event
            if not isinstance(event, OutageReported | HazardReported | HotlineReported):
                refused.append(Refused(readable.message, "unexpectedEvent", type(event).__name__, event.id))
            elif not names_anything(event):
                refused.append(Refused(readable.message, "nobodyNamed", "nothing says where it is", event.id))
            else:
                rows.append((event, locate(event, self._network, stamp.ahead, self._premises)))
        others = set(await insert(connection, rows, stamp.n))
        return refused + [same_id(each.message, each.event.id) for each in events if each.event.id in others]


async def insert(connection: Connection, rows: Sequence[Row], tick: int) -> list[str]:
    """Store reports with where they belong; one that is there already stays as it is.

    Returns the ids under which another report is stored.
    """
    if not rows:
        return []
    columns = [list(column) for column in zip(*(_columns(*row) for row in rows), strict=True)]
    done = await connection.execute(
        """INSERT INTO report (id, body_sha256, kind, customer_named, meter_named, pole_named, device_named, phone_named,
                               account, hazard, lon, lat, customer, device, shard, at_ms, state, reason, candidates,
                               priority, exercise, words, tick)
           SELECT *, $1::bigint
           FROM unnest($2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                       $10::text[], $11::text[], $12::float8[], $13::float8[], $14::text[], $15::text[], $16::text[],
                       $17::bigint[], $18::text[], $19::text[], $20::json[], $21::boolean[], $22::boolean[], $23::text[])
           ORDER BY 1  -- two takes with the same reports wait for each other, and never both
           ON CONFLICT (id) DO NOTHING""",
        tick,
        *columns,
    )
    if int(done.rsplit(" ", 1)[1]) == len(rows):
        return []
    found = await connection.fetch(
        """SELECT r.id FROM report r JOIN unnest($1::text[], $2::bytea[]) AS f (id, body_sha256) USING (id)
           WHERE r.body_sha256 <> f.body_sha256 ORDER BY r.id""",
        *columns[:2],
    )
    return [row["id"] for row in found]


def _columns(event: Heard, where: Located) -> tuple[object, ...]:
    hazard = event.hazard if isinstance(event, HazardReported) else None
    place = where.place or getattr(event, "place", None)
    return (
        event.id,
        hashlib.sha256(encode(event)).digest(),
        "hazard" if isinstance(event, HazardReported) else event.kind,
        event.customer,
        getattr(event, "meter", None),
        getattr(event, "pole", None),
        getattr(event, "device", None),
        getattr(event, "phone", None),
        getattr(event, "account", None),
        hazard,
        None if place is None else place.lon,
        None if place is None else place.lat,
        where.customer,
        where.device,
        where.area,
        where.at,
        where.state,
        where.reason,
        json.dumps(where.candidates),
        isinstance(event, HotlineReported),
        event.exercise,
        (event.words or None) if isinstance(event, HazardReported) else None,
    )


async def read_premises(connection: Connection) -> Premises:
    """Return which customers phones and hotline accounts stand for, in the current version of the utility."""
    phones = await connection.fetch("SELECT phone, customer FROM current_phone")
    accounts = await connection.fetch("SELECT account, customer FROM current_premise")
    return Premises.of(map(tuple, phones), map(tuple, accounts))


async def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many reports are in each state, by the state's name."""
    rows = await connection.fetch("SELECT state, count(*) AS reports FROM report GROUP BY state ORDER BY state")
    return {row["state"]: row["reports"] for row in rows}


_FACT = "id, kind, customer, device, at_ms, candidates, priority, hazard, lon, lat"


async def take_located(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Mark the undecided reports of a shard with a tick before this one as decided by it, and return them."""
    rows = await connection.fetch(
        f"""UPDATE report SET decided = $2
           WHERE shard = $1 AND decided IS NULL AND state IN ('located', 'ambiguous') AND tick < $2
           RETURNING {_FACT}""",  # noqa: S608 (the columns are the ones above)
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


async def decided_reports(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Return the reports of a shard that this tick decided."""
    rows = await connection.fetch(
        f"SELECT {_FACT} FROM report WHERE shard = $1 AND decided = $2",  # noqa: S608 (as above)
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


def _fact(row: asyncpg.Record) -> Fact:
    report: LocatedReport | LocatedHazard
    if row["hazard"] is not None:
        report = LocatedHazard(
            id=row["id"],
            hazard=HazardKind(row["hazard"]),
            at=row["at_ms"],
            place=Place(row["lon"], row["lat"]),
            device=row["device"],
            customer=row["customer"],
        )
    else:
        report = LocatedReport(
            id=row["id"],
            kind=ReportKind(row["kind"]),
            at=row["at_ms"],
            device=row["device"],
            customer=row["customer"],
            candidates=tuple((customer, device) for customer, device in json.loads(row["candidates"])),
            priority=row["priority"],
        )
    return Fact(row["at_ms"], row["id"], report)


async def dispose(connection: Connection, rows: Sequence[tuple[str, str, str, str | None]]) -> None:
    """Write what became of reports: id, state, reason, and the incident, hazard or window that explains it."""
    if not rows:
        return
    await connection.execute(
        """UPDATE report r SET state = d.state, reason = d.reason, holder = d.holder
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS d (id, state, reason, holder)
           WHERE r.id = d.id""",
        *(list(column) for column in zip(*rows, strict=True)),
    )


_SHOWN = """id, kind, state, reason, at_ms, area, account, customer, device, holder, customer_named, meter_named, pole_named,
            device_named, phone_masked, hazard, lon, lat, candidates, priority"""


async def listed(connection: Connection, state: str | None = None, limit: int = 200) -> list[dict[str, object]]:
    """Return reports with all that people may see of them, newest first; `state` None: of every state."""
    rows = await connection.fetch(
        f"""SELECT {_SHOWN} FROM report_states WHERE $1::text IS NULL OR state = $1
            ORDER BY at_ms DESC, id LIMIT $2""",  # noqa: S608 (the columns are the ones above)
        state,
        limit,
    )
    return [{**row, "candidates": json.loads(row["candidates"])} for row in rows]


async def fate(connection: Connection, key_id: str, event_id: str) -> tuple[str, str] | None:
    """Return state and reason of a report that this key sent; None when it sent none of this id.

    A report that was not taken yet is `received`; one that could not become a fact is `parked`.
    """
    row = await connection.fetchrow(
        """SELECT coalesce(r.state, p.state, 'received') AS state, coalesce(r.reason, p.reason, 'accepted') AS reason
           FROM edge_event e
           LEFT JOIN report r ON r.id = e.event_id AND r.body_sha256 = e.sha256
           LEFT JOIN LATERAL (
               SELECT 'parked' AS state, reason FROM parked
               WHERE event_id = e.event_id AND stage = 'intake' AND sha256(body) = e.sha256
               ORDER BY id LIMIT 1) p ON true
           WHERE e.key_id = $1 AND e.event_id = $2 AND e.topic = 'outage.reports'""",
        key_id,
        event_id,
    )
    return None if row is None else (row["state"], row["reason"])
