"""Which devices explain reports: the lowest common one, unless silence speaks against it."""

from __future__ import annotations

import pytest

from services.outages.explaining import CALLERS, METERS, Explanation, Standing, Voices, explain
from tests.outages.town import device_id, name_of, town

NETWORK = town()


def explained(
    *customers: str,
    standing: tuple[Standing, ...] = (),
    dark: dict[str, int] | None = None,
    voices: Voices = METERS,
) -> list[Explanation]:
    """Return what explains the reports of these customers; `dark` counts who was out before, by device."""
    counts = {device_id(name): count for name, count in (dark or {}).items()}

    def dark_behind(device: str) -> int:
        return sum(count for at, count in counts.items() if NETWORK.is_behind(at, device))

    return explain(NETWORK, {c: NETWORK.customer_device(c) for c in customers}, standing, dark_behind, voices)


def places(found: list[Explanation]) -> list[tuple[str, bool]]:
    """Return the devices of explanations and whether all behind them are out."""
    return [(name_of(each.device), each.whole) for each in found]


def behind(*names: str) -> list[str]:
    return sorted(c for name in names for c in NETWORK.customers_behind(device_id(name)))


@pytest.mark.parametrize("device", ["T11", "V1", "T22", "L2", "R1", "F1"])
def test_when_all_meters_speak_the_device_is_found(device: str) -> None:
    assert places(explained(*behind(device))) == [(device, True)]


def test_a_few_silent_meters_do_not_hide_the_device() -> None:
    reporters = [customer for customer in behind("R1") if customer not in {"T11-1", "T12-2", "V1-1", "T13-1"}]
    assert places(explained(*reporters)) == [("R1", True)]


def test_a_branch_that_is_silent_as_a_whole_speaks_against_the_device_above_it() -> None:
    assert places(explained(*behind("T11", "T12", "T31"))) == [("L1", True), ("T31", True)]


def test_who_was_out_before_is_no_witness() -> None:
    reporters = behind("L3", "T11", "T12", "T13", "T21")
    assert places(explained(*reporters, dark={"T22": 8})) == [("F1", True)]


def test_of_devices_that_explain_the_same_the_lowest_is_taken() -> None:
    network = town({"F1": ("R1",), "R1": ("L1",), "L1": ("T1", "T2")}, {"T1": 3, "T2": 3})
    reporters: dict[str, str] = {c: network.customer_device(c) for c in network.customers_behind(device_id("F1"))}
    found = explain(network, reporters, (), lambda _: 0, METERS)
    assert [name_of(each.device) for each in found] == ["L1"]


def test_one_report_among_many_silent_meters_is_nobody_elses_outage() -> None:
    assert explained("T41-3") == [
        Explanation(device=device_id("T41"), whole=False, reporters=("T41-3",), absorbs=()),
    ]


def test_a_caller_alone_speaks_for_himself() -> None:
    assert places(explained("T41-3", voices=CALLERS)) == [("T41", False)]


def test_calls_weigh_silence_lightly() -> None:
    assert places(explained("T41-3", "T41-1", voices=CALLERS)) == [("T41", True)]
    assert places(explained("T41-3", "T42-1", voices=CALLERS)) == [("F2", True)]


def test_an_incident_is_absorbed_by_what_explains_it_better() -> None:
    below = Standing(incident="I-1", device=device_id("T11"), heard=4, whole=True)
    assert explained(*behind("T12"), "T13-1", standing=(below,)) == [
        Explanation(device=device_id("L1"), whole=True, reporters=(*behind("T12"), "T13-1"), absorbs=("I-1",))
    ]


def test_an_incident_that_nothing_speaks_about_is_left_alone() -> None:
    other = Standing(incident="I-1", device=device_id("T31"), heard=6, whole=True)
    assert places(explained(*behind("T11"), standing=(other,))) == [("T11", True)]


def test_two_who_reported_for_themselves_become_one_outage_when_more_do() -> None:
    lone = Standing(incident="I-1", device=device_id("T41"), heard=1, whole=False)
    found = explained("T41-2", "T41-3", "T41-4", "T41-5", "T41-6", standing=(lone,))
    assert [(each.whole, each.absorbs) for each in found] == [(True, ("I-1",))]
