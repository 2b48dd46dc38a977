"""All SQL of the inference beyond the engine's: its facts, the ledger, incidents, and what became of reports."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from services.engine.deciding import inbox_decided, inbox_facts
from services.outages.believing import has_moved
from services.outages.entities import Hypothesis
from services.outages.questions import QuestionRow
from services.outages.records import Disposed, HazardRow, Held, IncidentRow, LedgerRow, PlannedRow
from services.outages.store_asking import decided_asking, save_questions, take_asking
from services.outages.store_expecting import save_planned
from services.outages.store_ledger import save_ledger
from services.reports.store import decided_reports, dispose, take_located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.engine.taking import Connection
    from services.engine.turn import Fact, Record

AnyRecord = TypeVar("AnyRecord", bound="Record")


class CorrelateStore:
    """The store of the stage `correlate`: located reports are facts beside those of the inbox."""

    async def facts(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Mark the facts that this tick decides, and return them."""
        located = await take_located(connection, shard, tick) + await take_asking(connection, shard, tick)
        return located + await inbox_facts(connection, "correlate", shard, tick)

    async def decided(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decided."""
        located = await decided_reports(connection, shard, tick) + await decided_asking(connection, shard, tick)
        return located + await inbox_decided(connection, "correlate", shard, tick)

    async def save(self, connection: Connection, shard: str, tick: int, now: int, records: Sequence[Record]) -> None:
        """Write the records of a turn; of several for one row the last one stands."""
        await save_questions(connection, shard, tick, now, _of(records, QuestionRow))
        disposed = {record.report: record for record in _of(records, Disposed)}
        await dispose(connection, [(d.report, d.state, d.reason, d.holder) for d in disposed.values()])
        rows = {row.id: row for row in _of(records, LedgerRow)}
        await save_ledger(connection, shard, now, rows.values(), _of(records, Held))
        await _save_incidents(connection, shard, now, {row.incident.id: row for row in _of(records, IncidentRow)})
        await save_planned(connection, _of(records, PlannedRow))
        await _save_hazards(connection, shard, now, {row.hazard.id: row for row in _of(records, HazardRow)})


def _of(records: Sequence[Record], kind: type[AnyRecord]) -> list[AnyRecord]:
    return [record for record in records if isinstance(record, kind)]


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _save_incidents(connection: Connection, shard: str, now: int, rows: dict[str, IncidentRow]) -> None:
    if not rows:
        return
    columns = [
        (
            i.id,
            i.device,
            i.state,
            i.reason,
            i.revision,
            i.basis,
            i.opened_at,
            i.started_at,
            i.estimate,
            row.restored_at,
            i.heard,
            i.out,
            i.upstream,
            i.merged_into,
            row.region,
            row.feeder,
            row.device_class,
            i.life_support,
            i.important,
            i.fixed,
            i.phases,
            i.contradicted,
            i.estimate_basis,
            *((None,) * 5 if (e := i.expected) is None else (e.low, e.median, e.high, e.stage, e.rests_on)),
        )
        for row in rows.values()
        for i in (row.incident,)
    ]
    await connection.execute(
        """INSERT INTO incident
               (id, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms, restored_at_ms,
                heard, customers_out, upstream, merged_into, region, feeder, device_class, life_support, important, fixed,
                phases, contradicted, estimate_basis, low_ms, median_ms, high_ms, estimate_stage, rests_on, area, changed_at_ms)
           SELECT i.*, $1, $2::bigint
           FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::text[], $9::bigint[],
                       $10::bigint[], $11::bigint[], $12::bigint[], $13::integer[], $14::integer[], $15::text[],
                       $16::text[], $17::text[], $18::text[], $19::text[], $20::integer[], $21::integer[],
                       $22::boolean[], $23::text[], $24::text[], $25::text[], $26::bigint[], $27::bigint[], $28::bigint[],
                       $29::text[], $30::integer[]) AS i
           ON CONFLICT (id) DO UPDATE SET
               device = excluded.device, state = excluded.state, reason = excluded.reason, revision = excluded.revision,
               basis = excluded.basis, started_at_ms = excluded.started_at_ms, estimate_ms = excluded.estimate_ms,
               region = excluded.region, feeder = excluded.feeder, device_class = excluded.device_class,
               life_support = excluded.life_support, important = excluded.important, fixed = excluded.fixed,
               phases = excluded.phases, contradicted = excluded.contradicted,
               estimate_basis = excluded.estimate_basis, low_ms = excluded.low_ms, median_ms = excluded.median_ms,
               high_ms = excluded.high_ms, estimate_stage = excluded.estimate_stage, rests_on = excluded.rests_on,
               restored_at_ms = CASE excluded.state
                   WHEN 'restored' THEN coalesce(incident.restored_at_ms, excluded.restored_at_ms)
                   WHEN 'closed' THEN incident.restored_at_ms END,
               heard = excluded.heard, customers_out = excluded.customers_out, upstream = excluded.upstream,
               merged_into = excluded.merged_into, changed_at_ms = excluded.changed_at_ms""",
        shard,
        now,
        *_columns(columns),
    )
    await _save_estimates(connection, now, rows)
    await _save_hypotheses(connection, now, {row.incident.id: row.incident.hypotheses for row in rows.values()})


async def _save_estimates(connection: Connection, now: int, rows: dict[str, IncidentRow]) -> None:
    """Keep what was estimated, where it is another time than the one before and others were told of the incident."""
    told = [row.incident for row in rows.values() if row.incident.revision]
    if not told:
        return
    await connection.execute(
        """INSERT INTO incident_estimate (incident, revision, from_ms, estimate_ms, basis, low_ms, high_ms)
           SELECT r.incident, r.revision, $1, r.estimate_ms, r.basis, r.low_ms, r.high_ms
           FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[])
               AS r (incident, revision, estimate_ms, basis, low_ms, high_ms)
           WHERE r.estimate_ms IS DISTINCT FROM (SELECT e.estimate_ms FROM incident_estimate e
                                                 WHERE e.incident = r.incident ORDER BY e.revision DESC LIMIT 1)
           ON CONFLICT DO NOTHING""",
        now,
        *_columns(
            [
                (
                    *(i.id, i.revision, i.estimate, i.estimate_basis),
                    *((None, None) if i.expected is None else (i.expected.low, i.expected.high)),
                )
                for i in told
            ]
        ),
    )


LAST_KEPT = """
    SELECT h.incident, h.device, h.permille FROM unnest($1::text[]) AS b (incident), LATERAL (
        SELECT h.* FROM incident_hypothesis h
        WHERE h.incident = b.incident
          AND h.from_ms = (SELECT max(from_ms) FROM incident_hypothesis WHERE incident = b.incident)) h
    ORDER BY h.incident, h.rank"""
"""The last ranking that was kept of each of these incidents."""


async def _save_hypotheses(connection: Connection, now: int, believed: dict[str, tuple[Hypothesis, ...]]) -> None:
    """Keep what is believed to have failed, where that has moved."""
    kept: dict[str, list[Hypothesis]] = {incident: [] for incident, ranked in believed.items() if ranked}
    if not kept:
        return
    for row in await connection.fetch(LAST_KEPT, list(kept)):
        kept[row["incident"]].append(Hypothesis(row["device"], row["permille"]))
    moved = [incident for incident, was in kept.items() if has_moved(was, believed[incident])]
    if not moved:
        return
    # Several turns may share an instant: the last of them stands.
    await connection.execute(
        "DELETE FROM incident_hypothesis WHERE from_ms = $1 AND incident = ANY ($2::text[])", now, moved
    )
    await connection.execute(
        """INSERT INTO incident_hypothesis (incident, from_ms, rank, device, permille)
           SELECT h.incident, $1, h.rank, h.device, h.permille
           FROM unnest($2::text[], $3::integer[], $4::text[], $5::integer[]) AS h (incident, rank, device, permille)""",
        now,
        *_columns([(i, rank, h.device, h.permille) for i in moved for rank, h in enumerate(believed[i], 1)]),
    )


async def _save_hazards(connection: Connection, shard: str, now: int, rows: dict[str, HazardRow]) -> None:
    if not rows:
        return
    columns = [
        (
            *(h.id, row.region, h.hazard, h.place.lon, h.place.lat, h.device, h.incident, h.state, h.reason),
            *(h.revision, h.reports, h.reported_at, row.ended_at),
        )
        for row in rows.values()
        for h in (row.hazard,)
    ]
    await connection.execute(
        """INSERT INTO hazard (id, region, kind, lon, lat, device, incident, state, reason, revision, reports,
                               reported_at_ms, ended_at_ms, area, changed_at_ms)
           SELECT h.*, $1, $2::bigint
           FROM unnest($3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::text[], $9::text[], $10::text[],
                       $11::text[], $12::integer[], $13::integer[], $14::bigint[], $15::bigint[]) AS h
           ON CONFLICT (id) DO UPDATE SET
               device = excluded.device, incident = excluded.incident, state = excluded.state, reason = excluded.reason,
               revision = excluded.revision, reports = excluded.reports, reported_at_ms = excluded.reported_at_ms,
               ended_at_ms = excluded.ended_at_ms, changed_at_ms = excluded.changed_at_ms""",
        shard,
        now,
        *_columns(columns),
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """An incident under which customers may still be out, as people read it. Times are milliseconds."""

    id: str
    state: str
    reason: str
    device: str
    customers_out: int
    started_at_ms: int
    estimate_ms: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OpenHazard:
    """A danger that nobody has made safe, as people read it. `device` is the nearest one, if one is near."""

    id: str
    kind: str
    reason: str
    device: str | None
    lon: float
    lat: float
    reports: int
    reported_at_ms: int


@dataclasses.dataclass(frozen=True, slots=True)
class CustomerCounts:
    """Customers out now, those of them for planned work, and interruptions that ended with power back."""

    out: int
    planned: int
    restored: int


async def open_incidents(connection: Connection) -> list[OpenIncident]:
    """Return the incidents that are not over, the oldest first."""
    rows = await connection.fetch(
        """SELECT id, state, reason, device, customers_out, started_at_ms, estimate_ms FROM incident
           WHERE state IN ('predicted', 'confirmed', 'partiallyRestored') ORDER BY started_at_ms, id"""
    )
    return [OpenIncident(**row) for row in rows]


async def open_hazards(connection: Connection) -> list[OpenHazard]:
    """Return the dangers that are not over, the oldest first."""
    rows = await connection.fetch(
        """SELECT id, kind, reason, device, lon, lat, reports, reported_at_ms FROM hazard
           WHERE state = 'reported' ORDER BY reported_at_ms, id"""
    )
    return [OpenHazard(**row) for row in rows]


async def count_customers(connection: Connection) -> CustomerCounts:
    """Return how many customers are out by the ledger, and how many interruptions in it have ended."""
    row = await connection.fetchrow(
        """SELECT count(*) FILTER (WHERE end_ms IS NULL) AS out,
                  count(*) FILTER (WHERE end_ms IS NULL AND planned) AS planned,
                  count(*) FILTER (WHERE end_ms IS NOT NULL) AS restored
           FROM interruption WHERE NOT voided"""
    )
    assert row is not None, "an aggregate without groups has one row"
    return CustomerCounts(row["out"], row["planned"], row["restored"])
