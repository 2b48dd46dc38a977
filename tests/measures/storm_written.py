"""Writes random storms for the tests of what is shown: incidents, who they held in turn, planned work, estimates."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.measures.written import Served, serve

if TYPE_CHECKING:
    from tests.measures.written import Connection

MINUTE = 60_000
FEEDERS = ("F1", "F2", "F3")
TIERS = ("residential", "commercial", "important", "large")
STATES = ("closed", "closed", "restored", "confirmed", "merged", "dismissed")


@dataclass(slots=True)
class Storm:
    """What was written; times are milliseconds."""

    now: int
    customers: list[Served] = field(default_factory=list)
    spells: list[tuple[str, int, int | None, bool]] = field(default_factory=list)
    """Customer, start, end, planned."""
    incidents: list[tuple[str, str, str, int, int, int | None]] = field(default_factory=list)
    """Incident, feeder, state, start, opened, restored."""


async def storm(connection: Connection, seed: int, *, customers: int = 60, minutes: int = 600) -> Storm:
    """Write a random storm of so many minutes and return it; the clock stands a hundred minutes before its end."""
    chance = random.Random(seed)
    written = Storm(now=(minutes - 100) * MINUTE)
    written.customers = [
        Served(f"C{n:03}", FEEDERS[n % 3], chance.choice(TIERS), chance.random() > 0.05) for n in range(customers)
    ]
    await serve(connection, written.customers, now_ms=written.now)
    for number in range(12):
        feeder, state = FEEDERS[number % 3], chance.choice(STATES)
        start = chance.randrange(minutes) * MINUTE + chance.randrange(MINUTE)
        restored = (
            min(written.now, start + chance.randint(20, 300) * MINUTE) if state in {"closed", "restored"} else None
        )
        if start < written.now:
            opened = min(start + chance.randint(0, 10) * MINUTE, restored or written.now)
            written.incidents.append((f"I{number}", feeder, state, start, opened, restored))
    await _incidents(connection, chance, written)
    await _interruptions(connection, chance, written)
    await connection.execute("ANALYZE")
    return written


async def _incidents(connection: Connection, chance: random.Random, written: Storm) -> None:
    for incident, feeder, state, start, opened, restored in written.incidents:
        await connection.execute(
            """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                     restored_at_ms, changed_at_ms, heard, customers_out, region, feeder, merged_into)
               VALUES ($1, 'A1', 'D-' || $1, $2, 'r', 1, 'meter', $3, $4, $3, $5, $6, 1, 0, 'R-' || $7, $7,
                       CASE $2 WHEN 'merged' THEN 'I0' END)""",
            *(incident, state, opened, start, restored, written.now, feeder),
        )
        estimates = [opened + chance.randint(30, 240) * MINUTE for _ in range(chance.randint(1, 3))]
        await connection.executemany(
            "INSERT INTO incident_estimate VALUES ($1, $2, $3, $4, 'device')",
            [(incident, revision, opened + revision, estimate) for revision, estimate in enumerate(estimates, 1)],
        )


async def _interruptions(connection: Connection, chance: random.Random, written: Storm) -> None:
    numbers = dict(await connection.fetch("SELECT customer, number FROM ledger_customer"))
    rows: list[tuple[str, str, int, int, int | None, bool, str, str, Served]] = []
    parts: list[tuple[str, int, int | None, str, str, bool]] = []
    for customer in written.customers:
        under = [incident for incident, feeder, *_ in written.incidents if feeder == customer.feeder] or ["I0"]
        at = chance.randrange(200) * MINUTE
        while at < written.now and chance.random() < 0.8:
            end: int | None = at + chance.choice((1, 299_999, 300_000, 300_001, chance.randint(1, 200 * MINUTE)))
            assert end is not None
            if end > written.now or chance.random() < 0.1:
                end = None
            planned = chance.random() < 0.15
            name = f"i{len(rows)}"
            whole = (end or written.now) - at
            cut_at = at + chance.randrange(1, whole) if whole > 1 and chance.random() < 0.3 else None
            kind = "window" if planned else chance.choice(("incident", "incident", "incident", "momentary"))
            holders = [chance.choice(under) if kind == "incident" else f"{kind}-1" for _ in range(2)]
            if cut_at is None:
                parts.append((name, at, end, kind, holders[1], False))
            else:
                parts += [(name, at, cut_at, kind, holders[0], False), (name, cut_at, end, kind, holders[1], False)]
            rows.append(
                (name, customer.customer, numbers[customer.customer], at, end, planned, kind, holders[1], customer)
            )
            written.spells.append((customer.customer, at, end, planned))
            if end is None:
                break
            at = end + chance.randrange(0, 60) * MINUTE
    await connection.executemany(
        """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder, reason,
                                     voided, feeder, region, tier)
           VALUES ($1, $2, $3, 'A1', $4, $5, $6, 'meter', $7, $8, 'r', false, $9, 'R-' || $9, $10)""",
        [(*row[:8], row[8].feeder, row[8].tier) for row in rows],
    )
    await connection.executemany("INSERT INTO interruption_part VALUES ($1, $2, $3, $4, $5, $6)", parts)
