"""What speaks for a device having failed and what against it, with its numbers, on the hand-drawn town."""

from __future__ import annotations

from typing import Any

import pytest

from services.network import Network
from services.outages.arguing import Code, Heard, Known, Side, Stand, Truth, argue, expected
from services.outages.rates import Delay, Rates
from tests.outages.town import device_id, town

NETWORK = town()
MINUTE = 60_000
BEGAN = 100 * MINUTE
LATER = BEGAN + 60 * MINUTE


def gasps(*customers: str, apart_ms: int = 0) -> tuple[Heard, ...]:
    return tuple(Heard(customer=c, at_ms=BEGAN + n * apart_ms, by_meter=True) for n, c in enumerate(customers))


def calls(*customers: str) -> tuple[Heard, ...]:
    return tuple(Heard(customer=c, at_ms=BEGAN + MINUTE, by_meter=False) for c in customers)


def said(name: str, *, network: Network = NETWORK, rates: Rates | None = None, **known: Any) -> dict[str, Any]:
    """Return what is argued of a device of the drawing, by code: side, numbers, and the other device it speaks of."""
    found = argue(network, device_id(name), Known(**{"began_ms": BEGAN, "now_ms": LATER, **known}), rates or Rates())
    sides = [each.side for each in found]
    assert sides == sorted(sides, key=[Side.FOR, Side.AGAINST].index)
    assert len({each.code for each in found}) == len(found)
    return {each.code: (each.side, dict(each.numbers), each.device) for each in found}


def test_meters_that_told_of_the_loss_speak_for_it_and_silent_ones_against() -> None:
    behind = NETWORK.customers_behind(device_id("L1"))
    found = said("L1", heard=gasps(*behind[:8], apart_ms=5_500))
    assert found[Code.METERS_LOST] == (Side.FOR, {"lost": 8, "meters": 10, "within_s": 39}, None)
    assert Code.METERS_SILENT not in found
    found = said("R1", heard=gasps(*behind[:9]))
    assert found[Code.METERS_LOST] == (Side.FOR, {"lost": 9, "meters": 21, "within_s": 0}, None)
    assert found[Code.METERS_SILENT][1] == {"silent": 12, "usual": 3}
    found = said("R1", heard=gasps(*behind[:8]))
    assert Code.METERS_LOST not in found
    assert found[Code.METERS_SILENT] == (Side.AGAINST, {"silent": 13, "usual": 3}, None)


def test_what_chance_may_do_is_no_argument() -> None:
    behind = NETWORK.customers_behind(device_id("F1"))
    assert Code.METERS_SILENT not in said("F1", heard=gasps(*behind[:24]))
    assert said("F1", heard=gasps(*behind[:23]))[Code.METERS_SILENT][1] == {"silent": 10, "usual": 5}


def test_of_meters_nothing_is_expected_before_they_can_have_spoken() -> None:
    heard = gasps("T11-1")
    assert Code.METERS_SILENT not in said("L1", heard=heard, now_ms=BEGAN)
    assert said("L1", heard=heard)[Code.METERS_SILENT][1] == {"silent": 9, "usual": 2}


def test_a_meter_that_was_asked_in_vain_is_not_silent() -> None:
    behind = NETWORK.customers_behind(device_id("L1"))
    found = said("L1", heard=gasps(*behind[:2]), unanswered=frozenset({*behind[2:], "T41-1"}))
    assert found[Code.METERS_UNANSWERED] == (Side.FOR, {"meters": 8}, None)
    assert Code.METERS_SILENT not in found


def test_calls_are_told_with_how_many_would_be_expected() -> None:
    rates = Rates(call_share=0.5)
    heard = calls("T11-1", "T11-2", "T12-1", "T12-2")
    assert said("L1", heard=heard, rates=rates)[Code.CALLED] == (
        Side.FOR, {"called": 4, "customers": 10, "expected": 5}, None,
    )  # fmt: skip
    assert said("F1", heard=heard, rates=rates)[Code.CALLED] == (
        Side.AGAINST, {"called": 4, "customers": 33, "expected": 16}, None,
    )  # fmt: skip
    assert Code.CALLED not in said("L2", heard=heard, rates=Rates(call_share=0.1))


def test_who_is_out_otherwise_is_not_expected_to_speak() -> None:
    elsewhere = frozenset(NETWORK.customers_behind(device_id("L2")))
    found = said("R1", heard=gasps("T11-1"), elsewhere=elsewhere)
    assert found[Code.METERS_SILENT][1] == {"silent": 9, "usual": 2}


def test_power_behind_it_speaks_against_it_and_power_beside_it_for_it() -> None:
    found = said("L1", heard=gasps("T11-1", "T12-1"), powered=frozenset({"T13-1", "T21-1", "T21-2", "T31-1"}))
    assert found[Code.POWER_BEHIND] == (Side.AGAINST, {"powered": 1, "customers": 10}, None)
    assert found[Code.NEIGHBOURS_POWERED] == (Side.FOR, {"powered": 2}, device_id("R1"))


