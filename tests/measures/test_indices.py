"""The formulas of IEEE Std 1366, on figures that were computed by hand, and the sums of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.measures.indices import Totals, indices
from services.measures.store import Selection, behind, totals
from services.measures.store import indices as measured
from tests.measures.written import Served, Spell, serve, write

if TYPE_CHECKING:
    from tests.measures.written import Connection

MINUTE = 60_000
DAY = 1_440 * MINUTE


def test_frequency_and_duration_are_means_over_all_served() -> None:
    # 60 customers for 90 minutes and 40 for 30 minutes, of 1,000 served; 80 different ones; 50 for a moment; in one day.
    lasted = (60 * 90 + 40 * 30) * MINUTE
    found = indices(
        Totals(interruptions=100, customer_ms=lasted, interrupted=80, momentary=50, served=1_000, period_ms=DAY)
    )
    assert (found.saifi, found.saidi_min, found.caidi_min) == (0.1, 6.6, 66.0)
    assert (found.caifi, found.ctaidi_min, found.maifi) == (1.25, 82.5, 0.05)
    assert found.asai == pytest.approx(1 - 6.6 / 1_440)


def test_nothing_interrupted_and_nobody_served_are_zero_and_always_available() -> None:
    for served in (9, 0):
        found = indices(Totals(interruptions=0, customer_ms=0, interrupted=0, momentary=0, served=served, period_ms=0))
        assert (found.saifi, found.saidi_min, found.caidi_min, found.caifi, found.ctaidi_min, found.maifi) == (0,) * 6
        assert found.asai == 1


@pytest.fixture
async def ledger(connection: Connection) -> Connection:
    """Four customers and a closed account; a long, a short, a planned and a voided interruption, and one that lasts."""
    await serve(
        connection,
        [
            Served("C1"),
            Served("C2"),
            Served("C3", feeder="F2"),
            Served("C4", feeder="F2", tier="large"),
            Served("C5", active=False),
        ],
        now_ms=100 * MINUTE,
    )
    await write(
        connection,
        [
            Spell("C1", 0, 60 * MINUTE),
            Spell("C1", 70 * MINUTE, 75 * MINUTE),  # momentary: not longer than five minutes
            Spell("C2", 10 * MINUTE, 50 * MINUTE, planned=True),
            Spell("C3", 0, 40 * MINUTE, voided=True),  # never was
            Spell("C4", 80 * MINUTE, None),  # lasts: twenty minutes up to the clock
        ],
    )
    return connection


async def sums(connection: Connection, selection: Selection) -> tuple[int, int, int, int, int]:
    """Return interruptions, customer-minutes, distinct customers, momentary ones and customers served."""
    found = await totals(connection, selection)
    return found.interruptions, found.customer_ms // MINUTE, found.interrupted, found.momentary, found.served


async def test_the_ledger_is_summed_without_what_does_not_count(ledger: Connection) -> None:
    assert await sums(ledger, Selection()) == (2, 80, 2, 1, 4)
    assert await sums(ledger, Selection(planned=True)) == (3, 120, 3, 1, 4)
    assert await sums(ledger, Selection(sustained_ms=0)) == (3, 85, 2, 0, 4)


async def test_an_interruption_belongs_whole_to_the_period_in_which_it_began(ledger: Connection) -> None:
    assert await sums(ledger, Selection(until_ms=30 * MINUTE)) == (1, 60, 1, 0, 4)
    assert await sums(ledger, Selection(from_ms=30 * MINUTE)) == (1, 20, 1, 1, 4)
    assert (await totals(ledger, Selection(from_ms=30 * MINUTE, until_ms=90 * MINUTE))).period_ms == 60 * MINUTE
    assert (await totals(ledger, Selection(from_ms=30 * MINUTE, until_ms=900 * MINUTE))).period_ms == 70 * MINUTE


async def test_what_lasts_counts_up_to_the_moment_of_looking(ledger: Connection) -> None:
    assert await sums(ledger, Selection(as_of_ms=30 * MINUTE)) == (1, 30, 1, 0, 4)
    assert await sums(ledger, Selection(as_of_ms=83 * MINUTE)) == (1, 60, 1, 1, 4), "three minutes are not known yet"


async def test_feeder_region_and_tier_select_customers_and_who_is_served(ledger: Connection) -> None:
    assert await sums(ledger, Selection(feeder="F2")) == (1, 20, 1, 0, 2)
    assert await sums(ledger, Selection(region="R-F1")) == (1, 60, 1, 1, 2)
    assert await sums(ledger, Selection(tier="large")) == (1, 20, 1, 0, 1)
    assert await sums(ledger, Selection(feeder="F1", tier="large")) == (0, 0, 0, 0, 0)


async def test_a_figure_opens_down_to_the_rows_that_it_is_made_of(ledger: Connection) -> None:
    selection = Selection(planned=True)
    rows = await behind(ledger, selection)
    found = await totals(ledger, selection)
    assert sum(row.counted_ms for row in rows if row.sustained) == found.customer_ms
    assert [(row.customer, row.counted_ms // MINUTE, row.sustained) for row in rows] == [
        ("C1", 60, True),
        ("C2", 40, True),
        ("C1", 5, False),
        ("C4", 20, True),
    ]
    assert len(await behind(ledger, selection, most=2)) == 2


async def test_the_indices_are_given_by_name(ledger: Connection) -> None:
    found = await measured(ledger)
    assert (found["saifi"], found["saidi_min"], found["caidi_min"], found["maifi"]) == (0.5, 20.0, 40.0, 0.25)
