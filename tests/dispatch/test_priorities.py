from __future__ import annotations

from typing import Any

import pytest

from schemas.events import IncidentState
from services.dispatch.priorities import Priority, priority_of
from tests.dispatch.desk import NEAR_EAST, Desk, crew_of, incident_changed


@pytest.mark.parametrize(
    ("given", "priority"),
    [
        ({"life_support": 1, "important": 3, "device_class": "breaker"}, Priority.LIFE_SUPPORT),
        ({"important": 1, "device_class": "lvFuse"}, Priority.IMPORTANT_OR_LARGE),
        ({"life_support": 1, "customers_out": 1}, Priority.LIFE_SUPPORT),
        ({"device_class": "breaker"}, Priority.FEEDER),
        ({"device_class": "recloser"}, Priority.FEEDER),
        ({"device_class": "switch"}, Priority.FEEDER),
        ({"device_class": "fuse"}, Priority.LATERAL),
        ({"device_class": "transformer"}, Priority.SINGLE),
        ({"device_class": "lvFuse"}, Priority.SINGLE),
        ({"device_class": "fuse", "customers_out": 1}, Priority.SINGLE),
        ({"device_class": "kettle"}, Priority.SINGLE),
    ],
)
def test_an_incident_is_classed_by_who_is_out_and_else_by_what_failed(
    given: dict[str, Any], priority: Priority
) -> None:
    assert priority_of(incident_changed("I-1", 1, IncidentState.PREDICTED, at="06:00", **given)) is priority


def test_the_classes_go_from_hazards_to_single_customers_each_with_its_reason() -> None:
    assert [(priority.value, priority.reason.value) for priority in sorted(Priority, key=lambda p: p.rank)] == [
        ("hazard", "danger"),
        ("lifeSupport", "lifeSupportOut"),
        ("importantOrLarge", "importantOut"),
        ("feeder", "feederOut"),
        ("lateral", "lateralOut"),
        ("single", "fewOut"),
    ]


def test_dangers_go_first_then_whatever_gives_most_back_soonest_and_orders_name_the_class() -> None:
    desk = Desk(crew_of("W1", "line", "service"))
    desk.at("05:00").crew("W1", "offDuty")
    desk.at("06:00")
    desk.incident("I-single", since="04:00", device_class="lvFuse", customers_out=1)
    desk.incident("I-lateral", since="04:10", customers_out=60)
    desk.incident("I-far", since="04:00", customers_out=60, place=NEAR_EAST)
    desk.incident("I-feeder", since="05:00", device_class="recloser", customers_out=400)
    desk.incident("I-clinic", since="05:50", device_class="lvFuse", important=1)
    desk.incident("I-lungs", since="05:55", device_class="transformer", life_support=1)
    desk.hazard("H-1", since="05:59")
    sent = []
    for hour in range(7, 14):
        desk.at(f"{hour}:00").crew("W1", "available")
        order = desk.order_of("W1")
        assert order is not None
        sent.append((order.incident or order.hazard, order.priority.value))
        desk.crew("W1", "accepted", "enroute", "arrived", "done", "offDuty", order=order)
        if order.incident:
            desk.incident(order.incident, "restored")
        else:
            desk.hazard("H-1", "madeSafe")
    assert sent == [
        ("H-1", "hazard"),
        ("I-feeder", "feeder"),
        ("I-lungs", "lifeSupport"),
        ("I-lateral", "lateral"),
        ("I-far", "lateral"),
        ("I-clinic", "importantOrLarge"),
        ("I-single", "single"),
    ]


def test_a_class_is_noted_when_it_becomes_known_and_when_it_changes() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1", life_support=1)
    desk.at("06:10").incident("I-1", "partiallyRestored", life_support=1)
    desk.at("06:20").incident("I-1", "partiallyRestored")
    assert desk.why("priority", "I-1") == [("lifeSupport", "lifeSupportOut"), ("lateral", "lateralOut")]
