"""How periods are written at the terminal."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from deploy.figures import moment
from services.settings import SettingsError

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000


def test_a_day_begins_at_midnight_of_the_utility_also_where_the_clock_is_changed() -> None:
    begins, ends = moment("2026-03-29", BERLIN), moment("2026-03-30", BERLIN)
    assert begins is not None
    assert ends is not None
    assert ends - begins == 23 * HOUR
    assert moment(None, BERLIN) is None


def test_a_time_may_name_its_own_offset() -> None:
    assert moment("2026-03-01T18:00+00:00", BERLIN) == moment("2026-03-01T19:00", BERLIN)


def test_what_is_no_time_is_refused_in_words() -> None:
    with pytest.raises(SettingsError, match="'soon' is no day"):
        moment("soon", BERLIN)
