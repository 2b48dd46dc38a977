"""What the console shows of the figures: a selection in whole, by feeder, by incident, by customer. All of it adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from services.measures import store
from services.measures.calibrating import Said, Scored, calibrated
from services.measures.cutting import MINUTE_MS
from services.measures.faring import fared
from services.measures.indices import indices
from services.measures.shown import (
    BehindShown,
    Calibration,
    Estimates,
    FeederFigures,
    Figures,
    IncidentsShown,
    IncidentTimes,
    OtherHolder,
    Storm,
    TotalsShown,
)
from services.measures.store import COUNTED, CustomerTime, Selection, arguments

if TYPE_CHECKING:
    from services.engine.taking import Connection

Of: TypeAlias = Literal["sustained", "restored", "momentary", "out", "all"]
"""Which interruptions stand behind a number: those the indices count (sustained), of them those that are over, momentary ones,
everybody who is out at the moment of looking (whenever that began), and sustained and momentary ones together."""
Order: TypeAlias = Literal["customer_min", "customers", "started", "lasted", "error"]
"""By what incidents are sorted, the most first; by `started` the latest first."""
STORM_GAP_MS = 6 * 3_600_000
"""An incident that begins so long after the one before it begins another storm."""

_OUT = """measured_interruption i
    WHERE i.start_ms < $3::bigint AND (i.end_ms IS NULL OR i.end_ms > $3) AND ($4::text IS NULL OR i.feeder = $4)
      AND ($5::text IS NULL OR i.region = $5) AND ($6::text IS NULL OR i.tier = $6) AND ($7::boolean OR NOT i.planned)"""
_ALL = f"SELECT * FROM {COUNTED}"  # noqa: S608 - the module's own text
CHOSEN: dict[Of, str] = {
    "sustained": f"{_ALL} WHERE sustained",
    "restored": f"{_ALL} WHERE sustained AND end_ms <= $3",
    "momentary": f"{_ALL} WHERE NOT sustained",
    "all": _ALL,
    "out": f"""SELECT i.id AS interruption, i.customer, i.feeder, i.tier, i.start_ms, i.end_ms, $3 - i.start_ms AS counted_ms,
                      $3 - i.start_ms > $8::bigint AS sustained, i.planned, i.basis, i.holder
               FROM (SELECT $1::bigint, $2::bigint) of_no_period, {_OUT}""",  # noqa: S608 - the module's own text
}
"""The interruptions behind a number, whose arguments are those of a selection."""
# Who held an interruption for how long. Who is out now is counted whole under what holds him now.
_HELD = """
    SELECT c.*, coalesce(p.holder, c.holder) AS held_by,
           coalesce(p.holder_kind, CASE WHEN c.planned THEN 'window' ELSE 'unknown' END) AS held_kind,
           CASE WHEN p.interruption IS NULL THEN c.counted_ms
                ELSE greatest(0, least(coalesce(p.until_ms, $3), $3) - p.from_ms) END AS held_ms,
           coalesce(p.from_ms = c.start_ms, true) AS first
    FROM chosen c LEFT JOIN interruption_part p ON p.interruption = c.interruption"""
_HELD_NOW = """
    SELECT c.*, c.holder AS held_by, CASE WHEN c.planned THEN 'window' ELSE 'unknown' END AS held_kind,
           c.counted_ms AS held_ms, true AS first
    FROM chosen c"""
_ORDERS: dict[Order, str] = {
    "customer_min": "b.held_ms DESC, b.id",
    "customers": "b.customers DESC, b.id",
    "started": "b.started_at_ms DESC, b.id",
    "lasted": "coalesce(b.restored_at_ms, $3) - b.started_at_ms DESC, b.id",
    "error": """b.restored_at_ms - (SELECT e.estimate_ms FROM incident_estimate e WHERE e.incident = b.id
                                    ORDER BY e.revision LIMIT 1) DESC NULLS LAST, b.id""",
}
_BEGAN = """i.state NOT IN ('merged', 'dismissed') AND ($1::bigint IS NULL OR i.started_at_ms >= $1)
    AND i.started_at_ms < least(coalesce($2::bigint, $3), $3)
    AND ($4::text IS NULL OR i.feeder = $4) AND ($5::text IS NULL OR i.region = $5)"""

_SCORED = """{} i WHERE ($1::bigint IS NULL OR i.started_at_ms >= $1)
    AND ($2::bigint IS NULL OR i.started_at_ms < $2) AND ($3::bigint IS NULL OR i.restored_at_ms <= $3)
    AND ($4::text IS NULL OR i.feeder = $4) AND ($5::text IS NULL OR i.region = $5)"""


async def figures(connection: Connection, selection: Selection, as_of_ms: int) -> Figures:
    """Return the figures of a selection whose moment of looking is `as_of_ms`."""
    totals = await store.totals(connection, selection)
    spreads = await store.restoration_times(connection, selection)
    begins = selection.from_ms if selection.from_ms is not None else await first(connection)
    row = await connection.fetchrow(
        f"""SELECT (SELECT count(*) FROM ({CHOSEN["restored"]}) r) AS restored,
                   (SELECT count(*) FROM {_OUT}) AS out,
                   (SELECT count(*) FROM incident i WHERE {_BEGAN}) AS incidents""",  # noqa: S608 - the module's own text
        *arguments(selection),
    )
    assert row is not None, "a query without FROM has one row"
    found = indices(totals)
    return Figures(
        from_ms=begins,
        until_ms=min(as_of_ms, as_of_ms if selection.until_ms is None else selection.until_ms),
        as_of_ms=as_of_ms,
        served=totals.served,
        out=row["out"],
        restored=row["restored"],
        incidents=row["incidents"],
        indices=found,
        totals=msgspec.convert(totals, TotalsShown, from_attributes=True),
        times=spreads,
    )


async def first(connection: Connection) -> int | None:
    """Return when the first interruption of the ledger began, None of an empty one."""
    began: int | None = await connection.fetchval("SELECT min(start_ms) FROM measured_interruption")
    return began


async def feeders(connection: Connection, selection: Selection) -> list[FeederFigures]:
    """Return the figures of each feeder of the selection, where most was lost first; they add up to the figures of all."""
    rows = await connection.fetch(
        f"""WITH lost AS (SELECT feeder, count(*) AS interruptions, sum(counted_ms)::bigint AS lost_ms,
                                 max(counted_ms) AS longest_ms
                          FROM ({CHOSEN["sustained"]}) c GROUP BY feeder),
                 served AS (SELECT c.feeder, count(*) AS served
                            FROM current_customer c LEFT JOIN utility_feeder f USING (version, feeder)
                            WHERE c.active AND ($4::text IS NULL OR c.feeder = $4) AND ($5::text IS NULL OR f.region = $5)
                              AND ($6::text IS NULL OR c.tier = $6) GROUP BY c.feeder),
                 begun AS (SELECT feeder, count(*) AS incidents FROM incident i WHERE {_BEGAN} GROUP BY feeder),
                 known AS (SELECT f.feeder, f.name, f.region FROM utility_feeder f JOIN utility_version v USING (version)
                           WHERE v.current)
            SELECT feeder, coalesce(nullif(k.name, ''), feeder) AS name, coalesce(k.region, '') AS region,
                   coalesce(s.served, 0) AS served,
                   coalesce(l.interruptions, 0) AS interruptions, coalesce(l.lost_ms, 0) AS lost_ms, l.longest_ms,
                   coalesce(b.incidents, 0) AS incidents
            FROM served s FULL JOIN lost l USING (feeder) FULL JOIN begun b USING (feeder) LEFT JOIN known k USING (feeder)
            ORDER BY lost_ms DESC, feeder""",  # noqa: S608 - the module's own text
        *arguments(selection),
    )
    return [_feeder(**row) for row in rows]


def _feeder(
    *,
    feeder: str,
    name: str,
    region: str,
    served: int,
    interruptions: int,
    lost_ms: int,
    longest_ms: int | None,
    incidents: int,
) -> FeederFigures:
    minutes = lost_ms / MINUTE_MS
    return FeederFigures(
        feeder=feeder,
        name=name,
        region=region,
        served=served,
        interruptions=interruptions,
        customer_min=minutes,
        saifi=interruptions / served if served else 0.0,
        saidi_min=minutes / served if served else 0.0,
        caidi_min=minutes / interruptions if interruptions else 0.0,
        incidents=incidents,
        longest_s=None if longest_ms is None else longest_ms // 1000,
    )


async def incidents(
    connection: Connection, selection: Selection, *, of: Of, order: Order, offset: int, limit: int
) -> IncidentsShown:
    """Return a page of the incidents behind a number of this selection, and what no incident that counts has in it.

    There are those that held one of the interruptions, and for what the indices count also those that began in the period.
    """
    held = _HELD_NOW if of == "out" else _HELD
    began = f"({_BEGAN})" if of in {"sustained", "all"} else "false"
    row = await connection.fetchrow(
        f"""WITH chosen AS ({CHOSEN[of]}),
                 held AS ({held}),
                 per AS MATERIALIZED (SELECT held_by, min(held_kind) AS held_kind, count(DISTINCT customer) AS customers,
                                             count(*) FILTER (WHERE first) AS begun, sum(held_ms)::bigint AS held_ms
                                      FROM held GROUP BY 1),
                 base AS MATERIALIZED (
                     SELECT i.id, i.feeder, i.device, i.state, i.started_at_ms, i.opened_at_ms, i.restored_at_ms,
                            {_BEGAN} AS in_period, coalesce(p.customers, 0) AS customers, coalesce(p.begun, 0) AS begun,
                            coalesce(p.held_ms, 0) AS held_ms
                     FROM incident i LEFT JOIN per p ON p.held_by = i.id
                     WHERE i.state NOT IN ('merged', 'dismissed') AND (p.held_by IS NOT NULL OR {began}))
            SELECT (SELECT count(*) FROM base) AS total,
                   (SELECT coalesce(json_agg(o), '[]') FROM (
                       SELECT coalesce(i.state, p.held_kind) AS kind, sum(p.customers)::bigint AS customers,
                              sum(p.begun)::bigint AS interruptions, sum(p.held_ms) / 60000.0 AS customer_min
                       FROM per p LEFT JOIN incident i ON i.id = p.held_by
                       WHERE i.id IS NULL OR i.state IN ('merged', 'dismissed')
                       GROUP BY 1 ORDER BY 1) o) AS others,
                   (SELECT coalesce(json_agg(r), '[]') FROM (
                       SELECT b.id AS incident, b.feeder, b.device, b.state,
                              coalesce((SELECT m.cause FROM incident_remarks m WHERE m.incident = b.id),
                                       (SELECT o.cause FROM crew_order o WHERE o.incident = b.id AND o.cause IS NOT NULL
                                        ORDER BY o.changed_at_ms DESC, o."order" LIMIT 1)) AS cause,
                              b.in_period, b.customers, b.begun AS interruptions, b.held_ms / 60000.0 AS customer_min,
                              b.started_at_ms, b.opened_at_ms AS defined_at_ms, o.dispatched_at_ms, o.arrived_at_ms,
                              b.restored_at_ms, e.first_estimate_ms, e.last_estimate_ms, e.estimates,
                              (b.restored_at_ms - e.first_estimate_ms) / 60000.0 AS error_min
                       FROM (SELECT * FROM base b ORDER BY {_ORDERS[order]} OFFSET $9 LIMIT $10) b
                       CROSS JOIN LATERAL (SELECT min(sent_at_ms) AS dispatched_at_ms, min(arrived_at_ms) AS arrived_at_ms
                                           FROM crew_order WHERE incident = b.id) o
                       CROSS JOIN LATERAL (SELECT (array_agg(estimate_ms ORDER BY revision))[1] AS first_estimate_ms,
                                                  (array_agg(estimate_ms ORDER BY revision DESC))[1] AS last_estimate_ms,
                                                  count(*) AS estimates
                                           FROM incident_estimate WHERE incident = b.id) e
                       ORDER BY {_ORDERS[order]}) r) AS rows""",  # noqa: S608 - the module's own text
        *arguments(selection),
        offset,
        limit,
    )
    assert row is not None, "a query without FROM has one row"
    return IncidentsShown(
        total=row["total"],
        incidents=msgspec.json.decode(row["rows"], type=list[IncidentTimes]),
        others=msgspec.json.decode(row["others"], type=list[OtherHolder]),
    )


_ROWS = """SELECT interruption, customer, feeder, tier, start_ms, CASE WHEN end_ms <= $3 THEN end_ms END AS end_ms,
                  counted_ms, sustained, planned, basis, holder FROM rows"""


def _rows_of(of: Of, *, of_incident: bool) -> str:
    if not of_incident:
        return f"rows AS ({CHOSEN[of]})"
    held = _HELD_NOW if of == "out" else _HELD
    return f"""chosen AS (SELECT * FROM ({CHOSEN[of]}) c
                          WHERE c.holder = $9
                             OR c.interruption IN (SELECT interruption FROM interruption_part WHERE holder = $9)),
               rows AS (SELECT interruption, customer, feeder, tier, start_ms, end_ms, sum(held_ms)::bigint AS counted_ms,
                               sustained, planned, basis, holder
                        FROM ({held}) h WHERE held_by = $9 GROUP BY 1, 2, 3, 4, 5, 6, 8, 9, 10, 11)"""  # noqa: S608


async def behind(
    connection: Connection, selection: Selection, *, of: Of, incident: str | None, offset: int, limit: int
) -> BehindShown:
    """Return a page of the interruptions behind a number, by start; with an incident, what it held of them and how long."""
    given = (*arguments(selection), incident)
    rows_of = _rows_of(of, of_incident=incident is not None)
    summed = await connection.fetchrow(
        f"""WITH {rows_of} SELECT count(*) AS total, coalesce(sum(counted_ms), 0)::bigint AS counted_ms
            FROM rows WHERE $9::text IS NULL OR true""",  # noqa: S608 - the module's own text
        *given,
    )
    assert summed is not None, "an aggregate without groups has one row"
    rows = await connection.fetch(
        f"WITH {rows_of} {_ROWS} WHERE $9::text IS NULL OR true ORDER BY start_ms, interruption OFFSET $10 LIMIT $11",
        *(*given, offset, limit),
    )
    return BehindShown(
        total=summed["total"], counted_ms=summed["counted_ms"], rows=[CustomerTime(**row) for row in rows]
    )


async def behind_after(
    connection: Connection,
    selection: Selection,
    *,
    of: Of,
    incident: str | None,
    after: CustomerTime | None,
    limit: int,
) -> list[CustomerTime]:
    """Return the next interruptions behind a number after this one, so that a long list is read in pieces."""
    rows = await connection.fetch(
        f"""WITH {_rows_of(of, of_incident=incident is not None)} {_ROWS}
            WHERE ($9::text IS NULL OR true) AND ($10::bigint IS NULL OR (start_ms, interruption) > ($10, $11::text))
            ORDER BY start_ms, interruption LIMIT $12""",
        *arguments(selection),
        incident,
        *((None, None) if after is None else (after.start_ms, after.interruption)),
        limit,
    )
    return [CustomerTime(**row) for row in rows]


async def estimates(connection: Connection, selection: Selection) -> Estimates:
    """Return how the first estimates fared of incidents that began in the period and are restored."""
    rows = await connection.fetch(
        f"""SELECT (i.restored_at_ms - (array_agg(e.estimate_ms ORDER BY e.revision))[1])::bigint AS error_ms,
                   i.restored_at_ms BETWEEN (array_agg(e.low_ms ORDER BY e.revision))[1]
                                        AND (array_agg(e.high_ms ORDER BY e.revision))[1] AS within,
                   count(*) - 1 AS changes
            FROM incident i JOIN incident_estimate e ON e.incident = i.id
            WHERE {_BEGAN} AND i.restored_at_ms <= $3 AND i.restored_at_ms IS NOT NULL
            GROUP BY i.id""",  # noqa: S608 - the module's own text
        *arguments(selection)[:5],
    )
    within = [row["within"] for row in rows if row["within"] is not None]
    return fared([row["error_ms"] / MINUTE_MS for row in rows], sum(row["changes"] for row in rows), within)


async def calibration(connection: Connection, selection: Selection) -> Calibration:
    """Return how belief fared in incidents that began in the period, are restored, and of which somebody saw what had failed."""
    given = arguments(selection)[:5]
    scored = await connection.fetch(
        f"""SELECT i.last_rank, i.last_permille, i.first_rank FROM {_SCORED.format("incident_score")}""",  # noqa: S608 - own text
        *given,
    )
    said = await connection.fetch(
        f"""SELECT i.permille, i.was_true FROM {_SCORED.format("scored_hypothesis")}""",  # noqa: S608 - the module's own text
        *given,
    )
    return calibrated([Scored(*row) for row in scored], [Said(*row) for row in said])


async def storms(connection: Connection, *, most: int) -> list[Storm]:
    """Return the latest runs of incidents without a pause of `STORM_GAP_MS` between their starts, the latest first."""
    rows = await connection.fetch(
        """SELECT min(started_at_ms) AS from_ms,
                  CASE WHEN count(*) = count(over_ms) THEN max(over_ms) END AS until_ms, count(*) AS incidents
           FROM (SELECT *, sum(begins) OVER (ORDER BY started_at_ms, id) AS storm
                 FROM (SELECT id, started_at_ms,
                              coalesce(restored_at_ms, CASE WHEN state IN ('restored', 'closed') THEN changed_at_ms END)
                                  AS over_ms,
                              coalesce(started_at_ms - lag(started_at_ms) OVER (ORDER BY started_at_ms, id) >= $1, true)::int
                                  AS begins
                       FROM incident WHERE state NOT IN ('merged', 'dismissed')) each) numbered
           GROUP BY storm ORDER BY 1 DESC LIMIT $2""",
        STORM_GAP_MS,
        most,
    )
    return [Storm(**row) for row in rows]


async def time_zone(connection: Connection) -> str:
    """Return the name of the utility's time zone; UTC as long as there is no utility."""
    name: str | None = await connection.fetchval("SELECT time_zone FROM utility_version WHERE current")
    return name or "UTC"
