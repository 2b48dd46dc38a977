"""What the rows say after the storm of the bench `ida`: when each report was decided and stood with its incident, what was lost."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.engine.taking import Connection
from tests.benchmarks.parts.ida_storm import GASPS_WITHIN_S


@dataclasses.dataclass(frozen=True, slots=True)
class Fate:
    """When the turn that decided a report, and the one since which its customer stands with an incident, were committed.

    Seconds of the wall clock; None: that has not happened.
    """

    decided: float | None
    stands: float | None


async def fates(connection: Connection, sent_at: Mapping[str, float]) -> dict[str, Fate]:
    """Return what became of each of these reports that is stored; one that is not in the answer is lost.

    A turn's commit is the commit of its row in `ticks`, as PostgreSQL noted it (`track_commit_timestamp`). A report that was
    disposed of with a holder stands since the turn that decided it, or since the first one from which on `interruption_holder` has
    its customer held, whichever is later.
    """
    committed: dict[tuple[str, int], float] = {}
    first: dict[tuple[str, int], int] = {}
    for row in await connection.fetch(
        """SELECT shard, n, now_ms, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at
           FROM ticks WHERE stage = 'correlate' ORDER BY n"""
    ):
        committed[row["shard"], row["n"]] = row["at"]
        first.setdefault((row["shard"], row["now_ms"]), row["n"])
    held = {
        row["customer"]: row["from_ms"]
        for row in await connection.fetch(
            """SELECT i.customer, min(h.from_ms) AS from_ms
               FROM interruption_holder h JOIN interruption i ON i.id = h.interruption GROUP BY i.customer"""
        )
    }
    found = {}
    for row in await connection.fetch("""SELECT r.id, r.shard, r.customer, b.decided, r.holder
           FROM report r LEFT JOIN report_batch b ON b.number = r.batch AND b.shard = r.shard"""):
        if row["id"] not in sent_at:
            continue
        decided = committed.get((row["shard"], row["decided"]))
        stands = None
        if decided is not None and row["holder"] is not None and row["customer"] in held:
            tick = first.get((row["shard"], held[row["customer"]]), 0)
            stands = max(decided, committed.get((row["shard"], tick), decided))
        found[row["id"]] = Fate(decided, stands)
    return found


async def doubled(connection: Connection, besides: Collection[str]) -> int:
    """Return how many interruptions too many there are: each customer loses power once in this storm, but for `besides`."""
    return int(
        await connection.fetchval(
            """SELECT coalesce(sum(n - 1), 0) FROM (
                   SELECT count(*) AS n FROM interruption WHERE NOT voided AND customer <> ALL ($1::text[])
                   GROUP BY customer HAVING count(*) > 1) AS more""",
            list(besides),
        )
    )


async def due(connection: Connection) -> int:
    """Return how many texts and calls wait for their turn."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM effects e, tick() c WHERE e.state IN ('due', 'attempting') AND e.due_at_ms <= c.now_ms"
        )
    )


async def undecided(connection: Connection) -> int:
    """Return how many facts wait: those that no turn has seen, and customers whose reports nothing explains yet."""
    return int(
        await connection.fetchval(
            """SELECT (SELECT count(*) FROM undecided) +
                      (SELECT count(*) FROM entity WHERE stage = 'correlate' AND kind = 'pending')"""
        )
    )


async def stored(connection: Connection) -> int:
    """Return how many reports of meters and callers have a row."""
    return int(await connection.fetchval("SELECT count(*) FROM report WHERE NOT priority"))


async def out_now(connection: Connection) -> int:
    """Return how many customers are out by the ledger."""
    return int(await connection.fetchval("SELECT count(*) FROM interruption WHERE end_ms IS NULL AND NOT voided"))


async def counts(connection: Connection, besides: Sequence[str]) -> dict[str, Any]:
    """Return counts of the storm: incidents of all feeders but these, most customers out at once, parked messages."""
    row = await connection.fetchrow(
        """SELECT (SELECT count(*) FROM incident
                   WHERE state NOT IN ('merged', 'dismissed') AND feeder <> ALL ($1)) AS incidents,
                  (SELECT count(*) FROM incident
                   WHERE state IN ('merged', 'dismissed') AND feeder <> ALL ($1)) AS incidents_taken_back,
                  (SELECT max(out) FROM (
                      SELECT sum(step) OVER (ORDER BY at, step DESC) AS out FROM (
                          SELECT start_ms AS at, 1 AS step FROM interruption WHERE NOT voided
                          UNION ALL
                          SELECT end_ms, -1 FROM interruption WHERE NOT voided AND end_ms IS NOT NULL) AS steps) AS sums
                  ) AS customers_out_peak,
                  (SELECT count(*) FROM parked) AS parked""",
        list(besides),
    )
    assert row is not None, "a row of counts is one row"
    return {name: int(value or 0) for name, value in row.items()}


def latencies(names: Sequence[str], sent: dict[str, float], fates: dict[str, Fate]) -> dict[str, Any]:
    """Return how long reports took to be decided and to stand, of those that did, and how many never did."""
    known = [(sent[name], fates.get(name, Fate(None, None))) for name in names if name in sent]
    figures: dict[str, Any] = {}
    for what, took in (
        ("report_to_incident", [math.inf if fate.stands is None else fate.stands - at for at, fate in known]),
        ("report_decided", [math.inf if fate.decided is None else fate.decided - at for at, fate in known]),
    ):
        lasting = [each for each in took if each < math.inf]
        figures |= {f"{what}_p{percent}_s": round(percentile(lasting, percent), 3) for percent in (50, 95, 99)}
        figures[f"{what}_never"] = len(took) - len(lasting)
    return figures


def rates(
    names: Sequence[str], sent: dict[str, float], fates: dict[str, Fate], begun: float, copies: int
) -> dict[str, Any]:  # fmt: skip
    """Return how many reports a second came in the first minute and were decided, and what was left when it ended."""
    end = begun + GASPS_WITHIN_S
    within = [name for name in names if name in sent and sent[name] <= end]
    decided = [at for name in within if name in fates and (at := fates[name].decided) is not None]
    last = max(decided, default=end)
    return {
        "offered_per_s": round((len(within) + copies) / GASPS_WITHIN_S),
        "reached_per_s": round((len(decided) + copies) / max(GASPS_WITHIN_S, last - begun)),
        "backlog_at_end": len(within) - sum(at <= end for at in decided),
        "drain_s": round(max(0.0, last - end), 2),
    }


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the percentile by nearest rank; infinite where there is no value."""
    if not values:
        return math.inf
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
