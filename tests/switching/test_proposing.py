"""Which steps are proposed after a fault, on grids drawn by hand: whom they bring back, what limits them, what forbids them."""

from __future__ import annotations

import pytest

from services.network.places import Place
from services.switching.circuit import Circuit
from services.switching.faulted import Danger, Fault, Situation
from services.switching.loads import Limit, Wiring
from services.switching.proposing import propose, restored_by_switching
from services.switching.reasons import Reason
from tests.switching.drawn import CONNECTED, TRUNK, left_out, named, network, proposed, refused, told


def test_a_fault_in_the_middle_is_parted_on_both_sides_and_the_rest_is_fed_from_both_ends() -> None:
    proposal = proposed(network(*TRUNK), "CB1", behind="K1")
    assert told(proposal) == ["open K1", "open K2", "see K1 K2", "close CB1 +5", "close T1 +3"]
    assert [step.after for step in proposal.steps] == [(), (), (1, 2), (3,), (3,)]
    assert [step.in_all.customers for step in proposal.steps] == [0, 0, 0, 5, 8]
    assert [step.reason for step in proposal.steps] == [
        Reason.ISOLATES_FAULT, Reason.ISOLATES_FAULT, Reason.SEEN_OPEN, Reason.FEEDS_FROM_UPSTREAM, Reason.FEEDS_THROUGH_TIE,
    ]  # fmt: skip
    assert proposal.reason is Reason.CAN_BE_SWITCHED
    assert left_out(proposal) == {"faulted": 4}
    assert restored_by_switching(proposal).customers == 8


def test_a_fault_at_the_head_leaves_the_breaker_open_and_all_else_comes_over_the_tie() -> None:
    proposal = proposed(network(*TRUNK), "CB1", behind="CB1")
    assert told(proposal) == ["open K1", "see CB1 K1", "close T1 +7"]
    assert left_out(proposal) == {"faulted": 5}


def test_a_fault_at_the_end_needs_the_breaker_alone() -> None:
    proposal = proposed(network(*TRUNK), "CB1", behind="K2")
    assert told(proposal) == ["open K2", "see K2 T1", "close CB1 +9"]


def test_as_long_as_nobody_knows_the_section_nothing_that_may_be_faulted_is_fed() -> None:
    proposal = proposed(network(*TRUNK), "CB1")
    assert proposal.steps == ()
    assert proposal.reason is Reason.NOT_LOCATED
    assert proposal.zone == ("switch:CB1", "switch:K1", "switch:K2")
    assert left_out(proposal) == {"faulted": 12}


def test_what_lies_behind_the_next_protection_is_sound_without_anybody_looking() -> None:
    drawn = network("CB1 S1 a", "RC1 a b", "FU1 b e", "CB2 S2 d", "T1! b d", folk="a:5 b:4 e:3 d:2")
    proposal = proposed(drawn, "CB1")
    assert proposal.zone == ("switch:CB1",)
    assert told(proposal) == ["open RC1", "see CB1 RC1", "close T1 +7"]


def test_without_a_tie_only_what_lies_before_the_fault_comes_back() -> None:
    drawn = network("CB1 S1 a", "K1 a b", "K2 b c", folk="a:5 b:4 c:3", feeders="F1:S1")
    assert told(proposed(drawn, "CB1", behind="K1")) == ["open K1", "see K1", "close CB1 +5"]
    nothing = proposed(drawn, "CB1", behind="CB1")
    assert (nothing.steps, nothing.reason) == ((), Reason.NOTHING_TO_SWITCH)
    assert left_out(nothing) == {"faulted": 5, "noOtherWay": 7}


def test_what_nobody_saw_open_is_opened_first() -> None:
    proposal = proposed(network(*TRUNK), "CB1", behind="CB1", stands={named("CB1"): True})
    assert told(proposal) == ["open CB1", "open K1", "see CB1 K1", "close T1 +7"]
    assert proposal.steps[0].reason is Reason.MAKES_SURE_OPEN
    nothing = proposed(network("CB1 S1 a", folk="a:5", feeders="F1:S1"), "CB1", stands={named("CB1"): True})
    assert told(nothing) == ["open CB1"]


def test_a_tie_whose_other_side_has_no_power_is_not_closed() -> None:
    proposal = proposed(
        network(*TRUNK), "CB1", behind="CB1", stands={named("CB2"): False}, faults=(Fault(named("CB2")),)
    )
    assert proposal.steps == ()
    assert refused(proposal) == {}
    dark = proposed(network(*TRUNK), "CB1", behind="CB1", stands={named("CB2"): False})
    assert dark.steps == ()
    assert refused(dark) == {"T1": "otherSideDead"}


