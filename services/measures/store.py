"""The SQL of measures: sums over the ledger's view, the rows behind them, and how long incidents took."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from services.measures.indices import SUSTAINED_MS, Totals
from services.measures.indices import indices as of_totals

if TYPE_CHECKING:
    from services.engine.taking import Connection


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


_COUNTED = "counted_interruption($1, $2, coalesce($3::bigint, (SELECT now_ms FROM tick()), 0), $4, $5, $6, $7, $8)"


def _arguments(selection: Selection) -> tuple[object, ...]:
    s = selection
    return (s.from_ms, s.until_ms, s.as_of_ms, s.feeder, s.region, s.tier, s.planned, s.sustained_ms)


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
            FROM {_COUNTED}""",  # noqa: S608 - the module's own text
        *_arguments(selection or Selection()),
    )
    return Totals(**row)


async def indices(connection: Connection, selection: Selection | None = None) -> dict[str, float]:
    """Return the indices of this selection (default: everything but planned work), by name."""
    return dataclasses.asdict(of_totals(await totals(connection, selection)))


async def behind(connection: Connection, selection: Selection, *, most: int = 10_000) -> list[CustomerTime]:
    """Return the rows that a figure is made of, at most so many, by start and customer. Their `counted_ms` add up to it."""
    rows = await connection.fetch(
        f"SELECT * FROM {_COUNTED} ORDER BY start_ms, customer LIMIT $9",  # noqa: S608 - the module's own text
        *_arguments(selection),
        most,
    )
    return [CustomerTime(**row) for row in rows]


async def restoration_times(connection: Connection, selection: Selection) -> list[Spread]:
    """Return how long it took from the start of incidents to each of their moments, in the order in which those come.

    The incidents are those of the feeder or region that began in the period and were not merged or dismissed; a tier selects none.
    """
    rows = await connection.fetch(
        """SELECT m.moment, count(m.at_ms) AS incidents,
                  percentile_disc(0.5) WITHIN GROUP (ORDER BY m.at_ms - t.started_at_ms) / 1000 AS p50_s,
                  percentile_disc(0.9) WITHIN GROUP (ORDER BY m.at_ms - t.started_at_ms) / 1000 AS p90_s,
                  percentile_disc(0.95) WITHIN GROUP (ORDER BY m.at_ms - t.started_at_ms) / 1000 AS p95_s,
                  max(m.at_ms - t.started_at_ms) / 1000 AS longest_s
           FROM incident_times t, LATERAL (VALUES
                (1, 'defined', t.defined_at_ms), (2, 'dispatched', t.dispatched_at_ms), (3, 'arrived', t.arrived_at_ms),
                (4, 'restored', t.restored_at_ms)) AS m (place, moment, at_ms)
           WHERE ($1::bigint IS NULL OR t.started_at_ms >= $1) AND ($2::bigint IS NULL OR t.started_at_ms < $2)
             AND ($3::text IS NULL OR t.feeder = $3) AND ($4::text IS NULL OR t.region = $4)
           GROUP BY m.place, m.moment ORDER BY m.place""",
        selection.from_ms,
        selection.until_ms,
        selection.feeder,
        selection.region,
    )
    return [Spread(**row) for row in rows]
