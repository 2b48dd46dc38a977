"""A dispatcher's word stands, and what speaks against it is shown, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schemas.events import IncidentConfirmed, IncidentsMerged, IncidentSplit, IncidentState, OrderState
from services.clock import from_ms
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock
from tests.outages.town import device_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import Event
    from services.outages.entities import Incident


@pytest.fixture
def storm() -> Storm:
    """L1 is guessed from all its meters."""
    storm = Storm()
    storm.at("06:00:40").gasp(*storm.everybody("L1"), lost="06:00")
    return storm.at("06:03")


def act(storm: Storm, kind: Callable[..., Event], incident: Incident, **fields: Any) -> Storm:
    name = f"word-{incident.id[:8]}-{storm.now}-{len(fields)}"
    return storm.say(kind(id=name, at=from_ms(storm.now), area="A1", incident=incident.id, by="ann", **fields))


def confirm(storm: Storm, at: str, device: str) -> Incident:
    incident = storm.incident(at)
    act(storm, IncidentConfirmed, incident, device=device_id(device))
    return storm.incident(device)


def contradictions(storm: Storm, incident: Incident) -> list[str]:
    return [reason for _, reason in storm.because(incident) if reason.startswith("contradicted")]


def test_power_behind_a_confirmed_device_contradicts_it_and_does_not_take_it_back(storm: Storm) -> None:
    incident = confirm(storm, "L1", "L1")
    assert incident.contradicted is None
    storm.at("06:10").power("T11-1", since="06:09")
    assert storm.incident("L1").contradicted == Reason.CONTRADICTED_BY_POWER
    assert storm.incident("L1").id == incident.id
    storm.at("06:20").power("T12-1", since="06:19")
    assert contradictions(storm, incident) == [Reason.CONTRADICTED_BY_POWER]
    assert storm.out() == {"T13-1"}


def test_power_after_the_crew_said_that_it_is_mended_contradicts_nothing(storm: Storm) -> None:
    incident = confirm(storm, "L1", "L1")
    storm.at("07:00:30").done(incident, found="L1", at="07:00:30").power("T11-1", since="07:00")
    storm.at("07:01").power("T12-1", "T13-1", since="07:00")
    assert contradictions(storm, incident) == []
    assert storm.state_of(incident) is IncidentState.RESTORED


def test_reports_of_the_same_moment_from_outside_contradict_it(storm: Storm) -> None:
    incident = confirm(storm, "L1", "L1")
    storm.at("06:04").gasp(*storm.everybody("L2"), lost="06:00:05")
    storm.at("06:07")
    assert "L1" in storm.open_at()
    assert storm.incident("L1").contradicted == Reason.CONTRADICTED_BY_REPORTS
    storm.at("06:08").gasp(*storm.everybody("T31"), lost="06:00:08")
    storm.at("06:11")
    assert contradictions(storm, incident) == [Reason.CONTRADICTED_BY_REPORTS]


def test_reports_of_another_moment_or_from_behind_the_device_contradict_nothing(storm: Storm) -> None:
    incident = confirm(storm, "L1", "L1")
    storm.at("06:20").call("T11-1", "T12-2")
    storm.at("06:40:40").gasp(*storm.everybody("T31"), lost="06:40")
    storm.at("06:44")
    assert storm.open_at() == ["L1", "T31"]
    assert contradictions(storm, incident) == []


def test_a_measurement_that_shows_a_confirmed_device_closed_contradicts_it(storm: Storm) -> None:
    incident = confirm(storm, "L1", "L1")
    storm.at("06:05").state("L1", "closed", at="06:05")
    assert storm.incident("L1").contradicted == Reason.CONTRADICTED_BY_TELEMETRY
    assert storm.out() == set(storm.everybody("L1"))
    storm.at("06:15").state("L1", "closed", at="06:15")
    assert contradictions(storm, incident) == [Reason.CONTRADICTED_BY_TELEMETRY]


def test_closing_what_stood_open_is_a_restoration_and_contradicts_nothing() -> None:
    storm = Storm()
    storm.at("06:00:05").state("L1", "open", at="06:00")
    incident = confirm(storm.at("06:02"), "L1", "L1")
    storm.at("07:00:05").state("L1", "closed", at="07:00").power("T11-1", since="07:00")
    assert contradictions(storm, incident) == []


def test_what_is_no_confirmed_incident_is_contradicted_by_nothing(storm: Storm) -> None:
    incident = storm.incident("L1")
    storm.at("06:10").power("T11-1", since="06:09")
    assert contradictions(storm, incident) == []
    assert storm.incident("L1").contradicted is None


def test_the_word_is_kept_when_more_report_and_given_back_by_the_crew_alone(storm: Storm) -> None:
    incident = confirm(storm, "L1", "R1")
    storm.at("06:05").gasp(*storm.everybody("L3"), lost="06:00:05")
    storm.at("06:08")
    assert "R1" in storm.open_at()
    storm.at("06:30").crew(incident, OrderState.ARRIVED, at="06:30")
    storm.at("07:00").done(storm.incident("R1"), found="L1", at="07:00")
    assert "R1" not in storm.open_at()
    assert storm.stretches("T21-1") == []


def test_split_and_merged_incidents_are_words_that_may_be_contradicted_too(storm: Storm) -> None:
    whole = storm.incident("L1")
    act(storm, IncidentSplit, whole, device=device_id("T12"))
    part = storm.incident("T12")
    storm.at("06:20").power("T11-1", since="06:19")
    assert storm.incident("L1").contradicted == Reason.CONTRADICTED_BY_POWER
    assert storm.incident("T12").contradicted is None
    act(storm.at("06:30"), IncidentsMerged, part, into=whole.id)
    assert storm.open_at() == ["L1"]
    assert storm.stretches("T12-1") == [(clock("06:00"), None, False)]