def test_a_fault_on_the_other_side_alone_leaves_its_sound_part_to_help() -> None:
    drawn = network("CB1 S1 a", "K1 a b", "CB2 S2 d", "RC2 d e", "T1! b d", folk="a:5 b:4 d:2 e:6")
    proposal = proposed(drawn, "CB1", behind="CB1", stands={named("RC2"): False}, faults=(Fault(named("RC2")),))
    assert told(proposal) == ["open K1", "see CB1 K1", "close T1 +4"]


def test_another_fault_within_what_is_out_stays_dark() -> None:
    drawn = network("CB1 S1 a", "K1 a b", "FU1 b e", "CB2 S2 d", "T1! b d", folk="a:5 b:4 e:3 d:2")
    proposal = proposed(drawn, "CB1", behind="CB1", faults=(Fault(named("FU1")),))
    assert told(proposal) == ["open K1", "see CB1 FU1 K1", "close T1 +4"]
    assert left_out(proposal) == {"faulted": 5}


def test_more_load_than_a_line_may_carry_is_not_proposed_and_says_what_it_would_be() -> None:
    drawn = network("CB1 S1 a", "K1 a b", "CB2 S2 d", "L1 d e rated=2", "T1! b e", folk="a:5 b:4 d:2")
    proposal = proposed(drawn, "CB1", behind="CB1")
    # 4 customers of 10 kVA at 20 kV and three phases: 1.15 A; with all five at 5 it is within 2 A.
    assert told(proposal) == ["open K1", "see CB1 K1", "close T1 +4"]
    assert proposal.steps[-1].limit == Limit(
        reason=Reason.WITHIN_RATING, branch="mv_line:L1", load=1.2, rated=2.0, unit="A", unrated=2
    )
    tight = proposed(
        network("CB1 S1 a", "K1 a b", "CB2 S2 d", "L1 d e rated=1", "T1! b e", folk="a:5 b:4 d:2"), "CB1", behind="CB1"
    )
    assert tight.steps == ()
    [refusal] = tight.refused
    assert (refusal.device, refusal.reason) == ("switch:T1", Reason.OVER_RATING)
    assert refusal.limit == Limit(
        reason=Reason.OVER_RATING, branch="mv_line:L1", load=1.2, rated=1.0, unit="A", unrated=2
    )


def test_what_is_too_much_is_cut_so_that_most_people_come_back() -> None:
    drawn = network(
        "CB1 S1 a", "K1 a b", "K2 b c", "K3 b e", "CB2 S2 d", "L1 d f rated=3", "T1! c f", folk="a:5 b:4 c:4s e:4 d:2"
    )
    proposal = proposed(drawn, "CB1", behind="CB1")
    assert told(proposal) == ["open K1", "open K3", "see CB1 K1 K3", "close T1 +8"]
    assert [step.reason for step in proposal.steps][1] is Reason.LEAVES_PART_OUT
    assert refused(proposal) == {"T1": "overRating"}
    assert left_out(proposal) == {"faulted": 5, "noOtherWay": 4}


def test_two_ties_share_what_is_too_much_for_one_and_load_of_one_feeder_is_summed() -> None:
    apart = network(
        "CB1 S1 a", "K1 a b", "K2 b c", "CB2 S2 d", "L1 d f rated=1.5", "T1! c f", "CB3 S3 g", "L2 g h rated=1.5", "T2! b h",
        folk="a:5 b:4 c:4 d:2 g:2", feeders="F1:S1 F2:S2 F3:S3",
    )  # fmt: skip
    assert told(proposed(apart, "CB1", behind="CB1")) == [
        "open K1", "open K2", "see CB1 K1", "close T1 +4", "close T2 +4",
    ]  # fmt: skip
    one = network(
        "CB1 S1 a", "K1 a b", "K2 b c", "CB2 S2 d", "L1 d f rated=1.5", "T1! c f", "T2! b f", folk="a:5 b:4 c:4 d:2"
    )
    assert told(proposed(one, "CB1", behind="CB1")) == ["open K2", "see CB1 K2", "close T1 +4"]


def test_where_nobody_says_what_may_be_carried_it_is_said() -> None:
    proposal = proposed(network(*TRUNK), "CB1", behind="CB1")
    assert proposal.steps[-1].limit == Limit(reason=Reason.RATING_UNKNOWN, unrated=3)
    again = proposed(network(*TRUNK), "CB1", behind="K2")
    assert again.steps[-1].limit == Limit(reason=Reason.AS_NORMALLY)


