"""What the console shows of the figures over time, beside the same earlier."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from services.measures.cutting import MINUTE_MS, Cut, Tally, cut, lost_in, standing
from services.measures.showing import CHOSEN, first
from services.measures.shown import Series, SeriesValues
from services.measures.store import Selection, arguments

if TYPE_CHECKING:
    from services.engine.taking import Connection


async def series(
    connection: Connection, selection: Selection, as_of_ms: int, *, bucket_ms: int | None, shift_ms: int | None
) -> Series:
    """Return a selection in buckets, as far as they have begun, and the same `shift_ms` earlier.

    What began in the period is counted whole, so the buckets go on behind its end until the last of it is over.
    """
    begins = selection.from_ms if selection.from_ms is not None else await first(connection)
    begins = as_of_ms if begins is None else begins
    ends = as_of_ms if selection.until_ms is None else max(begins, selection.until_ms)
    spans = [dataclasses.replace(selection, from_ms=begins)]
    if shift_ms is not None:
        spans.append(dataclasses.replace(selection, from_ms=begins - shift_ms, until_ms=ends - shift_ms))
    last = ends
    for shift, span in zip((0, shift_ms or 0), spans, strict=False):
        if ends - shift >= as_of_ms:
            continue  # nothing counts beyond the moment of looking
        over = await connection.fetchval(
            f"SELECT max(start_ms + counted_ms) FROM ({CHOSEN['sustained']}) c",  # noqa: S608 - the module's own text
            *arguments(span),
        )
        last = max(last, (over or 0) + shift)
    buckets = cut(begins, ends, last=last, asked=bucket_ms)
    values = [
        await _values(connection, span, Cut(buckets.begins - shift, buckets.bucket, buckets.count), as_of_ms)
        for shift, span in zip((0, shift_ms or 0), spans, strict=False)
    ]
    return Series(
        bucket_ms=buckets.bucket,
        shift_ms=shift_ms,
        at_ms=buckets.edges(),
        now=values[0],
        before=values[1] if shift_ms is not None else None,
    )


async def _values(connection: Connection, selection: Selection, buckets: Cut, as_of_ms: int) -> SeriesValues:
    tally = await _tally(connection, selection, buckets)
    count = buckets.begun_by(as_of_ms)
    return SeriesValues(
        customers_out=standing(tally.out_before, tally.lost, tally.found, count),
        customer_min=[lost / MINUTE_MS for lost in lost_in(tally, buckets.bucket, count)],
        interruptions=[tally.began.get(place, (0, 0))[0] for place in range(count)],
        restored=[tally.back.get(place, 0) for place in range(count)],
        incidents_open=standing(tally.open_before, tally.opened, tally.closed, count),
    )


async def _tally(connection: Connection, selection: Selection, buckets: Cut) -> Tally:
    given = (*arguments(selection), buckets.begins, buckets.bucket)
    last = buckets.edges()[-1]
    sums = await connection.fetch(
        f"""SELECT (start_ms - $9::bigint) / $10::bigint AS first, (start_ms + counted_ms - $9 - 1) / $10 AS last,
                   count(*) AS number, sum(start_ms - $9)::bigint AS started, sum(start_ms + counted_ms - $9)::bigint AS stopped,
                   count(*) FILTER (WHERE end_ms <= $3) AS back
            FROM ({CHOSEN["sustained"]}) c GROUP BY 1, 2""",  # noqa: S608 - the module's own text
        *given,
    )
    everybody = await connection.fetch(
        """WITH those AS NOT MATERIALIZED (
               SELECT start_ms, end_ms FROM measured_interruption
               WHERE ($2::text IS NULL OR feeder = $2) AND ($3::text IS NULL OR region = $3)
                 AND ($4::text IS NULL OR tier = $4) AND ($5::boolean OR NOT planned))
           SELECT 'before' AS what, 0::bigint AS place, count(*) AS number FROM (
               SELECT start_ms FROM those WHERE start_ms < $6::bigint AND end_ms > $6
               UNION ALL SELECT start_ms FROM those WHERE start_ms < $6 AND end_ms IS NULL) o
           UNION ALL
           SELECT 'lost', (start_ms - $6) / $7::bigint, count(*) FROM those
           WHERE start_ms >= $6 AND start_ms < least($8::bigint, $1::bigint) GROUP BY 2
           UNION ALL
           SELECT 'found', (end_ms - $6 - 1) / $7, count(*) FROM those
           WHERE end_ms > $6 AND end_ms <= least($8, $1) AND start_ms < least($8, $1) GROUP BY 2""",
        *(selection.as_of_ms, selection.feeder, selection.region, selection.tier, selection.planned),
        *(buckets.begins, buckets.bucket, last),
    )
    incidents = await connection.fetch(
        """WITH those AS MATERIALIZED (
               SELECT opened_at_ms AS opened,
                      CASE WHEN over_ms IS NOT NULL THEN greatest(opened_at_ms + 1, over_ms) END AS closed
               FROM incident, LATERAL (SELECT coalesce(restored_at_ms,
                   CASE WHEN state IN ('restored', 'closed') THEN changed_at_ms END) AS over_ms) o
               WHERE state NOT IN ('merged', 'dismissed') AND ($2::text IS NULL OR feeder = $2)
                 AND ($3::text IS NULL OR region = $3))
           SELECT 'before' AS what, 0::bigint AS place, count(*) AS number FROM those
           WHERE opened < $4::bigint AND (closed IS NULL OR closed > $4)
           UNION ALL
           SELECT 'opened', (opened - $4) / $5::bigint, count(*) FROM those
           WHERE opened >= $4 AND opened < least($6::bigint, $1::bigint) GROUP BY 2
           UNION ALL
           SELECT 'closed', (closed - $4 - 1) / $5, count(*) FROM those
           WHERE closed > $4 AND closed <= least($6, $1) GROUP BY 2""",
        *(selection.as_of_ms, selection.feeder, selection.region, buckets.begins, buckets.bucket, last),
    )
    began: dict[int, tuple[int, int]] = {}
    stopped: dict[int, tuple[int, int]] = {}
    back: Counter[int] = Counter()
    for row in sums:
        number, summed = began.get(row["first"], (0, 0))
        began[row["first"]] = number + row["number"], summed + row["started"]
        number, summed = stopped.get(row["last"], (0, 0))
        stopped[row["last"]] = number + row["number"], summed + row["stopped"]
        back[row["last"]] += row["back"]
    return Tally(
        began=began,
        stopped=stopped,
        back=back,
        out_before=sum(row["number"] for row in everybody if row["what"] == "before"),
        lost={row["place"]: row["number"] for row in everybody if row["what"] == "lost"},
        found={row["place"]: row["number"] for row in everybody if row["what"] == "found"},
        open_before=sum(row["number"] for row in incidents if row["what"] == "before"),
        opened={row["place"]: row["number"] for row in incidents if row["what"] == "opened"},
        closed={row["place"]: row["number"] for row in incidents if row["what"] == "closed"},
    )
