"""What a dispatcher says is done, or it is said why it has no effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schemas.events import (
    EstimateGiven,
    Event,
    IncidentChanged,
    IncidentConfirmed,
    IncidentRejected,
    IncidentsMerged,
    IncidentSplit,
    IncidentState,
    OrderState,
    ReportKind,
)
from services.clock import from_ms
from services.outages.entities import Incident
from services.outages.reasons import Reason
from tests.outages.storm import Storm, clock
from tests.outages.town import device_id, town


@pytest.fixture
def storm() -> Storm:
    storm = Storm()
    storm.at("06:00:40").gasp(*storm.everybody("L1", "T31"), lost="06:00")
    return storm.at("06:02")


def act(storm: Storm, kind: Callable[..., Event], incident: str, **fields: Any) -> Storm:
    name = f"word-{incident[:8]}-{storm.now}-{len(fields)}"
    return storm.say(kind(id=name, at=from_ms(storm.now), area="A1", incident=incident, by="ann", **fields))


def estimates(storm: Storm, incident: Incident) -> list[int | None]:
    storm.out()
    return [
        None if event.estimate is None else int(event.estimate.timestamp() * 1000)
        for event in storm.events
        if isinstance(event, IncidentChanged) and event.incident == incident.id
    ]


def test_merged_incidents_are_one_and_their_customers_go_on_in_the_other(storm: Storm) -> None:
    lower, other = storm.incident("L1"), storm.incident("T31")
    act(storm, IncidentsMerged, lower.id, into=other.id)
    assert storm.state_of(lower) is IncidentState.MERGED
    assert storm.open_at() == ["T31"]
    assert storm.incident("T31").out == 16
    assert storm.parts("T11-1") == [(clock("06:00"), None, "T31", False)]
    storm.at("07:00:20").power("T11-1", since="07:00")
    assert storm.told_restored() == set(storm.everybody("T11"))


def test_what_a_dispatcher_split_off_is_an_incident_of_its_own_that_inference_leaves_alone(storm: Storm) -> None:
    whole = storm.incident("L1")
    act(storm, IncidentSplit, whole.id, device=device_id("T12"))
    assert storm.open_at() == ["L1", "T12", "T31"]
    assert storm.incident("T12").out == 5
    storm.at("06:03").gasp("T21-1", "T21-2", lost="06:00:05")
    storm.at("06:05")
    assert storm.open_at() == ["L1", "T12", "T21", "T31"]


def test_a_rejected_incident_never_was_and_its_reports_are_answered(storm: Storm) -> None:
    rejected = storm.incident("L1")
    act(storm, IncidentRejected, rejected.id)
    assert storm.state_of(rejected) is IncidentState.DISMISSED
    assert storm.out() == set(storm.everybody("T31"))
    assert storm.stretches("T11-1") == []
    assert storm.disposal(ReportKind.LAST_GASP, "T11-1") == [("answered", Reason.DISPATCHER_REJECTED)]
    storm.quiet()
    assert storm.told_restored() == set()


def test_a_confirmed_device_is_not_taken_back_by_inference_but_may_be_by_a_crew(storm: Storm) -> None:
    guess = storm.incident("L1")
    act(storm, IncidentConfirmed, guess.id, device=device_id("R1"))
    assert storm.out() == set(storm.everybody("R1", "T31"))
    storm.at("06:03").gasp(*storm.everybody("T32"), lost="06:00:05")
    storm.at("06:05")
    assert "R1" in storm.open_at()
    storm.at("07:00").done(storm.incident("R1"), found="L1", at="07:00")
    assert storm.out() == set(storm.everybody("L1", "T31", "T32"))


def test_a_dispatchers_estimate_stands_until_a_crew_or_a_dispatcher_gives_another(storm: Storm) -> None:
    incident = storm.incident("L1")
    act(storm, EstimateGiven, incident.id, estimate=from_ms(clock("09:02")))
    storm.at("06:10").crew(incident, OrderState.ARRIVED, at="06:10")
    assert estimates(storm, incident)[-1] == clock("09:05")
    storm.at("06:30").crew(incident, OrderState.ASSESSING, at="06:30", completion_estimate=from_ms(clock("10:00")))
    assert estimates(storm, incident)[-1] == clock("10:00")


def test_an_estimate_follows_the_crew_and_is_told_when_it_changes_by_a_quarter_of_an_hour(storm: Storm) -> None:
    incident = storm.incident("L1")
    assert estimates(storm, incident)[-1] == clock("08:05")
    sent = from_ms(clock("07:20"))
    storm.at("06:05").crew(incident, OrderState.SENT, at="06:05", arrival_estimate=sent)
    assert estimates(storm, incident)[-1] == clock("08:35")
    told = len(estimates(storm, incident))
    storm.at("07:15").crew(incident, OrderState.ARRIVED, at="07:15")
    assert len(estimates(storm, incident)) == told
    storm.at("07:20").crew(incident, OrderState.ASSESSING, at="07:20", completion_estimate=from_ms(clock("07:40")))
    assert estimates(storm, incident)[-1] == clock("07:40")
    assert ("stays", Reason.ESTIMATE_KEPT) in storm.because(incident)
    assert storm.because(incident)[-1] == ("confirmed", Reason.ESTIMATE_CHANGED)


@pytest.mark.parametrize("when", ["05:00", "2000:00"])
def test_an_estimate_that_cannot_be_is_noted(storm: Storm, when: str) -> None:
    incident = storm.incident("L1")
    act(storm, EstimateGiven, incident.id, estimate=from_ms(clock(when)))
    assert storm.because(incident)[-1] == ("stays", Reason.ESTIMATE_KEPT)


def test_a_large_customer_is_told_when_the_estimate_or_what_holds_him_changes() -> None:
    storm = Storm(accounts={"T11-1": "ACC-1"})
    storm.at("06:00:40").gasp(*storm.everybody("L1"), lost="06:00")
    incident = storm.at("06:02").incident("L1")
    act(storm, EstimateGiven, incident.id, estimate=from_ms(clock("12:00")))
    act(storm.at("06:10"), IncidentSplit, incident.id, device=device_id("T11"))
    told = storm.called_out()
    assert len({event.outage for event in told}) == 1
    assert [(event.incident == incident.id, event.estimate) for event in told] == [
        (True, from_ms(clock("08:05"))),
        (True, from_ms(clock("12:00"))),
        (False, told[-1].estimate),
    ]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (IncidentsMerged, {"into": "NOBODY"}),
        (IncidentSplit, {"device": "switch:T31"}),
        (IncidentRejected, {}),
        (IncidentConfirmed, {"device": "switch:L1"}),
        (EstimateGiven, {"estimate": from_ms(clock("12:00"))}),
    ],
)
def test_of_an_incident_that_is_unknown_a_word_has_no_effect(
    storm: Storm, kind: Callable[..., Event], fields: dict[str, Any]
) -> None:
    before = len(storm.events)
    act(storm, kind, "I-9", **fields)
    assert storm.noted("incident", "I-9") == [("stays", Reason.OVER_ALREADY)]
    assert len(storm.events) == before


def test_a_split_where_nobody_or_everybody_lies_has_no_effect(storm: Storm) -> None:
    incident = storm.incident("L1")
    for place in ("T41", "R1"):
        act(storm, IncidentSplit, incident.id, device=device_id(place))
        assert storm.because(incident)[-1] == ("stays", Reason.NOTHING_TO_SPLIT)
        storm.at("06:03")


def test_an_incident_stays_in_the_region_that_was_told_of_it_first() -> None:
    storm = Storm(town(regions={"F2": "R2"}))
    storm.at("06:00:40").gasp(*storm.everybody("T11"), lost="06:00")
    storm.at("06:02")
    act(storm, IncidentConfirmed, storm.incident("T11").id, device=device_id("T41"))
    storm.at("06:03")
    told = [event for event in storm.events if isinstance(event, IncidentChanged)]
    assert storm.incident("T41").id == told[0].incident
    assert {event.region for event in told} == {"R1"}
    assert storm.network.region_of(device_id("T41")) == "R2"
