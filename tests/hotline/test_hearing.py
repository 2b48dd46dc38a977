from __future__ import annotations

import pytest

from schemas.events import ReportKind
from services.hotline.entities import call_key
from tests.hotline.ladder import ACCOUNT, CUSTOMER, METER, SECOND, THREE, Ladder
from tests.stage_script import ms


def test_a_report_starts_the_calls_before_anything_is_inferred() -> None:
    ladder = Ladder()
    escalation = ladder.at("06:00").report()
    assert ladder.calls(escalation) == [(1, "06:00:00")]
    assert ladder.why(escalation) == [("calling", "reported")]
    assert ladder.script.why("call", call_key(ACCOUNT, escalation, 1)) == [("placed", "reported")]
    assert "reported to us" in ladder.placed(escalation)[0][0].say
    assert ladder.escalation(escalation).source == "report"


def test_an_outage_found_out_joins_what_was_reported_of_its_premise() -> None:
    ladder = Ladder()
    escalation = ladder.at("06:00").report()
    ladder.at("06:01").out(estimate="08:00", since="05:59")
    ladder.at("06:02:30")
    joined = ladder.escalation(escalation)
    assert (joined.outage, joined.incident, joined.state) == ("O-1", "I-1", "calling")
    assert "O-1" not in ladder.script.entities["escalation"]
    assert ladder.calls(escalation) == [(1, "06:00:00"), (2, "06:02:00")]
    assert "since 05:59. We expect it back at 08:00." in ladder.placed(escalation)[1][0].say
    assert ladder.why(escalation)[-1] == ("calling", "joined")
    ladder.at("06:03").back()
    assert ladder.why(escalation)[-1] == ("over", "powerBack")


def test_a_report_of_an_outage_that_is_known_starts_no_second_one() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:01").report()
    ladder.at("06:01:30").report()
    assert ladder.why()[1:] == [("calling", "alreadyEscalated")] * 2
    assert list(ladder.script.entities["escalation"]) == ["O-1"]


def test_an_acknowledged_report_stays_acknowledged_when_the_outage_is_found_out() -> None:
    ladder = Ladder()
    escalation = ladder.at("06:00").report()
    ladder.at("06:01").acknowledge(escalation)
    ladder.at("06:02").out()
    ladder.at("07:00")
    assert ladder.calls(escalation) == [(1, "06:00:00")]
    assert ladder.escalation(escalation).acknowledged_by == "K-1"
    assert ladder.why(escalation)[-1] == ("acknowledged", "joined")


@pytest.mark.parametrize("found_out", [True, False])
def test_an_acknowledged_report_that_nothing_bore_out_does_not_silence_a_later_outage(*, found_out: bool) -> None:
    ladder = Ladder()
    first = ladder.at("06:00").report()
    ladder.at("06:01").acknowledge(first)
    ladder.at("09:00")
    second = "O-1"
    if found_out:
        ladder.out()
    else:
        second = ladder.report()
    assert ladder.why(first)[-1] == ("over", "neverBorneOut")
    assert ladder.calls(second) == [(1, "09:00:00")]


def test_a_meter_that_does_not_answer_a_ping_calls_nobody_and_ends_nothing() -> None:
    ladder = Ladder()
    ladder.at("06:00").report(kind=ReportKind.NO_ANSWER)
    assert ladder.script.why("hotlineReport", "said-1") == [("answered", "meterSilent")]
    assert "escalation" not in {kind for kind, entities in ladder.script.entities.items() if entities}
    escalation = ladder.at("06:01").report()
    ladder.at("06:01:30").report(kind=ReportKind.NO_ANSWER)
    assert ladder.calls(escalation) == [(1, "06:01:00")]
    assert ladder.why(escalation) == [("calling", "reported")]


def test_a_premise_reported_back_is_called_about_no_more() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:01").report(back=True, customer=None, meter=METER)
    ladder.at("07:00")
    assert ladder.why()[-1] == ("over", "reportedBack")
    assert ladder.calls() == [(1, "06:00:00")]


def test_power_reported_back_ends_the_outages_of_its_premise_alone() -> None:
    ladder = Ladder()
    ladder.at("06:00").out("O-1")
    ladder.out("O-2", customer=SECOND)
    ladder.at("06:01").report(back=True)
    assert (ladder.state("O-1"), ladder.state("O-2")) == ("over", "calling")


def test_power_back_of_a_found_outage_ends_what_was_reported_meanwhile() -> None:
    ladder = Ladder()
    escalation = ladder.at("06:00").report()
    ladder.at("06:10").back("O-9")
    assert ladder.why(escalation)[-1] == ("over", "powerBack")


def test_what_was_lost_before_it_was_reported_back_calls_nobody() -> None:
    ladder = Ladder()
    name = ladder.at("06:05").report(back=True)
    ladder.at("06:06").out(since="06:00")
    ladder.at("07:00")
    assert ladder.why() == [("over", "olderThanReturn")]
    assert ladder.calls() == []
    assert ladder.script.why("hotlineReport", "said-1") == [("answered", "nothingOpen")]
    assert name not in ladder.script.entities["escalation"]


