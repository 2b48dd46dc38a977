"""All SQL of reports: taking them in, handing the located ones to the inference, listing them for people."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from schemas.codec import encode
from schemas.events import HazardReported, HotlineReported, OutageReported
from services.engine.taking import Connection, Readable, Refused, Stamp, same_id
from services.engine.turn import Fact
from services.network import Network
from services.reports.locating import LATE_MS, Entry, Heard, Located, Locator, timely
from services.reports.premises import Premises
from services.reports.reasons import Reason
from services.reports.store_batches import Batch, facts, gathered

_HEARD = frozenset({OutageReported, HazardReported, HotlineReported})

Row: TypeAlias = tuple[Any, ...]
"""A report with where it belongs, in the order of `_COLUMNS`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Reports that were located as of the time each gives itself, ready to be stored. `first` and `last`: milliseconds."""

    events: Sequence[Readable]
    entries: Sequence[Entry]
    refused: Sequence[Refused]
    rows: Sequence[Row]
    batches: Sequence[Batch]
    first: int
    last: int


class ReportKeeper:
    """Keeps the events of `outage.reports` and `hotline.reports`: located while they are taken, each in a named state."""

    def __init__(self, network: Network, premises: Premises) -> None:
        self._locator = Locator(network, premises)

    def located(self, events: Sequence[Readable]) -> tuple[Sequence[Readable], list[Entry], list[Refused]]:
        """Return where these reports belong, side by side with them, without those that are none or name nothing."""
        refused = [
            Refused(each.message, "unexpectedEvent", type(each.event).__name__, each.event.id)
            for each in events
            if type(each.event) not in _HEARD
        ]
        heard = [each for each in events if type(each.event) in _HEARD] if refused else events
        entries = self._locator.entries([each.event for each in heard])  # type: ignore[misc]  # they are reports
        nameless = {report.id for report, where, _ in entries if where.reason is Reason.NOBODY_NAMED}
        if nameless:
            refused += [
                Refused(each.message, "nobodyNamed", "nothing says where it is", each.event.id)
                for each in heard
                if each.event.id in nameless
            ]
            heard = [each for each in heard if each.event.id not in nameless]
            entries = [entry for entry in entries if entry[0].id not in nameless]
        return heard, entries, refused

    def prepare(self, events: Sequence[Readable]) -> Prepared:
        """Locate these reports and make ready what is stored of them."""
        heard, entries, refused = self.located(events)
        return _ready(heard, entries, refused)

    async def keep(self, connection: Connection, prepared: Prepared, stamp: Stamp) -> list[Refused]:
        """Store these reports, dropping copies; return those that name nothing, and those whose id another report has."""
        if prepared.last > stamp.ahead or prepared.first < stamp.ahead - LATE_MS:
            timed = [timely(entry, stamp.ahead) for entry in prepared.entries]
            prepared = _ready(prepared.events, timed, prepared.refused)
        others = await _insert(connection, prepared.entries, prepared.rows, prepared.batches, stamp.n)
        if not others:
            return list(prepared.refused)
        known = set(others)
        return [
            *prepared.refused,
            *(same_id(each.message, each.event.id) for each in prepared.events if each.event.id in known),
        ]


def _ready(events: Sequence[Readable], entries: Sequence[Entry], refused: Sequence[Refused]) -> Prepared:
    ats = [at for _, _, at in entries]
    return Prepared(
        events=events,
        entries=entries,
        refused=refused,
        rows=[_row(entry, each.canonical) for entry, each in zip(entries, events, strict=True)],
        batches=gathered(entries),
        first=min(ats, default=0),
        last=max(ats, default=0),
    )


_COLUMNS = {
    "id": "text",
    "body_sha256": "bytea",
    "kind": "text",
    "customer_named": "text",
    "meter_named": "text",
    "pole_named": "text",
    "device_named": "text",
    "phone_named": "text",
    "account": "text",
    "hazard": "text",
    "lon": "double precision",
    "lat": "double precision",
    "customer": "text",
    "device": "text",
    "shard": "text",
    "at_ms": "bigint",
    "state": "text",
    "reason": "text",
    "candidates": "json",
    "priority": "boolean",
    "exercise": "boolean",
    "words": "text",
}
_NAMES = ", ".join(_COLUMNS)
_STAGE = f"""CREATE TEMPORARY TABLE IF NOT EXISTS report_stage ({", ".join(f"{c} {t}" for c, t in _COLUMNS.items())})
             ON COMMIT DELETE ROWS;
             DELETE FROM report_stage"""  # noqa: S608 (the columns above)
# The batches are written where all reports are new; else they are gathered again from those that are.
_INSERT = f"""
    WITH one AS MATERIALIZED (SELECT nextval('report_batch_number') AS number),
    fresh AS (
        INSERT INTO report ({_NAMES}, tick, batch)
        SELECT s.*, $1, CASE WHEN s.state IN ('located', 'ambiguous') THEN one.number END
        FROM report_stage s, one
        ORDER BY s.id  -- two takes with the same reports wait for each other, and never both
        ON CONFLICT (id) DO NOTHING RETURNING 1),
    kept AS (
        INSERT INTO report_batch (number, shard, tick, reports, first_at_ms, last_at_ms, body)
        SELECT one.number, b.*
        FROM one, unnest($2::text[], $3::bigint[], $4::integer[], $5::bigint[], $6::bigint[], $7::bytea[]) AS b
        WHERE (SELECT count(*) FROM fresh) = $8)
    SELECT one.number, (SELECT count(*) FROM fresh) AS fresh FROM one"""  # noqa: S608 (the columns above)


async def insert(connection: Connection, rows: Sequence[tuple[Heard, Located]], tick: int) -> list[str]:
    """Store reports with where they belong; one that is there already stays as it is.

    Returns the ids under which another report is stored.
    """
    entries = [(report, where, where.at) for report, where in rows]
    ready = [_row(entry, encode(entry[0])) for entry in entries]
    async with connection.transaction():
        return await _insert(connection, entries, ready, gathered(entries), tick)


async def _insert(
    connection: Connection, entries: Sequence[Entry], rows: Sequence[Row], batches: Sequence[Batch], tick: int
) -> list[str]:
    if not rows:
        return []
    await connection.execute(_STAGE)
    await connection.copy_records_to_table("report_stage", records=rows, columns=list(_COLUMNS))
    done = await connection.fetchrow(_INSERT, tick, *_batch_columns(batches, tick), len(rows))
    assert done is not None, "a sequence gives a number"
    if done["fresh"] == len(rows):
        return []
    stored = await connection.fetch(
        """SELECT s.id, r.body_sha256 <> s.body_sha256 AS another FROM report_stage s JOIN report r USING (id)
           WHERE r.batch IS DISTINCT FROM $1 ORDER BY s.id""",
        done["number"],
    )
    copies = {row["id"] for row in stored}
    await connection.execute(
        """INSERT INTO report_batch (number, shard, tick, reports, first_at_ms, last_at_ms, body)
           SELECT $1::bigint, * FROM unnest($2::text[], $3::bigint[], $4::integer[], $5::bigint[], $6::bigint[], $7::bytea[])""",
        done["number"],
        *_batch_columns(gathered(entry for entry in entries if entry[0].id not in copies), tick),
    )
    return [row["id"] for row in stored if row["another"]]


def _batch_columns(batches: Sequence[Batch], tick: int) -> tuple[list[Any], ...]:
    return (
        [batch.area for batch in batches],
        [tick] * len(batches),
        [batch.reports for batch in batches],
        [batch.first_at for batch in batches],
        [batch.last_at for batch in batches],
        [batch.body for batch in batches],
    )


def _row(entry: Entry, canonical: bytes) -> Row:
    event, where, at = entry
    named: Row
    if type(event) is OutageReported:
        place = event.place
        named = (event.kind, event.customer, event.meter, event.pole, event.device, event.phone, None, None)
        words = None
    elif isinstance(event, HazardReported):
        place = where.place or event.place
        named = ("hazard", event.customer, None, event.pole, event.device, event.phone, None, event.hazard)
        words = event.words or None
    else:
        assert isinstance(event, HotlineReported), "no other report is heard"
        place = None
        named = (event.kind, event.customer, event.meter, None, None, None, event.account, None)
        words = None
    return (
        event.id,
        hashlib.sha256(canonical).digest(),
        *named,
        None if place is None else place.lon,
        None if place is None else place.lat,
        where.customer,
        where.device,
        where.area,
        at,
        where.state,
        where.reason,
        json.dumps(where.candidates) if where.candidates else "[]",
        type(event) is HotlineReported,
        event.exercise,
        words,
    )


async def note_backlog(connection: Connection, topic: str, ends: Mapping[int, int], newest: Mapping[int, int]) -> None:
    """Note how far the partitions of a topic reach (end offsets), and the newest time taken from each, milliseconds."""
    await connection.execute(
        """INSERT INTO intake_backlog AS b (topic, part, end_offset, newest_at_ms)
           SELECT $1, * FROM unnest($2::integer[], $3::bigint[], $4::bigint[])
           ON CONFLICT (topic, part) DO UPDATE SET
               end_offset = excluded.end_offset, newest_at_ms = greatest(b.newest_at_ms, excluded.newest_at_ms)""",
        topic,
        list(ends),
        list(ends.values()),
        [newest.get(part) for part in ends],
    )


async def read_premises(connection: Connection) -> Premises:
    """Return which customers phones and hotline accounts stand for, in the current version of the utility."""
    phones = await connection.fetch("SELECT phone, customer FROM current_phone")
    accounts = await connection.fetch("SELECT account, customer FROM current_premise")
    return Premises.of(map(tuple, phones), map(tuple, accounts))


async def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many reports are in each state, by the state's name."""
    rows = await connection.fetch("SELECT state, count(*) AS reports FROM report GROUP BY state ORDER BY state")
    return {row["state"]: row["reports"] for row in rows}


