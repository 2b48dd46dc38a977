"""With a hundred thousand interruptions in the ledger a short period, and who is out now, are found by an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from services.measures.showing import CHOSEN, Of
from services.measures.store import Selection, arguments, looking
from tests.measures.written import Served, serve

if TYPE_CHECKING:
    from tests.measures.written import Connection

HOUR = 3_600_000
DAYS = 100


@pytest.fixture
async def ledger(connection: Connection) -> Connection:
    """A thousand interruptions on each of a hundred days; the last twenty of each customer's last day last."""
    await serve(connection, [Served(f"C{n:04}") for n in range(1_000)], now_ms=DAYS * 24 * HOUR)
    await connection.execute(
        """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder, reason,
                                     voided, feeder, region, tier)
           SELECT c.customer || '-' || day, c.customer, c.number, 'A1', day * $1 + c.number * 1000,
                  CASE WHEN day < $2 - 1 OR c.number % 50 > 0 THEN day * $1 + c.number * 1000 + 3600000 END,
                  false, 'meter', 'incident', 'I' || day, 'r', false, 'F1', 'R-F1', 'residential'
           FROM generate_series(0, $2::bigint - 1) day, ledger_customer c""",
        24 * HOUR,
        DAYS,
    )
    await connection.execute("ANALYZE interruption")
    return connection


async def test_a_day_of_a_hundred_is_found_by_an_index(ledger: Connection) -> None:
    selection = Selection(from_ms=(DAYS - 1) * 24 * HOUR, as_of_ms=DAYS * 24 * HOUR)
    assert set(CHOSEN) == set(get_args(Of))
    for query in CHOSEN.values():
        async with looking(ledger):
            rows = await ledger.fetch(f"EXPLAIN {query}", *arguments(selection))
        plan = "\n".join(row[0] for row in rows)
        assert "Seq Scan on interruption" not in plan, plan
        assert "interruption_by_" in plan
