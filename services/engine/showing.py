"""What is needed to read again only what has changed: how far the stages have decided, and a mark for the next look.

A row that a transaction wrote which the last snapshot did not see has an `xmin` not older than that snapshot's floor. So
`age(xmin) <= age(floor)` selects everything that is new to the next snapshot, and perhaps a little that is not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

from services.engine.taking import Connection

SINCE: Final = "($1::text IS NULL OR age(xmin) <= age($1::text::xid))"
"""The condition that a row is new since the floor of an earlier look, which is the first argument; None: every row is."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the database. Times are milliseconds of its clock.

    `decided` is how far the turns of each stage have come, as a number that grows with each turn. `waits_ms` is for how long, on
    the clock, the fact has waited that has waited longest for its turn; 0 when none does. `untaken_ms` is how far intake lags
    behind the clock, in event time; 0 when no report waits to be taken. `version` is the utility's. `held`: the database was
    restored, and texts and calls wait until that is released.
    """

    floor: str
    tick: int
    now_ms: int
    speed: float
    running: bool
    version: int | None
    decided: Mapping[str, int]
    waits_ms: int
    untaken_ms: int
    held: bool


async def look(connection: Connection) -> Look | None:
    """Return where the database stands in the snapshot of this transaction; None while its clock was not set."""
    row = await connection.fetchrow(
        """SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::text AS floor, t.n AS tick, t.now_ms,
                  c.speed, c.step_s, c.mode = 'running' AS running,
                  (SELECT version FROM utility_version WHERE current) AS version,
                  EXISTS (SELECT FROM restoration WHERE state <> 'released') AS held,
                  (SELECT coalesce(max(lag_ms), 0) FROM intake_lag) AS untaken_ms
           FROM tick() t, clock c"""
    )
    if row is None:
        return None
    stages = await connection.fetch(
        """SELECT t.stage, sum(t.ticked_to)::bigint AS decided, min(w.tick) AS oldest
           FROM turns t JOIN oldest_undecided w USING (stage, shard) WHERE t.stage <> 'world' GROUP BY t.stage"""
    )
    step_ms = row["step_s"] * row["speed"] * 1000 if row["running"] else 0
    # A fact is decided at the tick after its own at the earliest: until then it does not wait.
    waited = max((row["tick"] - each["oldest"] - 1 for each in stages if each["oldest"] is not None), default=0)
    return Look(
        floor=row["floor"],
        tick=row["tick"],
        now_ms=row["now_ms"],
        speed=row["speed"] if row["running"] else 0.0,
        running=row["running"],
        version=row["version"],
        decided={each["stage"]: each["decided"] for each in stages},
        waits_ms=max(0, round(waited * step_ms)),
        untaken_ms=row["untaken_ms"],
        held=row["held"],
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Entities:
    """Entities of a kind: those that are new, as JSON by id, and how many there are in all."""

    new: Mapping[str, str]
    count: int


async def entities(connection: Connection, stage: str, kind: str, floor: str | None) -> Entities:
    """Return the entities of a kind that are new since a floor."""
    rows = await connection.fetch(
        f"SELECT id, body FROM entity WHERE stage = $2 AND kind = $3 AND {SINCE}",  # noqa: S608 - the module's own text
        floor,
        stage,
        kind,
    )
    count = await connection.fetchval("SELECT count(*) FROM entity WHERE stage = $1 AND kind = $2", stage, kind)
    return Entities({row["id"]: row["body"] for row in rows}, count)


async def entity_ids(connection: Connection, stage: str, kind: str) -> set[str]:
    """Return the ids of all entities of a kind."""
    rows = await connection.fetch("SELECT id FROM entity WHERE stage = $1 AND kind = $2", stage, kind)
    return {row["id"] for row in rows}


async def latest_reasons(connection: Connection, kind: str, subjects: Sequence[str]) -> dict[str, str]:
    """Return the reason of the journal's last entry about each of these subjects of a kind; none of one it never spoke of."""
    rows = await connection.fetch(
        """SELECT s.subject, j.reason FROM unnest($2::text[]) AS s (subject), LATERAL (
               SELECT reason FROM journal WHERE subject_kind = $1 AND subject = s.subject AND stage <> 'world'
               ORDER BY now_ms DESC, tick DESC LIMIT 1) j""",
        kind,
        list(subjects),
    )
    return {row["subject"]: row["reason"] for row in rows}
