"""Where events belong, and what a turn may cost on a feeder of thousands."""

from __future__ import annotations

import time

import pytest

from schemas.events import IncidentChanged, LargeCustomerRestored, ReportKind, WorkStarted
from schemas.ids import derived
from services.clock import from_ms
from services.engine.turn import Fact, Turn, Unplaced
from services.network import DeviceClass
from services.outages.estimate import USUAL_MINUTES, estimate
from services.outages.report import LocatedReport
from tests.outages.storm import MIDNIGHT, Storm
from tests.outages.test_properties import crew_done
from tests.outages.town import town


def test_an_event_belongs_to_the_area_of_its_device() -> None:
    stage = Storm().stage
    work = WorkStarted(id="w", at=from_ms(MIDNIGHT), window="W-1", isolates=["switch:L1"])
    assert stage.shard_of(work) == "A1"
    assert stage.shard_of(crew_done("o", "i", "switch:L1", None, MIDNIGHT)) == "A1"
    assert list(stage.shards()) == ["A1"]


def test_an_event_of_a_device_that_there_is_not_is_unplaced() -> None:
    with pytest.raises(Unplaced, match="unknownDevice"):
        Storm().stage.shard_of(WorkStarted(id="w", at=from_ms(MIDNIGHT), window="W-1", isolates=["switch:NONE"]))


def test_an_event_that_is_none_of_its_business_is_unplaced() -> None:
    event = LargeCustomerRestored(
        id=derived("x"), at=from_ms(MIDNIGHT), account="A", customer="C", outage=derived("outage")
    )
    with pytest.raises(Unplaced, match="unexpectedEvent"):
        Storm().stage.shard_of(event)


def test_every_class_of_device_has_an_estimate() -> None:
    assert set(USUAL_MINUTES) == set(DeviceClass)
    assert estimate(DeviceClass.TRANSFORMER, MIDNIGHT) == MIDNIGHT + 180 * 60_000


def test_a_feeder_of_seven_thousand_costs_little_for_each_report_and_is_published_in_pieces() -> None:
    lowest = {f"T{number}": 70 for number in range(100)}
    storm = Storm(town({"F1": tuple(lowest)}, lowest))
    everybody = storm.everybody("F1")
    silent = everybody[::7]
    storm.at("06:00:40").gasp(*(c for c in everybody if c not in set(silent)), lost="06:00")
    storm.at("06:02")
    incident = storm.incident("F1")
    assert incident.out == 7_000
    assert [len(event.out) for event in storm.events if isinstance(event, IncidentChanged)] == [5_000, 2_000]
    durations = []
    for number, customer in enumerate(silent[:101]):
        device = storm.network.customer_device(customer)
        call = LocatedReport(id=f"c{number}", kind=ReportKind.CALL, customer=customer, device=device, at=storm.now)
        turn = Turn(shard="A1", now=storm.now, facts=[Fact(call.at, call.id, call)], entities=storm._entities)
        began = time.perf_counter()
        storm.stage.decide(turn)
        durations.append(time.perf_counter() - began)
    assert sorted(durations)[50] < 0.003
