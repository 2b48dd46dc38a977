"""What a crew finds in the field beside what it was sent to: a second fault has an incident of its own."""

from __future__ import annotations

from schemas.events import FaultFound, IncidentState
from services.clock import from_ms
from tests.outages.storm import Storm, clock
from tests.outages.town import device_id


def found(storm: Storm, device: str, at: str) -> Storm:
    """Have a crew find that a device has failed."""
    return storm.say(
        FaultFound(id=f"found-{device}-{at}", at=from_ms(clock(at)), device=device_id(device), crew="C1", order="O-1")
    )


def recloser_out() -> Storm:
    """Return a storm in which everybody behind R1 lost power, and a crew is there."""
    storm = Storm()
    storm.at("06:00").gasp(*storm.everybody("R1"), lost="05:59")
    storm.at("06:10")
    assert storm.open_at() == ["R1"]
    return storm


def test_a_second_fault_below_the_first_is_a_confirmed_incident_with_those_behind_it() -> None:
    storm = recloser_out()
    found(storm, "T22", "06:20").at("06:21")
    second, first = storm.incident("T22"), storm.incident("R1")
    assert (second.state, second.reason, second.upstream) == (IncidentState.CONFIRMED, "foundByCrew", first.id)
    assert second.started_at == clock("05:59")
    assert {storm.parts(customer)[-1][2] for customer in storm.everybody("V1", "V2")} == {"T22"}
    assert (first.out, second.out) == (len(storm.everybody("R1")) - 8, 8)


def test_when_the_first_fault_is_mended_the_second_one_stays_out_until_it_is_too() -> None:
    storm = recloser_out()
    found(storm, "T22", "06:20").at("06:21")
    first, second = storm.incident("R1"), storm.incident("T22")
    storm.done(first, found="R1", at="06:30").at("06:30")
    storm.power(*storm.everybody("R1", besides=storm.everybody("T22")), since="06:29")
    storm.at("06:50")
    assert storm.open_at() == ["T22"]
    assert storm.out() == set(storm.everybody("T22"))
    storm.done(second, found="T22", at="07:00").at("07:00")
    storm.power(*storm.everybody("T22"), since="06:59")
    storm.at("07:20")
    assert storm.out() == set()
    assert storm.state_of(second) in {IncidentState.RESTORED, IncidentState.CLOSED}


def test_a_fault_where_nobody_was_known_to_be_out_takes_out_those_behind_it() -> None:
    storm = Storm()
    found(storm.at("06:00"), "T41", "06:00").at("06:01")
    incident = storm.incident("T41")
    assert (incident.state, incident.out, incident.started_at) == (IncidentState.CONFIRMED, 8, clock("06:00"))
    assert storm.out() == set(storm.everybody("T41"))


def test_a_guess_at_that_very_device_is_confirmed_and_a_second_word_changes_nothing() -> None:
    storm = Storm()
    storm.at("06:00").gasp(*storm.everybody("T41"), lost="05:59")
    storm.at("06:10")
    guess = storm.incident("T41")
    found(storm, "T41", "06:20").at("06:21")
    assert storm.incident("T41").id == guess.id
    assert storm.incident("T41").fixed
    assert storm.state_of(guess) is IncidentState.CONFIRMED
    before = storm.incident("T41").revision
    found(storm, "T41", "06:22").at("06:23")
    assert storm.incident("T41").revision == before


def test_what_is_left_of_an_incident_after_others_got_power_is_the_second_fault() -> None:
    storm = recloser_out()
    first = storm.incident("R1")
    storm.done(first, found="R1", at="06:30").at("06:30")
    storm.power(*storm.everybody("R1", besides=storm.everybody("T22")), since="06:29")
    storm.at("06:31")
    found(storm, "T22", "06:31").at("06:32")
    second = storm.incident("T22")
    assert storm.out() == set(storm.everybody("T22"))
    assert second.state is IncidentState.CONFIRMED
    storm.at("07:30")
    assert storm.open_at() == ["T22"]
    assert storm.state_of(first) in {IncidentState.RESTORED, IncidentState.CLOSED}


def test_a_guess_above_whose_customers_all_lie_behind_the_fault_was_that_fault() -> None:
    storm = Storm()
    storm.at("06:00").call("V1-1", "V1-2", "V2-1")
    storm.at("06:10")
    (guess,) = storm.incidents()
    assert guess.device == device_id("T22")
    found(storm, "V1", "06:20").at("06:21")
    assert {storm.parts(customer)[-1][2] for customer in storm.everybody("V1")} == {"V1"}
    assert storm.incident("V1").state is IncidentState.CONFIRMED


def test_a_device_that_a_measurement_shows_closed_has_not_failed_whatever_was_said() -> None:
    storm = Storm()
    storm.at("06:00").state("L3", "closed", at="06:00")
    found(storm.at("06:01"), "L3", "06:01").at("06:02")
    assert storm.open_at() == []
    assert ("stays", "contradictsTelemetry") in storm.noted("incident", device_id("L3"))


def test_an_unknown_device_is_noted_and_breaks_nothing() -> None:
    storm = Storm()
    found(storm.at("06:01"), "L99", "06:01").at("06:02")
    assert storm.open_at() == []
