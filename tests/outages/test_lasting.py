"""An interruption lasts until power is back for good: short returns, momentary losses, and what the parts say."""

from __future__ import annotations

import pytest

from schemas.events import ReportKind
from services.outages.reasons import Reason
from services.outages.stretches import Part, Stretch, held_from, moved, parts_of
from tests.outages.storm import Storm, clock


@pytest.fixture
def storm() -> Storm:
    return Storm()


def test_power_that_is_back_for_a_short_time_does_not_end_an_interruption(storm: Storm) -> None:
    everybody = storm.everybody("T11")
    storm.at("06:00:40").gasp(*everybody, lost="06:00")
    storm.at("07:00:20").power(*everybody, since="07:00")
    assert storm.stretches("T11-1") == [(clock("06:00"), clock("07:00"), False)]
    storm.at("07:05").gasp(*everybody, lost="07:04")
    storm.at("07:07")
    assert storm.stretches("T11-1") == [(clock("06:00"), None, False)]
    assert storm.parts("T11-1") == [
        (clock("06:00"), clock("07:00"), "T11", False),
        (clock("07:00"), clock("07:04"), "T11", True),
        (clock("07:04"), None, "T11", False),
    ]
    storm.at("08:00:20").power(*everybody, since="08:00")
    assert storm.stretches("T11-1") == [(clock("06:00"), clock("08:00"), False)]


def test_power_that_is_back_for_five_minutes_does(storm: Storm) -> None:
    everybody = storm.everybody("T11")
    storm.at("06:00:40").gasp(*everybody, lost="06:00")
    storm.at("07:00:20").power(*everybody, since="07:00")
    storm.at("07:06").gasp(*everybody, lost="07:05")
    storm.at("07:08")
    assert storm.stretches("T11-1") == [
        (clock("06:00"), clock("07:00"), False),
        (clock("07:05"), None, False),
    ]


def test_a_meter_that_tells_a_later_loss_than_was_presumed_parts_two_interruptions_again(storm: Storm) -> None:
    everybody = storm.everybody("T11")
    storm.at("06:00:40").gasp(*everybody, lost="06:00")
    storm.at("07:00:20").power(*everybody, since="07:00")
    storm.at("07:04:40").gasp("T11-2", "T11-3", "T11-4", lost="07:04")
    storm.at("07:06:30")
    assert storm.stretches("T11-1") == [(clock("06:00"), None, False)]
    storm.at("07:06:40").gasp("T11-1", lost="07:05:10")
    assert storm.stretches("T11-1") == [
        (clock("06:00"), clock("07:00"), False),
        (clock("07:05:10"), None, False),
    ]


def test_a_return_that_is_taken_back_leaves_the_interruption_as_it_was(storm: Storm) -> None:
    everybody = storm.everybody("L1")
    storm.at("06:00:40").gasp(*everybody, lost="06:00")
    storm.at("07:00:20").power(*everybody, since="07:00")
    storm.at("07:03").gasp(*storm.everybody("T11", "T12"), lost="07:02")
    incident = storm.at("07:05").incident("L1")
    assert storm.stretches("T13-1") == [(clock("06:00"), None, False)]
    storm.at("07:30").done(incident, found="T11", at="07:30")
    assert storm.stretches("T13-1") == [(clock("06:00"), clock("07:00"), False)]


def test_a_loss_that_was_over_before_anything_was_inferred_is_momentary_and_nobody_is_told(storm: Storm) -> None:
    everybody = storm.everybody("T11")
    storm.at("06:00:40").gasp(*everybody, lost="06:00").power("T11-1", since="06:01")
    storm.at("06:03")
    assert storm.events == []
    assert storm.known() == []
    assert storm.parts("T11-3") == [(clock("06:00"), clock("06:01"), "momentary", False)]
    assert storm.disposal(ReportKind.LAST_GASP, "T11-2") == [("answered", Reason.MOMENTARY)]


def test_a_long_loss_that_was_over_before_it_was_heard_of_is_an_incident(storm: Storm) -> None:
    everybody = storm.everybody("T11")
    storm.at("07:00").gasp(*everybody, lost="06:00").power(*everybody, since="06:30")
    storm.at("07:02")
    assert [event.state for event in storm.events if hasattr(event, "state")] == ["restored"]
    assert storm.stretches("T11-3") == [(clock("06:00"), clock("06:30"), False)]


def test_a_large_customer_is_not_told_of_a_momentary_loss() -> None:
    storm = Storm(accounts={"T11-1": "ACC-1"})
    everybody = storm.everybody("T11")
    storm.at("06:00:40").gasp(*everybody, lost="06:00").power("T11-1", since="06:01")
    storm.at("06:03")
    assert storm.called_out() == []


def test_a_nested_outage_holds_its_customers_from_when_power_came_back_above(storm: Storm) -> None:
    storm.at("06:00:40").gasp(*storm.everybody("R1"), lost="06:00")
    incident = storm.at("06:02").incident("R1")
    storm.at("07:00:30").done(incident, found="R1", at="07:00:30").power(*storm.everybody("L1"), "T21-1", since="07:00")
    storm.at("07:04")
    assert storm.parts("V1-1") == [
        (clock("06:00"), clock("07:00"), "R1", False),
        (clock("07:00"), None, "T22", False),
    ]


def test_parts_tile_from_start_to_end_whatever_is_learned_of_the_start() -> None:
    first = (Stretch(10, "incident", "A"),)
    both = held_from(first, 30, "incident", "B")
    assert parts_of(both, 10, None) == (
        Part(10, 30, "incident", "A", powered=False),
        Part(30, None, "incident", "B", powered=False),
    )
    assert parts_of(moved(both, 5), 5, 50) == (
        Part(5, 30, "incident", "A", powered=False),
        Part(30, 50, "incident", "B", powered=False),
    )
    assert parts_of(moved(both, 40), 40, 50) == (Part(40, 50, "incident", "B", powered=False),)
    assert parts_of(both, 10, 20) == (Part(10, 20, "incident", "A", powered=False),)
    assert parts_of(held_from(both, 20, "incident", "B"), 10, None) == parts_of(both, 10, None)
