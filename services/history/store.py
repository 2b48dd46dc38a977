"""The SQL of the history."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from services.engine.taking import Connection
from services.history.outages import Kind, Outage

_COLUMNS = tuple(field.name for field in dataclasses.fields(Outage))


@dataclasses.dataclass(frozen=True, slots=True)
class Saved:
    """How many outages were new, how many were known and are known better now."""

    added: int
    bettered: int


async def save(connection: Connection, outages: Sequence[Outage]) -> Saved:
    """Store the outages; all of them or none.

    One that is known is replaced only by what was seen of it later, or by its end; so the same file twice adds nothing,
    and files may overlap. What was seen first, and the most customers, are kept.
    """
    rows = [tuple(getattr(outage, column) for column in _COLUMNS) for outage in outages]
    async with connection.transaction():
        await connection.execute("CREATE TEMPORARY TABLE read_outage (LIKE history_outage) ON COMMIT DROP")
        await connection.copy_records_to_table("read_outage", records=rows, columns=_COLUMNS)
        bettered = await connection.fetch(
            """UPDATE history_outage h
               SET kind = r.kind, why = r.why, end_ms = r.end_ms, seen_until_ms = r.seen_until_ms,
                   seen_from_ms = least(h.seen_from_ms, r.seen_from_ms), start_ms = least(h.start_ms, r.start_ms),
                   readings = greatest(h.readings, r.readings), customers = greatest(h.customers, r.customers),
                   cause_written = r.cause_written, cause = r.cause, cause_known = r.cause_known, planned = r.planned,
                   lon = r.lon, lat = r.lat, area = r.area
               FROM read_outage r
               WHERE h.id = r.id AND (r.seen_until_ms > h.seen_until_ms
                   OR (r.seen_until_ms = h.seen_until_ms AND h.kind = $1 AND r.kind <> $1))
               RETURNING h.id""",
            Kind.UNFINISHED,
        )
        added = await connection.fetch(
            "INSERT INTO history_outage SELECT * FROM read_outage ON CONFLICT (id) DO NOTHING RETURNING id"
        )
    return Saved(len(added), len(bettered))


async def stored(connection: Connection) -> list[Mapping[str, Any]]:
    """Return everything in the history, by utility and start."""
    rows = await connection.fetch("SELECT * FROM history_outage ORDER BY utility, start_ms, id")
    return [dict(row) for row in rows]
