from __future__ import annotations

import pytest

from tests.dispatch.desk import Desk, crew_of


@pytest.mark.parametrize("device_class", ["breaker", "recloser", "switch", "fuse"])
def test_a_service_crew_does_not_go_to_the_medium_voltage(device_class: str) -> None:
    desk = Desk(crew_of("W1", "service"))
    desk.at("06:00").incident("I-1", device_class=device_class)
    desk.expect_orders("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "skillMissing")


@pytest.mark.parametrize("device_class", ["transformer", "lvFuse"])
@pytest.mark.parametrize("skill", ["line", "service"])
def test_both_skills_do_for_low_voltage_and_for_the_fuse_of_a_transformer(device_class: str, skill: str) -> None:
    desk = Desk(crew_of("W1", skill))
    desk.at("06:00").incident("I-1", device_class=device_class)
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_a_crew_with_neither_skill_goes_nowhere() -> None:
    desk = Desk(crew_of("W1", "gas"))
    desk.at("06:00").incident("I-1", device_class="lvFuse")
    desk.hazard("H-1")
    assert [desk.why("job", job)[-1] for job in ("I-1", "hazard:H-1")] == [("waiting", "skillMissing")] * 2


def test_the_nearest_crew_without_the_certificate_or_the_kit_stays() -> None:
    desk = Desk("W1", crew_of("E1", certificates="HV-switching"), crew_of("E2", kit="bucket-truck"))
    desk.at("06:00").incident("I-1", device_class="breaker")
    desk.expect_orders("I-1", ("E1", "sent", "nearestDepot"))
    desk.at("06:01").incident("I-2", device_class="fuse")
    desk.expect_orders("I-2", ("E2", "sent", "nearestDepot"))
    desk.at("06:02").incident("I-3", device_class="transformer")
    desk.expect_orders("I-3", ("W1", "sent", "nearestDepot"))


def test_what_no_crew_of_the_region_has_on_record_is_not_asked_for() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1", device_class="breaker")
    desk.expect_orders("I-1", ("W1", "sent", "nearestDepot"))


def test_the_journal_says_which_rule_kept_how_many_crews_from_a_job_and_says_it_once() -> None:
    desk = Desk("W1", "W2", "W3", crew_of("W4", "service"), "E1", "E2")
    desk.at("05:50").crew("W1", "offDuty")
    desk.crew("W2", "onBreak")
    desk.at("05:51").incident("I-0")
    desk.at("05:52").crew("W3", "accepted")
    desk.at("05:53").incident("I-00", since="05:01")
    desk.at("05:58")
    desk.crew("E2", "refused", order=desk.orders("I-00")[-1])
    desk.at("05:59").incident("I-1", since="05:30")
    desk.script.settle()
    noted = [
        (str(entry.reason), sorted(set(entry.facts) & {"W1", "W2", "W3", "W4", "E1", "E2"}))
        for entry in desk.script.journal
        if (entry.subject, entry.to) == ("I-1", "waiting") and entry.reason != "incidentOpen"
    ]
    assert noted == []
    desk.expect_orders("I-1", ("E2", "sent", "nearestDepot"))
    desk.at("06:00").incident("I-2", since="05:40")
    desk.script.settle()
    noted = [
        (str(entry.reason), sorted(set(entry.facts) & {"W1", "W2", "W3", "W4", "E1", "E2"}))
        for entry in desk.script.journal
        if (entry.subject, entry.to) == ("I-2", "waiting") and entry.reason != "incidentOpen"
    ]
    assert noted == [
        ("busy", ["E2", "W3"]),
        ("offDuty", ["W1"]),
        ("onBreak", ["W2"]),
        ("skillMissing", ["W4"]),
        ("unreachable", ["E1"]),
    ]
    desk.at("06:01").crew("W3", "enroute")
    assert len([each for each in desk.why("job", "I-2") if each[1] == "busy"]) == 1


def test_a_region_without_crews_says_so() -> None:
    desk = Desk()
    desk.at("06:00").incident("I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "noCrews")
