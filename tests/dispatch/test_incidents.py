from __future__ import annotations

import pytest

from schemas.events import IncidentState, Place
from tests.dispatch.desk import EAST, NEAR_EAST, NEAR_WEST, Desk, incident_changed


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("restored", "incidentRestored"),
        ("merged", "incidentMerged"),
        ("dismissed", "incidentDismissed"),
        ("closed", "incidentClosed"),
    ],
)
def test_an_incident_that_is_over_takes_its_order_back_from_a_crew_en_route(state: str, reason: str) -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:10").incident("I-1", state)
    desk.expect_orders("I-1", ("W1", "revoked", reason))
    assert desk.duty("W1") == "available"
    assert desk.why("job", "I-1")[-1] == ("over", reason)


def test_an_order_nobody_answered_yet_is_taken_back_too_and_its_crew_is_not_unreachable() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").incident("I-1", "restored")
    desk.at("06:30")
    desk.expect_orders("I-1", ("W1", "revoked", "incidentRestored"))
    assert desk.duty("W1") == "available"


def test_a_crew_on_site_is_never_pulled_off() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "arrived")
    desk.at("06:10").incident("I-1", "restored")
    desk.at("06:20").incident("I-1", "closed")
    desk.at("06:20").incident("I-2")
    order = desk.orders("I-1")[0]
    desk.expect_orders("I-1", ("W1", "arrived", "crewJumped"))
    assert desk.why("order", order.id)[-2:] == [("arrived", "crewOnSite"), ("arrived", "crewOnSite")]
    desk.expect_orders("I-2")
    desk.at("06:40").crew("W1", "done", found="FUSE-1")
    desk.expect_orders("I-1", ("W1", "done", "crewReported"))
    desk.expect_orders("I-2", ("W1", "sent", "nearestDepot"))
    assert desk.job("I-1").state == "over"


def test_whoever_arrives_in_the_tick_of_the_restoration_has_arrived() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:10").crew("W1", "arrived")
    desk.incident("I-1", "restored")
    desk.expect_orders("I-1", ("W1", "arrived", "crewReported"))


def test_a_merged_incident_frees_its_crew_for_the_one_that_stays() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-small", since="05:10")
    desk.at("06:00").incident("I-big", since="05:20")
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:02").incident("I-small", "merged", merged_into="I-big")
    desk.expect_orders("I-small", ("W1", "revoked", "incidentMerged"))
    desk.expect_orders("I-big", ("W1", "sent", "nearestDepot"))


def test_a_corrected_device_leaves_the_order_as_it_is() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1", place=NEAR_WEST, device="FUSE-1")
    desk.at("06:01").crew("W1", "accepted", "enroute")
    desk.at("06:02").incident("I-1", place=NEAR_EAST, device="RECLOSER-1")
    desk.expect_orders("I-1", ("W1", "enroute", "crewReported"))
    assert desk.why("job", "I-1")[-1] == ("ordered", "orderStands")
    assert desk.orders("I-1")[0].device == "FUSE-1"


def test_a_corrected_device_is_where_the_next_crew_goes() -> None:
    desk = Desk("E1", "W1")
    desk.at("05:59").crew("W1", "offDuty")
    desk.crew("E1", "offDuty")
    desk.at("06:00").incident("I-1", place=NEAR_WEST, device="FUSE-1")
    desk.at("06:01").incident("I-1", place=NEAR_EAST, device="RECLOSER-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "deviceCorrected")
    desk.at("06:02").crew("E1", "available")
    desk.expect_orders("I-1", ("E1", "sent", "nearestDepot"))
    assert desk.orders("I-1")[0].device == "RECLOSER-1"


def test_nobody_is_sent_again_while_the_work_is_being_verified() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "done", found="FUSE-1")
    desk.at("06:03").incident("I-1", "confirmed")
    assert desk.why("job", "I-1")[-1] == ("done", "beingVerified")
    desk.at("06:04").incident("I-1", "restored")
    desk.at("07:00")
    desk.expect_orders("I-1", ("W1", "done", "crewJumped"))


def test_an_incident_still_open_ten_minutes_after_the_work_gets_another_crew() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "done")
    desk.at("06:04").incident("I-1", "confirmed")
    desk.at("06:10:59")
    desk.expect_orders("I-1", ("W1", "done", "crewJumped"))
    desk.at("06:11:01")
    desk.expect_orders("I-1", ("W1", "done", "crewJumped"), ("W1", "sent", "nearestDepot"))
    assert ("waiting", "stillOpenAfterWork") in desk.why("job", "I-1")


def test_an_open_incident_that_a_nested_one_explains_gets_no_second_crew() -> None:
    desk = Desk("W1", "W2")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "done", found="FUSE-1")
    desk.at("06:04").incident("I-nested", upstream="I-1", device="FUSE-2")
    desk.at("06:05").crew("W1", "accepted", "enroute", "arrived")
    desk.at("08:00")
    desk.expect_orders("I-1", ("W1", "done", "crewJumped"))
    desk.expect_orders("I-nested", ("W1", "arrived", "crewReported"))


def test_a_partially_restored_incident_gets_no_second_crew() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "done", found="FUSE-1")
    desk.at("06:04").incident("I-1", "partiallyRestored")
    desk.at("08:00")
    desk.expect_orders("I-1", ("W1", "done", "crewJumped"))


def test_an_incident_first_heard_of_when_partially_restored_gets_a_crew() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1", "partiallyRestored")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_an_incident_that_is_open_again_gets_a_crew_again() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").incident("I-1", "restored")
    desk.at("06:02").incident("I-1", "confirmed")
    desk.expect_orders("I-1", ("W1", "revoked", "incidentRestored"), ("W1", "sent", "nearestDepot"))
    assert ("waiting", "incidentOpenAgain") in desk.why("job", "I-1")


def test_an_incident_that_opens_again_under_a_crew_on_site_keeps_that_crew() -> None:
    desk = Desk("W1", "W2")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "arrived")
    desk.at("06:02").incident("I-1", "restored")
    desk.at("06:03").incident("I-1", "confirmed")
    desk.expect_orders("I-1", ("W1", "arrived", "crewJumped"))
    assert desk.job("I-1").state == "ordered"


def test_an_incident_first_heard_of_when_over_gets_nobody_and_a_reason() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1", "dismissed")
    desk.expect_orders("I-1")
    assert desk.why("job", "I-1") == [("over", "incidentDismissed")]


def test_revisions_of_one_tick_count_in_their_order_whatever_their_ids_and_times() -> None:
    desk = Desk("W1")
    desk.at("06:00")
    desk.hear(incident_changed("I-1", 2, IncidentState.RESTORED, at="05:59"))
    desk.hear(incident_changed("I-1", 1, IncidentState.PREDICTED, at="06:00"))
    desk.expect_orders("I-1")
    assert desk.why("job", "I-1") == [("waiting", "incidentOpen"), ("over", "incidentRestored")]


def test_an_older_revision_is_noted_and_changes_nothing() -> None:
    desk = Desk("W1")
    desk.at("06:00")
    desk.hear(incident_changed("I-1", 2, IncidentState.CONFIRMED, at="06:00"))
    desk.at("06:01")
    desk.hear(incident_changed("I-1", 1, IncidentState.DISMISSED, at="06:00", place=Place(EAST.lon, 0)))
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))
    assert desk.why("job", "I-1")[-1] == ("ordered", "outdatedRevision")
