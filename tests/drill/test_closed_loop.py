"""The stages and the world agree: a whole storm in memory ends well, the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.drill.prepare import prepare
from services.drill.truth import LEDGER_MAY_DIFFER
from services.network import Network
from services.utility import store as utility_store
from tests.drill.closed_loop import ClosedLoop, figures

if TYPE_CHECKING:
    from services.engine.taking import Connection

DAY_MS = 86_400_000
MUST_NOT_BE = (
    "never_in_ledger",
    "told_restored_while_out",
    "hazards_left",
    "incidents_left",
    "texts_after_stop",
)


@pytest.mark.parametrize("storm", ["tiny", "small", "calm"])
async def test_a_storm_ends_well_and_the_same_each_time(utility: Connection, storm: str) -> None:
    await prepare(utility, storm=storm, seed=7, utility="example")
    network = Network((await utility_store.load(utility)).grid)
    loops = [await ClosedLoop.of(utility, network) for _ in range(2)]
    for loop in loops:
        loop.play(until=loop.scenario.starts_at + 9 * DAY_MS)
    found = figures(loops[0])
    assert found["repaired"] == found["faults"]
    assert found["made_safe"] == found["hazards"]
    assert abs(found["ledger_s"] - found["true_s"]) <= LEDGER_MAY_DIFFER * found["true_s"]
    assert {name: found[name] for name in MUST_NOT_BE} == dict.fromkeys(MUST_NOT_BE, 0)
    assert found["texts"] > 0
    assert loops[0].seen == loops[1].seen
