"""Who is told what: scripts of storms, and what must hold for every order of the facts."""

from __future__ import annotations

import itertools
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Event, IncidentChanged, OrderState, TextOutcome, TextReceipt
from services.clock import from_ms
from services.engine.deciding import canonical
from services.engine.turn import Outcome, Unplaced
from services.notices.audience import Affected
from services.notices.moments import LIFETIME_MS, NoticeReceipted
from services.notices.reasons import Reason
from tests.notices.storm import (
    BACK,
    CLOSED,
    CREW,
    DISMISSED,
    MERGED,
    OUT,
    PARTIAL,
    RESTORED,
    STILL,
    T0,
    Storm,
    text_of,
)


@pytest.fixture
def storm() -> Storm:
    return Storm()


def test_three_moments_from_loss_to_return(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab").decide().expect(("ab", OUT))
    storm.at(5).order("O", "I", OrderState.SENT).order("O", "I", OrderState.ACCEPTED).decide().expect()
    storm.at(6).order("O", "I", OrderState.ENROUTE).decide().expect(("ab", CREW))
    storm.at(30).order("O", "I", OrderState.ARRIVED).decide().expect()
    storm.at(60).incident("I", RESTORED, back="ab").decide().expect(("ab", BACK))
    storm.at(70).incident("I", CLOSED).decide().expect()
    assert storm.left() == []


def test_a_notice_has_its_words_its_expiry_and_its_reason(storm: Storm) -> None:
    outcome = storm.at(1).incident("I", out="a").decide().outcomes[-1]
    (effect,) = outcome.effects
    assert effect.expires_at == storm.now + LIFETIME_MS[OUT]
    assert text_of(effect).words.startswith("Power is out at your address since 18:00. We expect power by 20:00")
    assert storm.reasons == [("predicted", Reason.INCIDENT_CHANGED), ("due", Reason.NEWLY_OUT)]


def test_only_new_members_are_told_as_an_outage_grows(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab").decide()
    storm.at(3).incident("I", out="bc").decide().expect(("c", OUT))


def test_who_has_no_number_is_told_nothing_and_the_reason_is_kept() -> None:
    storm = Storm(reachable="a")
    storm.at(1).incident("I", out="ab").decide().expect(("a", OUT))
    assert ("untold", Reason.NO_PHONE) in storm.reasons
    storm.at(9).incident("I", RESTORED, back="ab").decide().expect(("a", BACK))
    assert ("untold", Reason.NEVER_TOLD) in storm.reasons


def test_a_nested_incident_takes_over_whom_the_upstream_one_told(storm: Storm) -> None:
    storm.at(1).incident("I", out="abc").decide().expect(("abc", OUT))
    storm.at(40).incident("I", PARTIAL, back="a").incident("N", out="bc", upstream="I").decide()
    storm.expect(("a", BACK), ("bc", STILL))
    assert storm.reasons.count(("handedOver", Reason.TOLD_BEFORE)) == 2
    storm.at(42).order("O2", "N", OrderState.ENROUTE).decide().expect(("bc", CREW))
    storm.at(50).incident("I", CLOSED).decide().expect()
    storm.at(90).incident("N", RESTORED, back="bc").decide().expect(("bc", BACK))


def test_the_upstream_incident_cannot_tell_of_a_return_below_the_nested_one(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab").decide()
    storm.at(40).incident("N", out="b", upstream="I").decide().expect()
    storm.at(41).incident("I", RESTORED, back="ab").decide().expect(("a", BACK), ("b", STILL))
    assert ("stays", Reason.OTHER_HOLDER) in storm.reasons
    assert min(storm.words()).startswith("The main line is back, but power at your address needs another repair.")


@pytest.mark.parametrize("names", list(itertools.permutations("XYZ")))
def test_a_merged_incident_hands_its_audience_over_whatever_the_names(
    storm: Storm, names: tuple[str, str, str]
) -> None:
    first, second, third = names
    storm.at(1).incident(first, out="a").incident(second, out="b").incident(third, out="c").decide()
    storm.at(2).incident(first, MERGED, merged_into=second).incident(second, MERGED, merged_into=third)
    storm.incident(third, out="abd").decide().expect(("d", OUT))
    storm.at(3).order("O", first, OrderState.ENROUTE).decide().expect(("abcd", CREW))
    storm.at(9).incident(third, RESTORED, back="abcd").decide().expect(("abcd", BACK))
    storm.at(20).incident(third, CLOSED).decide()
    assert storm.left() == []


def test_out_and_back_within_one_turn_is_not_told(storm: Storm) -> None:
    storm.at(1).incident("I", out="ab").incident("I", PARTIAL, back="a").decide().expect(("b", OUT))
    assert ("untold", Reason.BACK_BEFORE_TOLD) in storm.reasons


def test_back_and_out_again_within_one_turn_is_not_told(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    storm.at(5).incident("I", PARTIAL, back="a").incident("I", out="a").decide().expect()
    assert ("stays", Reason.STILL_OUT) in storm.reasons
    storm.at(9).incident("I", RESTORED, back="a").decide().expect(("a", BACK))


def test_a_relapse_after_the_return_was_told_is_a_new_outage(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    storm.at(5).incident("I", PARTIAL, back="a").decide().expect(("a", BACK))
    storm.at(8).incident("I", out="a").decide().expect(("a", OUT))
    keys = [effect.key for outcome in storm.outcomes for effect in outcome.effects]
    assert len(set(keys)) == 3


def test_a_second_crew_of_one_incident_is_not_told_of(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    storm.at(5).order("O1", "I", OrderState.ENROUTE).decide().expect(("a", CREW))
    storm.at(6).order("O1", "I", OrderState.REVOKED).decide().expect()
    storm.at(8).order("O2", "I", OrderState.ENROUTE).decide().expect()
    assert ("untold", Reason.NOBODY_TO_TELL) in storm.reasons


def test_a_crew_called_back_before_anybody_was_told_is_not_told_of(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    storm.at(5).order("O", "I", OrderState.ENROUTE).order("O", "I", OrderState.REVOKED).decide().expect()
    assert ("untold", Reason.NO_LONGER_ENROUTE) in storm.reasons


def test_newer_news_recalls_what_was_not_sent(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    outcome = storm.at(9).incident("I", RESTORED, back="a").decide().outcomes[-1]
    assert outcome.recalled == [storm.key("a", OUT)]
    assert ("recalled", Reason.NEWER_NOTICE) in storm.reasons


def test_a_dismissed_incident_leaves_nobody_behind(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    storm.at(9).incident("I", DISMISSED).decide().expect()
    assert storm.reasons == [("dismissed", Reason.INCIDENT_CHANGED), ("forgotten", Reason.INCIDENT_ENDED)]
    assert storm.left() == []


def test_the_receipt_that_says_most_counts(storm: Storm) -> None:
    storm.at(1).incident("I", out="a").decide()
    key = storm.key("a", OUT)
    storm.receipt(key, TextOutcome.DELIVERED).receipt(key, TextOutcome.EXPIRED).decide()
    (record,) = storm.outcomes[-1].records
    assert record == NoticeReceipted(key=key, outcome="delivered", operator_code="X", at=storm.now)
    assert storm.reasons == [("delivered", Reason.OPERATOR_RECEIPT)]


def test_an_event_of_an_unknown_area_is_unplaced(storm: Storm) -> None:
    stranger = TextReceipt(id="r", at=from_ms(T0), notice="n", area="A9", outcome=TextOutcome.FAILED)
    with pytest.raises(Unplaced, match="unknownArea"):
        storm.stage.shard_of(stranger)


@st.composite
def scripts(draw: st.DrawFn) -> list[list[Event]]:
    """Turns of a storm in which customers are held by one incident at a time, as `correlate` promises.

    In one instant either several incidents change once, or one changes several times.
    """
    storm = Storm()
    holder: dict[str, str] = {}
    turns: list[list[Event]] = []
    for minute in range(draw(st.integers(1, 6))):
        storm.at(minute)
        once_each = st.lists(st.sampled_from("IJK"), min_size=1, unique=True)
        for incident in draw(once_each | st.sampled_from(["II", "JJJ"])):
            free = sorted(set("abcd") - set(holder))
            mine = sorted(c for c, held in holder.items() if held == incident)
            joined = draw(st.lists(st.sampled_from(free), unique=True)) if free else []
            left = draw(st.lists(st.sampled_from(mine), unique=True)) if mine else []
            storm.incident(incident, PARTIAL, out="".join(joined), back="".join(left))
            for customer in left:
                del holder[customer]
            holder.update(dict.fromkeys(joined, incident))
            if draw(st.booleans()):
                storm.order(f"O{minute}{incident}", incident, draw(st.sampled_from(OrderState)))
        turns.append([cast("Event", fact.what) for fact in storm._facts])
        storm._facts = []
    return turns


def played(turns: list[list[Event]], shuffle: Any = None, cut: int | None = None) -> tuple[list[bytes], list[Any]]:
    storm = Storm(reachable="abc")
    for minute, events in enumerate(turns):
        storm.at(minute)
        unique = {event.id: event for event in events}.values()
        ordered = list(unique)
        if shuffle is not None:
            shuffle(ordered)
        for event in ordered:
            storm.fact(event)
        storm.decide()
        if cut == minute:  # a fresh process: nothing survives but the entities
            fresh = Storm(reachable="abc")
            fresh.entities, fresh.outcomes = storm.entities, storm.outcomes
            storm = fresh
    told = [effect for outcome in storm.outcomes for effect in outcome.effects]
    return [canonical(outcome) for outcome in storm.outcomes], told


@settings(deadline=None)
@given(scripts(), st.randoms(use_true_random=False), st.integers(0, 5))
def test_arrival_order_and_restarts_change_no_decision(turns: list[list[Event]], random: Any, cut: int) -> None:
    assert played(turns)[0] == played(turns, random.shuffle, cut)[0]


@settings(deadline=None)
@given(scripts())
def test_out_and_back_are_told_in_turn_and_only_to_the_reachable(turns: list[list[Event]]) -> None:
    _, told = played(turns)
    assert len({effect.key for effect in told}) == len(told)
    for customer in "abcd":
        moments = [text_of(effect).moment for effect in told if text_of(effect).customer == customer]
        ends = [moment for moment in moments if moment is not CREW]
        assert customer != "d" or moments == []
        assert ends == [OUT, BACK] * (len(ends) // 2) + [OUT] * (len(ends) % 2)


@settings(deadline=None)
@given(scripts())
def test_the_audience_is_who_is_out_and_under_whom(turns: list[list[Event]]) -> None:
    holder: dict[str, str] = {}
    storm = Storm()
    for minute, events in enumerate(turns):
        for event in events:
            storm.at(minute).fact(event)
            if isinstance(event, IncidentChanged):
                holder = {c: i for c, i in holder.items() if c not in event.restored} | dict.fromkeys(
                    event.out, event.incident
                )
        storm.decide()
        held = {a.id: a.incident for a in storm.entities.get("affected", {}).values() if isinstance(a, Affected)}
        assert held == holder


@settings(deadline=None)
@given(scripts())
def test_a_revision_heard_before_changes_nothing(turns: list[list[Event]]) -> None:
    storm = Storm()
    for minute, events in enumerate(turns):
        for event in events:
            storm.at(minute).fact(event)
        storm.decide()
    for event in itertools.chain.from_iterable(turns):
        if isinstance(event, IncidentChanged):
            storm.fact(event)
    storm.decide().expect()
    assert {reason for _, reason in storm.reasons} == {Reason.OUTDATED_REVISION}
    assert storm.outcomes[-1] == Outcome(journal=storm.outcomes[-1].journal)
