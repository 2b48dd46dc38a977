"""Who told us himself: an incident names those of its customers who have just reported it, a danger those who reported it."""

from __future__ import annotations

from schemas.events import HazardKind, IncidentChanged
from services.clock import from_ms
from services.outages.settling import JUST_MS
from tests.outages.storm import Storm, clock


def changes(storm: Storm) -> list[IncidentChanged]:
    return [event for event in storm.events if isinstance(event, IncidentChanged)]


def test_who_called_lately_told_us_and_whose_meter_spoke_did_not() -> None:
    storm = Storm()
    everybody = storm.everybody("T11")
    caller, *others = everybody
    storm.at("06:01").gasp(*others, lost="06:00").call(caller)
    storm.at("06:30")
    told = [event for event in changes(storm) if event.out]
    assert {customer for event in told for customer in event.out} == set(everybody)
    assert {customer for event in told for customer in event.told_us} == {caller}


def test_who_called_long_ago_is_told_like_everybody() -> None:
    storm = Storm()
    everybody = storm.everybody("T11")
    caller = everybody[0]
    storm.at("06:01").call(caller)
    storm.at("06:05")
    late = clock("06:01") + JUST_MS + 60_000
    storm.at(f"{from_ms(late):%H:%M}").gasp(*everybody[1:], lost="06:02")
    storm.at("07:00")
    told_us = [customer for event in changes(storm) for customer in event.told_us if event.at > from_ms(late)]
    assert told_us == []


def test_a_danger_names_who_reports_it_each_time_anew() -> None:
    storm = Storm()
    storm.at("06:00").hazard("h-1", HazardKind.WIRE_DOWN, 8.0, customer="T11-1")
    storm.at("06:05").hazard("h-2", HazardKind.WIRE_DOWN, 8.0, customer="T11-2")
    storm.at("06:06").hazard("h-3", HazardKind.WIRE_DOWN, 8.0)
    assert [told.told_us for told in storm.hazards()] == [["T11-1"], ["T11-2"], []]
