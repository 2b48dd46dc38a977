"""What a sign of power proves, and where silence sits."""

from __future__ import annotations

from services.outages.verifying import live_devices, silent_places
from tests.outages.town import device_id, name_of, town

NETWORK = town()


def live(device: str, *tops: str) -> list[str]:
    return [name_of(each) for each in live_devices(NETWORK, device_id(device), {device_id(top) for top in tops})]


def silent(top: str, out: dict[str, int], *groups: str) -> list[tuple[str, list[str]]]:
    counts = {device_id(name): count for name, count in out.items()}
    found = silent_places(NETWORK, device_id(top), counts, [device_id(group) for group in groups])
    return [(name_of(place), [name_of(each) for each in devices]) for place, devices in found]


def test_a_message_proves_every_device_live_up_to_the_highest_that_had_failed() -> None:
    assert live("V1", "L2") == ["V1", "T22", "L2"]
    assert live("V1", "T22", "R1") == ["V1", "T22", "L2", "R1"]


def test_a_message_from_where_nothing_had_failed_proves_nothing_new() -> None:
    assert live("T31", "R1") == []


def test_silence_sits_at_the_lowest_device_that_all_the_silent_share() -> None:
    assert silent("R1", {"V1": 4, "V2": 4}, "V1", "V2") == [("T22", ["V1", "V2"])]


def test_silent_neighbours_of_somebody_with_power_are_apart() -> None:
    assert silent("L1", {"T11": 4, "T13": 1}, "T11", "T13") == [("T11", ["T11"]), ("T13", ["T13"])]


def test_who_is_out_for_another_reason_does_not_split_the_silence() -> None:
    assert silent("R1", {"T21": 3, "V1": 4, "V2": 4}, "T21", "V2") == [("L2", ["V2", "T21"])]


def test_silence_never_sits_above_what_was_mended() -> None:
    assert silent("V1", {"V1": 4, "V2": 4}, "V1") == [("V1", ["V1"])]