async def take_located(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Mark the undecided batches of a shard with a tick before this one as decided by it, and return their reports."""
    rows = await connection.fetch(
        """UPDATE report_batch SET decided = $2 WHERE shard = $1 AND decided IS NULL AND tick < $2 RETURNING body""",
        shard,
        tick,
    )
    return [fact for row in rows for fact in facts(row["body"])]


async def decided_reports(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Return the reports of a shard that this tick decided."""
    rows = await connection.fetch("SELECT body FROM report_batch WHERE shard = $1 AND decided = $2", shard, tick)
    return [fact for row in rows for fact in facts(row["body"])]


async def dispose(connection: Connection, rows: Sequence[tuple[str, str, str, str | None]]) -> None:
    """Write what became of reports: id, state, reason, and the incident, hazard or window that explains it."""
    if not rows:
        return
    await connection.execute(
        """UPDATE report r SET state = d.state, reason = d.reason, holder = d.holder
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS d (id, state, reason, holder)
           WHERE r.id = d.id""",
        *(list(column) for column in zip(*rows, strict=True)),
    )


_SHOWN = """id, kind, state, reason, at_ms, area, account, customer, device, holder, customer_named, meter_named, pole_named,
            device_named, phone_masked, hazard, lon, lat, candidates, priority"""


async def listed(connection: Connection, state: str | None = None, limit: int = 200) -> list[dict[str, object]]:
    """Return reports with all that people may see of them, newest first; `state` None: of every state."""
    rows = await connection.fetch(
        f"""SELECT {_SHOWN} FROM report_states WHERE $1::text IS NULL OR state = $1
            ORDER BY at_ms DESC, id LIMIT $2""",  # noqa: S608 (the columns are the ones above)
        state,
        limit,
    )
    return [{**row, "candidates": json.loads(row["candidates"])} for row in rows]


async def fate(connection: Connection, key_id: str, event_id: str) -> tuple[str, str] | None:
    """Return state and reason of a report that this key sent; None when it sent none of this id.

    A report that was not taken yet is `received`; one that could not become a fact is `parked`.
    """
    row = await connection.fetchrow(
        """SELECT coalesce(r.state, p.state, 'received') AS state, coalesce(r.reason, p.reason, 'accepted') AS reason
           FROM edge_event e
           LEFT JOIN report r ON r.id = e.event_id AND r.body_sha256 = e.sha256
           LEFT JOIN LATERAL (
               SELECT 'parked' AS state, reason FROM parked
               WHERE event_id = e.event_id AND stage = 'intake' AND sha256(body) = e.sha256
               ORDER BY id LIMIT 1) p ON true
           WHERE e.key_id = $1 AND e.event_id = $2 AND e.topic = 'outage.reports'""",
        key_id,
        event_id,
    )
    return None if row is None else (row["state"], row["reason"])
