"""What has failed, as far as reports and silence tell: pure, on a small tree of devices."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from services.outages.evidence import FeederEvidence, Said
from services.outages.fault_tree import FaultTree, fault_tree
from services.outages.likelihood import weigh
from services.outages.rates import QUANTUM_MS, USUAL, Rates
from services.outages.suspecting import Suspicions, patience, with_shares

MINUTE = 60_000
BREAKER, RECLOSER, FUSE_A, A1, A2, A3, FUSE_B, B1, B2 = range(9)
PARENT = [-1, BREAKER, RECLOSER, FUSE_A, FUSE_A, FUSE_A, RECLOSER, FUSE_B, FUSE_B]
CLASSES = ["breaker", "recloser", "fuse", *["transformer"] * 3, "fuse", *["transformer"] * 2]
DIRECT = [0, 0, 0, 6, 6, 6, 0, 8, 8]
WITH_METERS = replace(USUAL, faults_an_hour=1000.0)
CALLS_ONLY = replace(WITH_METERS, gasp_share=0.0)


def tree(rates: Rates) -> FaultTree:
    return fault_tree(PARENT, CLASSES, DIRECT, DIRECT if rates.gasp_share else [0] * len(DIRECT), rates)


class Heard:
    """Reports given by device, each by another customer there."""

    def __init__(self, rates: Rates) -> None:
        self.metered = rates.gasp_share > 0
        self.suspicions = Suspicions(tree(rates), rates)
        self._next = 0

    def of(self, device: int, **said: int) -> Heard:
        self._next += 1
        self.suspicions.hear(self._next, device, metered=self.metered, **said)
        return self

    def believed(self, minute: float) -> list[int]:
        self.suspicions.score(round(minute * MINUTE))
        return sorted(each.device for each in self.suspicions.clusters() if each.believed)

    def probability(self, device: int, minute: float) -> float:
        self.suspicions.score(round(minute * MINUTE))
        found = [s for cluster in self.suspicions.clusters() for s in cluster.suspects if s.device == device]
        return found[0].probability if found else 0.0


def gasps(heard: Heard, device: int, many: int, at: int) -> Heard:
    for _ in range(many):
        heard.of(device, gasp=at)
    return heard


def test_meters_of_every_branch_behind_a_device_tell_that_it_failed() -> None:
    heard = Heard(WITH_METERS)
    for device in (A1, A2, A3):
        gasps(heard, device, 5, 60 * MINUTE)
    assert heard.believed(62) == [FUSE_A]


def test_two_faults_are_not_taken_for_the_device_above_both_while_others_keep_silent() -> None:
    heard = gasps(gasps(Heard(WITH_METERS), A1, 6, 60 * MINUTE), B1, 7, 60 * MINUTE)
    assert heard.believed(63) == [A1, B1]


def test_silence_takes_belief_away_as_it_lasts() -> None:
    heard = Heard(replace(CALLS_ONLY, call_share=0.5)).of(A1, call=60 * MINUTE).of(A2, call=61 * MINUTE)
    early = heard.probability(FUSE_A, 62)
    assert heard.probability(FUSE_A, 180) < early / 2


def test_a_lone_stray_report_is_believed_of_nobody() -> None:
    assert Heard(WITH_METERS).of(B1, gasp=60 * MINUTE).believed(63) == []


def test_a_fault_in_the_dark_of_a_later_one_keeps_its_own_device() -> None:
    heard = gasps(Heard(WITH_METERS), B1, 7, 30 * MINUTE)
    for device in (A1, A2, A3):
        gasps(heard, device, 5, 60 * MINUTE)
    gasps(heard, B2, 7, 60 * MINUTE)
    assert heard.believed(63) == [RECLOSER, B1]


def test_power_that_is_proven_behind_a_device_clears_it() -> None:
    heard = Heard(CALLS_ONLY).of(A1, call=60 * MINUTE).of(A2, call=61 * MINUTE)
    before = heard.probability(FUSE_A, 70)
    assert before > 0.4
    heard.of(A3, power=71 * MINUTE).of(A3, power=71 * MINUTE)
    assert heard.probability(FUSE_A, 72) < 0.1


def test_a_meter_that_does_not_answer_speaks_for_the_device_above_it() -> None:
    heard = Heard(CALLS_ONLY).of(A1, call=60 * MINUTE)
    before = heard.probability(FUSE_A, 65)
    heard.of(A2, no_answer=65 * MINUTE).of(A3, no_answer=65 * MINUTE)
    assert heard.probability(FUSE_A, 66) > 2 * before


def test_what_was_measured_closed_is_not_blamed() -> None:
    evidence = FeederEvidence(PARENT)
    for device in (A1, A2, A3):
        evidence.count(device, Said(gasp=240), 5)
    blamed = weigh(tree(WITH_METERS), WITH_METERS, evidence, 250, 0.0)
    evidence.clear(FUSE_A, 250)
    cleared = weigh(tree(WITH_METERS), WITH_METERS, evidence, 250, 0.0)
    place = blamed.devices.index(FUSE_A)
    assert blamed.probability[place] > 0.9
    assert cleared.probability[place] < 0.01


def test_where_no_meter_can_be_heard_their_silence_says_nothing() -> None:
    evidence = FeederEvidence(PARENT)
    for device in (A1, A2, A3):
        evidence.count(device, Said(call=240), 2)
    told = weigh(tree(WITH_METERS), WITH_METERS, evidence, 300, 0.0)
    deaf = weigh(tree(WITH_METERS), WITH_METERS, evidence, 300, 0.0, deaf=0.1)
    place = told.devices.index(FUSE_A)
    assert told.probability[place] < 0.1
    assert deaf.probability[place] > 0.5


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_reports_come_changes_nothing(seed: int) -> None:
    draw = random.Random(seed)
    said: list[tuple[int, int, dict[str, Any]]] = [
        (customer, draw.choice((A1, A2, A3, B1, B2)), {draw.choice(("call", "gasp")): draw.randrange(60, 90) * MINUTE})
        for customer in range(30)
    ]
    found = []
    for _ in range(2):
        suspicions = Suspicions(tree(WITH_METERS), WITH_METERS)
        for customer, device, words in said:
            suspicions.hear(customer, device, **words)
        suspicions.score(95 * MINUTE)
        found.append(suspicions.clusters())
        draw.shuffle(said)
    assert found[0] == found[1]


def test_who_is_left_out_is_not_taken_for_silent() -> None:
    rates = replace(CALLS_ONLY, call_share=0.6)
    found = []
    for absent in (0, 5):
        evidence = FeederEvidence(PARENT)
        evidence.count(A1, Said(call=240, metered=False), 1)
        for _ in range(absent):
            evidence.leave_out(A1, metered=False)
        weighed = weigh(tree(rates), rates, evidence, 240 + 120 * MINUTE // QUANTUM_MS, 0.0)
        found.append(weighed.probability[weighed.devices.index(A1)])
    assert found[1] > 2 * found[0]


def test_shares_follow_what_was_heard_and_keep_some_faith_in_what_was_believed() -> None:
    learnt = with_shares(USUAL, [(300, 1000.0, 700, 1000.0)])
    assert learnt.call_share == pytest.approx(0.3, abs=0.01)
    assert learnt.gasp_share == pytest.approx(0.7, abs=0.01)
    assert with_shares(USUAL, []) == USUAL


def test_a_feeder_in_doubt_is_weighed_again_at_growing_intervals() -> None:
    evidence = FeederEvidence(PARENT)
    evidence.count(A1, Said(call=240), 1)
    rates = replace(CALLS_ONLY, faults_an_hour=5000.0)
    weighed = weigh(tree(rates), rates, evidence, 250, 0.0)
    assert [patience(weighed, at, 250) for at in (252, 270, 2000)] == [2, 10, 20]
