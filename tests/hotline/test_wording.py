from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.hotline.entities import Escalation
from services.hotline.wording import LANGUAGES, spoken
from tests.stage_script import ms

ZONE = ZoneInfo("Europe/Berlin")


def say(language: str = "en", *, now: str = "06:10", exercise: bool = False, **given: Any) -> str:
    facts: dict[str, Any] = {"outage": "O-1", "out_since": ms("06:00"), **given}
    escalation = Escalation(id="E", account="MILL", customer="C-7", **facts)
    return spoken(escalation, language, now=ms(now), zone=ZONE, exercise=exercise)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "has been out since 07:00. Please"),
        ({"estimate": ms("08:30")}, "We expect it back at 09:30."),
        ({"estimate": ms("08:30"), "told": ms("08:30")}, "We expect it back at 09:30."),
        ({"estimate": ms("08:30"), "told": ms("08:00")}, "The estimate has changed: we now expect it back at 09:30."),
        ({"estimate": ms("23:30")}, "back at 00:30 on 2 March."),
        ({"estimate": ms("06:05")}, "It is taking longer than we expected."),
        ({"told": ms("08:00")}, "We cannot say any more when it will be back."),
        ({"window": "W-1"}, "This is the planned work that was announced."),
        ({"outage": None}, "It was reported to us and we are finding out why."),
    ],
)
def test_a_call_says_what_is_known_in_the_hours_of_the_utility(given: dict[str, Any], words: str) -> None:
    assert words in say(**given)


def test_a_call_is_spoken_in_the_language_of_the_contact() -> None:
    assert say("zh", estimate=ms("23:30"), exercise=True) == (
        "这是演习。您的用电点C-7自07:00起停电。预计3月2日00:30恢复供电。请确认收到本次来电。"
    )
    assert say("xx") == say("en")
    assert set(LANGUAGES) == {"en", "zh"}
