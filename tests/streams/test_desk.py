"""The inference at a desk: events in, incidents out, as a script of the stage decides them, and nothing of later."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from schemas.events import (
    Event,
    HazardKind,
    HazardReported,
    HotlineReported,
    IncidentState,
    OutageReported,
    Place,
    ReportKind,
    WindowAnnounced,
    WorkStarted,
)
from services.clock import from_ms
from services.outages import desk
from services.outages.entities import Hypothesis, Incident, Pending, Unanswered
from services.reports.premises import Premises
from services.utility.folder import EXAMPLE, read_folder
from streams.desk import HEARD, Desk, replay
from tests.outages.storm import Storm, clock
from tests.outages.town import device_id, town

HOME = Premises.of([("+999100", "T11-1"), ("+999100", "T11-2")], [("MILL", "T13-1")])


def said(customer: str, at: str, kind: ReportKind = ReportKind.CALL, **more: Any) -> OutageReported:
    return OutageReported(id=f"{kind}-{customer}-{at}", at=from_ms(clock(at)), kind=kind, customer=customer, **more)


def gasps(at: str, *customers: str) -> list[Event]:
    return [said(customer, at, ReportKind.LAST_GASP) for customer in customers]


def seen(events: list[Event], until: str) -> Desk:
    table = Desk(town(), HOME, {"T13-1": "MILL"})
    table.play(events, clock(until))
    return table


def incidents(table: Desk) -> list[desk.SeenIncident]:
    return desk.incidents_seen("A1", table.entities("A1"), table.network)


def test_what_is_inferred_is_what_the_stage_infers_of_the_same_facts() -> None:
    behind = town().customers_behind(device_id("L1"))
    script = Storm()
    script.at("06:00:20").gasp(*behind[:9], lost="06:00")
    script.at("06:20")
    (found,) = incidents(seen(gasps("06:00", *behind[:9]), "06:20"))
    assert found.device == script.incident("L1").device == device_id("L1")
    assert (found.customers_out, found.heard) == (len(behind), 9)
    assert (found.device_class, found.feeder, found.area) == ("fuse", "F1", "A1")
    assert found.started_at == from_ms(clock("06:00"))
    assert sum(each.gasps for each in found.evidence) == 9


def test_the_order_of_the_lines_does_not_matter() -> None:
    events = [*gasps("06:00", "T11-1", "T11-2", "T11-3"), said("T12-1", "06:03"), said("T31-1", "06:01")]
    states = [seen(list(order), "07:00") for order in (events, reversed(events))]
    assert states[0].entities("A1") == states[1].entities("A1")
    assert states[0].states == states[1].states


def test_what_comes_after_the_time_asked_for_is_not_heard_and_nothing_due_by_then_is_left() -> None:
    events = [*gasps("06:00", "T31-1", "T31-2", "T31-3", "T31-4"), said("T12-1", "06:10")]
    later = [*events, *gasps("06:30", "T41-1", "T41-2", "T41-3")]
    table = seen(later, "06:29:59")
    assert table.entities("A1") == seen(events, "06:29:59").entities("A1")
    assert not any("T41" in report for report in table.states)
    assert all(shard.wake_at is None or shard.wake_at > clock("06:29:59") for shard in table._shards.values())
    assert device_id("T31") in {each.device for each in incidents(table)}


def test_reports_that_nothing_explains_yet_are_told_by_customer() -> None:
    table = seen([], "06:00")
    held = Pending(id="T31-2", device=device_id("T31"), heard_at=0, call_at=0, reports=("r-1", "r-2"))
    table.entities("A1")["pending"] = {"T31-2": held}
    (found,) = desk.unexplained("A1", table.entities("A1"))
    assert found == desk.Unexplained(area="A1", customer="T31-2", device=device_id("T31"), reports=("r-1", "r-2"))


def test_a_report_is_located_as_intake_would_and_stands_in_the_state_that_the_inference_left_it_in() -> None:
    caller = OutageReported(id="c", at=from_ms(clock("06:00")), kind=ReportKind.CALL, phone="+999100")
    account = HotlineReported(id="h", at=from_ms(clock("06:00")), kind=ReportKind.CALL, account="MILL")
    stranger = said("NOBODY", "06:00")
    table = seen([caller, account, stranger, *gasps("06:00", "T41-1", "T41-2", "T41-3", "T41-4")], "06:10")
    assert table.states["c"] == "ambiguous"
    assert table.states[stranger.id] == "unknown"
    assert table.states["h"] == "counted"
    assert {table.states[f"lastGasp-T41-{n}-06:00"] for n in (1, 2, 3, 4)} == {"counted"}


def test_danger_and_planned_work_are_heard_and_what_belongs_nowhere_is_named() -> None:
    at = from_ms(clock("06:00"))
    danger = HazardReported(id="d", at=at, hazard=HazardKind.WIRE_DOWN, place=Place(8.001, 50.0))
    work = WorkStarted(id="w", at=at, window="W-1", isolates=[device_id("L3")])
    nowhere = WorkStarted(id="x", at=at, window="W-2", isolates=["switch:NONE"])
    nobody = OutageReported(id="n", at=at, kind=ReportKind.CALL)
    table = seen([danger, work, nowhere, nobody, said("T31-1", "06:05")], "06:10")
    (hazard,) = desk.hazards_seen("A1", table.entities("A1"))
    assert hazard.hazard is HazardKind.WIRE_DOWN
    assert table.states["call-T31-1-06:05"] == "muted"
    assert [(each.event, each.code) for each in table.unplaced] == [("n", "nobodyNamed"), ("x", "unknownDevice")]


def test_an_incident_is_told_with_its_hypotheses_and_meters_that_did_not_answer() -> None:
    table = seen(gasps("06:00", "T31-1", "T31-2", "T31-3", "T31-4"), "06:10")
    entities = table.entities("A1")
    (incident,) = (each for each in entities["incident"].values() if isinstance(each, Incident))
    ranked = (Hypothesis(device_id("T31"), 925), Hypothesis(device_id("L3"), 60))
    entities["incident"][incident.id] = msgspec.structs.replace(incident, hypotheses=ranked)
    entities["unanswered"] = {"T31-5": Unanswered(id="T31-5", at=0), "T41-1": Unanswered(id="T41-1", at=0)}
    (found,) = incidents(table)
    assert [(each.device, each.probability) for each in found.hypotheses] == [
        (device_id("T31"), 0.925),
        (device_id("L3"), 0.06),
    ]
    assert found.evidence == (desk.Evidence(device=device_id("T31"), calls=0, gasps=4, unanswered=1),)


@pytest.mark.parametrize("state", [IncidentState.MERGED, IncidentState.DISMISSED, IncidentState.CLOSED])
def test_an_incident_that_is_over_is_not_told(state: IncidentState) -> None:
    table = seen(gasps("06:00", "T31-1", "T31-2", "T31-3", "T31-4"), "06:10")
    of_kind = table.entities("A1")["incident"]
    (incident,) = (each for each in of_kind.values() if isinstance(each, Incident))
    of_kind[incident.id] = msgspec.structs.replace(incident, state=state)
    assert incidents(table) == []


def test_a_folder_is_replayed_with_the_work_that_it_plans() -> None:
    folder = read_folder(EXAMPLE)
    window = next(each for each in folder.windows)
    network = Desk.of(folder).network
    behind = network.customers_behind(window.isolates[0])
    start = WorkStarted(id="s", at=window.starts_at, window=window.window, isolates=list(window.isolates))
    call = OutageReported(id="c", at=window.starts_at, kind=ReportKind.CALL, customer=behind[0])
    told = replay(folder, [start, call], int(window.ends_at.timestamp() * 1000) - 1)
    assert told["incidents"] == []
    assert told["reports"] == {"muted": 1}
    assert told["areas"] == sorted({str(area.id) for area in network.areas})
    msgspec.json.encode(told)


def test_every_event_that_the_stage_or_the_intake_hears_is_heard() -> None:
    names = {topic.name for topic in HEARD}
    assert {"outage.reports", "hotline.reports", "device.states", "maintenance.notices"} <= names
    assert any(WindowAnnounced in topic.events for topic in HEARD)