def test_an_outage_found_out_after_its_premise_was_reported_back_takes_the_ended_report_as_its_own() -> None:
    ladder = Ladder()
    escalation = ladder.at("06:00").report()
    ladder.at("06:05").report(back=True)
    ladder.at("06:06").out(since="05:59")
    ladder.at("07:00")
    assert ladder.escalation(escalation).outage == "O-1"
    assert ladder.why(escalation)[-1] == ("over", "joined")
    assert ladder.calls(escalation) == [(1, "06:00:00"), (2, "06:02:00"), (3, "06:04:00")]


def test_an_outage_after_power_was_back_is_a_new_one_in_whatever_order_it_arrives() -> None:
    ladder = Ladder()
    ladder.at("06:00").report()
    ladder.at("06:05").report(back=True)
    second = ladder.at("06:06").report()
    ladder.script.turn_round()
    ladder.script.settle()
    assert ladder.state(second) == "calling"
    assert ladder.calls(second) == [(1, "06:06:00")]


@pytest.mark.parametrize(
    ("customer", "meter", "reason"),
    [
        ("C-99", None, "notOfTheAccount"),
        (None, "M-99", "notOfTheAccount"),
        (None, None, "premiseNotNamed"),
    ],
)
def test_a_report_without_a_premise_of_the_account_is_noted_and_calls_nobody(
    customer: str | None, meter: str | None, reason: str
) -> None:
    ladder = Ladder()
    ladder.at("06:00").report(customer=customer, meter=meter)
    ladder.at("07:00")
    assert ladder.script.why("hotlineReport", "said-1") == [("unplaced", reason)]
    assert ladder.script.entities["escalation"] == {}


def test_a_report_of_the_day_before_yesterday_calls_nobody() -> None:
    ladder = Ladder()
    ladder.at("06:00").report()
    ladder.script.now += 2 * 86_400_000
    ladder.script.settle()
    assert ladder.script.why("hotlineReport", "said-1") == [("late", "olderThanADay")]


def test_power_reported_back_before_it_was_lost_ends_nothing() -> None:
    ladder = Ladder()
    ladder.at("06:00").report(back=True)
    ladder.at("06:00:30").out()
    ladder.at("06:01")
    assert ladder.script.why("hotlineReport", "said-1") == [("answered", "nothingOpen")]
    assert ladder.state() == "calling"


def test_an_acknowledgement_without_a_call_stops_the_ladder_and_names_who_it_was() -> None:
    ladder = Ladder(THREE)
    ladder.at("06:00").out()
    ladder.at("06:00:30").acknowledge(contact="K-2")
    ladder.at("06:00:40").acknowledge(contact="K-3")
    ladder.at("07:00").acknowledge("O-9")
    assert ladder.called() == [("K-1", "06:00:00")]
    assert ladder.escalation().acknowledged_by == "K-2"
    assert ladder.why()[1:] == [("acknowledged", "acknowledged"), ("acknowledged", "alreadyOver")]
    assert ladder.script.why("escalation", "O-9") == [("unknown", "unknownOutage")]


def test_an_escalation_is_found_by_the_name_of_its_outage_too() -> None:
    ladder = Ladder()
    escalation = ladder.at("06:00").report()
    ladder.at("06:01").out()
    ladder.at("06:01:10").acknowledge("O-1")
    assert ladder.state(escalation) == "acknowledged"


def test_premises_of_one_account_are_called_about_apart() -> None:
    ladder = Ladder()
    first, second = ladder.at("06:00").report(), ladder.report(customer=SECOND)
    ladder.at("06:01").report(back=True, customer=CUSTOMER)
    assert (ladder.state(first), ladder.state(second)) == ("over", "calling")


def test_power_back_by_the_name_of_the_escalation_ends_it_once() -> None:
    ladder = Ladder()
    escalation = ladder.at("06:00").report()
    ladder.at("06:10").back(escalation)
    assert ladder.why(escalation) == [("calling", "reported"), ("over", "powerBack")]


def test_a_clock_that_is_ahead_neither_silences_what_comes_next_nor_outlasts_the_return() -> None:
    ladder = Ladder()
    ladder.at("06:00")
    ladder._clock = "06:08"
    ladder.report(back=True)
    ladder.script.settle()
    ladder._clock = "06:07"
    escalation = ladder.report()
    ladder.script.settle()
    assert ladder.escalation(escalation).out_since == ms("06:00")
    ladder.at("06:01").report(back=True)
    assert ladder.state(escalation) == "over"


def test_the_return_of_an_earlier_loss_that_is_told_late_ends_no_later_one() -> None:
    ladder = Ladder()
    ladder.at("06:00").out("O-1")
    ladder.at("06:01").report(back=True)
    second = ladder.at("06:02").report()
    ladder.at("06:02:10").out("O-1", estimate="08:00", since="06:00")
    ladder.at("06:03").back("O-1")
    assert ladder.state(second) == "calling"
    assert ladder.escalation(second).outage is None


def test_two_losses_of_which_is_told_late_keep_apart() -> None:
    ladder = Ladder()
    first = ladder.at("06:00").report()
    ladder.at("06:05").report(back=True)
    second = ladder.at("06:06").report()
    ladder.at("06:07").out("O-1", since="05:59")
    ladder.back("O-1")
    ladder.at("06:08").out("O-2", since="06:06")
    assert [ladder.escalation(each).outage for each in (first, second)] == ["O-1", "O-2"]
    assert ladder.state(second) == "calling"
    ladder.at("06:09").back("O-2")
    assert ladder.state(second) == "over"
