"""The bench of estimates plays storms by the product's own rules: the same storm the same way, and nothing of the world leaks."""

from __future__ import annotations

import pytest

from services.estimates.learning import learn
from services.estimates.measuring import measure
from services.outages.entities import EstimateBasis
from tests.benchmarks import etr
from tests.benchmarks.parts.etr_replay import pasts_of
from tests.benchmarks.parts.etr_world import storms_of
from tests.estimates.past import pasts

CALM = 2_001


def test_a_storm_is_played_the_same_way_twice_and_what_was_learnt_changes_what_is_stated_and_not_what_happens() -> None:
    network, roster = etr.utility()
    (storm,) = storms_of(network, [CALM])
    assert 4 <= len(storm.faults) <= 12
    plain, again = etr.play(network, roster, storm), etr.play(network, roster, storm)
    assert pasts_of(plain) == pasts_of(again)
    assert {basis for told in plain.told.values() for _, _, basis in told.promises} <= {
        EstimateBasis.DEVICE,
        EstimateBasis.ARRIVAL,
        EstimateBasis.CREW,
    }
    learnt = etr.play(network, roster, storm, learn(measure(pasts(130), 0)))
    assert pasts_of(learnt) == pasts_of(plain)
    assert any(told.stated for told in learnt.told.values())
    averages, examined = etr.Averages.of(pasts(130)), etr.Examined()
    for past in pasts_of(learnt):
        examined.look(past, learnt.told[past.id], averages)
    figures = examined.figures()
    assert figures["incidents"] == sum(past.mended is not None for past in pasts_of(learnt)) > 0


def test_a_storm_that_was_learnt_from_cannot_be_examined() -> None:
    with pytest.raises(SystemExit):
        etr.main(["--training", "1000-1003", "--seeds", "1003-1005"])
