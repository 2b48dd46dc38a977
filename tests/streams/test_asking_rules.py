"""The settings say how much may be asked, and no meter where there is no head-end."""

from __future__ import annotations

import pytest

from services.outages.questions import AskingSet, Mode
from services.settings import Settings
from streams.rules import asking_rules

LOW = AskingSet(mode=Mode.LOW, pings_per_minute=6, texts_per_hour=12)


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        ({"exercise": True}, LOW),
        ({"exercise": True, "asking": "storm"}, AskingSet(mode=Mode.STORM, pings_per_minute=60, texts_per_hour=120)),
        ({"meter_ping_url": "http://192.0.2.9/pings"}, LOW),
        ({}, AskingSet(mode=Mode.LOW, pings_per_minute=0, texts_per_hour=12)),
        ({"asking": "off"}, AskingSet(mode=Mode.OFF, pings_per_minute=0, texts_per_hour=12)),
        (
            {"exercise": True, "asking_low_pings_per_minute": 1, "asking_low_texts_per_hour": 2},
            AskingSet(mode=Mode.LOW, pings_per_minute=1, texts_per_hour=2),
        ),
    ],
)
def test_the_settings_say_how_much_may_be_asked(settings: Settings, given: dict[str, object], rules: AskingSet) -> None:
    assert asking_rules(settings.model_copy(update={"exercise": False, **given})) == rules
