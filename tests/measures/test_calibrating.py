"""How far the probabilities of hypotheses can be believed: pure, and over what lies in the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.measures.calibrating import BINS, Said, Scored, calibrated
from services.measures.showing import calibration
from services.measures.store import Selection

if TYPE_CHECKING:
    from services.measures.shown import Calibration
    from tests.measures.written import Connection

MINUTE = 60_000


def filled(found: Calibration) -> dict[int, tuple[int, int]]:
    """Return of the bins that hold something the lower edge, how many hypotheses, and how many of them were true."""
    return {each.from_percent: (each.hypotheses, each.true) for each in found.bins if each.hypotheses}


def test_every_hypothesis_lies_in_one_bin_whose_lower_edge_belongs_to_it() -> None:
    said = {0: False, 99: False, 100: True, 799: True, 800: False, 1000: True}
    found = calibrated([], [Said(*each) for each in said.items()])
    assert filled(found) == {0: (2, 0), 10: (1, 1), 70: (1, 1), 80: (1, 0), 90: (1, 1)}
    assert [(each.from_percent, each.until_percent) for each in found.bins] == [(n, n + 10) for n in range(0, 100, 10)]
    assert found.bins[0].said == pytest.approx(0.0495)
    assert found.bins[3].said is None


def test_ranks_are_counted_and_who_was_not_named_had_no_chance() -> None:
    found = calibrated([Scored(1, 700, 2), Scored(3, 100, 1), Scored(None, 0, None)], [])
    assert (found.incidents, found.ranked_first, found.named, found.ranked_first_at_first) == (3, 1, 2, 1)
    assert found.mean_of_true == pytest.approx(0.8 / 3)


def test_of_no_incident_nothing_is_said() -> None:
    found = calibrated([], [])
    assert (found.incidents, found.mean_of_true, len(found.bins)) == (0, None, BINS)


async def _incident(connection: Connection, name: str, at: int, *, feeder: str, restored: int, first: int) -> None:
    """Write an incident of two customers at device D that a crew found ten minutes after; D was believed with `first` per mille."""
    await connection.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                 restored_at_ms, changed_at_ms, heard, customers_out, region, feeder)
           VALUES ($1, 'A1', 'D', 'closed', 'quiet', 1, 'meter', $2, $2, $2, $3, $3, 1, 0, 'R-' || $4, $4)""",
        *(name, at, restored, feeder),
    )
    for rank, device, permille in ((1, "D", first), (2, "E", 50)):
        await connection.execute(
            "INSERT INTO incident_hypothesis VALUES ($1, $2, $3, $4, $5)", name, at, rank, device, permille
        )
    await connection.execute(
        """INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
           VALUES ('j' || $1, 'correlate', 'A1', 1, $2, 'incident', $1, 'confirmed', 'crewFound', '{}')""",
        name,
        at + 10 * MINUTE,
    )
    await connection.execute(
        """WITH l AS (INSERT INTO ledger_customer (customer) SELECT $1 || '-' || n FROM generate_series(1, 2) n
                      RETURNING customer, number),
                i AS (INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind,
                                                holder, reason, voided)
                      SELECT customer, customer, number, 'A1', $2, $3, false, 'meter', 'incident', $1, 'ownMeter', false
                      FROM l RETURNING id)
           INSERT INTO interruption_part (interruption, from_ms, until_ms, holder_kind, holder, powered)
           SELECT id, $2, $3, 'incident', $1, false FROM i""",
        *(name, at, restored),
    )


@pytest.mark.parametrize(
    ("selection", "permille"),
    [
        (Selection(), {150, 550, 950}),
        (Selection(feeder="F1"), {150, 950}),
        (Selection(region="R-F2"), {550}),
        (Selection(from_ms=20 * MINUTE), {550, 950}),
        (Selection(until_ms=40 * MINUTE), {150, 550}),
        (Selection(as_of_ms=61 * MINUTE), {150, 550}),
        (Selection(feeder="F9"), set()),
    ],
)
async def test_those_that_began_in_the_period_and_are_restored_count(
    connection: Connection, selection: Selection, permille: set[int]
) -> None:
    await _incident(connection, "I1", 0, feeder="F1", restored=60 * MINUTE, first=150)
    await _incident(connection, "I2", 20 * MINUTE, feeder="F2", restored=61 * MINUTE, first=550)
    await _incident(connection, "I3", 40 * MINUTE, feeder="F1", restored=62 * MINUTE, first=950)
    found = await calibration(connection, selection)
    assert found.incidents == found.ranked_first == len(permille)
    low = {0: (len(permille), 0)} if permille else {}
    assert filled(found) == {**low, **{each // 100 * 10: (1, 1) for each in permille}}
