"""The SQL of measures: sums over the ledger's view, for the customers that the current utility serves."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from services.measures.indices import SUSTAINED_MS, Totals
from services.measures.indices import indices as of_totals

if TYPE_CHECKING:
    from services.engine.taking import Connection


async def totals(
    connection: Connection, *, sustained_ms: int = SUSTAINED_MS, planned: bool = False, until_ms: int | None = None
) -> Totals:
    """Return the sums over all sustained interruptions; what still lasts counts up to `until_ms` (default: the clock's now).

    Planned work counts only when `planned` is set.
    """
    row = await connection.fetchrow(
        """WITH moment AS (SELECT coalesce($3::bigint, (SELECT now_ms FROM tick()), 0) AS ms),
           counted AS (
               SELECT least(coalesce(i.end_ms, m.ms), m.ms) - i.start_ms AS lasted
               FROM measured_interruption i, moment m WHERE i.start_ms < m.ms AND (NOT i.planned OR $2))
           SELECT count(*) AS interruptions, coalesce(sum(lasted), 0)::bigint AS customer_ms,
                  (SELECT count(*) FROM customer c JOIN utility_version v USING (version) WHERE v.current AND c.active)
                      AS served
           FROM counted WHERE lasted > $1""",
        sustained_ms,
        planned,
        until_ms,
    )
    return Totals(interruptions=row["interruptions"], customer_ms=row["customer_ms"], served=row["served"])


async def indices(connection: Connection) -> dict[str, float]:
    """Return SAIFI, SAIDI and CAIDI of everything in the ledger so far, planned work left out, by name."""
    return dataclasses.asdict(of_totals(await totals(connection)))
