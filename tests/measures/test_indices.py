"""The formulas of IEEE Std 1366, on figures that were computed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from services.measures.indices import Indices, Totals, indices
from services.measures.store import indices as measured
from services.measures.store import totals

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

MINUTE = 60_000


def test_frequency_and_duration_are_means_over_all_served() -> None:
    # 60 customers for 90 minutes and 40 for 30 minutes, of 1,000 served.
    found = indices(Totals(interruptions=100, customer_ms=(60 * 90 + 40 * 30) * MINUTE, served=1_000))
    assert found == Indices(saifi=0.1, saidi_min=6.6, caidi_min=66.0)


def test_duration_is_frequency_times_mean_restoration() -> None:
    found = indices(Totals(interruptions=37, customer_ms=12_345_678, served=911))
    assert abs(found.saidi_min - found.saifi * found.caidi_min) < 1e-9


def test_nothing_interrupted_and_nobody_served_are_zero() -> None:
    nothing = Indices(saifi=0.0, saidi_min=0.0, caidi_min=0.0)
    assert indices(Totals(interruptions=0, customer_ms=0, served=9)) == nothing
    assert indices(Totals(interruptions=0, customer_ms=0, served=0)) == nothing


async def ledger(connection: Connection, *rows: tuple[str, int, int | None, bool, bool]) -> None:
    """Write customers, and interruptions: customer, start and end (minutes), planned, voided."""
    await connection.execute(
        """INSERT INTO utility_version (digest, name, time_zone, attribution, current) VALUES ('d', 'U', 'UTC', '', true);
           INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter)
           SELECT max(version), 'C' || n, 'n', '', 'f', 'LV', 'residential', n <= 4, 'M' || n
           FROM utility_version, generate_series(1, 5) n GROUP BY n;
           INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, 6000000)"""
    )
    for number, (customer, start, end, planned, voided) in enumerate(rows):
        await connection.execute("INSERT INTO ledger_customer (customer) VALUES ($1) ON CONFLICT DO NOTHING", customer)
        await connection.execute(
            """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder,
                                         reason, voided)
               SELECT $1, $2, number, 'A1', $3, $4, $5, 'meter', 'incident', 'I', 'ownMeter', $6
               FROM ledger_customer WHERE customer = $2""",
            f"i{number}",
            customer,
            start * MINUTE,
            None if end is None else end * MINUTE,
            planned,
            voided,
        )


async def test_the_ledger_is_summed_without_what_does_not_count(connection: Connection) -> None:
    await ledger(
        connection,
        ("C1", 0, 60, False, False),
        ("C1", 70, 75, False, False),  # momentary: not longer than five minutes
        ("C2", 10, 50, True, False),  # planned
        ("C3", 0, 40, False, True),  # never was
        ("C4", 80, None, False, False),  # lasts: twenty minutes up to the clock
    )
    assert await totals(connection) == Totals(interruptions=2, customer_ms=80 * MINUTE, served=4)
    assert await totals(connection, planned=True) == Totals(interruptions=3, customer_ms=120 * MINUTE, served=4)
    assert await totals(connection, sustained_ms=0) == Totals(interruptions=3, customer_ms=85 * MINUTE, served=4)
    assert await totals(connection, until_ms=30 * MINUTE) == Totals(interruptions=1, customer_ms=30 * MINUTE, served=4)


async def test_the_indices_are_given_by_name(connection: Connection) -> None:
    await ledger(connection, ("C1", 0, 60, False, False))
    assert await measured(connection) == {"saifi": 0.25, "saidi_min": 15.0, "caidi_min": 60.0}