def test_who_reported_and_has_power_again_speaks_neither_way() -> None:
    found = said("L1", heard=gasps("T11-1"), powered=frozenset({"T11-1"}))
    assert {Code.POWER_BEHIND, Code.NEIGHBOURS_POWERED}.isdisjoint(found)


def test_reports_lie_behind_it_or_outside() -> None:
    heard = calls("T11-1", "T12-1", "T21-1")
    assert said("R1", heard=heard)[Code.EXPLAINS_ALL] == (Side.FOR, {"heard": 3}, None)
    assert said("L1", heard=heard)[Code.LIE_OUTSIDE] == (Side.AGAINST, {"outside": 1, "heard": 3}, None)
    assert said("T31", heard=heard)[Code.LIE_OUTSIDE][1] == {"outside": 3, "heard": 3}


def test_a_customer_counts_once_however_often_he_is_heard() -> None:
    found = said("L1", heard=(*gasps("T11-1", "T12-1"), *calls("T11-1")))
    assert found[Code.EXPLAINS_ALL][1] == {"heard": 2}


def test_reports_from_many_branches_speak_for_it_and_from_one_against() -> None:
    heard = calls("T11-1", "T12-1")
    assert said("L1", heard=heard)[Code.BRANCHES] == (Side.FOR, {"heard": 2, "branches": 3}, None)
    assert said("R1", heard=heard)[Code.ONE_BRANCH] == (Side.AGAINST, {"branches": 2}, device_id("L1"))
    assert {Code.BRANCHES, Code.ONE_BRANCH}.isdisjoint(said("T11", heard=heard))
    assert {Code.BRANCHES, Code.ONE_BRANCH}.isdisjoint(said("R1", heard=calls("T11-1")))


def stands(**devices: tuple[bool, str, int]) -> dict[str, Stand]:
    return {
        device_id(name): Stand(closed=closed, source=source, at_ms=at_ms)
        for name, (closed, source, at_ms) in devices.items()
    }


@pytest.mark.parametrize(
    ("stand", "code", "side"),
    [
        ((False, "scada", BEGAN), Code.MEASURED_OPEN, Side.FOR),
        ((False, "crew", BEGAN), Code.TOLD_OPEN, Side.FOR),
        ((True, "scada", BEGAN), Code.MEASURED_CLOSED, Side.AGAINST),
    ],
)
def test_how_it_stands_speaks(stand: tuple[bool, str, int], code: Code, side: Side) -> None:
    assert said("R1", stands=stands(R1=stand))[code] == (side, {"at_ms": BEGAN}, None)


def test_a_closed_device_is_no_argument_by_hearsay_or_from_long_before() -> None:
    for stand in ((True, "crew", BEGAN), (True, "scada", BEGAN - 16 * MINUTE)):
        assert said("R1", stands=stands(R1=stand)) == said("R1")


def test_what_stands_above_it_speaks_too() -> None:
    found = said("T11", stands=stands(R1=(True, "scada", BEGAN), F1=(False, "scada", BEGAN)))
    assert found[Code.CLOSED_ABOVE] == (Side.FOR, {"at_ms": BEGAN}, device_id("R1"))
    assert Code.OPEN_ABOVE not in found
    found = said("T11", stands=stands(F1=(False, "crew", BEGAN)))
    assert found[Code.OPEN_ABOVE] == (Side.AGAINST, {"at_ms": BEGAN}, device_id("F1"))


@pytest.mark.parametrize(
    ("by", "code"), [("crew", Code.CREW_FOUND), ("dispatcher", Code.DISPATCHER_CONFIRMED), ("telemetry", None)]
)
def test_what_somebody_saw_is_said_of_it_and_of_every_other_device(by: str, code: Code | None) -> None:
    truth = Truth(device=device_id("L1"), by=by)
    seen: dict[str, Any] = {} if code is None else {code: (Side.FOR, {}, None)}
    assert said("L1", truth=truth) == {**said("L1"), **seen}
    assert said("R1", truth=truth) == {**said("R1"), Code.FOUND_ELSEWHERE: (Side.AGAINST, {}, device_id("L1"))}


def test_a_mended_device_that_is_closed_again_has_failed_all_the_same() -> None:
    truth = Truth(device=device_id("R1"), by="crew")
    assert Code.MEASURED_CLOSED not in said("R1", truth=truth, stands=stands(R1=(True, "scada", LATER)))


def test_a_device_that_the_network_has_not_is_refused() -> None:
    with pytest.raises(KeyError):
        argue(NETWORK, "switch:NONE", Known(began_ms=0, now_ms=0))


def test_what_is_expected_grows_to_its_share() -> None:
    delay = Delay(12.0, 0.9)
    assert [expected(100, 0.12, delay, minutes * MINUTE) for minutes in (-5, 0, 12, 1_000)] == [0, 0, 6, 12]
