"""The present switch state: back-feeding, what stays dark, loops for a moment, and what a switch says of itself."""

from __future__ import annotations

import pytest

from services.network import DeviceClass, Network
from tests.network.grid_of_words import grid_of

# Two feeders whose ends meet at a tie; each has a sectionaliser with a transformer before and one behind it.
LINES = (
    "switch29 f a", "transformer a ta", "switch32 a b", "transformer b tb", "mv_line b c",
    "switch29 g u", "transformer u tu", "switch19 u v", "transformer v tv",
    "switch19! c v",
)  # fmt: skip
RECLOSER, KNIFE, TIE = "switch:2", "switch:7", "switch:9"
OURS, THEIRS = "switch:0", "switch:5"


@pytest.fixture
def network() -> Network:
    people = "A1@ta B1@tb B2@tb U1@tu V1@tv"
    return Network(grid_of(*LINES, sources="F:S:f G:S:g", customers=people))


def test_in_normal_state_the_tie_is_open_and_a_knife_switch_is_no_device(network: Network) -> None:
    assert [device.id for device in network.devices if device.device_class is DeviceClass.SWITCH] == []
    assert network.path_to_source("transformer:8") == ("transformer:8", THEIRS)
    assert network.present({}) is network
    assert network.present({TIE: False, KNIFE: True}) is network


def test_behind_an_open_device_with_no_other_way_all_are_dark(network: Network) -> None:
    present = network.present({RECLOSER: False})
    assert not present.is_fed(RECLOSER)
    assert not present.is_fed("transformer:3")
    assert present.open_above("transformer:3") == RECLOSER
    assert present.customers_behind(RECLOSER) == ("B1", "B2")
    assert present.is_fed(OURS)
    assert present.is_fed("transformer:1")


def test_a_tie_that_is_closed_behind_the_open_device_feeds_them_from_the_other_side(network: Network) -> None:
    present = network.present({RECLOSER: False, TIE: True})
    assert present.is_fed("transformer:3")
    assert present.path_to_source("transformer:3") == ("transformer:3", TIE, THEIRS)
    assert present.device(TIE).device_class is DeviceClass.SWITCH
    assert present.device("transformer:3").feeder == "G"
    assert present.customer("B1").feeder == "F"
    assert present.customers_behind(THEIRS) == ("B1", "B2", "U1", "V1")
    assert present.customers_behind(OURS) == ("A1",)
    # The recloser stands open with nobody behind it, where it always was.
    assert present.count_behind(RECLOSER) == 0
    assert present.path_to_source(RECLOSER) == (RECLOSER, OURS)
    assert not present.is_fed(RECLOSER)


def test_an_open_knife_switch_is_the_device_they_are_dark_behind(network: Network) -> None:
    present = network.present({KNIFE: False})
    assert present.device(KNIFE).device_class is DeviceClass.SWITCH
    assert present.open_above("transformer:8") == KNIFE
    assert present.customers_behind(KNIFE) == ("V1",)
    with pytest.raises(KeyError):
        network.device(KNIFE)
    assert network.standing_for(KNIFE) == THEIRS
    assert present.standing_for(KNIFE) == KNIFE


def test_the_part_between_two_open_switches_stays_on_its_normal_way(network: Network) -> None:
    present = network.present({RECLOSER: False, "transformer:3": False, TIE: True})
    assert present.path_to_source("transformer:3") == ("transformer:3", TIE, THEIRS)
    assert present.open_above("transformer:3") == "transformer:3"
    both = network.present({OURS: False, RECLOSER: False, TIE: True})
    assert both.open_above("transformer:1") == OURS
    assert both.path_to_source("transformer:1") == ("transformer:1", OURS)


def test_make_before_break_moves_nobody_until_something_opens(network: Network) -> None:
    looped = network.present({TIE: True})
    assert looped.customers_behind(RECLOSER) == network.customers_behind(RECLOSER)
    assert looped.customers_behind(OURS) == network.customers_behind(OURS)
    assert looped.count_behind(TIE) == 0
    assert looped.is_fed(TIE)
    opened = network.present({TIE: True, OURS: False})
    assert opened.customers_behind(THEIRS) == ("A1", "B1", "B2", "U1", "V1")
    assert opened.path_to_source("transformer:1") == ("transformer:1", RECLOSER, TIE, THEIRS)
    assert opened.is_fed("transformer:1")


def test_an_open_breaker_at_the_head_darkens_the_feeder_and_a_made_head_can_be_opened_too(network: Network) -> None:
    assert network.present({OURS: False}).open_above("transformer:3") == OURS
    headless = Network(grid_of("mv_line f a", "transformer a t", customers="C@t"))
    present = headless.present({"feeder:F": False})
    assert present.open_above("transformer:1") == "feeder:F"
    assert not present.switch("feeder:F").closed
    assert headless.switch("feeder:F").kind is DeviceClass.BREAKER


def test_a_breaker_drawn_beyond_the_source_node_switches_the_whole_feeder() -> None:
    network = Network(
        grid_of("switch29 station f", "mv_line f a", "transformer a b", "transformer f c", customers="C@b")
    )
    assert network.present({"switch:0": False}).open_above("transformer:2") == "switch:0"


def test_fed_from_before_the_breaker_nobody_is_behind_it() -> None:
    lines = ("switch29 f a", "transformer a ta", "switch29 g b", "transformer b tb", "switch19! f b")
    network = Network(grid_of(*lines, sources="F:S:f G:S:g", customers="A@ta B@tb"))
    present = network.present({"switch:2": False, "switch:4": True, "switch:0": False})
    assert present.is_fed("transformer:3")
    assert present.path_to_source("transformer:3") == ("transformer:3", "switch:4", "feeder:F")
    assert present.region_of("feeder:F") == "R1"
    assert present.switch("feeder:F").closed
    assert not present.is_fed("transformer:1")


def test_switches_that_the_grid_does_not_have_are_passed_over(network: Network) -> None:
    assert network.present({"switch:nobody": False, "mv_line:4": False}) is network
    for question in (network.switch, network.region_of, network.standing_for, network.is_fed):
        with pytest.raises(KeyError):
            question("switch:nobody")


def test_a_state_used_again_is_the_same_object_and_the_normal_one_is_never_dropped(network: Network) -> None:
    first = network.present({RECLOSER: False})
    assert first.present({RECLOSER: False}) is first
    states = [network.present({name: False, other: False}) for name in (OURS, THEIRS, KNIFE, "transformer:1", "transformer:3")
              for other in (RECLOSER, "transformer:6", "transformer:8", TIE)]  # fmt: skip
    assert len(states) == 20
    assert states[-1].present({}) is network
    again = network.present({RECLOSER: False})
    assert again.devices == first.devices


def test_a_switch_tells_what_it_is_and_how_it_stands(network: Network) -> None:
    tie = network.present({TIE: True}).switch(TIE)
    assert (tie.id, tie.kind, tie.closed, tie.normally_closed) == (TIE, DeviceClass.SWITCH, True, False)
    assert (tie.feeder, tie.area, tie.region, tie.from_node, tie.to_node) == ("F", "A1", "R1", "c", "v")
    assert network.switch(RECLOSER).kind is DeviceClass.RECLOSER
    assert network.switch(RECLOSER).closed
    assert network.switch("transformer:8").feeder == "G"
