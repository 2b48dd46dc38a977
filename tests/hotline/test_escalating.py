from __future__ import annotations

import pytest

from schemas.events import CallAnswered
from services.engine.turn import Unplaced
from services.hotline.accounts import Account
from services.hotline.entities import call_key
from services.hotline.stage import EscalateStage
from tests.hotline.ladder import ACCOUNT, ZONE, Ladder
from tests.stage_script import moment


def test_the_contact_is_called_at_once_and_every_two_minutes_until_somebody_acknowledges() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:05").answer(3, acknowledged=True)
    ladder.at("07:00")
    assert ladder.calls() == [(1, "06:00:00"), (2, "06:02:00"), (3, "06:04:00")]
    assert ladder.why() == [("calling", "customerOut"), ("acknowledged", "acknowledged")]
    assert ladder.script.wake_at is None


def test_each_call_has_a_reason() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:02")
    assert ladder.script.why("call", call_key(ACCOUNT, "O-1", 1)) == [("placed", "customerOut")]
    assert ladder.script.why("call", call_key(ACCOUNT, "O-1", 2)) == [("placed", "ladderAgain")]


def test_an_answer_without_acknowledgement_brings_the_next_call_after_half_a_minute() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:00:20").answer(1, acknowledged=False)
    ladder.at("06:01:10").answer(2, acknowledged=False)
    ladder.at("06:03")
    assert ladder.calls() == [(1, "06:00:00"), (2, "06:00:50"), (3, "06:01:40")]
    assert ladder.why() == [("calling", "customerOut"), ("calling", "notAcknowledged"), ("calling", "notAcknowledged")]


def test_a_refusal_said_twice_or_late_does_not_put_the_next_call_off() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:00:20").answer(1, acknowledged=False)
    ladder.at("06:00:40").answer(1, acknowledged=False)
    ladder.at("06:01")
    assert ladder.calls() == [(1, "06:00:00"), (2, "06:00:50")]
    ladder.at("06:02:40").answer(2, acknowledged=False)
    ladder.at("06:03")
    assert ladder.calls() == [(1, "06:00:00"), (2, "06:00:50"), (3, "06:02:50")]


def test_a_refusal_of_an_earlier_call_is_noted_and_changes_nothing() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:02:10").answer(1, acknowledged=False)
    ladder.at("06:04")
    assert ladder.calls() == [(1, "06:00:00"), (2, "06:02:00"), (3, "06:04:00")]
    assert ladder.why()[-1] == ("calling", "earlierCall")


def test_the_acknowledgement_of_an_earlier_call_counts() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:02:10").answer(1, acknowledged=True)
    ladder.at("07:00")
    assert ladder.state() == "acknowledged"
    assert len(ladder.calls()) == 2


def test_the_answer_to_a_call_that_was_never_placed_proves_nothing() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:01").answer(2, acknowledged=True)
    ladder.at("06:02")
    assert ladder.calls() == [(1, "06:00:00"), (2, "06:02:00")]
    assert ladder.why()[-1] == ("calling", "unknownCall")


def test_nobody_is_called_once_the_power_is_back() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:01").back()
    ladder.at("07:00")
    assert ladder.calls() == [(1, "06:00:00")]
    assert ladder.why() == [("calling", "customerOut"), ("over", "powerBack")]
    assert call_key(ACCOUNT, "O-1", 1) in ladder.script.outcomes[-1].recalled


def test_an_outage_that_is_over_before_the_first_call_leads_to_none_and_says_why() -> None:
    ladder = Ladder()
    ladder.at("06:00").back()
    ladder.out()
    ladder.at("07:00")
    assert ladder.calls() == []
    assert ladder.why() == [("calling", "customerOut"), ("over", "backBeforeCall")]


def test_the_acknowledged_outage_ends_with_the_power_back() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:01").answer(1, acknowledged=True)
    ladder.at("06:30").back()
    assert ladder.why()[-2:] == [("acknowledged", "acknowledged"), ("over", "powerBack")]


def test_what_comes_after_the_end_is_noted_and_calls_nobody() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:01").back()
    ladder.at("06:02").back()
    ladder.at("06:03").answer(1, acknowledged=True)
    ladder.at("06:04").out()
    ladder.at("07:00")
    assert ladder.calls() == [(1, "06:00:00")]
    assert ladder.why()[-3:] == [("over", "alreadyOver"), ("over", "alreadyOver"), ("over", "alreadyEscalated")]


def test_an_outage_made_known_again_is_no_second_escalation() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:01").out(estimate="08:00")
    ladder.at("06:02")
    assert ladder.calls() == [(1, "06:00:00"), (2, "06:02:00")]
    assert "back at 08:00" in ladder.placed()[1][0].say
    assert ladder.why() == [("calling", "customerOut"), ("calling", "alreadyEscalated")]


def test_two_outages_of_one_account_are_called_about_apart() -> None:
    ladder = Ladder()
    ladder.at("06:00").out("O-1")
    ladder.at("06:01").out("O-2")
    ladder.at("06:02:30").answer(2, acknowledged=True, outage="O-1")
    ladder.at("06:05")
    assert ladder.calls("O-1") == [(1, "06:00:00"), (2, "06:02:00")]
    assert ladder.calls("O-2") == [(1, "06:01:00"), (2, "06:03:00"), (3, "06:05:00")]


def test_facts_about_an_outage_that_was_never_made_known_are_noted() -> None:
    ladder = Ladder()
    ladder.at("06:00").answer(1, acknowledged=True, outage="O-9")
    ladder.at("06:01").back("O-9")
    assert ladder.why("O-9") == [("unknown", "unknownOutage"), ("unknown", "unknownOutage")]
    assert ladder.calls("O-9") == []


def test_a_call_that_could_not_be_placed_expires_when_the_next_is_due() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.at("06:02")
    (_, _, expires), (_, due, _) = ladder.placed()
    assert expires == due


def test_a_turn_without_anything_due_changes_nothing() -> None:
    ladder = Ladder()
    ladder.script.look()
    ladder.at("06:00").out()
    ladder.at("06:01")
    ladder.script.look()
    for outcome in (ladder.script.outcomes[0], ladder.script.outcomes[-1]):
        assert (outcome.entities, outcome.journal, outcome.effects) == ({}, [], [])
    assert ladder.script.wake_at is not None


def test_a_call_says_what_is_out_since_when_and_until_when_and_holds_no_phone() -> None:
    ladder = Ladder()
    ladder.at("06:00").out(estimate="08:30")
    body = ladder.placed()[0][0]
    assert body.say == (
        "The power supply of your installation C-7 has been out since 06:00. We expect it back at 08:30. "
        "Please acknowledge this call."
    )
    assert set(body.__struct_fields__) == {"account", "contact", "outage", "attempt", "language", "say"}


def test_a_call_in_an_exercise_says_so_first() -> None:
    ladder = Ladder(exercise=True)
    ladder.at("06:00").out()
    assert ladder.placed()[0][0].say.startswith("This is an exercise. ")


def test_the_account_is_the_shard_and_an_unknown_account_has_no_place() -> None:
    stage = EscalateStage([Account(id=ACCOUNT), Account(id="DAIRY")], ZONE)
    answered = CallAnswered(id="x", at=moment("06:00"), call="c", account="NOBODY", outage="O-1", acknowledged=True)
    assert list(stage.shards()) == ["DAIRY", "MILL"]
    with pytest.raises(Unplaced, match="unknownAccount"):
        stage.shard_of(answered)
