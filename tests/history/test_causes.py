"""Causes of two kinds of records in the ten categories of IEEE 1782."""

from __future__ import annotations

import pytest

from services.history.causes import RUS_CODES, Cause, cause_of, is_asked_for


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ("600 Small animal/bird", Cause.WILDLIFE),
        ("430", Cause.VEGETATION),
        ("999 Cause unknown", Cause.UNKNOWN),
        ("Tree failure from overhang or dead tree without ice/snow", Cause.VEGETATION),
        ("DAMAGED MATERIAL OR EQUIP", Cause.EQUIPMENT),
        ("Human Cause/Accident", Cause.PUBLIC),
        ("11 MAINTENANCE", Cause.PLANNED),
        ("42 CORROSION", Cause.EQUIPMENT),
        ("75 DIG-IN", Cause.PUBLIC),
        ("19 OTHER SCHEDULED (SEE REMARKS)", Cause.PLANNED),
        ("Maintenance, other", Cause.EQUIPMENT),
        ("Pending Investigation", Cause.UNKNOWN),
        ("", Cause.UNKNOWN),
    ],
)
def test_codes_and_free_spellings_have_their_category(written: str, cause: Cause) -> None:
    assert cause_of(written) is cause


@pytest.mark.parametrize("written", ["Aliens", "123 aliens", "77", "1234 Lightning"])
def test_what_no_table_knows_is_not_guessed(written: str) -> None:
    assert cause_of(written) is None


def test_the_words_of_every_code_mean_what_the_code_means_and_every_category_is_reached() -> None:
    for code, (cause, words) in RUS_CODES.items():
        assert cause_of(code) is cause_of(words) is cause_of(f"{code} {words.upper()}") is cause
    assert {cause for cause, _ in RUS_CODES.values()} == set(Cause)


def test_a_member_who_asks_to_be_disconnected_is_told_apart() -> None:
    assert is_asked_for("MEMBER REQUESTED")
    assert not is_asked_for("MAINTENANCE")
