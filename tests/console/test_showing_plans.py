"""What the console reads again and again stays quick when years lie in the tables, and a great many facts wait."""

from __future__ import annotations

from typing import Any

import pytest

from services.dispatch import showing_live as dispatch
from services.engine import clock, showing
from services.engine.taking import Connection
from services.outages import showing as outages


class Explained:
    """A connection that asks for the plan of every query instead of its rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plans: list[str] = []

    async def fetch(self, query: str, *given: Any) -> list[Any]:
        """Keep the plan; there are no rows."""
        plan = await self._connection.fetch(f"EXPLAIN {query}", *given)
        self.plans.append("\n".join(row[0] for row in plan))
        return []


@pytest.fixture
async def years(connection: Connection) -> Connection:
    """A database with 60,000 incidents and orders of which 50 are open, and as many interruptions."""
    await connection.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                 changed_at_ms, heard, customers_out)
           SELECT 'i' || n, 'A1', 'd', CASE WHEN n <= 50 THEN 'confirmed' ELSE 'closed' END, 'r', 1, 'call', n, n, n, n, 1, 1
           FROM generate_series(1, 60000) n"""
    )
    await connection.execute(
        """INSERT INTO dispatch_order ("order", crew, job, incident, area, lon, lat, region, work, priority, attempt, skills,
                                       on_duty_since_ms, sent_at_ms, arrival_estimate_ms, state, reason, changed_at_ms, pinned,
                                       ended_at_ms)
           SELECT 'o' || n, 'C', 'i' || n, 'i' || n, 'A1', 1, 1, 'R1', 'repair', 'single', 1, '{}', n, n, n,
                  CASE WHEN n <= 50 THEN 'sent' ELSE 'done' END, 'r', n, false, CASE WHEN n > 50 THEN n END
           FROM generate_series(1, 60000) n"""
    )
    await connection.execute("INSERT INTO ledger_customer (customer) SELECT 'c' || n FROM generate_series(1, 60000) n")
    await connection.execute(
        """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder, reason,
                                     voided)
           SELECT 'n' || number, customer, number, 'A1', 1, CASE WHEN number > 50 THEN 2 END, false, 'call', 'incident', 'i', 'r',
                  false
           FROM ledger_customer"""
    )
    await connection.execute("ANALYZE incident, dispatch_order, interruption")
    return connection


async def test_only_what_is_open_or_new_is_read(years: Connection) -> None:
    explained: Any = Explained(years)
    await outages.incidents(explained, "1000", 59_990)
    await dispatch.orders(explained, "1000", 59_990)
    await outages.open_incident_at(explained, ["c1", "c2"])
    for plan in explained.plans:
        assert "Seq Scan" not in plan, plan
    assert len(explained.plans) == 3


async def test_how_long_facts_wait_is_known_at_once_though_many_wait(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_running(connection, now_ms=0, speed=1, step_s=0.5)
    await connection.execute("UPDATE clock SET n = 104")
    await connection.execute("INSERT INTO turns (stage, shard) VALUES ('correlate', 'A1'), ('notify', 'A1')")
    await connection.execute(
        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
           SELECT 'correlate', n::text, 'A1', n, 5 + n, 'device.states', '' FROM generate_series(1, 50000) n"""
    )
    await connection.execute(
        """INSERT INTO report_batch (number, shard, tick, reports, first_at_ms, last_at_ms, body)
           SELECT n, 'A1', 3 + n, 1, n, n, '{}' FROM generate_series(1, 50000) n"""
    )
    await connection.execute("ANALYZE inbox, report_batch")
    look = await showing.look(connection)
    assert look is not None
    # The oldest report is of tick 4, and could not be decided before tick 5.
    assert look.tick > 5
    assert look.waits_ms == (look.tick - 5) * 500
    explained: Any = Explained(connection)
    explained.fetchrow = connection.fetchrow
    await showing.look(explained)
    assert "Seq Scan on inbox" not in explained.plans[0]
    assert "Seq Scan on report" not in explained.plans[0]