def test_amperes_say_nothing_as_long_as_the_voltage_is_not_known() -> None:
    words = ("CB1 S1 a", "K1 a b", "CB2 S2 d rated=1", "T1! b d")
    assert proposed(network(*words), "CB1", behind="CB1").steps == ()
    unknown = proposed(network(*words, kv=None), "CB1", behind="CB1")
    assert unknown.steps[-1].limit == Limit(reason=Reason.RATING_UNKNOWN, unrated=2)


def test_a_transformer_on_low_voltage_is_limited_by_its_kva() -> None:
    words = ("CB1 S1 a", "X1 a b", "X2 a c rated={}", "T1! b c")
    fits = network(*(each.format(90) for each in words), folk="b:4 c:4", feeders="F1:S1")
    proposal = proposed(fits, "X1", behind=None)
    assert proposal.reason is Reason.NOTHING_TO_SWITCH
    lv = network("CB1 S1 a", "X1 a b", "K1 b e", "X2 a c rated=60", "T1! e c", folk="b:4 e:3 c:4", feeders="F1:S1")
    found = proposed(lv, "X1", behind="X1")
    assert found.steps == ()
    assert found.refused[0].limit == Limit(
        reason=Reason.OVER_RATING, branch="transformer:X2", load=70.0, rated=60.0, unit="kVA", unrated=1
    )


def test_a_section_with_a_danger_is_not_fed_nor_is_anybody_over_it() -> None:
    drawn = network(*TRUNK)
    within = proposed(drawn, "CB1", behind="CB1", dangers=(Danger(None, Place(*at(drawn, "c"))),))
    assert within.steps == ()
    # A danger whose device is known, at a place where no line of it is near, may lie anywhere behind the device.
    over = proposed(drawn, "CB1", behind="CB1", dangers=(Danger(named("CB2")),))
    assert over.steps == ()
    assert refused(over) == {"T1": "otherSideUnsafe"}


def test_a_danger_in_a_section_of_its_own_is_parted_like_a_fault() -> None:
    drawn = network(*TRUNK[:2], "K2 b c", "L9 c x", *TRUNK[3:], folk="a:5 b:4 c:3 d:2")
    place = at(drawn, "x")
    proposal = proposed(drawn, "CB1", behind="CB1", dangers=(Danger(named("CB1"), Place(*place)),))
    assert left_out(proposal) == {"dangerInSection": 3, "faulted": 5, "noOtherWay": 4}
    assert proposal.steps == ()


def test_planned_work_stays_isolated_and_its_devices_are_not_touched() -> None:
    stands = {named("K2"): False}
    proposal = proposed(
        network(*TRUNK), "CB1", behind="CB1", stands=stands, stood=stands, isolates=frozenset({named("K2")})
    )
    assert proposal.steps == ()
    tied = network("CB1 S1 a", "K1 a b", "K2 b c", "CB2 S2 d", "T1! b d")
    found = proposed(tied, "CB1", behind="CB1", stands=stands, stood=stands, isolates=frozenset({named("K2")}))
    assert told(found) == ["open K1", "see CB1 K1 K2", "close T1 +4"]


@pytest.mark.parametrize("reason", [Reason.AWAITS_CLEARANCE, Reason.SAFETY_HOLD])
def test_where_people_work_under_a_clearance_or_work_is_held_for_safety_nothing_is_switched_on(reason: Reason) -> None:
    drawn = network("CB1 S1 a", "RC1 a b", "K2 b c", "CB2 S2 d", "T1! b d", folk="a:5 b:4 c:3 d:2")
    proposal = proposed(drawn, "CB1", behind="CB1", withheld={named("RC1"): reason})
    assert proposal.steps == ()
    assert left_out(proposal) == {"faulted": 5, reason.value: 7}
    own = proposed(network(*TRUNK), "CB1", behind="K2", withheld={named("CB1"): reason})
    assert own.steps == ()


def test_a_closed_loop_is_not_fed() -> None:
    drawn = network("CB1 S1 a", "K1 a b", "K2 b c", "K9! b c", "CB2 S2 d", "T1! c d")
    proposal = proposed(drawn, "CB1", behind="CB1", stands={named("K9"): True}, stood={named("K9"): True})
    assert proposal.steps == ()
    assert refused(proposal) == {"T1": "wouldLoop"}


