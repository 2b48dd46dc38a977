"""All SQL of reports: taking them in, and handing the located ones to the inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from schemas.events import OutageReported, ReportKind
from services.engine.taking import Connection, Readable, Refused, Stamp
from services.engine.turn import Fact
from services.outages.report import LocatedReport
from services.reports.locating import Located, locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.network import Network


class ReportKeeper:
    """Keeps the events of `outage.reports`: located while they are taken, each in a named state."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def keep(self, connection: Connection, events: Sequence[Readable], stamp: Stamp) -> list[Refused]:
        """Store these reports, dropping copies by id; return those that name neither customer nor meter."""
        rows, refused = [], []
        for readable in events:
            event = readable.event
            if not isinstance(event, OutageReported):
                refused.append(Refused(readable.message, "unexpectedEvent", type(event).__name__, event.id))
            elif event.customer is None and event.meter is None:
                refused.append(Refused(readable.message, "nobodyNamed", "neither customer nor meter", event.id))
            else:
                rows.append((event, locate(event, self._network, stamp.ahead)))
        await insert(connection, rows, stamp.n)
        return refused


async def insert(connection: Connection, rows: Sequence[tuple[OutageReported, Located]], tick: int) -> None:
    """Store reports with where they belong, in one statement; a report that is there already stays as it is."""
    if not rows:
        return
    columns = zip(
        *(
            (r.id, r.kind, r.customer, r.meter, w.customer, w.device, w.area, w.at, w.state, w.reason, r.exercise)
            for r, w in rows
        ),
        strict=True,
    )
    await connection.execute(
        """INSERT INTO report (id, kind, customer_named, meter_named, customer, device, shard, at_ms, state, reason, exercise, tick)
           SELECT *, $1::bigint
           FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
                       $10::text[], $11::text[], $12::boolean[])
           ON CONFLICT (id) DO NOTHING""",
        tick,
        *(list(column) for column in columns),
    )


async def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many reports are in each state, by the state's name."""
    rows = await connection.fetch("SELECT state, count(*) AS reports FROM report GROUP BY state ORDER BY state")
    return {row["state"]: row["reports"] for row in rows}


async def take_located(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Mark the undecided located reports of a shard with a tick before this one as decided by it, and return them."""
    rows = await connection.fetch(
        """UPDATE report SET decided = $2
           WHERE shard = $1 AND decided IS NULL AND state = 'located' AND tick < $2
           RETURNING id, kind, customer, device, at_ms""",
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


async def decided_reports(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Return the reports of a shard that this tick decided."""
    rows = await connection.fetch(
        "SELECT id, kind, customer, device, at_ms FROM report WHERE shard = $1 AND decided = $2", shard, tick
    )
    return [_fact(row) for row in rows]


def _fact(row: asyncpg.Record) -> Fact:
    report = LocatedReport(
        id=row["id"], kind=ReportKind(row["kind"]), customer=row["customer"], device=row["device"], at=row["at_ms"]
    )
    return Fact(row["at_ms"], row["id"], report)


async def dispose(connection: Connection, rows: Sequence[tuple[str, str, str, str | None]]) -> None:
    """Write what became of reports: id, state, reason, and the incident or window that explains it."""
    if not rows:
        return
    await connection.execute(
        """UPDATE report r SET state = d.state, reason = d.reason, holder = d.holder
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS d (id, state, reason, holder)
           WHERE r.id = d.id""",
        *(list(column) for column in zip(*rows, strict=True)),
    )
