"""The SQL of measures: sums over the ledger's view, the rows behind them, and how long incidents took."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg

from services.measures.indices import SUSTAINED_MS, Totals
from services.measures.indices import indices as of_totals

if TYPE_CHECKING:
    from services.engine.taking import Connection

MOST_MS = 10_000
"""How long one query about figures may take, milliseconds."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is measured: interruptions that *began* in a period, each whole, with the customers of a feeder, region, tier.

    Times are milliseconds; `from_ms` None begins with the first row of the ledger, `until_ms` None ends now. What lasts
    counts up to `as_of_ms`, None: up to the clock's now. Planned work counts only when `planned` is set.
    """

    from_ms: int | None = None
    until_ms: int | None = None
    as_of_ms: int | None = None
    feeder: str | None = None
    region: str | None = None
    tier: str | None = None
    planned: bool = False
    sustained_ms: int = SUSTAINED_MS


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTime:
    """One row behind a figure: a customer's interruption and how long it counts, milliseconds."""

    interruption: str
    customer: str
    feeder: str
    tier: str
    start_ms: int
    end_ms: int | None
    counted_ms: int
    sustained: bool
    planned: bool
    basis: str
    holder: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long it took from an incident's start to one of its moments, in whole seconds (nearest rank); None of none."""

    moment: str
    incidents: int
    p50_s: int | None
    p90_s: int | None
    p95_s: int | None
    longest_s: int | None


COUNTED = "counted_interruption($1, $2, coalesce($3::bigint, (SELECT now_ms FROM tick()), 0), $4, $5, $6, $7, $8)"
"""The interruptions of a selection, whose arguments go first; the text stands in a FROM."""


def arguments(selection: Selection) -> tuple[object, ...]:
    """Return a selection as the arguments $1 to $8 of `COUNTED`."""
    s = selection
    return (s.from_ms, s.until_ms, s.as_of_ms, s.feeder, s.region, s.tier, s.planned, s.sustained_ms)


class TooMuch(Exception):
    """The answer took longer than anybody may keep the database busy with figures."""


@contextlib.asynccontextmanager
async def looking(connection: Connection, *, most_ms: int = MOST_MS) -> AsyncIterator[int]:
    """Look at one state of the ledger, without taking much from the live part; give the clock's now, milliseconds.

    Raises `TooMuch` when one query in it takes longer than `most_ms`.
    """
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            # One core at most, and plans for the very selection: a null selects all.
            await connection.execute(
                f"""SET LOCAL statement_timeout = {most_ms}; SET LOCAL max_parallel_workers_per_gather = 0;
                    SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off; SET LOCAL work_mem = '32MB'"""
            )
            yield await connection.fetchval("SELECT coalesce((SELECT now_ms FROM tick()), 0)")
    except asyncpg.QueryCanceledError as error:
        raise TooMuch from error


async def totals(connection: Connection, selection: Selection | None = None) -> Totals:
    """Return what the ledger sums up to for this selection (default: everything but planned work)."""
    row = await connection.fetchrow(
        f"""SELECT count(*) FILTER (WHERE sustained) AS interruptions,
                   coalesce(sum(counted_ms) FILTER (WHERE sustained), 0)::bigint AS customer_ms,
                   count(DISTINCT customer) FILTER (WHERE sustained) AS interrupted,
                   count(*) FILTER (WHERE NOT sustained) AS momentary,
                   (SELECT count(*) FROM current_customer c LEFT JOIN utility_feeder f USING (version, feeder)
                    WHERE c.active AND ($4::text IS NULL OR c.feeder = $4) AND ($5::text IS NULL OR f.region = $5)
                      AND ($6::text IS NULL OR c.tier = $6)) AS served,
                   (SELECT greatest(0, least(coalesce($2::bigint, ms), ms)
                                       - coalesce($1::bigint, (SELECT min(start_ms) FROM measured_interruption), ms))
                    FROM (SELECT coalesce($3::bigint, (SELECT now_ms FROM tick()), 0) AS ms) moment) AS period_ms
            FROM {COUNTED}""",  # noqa: S608 - the module's own text
        *arguments(selection or Selection()),
    )
    return Totals(**row)


async def indices(connection: Connection, selection: Selection | None = None) -> dict[str, float]:
    """Return the indices of this selection (default: everything but planned work), by name."""
    return dataclasses.asdict(of_totals(await totals(connection, selection)))


async def time_out(connection: Connection, from_ms: int, until_ms: int) -> dict[str, int]:
    """Return how long each customer was without power in a period, milliseconds, planned work too; who never was is missing."""
    rows = await connection.fetch(
        """SELECT customer, sum(least(coalesce(end_ms, $2), $2) - greatest(start_ms, $1))::bigint AS out_ms
           FROM measured_interruption WHERE start_ms < $2 AND (end_ms IS NULL OR end_ms > $1) GROUP BY customer""",
        from_ms,
        until_ms,
    )
    return {row["customer"]: row["out_ms"] for row in rows}


async def behind(connection: Connection, selection: Selection, *, most: int = 10_000) -> list[CustomerTime]:
    """Return the rows that a figure is made of, at most so many, by start and customer. Their `counted_ms` add up to it."""
    rows = await connection.fetch(
        f"SELECT * FROM {COUNTED} ORDER BY start_ms, customer LIMIT $9",  # noqa: S608 - the module's own text
        *arguments(selection),
        most,
    )
    return [CustomerTime(**row) for row in rows]


async def restoration_times(connection: Connection, selection: Selection) -> list[Spread]:
    """Return how long it took from the start of incidents to each of their moments, in the order in which those come.

    The incidents are those of the feeder or region that began in the period and were not merged or dismissed; a tier selects none.
    What came after the moment of looking has not been.
    """
    rows = await connection.fetch(
        """SELECT ever.moment, count(m.at_ms) AS incidents,
                  percentile_disc(0.5) WITHIN GROUP (ORDER BY m.at_ms - t.started_at_ms) / 1000 AS p50_s,
                  percentile_disc(0.9) WITHIN GROUP (ORDER BY m.at_ms - t.started_at_ms) / 1000 AS p90_s,
                  percentile_disc(0.95) WITHIN GROUP (ORDER BY m.at_ms - t.started_at_ms) / 1000 AS p95_s,
                  max(m.at_ms - t.started_at_ms) / 1000 AS longest_s
           FROM incident_times t, LATERAL (VALUES
                (1, 'defined', t.defined_at_ms), (2, 'dispatched', t.dispatched_at_ms), (3, 'arrived', t.arrived_at_ms),
                (4, 'restored', t.restored_at_ms)) AS ever (place, moment, ever_at_ms),
                LATERAL (SELECT CASE WHEN $5::bigint IS NULL OR ever_at_ms <= $5 THEN ever_at_ms END AS at_ms) m
           WHERE ($1::bigint IS NULL OR t.started_at_ms >= $1) AND ($2::bigint IS NULL OR t.started_at_ms < $2)
             AND ($3::text IS NULL OR t.feeder = $3) AND ($4::text IS NULL OR t.region = $4)
           AND ($5 IS NULL OR t.started_at_ms < $5)
           GROUP BY ever.place, ever.moment ORDER BY ever.place""",
        selection.from_ms,
        selection.until_ms,
        selection.feeder,
        selection.region,
        selection.as_of_ms,
    )
    return [Spread(**row) for row in rows]
