"""Segments are counted as the network counts them: nothing is cut in two at the end of a part."""

from __future__ import annotations

import aiosmpplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notices.gsm import (
    PART_SEPTETS,
    PART_UNITS,
    SEGMENT_SEPTETS,
    SEGMENT_UNITS,
    Measured,
    measure,
    outside,
    septets,
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", Measured("gsm7", 0, 1, 160)),
        ("a" * 160, Measured("gsm7", 160, 1, 0)),
        ("a" * 161, Measured("gsm7", 161, 2, 145)),
        ("€" * 80, Measured("gsm7", 160, 1, 0)),
        ("€" * 81, Measured("gsm7", 162, 2, 143)),
        ("a" * 306, Measured("gsm7", 306, 2, 0)),
        ("a" * 307, Measured("gsm7", 307, 3, 152)),
        # An escape and what follows it stay together: the first part is left short by one.
        ("a" * 152 + "€" + "a" * 152, Measured("gsm7", 306, 3, 152)),
        ("a" * 151 + "€" + "a" * 153, Measured("gsm7", 306, 2, 0)),
        ("停" * 70, Measured("ucs2", 70, 1, 0)),
        ("停" * 71, Measured("ucs2", 71, 2, 63)),
        ("停" * 134, Measured("ucs2", 134, 2, 0)),
        ("停" * 135, Measured("ucs2", 135, 3, 66)),
        ("a" * 69 + "停", Measured("ucs2", 70, 1, 0)),
        ("🔥" * 35, Measured("ucs2", 70, 1, 0)),
        ("🔥" * 36, Measured("ucs2", 72, 2, 61)),
        # A pair of surrogates stays together.
        ("停" * 66 + "🔥" + "停" * 66, Measured("ucs2", 134, 3, 66)),
        ("停" * 65 + "🔥" + "停" * 67, Measured("ucs2", 134, 2, 0)),
    ],
)
def test_what_a_text_costs(words: str, expected: Measured) -> None:
    assert measure(words) == expected


def test_characters_outside_of_the_alphabet_are_named_once_in_their_order() -> None:
    assert outside("Zürich → ça va → 停€") == "→ç停"


@given(st.text(st.characters(max_codepoint=0x3FF) | st.sampled_from("€{}[]~|^\\"), max_size=50))
def test_septets_are_counted_as_the_gateways_codec_encodes(words: str) -> None:
    try:
        encoded: int | None = len(aiosmpplib.GSM7BitCodec.get_codec_info().encode(words)[0])
    except UnicodeEncodeError:
        encoded = None
    assert septets(words) == encoded


@given(st.text(st.sampled_from("a€{停🔥"), max_size=400))
def test_every_part_is_filled_as_far_as_whole_characters_go(words: str) -> None:
    found = measure(words)
    one, part = (SEGMENT_SEPTETS, PART_SEPTETS) if found.alphabet == "gsm7" else (SEGMENT_UNITS, PART_UNITS)
    assert (found.segments == 1) is (found.units <= one)
    if found.segments > 1:
        # A part stays short by one at most, and the last one holds something.
        assert (found.segments - 1) * (part - 1) < found.units <= found.segments * part
        assert 0 <= found.left < part
