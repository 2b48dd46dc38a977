"""The words of each notice, letter for letter, and that each fits into one segment whatever the times."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import aiosmpplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clock import to_ms
from services.notices import wording
from services.notices.gsm import SEGMENT_SEPTETS, septets

ZONE = ZoneInfo("Europe/Berlin")
MINUTE_MS = 60_000


def at(text: str) -> int:
    return to_ms(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE))


def test_an_outage_with_an_estimate_names_it_to_the_next_five_minutes() -> None:
    words = wording.power_out(
        since=at("2026-03-01T18:05"), estimate=at("2026-03-01T20:26"), now=at("2026-03-01T18:07"), zone=ZONE
    )
    assert words == (
        "Power is out at your address since 18:05. We expect it to return by 20:30 and will text you when it does. "
        "No reply needed."
    )


@pytest.mark.parametrize("estimate", [None, at("2026-03-01T18:00")])
def test_an_outage_without_a_future_estimate_promises_none(estimate: int | None) -> None:
    words = wording.power_out(since=at("2026-03-01T18:05"), estimate=estimate, now=at("2026-03-01T18:07"), zone=ZONE)
    assert words == (
        "Power is out at your address since 18:05. We are looking for the fault and will text you when it is repaired. "
        "No reply needed."
    )


def test_a_time_of_another_day_names_the_day() -> None:
    words = wording.power_out(
        since=at("2026-03-01T23:50"), estimate=at("2026-03-02T02:30"), now=at("2026-03-01T23:55"), zone=ZONE
    )
    assert "since 23:50" in words
    assert "by Mon 02:30" in words


def test_a_crew_on_its_way() -> None:
    assert wording.crew_enroute(arrival=at("2026-03-01T19:08"), now=at("2026-03-01T18:40"), zone=ZONE) == (
        "A crew is on its way to repair the outage at your address and should arrive about 19:10. "
        "We will text you when it is done."
    )
    assert wording.crew_enroute(arrival=None, now=at("2026-03-01T18:40"), zone=ZONE) == (
        "A crew is on its way to repair the outage at your address. We will text you when it is done."
    )


def test_power_is_back() -> None:
    assert wording.power_restored() == (
        "The power is back at your address. If yours is still off, check your main switch, then call us."
    )


@given(
    now=st.integers(at("2020-01-01T00:00"), at("2060-01-01T00:00")),
    before=st.integers(0, 10**9),
    after=st.none() | st.integers(-(10**9), 10**10),
    zone=st.sampled_from([ZONE, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/St_Johns"), dt.UTC]),
)
def test_every_notice_takes_one_segment_and_only_a_return_says_so(
    now: int, before: int, after: int | None, zone: dt.tzinfo
) -> None:
    later = None if after is None else now + after
    others = [
        wording.power_out(since=now - before, estimate=later, now=now, zone=zone),
        wording.crew_enroute(arrival=later, now=now, zone=zone),
    ]
    for words in [*others, wording.power_restored()]:
        taken = septets(words)
        assert taken is not None
        assert taken <= SEGMENT_SEPTETS
    assert "power is back" in wording.power_restored()
    assert not any("power is back" in words.lower() for words in others)


@given(st.text(st.characters(max_codepoint=0x3FF) | st.sampled_from("€{}[]~|^\\"), max_size=50))
def test_septets_are_counted_as_the_gateways_codec_encodes(words: str) -> None:
    try:
        encoded: int | None = len(aiosmpplib.GSM7BitCodec.get_codec_info().encode(words)[0])
    except UnicodeEncodeError:
        encoded = None
    assert septets(words) == encoded
