"""What the console shows of reports: those that an incident or danger rests on, and those that nobody could place."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from services.engine.taking import Connection

MINUTE_MS = 60_000
FEW = 12
"""Up to so many reports are shown one by one."""
SHOWN_IDS = 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Reports of one kind and fate, held for one incident or danger, within one minute (or a single one). Milliseconds.

    `ids` are the first of them; `customer` is given of a single one.
    """

    at_ms: int
    kind: str
    holder: str
    reason: str
    state: str
    reports: int
    ids: tuple[str, ...]
    customer: str | None


async def heard_for(connection: Connection, holders: Sequence[str]) -> list[Heard]:
    """Return what was reported for these incidents and dangers: one by one when few, else by minute, kind and reason."""
    rows = await connection.fetch(
        """WITH those AS (SELECT id, kind, at_ms, holder, state, reason, customer FROM report WHERE holder = ANY ($1::text[])),
                few AS (SELECT count(*) <= $2 AS few FROM those)
           SELECT min(at_ms) AS at_ms, kind, holder, reason, state, count(*)::integer AS reports,
                  (array_agg(id ORDER BY at_ms, id))[1:$3] AS ids,
                  CASE WHEN count(*) = 1 THEN min(customer) END AS customer
           FROM those, few
           GROUP BY kind, holder, reason, state, CASE WHEN few.few THEN id ELSE (at_ms / $4)::text END
           ORDER BY 1, 2, 3, 4, 5""",
        list(holders),
        FEW,
        SHOWN_IDS,
        MINUTE_MS,
    )
    return [Heard(**{**row, "ids": tuple(row["ids"])}) for row in rows]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """A report of a danger: who said where it is, and in which words. Phone and words are in full; times are milliseconds."""

    id: str
    at_ms: int
    customer: str | None
    account: str | None
    pole: str | None
    device: str | None
    lon: float
    lat: float
    phone: str | None
    words: str | None


async def dangers_heard(connection: Connection, hazard: str, limit: int) -> list[Danger]:
    """Return the last reports of a danger, the oldest first."""
    rows = await connection.fetch(
        """SELECT id, at_ms, customer_named AS customer, account, pole_named AS pole, device_named AS device, lon, lat,
                  phone_named AS phone, words
           FROM report WHERE holder = $1 AND kind = 'hazard' ORDER BY at_ms DESC, id LIMIT $2""",
        hazard,
        limit,
    )
    return [Danger(**row) for row in reversed(rows)]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A report that nobody could place, or that came too late. The phone is in full; times are milliseconds.

    `candidates` are pairs of customer (None: nobody is named) and device that an ambiguous one may mean.
    """

    id: str
    kind: str
    state: str
    reason: str
    at_ms: int
    customer: str | None
    customer_named: str | None
    meter_named: str | None
    pole_named: str | None
    device_named: str | None
    phone_named: str | None
    account: str | None
    hazard: str | None
    words: str | None
    lon: float | None
    lat: float | None
    candidates: tuple[tuple[str | None, str], ...]


_UNPLACED = """id, kind, state, reason, at_ms, customer, customer_named, meter_named, pole_named, device_named, phone_named,
               account, hazard, words, lon, lat, candidates"""
UNPLACED = ("unknown", "ambiguous", "closedAccount", "late")
"""The states of a report that nobody could place, or that came too late."""


async def unplaced(connection: Connection, limit: int) -> list[Unplaced]:
    """Return the newest reports that nobody could place and nobody has dealt with."""
    # State by state, so that each is read from the end of its index and no further than needed.
    rows = await connection.fetch(
        f"""SELECT found.* FROM unnest($2::text[]) AS s (named), LATERAL (
                SELECT {_UNPLACED} FROM report r
                WHERE r.state = s.named AND NOT EXISTS (SELECT FROM attention_handled h WHERE h.id = 'report:' || r.id)
                ORDER BY at_ms DESC, id LIMIT $1) found
            ORDER BY at_ms DESC, id LIMIT $1""",  # noqa: S608 (the text above)
        limit,
        list(UNPLACED),
    )
    return [_read(**row) for row in rows]


async def unplaced_one(connection: Connection, report: str) -> Unplaced | None:
    """Return a report that nobody could place; None when there is none of this id, or it was placed."""
    row = await connection.fetchrow(
        f"SELECT {_UNPLACED} FROM report WHERE id = $1 AND state = ANY ($2::text[])",  # noqa: S608 (the text above)
        report,
        list(UNPLACED),
    )
    return None if row is None else _read(**row)


def _read(*, candidates: str, **row: object) -> Unplaced:
    pairs = tuple((customer, device) for customer, device in json.loads(candidates))
    return Unplaced(candidates=pairs, **row)  # type: ignore[arg-type] # the columns are the fields