def test_a_tie_of_one_phase_does_not_feed_what_needs_three() -> None:
    drawn = network(*TRUNK[:4], "T1! c d phases=A")
    assert refused(proposed(drawn, "CB1", behind="CB1")) == {"T1": "fewerPhases"}
    lateral = network("CB1 S1 a", "K1 a b phases=A", "CB2 S2 d", "T1! b d phases=AB")
    assert told(proposed(lateral, "CB1", behind="CB1")) == ["open K1", "see CB1 K1", "close T1 +4"]
    assert proposed(lateral, "CB1", behind="CB1", open_phases={named("CB2"): "A"}).steps == ()


@pytest.mark.parametrize(
    ("ties", "chosen"),
    [
        (("T1! c d", "T2! c e tele"), "T2"),
        (("T1! c d tele", "T2! c e tele"), "T1"),
        (("T1! c d", "T2! c e"), "T1"),
    ],
)
def test_of_equal_ways_the_one_by_remote_control_is_taken(ties: tuple[str, str], chosen: str) -> None:
    drawn = network(*TRUNK[:4], *ties, "CB3 S3 e", feeders="F1:S1 F2:S2 F3:S3")
    assert f"close {chosen} +7" in told(proposed(drawn, "CB1", behind="CB1"))


def test_whom_more_depends_on_comes_before_more_people() -> None:
    drawn = network(
        "CB1 S1 a", "K1 a b", "K2 b c", "K3 b e", "CB2 S2 d", "L1 d f rated=1.3", "T1! b f", folk="a:5 c:4 e:1s d:2"
    )
    assert told(proposed(drawn, "CB1", behind="CB1")) == ["open K1", "open K2", "see CB1 K1 K2", "close T1 +1"]


def test_after_each_step_the_rest_of_the_proposal_is_what_remains() -> None:
    drawn = network(*TRUNK)
    circuit = Circuit(drawn)
    wiring = Wiring(circuit, CONNECTED)
    stands = {named("CB1"): False}
    whole = propose(circuit, wiring, Situation(fault=Fault(named("CB1")), stands=stands, behind=named("K1")))
    doing = [step for step in whole.steps if step.action != "verify"]
    for done, step in enumerate(doing, start=1):
        stands[step.devices[0]] = step.action == "close"
        fault = Fault(named("CB1"), stands_open=not stands[named("CB1")])
        rest = propose(circuit, wiring, Situation(fault=fault, stands=stands, behind=named("K1")))
        assert [(each.action, each.devices) for each in rest.steps if each.action != "verify"] == [
            (each.action, each.devices) for each in doing[done:]
        ]
        assert (rest.reason is Reason.NOTHING_TO_SWITCH) == (done == len(doing))


def test_once_a_part_of_the_zone_has_power_the_fault_is_sought_in_the_rest() -> None:
    stands = {named("CB1"): True, named("K1"): False}
    circuit = Circuit(network(*TRUNK))
    situation = Situation(fault=Fault(named("CB1"), stands_open=False), stands=stands)
    found = propose(circuit, Wiring(circuit, CONNECTED), situation)
    assert found.zone == ("switch:K1", "switch:K2")
    with pytest.raises(ValueError, match="switch:CB1"):
        propose(
            circuit, Wiring(circuit, CONNECTED), Situation(fault=situation.fault, stands=stands, behind=named("CB1"))
        )


def test_a_device_that_the_network_does_not_have_is_no_fault() -> None:
    with pytest.raises(KeyError):
        proposed(network(*TRUNK), "CB7")


def at(drawn: object, node: str) -> tuple[float, float]:
    grid = drawn.ground.grid  # type: ignore[attr-defined]
    return next((row.lon, row.lat) for row in grid.nodes if row.node == node)


@pytest.mark.parametrize(("last", "steps"), [(4, ["open RC1", "see CB1 RC1", "close T1 +4"]), (5, [])])
def test_what_is_fed_from_farther_than_three_ties_is_taken_for_dead(last: int, steps: list[str]) -> None:
    """The neighbours' feeders hang on each other over their ties; only the last one's breaker is closed."""
    row = [branch for n in range(2, 6) for branch in (f"CB{n} S{n} d{n}", f"T{n}! d{n} d{n + 1}")][:-1]
    drawn = network(
        "CB1 S1 a", "RC1 a b", "T1! b d2", *row,
        folk="a:3 b:4 d2:2 d3:2 d4:2 d5:2",
        feeders=" ".join(f"F{n}:S{n}" for n in range(1, 6)),
    )  # fmt: skip
    stands = {f"switch:CB{n}": n >= last for n in range(2, 6)} | {f"switch:T{n}": n < last for n in range(2, 5)}
    proposal = proposed(drawn, "CB1", stands=stands, stood=stands)
    assert told(proposal) == steps
    assert ("T1" in refused(proposal)) is (not steps)
