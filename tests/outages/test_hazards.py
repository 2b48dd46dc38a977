"""Danger has a clock of its own: reported, joined, linked to an incident, made safe or dismissed."""

from __future__ import annotations

import pytest

from schemas.events import HazardDismissed, HazardKind, OrderChanged, OrderState, OrderWork, Place
from services.clock import from_ms
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock

WIRE = HazardKind.WIRE_DOWN


@pytest.fixture
def storm() -> Storm:
    return Storm()


def make_safe(storm: Storm, hazard: str, state: OrderState) -> Storm:
    return storm.say(
        OrderChanged(
            id=f"order-{state}",
            at=from_ms(storm.now),
            order="O-1",
            crew="C1",
            area="A1",
            place=Place(lon=8.0, lat=50.0),
            state=state,
            reason="script",
            hazard=hazard,
            work=OrderWork.MAKE_SAFE,
        )
    )


def test_danger_is_published_with_the_time_of_its_first_report(storm: Storm) -> None:
    storm.at("06:00").hazard("h-1", WIRE, 8.0, device="T11")
    (told,) = storm.hazards()
    assert (told.state, told.hazard_kind, told.reported_at, told.reports) == (
        "reported",
        WIRE,
        from_ms(clock("06:00")),
        1,
    )
    assert (told.device, told.incident, told.region, told.area) == ("transformer:T11", None, "R1", "A1")


def test_reports_of_one_kind_near_in_place_and_time_are_one_danger(storm: Storm) -> None:
    storm.at("06:00").hazard("h-1", WIRE, 8.0)
    storm.at("06:10").hazard("h-2", WIRE, 8.001)
    storm.at("06:20").hazard("h-3", HazardKind.FIRE, 8.001)
    storm.at("06:30").hazard("h-4", WIRE, 8.01)
    storm.at("07:30").hazard("h-5", WIRE, 8.0)
    reports = {each.hazard: each.reports for each in storm.hazards()}
    assert sorted(reports.values()) == [1, 1, 1, 2]
    assert storm.reports["h-2"].reason == Reason.DANGER_THERE


def test_danger_belongs_to_the_open_incident_whose_device_feeds_the_place(storm: Storm) -> None:
    storm.at("06:00").hazard("h-1", WIRE, 8.0, device="T11")
    storm.at("06:00:40").gasp(*storm.everybody("L1"), lost="06:00")
    incident = storm.at("06:02").incident("L1")
    assert [(each.revision, each.incident) for each in storm.hazards()] == [(1, None), (2, incident.id)]


def test_danger_is_over_when_the_crew_that_makes_it_safe_is_done(storm: Storm) -> None:
    storm.at("06:00").hazard("h-1", WIRE, 8.0)
    name = storm.hazards()[0].hazard
    make_safe(storm.at("06:20"), name, OrderState.ARRIVED)
    assert storm.noted("hazard", name)[-1] == ("reported", Reason.CREW_ARRIVED)
    make_safe(storm.at("06:30"), name, OrderState.DONE)
    assert (storm.hazards()[-1].state, storm.hazards()[-1].reason) == ("madeSafe", Reason.MADE_SAFE)
    make_safe(storm.at("06:31"), name, OrderState.HANDED_OVER)
    assert storm.noted("hazard", name)[-1] == ("stays", Reason.UNKNOWN_HAZARD)
    storm.at("06:40").hazard("h-2", WIRE, 8.0)
    assert len({each.hazard for each in storm.hazards()}) == 2


def test_a_dispatcher_dismisses_danger(storm: Storm) -> None:
    storm.at("06:00").hazard("h-1", WIRE, 8.0)
    name = storm.hazards()[0].hazard
    for number in (1, 2):
        storm.at(f"06:1{number}").say(
            HazardDismissed(id=f"d-{number}", at=from_ms(storm.now), area="A1", hazard=name, by="ann")
        )
    assert storm.hazards()[-1].state == "dismissed"
    assert storm.noted("hazard", name)[1:] == [
        ("dismissed", Reason.DISPATCHER_DISMISSED),
        ("stays", Reason.UNKNOWN_HAZARD),
    ]
    storm.quiet()
    assert storm.hazards()[-1].revision == 2
