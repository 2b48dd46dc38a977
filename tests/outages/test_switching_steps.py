"""Proposed steps that are done one by one, as facts: whom the proposal brings back has power, and who is out weighs less."""

from __future__ import annotations

from schemas.events import IncidentChanged, IncidentState, StateSource
from services.dispatch.priorities import Priority, priority_of
from services.network import Network
from services.switching.circuit import Circuit
from services.switching.faulted import Fault, Situation
from services.switching.loads import Assumed, Wiring
from services.switching.proposing import Step, propose
from tests.outages.storm import Storm, clock
from tests.outages.town import device_id, name_of, tied, town

CREW = StateSource.CREW


def steps_for(network: Network, stands: dict[str, bool], behind: str) -> list[Step]:
    """Return what is proposed for a fault right behind a device after R1 opened, without what is only to be seen."""
    circuit = Circuit(network)
    situation = Situation(fault=Fault(device_id("R1")), stands=stands, behind=device_id(behind))
    proposal = propose(circuit, Wiring(circuit, Assumed()), situation)
    return [step for step in proposal.steps if step.action != "verify"]


def do(storm: Storm, steps: list[Step], minutes: int) -> None:
    """Let a crew do the steps, one a minute, from this minute after six o'clock on."""
    for minute, step in enumerate(steps, start=minutes):
        [device] = step.devices
        storm.at(f"06:{minute}:10").state(
            name_of(device), "open" if step.action == "open" else "closed", at=f"06:{minute}", source=CREW
        )


def changes(storm: Storm) -> list[IncidentChanged]:
    """Return what was published of incidents."""
    return [event for event in storm.events if isinstance(event, IncidentChanged)]


def test_what_lies_beyond_the_fault_comes_back_over_the_tie_and_the_incident_weighs_less() -> None:
    network = tied()
    storm = Storm(network)
    storm.at("06:00:10").state("R1", "open", at="06:00")
    incident = storm.at("06:02").incident("R1")
    before = changes(storm)[-1]
    assert (before.customers_out, before.life_support, before.important) == (12, 1, 1)
    assert priority_of(before) is Priority.LIFE_SUPPORT
    steps = steps_for(network, {device_id("R1"): False}, behind="R1")
    assert [(step.action, name_of(step.devices[0])) for step in steps] == [("open", "K1"), ("close", "K9")]
    assert steps[-1].brings_back.customers == 8
    do(storm, steps, 30)
    assert storm.out() == set(storm.everybody("R1"))
    storm.at("06:34:20")
    assert storm.out() == set(storm.everybody("T1"))
    assert storm.state_of(incident) is IncidentState.PARTIALLY_RESTORED
    assert storm.stretches("T2-1") == [(clock("06:00"), clock("06:31"), False)]
    after = changes(storm)[-1]
    assert (after.incident, after.customers_out, after.life_support, after.important) == (incident.id, 4, 0, 0)
    assert set(after.restored) == set(storm.everybody("T2", "T3"))
    assert priority_of(after) is Priority.FEEDER


def test_what_lies_before_the_fault_comes_back_when_the_recloser_is_closed_again() -> None:
    network = tied()
    storm = Storm(network)
    storm.at("06:00:10").state("R1", "open", at="06:00")
    incident = storm.at("06:02").incident("R1")
    steps = steps_for(network, {device_id("R1"): False}, behind="K1")
    assert [(step.action, name_of(step.devices[0])) for step in steps] == [("open", "K1"), ("close", "R1")]
    do(storm, steps, 30)
    storm.at("06:34:20")
    assert storm.out() == set(storm.everybody("T2", "T3"))
    assert storm.state_of(incident) is IncidentState.PARTIALLY_RESTORED
    after = changes(storm)[-1]
    assert (after.incident, after.customers_out, after.life_support) == (incident.id, 8, 1)
    storm.at("07:00").state("K1", "closed", at="07:00", source=CREW)
    storm.at("07:04")
    assert storm.out() == set()
    assert storm.state_of(incident) is IncidentState.RESTORED


def test_the_same_steps_hold_where_nobody_had_seen_the_device_open() -> None:
    network = tied()
    storm = Storm(network)
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00")
    incident = storm.at("06:02").incident("R1")
    steps = steps_for(network, {}, behind="R1")
    assert [(step.action, name_of(step.devices[0])) for step in steps] == [
        ("open", "R1"),
        ("open", "K1"),
        ("close", "K9"),
    ]
    do(storm, steps, 30)
    storm.at("06:32:40").power("T2-1", "T3-4", since="06:32")
    storm.at("06:36")
    assert storm.out() == set(storm.everybody("T1"))
    assert storm.state_of(incident) is IncidentState.PARTIALLY_RESTORED
    assert changes(storm)[-1].customers_out == 4


def test_an_incident_tells_how_many_can_be_fed_before_the_repair_until_they_are() -> None:
    # R1, then T1 and the recloser R2 with T2 and T3 behind it; a tie from there to the other feeder.
    network = town(
        {"F1": ("R1",), "R1": ("T1", "R2"), "R2": ("T2", "T3"), "F2": ("T4",)},
        dict.fromkeys(("T1", "T2", "T3", "T4"), 4),
        {"K9": ("R2", "F2")},
    )
    storm = Storm(network)
    storm.at("06:00:10").state("R1", "open", at="06:00")
    storm.at("06:02").incident("R1")
    told = changes(storm)[-1]
    assert (told.switchable, told.switchable_life_support, told.switchable_important) == (8, 1, 1)
    storm.at("06:30:10").state("R2", "open", at="06:30", source=CREW)
    storm.at("06:31:10").state("K9", "closed", at="06:31", source=CREW)
    storm.at("06:35")
    told = changes(storm)[-1]
    assert (told.customers_out, told.switchable, told.switchable_life_support) == (4, 0, 0)


def test_nobody_can_be_fed_otherwise_while_the_fault_may_lie_among_them_or_the_helping_feeder_is_out() -> None:
    storm = Storm(tied())
    storm.at("06:00:10").state("R1", "open", at="06:00")
    storm.at("06:02")
    assert changes(storm)[-1].switchable == 0
    behind = {"F1": ("R1",), "R1": ("T1", "R2"), "R2": ("T2", "T3"), "F2": ("T4",)}
    helpless = Storm(town(behind, dict.fromkeys(("T1", "T2", "T3", "T4"), 4), {"K9": ("R2", "F2")}))
    helpless.at("06:00:10").state("F2", "open", at="06:00").state("R1", "open", at="06:00:05")
    helpless.at("06:03")
    assert {event.device: event.switchable for event in changes(helpless)} == {
        device_id("F2"): 0,
        device_id("R1"): 0,
    }
